import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import type { Receipt, SignedReceipt } from "./Receipt.ts";

/**
 * What methods answer and channels tell, as JSON has it. Prices are in USD for one contract, amounts in contracts, money in USDC, all as decimal
 * strings; times named `timestamp` are milliseconds, `deadline` and other times that are signed are seconds.
 */

/** How far a cancellation reaches: out of the sequencer's book, or into a batch that L1 is still to have. */
export type Finality = "book" | "batched";

export interface OrderWire {
  readonly order_id: string;
  readonly account: number;
  readonly instrument_name: string;
  readonly direction: "buy" | "sell";
  readonly order_type: "limit";
  readonly order_state: "open" | "filled" | "cancelled";
  /** Why it was cancelled, by the name of docs/api.md. */
  readonly cancel_reason?: string;
  readonly price: string;
  readonly amount: string;
  readonly filled_amount: string;
  readonly time_in_force: "good_til_cancelled" | "fill_or_kill" | "immediate_or_cancel";
  readonly post_only: boolean;
  readonly reduce_only: boolean;
  readonly label: string;
  readonly nonce: string;
  /** Seconds. */
  readonly deadline: number;
}

export interface TradeWire {
  readonly trade_id: string;
  /** Counts the trades of the instrument from 1 on, without a gap. */
  readonly trade_seq: number;
  readonly instrument_name: string;
  /** The taker's. */
  readonly direction: "buy" | "sell";
  readonly price: string;
  readonly amount: string;
  readonly timestamp: number;
  readonly index_price: string;
  readonly mark_price: string | null;
  /** Whether it was a cross of two orders that their owner had meant for each other, past the book. */
  readonly block_trade: boolean;
}

export interface UserTradeWire extends TradeWire {
  readonly account: number;
  readonly order_id: string;
  /** The account's own; `direction` too. */
  readonly liquidity: "M" | "T";
  /** Null where the trade was filled in after a kill. */
  readonly fee: string | null;
  readonly fee_currency: "USDC";
  /** `dropped`: what L1 had meanwhile made it invalid, and it has no effect. */
  readonly state: "executed" | "dropped";
}

export interface ReceiptWire {
  readonly type: Receipt["type"];
  /** By the names of the EIP-712 type; numbers of more than 32 bits are decimal strings, hashes hexadecimal. */
  readonly fields: Readonly<Record<string, string | number>>;
  /** 64 bytes after EIP-2098. */
  readonly signature: Hex;
}

export interface CancelWire {
  readonly order: OrderWire;
  readonly finality: Finality;
  /** Until then, in seconds, somebody who has the signed order and a batch or a forced transaction could still bring it to L1. */
  readonly fillable_until: number;
  readonly warning: string;
  readonly receipt: ReceiptWire | null;
}

/** Says the plain truth of a cancellation that L1 doesn't have. */
export const CANCEL_WARNINGS: Readonly<Record<Finality, string>> = {
  book: "The order is out of the sequencer's book. Its signature stays good until its deadline: until L1 has a signed Cancel, or the deadline is over, the order can still be filled.",
  batched: "The cancellation is in a batch that L1 does not have yet. Until L1 has it, the order can still be filled.",
};

export interface InstrumentWire {
  readonly instrument_name: string;
  readonly kind: "option";
  readonly option_type: "call" | "put";
  readonly base_currency: string;
  readonly quote_currency: "USD";
  readonly settlement_currency: "USDC";
  readonly strike: string;
  readonly expiration_timestamp: number;
  readonly tick_size: string;
  readonly min_trade_amount: string;
  readonly contract_size: "1";
  readonly is_active: boolean;
  /** For signing: the fields of the order that say the series. */
  readonly market: number;
  readonly expiry_day: number;
  readonly open_interest: string;
}

/** Price and amount. */
export type LevelWire = readonly [price: string, amount: string];

export interface GreeksWire {
  readonly delta: string;
  readonly gamma: string;
  readonly vega: string;
  readonly theta: string;
}

