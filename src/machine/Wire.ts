import {
  FRACTION,
  FUND_ACCOUNTS,
  MAX_ITEM,
  MAX_KEYS,
  MAX_NONCE,
  MAX_QUANTITY,
  MAX_SETTLE,
  MAX_TIME,
  MODE_STANDARD,
  WIRE_FEE,
  WIRE_QUANTITY,
  MAX_PRICE,
  DAY,
} from "./Constants.ts";
import { readReport, type SignedReport } from "./OracleReports.ts";
import { Reader } from "./Varint.ts";

/** Transactions as bytes: docs/specification.md, section 3. */

export const TX_WITHDRAW = 0x01;
export const TX_TRANSFER = 0x02;
export const TX_SET_KEY = 0x03;
export const TX_REVOKE_KEY = 0x04;
export const TX_CANCEL = 0x05;
export const TX_CANCEL_ALL = 0x06;
export const TX_COLLECT_FEES = 0x07;
export const TX_SETTLE = 0x08;
export const TX_SET_MODE = 0x09;
export const TX_START_AUCTION = 0x0a;
export const TX_END_AUCTION = 0x0b;
export const TX_BID = 0x0c;
export const TX_FUND_BID = 0x0d;
export const TX_COLLECT_FUND = 0x0e;
export const TX_ORACLE_REPORT = 0x20;
/** Bit 0: the maker's order is stored; bit 1: the taker's is. */
export const TX_FILL = 0x10;

export const FLAG_SELL = 0x01;
export const FLAG_FILL_OR_KILL = 0x02;
export const FLAG_IMMEDIATE_OR_CANCEL = 0x04;
export const FLAG_POST_ONLY = 0x08;
export const FLAG_REDUCE_ONLY = 0x10;
export const FLAG_FORCIBLE = 0x20;
/** On the wire only: the maker's series is a put. */
export const WIRE_PUT = 0x40;
/** On the wire only: a session key signed. */
export const WIRE_KEYED = 0x80;

const MAX_ACCOUNT = 0xffffffff;
const MAX_U64 = (1n << 64n) - 1n;

