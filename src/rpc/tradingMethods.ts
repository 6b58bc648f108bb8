import { equalBytes } from "../crypto/bytes.ts";
import { quantityOf } from "../machine/Positions.ts";
import type { Market } from "../machine/Slots.ts";
import type { OrderTerms } from "../machine/TypedData.ts";
import {
  decodeTransaction,
  TX_BID,
  TX_CANCEL,
  TX_CANCEL_ALL,
  TX_END_AUCTION,
  TX_REVOKE_KEY,
  TX_SET_KEY,
  TX_SET_MODE,
  TX_START_AUCTION,
  TX_TRANSFER,
  TX_WITHDRAW,
} from "../machine/Wire.ts";
import type { SubmittedTransaction } from "../sequencer/AccountTransaction.ts";
import type { FillReport } from "../sequencer/OrderRecord.ts";
import type { SignedOrder } from "../sequencer/SignedOrder.ts";
import { amountText, priceText } from "./decimals.ts";
import type { Instrument } from "./Instruments.ts";
import type { Method, MethodParams, MovedPosition, PlacedOrder } from "./methods.ts";
import { refusalError, type Handlers, type RpcContext } from "./RpcContext.ts";
import { RpcError } from "./RpcError.ts";
import type { Session } from "./Session.ts";
import { submitUnpaid } from "./submitUnpaid.ts";
import { sidesOf, userTradeToWire } from "./tradeWire.ts";
import { receiptToWire, type UserTradeWire } from "./wire.ts";

type TradingMethod = Extract<Method, `private/${"buy" | "sell" | "submit" | "move_positions"}`>;
type OrderParams = MethodParams<"private/buy">;
type Move = MethodParams<"private/move_positions">["trades"][number];

/** Everything that a signature allows and that gets into a batch, but cancellations. */
export function tradingMethods(context: RpcContext): Handlers<TradingMethod> {
  const { sequencer, logins } = context;
  return {
    "private/buy": (params, session) => placeOrder(context, params, false, session),
    "private/sell": (params, session) => placeOrder(context, params, true, session),
    "private/submit": async ({ account, transaction: bytes }, session) => {
      const transaction = readSubmitted(bytes);
      const acting = actingAccount(transaction) ?? account;
      const isCancel = transaction.type === TX_CANCEL || transaction.type === TX_CANCEL_ALL;
      const isOpen = !("auth" in transaction);
      const login = logins.require(session, acting, isCancel ? "cancel" : isOpen ? "read" : "own");
      const { id } = await submitUnpaid(context, login, transaction);
      return { item: String(id) };
    },
    "private/move_positions": async ({ source, target, trades }, session) => {
      logins.require(session, source, "own");
      const { exchange } = sequencer;
      const owners = [source, target].map((account) => exchange.account(account)?.owner);
      if (source === target || owners[1] === undefined || !equalBytes(owners[0]!, owners[1])) {
        throw new RpcError("FORBIDDEN", "both accounts must be of one owner", { source, target });
      }
      const results: MovedPosition[] = [];
      for (const move of trades) {
        try {
          results.push(await movePosition(context, source, target, move));
        } catch (error) {
          // SAFETY: what was moved before is moved, and its receipts have to reach the owner whatever becomes of the rest.
          if (!(error instanceof RpcError) && results.length === 0) throw error;
          const reason = error instanceof RpcError ? error.code : "INTERNAL_ERROR";
          results.push({ instrument_name: move.instrument_name, state: "refused", reason });
        }
      }
      return results;
    },
  };
}

async function placeOrder(
  context: RpcContext,
  params: OrderParams,
  isSell: boolean,
  session: Session,
): Promise<PlacedOrder> {
  const { sequencer, logins, instruments, view, labels, receipts } = context;
  const { account } = logins.require(session, params.account, "trade");
  const instrument = instruments.parse(params.instrument_name);
  const { amount: quantity, price: limitPrice, max_fee: maxFee } = params;
  requireOnGrid(view.market(instrument), quantity, { price: limitPrice, max_fee: maxFee });
  const terms: OrderTerms = {
    ...seriesTerms(instrument),
    ...{ account, isSell, quantity, limitPrice, maxFee },
    nonce: params.nonce,
    deadline: params.deadline,
    fillOrKill: params.time_in_force === "fill_or_kill",
    immediateOrCancel: params.time_in_force === "immediate_or_cancel",
    postOnly: params.post_only,
    reduceOnly: params.reduce_only,
    forcible: params.forcible,
  };
  const { key_index: keyIndex, key_epoch: keyEpoch, signature } = params;
  const outcome = await sequencer.submit({ kind: "order", order: { terms, keyIndex, keyEpoch, signature } });
  if (!outcome.accepted) throw refusalError(outcome.refusal);
  labels.set(outcome.id, params.label);
  // INVARIANT: nothing forgets an order between its commit and this line.
  const order = sequencer.exchange.orders.get(outcome.id)!;
  notePlaced(context, session, order.id);
  const fills = outcome.fills.flatMap((fill) => receipts.ofFill(fill) ?? []);
  return {
    order: view.order(order, params.label),
    trades: outcome.fills.flatMap((fill) => tradesOf(context, fill, account)),
    receipts: { order: receiptToWire(receipts.ofOrder(order)), fills: fills.map(receiptToWire) },
  };
}

