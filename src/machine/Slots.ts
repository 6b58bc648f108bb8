import { readU128, readU32, readU64, readU8, writeU128, writeU32, writeU64 } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import { EXPIRY_HOUR, DAY, MAX_POSITIONS, RING } from "./Constants.ts";
import { decodePositions, encodePositions, type Position } from "./Positions.ts";

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

/** owner address ‖ floor u64 ‖ cash u128 ‖ debt u128 ‖ positions, 32 bytes each. */
export interface Account {
  readonly kind: typeof KIND_ACCOUNT;
  /** 20 bytes. */
  readonly owner: Uint8Array;
  /** Nonces below are retired. */
  readonly floor: bigint;
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

/** tick u32 ‖ lot u64 ‖ strike steps 3 × u64 ‖ anchor u64 ‖ anchor time u40. */
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
}

/** price u64 ‖ shorts u32 ‖ final u8 ‖ owed u128 ‖ received u128 ‖ credited u128 ‖ paid u128. */
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

/** The content of any slot. */
export type Slot = Account | Order | Key | Market | Expiry | Claim | Withdrawal | Globals;

/** What the slot codec refuses. */
export type SlotErrorCode = "SLOT_MALFORMED";

/** A slot's content that no machine wrote. */
export class SlotError extends TenorError<SlotErrorCode> {
  override readonly name = "SlotError";
}

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
};

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

/** The committed bytes of a slot. */
export function encodeSlot(slot: Slot): Uint8Array {
  switch (slot.kind) {
    case KIND_ACCOUNT: {
      const bytes = new Uint8Array(60 + 32 * slot.positions.length);
      bytes.set(slot.owner, 0);
      writeU64(bytes, 20, slot.floor);
      writeU128(bytes, 28, slot.cash);
      writeU128(bytes, 44, slot.debt);
      encodePositions(slot.positions, bytes, 60);
      return bytes;
    }
    case KIND_ORDER: {
      const bytes = new Uint8Array(75);
      writeU64(bytes, 0, slot.nonce);
      writeU64(bytes, 8, slot.series);
      bytes[16] = slot.flags;
      bytes[17] = slot.keyIndex;
      writeU32(bytes, 18, slot.keyEpoch);
      writeU40(bytes, 22, slot.deadline);
      writeU64(bytes, 27, slot.limitPrice);
      writeU64(bytes, 35, slot.quantity);
      writeU64(bytes, 43, slot.filled);
      writeU64(bytes, 51, slot.maxFee);
      writeU128(bytes, 59, slot.feeAccrued);
      return bytes;
    }
    case KIND_KEY: {
      const bytes = new Uint8Array(38);
      bytes.set(slot.address, 0);
      bytes[20] = slot.scope;
      writeU40(bytes, 21, slot.expiry);
      writeU64(bytes, 26, slot.budget);
      writeU32(bytes, 34, slot.epoch);
      return bytes;
    }
    case KIND_MARKET: {
      const bytes = new Uint8Array(49);
      writeU32(bytes, 0, Number(slot.tick));
      writeU64(bytes, 4, slot.lot);
      slot.steps.forEach((step, i) => writeU64(bytes, 12 + 8 * i, step));
      writeU64(bytes, 36, slot.anchor);
      writeU40(bytes, 44, slot.anchorTime);
      return bytes;
    }
    case KIND_EXPIRY: {
      const bytes = new Uint8Array(77);
      writeU64(bytes, 0, slot.price);
      writeU32(bytes, 8, slot.shorts);
      bytes[12] = slot.final ? 1 : 0;
      writeU128(bytes, 13, slot.owed);
      writeU128(bytes, 29, slot.received);
      writeU128(bytes, 45, slot.credited);
      writeU128(bytes, 61, slot.paid);
      return bytes;
    }
    case KIND_CLAIM: {
      const bytes = new Uint8Array(16);
      writeU128(bytes, 0, slot.amount);
      return bytes;
    }
    case KIND_WITHDRAWAL: {
      const bytes = new Uint8Array(40);
      writeU32(bytes, 0, slot.account);
      bytes.set(slot.recipient, 4);
      writeU128(bytes, 24, slot.amount);
      return bytes;
    }
    case KIND_GLOBALS: {
      const bytes = new Uint8Array(40);
      writeU64(bytes, 0, slot.withdrawals);
      writeU128(bytes, 8, slot.fees);
      writeU128(bytes, 24, slot.fund);
      return bytes;
    }
  }
}

