import { readU16, readU32, readU64, readU8, writeU16, writeU32, writeU64 } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { DAY, MAX_KEYS, MAX_NONCE, MAX_PRICE, MAX_QUANTITY, MAX_TIME } from "../machine/Constants.ts";
import { packSeries } from "../machine/Positions.ts";
import type { Market, Order } from "../machine/Slots.ts";
import type { OrderTerms } from "../machine/TypedData.ts";
import {
  FLAG_FILL_OR_KILL,
  FLAG_FORCIBLE,
  FLAG_IMMEDIATE_OR_CANCEL,
  FLAG_POST_ONLY,
  FLAG_REDUCE_ONLY,
  FLAG_SELL,
  type OrderReference,
  type WireMakerOrder,
  type WireOrder,
  type WireTakerOrder,
} from "../machine/Wire.ts";
import { refuse, type Refusal } from "./Refusal.ts";

/** An order as a trader submits it: docs/specification.md, section 3, in the units of section 1. */
export interface SignedOrder {
  readonly terms: OrderTerms;
  /** 0: the owner signed; 1 to 4: that session key. */
  readonly keyIndex: number;
  /** Epoch of the session key when it signed; 0 for the owner. */
  readonly keyEpoch: number;
  /** 64 bytes after EIP-2098. */
  readonly signature: Uint8Array;
}

/** What of a market the wire format needs. */
export type MarketGrid = Pick<Market, "tick" | "lot" | "steps">;

/** The packed series of an order. */
export function seriesOf(terms: OrderTerms): bigint {
  return packSeries(terms.market, terms.expiryDay, terms.strike, terms.isPut);
}

/** The flags of an order as the state holds them. */
function flagsOf(terms: OrderTerms): number {
  return (
    (terms.isSell ? FLAG_SELL : 0) |
    (terms.fillOrKill ? FLAG_FILL_OR_KILL : 0) |
    (terms.immediateOrCancel ? FLAG_IMMEDIATE_OR_CANCEL : 0) |
    (terms.postOnly ? FLAG_POST_ONLY : 0) |
    (terms.reduceOnly ? FLAG_REDUCE_ONLY : 0) |
    (terms.forcible ? FLAG_FORCIBLE : 0)
  );
}

/** Whether a slot of the state holds this very order. */
export function holdsTerms(slot: Order, order: SignedOrder): boolean {
  const { terms } = order;
  return (
    slot.nonce === terms.nonce &&
    slot.series === seriesOf(terms) &&
    slot.flags === flagsOf(terms) &&
    slot.keyIndex === order.keyIndex &&
    slot.keyEpoch === order.keyEpoch &&
    slot.deadline === terms.deadline &&
    slot.limitPrice === terms.limitPrice &&
    slot.quantity === terms.quantity &&
    slot.maxFee === terms.maxFee
  );
}

/**
 * Whether the fields can be told apart at all, whatever the market: the first check of anything that comes from outside.
 */
export function rangeRefusal(order: SignedOrder): Refusal | undefined {
  const { terms } = order;
  const field =
    firstOutside([
      ["account", terms.account, 0xffffffff],
      ["market", terms.market, 0xff],
      ["expiryDay", terms.expiryDay, 0xffff],
      ["keyIndex", order.keyIndex, MAX_KEYS],
      ["keyEpoch", order.keyEpoch, 0xffffffff],
    ]) ??
    firstOutside([
      ["strike", terms.strike, MAX_PRICE],
      ["quantity", terms.quantity, MAX_QUANTITY],
      ["limitPrice", terms.limitPrice, MAX_PRICE],
      ["maxFee", terms.maxFee, MAX_PRICE],
      ["nonce", terms.nonce, MAX_NONCE],
      ["deadline", terms.deadline, MAX_TIME],
    ]);
  if (field !== undefined) return refuse("NotRepresentable", field);
  if (order.keyIndex === 0 && order.keyEpoch !== 0) return refuse("NotRepresentable", "keyEpoch");
  if (!(order.signature instanceof Uint8Array) || order.signature.length !== 64)
    return refuse("NotRepresentable", "signature");
  return undefined;
}

/**
 * Whether a batch of L2 time `time` (seconds) can carry the order: what the wire would round away would change the terms,
 * hence the digest, and the machine would find a bad signature.
 */
export function wireRefusal(order: SignedOrder, market: MarketGrid, time: bigint): Refusal | undefined {
  const { terms } = order;
  if (terms.quantity % market.lot !== 0n) return refuse("QuantityInvalid");
  if (terms.limitPrice % market.tick !== 0n) return refuse("PriceInvalid");
  if (terms.maxFee % market.tick !== 0n) return refuse("NotRepresentable", "maxFee");
  if (terms.strike % market.steps[0] !== 0n) return refuse("SeriesOffGrid");
  if (terms.deadline < time) return refuse("Expired");
  if (BigInt(terms.expiryDay) < time / DAY) return refuse("SeriesExpired");
  return undefined;
}

/** Whether an order would trade at a price, 1e-4 USD. */
export function crosses({ terms }: SignedOrder, price: bigint): boolean {
  return terms.isSell ? terms.limitPrice <= price : terms.limitPrice >= price;
}

