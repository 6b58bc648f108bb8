import { readU128, readU32, readU64, readU8, writeU128, writeU32, writeU64 } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import { MAX_POSITIONS, MAX_SIGNERS, MODE_STANDARD } from "./Constants.ts";
import { decodePositions, encodePositions } from "./Positions.ts";
import {
  KIND_ACCOUNT,
  KIND_CLAIM,
  KIND_EXPIRY,
  KIND_GLOBALS,
  KIND_KEY,
  KIND_MARKET,
  KIND_ORDER,
  KIND_SIGNERS,
  KIND_WITHDRAWAL,
  type Curve,
  type Slot,
} from "./Slots.ts";

/** The committed bytes of the slots: docs/specification.md, section 2.2. */

const ACCOUNT_HEAD = 66;
const MARKET_LENGTH = 130;
const EXPIRY_LENGTH = 142;
const I64 = 1n << 64n;

/** What the slot codec refuses. */
export type SlotErrorCode = "SLOT_MALFORMED";

/** A slot's content that no machine wrote. */
export class SlotError extends TenorError<SlotErrorCode> {
  override readonly name = "SlotError";
}

/** The committed bytes of a slot. */
export function encodeSlot(slot: Slot): Uint8Array {
  switch (slot.kind) {
    case KIND_ACCOUNT: {
      const bytes = new Uint8Array(ACCOUNT_HEAD + 32 * slot.positions.length);
      bytes.set(slot.owner, 0);
      writeU64(bytes, 20, slot.floor);
      bytes[28] = slot.mode;
      writeU40(bytes, 29, slot.auction);
      writeU128(bytes, 34, slot.cash);
      writeU128(bytes, 50, slot.debt);
      encodePositions(slot.positions, bytes, ACCOUNT_HEAD);
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
      const bytes = new Uint8Array(MARKET_LENGTH);
      writeU32(bytes, 0, Number(slot.tick));
      writeU64(bytes, 4, slot.lot);
      slot.steps.forEach((step, i) => writeU64(bytes, 12 + 8 * i, step));
      writeU64(bytes, 36, slot.anchor);
      writeU40(bytes, 44, slot.anchorTime);
      writeU32(bytes, 49, Number(slot.minVol));
      writeU32(bytes, 53, Number(slot.maxVol));
      writeU64(bytes, 57, slot.bandFloor);
      writeU32(bytes, 65, Number(slot.exposureMultiple));
      writeU128(bytes, 69, slot.exposure);
      writeU64(bytes, 85, slot.spot);
      writeU40(bytes, 93, slot.spotTime);
      writeU64(bytes, 98, slot.low);
      writeU64(bytes, 106, slot.high);
      writeU64(bytes, 114, slot.lowBefore);
      writeU64(bytes, 122, slot.highBefore);
      return bytes;
    }
    case KIND_EXPIRY: {
      const bytes = new Uint8Array(EXPIRY_LENGTH);
      writeU64(bytes, 0, slot.price);
      writeU32(bytes, 8, slot.shorts);
      bytes[12] = slot.final ? 1 : 0;
      writeU128(bytes, 13, slot.owed);
      writeU128(bytes, 29, slot.received);
      writeU128(bytes, 45, slot.credited);
      writeU128(bytes, 61, slot.paid);
      writeU64(bytes, 77, slot.forward);
      writeU64(bytes, 85, slot.curveSpot);
      writeU40(bytes, 93, slot.curveTime);
      writeCurve(bytes, 98, slot.curve);
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
    case KIND_SIGNERS: {
      const bytes = new Uint8Array(1 + 20 * slot.addresses.length);
      bytes[0] = slot.threshold;
      slot.addresses.forEach((address, i) => bytes.set(address, 1 + 20 * i));
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
      const words = (bytes.length - ACCOUNT_HEAD) / 32;
      if (!Number.isInteger(words) || words < 0 || words > MAX_POSITIONS) throw malformed(kind, bytes);
      const positions = decodePositions(bytes, ACCOUNT_HEAD);
      const mode = readU8(bytes, 28);
      if (positions === undefined || mode > MODE_STANDARD) throw malformed(kind, bytes);
      return {
        kind,
        owner: bytes.slice(0, 20),
        floor: readU64(bytes, 20),
        mode,
        auction: readU40(bytes, 29),
        cash: readU128(bytes, 34),
        debt: readU128(bytes, 50),
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
      requireLength(kind, bytes, MARKET_LENGTH);
      return {
        kind,
        tick: BigInt(readU32(bytes, 0)),
        lot: readU64(bytes, 4),
        steps: [readU64(bytes, 12), readU64(bytes, 20), readU64(bytes, 28)],
        anchor: readU64(bytes, 36),
        anchorTime: readU40(bytes, 44),
        minVol: BigInt(readU32(bytes, 49)),
        maxVol: BigInt(readU32(bytes, 53)),
        bandFloor: readU64(bytes, 57),
        exposureMultiple: BigInt(readU32(bytes, 65)),
        exposure: readU128(bytes, 69),
        spot: readU64(bytes, 85),
        spotTime: readU40(bytes, 93),
        low: readU64(bytes, 98),
        high: readU64(bytes, 106),
        lowBefore: readU64(bytes, 114),
        highBefore: readU64(bytes, 122),
      };
    case KIND_EXPIRY: {
      requireLength(kind, bytes, EXPIRY_LENGTH);
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
        forward: readU64(bytes, 77),
        curveSpot: readU64(bytes, 85),
        curveTime: readU40(bytes, 93),
        curve: readCurve(bytes, 98),
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
    case KIND_SIGNERS: {
      const count = (bytes.length - 1) / 20;
      if (!Number.isInteger(count) || count < 1 || count > MAX_SIGNERS) throw malformed(kind, bytes);
      const addresses = Array.from({ length: count }, (_, i) => bytes.slice(1 + 20 * i, 21 + 20 * i));
      return { kind, threshold: readU8(bytes, 0), addresses };
    }
    default:
      throw malformed(kind, bytes);
  }
}

/** Writes a ‖ b ‖ ρ ‖ m ‖ σ, i64 each, and the reference time as u32. */
export function writeCurve(target: Uint8Array, offset: number, curve: Curve): void {
  [curve.a, curve.b, curve.rho, curve.m, curve.sigma].forEach((value, i) => {
    writeU64(target, offset + 8 * i, value < 0n ? value + I64 : value);
  });
  writeU32(target, offset + 40, Number(curve.refTau));
}

/** The inverse of {@link writeCurve}. */
export function readCurve(bytes: Uint8Array, offset: number): Curve {
  const signed = (i: number): bigint => {
    const value = readU64(bytes, offset + 8 * i);
    return value >= I64 / 2n ? value - I64 : value;
  };
  return {
    a: signed(0),
    b: signed(1),
    rho: signed(2),
    m: signed(3),
    sigma: signed(4),
    refTau: BigInt(readU32(bytes, offset + 40)),
  };
}

/** A u40 at `offset`. */
export function readU40(bytes: Uint8Array, offset: number): bigint {
  return BigInt(readU8(bytes, offset) * 2 ** 32 + readU32(bytes, offset + 1));
}

/** Writes a u40 at `offset`. */
export function writeU40(target: Uint8Array, offset: number, value: bigint): void {
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