/** What the owner signs besides the fields. Absent in forced transactions. */
export interface OwnerAuth {
  readonly nonce: bigint;
  readonly deadline: bigint;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** What the owner (key index 0) or a session key signs to cancel. Absent in forced transactions. */
export interface CancelAuth {
  readonly keyIndex: number;
  readonly deadline: bigint;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** An order that the state holds already. */
export interface OrderReference {
  readonly stored: true;
  readonly account: number;
  readonly nonce: bigint;
}

/** Terms that every new order carries; those of the market's grid are still in wire units. */
export interface WireOrder {
  readonly stored: false;
  readonly account: number;
  readonly nonce: bigint;
  /** Without the bits that exist on the wire only. The taker's side is not in here: it is the opposite of the maker's. */
  readonly flags: number;
  readonly keyIndex: number;
  readonly keyEpoch: number;
  /** 1e-6 contract. */
  readonly quantity: bigint;
  /** In ticks of the market. */
  readonly limitTicks: bigint;
  /** 1e-4 USD per contract. */
  readonly maxFee: bigint;
  readonly deadline: bigint;
  readonly signature: Uint8Array;
}

/** A maker's order names the series too. */
export interface WireMakerOrder extends WireOrder {
  readonly market: number;
  readonly day: number;
  /** In units of the market's first strike step. */
  readonly strikeSteps: bigint;
  readonly put: boolean;
}

export interface Withdraw {
  readonly type: typeof TX_WITHDRAW;
  readonly account: number;
  readonly amount: bigint;
  readonly payee: number;
  readonly auth: OwnerAuth | undefined;
}
export interface Transfer {
  readonly type: typeof TX_TRANSFER;
  readonly from: number;
  readonly to: number;
  readonly amount: bigint;
  readonly auth: OwnerAuth | undefined;
}
export interface SetKey {
  readonly type: typeof TX_SET_KEY;
  readonly account: number;
  readonly index: number;
  readonly address: Uint8Array;
  readonly scope: number;
  readonly expiry: bigint;
  readonly budget: bigint;
  readonly auth: OwnerAuth | undefined;
}
export interface RevokeKey {
  readonly type: typeof TX_REVOKE_KEY;
  readonly account: number;
  readonly index: number;
  readonly auth: OwnerAuth | undefined;
}
export interface Cancel {
  readonly type: typeof TX_CANCEL;
  readonly account: number;
  readonly nonce: bigint;
  readonly auth: CancelAuth | undefined;
}
export interface CancelAll {
  readonly type: typeof TX_CANCEL_ALL;
  readonly account: number;
  readonly floor: bigint;
  readonly auth: CancelAuth | undefined;
}
export interface CollectFees {
  readonly type: typeof TX_COLLECT_FEES;
}
export interface Settle {
  readonly type: typeof TX_SETTLE;
  readonly market: number;
  readonly day: number;
  readonly accounts: readonly number[];
}
export interface SetMode {
  readonly type: typeof TX_SET_MODE;
  readonly account: number;
  /** MODE_ of Constants. */
  readonly mode: number;
  readonly auth: OwnerAuth | undefined;
}
export interface StartAuction {
  readonly type: typeof TX_START_AUCTION;
  readonly account: number;
}
export interface EndAuction {
  readonly type: typeof TX_END_AUCTION;
  readonly account: number;
}
export interface Bid {
  readonly type: typeof TX_BID;
  /** The account in auction. */
  readonly account: number;
  readonly bidder: number;
  /** Most of the account that the bidder takes, 1e-9. */
  readonly fraction: bigint;
  /** Most that the bidder would pay for the whole account, 1e-6 USDC. */
  readonly limit: bigint;
  /** Of the bidder. */
  readonly auth: OwnerAuth | undefined;
}
export interface FundBid {
  readonly type: typeof TX_FUND_BID;
  readonly account: number;
  /** Which account of the fund takes the positions over, 0 to 15. */
  readonly fund: number;
  /** 1e-9. */
  readonly fraction: bigint;
}
export interface CollectFund {
  readonly type: typeof TX_COLLECT_FUND;
  /** 0 to 15. */
  readonly fund: number;
}
export interface Fill {
  readonly type: typeof TX_FILL;
  readonly maker: WireMakerOrder | OrderReference;
  readonly taker: WireOrder | OrderReference;
  /** 1e-6 contract. */
  readonly quantity: bigint;
}

export interface OracleReport extends SignedReport {
  readonly type: typeof TX_ORACLE_REPORT;
}

/** A decoded transaction. */
export type Transaction =
  | Withdraw
  | Transfer
  | SetKey
  | RevokeKey
  | Cancel
  | CancelAll
  | CollectFees
  | Settle
  | SetMode
  | StartAuction
  | EndAuction
  | Bid
  | FundBid
  | CollectFund
  | OracleReport
  | Fill;

/**
 * Decodes an item of a batch, or the payload of a Forced message.
 *
 * @param timeBase What times and days are relative to: the batch's L2 time, or 0 for a forced transaction.
 * @param forced Whether the authority is an L1 sender, so that there is no signature.
 * @returns undefined if the bytes are malformed.
 */
export function decodeTransaction(bytes: Uint8Array, timeBase: bigint, forced: boolean): Transaction | undefined {
  const reader = new Reader(bytes);
  const transaction = readTransaction(reader, timeBase, forced);
  return reader.finished ? transaction : undefined;
}

function readTransaction(r: Reader, timeBase: bigint, forced: boolean): Transaction | undefined {
  const type = r.u8();
  switch (type) {
    case TX_WITHDRAW: {
      const [account, amount, payee] = [readAccount(r), r.varint(MAX_U64), r.u8()];
      return { type, account, amount, payee, auth: readOwnerAuth(r, timeBase, forced) };
    }
    case TX_TRANSFER: {
      const [from, to, amount] = [readAccount(r), readAccount(r), r.varint(MAX_U64)];
      return { type, from, to, amount, auth: readOwnerAuth(r, timeBase, forced) };
    }
    case TX_SET_KEY: {
      const [account, index, address, scope] = [readAccount(r), r.u8(), r.take(20), r.u8()];
      const [expiry, budget] = [r.varint(MAX_TIME), r.varint(MAX_U64)];
      return { type, account, index, address, scope, expiry, budget, auth: readOwnerAuth(r, timeBase, forced) };
    }
    case TX_REVOKE_KEY: {
      const [account, index] = [readAccount(r), r.u8()];
      return { type, account, index, auth: readOwnerAuth(r, timeBase, forced) };
    }
    case TX_CANCEL: {
      const [account, nonce] = [readAccount(r), r.varint(MAX_NONCE)];
      return { type, account, nonce, auth: readCancelAuth(r, timeBase, forced) };
    }
    case TX_CANCEL_ALL: {
      const [account, floor] = [readAccount(r), r.varint(MAX_NONCE)];
      return { type, account, floor, auth: readCancelAuth(r, timeBase, forced) };
    }
    case TX_COLLECT_FEES:
      return { type };
    case TX_SETTLE: {
      const [market, day] = [r.u8(), r.u16()];
      const count = (r.bytes.length - r.offset) / 4;
      if (!Number.isInteger(count) || count < 1 || count > MAX_SETTLE) return undefined;
      return { type, market, day, accounts: Array.from({ length: count }, () => r.u32()) };
    }
    case TX_SET_MODE: {
      const [account, mode] = [readAccount(r), r.u8()];
      if (mode > MODE_STANDARD) r.fail();
      return { type, account, mode, auth: readOwnerAuth(r, timeBase, forced) };
    }
    case TX_START_AUCTION:
    case TX_END_AUCTION:
      return { type, account: readAccount(r) };
    case TX_BID: {
      const [account, bidder, fraction] = [readAccount(r), readAccount(r), readFraction(r)];
      return { type, account, bidder, fraction, limit: r.varint(MAX_U64), auth: readOwnerAuth(r, timeBase, forced) };
    }
    case TX_FUND_BID: {
      const [account, fund] = [readAccount(r), readFund(r)];
      return { type, account, fund, fraction: readFraction(r) };
    }
    case TX_COLLECT_FUND:
      return { type, fund: readFund(r) };
    case TX_ORACLE_REPORT:
      return { type, ...readReport(r) };
    default: {
      const form = type - TX_FILL;
      if (form < 0 || form > (forced ? 0 : 3)) return undefined;
      const maker = (form & 1) === 1 ? readReference(r) : readMakerOrder(r, timeBase);
      const taker = (form & 2) === 2 ? readReference(r) : readOrder(r, timeBase, undefined);
      return { type: TX_FILL, maker, taker, quantity: readQuantity(r) };
    }
  }
}

function readOwnerAuth(r: Reader, timeBase: bigint, forced: boolean): OwnerAuth | undefined {
  if (forced) return undefined;
  return { nonce: r.varint(MAX_NONCE), deadline: readTime(r, timeBase), signature: r.take(64) };
}

function readCancelAuth(r: Reader, timeBase: bigint, forced: boolean): CancelAuth | undefined {
  if (forced) return undefined;
  const keyIndex = r.u8();
  if (keyIndex > MAX_KEYS) r.fail();
  return { keyIndex, deadline: readTime(r, timeBase), signature: r.take(64) };
}

function readReference(r: Reader): OrderReference {
  return { stored: true, account: readAccount(r), nonce: r.varint(MAX_NONCE) };
}

function readMakerOrder(r: Reader, timeBase: bigint): WireMakerOrder {
  const series = { market: 0, day: 0, strikeSteps: 0n, put: false };
  return { ...readOrder(r, timeBase, series), ...series };
}

/** Reads an order; `series` is filled in for a maker and undefined for a taker. */
function readOrder(
  r: Reader,
  timeBase: bigint,
  series: { market: number; day: number; strikeSteps: bigint; put: boolean } | undefined,
): WireOrder {
  const [account, nonce, wireFlags] = [readAccount(r), r.varint(MAX_NONCE), r.u8()];
  let [keyIndex, keyEpoch] = [0, 0];
  if ((wireFlags & WIRE_KEYED) !== 0) {
    [keyIndex, keyEpoch] = [r.u8(), r.varintNumber(0xffffffff)];
    if (keyIndex < 1 || keyIndex > MAX_KEYS) r.fail();
  }
  if (series !== undefined) {
    series.put = (wireFlags & WIRE_PUT) !== 0;
    series.market = r.u8();
    series.day = Number(timeBase / DAY) + r.varintNumber(0xffff);
    if (series.day > 0xffff) r.fail();
    series.strikeSteps = r.varint(MAX_PRICE);
  } else if ((wireFlags & (WIRE_PUT | FLAG_SELL)) !== 0) {
    r.fail();
  }
  return {
    stored: false,
    account,
    nonce,
    flags: wireFlags & ~(WIRE_PUT | WIRE_KEYED),
    keyIndex,
    keyEpoch,
    quantity: readQuantity(r),
    limitTicks: r.varint(MAX_PRICE),
    maxFee: r.varint(MAX_PRICE / WIRE_FEE) * WIRE_FEE,
    deadline: readTime(r, timeBase),
    signature: r.take(64),
  };
}

function readAccount(r: Reader): number {
  return r.varintNumber(MAX_ACCOUNT);
}

function readFraction(r: Reader): bigint {
  const fraction = r.varint(FRACTION);
  return fraction === 0n ? BigInt(r.fail()) : fraction;
}

function readFund(r: Reader): number {
  const fund = r.u8();
  return fund < FUND_ACCOUNTS ? fund : r.fail();
}

function readQuantity(r: Reader): bigint {
  return r.varint(MAX_QUANTITY / WIRE_QUANTITY) * WIRE_QUANTITY;
}

function readTime(r: Reader, timeBase: bigint): bigint {
  const time = timeBase + r.varint(MAX_TIME);
  return time <= MAX_TIME ? time : BigInt(r.fail());
}

/** Where the item at `offset` of a payload lies, or undefined for a framing error. */
export function frameAt(payload: Uint8Array, offset: number): { start: number; end: number } | undefined {
  const first = payload[offset]!;
  let start = offset + 1;
  let length = first;
  if (first >= 0x80) {
    const second = payload[start++];
    if (second === undefined || second === 0 || second >= 0x80) return undefined;
    length = (first & 0x7f) | (second << 7);
  }
  if (length === 0 || length > MAX_ITEM || start + length > payload.length) return undefined;
  return { start, end: start + length };
}
