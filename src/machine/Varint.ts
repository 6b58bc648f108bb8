import { TenorError } from "../errors.ts";

/**
 * Strict reading and writing of the wire format: little-endian base-128 varints of at most 64 bits with one encoding for
 * each value, and raw bytes. Reading past the end or a second encoding marks the reader as failed instead of throwing,
 * for malformed input is an ordinary result of the machine.
 */
export class Reader {
  readonly bytes: Uint8Array;
  /** Position of the next byte. */
  offset: number;
  /** Whether anything could not be read; values read since are meaningless. */
  failed = false;

  constructor(bytes: Uint8Array, offset = 0) {
    this.bytes = bytes;
    this.offset = offset;
  }

  /** One byte. */
  u8(): number {
    if (this.offset >= this.bytes.length) return this.fail();
    return this.bytes[this.offset++]!;
  }

  /** Two bytes, big-endian. */
  u16(): number {
    return (this.u8() << 8) | this.u8();
  }

  /** Four bytes, big-endian. */
  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** `length` bytes, copied. */
  take(length: number): Uint8Array {
    if (this.offset + length > this.bytes.length) {
      this.fail();
      return new Uint8Array(length);
    }
    return this.bytes.slice(this.offset, (this.offset += length));
  }

  /** A varint of at most `maximum`. */
  varint(maximum: bigint): bigint {
    // Numbers hold the first 49 bits exactly; only longer values need a bigint.
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      const byte = this.u8();
      if (this.failed) return 0n;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && i > 0) return BigInt(this.fail());
        const result = BigInt(value);
        return result <= maximum ? result : BigInt(this.fail());
      }
      scale *= 128;
    }
    let result = BigInt(value);
    for (let shift = 49n; shift < 70n; shift += 7n) {
      const byte = this.u8();
      if (this.failed) return 0n;
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return byte === 0 || result > maximum ? BigInt(this.fail()) : result;
    }
    return BigInt(this.fail());
  }

  /** A varint of at most `maximum`, which is at most 2^53 - 1. */
  varintNumber(maximum: number): number {
    return Number(this.varint(BigInt(maximum)));
  }

  /** Whether everything was read and nothing is left. */
  get finished(): boolean {
    return !this.failed && this.offset === this.bytes.length;
  }

  /** Marks the reader as failed. */
  fail(): 0 {
    this.failed = true;
    return 0;
  }
}

/** What the encoder refuses. */
export type VarintErrorCode = "VARINT_RANGE";

/** A value that has no varint: a time before the batch's own, for instance. */
export class VarintError extends TenorError<VarintErrorCode> {
  override readonly name = "VarintError";
}

/**
 * The one encoding of `value`.
 *
 * @throws {@link VarintError} if it is negative or not below 2^64.
 */
export function encodeVarint(value: bigint): number[] {
  if (value < 0n || value >> 64n !== 0n) {
    throw new VarintError("VARINT_RANGE", "value has no varint", { fields: { value } });
  }
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}
