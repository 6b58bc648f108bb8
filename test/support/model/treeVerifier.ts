import { keccak256 } from "ethers";

/**
 * The rules of section 2.1 for witness items, read from the specification and written with other tools than the tree: hex
 * strings, bigints and a stack. Bad evidence throws.
 */

export type Opened = { readonly content: string | undefined; readonly item: ParsedItem };

export interface ParsedItem {
  readonly path: readonly { readonly bit: number; readonly sibling: string }[];
  readonly form: number;
  readonly content: string | undefined;
  readonly otherKey: bigint;
  readonly otherHash: string;
  readonly terminalBit: number;
  readonly left: string;
  readonly right: string;
  /** Bytes used up. */
  readonly length: number;
}

const hex = (value: bigint | number, bytes: number): string => value.toString(16).padStart(bytes * 2, "0");
const hash = (text: string): string => keccak256(`0x${text}`).slice(2);
const bitOf = (key: bigint, bit: number): bigint => (key / 2n ** BigInt(63 - bit)) % 2n;
const prefixOf = (key: bigint, bit: number): bigint => key - (key % 2n ** BigInt(64 - bit));

function demand(condition: boolean, reason: string): void {
  if (!condition) throw new Error(`bad evidence: ${reason}`);
}

/** Hash of a slot's content. */
export const hashContent = (content: string): string => hash(`03${content}`);
const leafOf = (key: bigint, contentHash: string): string => hash(`01${hex(key, 8)}${contentHash}`);
const innerOf = (bit: number, prefix: bigint, left: string, right: string): string =>
  hash(`02${hex(bit, 1)}${hex(prefix, 8)}${left}${right}`);

/** Takes an item apart; what follows it may be anything. */
export function parseItem(bytes: string): ParsedItem {
  let at = 0;
  const take = (count: number): string => {
    demand(at + 2 * count <= bytes.length, "cut off");
    return bytes.slice(at, (at += 2 * count));
  };
  const number = (count: number): bigint => BigInt(`0x${take(count)}`);
  const path = Array.from({ length: Number(number(1)) }, () => ({ bit: Number(number(1)), sibling: take(32) }));
  const form = Number(number(1));
  demand(form <= 3, "unknown form");
  let content: string | undefined;
  let [otherKey, otherHash, terminalBit, left, right] = [0n, "", 64, "", ""];
  if (form === 0) content = take(Number(number(2)));
  if (form === 2) [otherKey, otherHash] = [number(8), take(32)];
  if (form === 3) [terminalBit, otherKey, left, right] = [Number(number(1)), number(8), take(32), take(32)];
  return { path, form, content, otherKey, otherHash, terminalBit, left, right, length: at / 2 };
}

/** Folds `node` upwards along the path of `key`. */
function fold(key: bigint, path: ParsedItem["path"], node: string): string {
  return [...path]
    .reverse()
    .reduce(
      (below, { bit, sibling }) =>
        bitOf(key, bit) === 0n
          ? innerOf(bit, prefixOf(key, bit), below, sibling)
          : innerOf(bit, prefixOf(key, bit), sibling, below),
      node,
    );
}

function terminalOf(item: ParsedItem): string {
  return item.form === 2
    ? leafOf(item.otherKey, item.otherHash)
    : innerOf(item.terminalBit, item.otherKey, item.left, item.right);
}

function firstDifference(a: bigint, b: bigint): number {
  for (let bit = 0; bit < 64; bit++) if (bitOf(a, bit) !== bitOf(b, bit)) return bit;
  return 64;
}

/** The content of `key` under `root`, or undefined if the item shows that there is none. */
export function open(root: string, key: bigint, bytes: string): Opened {
  const item = parseItem(bytes);
  let last = -1;
  for (const { bit } of item.path) {
    demand(bit > last && bit < 64, "bits do not increase");
    last = bit;
  }
  if (item.form === 1) {
    demand(item.path.length === 0 && root === "0".repeat(64), "the tree is not empty");
    return { content: undefined, item };
  }
  if (item.form === 0) {
    demand(fold(key, item.path, leafOf(key, hashContent(item.content!))) === root, "wrong root");
    return { content: item.content, item };
  }
  if (item.form === 3) {
    demand(item.terminalBit < 64 && prefixOf(item.otherKey, item.terminalBit) === item.otherKey, "prefix has a tail");
  }
  const difference = firstDifference(key, item.otherKey);
  demand(difference < item.terminalBit, "the terminal node may hold the key");
  demand(difference > last, "the terminal node is not on the path");
  demand(fold(key, item.path, terminalOf(item)) === root, "wrong root");
  return { content: undefined, item };
}

/** The root after `content` is written at `key`; undefined deletes it. */
export function write(key: bigint, item: ParsedItem, content: string | undefined): string {
  if (content === undefined) {
    demand(item.form === 0, "nothing to delete");
    const last = item.path.at(-1);
    return last === undefined ? "0".repeat(64) : fold(key, item.path.slice(0, -1), last.sibling);
  }
  const leaf = leafOf(key, hashContent(content));
  if (item.form === 0) return fold(key, item.path, leaf);
  if (item.form === 1) return leaf;
  const bit = firstDifference(key, item.otherKey);
  const [left, right] = bitOf(key, bit) === 0n ? [leaf, terminalOf(item)] : [terminalOf(item), leaf];
  return fold(key, item.path, innerOf(bit, prefixOf(key, bit), left, right));
}

/** The root of a map of contents, straight from the definition: split the keys at their first differing bit. */
export function rootOf(slots: ReadonlyMap<bigint, string>): string {
  const node = (keys: readonly bigint[]): string => {
    const [first] = keys as [bigint];
    if (keys.length === 1) return leafOf(first, hashContent(slots.get(first)!));
    let bit = 0;
    while (keys.every((key) => bitOf(key, bit) === bitOf(first, bit))) bit++;
    const side = (value: bigint): bigint[] => keys.filter((key) => bitOf(key, bit) === value);
    return innerOf(bit, prefixOf(first, bit), node(side(0n)), node(side(1n)));
  };
  return slots.size === 0 ? "0".repeat(64) : node([...slots.keys()]);
}
