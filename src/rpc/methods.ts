import { z } from "zod";
import type { Hex } from "../crypto/bytes.ts";
import * as s from "./schema.ts";
import type {
  AccountSummaryWire,
  BookSummaryWire,
  CancelWire,
  InstrumentWire,
  MmpConfigWire,
  OrderBookWire,
  OrderWire,
  PositionWire,
  ReceiptWire,
  SettlementWire,
  TickerWire,
  TradeWire,
  UserTradeWire,
} from "./wire.ts";

/**
 * The methods, in one place for the server, the client and the documentation: names, parameters, results. A method whose name begins
 * with `private/` needs a login for the account that it is about.
 */

/** Which account is meant; it may be left out while the client is logged in to one only. */
const account = { account: s.account.optional() };
/** What the owner (0) or a session key signs of a Cancel or CancelAll. */
const cancelAuth = { deadline: s.seconds, key_index: s.keyIndex.default(0), signature: s.signature };
const nothing = z.strictObject({});
const byInstrument = z.strictObject({ instrument_name: s.instrumentName });
const channels = z.strictObject({ channels: z.array(z.string().max(80)).min(1).max(100) });
const page = { count: s.count.default(100), start_seq: z.number().int().nonnegative().optional() };
const historyPage = { count: s.count.default(100), before_id: s.orderId.optional() };

const order = z.strictObject({
  ...account,
  instrument_name: s.instrumentName,
  amount: s.amount,
  price: s.price,
  type: z.literal("limit").default("limit"),
  time_in_force: z.enum(["good_til_cancelled", "fill_or_kill", "immediate_or_cancel"]).default("good_til_cancelled"),
  post_only: z.boolean().default(false),
  reduce_only: z.boolean().default(false),
  forcible: z.boolean().default(false),
  label: s.label.default(""),
  max_fee: s.price,
  nonce: s.nonce,
  deadline: s.seconds,
  key_index: s.keyIndex.default(0),
  key_epoch: s.keyEpoch.default(0),
  signature: s.signature,
});

/** Of each position that is moved: the terms that the owner has signed twice, to sell for one account and to buy for the other. */
const move = z.strictObject({
  instrument_name: s.instrumentName,
  amount: s.amount,
  price: s.price,
  max_fee: s.price,
  deadline: s.seconds,
  source_nonce: s.nonce,
  source_signature: s.signature,
  target_nonce: s.nonce,
  target_signature: s.signature,
});

const mmpScope = { ...account, index_name: s.indexName, expiry: z.string().max(7).optional() };

/** The schemas of the parameters. All of them are objects by name. */
export const METHODS = {
  "public/test": nothing,
  "public/get_time": nothing,
  "public/get_deployment": nothing,
  "public/challenge": nothing,
  "public/auth": z.strictObject({
    account: s.account,
    key_index: s.keyIndex.default(0),
    challenge: s.hash,
    deadline: s.seconds,
    signature: s.signature,
  }),
  "public/get_instruments": z.strictObject({ currency: s.currency, kind: z.literal("option").optional() }),
  "public/get_instrument": byInstrument,
  "public/get_order_book": z.strictObject({ instrument_name: s.instrumentName, depth: s.count.default(20) }),
  "public/get_book_summary_by_currency": z.strictObject({ currency: s.currency, kind: z.literal("option").optional() }),
  "public/get_last_trades_by_instrument": z.strictObject({ instrument_name: s.instrumentName, ...page }),
  "public/ticker": byInstrument,
  "public/get_index_price": z.strictObject({ index_name: s.indexName }),
  "public/get_delivery_prices": z.strictObject({
    index_name: s.indexName,
    offset: z.number().int().nonnegative().default(0),
    count: s.count.default(10),
  }),
  "public/subscribe": channels,
  "public/unsubscribe": channels,
  "private/subscribe": channels,
  "private/unsubscribe": channels,
  "private/logout": z.strictObject(account),
  "private/buy": order,
  "private/sell": order,
  "private/cancel": z.strictObject({
    ...account,
    order_id: s.orderId,
    signed: z.strictObject(cancelAuth).optional(),
  }),
  "private/cancel_all": z.strictObject({
    ...account,
    signed: z.strictObject({ floor: s.nonce, ...cancelAuth }).optional(),
  }),
  "private/cancel_all_by_currency": z.strictObject({ ...account, currency: s.currency }),
  "private/cancel_all_by_instrument": z.strictObject({ ...account, instrument_name: s.instrumentName }),
  "private/cancel_by_label": z.strictObject({ ...account, label: s.label.min(1) }),
  "private/get_open_orders": z.strictObject(account),
  "private/get_open_orders_by_instrument": z.strictObject({ ...account, instrument_name: s.instrumentName }),
  "private/get_order_state": z.strictObject({ ...account, order_id: s.orderId }),
  "private/get_account_summary": z.strictObject(account),
  "private/get_positions": z.strictObject({ ...account, currency: s.currency.optional() }),
  "private/get_user_trades_by_currency": z.strictObject({ ...account, currency: s.currency, ...historyPage }),
  "private/get_user_trades_by_instrument": z.strictObject({
    ...account,
    instrument_name: s.instrumentName,
    ...historyPage,
  }),
  "private/get_settlement_history_by_currency": z.strictObject({ ...account, currency: s.currency, ...historyPage }),
  "private/submit": z.strictObject({ ...account, transaction: s.transaction }),
  "private/move_positions": z.strictObject({
    source: s.account,
    target: s.account,
    trades: z.array(move).min(1).max(20),
  }),
  "private/set_mmp_config": z.strictObject({
    ...mmpScope,
    interval: z.number().int().min(0).max(3_600),
    frozen_time: z.number().int().min(0).max(86_400),
    quantity_limit: s.amount.optional(),
    delta_limit: s.amount.optional(),
  }),
  "private/get_mmp_config": z.strictObject(account),
  "private/reset_mmp": z.strictObject(mmpScope),
  "private/enable_cancel_on_disconnect": z.strictObject({
    ...account,
    scope: z.enum(["connection", "account"]).default("connection"),
  }),
  "private/disable_cancel_on_disconnect": z.strictObject(account),
  "private/get_cancel_on_disconnect": z.strictObject(account),
} as const;