/**
 * The slot that `bytes` encode: the exact inverse of {@link encodeSlot}.
 *
 * @throws {@link SlotError} if no slot of that kind encodes to these bytes.
 */
export function decodeSlot(kind: number, bytes: Uint8Array): Slot {
  switch (kind) {
    case KIND_ACCOUNT: {
      const words = (bytes.length - 60) / 32;
      if (!Number.isInteger(words) || words < 0 || words > MAX_POSITIONS) throw malformed(kind, bytes);
      const positions = decodePositions(bytes, 60);
      if (positions === undefined) throw malformed(kind, bytes);
      return {
        kind,
        owner: bytes.slice(0, 20),
        floor: readU64(bytes, 20),
        cash: readU128(bytes, 28),
        debt: readU128(bytes, 44),
        positions,
      };
    }
    case KIND_ORDER:
      requireLength(kind, bytes, 75);
      return {
        kind,
        nonce: readU64(bytes, 0),
        series: readU64(bytes, 8),
        flags: readU8(bytes, 16),
        keyIndex: readU8(bytes, 17),
        keyEpoch: readU32(bytes, 18),
        deadline: readU40(bytes, 22),
        limitPrice: readU64(bytes, 27),
        quantity: readU64(bytes, 35),
        filled: readU64(bytes, 43),
        maxFee: readU64(bytes, 51),
        feeAccrued: readU128(bytes, 59),
      };
    case KIND_KEY:
      requireLength(kind, bytes, 38);
      return {
        kind,
        address: bytes.slice(0, 20),
        scope: readU8(bytes, 20),
        expiry: readU40(bytes, 21),
        budget: readU64(bytes, 26),
        epoch: readU32(bytes, 34),
      };
    case KIND_MARKET:
      requireLength(kind, bytes, 49);
      return {
        kind,
        tick: BigInt(readU32(bytes, 0)),
        lot: readU64(bytes, 4),
        steps: [readU64(bytes, 12), readU64(bytes, 20), readU64(bytes, 28)],
        anchor: readU64(bytes, 36),
        anchorTime: readU40(bytes, 44),
      };
    case KIND_EXPIRY: {
      requireLength(kind, bytes, 77);
      const final = readU8(bytes, 12);
      if (final > 1) throw malformed(kind, bytes);
      return {
        kind,
        price: readU64(bytes, 0),
        shorts: readU32(bytes, 8),
        final: final === 1,
        owed: readU128(bytes, 13),
        received: readU128(bytes, 29),
        credited: readU128(bytes, 45),
        paid: readU128(bytes, 61),
      };
    }
    case KIND_CLAIM:
      requireLength(kind, bytes, 16);
      return { kind, amount: readU128(bytes, 0) };
    case KIND_WITHDRAWAL:
      requireLength(kind, bytes, 40);
      return { kind, account: readU32(bytes, 0), recipient: bytes.slice(4, 24), amount: readU128(bytes, 24) };
    case KIND_GLOBALS:
      requireLength(kind, bytes, 40);
      return { kind, withdrawals: readU64(bytes, 0), fees: readU128(bytes, 8), fund: readU128(bytes, 24) };
    default:
      throw malformed(kind, bytes);
  }
}

function readU40(bytes: Uint8Array, offset: number): bigint {
  return BigInt(readU8(bytes, offset) * 2 ** 32 + readU32(bytes, offset + 1));
}

function writeU40(target: Uint8Array, offset: number, value: bigint): void {
  const number = Number(value);
  target[offset] = Math.floor(number / 2 ** 32);
  writeU32(target, offset + 1, number % 2 ** 32);
}

function requireLength(kind: number, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw malformed(kind, bytes);
}

function malformed(kind: number, bytes: Uint8Array): SlotError {
  return new SlotError("SLOT_MALFORMED", "bytes are not the content of a slot of this kind", {
    fields: { kind, length: bytes.length },
  });
}