/**
 * The order as a Fill carries it the first time, in the taker's place.
 *
 * @param price The maker's limit, which the order crosses: 1e-4 USD.
 */
export function toWireTaker(order: SignedOrder, market: MarketGrid, price: bigint): WireTakerOrder {
  const { isSell, limitPrice } = order.terms;
  const slippage = isSell ? price - limitPrice : limitPrice - price;
  const common = toWireOrder(order, market);
  return { ...common, flags: common.flags & ~FLAG_SELL, slippageTicks: slippage / market.tick };
}

/** The order as a Fill carries it the first time, in the maker's place. */
export function toWireMaker(order: SignedOrder, market: MarketGrid): WireMakerOrder {
  const { terms } = order;
  return {
    ...toWireOrder(order, market),
    market: terms.market,
    day: terms.expiryDay,
    strikeSteps: terms.strike / market.steps[0],
    put: terms.isPut,
    limitTicks: terms.limitPrice / market.tick,
  };
}

/** What a maker's and a taker's order have in common on the wire. */
function toWireOrder({ terms, keyIndex, keyEpoch, signature }: SignedOrder, market: MarketGrid): WireOrder {
  const { account, nonce, deadline } = terms;
  const [lots, feeTicks] = [terms.quantity / market.lot, terms.maxFee / market.tick];
  return {
    stored: false,
    account,
    nonce,
    flags: flagsOf(terms),
    keyIndex,
    keyEpoch,
    lots,
    feeTicks,
    deadline,
    signature,
  };
}

/** The order as a Fill carries it once the state holds it. */
export function toReference(order: SignedOrder): OrderReference {
  return { stored: true, account: order.terms.account, nonce: order.terms.nonce };
}

/** Bytes of {@link encodeSignedOrder}. */
export const SIGNED_ORDER_LENGTH = 125;
/** Where in them the signature begins. */
const SIGNATURE_OFFSET = 61;

/** Only in these bytes: the series is a put. */
const PUT = 0x40;

/**
 * The order for a journal: account u32 ‖ market u8 ‖ day u16 ‖ strike u64 ‖ flags u8 (bit 6: put) ‖ key index u8 ‖ key epoch u32
 * ‖ quantity u64 ‖ limit u64 ‖ maximum fee u64 ‖ nonce u64 ‖ deadline u64 ‖ signature 64. The fields are in range.
 */
export function encodeSignedOrder(order: SignedOrder): Uint8Array {
  const { terms } = order;
  const bytes = new Uint8Array(SIGNED_ORDER_LENGTH);
  writeU32(bytes, 0, terms.account);
  bytes[4] = terms.market;
  writeU16(bytes, 5, terms.expiryDay);
  writeU64(bytes, 7, terms.strike);
  bytes[15] = flagsOf(terms) | (terms.isPut ? PUT : 0);
  bytes[16] = order.keyIndex;
  writeU32(bytes, 17, order.keyEpoch);
  writeU64(bytes, 21, terms.quantity);
  writeU64(bytes, 29, terms.limitPrice);
  writeU64(bytes, 37, terms.maxFee);
  writeU64(bytes, 45, terms.nonce);
  writeU64(bytes, 53, terms.deadline);
  bytes.set(order.signature, SIGNATURE_OFFSET);
  return bytes;
}

/** 32 bytes: two orders have the same exactly if they are the same terms under the same key, whatever the signatures. */
export function termsDigest(order: SignedOrder): Uint8Array {
  return keccak256(encodeSignedOrder(order).subarray(0, SIGNATURE_OFFSET));
}

/** The inverse of {@link encodeSignedOrder}. */
export function decodeSignedOrder(bytes: Uint8Array): SignedOrder {
  const flags = readU8(bytes, 15);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  return {
    terms: {
      account: readU32(bytes, 0),
      market: readU8(bytes, 4),
      expiryDay: readU16(bytes, 5),
      strike: readU64(bytes, 7),
      isPut: has(PUT),
      isSell: has(FLAG_SELL),
      quantity: readU64(bytes, 21),
      limitPrice: readU64(bytes, 29),
      maxFee: readU64(bytes, 37),
      nonce: readU64(bytes, 45),
      deadline: readU64(bytes, 53),
      fillOrKill: has(FLAG_FILL_OR_KILL),
      immediateOrCancel: has(FLAG_IMMEDIATE_OR_CANCEL),
      postOnly: has(FLAG_POST_ONLY),
      reduceOnly: has(FLAG_REDUCE_ONLY),
      forcible: has(FLAG_FORCIBLE),
    },
    keyIndex: readU8(bytes, 16),
    keyEpoch: readU32(bytes, 17),
    signature: Uint8Array.from(bytes.subarray(SIGNATURE_OFFSET, SIGNED_ORDER_LENGTH)),
  };
}

/** The name of the first value that is no integer from 0 to its maximum. */
export function firstOutside<Value extends number | bigint>(
  values: readonly (readonly [name: string, value: Value, maximum: Value])[],
): string | undefined {
  return values.find(([, value, maximum]) => {
    if (typeof value !== typeof maximum || value < 0 || value > maximum) return true;
    return typeof value === "number" && !Number.isInteger(value);
  })?.[0];
}