/** The name of a method. */
export type Method = keyof typeof METHODS;

/** Parameters as clients write them. */
export type MethodInput<M extends Method> = z.input<(typeof METHODS)[M]>;

/** Parameters as the server reads them: integers in the units of docs/specification.md, section 1. */
export type MethodParams<M extends Method> = z.output<(typeof METHODS)[M]>;

/** The answer to an order. */
export interface PlacedOrder {
  readonly order: OrderWire;
  readonly trades: readonly UserTradeWire[];
  readonly receipts: { readonly order: ReceiptWire; readonly fills: readonly ReceiptWire[] };
}

/** The answer to the cancellation of several orders. */
export interface CancelledOrders {
  /** How many rested until now. */
  readonly count: number;
  readonly orders: readonly CancelWire[];
}

/** What became of one position that was to be moved. */
export type MovedPosition =
  | {
      readonly instrument_name: string;
      readonly state: "moved";
      readonly price: string;
      readonly amount: string;
      readonly receipt: ReceiptWire | null;
    }
  | { readonly instrument_name: string; readonly state: "refused"; readonly reason: string };

/** What methods answer. */
export interface MethodResults {
  "public/test": { readonly version: string };
  "public/get_time": number;
  "public/get_deployment": {
    readonly domain: {
      readonly name: "Tenor";
      readonly version: "1";
      readonly chainId: string;
      readonly verifyingContract: Hex;
    };
    readonly domain_separator: Hex;
    readonly receipt_signer: Hex;
    readonly currencies: readonly string[];
  };
  "public/challenge": { readonly challenge: Hex; readonly expires_in: number };
  "public/auth": {
    readonly access_token: string;
    readonly token_type: "bearer";
    readonly expires_in: number;
    readonly account: number;
    readonly scope: string;
  };
  "public/get_instruments": readonly InstrumentWire[];
  "public/get_instrument": InstrumentWire;
  "public/get_order_book": OrderBookWire;
  "public/get_book_summary_by_currency": readonly BookSummaryWire[];
  "public/get_last_trades_by_instrument": { readonly trades: readonly TradeWire[]; readonly has_more: boolean };
  "public/ticker": TickerWire;
  "public/get_index_price": {
    readonly index_price: string;
    readonly timestamp: number;
    readonly anchor_price: string;
    readonly anchor_timestamp: number;
  };
  "public/get_delivery_prices": {
    readonly data: readonly { readonly date: string; readonly delivery_price: string }[];
    readonly records_total: number;
  };
  "public/subscribe": readonly string[];
  "public/unsubscribe": readonly string[];
  "private/subscribe": readonly string[];
  "private/unsubscribe": readonly string[];
  "private/logout": { readonly account: number };
  "private/buy": PlacedOrder;
  "private/sell": PlacedOrder;
  "private/cancel": CancelWire;
  "private/cancel_all": CancelledOrders;
  "private/cancel_all_by_currency": CancelledOrders;
  "private/cancel_all_by_instrument": CancelledOrders;
  "private/cancel_by_label": CancelledOrders;
  "private/get_open_orders": readonly OrderWire[];
  "private/get_open_orders_by_instrument": readonly OrderWire[];
  "private/get_order_state": OrderWire;
  "private/get_account_summary": AccountSummaryWire;
  "private/get_positions": readonly PositionWire[];
  "private/get_user_trades_by_currency": { readonly trades: readonly UserTradeWire[]; readonly has_more: boolean };
  "private/get_user_trades_by_instrument": { readonly trades: readonly UserTradeWire[]; readonly has_more: boolean };
  "private/get_settlement_history_by_currency": {
    readonly settlements: readonly SettlementWire[];
    readonly has_more: boolean;
  };
  "private/submit": { readonly item: string };
  "private/move_positions": readonly MovedPosition[];
  "private/set_mmp_config": MmpConfigWire | null;
  "private/get_mmp_config": readonly MmpConfigWire[];
  "private/reset_mmp": MmpConfigWire;
  "private/enable_cancel_on_disconnect": { readonly scope: "connection" | "account" };
  "private/disable_cancel_on_disconnect": { readonly scope: null };
  "private/get_cancel_on_disconnect": { readonly scope: "connection" | "account" | null };
}

/** What a method answers. */
export type MethodResult<M extends Method> = MethodResults[M];
