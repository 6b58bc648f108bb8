import {
  FRACTION,
  FUND_ACCOUNTS,
  MAX_KEYS,
  MAX_NONCE,
  MAX_QUANTITY,
  MAX_SETTLE,
  MAX_TIME,
  MODE_STANDARD,
  LEAST_LOT,
  MAX_PRICE,
  MINUTE,
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
/** The least type of a fill; its bits follow. */
export const TX_FILL = 0x10;
/** The maker's order is stored; the taker's is. */
export const FORM_MAKER_STORED = 1;
export const FORM_TAKER_STORED = 2;
/** The taker's order is new and filled in whole, so the fill has no quantity of its own. */
export const FORM_TAKER_WHOLE = 4;
/** The taker's order is new, signed by the owner, and its only flag is immediate-or-cancel, so it has no byte of flags. */
export const FORM_TAKER_IMMEDIATE = 8;

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
/** More lots are above MAX_QUANTITY in every market. */
const MAX_LOTS = MAX_QUANTITY / LEAST_LOT;

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

/** Terms that every new order carries; those of the market's grid are still in its lots, ticks and strike steps. */
export interface WireOrder {
  readonly stored: false;
  readonly account: number;
  readonly nonce: bigint;
  /** Without the bits that exist on the wire only. The taker's side is not in here: it is the opposite of the maker's. */
  readonly flags: number;
  readonly keyIndex: number;
  readonly keyEpoch: number;
  /** Its quantity in lots of the market. */
  readonly lots: bigint;
  /** Its maximum fee per contract in ticks of the market. */
  readonly feeTicks: bigint;
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
  /** Its limit in ticks of the market. */
  readonly limitTicks: bigint;
}

/** A taker's order leaves the series and the side to the maker's, and says its limit by the maker's. */
export interface WireTakerOrder extends WireOrder {
  /** How much worse than the maker's limit its own is, in ticks of the market. */
  readonly slippageTicks: bigint;
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
  readonly taker: WireTakerOrder | OrderReference;
  /** The quantity in lots of the market. */
  readonly lots: bigint;
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
      if (form < 0 || form > 15) return undefined;
      return readFill(r, timeBase, forced, (bit) => (form & bit) !== 0);
    }
  }
}

/** `has` tells the bits of the type. */
function readFill(r: Reader, timeBase: bigint, forced: boolean, has: (bit: number) => boolean): Fill | undefined {
  const [makerStored, takerStored] = [has(FORM_MAKER_STORED), has(FORM_TAKER_STORED)];
  const [isWhole, isImmediate] = [has(FORM_TAKER_WHOLE), has(FORM_TAKER_IMMEDIATE)];
  if (takerStored && (isWhole || isImmediate)) return undefined;
  // A forced fill carries both orders with their signatures.
  if (forced && (makerStored || takerStored)) return undefined;
  const maker = makerStored ? readReference(r) : readMakerOrder(r, timeBase);
  const taker = takerStored ? readReference(r) : readTakerOrder(r, timeBase, isImmediate);
  const whole = taker.stored ? undefined : taker.lots;
  const lots = isWhole ? whole! : readLots(r);
  // One encoding: what fills a new taker's order in whole says so in its type.
  if (!isWhole && lots === whole) r.fail();
  return { type: TX_FILL, maker, taker, lots };
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
  const [account, nonce, wireFlags] = [readAccount(r), r.varint(MAX_NONCE), r.u8()];
  const signed = readFlags(r, wireFlags);
  const market = r.u8();
  const day = Number(timeBase / DAY) + r.varintNumber(0xffff);
  if (day > 0xffff) r.fail();
  const [strikeSteps, limitTicks] = [r.varint(MAX_PRICE), r.varint(MAX_PRICE)];
  const series = { market, day, strikeSteps, put: (wireFlags & WIRE_PUT) !== 0 };
  return { stored: false, account, nonce, ...signed, ...series, limitTicks, ...readOrderTail(r, timeBase) };
}

function readTakerOrder(r: Reader, timeBase: bigint, isImmediate: boolean): WireTakerOrder {
  const [account, nonce] = [readAccount(r), r.varint(MAX_NONCE)];
  const wireFlags = isImmediate ? FLAG_IMMEDIATE_OR_CANCEL : r.u8();
  // One encoding: the commonest flags are said by the type.
  if (!isImmediate && wireFlags === FLAG_IMMEDIATE_OR_CANCEL) r.fail();
  const signed = readFlags(r, wireFlags);
  if ((wireFlags & (WIRE_PUT | FLAG_SELL)) !== 0) r.fail();
  return {
    stored: false,
    account,
    nonce,
    ...signed,
    slippageTicks: r.varint(MAX_PRICE),
    ...readOrderTail(r, timeBase),
  };
}

/** The flags of an order, and the session key if they say that one signed. */
function readFlags(r: Reader, wireFlags: number): Pick<WireOrder, "flags" | "keyIndex" | "keyEpoch"> {
  const flags = wireFlags & ~(WIRE_PUT | WIRE_KEYED);
  if ((wireFlags & WIRE_KEYED) === 0) return { flags, keyIndex: 0, keyEpoch: 0 };
  const [keyIndex, keyEpoch] = [r.u8(), r.varintNumber(0xffffffff)];
  if (keyIndex < 1 || keyIndex > MAX_KEYS) r.fail();
  return { flags, keyIndex, keyEpoch };
}

/** What stands behind an order's price. */
function readOrderTail(r: Reader, timeBase: bigint): Pick<WireOrder, "lots" | "feeTicks" | "deadline" | "signature"> {
  return {
    lots: readLots(r),
    feeTicks: r.varint(MAX_PRICE),
    deadline: readOrderDeadline(r, timeBase),
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

function readLots(r: Reader): bigint {
  return r.varint(MAX_LOTS);
}

/** A deadline in whole minutes, or one in seconds that is none. */
function readOrderDeadline(r: Reader, timeBase: bigint): bigint {
  const coded = r.varint(2n * MAX_TIME + 1n);
  const inMinutes = (coded & 1n) === 1n;
  const time = inMinutes ? (timeBase / MINUTE + (coded >> 1n)) * MINUTE : timeBase + (coded >> 1n);
  if (time > MAX_TIME || (!inMinutes && time % MINUTE === 0n)) return BigInt(r.fail());
  return time;
}

function readTime(r: Reader, timeBase: bigint): bigint {
  const time = timeBase + r.varint(MAX_TIME);
  return time <= MAX_TIME ? time : BigInt(r.fail());
}
