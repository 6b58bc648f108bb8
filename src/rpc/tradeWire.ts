import { amountText, cashText, priceText } from "./decimals.ts";
import type { StoredTrade } from "./HistoryStore.ts";
import type { Instruments } from "./Instruments.ts";
import type { TradeWire, UserTradeWire } from "./wire.ts";

/** One side of a trade. */
export interface TradeSide {
  readonly account: number;
  readonly order: number;
  readonly isMaker: boolean;
  readonly fee: bigint | undefined;
}

/** Both sides of a trade. */
export function sidesOf(trade: StoredTrade): readonly [maker: TradeSide, taker: TradeSide] {
  return [
    { account: trade.makerAccount, order: trade.makerOrder, isMaker: true, fee: trade.makerFee },
    { account: trade.takerAccount, order: trade.takerOrder, isMaker: false, fee: trade.takerFee },
  ];
}

/** A trade as everybody sees it. */
export function tradeToWire(trade: StoredTrade, instruments: Instruments): TradeWire {
  return {
    trade_id: String(trade.item),
    trade_seq: trade.seq,
    instrument_name: instruments.describe(trade.series)?.name ?? "",
    direction: trade.isTakerSell ? "sell" : "buy",
    price: priceText(trade.price),
    amount: amountText(trade.quantity),
    timestamp: Number(trade.time) * 1_000,
    index_price: priceText(trade.indexPrice),
    mark_price: trade.markPrice === 0n ? null : priceText(trade.markPrice),
    block_trade: trade.isCross,
  };
}

/** A trade as one of its sides sees it. */
export function userTradeToWire(trade: StoredTrade, side: TradeSide, instruments: Instruments): UserTradeWire {
  return {
    ...tradeToWire(trade, instruments),
    direction: trade.isTakerSell === side.isMaker ? "buy" : "sell",
    account: side.account,
    order_id: String(side.order),
    liquidity: side.isMaker ? "M" : "T",
    fee: side.fee === undefined ? null : cashText(side.fee),
    fee_currency: "USDC",
    state: trade.isDropped ? "dropped" : "executed",
  };
}
