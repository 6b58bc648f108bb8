import { MAX_ITEM } from "./Constants.ts";

/**
 * Items of a batch's payload: docs/specification.md, section 3. Each has its length in front of it; a first byte of 1 to 239 is
 * the length, and a larger one begins the two bytes of a longer one. So no length has two encodings.
 */

/** A first byte from here on says that the length of an item goes on in a second one. */
export const LONG_ITEM = 240;

/** Bytes that an item's length takes, or of those the ones that lie inside the payload. */
export function lengthPrefixEnd(payload: Uint8Array, offset: number): number {
  return Math.min(payload[offset]! >= LONG_ITEM ? offset + 2 : offset + 1, payload.length);
}

/** Where the item at `offset` of a payload lies, or undefined for a framing error. */
export function frameAt(payload: Uint8Array, offset: number): { start: number; end: number } | undefined {
  let length = payload[offset]!;
  let start = offset + 1;
  if (length >= LONG_ITEM) {
    const second = payload[start++];
    if (second === undefined) return undefined;
    length = LONG_ITEM + (((length - LONG_ITEM) << 8) | second);
  }
  if (length === 0 || length > MAX_ITEM || start + length > payload.length) return undefined;
  return { start, end: start + length };
}
