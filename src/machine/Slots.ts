import { DAY, EXPIRY_HOUR, MODE_COLLATERALISED, RING } from "./Constants.ts";
import type { Position } from "./Positions.ts";

/** The typed slots of the state and their contents: docs/specification.md, section 2.2. */

/** A 64-bit key as two 32-bit halves: bit operations on numbers are many times faster than on bigints. */
export interface SlotKey {
  readonly hi: number;
  readonly lo: number;
}

export const KIND_ACCOUNT = 1;
export const KIND_ORDER = 2;
export const KIND_KEY = 3;
export const KIND_MARKET = 4;
export const KIND_EXPIRY = 5;
export const KIND_CLAIM = 6;
export const KIND_WITHDRAWAL = 7;
export const KIND_GLOBALS = 8;
export const KIND_SIGNERS = 9;

/** owner address ‖ floor u64 ‖ mode u8 ‖ auction u40 ‖ cash u128 ‖ debt u128 ‖ positions, 32 bytes each. */
export interface Account {
  readonly kind: typeof KIND_ACCOUNT;
  /** 20 bytes. */
  readonly owner: Uint8Array;
  /** Nonces below are retired. */
  readonly floor: bigint;
  /** MODE_COLLATERALISED or MODE_STANDARD. */
  readonly mode: number;
  /** L2 time at which the running auction began, 0 if there is none. */
  readonly auction: bigint;
  /** 1e-6 USDC, never negative. */
  readonly cash: bigint;
  /** 1e-6 USDC; senior on all later credits. */
  readonly debt: bigint;
  /** Ascending by series, without zeros. */
  readonly positions: readonly Position[];
}

/**
 * nonce u64 ‖ series u64 ‖ flags u8 ‖ key index u8 ‖ key epoch u32 ‖ deadline u40 ‖ limit price u64 ‖ quantity u64 ‖ filled
 * u64 ‖ maximum fee u64 ‖ fee accrued u128. A spent nonce has zeros behind the nonce.
 */
export interface Order {
  readonly kind: typeof KIND_ORDER;
  readonly nonce: bigint;
  readonly series: bigint;
  readonly flags: number;
  /** 0 is the owner. */
  readonly keyIndex: number;
  readonly keyEpoch: number;
  /** Seconds. */
  readonly deadline: bigint;
  /** 1e-4 USD per contract. */
  readonly limitPrice: bigint;
  /** 1e-6 contract. */
  readonly quantity: bigint;
  /** 1e-6 contract. */
  readonly filled: bigint;
  /** 1e-4 USD per contract. */
  readonly maxFee: bigint;
  /** 1e-15 USDC. */
  readonly feeAccrued: bigint;
}

/** address ‖ scope u8 ‖ expiry u40 ‖ budget u64 ‖ epoch u32. */
export interface Key {
  readonly kind: typeof KIND_KEY;
  /** 20 bytes; zero when revoked. */
  readonly address: Uint8Array;
  /** SCOPE_ bits. */
  readonly scope: number;
  /** Seconds; the key is good up to and including it. */
  readonly expiry: bigint;
  /** 1e-6 USDC that the key may still lose. */
  readonly budget: bigint;
  /** Number of changes of this slot. */
  readonly epoch: number;
}

export const SCOPE_TRADE = 1;
export const SCOPE_CANCEL = 2;
export const SCOPE_PAYEE = 4;
export const SCOPE_ALL = 7;

/**
 * tick u32 ‖ lot u64 ‖ strike steps 3 × u64 ‖ anchor u64 ‖ anchor time u40 ‖ least vol u32 ‖ largest vol u32 ‖ band floor u64 ‖
 * exposure multiple u32 ‖ exposure u128 ‖ spot u64 ‖ spot time u40 ‖ low u64 ‖ high u64 ‖ low before u64 ‖ high before u64.
 */