/**
 * Moves one position by crossing two orders of the owner: fill-or-kill both, so that neither can be filled in part with anybody else,
 * and reduce-only for the source.
 */
async function movePosition(context: RpcContext, source: number, target: number, move: Move): Promise<MovedPosition> {
  const { sequencer, instruments, view, receipts } = context;
  const instrument = instruments.parse(move.instrument_name);
  requireOnGrid(view.market(instrument), move.amount, { price: move.price, max_fee: move.max_fee });
  const held = quantityOf(sequencer.exchange.account(source)?.positions ?? [], instrument.series);
  const name = { instrument_name: instrument.name };
  if (held === 0n) return { ...name, state: "refused", reason: "ReduceOnlyGrows" };
  const order = (account: number, nonce: bigint, signature: Uint8Array): SignedOrder => ({
    terms: {
      ...seriesTerms(instrument),
      ...moveTerms,
      account,
      nonce,
      isSell: held > 0n === (account === source),
      quantity: move.amount,
      limitPrice: move.price,
      maxFee: move.max_fee,
      deadline: move.deadline,
      reduceOnly: account === source,
    },
    keyIndex: 0,
    keyEpoch: 0,
    signature,
  });
  const outcome = await sequencer.submit({
    kind: "cross",
    maker: order(source, move.source_nonce, move.source_signature),
    taker: order(target, move.target_nonce, move.target_signature),
  });
  if (!outcome.accepted) return { ...name, state: "refused", reason: outcome.refusal.reason };
  const { fill } = outcome;
  const receipt = receipts.ofFill(fill);
  const terms = { price: priceText(fill.price), amount: amountText(fill.quantity) };
  return { ...name, state: "moved", ...terms, receipt: receipt === undefined ? null : receiptToWire(receipt) };
}

/** Notes which connection an order came through, and forgets those that are over, of which there may be any number. */
function notePlaced({ sequencer, settings }: RpcContext, { placed }: Session, order: number): void {
  placed.add(order);
  if (placed.size <= settings.maxPlaced) return;
  for (const id of placed) if (sequencer.exchange.orders.get(id)?.status !== "live") placed.delete(id);
}

/** Flags of both orders of a move. */
const moveTerms = { fillOrKill: true, immediateOrCancel: false, postOnly: false, forcible: false } as const;

function seriesTerms({
  market,
  day,
  strike,
  isPut,
}: Instrument): Pick<OrderTerms, "market" | "expiryDay" | "strike" | "isPut"> {
  return { market, expiryDay: day, strike, isPut };
}

function requireOnGrid({ tick, lot }: Market, quantity: bigint, prices: Readonly<Record<string, bigint>>): void {
  if (quantity === 0n || quantity % lot !== 0n) {
    throw new RpcError("AMOUNT_OFF_LOT", "the amount is no multiple of the lot", { lot: amountText(lot) });
  }
  for (const [param, price] of Object.entries(prices)) {
    if (price % tick === 0n && (price > 0n || param === "max_fee")) continue;
    throw new RpcError("PRICE_OFF_TICK", "the price is no multiple of the tick", { param, tick: priceText(tick) });
  }
}

/** The side of an account in a fill that was executed just now. */
function tradesOf({ feed, history, instruments }: RpcContext, fill: FillReport, account: number): UserTradeWire[] {
  feed.flush();
  const trade = history.trade(fill.item);
  if (trade === undefined) return [];
  const mine = sidesOf(trade).filter((side) => side.account === account);
  return mine.map((side) => userTradeToWire(trade, side, instruments));
}

/** A transaction with absolute times, of those that anybody may submit or that carry a signature. */
function readSubmitted(bytes: Uint8Array): SubmittedTransaction {
  const transaction = decodeTransaction(bytes, 0n, false);
  switch (transaction?.type) {
    case TX_WITHDRAW:
    case TX_TRANSFER:
    case TX_SET_KEY:
    case TX_REVOKE_KEY:
    case TX_SET_MODE:
    case TX_BID:
    case TX_CANCEL:
    case TX_CANCEL_ALL:
    case TX_START_AUCTION:
    case TX_END_AUCTION:
      return transaction;
    default: {
      const reason = transaction === undefined ? "malformed" : "type";
      throw new RpcError("INVALID_PARAMS", "no transaction of an account", { param: "transaction", reason });
    }
  }
}

/** Whose authority a transaction needs. */
function actingAccount(transaction: SubmittedTransaction): number | undefined {
  if (transaction.type === TX_BID) return transaction.bidder;
  if (transaction.type === TX_TRANSFER) return transaction.from;
  return "auth" in transaction ? transaction.account : undefined;
}
