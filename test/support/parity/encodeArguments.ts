import { AbiCoder, type ParamType } from "ethers";
import { concat, fromHex } from "../../../src/crypto/bytes.ts";

/**
 * Arguments of a call in Solidity's ABI, as ethers encodes them. That one turns all bytes into text and back at each level of nesting,
 * which for the evidence of steps takes longer than to judge them; so here arrays, tuples and bytes are laid out as bytes, and ethers
 * encodes words alone.
 *
 * @throws TypeError at text and at arrays of a fixed length, which no evidence has.
 */
export function encodeArguments(types: readonly ParamType[], values: readonly unknown[]): Uint8Array {
  const parts: Uint8Array[] = [];
  layOut(types, values, parts);
  return concat(...parts);
}

const WORD = 32;
const coder = AbiCoder.defaultAbiCoder();
/** The words of small numbers, which are most: offsets, lengths, fields. */
const numbers = new Map<number, Uint8Array>();

/** Appends the values one after the other, and what they point to behind them; returns the length of both. */
function layOut(types: readonly ParamType[], values: readonly unknown[], parts: Uint8Array[]): number {
  const head: Uint8Array[] = [];
  const tail: Uint8Array[] = [];
  let length = types.reduce((sum, type) => sum + headSize(type), 0);
  for (const [i, type] of types.entries()) {
    if (!isDynamic(type)) {
      encode(type, values[i], head);
      continue;
    }
    head.push(numberWord(length));
    length += encode(type, values[i], tail);
  }
  for (const part of head) parts.push(part);
  for (const part of tail) parts.push(part);
  return length;
}

/** Appends one value, and returns its length. */
function encode(type: ParamType, value: unknown, parts: Uint8Array[]): number {
  if (type.isTuple()) return layOut(type.components, fieldsOf(type, value), parts);
  if (type.isArray()) {
    if (type.arrayLength !== -1) throw new TypeError(`no evidence has a ${type.type}`);
    const elements = value as readonly unknown[];
    parts.push(numberWord(elements.length));
    return WORD + layOut(new Array<ParamType>(elements.length).fill(type.arrayChildren), elements, parts);
  }
  if (type.baseType === "bytes") {
    const bytes = bytesOf(value);
    const padding = (WORD - (bytes.length % WORD)) % WORD;
    parts.push(numberWord(bytes.length), bytes, new Uint8Array(padding));
    return WORD + bytes.length + padding;
  }
  parts.push(wordOf(type, value));
  return WORD;
}

function fieldsOf(type: ParamType, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return type.components!.map(({ name }) => (value as Readonly<Record<string, unknown>>)[name]);
}

function wordOf(type: ParamType, value: unknown): Uint8Array {
  if (type.baseType === "string") throw new TypeError("no evidence has text");
  if (type.baseType === "bytes32") return bytesOf(value, WORD);
  if (type.baseType.startsWith("uint") && value !== undefined) {
    const number = Number(value);
    if (number >= 0 && number < 2 ** Math.min(Number(type.baseType.slice("uint".length)), 16))
      return numberWord(number);
  }
  return fromHex(coder.encode([type], [value]));
}

function numberWord(value: number): Uint8Array {
  const known = numbers.get(value);
  if (known !== undefined) return known;
  const word = new Uint8Array(WORD);
  new DataView(word.buffer).setUint32(WORD - 4, value);
  numbers.set(value, word);
  return word;
}

function bytesOf(value: unknown, length?: number): Uint8Array {
  const bytes = typeof value === "string" ? fromHex(value) : (value as Uint8Array);
  if (length !== undefined && bytes.length !== length)
    throw new TypeError(`${bytes.length} bytes instead of ${length}`);
  return bytes;
}

function isDynamic(type: ParamType): boolean {
  if (type.isTuple()) return type.components.some(isDynamic);
  return type.isArray() || type.baseType === "bytes";
}

function headSize(type: ParamType): number {
  if (isDynamic(type)) return WORD;
  return type.isTuple() ? type.components.reduce((sum, one) => sum + headSize(one), 0) : WORD;
}