export interface Market {
  readonly kind: typeof KIND_MARKET;
  /** 1e-4 USD, a multiple of 100. */
  readonly tick: bigint;
  /** 1e-6 contract, a multiple of 1000. */
  readonly lot: bigint;
  /** 1e-4 USD, for short, medium and long tenors. */
  readonly steps: readonly [bigint, bigint, bigint];
  /** Last relayed price of the L1 feed, 1e-4 USD; 0 before the first. */
  readonly anchor: bigint;
  /** Seconds. */
  readonly anchorTime: bigint;
  /** Least volatility of a mark, 1e-6; 0, as the largest, until the market has risk parameters and so marks. */
  readonly minVol: bigint;
  /** Largest volatility of a mark, 1e-6. */
  readonly maxVol: bigint;
  /** Part of the price band that does not depend on the mark, 1e-4 USD. */
  readonly bandFloor: bigint;
  /** The exposure at the spot may be at most this many times the fund. */
  readonly exposureMultiple: bigint;
  /** Sum of the short quantities of all accounts on standard margin, 1e-6 contract. */
  readonly exposure: bigint;
  /** Last reported price, 1e-4 USD; 0 before the first. */
  readonly spot: bigint;
  /** Time of that report, seconds. */
  readonly spotTime: bigint;
  /** Lowest and highest spot of the minute (time / 60) of the last report. */
  readonly low: bigint;
  readonly high: bigint;
  /** Those of the minute before, 0 if there was no report in it. */
  readonly lowBefore: bigint;
  readonly highBefore: bigint;
}

/** The SVI smile of an expiry as it is reported: parameters in 1e-12, time in seconds. */
export interface Curve {
  readonly a: bigint;
  readonly b: bigint;
  readonly rho: bigint;
  readonly m: bigint;
  readonly sigma: bigint;
  /** The time whose total variance the smile gives. */
  readonly refTau: bigint;
}

/**
 * price u64 ‖ shorts u32 ‖ final u8 ‖ owed u128 ‖ received u128 ‖ credited u128 ‖ paid u128 ‖ forward u64 ‖ curve spot u64 ‖
 * curve time u40 ‖ a i64 ‖ b i64 ‖ ρ i64 ‖ m i64 ‖ σ i64 ‖ reference time u32.
 */
export interface Expiry {
  readonly kind: typeof KIND_EXPIRY;
  /** Settlement price, 1e-4 USD; 0 until it is fixed. */
  readonly price: bigint;
  /** Accounts that hold any short of this expiry. */
  readonly shorts: number;
  /** Whether the payout ratio is fixed. */
  readonly final: boolean;
  /** Sum of all settled debtors' amounts, 1e-6 USDC. */
  readonly owed: bigint;
  /** What came in from debtors and the fund, 1e-6 USDC. */
  readonly received: bigint;
  /** Sum of the paid creditors' amounts before the ratio, 1e-6 USDC. */
  readonly credited: bigint;
  /** Sum of what they got, 1e-6 USDC. */
  readonly paid: bigint;
  /** Forward of the last curve, 1e-4 USD; 0 before the first. */
  readonly forward: bigint;
  /** Spot of the report that brought it, 1e-4 USD. */
  readonly curveSpot: bigint;
  /** Time of that report, seconds. */
  readonly curveTime: bigint;
  readonly curve: Curve;
}

/** amount u128. */
export interface Claim {
  readonly kind: typeof KIND_CLAIM;
  /** 1e-6 USDC, before the payout ratio. */
  readonly amount: bigint;
}

/** account u32 ‖ recipient address ‖ amount u128. Written once. */
export interface Withdrawal {
  readonly kind: typeof KIND_WITHDRAWAL;
  readonly account: number;
  /** 20 bytes. */
  readonly recipient: Uint8Array;
  /** 1e-6 USDC. */
  readonly amount: bigint;
}

/** withdrawals u64 ‖ fees u128 ‖ fund u128. */
export interface Globals {
  readonly kind: typeof KIND_GLOBALS;
  /** Number of withdrawals so far, hence the number of the next. */
  readonly withdrawals: bigint;
  /** Fees not yet collected by the fee account, 1e-6 USDC. */
  readonly fees: bigint;
  /** Insurance fund, 1e-6 USDC. */
  readonly fund: bigint;
}

/** threshold u8 ‖ addresses, 20 bytes each. */
export interface Signers {
  readonly kind: typeof KIND_SIGNERS;
  /** How many of them a report needs. */
  readonly threshold: number;
  /** 20 bytes each, all different. */
  readonly addresses: readonly Uint8Array[];
}

/** The content of any slot. */
export type Slot = Account | Order | Key | Market | Expiry | Claim | Withdrawal | Globals | Signers;