export interface TickerWire {
  readonly instrument_name: string;
  readonly timestamp: number;
  readonly state: "open" | "closed";
  readonly best_bid_price: string | null;
  readonly best_bid_amount: string;
  readonly best_ask_price: string | null;
  readonly best_ask_amount: string;
  readonly last_price: string | null;
  readonly index_price: string;
  readonly mark_price: string | null;
  /** Whether the mark rests on a recent report; an old one decides nothing. */
  readonly is_mark_fresh: boolean;
  /** Volatility of the mark in percent. */
  readonly mark_iv: string | null;
  readonly underlying_price: string | null;
  readonly greeks: GreeksWire | null;
  readonly open_interest: string;
  readonly stats: {
    readonly volume: string;
    readonly high: string | null;
    readonly low: string | null;
  };
}

export interface OrderBookWire extends TickerWire {
  readonly bids: readonly LevelWire[];
  readonly asks: readonly LevelWire[];
  readonly change_id: number;
}

export interface BookSummaryWire {
  readonly instrument_name: string;
  readonly bid_price: string | null;
  readonly ask_price: string | null;
  readonly mark_price: string | null;
  readonly last: string | null;
  readonly open_interest: string;
  readonly volume: string;
}

export interface PositionWire {
  readonly account: number;
  readonly instrument_name: string;
  readonly kind: "option";
  readonly direction: "buy" | "sell";
  /** Positive for long. */
  readonly size: string;
  readonly mark_price: string | null;
  readonly index_price: string;
  readonly delta: string | null;
}

export interface AccountSummaryWire {
  readonly account: number;
  readonly currency: "USDC";
  readonly owner: Hex;
  readonly margin_model: "collateralised" | "standard";
  readonly balance: string;
  readonly debt: string;
  readonly initial_margin: string;
  readonly maintenance_margin: string;
  /** Balance less debt less initial margin. */
  readonly available_funds: string;
  readonly in_liquidation: boolean;
  /** Nonces below are retired. */
  readonly nonce_floor: string;
  readonly open_orders: number;
}

export interface SettlementWire {
  readonly settlement_id: string;
  readonly account: number;
  readonly type: "settlement";
  readonly instrument_name: string;
  /** Positive for long. */
  readonly position: string;
  readonly delivery_price: string;
  readonly timestamp: number;
  /** What all positions of the expiry together did to the account's balance and debt. */
  readonly balance_change: string;
  readonly debt_change: string;
}

export interface MmpConfigWire {
  readonly account: number;
  readonly index_name: string;
  /** Absent: all expiries of the market. */
  readonly expiry?: string;
  readonly interval: number;
  readonly frozen_time: number;
  readonly quantity_limit?: string;
  readonly delta_limit?: string;
  readonly is_frozen: boolean;
  /** Milliseconds; 0: until a reset; null: not frozen. */
  readonly frozen_until: number | null;
}

export interface BookChangeWire {
  readonly type: "snapshot" | "change";
  readonly instrument_name: string;
  readonly timestamp: number;
  readonly change_id: number;
  /** The `change_id` of the notification before: another one means that something is missing. */
  readonly prev_change_id?: number;
  readonly bids: readonly BookLevelChangeWire[];
  readonly asks: readonly BookLevelChangeWire[];
}

/** What happened to a level; its amount is 0 if it was deleted. */
export type BookLevelChangeWire = readonly [action: "new" | "change" | "delete", price: string, amount: string];

/** A receipt for JSON. */
export function receiptToWire({ receipt, signature }: SignedReceipt): ReceiptWire {
  const { type, ...rest } = receipt;
  const fields = Object.entries(rest).map(([name, value]: [string, bigint | number | Uint8Array]) => [
    name,
    typeof value === "bigint" ? value.toString() : typeof value === "number" ? value : toHex(value),
  ]);
  return { type, fields: Object.fromEntries(fields) as ReceiptWire["fields"], signature: toHex(signature) };
}

/** The inverse of {@link receiptToWire}, for clients that check a receipt, or show one to others. */
export function receiptFromWire({ type, fields, signature }: ReceiptWire): SignedReceipt {
  const entries = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "number" ? value : value.startsWith("0x") ? fromHex(value, 32) : BigInt(value),
  ]);
  return { receipt: { type, ...Object.fromEntries(entries) } as Receipt, signature: fromHex(signature, 64) };
}
