import { TenorError } from "../errors.ts";

/** Bytes as lower-case hexadecimal digits after `0x`. */
export type Hex = `0x${string}`;

/** What the helpers of this module refuse. */
export type BytesErrorCode = "HEX_MALFORMED" | "HEX_LENGTH" | "OUT_OF_BOUNDS" | "OUT_OF_RANGE";

/** A failure of reading or writing bytes. */
export class BytesError extends TenorError<BytesErrorCode> {
  override readonly name = "BytesError";
}

const HEX = /^0x(?:[0-9a-fA-F]{2})*$/;
const MAX_U64 = (1n << 64n) - 1n;
const MAX_U128 = (1n << 128n) - 1n;
const MAX_U256 = (1n << 256n) - 1n;

/** One 64-bit word, through which bigints go in and out without an allocation per call. */
const word = new DataView(new ArrayBuffer(8));

/** The bytes as `0x` and lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

/**
 * The bytes that `hex` spells: `0x`, then an even number of digits of either case and nothing else.
 *
 * @param hex The text.
 * @param length The number of bytes that it must have, if that is known.
 * @throws {@link BytesError} `HEX_MALFORMED` or `HEX_LENGTH`.
 */
export function fromHex(hex: string, length?: number): Uint8Array {
  if (!HEX.test(hex)) throw new BytesError("HEX_MALFORMED", "text is not hexadecimal", { fields: { hex } });
  const actual = (hex.length - 2) / 2;
  if (length !== undefined && actual !== length) {
    throw new BytesError("HEX_LENGTH", "hexadecimal text has the wrong length", {
      fields: { actual, expected: length },
    });
  }
  const bytes = new Uint8Array(actual);
  // A view of the same memory: Node's decoder writes into it directly.
  Buffer.from(bytes.buffer).write(hex.slice(2), "hex");
  return bytes;
}

/** The arrays one after the other, in new memory. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Whether both have the same bytes. Not constant in time: for public data. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

/** Whether every byte is zero. */
export function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) {
    if (byte !== 0) return false;
  }
  return true;
}

/**
 * How two byte strings of one length compare as big-endian numbers: negative, zero or positive.
 *
 * @throws {@link BytesError} `OUT_OF_BOUNDS` if the lengths differ.
 */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) {
    throw new BytesError("OUT_OF_BOUNDS", "byte strings of different lengths do not compare", {
      fields: { left: a.length, right: b.length },
    });
  }
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The unsigned 8-bit number at `offset`. */
export function readU8(bytes: Uint8Array, offset: number): number {
  requireBounds(bytes, offset, 1);
  return bytes[offset]!;
}

/** The unsigned big-endian 16-bit number at `offset`. */
export function readU16(bytes: Uint8Array, offset: number): number {
  requireBounds(bytes, offset, 2);
  return (bytes[offset]! << 8) | bytes[offset + 1]!;
}

/** The unsigned big-endian 32-bit number at `offset`. */
export function readU32(bytes: Uint8Array, offset: number): number {
  requireBounds(bytes, offset, 4);
  return loadU32(bytes, offset);
}

/** The unsigned big-endian 64-bit number at `offset`. */
export function readU64(bytes: Uint8Array, offset: number): bigint {
  requireBounds(bytes, offset, 8);
  return loadU64(bytes, offset);
}

/** The unsigned big-endian 128-bit number at `offset`. */
export function readU128(bytes: Uint8Array, offset: number): bigint {
  requireBounds(bytes, offset, 16);
  return loadU128(bytes, offset);
}

/** The unsigned big-endian 256-bit number at `offset`. */
export function readU256(bytes: Uint8Array, offset: number): bigint {
  requireBounds(bytes, offset, 32);
  return (loadU128(bytes, offset) << 128n) | loadU128(bytes, offset + 16);
}

/** Writes an unsigned 8-bit number at `offset`. */
export function writeU8(target: Uint8Array, offset: number, value: number): void {
  requireBounds(target, offset, 1);
  requireNumber(value, 0xff);
  target[offset] = value;
}

/** Writes an unsigned big-endian 16-bit number at `offset`. */
export function writeU16(target: Uint8Array, offset: number, value: number): void {
  requireBounds(target, offset, 2);
  requireNumber(value, 0xffff);
  target[offset] = value >>> 8;
  target[offset + 1] = value;
}

/** Writes an unsigned big-endian 32-bit number at `offset`. */
export function writeU32(target: Uint8Array, offset: number, value: number): void {
  requireBounds(target, offset, 4);
  requireNumber(value, 0xffffffff);
  storeU32(target, offset, value);
}

/** Writes an unsigned big-endian 64-bit number at `offset`. */
export function writeU64(target: Uint8Array, offset: number, value: bigint): void {
  requireBounds(target, offset, 8);
  requireBigint(value, MAX_U64);
  storeU64(target, offset, value);
}

/** Writes an unsigned big-endian 128-bit number at `offset`. */
export function writeU128(target: Uint8Array, offset: number, value: bigint): void {
  requireBounds(target, offset, 16);
  requireBigint(value, MAX_U128);
  storeU64(target, offset, value >> 64n);
  storeU64(target, offset + 8, value);
}

/** Writes an unsigned big-endian 256-bit number at `offset`. */
export function writeU256(target: Uint8Array, offset: number, value: bigint): void {
  requireBounds(target, offset, 32);
  requireBigint(value, MAX_U256);
  storeU64(target, offset, value >> 192n);
  storeU64(target, offset + 8, value >> 128n);
  storeU64(target, offset + 16, value >> 64n);
  storeU64(target, offset + 24, value);
}

function loadU32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

function loadU64(bytes: Uint8Array, offset: number): bigint {
  word.setUint32(0, loadU32(bytes, offset));
  word.setUint32(4, loadU32(bytes, offset + 4));
  return word.getBigUint64(0);
}

function loadU128(bytes: Uint8Array, offset: number): bigint {
  return (loadU64(bytes, offset) << 64n) | loadU64(bytes, offset + 8);
}

function storeU32(target: Uint8Array, offset: number, value: number): void {
  target[offset] = value >>> 24;
  target[offset + 1] = value >>> 16;
  target[offset + 2] = value >>> 8;
  target[offset + 3] = value;
}

/** Stores the low 64 bits of `value`. */
function storeU64(target: Uint8Array, offset: number, value: bigint): void {
  word.setBigUint64(0, value);
  storeU32(target, offset, word.getUint32(0));
  storeU32(target, offset + 4, word.getUint32(4));
}

function requireBounds(bytes: Uint8Array, offset: number, length: number): void {
  if (!Number.isInteger(offset) || offset < 0 || offset + length > bytes.length) {
    throw new BytesError("OUT_OF_BOUNDS", "number lies outside the bytes", {
      fields: { offset, length, available: bytes.length },
    });
  }
}

function requireNumber(value: number, maximum: number): void {
  if (!Number.isInteger(value) || value < 0 || value > maximum) throw outOfRange(value, maximum);
}

function requireBigint(value: bigint, maximum: bigint): void {
  if (value < 0n || value > maximum) throw outOfRange(value, maximum);
}

function outOfRange(value: number | bigint, maximum: number | bigint): BytesError {
  return new BytesError("OUT_OF_RANGE", "number does not fit its width", { fields: { value, maximum } });
}