/** The zero address. */
export const ZERO_ADDRESS: Uint8Array = new Uint8Array(20);

/** The fields of a spent nonce. */
export function spentOrder(nonce: bigint): Order {
  return {
    kind: KIND_ORDER,
    nonce,
    series: 0n,
    flags: 0,
    keyIndex: 0,
    keyEpoch: 0,
    deadline: 0n,
    limitPrice: 0n,
    quantity: 0n,
    filled: 0n,
    maxFee: 0n,
    feeAccrued: 0n,
  };
}

/** Whether the slot says only that its nonce is used up. */
export function isSpent(order: Order): boolean {
  return order.quantity === 0n;
}

/** An expiry that nobody has traded yet. */
export const EMPTY_EXPIRY: Expiry = {
  kind: KIND_EXPIRY,
  price: 0n,
  shorts: 0,
  final: false,
  owed: 0n,
  received: 0n,
  credited: 0n,
  paid: 0n,
  forward: 0n,
  curveSpot: 0n,
  curveTime: 0n,
  curve: { a: 0n, b: 0n, rho: 0n, m: 0n, sigma: 0n, refTau: 0n },
};

/** What stands for a market that is not there: no grid, no anchor, no marks. */
export const UNLISTED: Market = {
  kind: KIND_MARKET,
  tick: 0n,
  lot: 0n,
  steps: [0n, 0n, 0n],
  anchor: 0n,
  anchorTime: 0n,
  minVol: 0n,
  maxVol: 0n,
  bandFloor: 0n,
  exposureMultiple: 0n,
  exposure: 0n,
  spot: 0n,
  spotTime: 0n,
  low: 0n,
  high: 0n,
  lowBefore: 0n,
  highBefore: 0n,
};

/** An account that has just been opened. */
export function emptyAccount(owner: Uint8Array): Account {
  return {
    kind: KIND_ACCOUNT,
    owner,
    floor: 0n,
    mode: MODE_COLLATERALISED,
    auction: 0n,
    cash: 0n,
    debt: 0n,
    positions: [],
  };
}

/** Globals at genesis. */
export const EMPTY_GLOBALS: Globals = { kind: KIND_GLOBALS, withdrawals: 0n, fees: 0n, fund: 0n };

/** The instant of an expiry day, in seconds. */
export function expiryTime(day: number): bigint {
  return BigInt(day) * DAY + EXPIRY_HOUR;
}

/** Key of an account's slot. */
export function accountKey(account: number): SlotKey {
  return { hi: KIND_ACCOUNT << 24, lo: account };
}

/** Key of the order slot that `nonce` uses: account u32 ‖ (nonce mod 1024) u10. */
export function orderKey(account: number, nonce: bigint): SlotKey {
  const slot = Number(nonce % BigInt(RING));
  return { hi: (KIND_ORDER << 24) | (account >>> 22), lo: ((account << 10) | slot) >>> 0 };
}

/** Key of a session key's slot: account u32 ‖ index u8. */
export function keyKey(account: number, index: number): SlotKey {
  return { hi: (KIND_KEY << 24) | (account >>> 24), lo: ((account << 8) | index) >>> 0 };
}

/** Key of a market's slot. */
export function marketKey(market: number): SlotKey {
  return { hi: KIND_MARKET << 24, lo: market };
}

/** Key of an expiry's slot; `expiry` is market u8 ‖ day u16. */
export function expiryKey(expiry: number): SlotKey {
  return { hi: KIND_EXPIRY << 24, lo: expiry };
}

/** Key of an account's claim on the pool of an expiry: market u8 ‖ day u16 ‖ account u32. */
export function claimKey(expiry: number, account: number): SlotKey {
  return { hi: (KIND_CLAIM << 24) | expiry, lo: account };
}

/** Key of withdrawal number `number`. */
export function withdrawalKey(number: bigint): SlotKey {
  return { hi: (KIND_WITHDRAWAL << 24) | Number(number >> 32n), lo: Number(number & 0xffffffffn) };
}

/** Key of the one Globals slot. */
export const GLOBALS_KEY: SlotKey = { hi: KIND_GLOBALS << 24, lo: 0 };

/** Key of the one Signers slot. */
export const SIGNERS_KEY: SlotKey = { hi: KIND_SIGNERS << 24, lo: 0 };
