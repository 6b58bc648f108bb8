import { keccak256 } from "../crypto/keccak.ts";
import { encodeSlot } from "./SlotCodec.ts";
import type { Slot, SlotKey } from "./Slots.ts";
import { TAG_SLOT_CONTENT, TAG_STATE_INNER, TAG_STATE_LEAF } from "./Tags.ts";

export type { SlotKey } from "./Slots.ts";

/**
 * The sparse Merkle tree of typed slots (docs/specification.md, section 2.1): binary, path-compressed, over 64-bit keys, with
 * positions committed. Nodes are immutable and share structure, so a root is a snapshot of the whole state and going back
 * is free; hashes are computed when somebody asks and kept.
 */

/**
 * A node's hash as eight signed words: 88 bytes of memory, where an array of 32 bytes takes about 260, and states have
 * millions of nodes.
 */
interface PackedHash {
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly e: number;
  readonly f: number;
  readonly g: number;
  readonly h: number;
}

interface Leaf {
  readonly bit: 64;
  readonly hi: number;
  readonly lo: number;
  readonly slot: Slot;
  hash: PackedHash | undefined;
}

interface Inner {
  /** Index of the bit that parts the children; 0 is the most significant. */
  readonly bit: number;
  /** The children's common bits before `bit`, the rest zero. */
  readonly hi: number;
  readonly lo: number;
  readonly left: Node;
  readonly right: Node;
  hash: PackedHash | undefined;
}

type Node = Leaf | Inner;

/** A snapshot of the state. `undefined` is the empty tree. */
export type TreeRoot = Node | undefined;

/** The root of the empty tree. */
const EMPTY_ROOT: Uint8Array = new Uint8Array(32);

/** Witness forms, docs/specification.md, section 2.1. */
const FORM_PRESENT = 0;
const FORM_EMPTY = 1;
const FORM_OTHER_LEAF = 2;
const FORM_OTHER_PREFIX = 3;

const leafBuffer = new Uint8Array(41);
const innerBuffer = new Uint8Array(74);
const innerView = new DataView(innerBuffer.buffer);
const hashBuffer = new Uint8Array(32);
const hashView = new DataView(hashBuffer.buffer);
leafBuffer[0] = TAG_STATE_LEAF;
innerBuffer[0] = TAG_STATE_INNER;

/** H(0x03 ‖ content). */
export function contentHash(content: Uint8Array): Uint8Array {
  const tagged = new Uint8Array(content.length + 1);
  tagged[0] = TAG_SLOT_CONTENT;
  tagged.set(content, 1);
  return keccak256(tagged);
}

/** H(0x01 ‖ key ‖ content hash). */
export function leafHash(key: SlotKey, hash: Uint8Array): Uint8Array {
  storeKey(leafBuffer, 1, key.hi, key.lo);
  leafBuffer.set(hash, 9);
  return keccak256(leafBuffer);
}

/** H(0x02 ‖ bit ‖ prefix ‖ left ‖ right). */
function innerHash(bit: number, prefix: SlotKey, left: PackedHash, right: PackedHash): Uint8Array {
  innerBuffer[1] = bit;
  storeKey(innerBuffer, 2, prefix.hi, prefix.lo);
  storeHash(innerView, 10, left);
  storeHash(innerView, 42, right);
  return keccak256(innerBuffer);
}

/** The hash of a whole tree. */
export function rootHash(root: TreeRoot): Uint8Array {
  return root === undefined ? EMPTY_ROOT : unpack(nodeHash(root));
}

/** The slot at `key`, or undefined. */
export function get(root: TreeRoot, key: SlotKey): Slot | undefined {
  let node = root;
  if (node === undefined) return undefined;
  const { hi, lo } = key;
  while (node.bit !== 64) node = bitAt(hi, lo, node.bit) === 0 ? (node as Inner).left : (node as Inner).right;
  return node.hi === hi && node.lo === lo ? (node as Leaf).slot : undefined;
}

/** The tree with `slot` at `key`, inserted or replaced. */
export function set(root: TreeRoot, key: SlotKey, slot: Slot): TreeRoot {
  const leaf: Leaf = { bit: 64, hi: key.hi, lo: key.lo, slot, hash: undefined };
  return root === undefined ? leaf : setBelow(root, leaf);
}

/** The tree without `key`, which must be there. */
export function remove(root: TreeRoot, key: SlotKey): TreeRoot {
  if (root === undefined || root.bit === 64) return undefined;
  return removeBelow(root as Inner, key);
}

/** All slots in key order. */
export function* slots(root: TreeRoot): Generator<{ key: SlotKey; slot: Slot }> {
  if (root === undefined) return;
  if (root.bit === 64) {
    const leaf = root as Leaf;
    yield { key: { hi: leaf.hi, lo: leaf.lo }, slot: leaf.slot };
    return;
  }
  yield* slots((root as Inner).left);
  yield* slots((root as Inner).right);
}

/** A slot that two states have different. */
export interface SlotChange {
  readonly key: SlotKey;
  readonly before: Slot | undefined;
  readonly after: Slot | undefined;
}

/** All slots in which two states differ, in no particular order. What they share is not looked at, so it costs what has changed. */
export function* changes(before: TreeRoot, after: TreeRoot): Generator<SlotChange> {
  if (before === after) return;
  if (before === undefined || after === undefined) {
    for (const { key, slot } of slots(before ?? after)) {
      yield before === undefined ? { key, before: undefined, after: slot } : { key, before: slot, after: undefined };
    }
    return;
  }
  const difference = firstDifference(before.hi, before.lo, after.hi, after.lo);
  if (difference < before.bit && difference < after.bit) {
    yield* changes(before, undefined);
    yield* changes(undefined, after);
  } else if (before.bit === after.bit) {
    if (before.bit === 64) {
      const { hi, lo } = before;
      yield { key: { hi, lo }, before: (before as Leaf).slot, after: (after as Leaf).slot };
      return;
    }
    yield* changes((before as Inner).left, (after as Inner).left);
    yield* changes((before as Inner).right, (after as Inner).right);
  } else if (before.bit < after.bit) {
    const { left, right } = before as Inner;
    const goesLeft = bitAt(after.hi, after.lo, before.bit) === 0;
    yield* changes(left, goesLeft ? after : undefined);
    yield* changes(right, goesLeft ? undefined : after);
  } else {
    const { left, right } = after as Inner;
    const goesLeft = bitAt(before.hi, before.lo, after.bit) === 0;
    yield* changes(goesLeft ? before : undefined, left);
    yield* changes(goesLeft ? undefined : before, right);
  }
}

/** The witness item that opens `key` against `root`. */
export function witnessItem(root: TreeRoot, key: SlotKey): Uint8Array {
  const { hi, lo } = key;
  const path: Inner[] = [];
  let node = root;
  while (node !== undefined && node.bit !== 64 && firstDifference(hi, lo, node.hi, node.lo) >= node.bit) {
    path.push(node as Inner);
    node = bitAt(hi, lo, node.bit) === 0 ? (node as Inner).left : (node as Inner).right;
  }
  const body = terminalBody(node, hi, lo);
  const item = new Uint8Array(1 + path.length * 33 + body.length);
  item[0] = path.length;
  let offset = 1;
  for (const inner of path) {
    item[offset] = inner.bit;
    item.set(unpack(nodeHash(bitAt(hi, lo, inner.bit) === 0 ? inner.right : inner.left)), offset + 1);
    offset += 33;
  }
  item.set(body, offset);
  return item;
}

/** Index of the first bit in which two keys differ; 64 if they are equal. */
function firstDifference(aHi: number, aLo: number, bHi: number, bLo: number): number {
  return aHi !== bHi ? Math.clz32(aHi ^ bHi) : aLo !== bLo ? 32 + Math.clz32(aLo ^ bLo) : 64;
}

/** Bit number `bit` of a key, 0 being the most significant. */
function bitAt(hi: number, lo: number, bit: number): 0 | 1 {
  return (bit < 32 ? (hi >>> (31 - bit)) & 1 : (lo >>> (63 - bit)) & 1) as 0 | 1;
}

/** The key as a number, as documents and logs show it. */
export function keyToBigint(key: SlotKey): bigint {
  return (BigInt(key.hi) << 32n) | BigInt(key.lo);
}

/** The key of a number. */
export function keyFromBigint(value: bigint): SlotKey {
  return { hi: Number(value >> 32n), lo: Number(value & 0xffffffffn) };
}

function nodeHash(node: Node): PackedHash {
  if (node.hash !== undefined) return node.hash;
  if (node.bit === 64) {
    const leaf = node as Leaf;
    leaf.hash = pack(leafHash(leaf, contentHash(encodeSlot(leaf.slot))));
    return leaf.hash;
  }
  const inner = node as Inner;
  const left = nodeHash(inner.left);
  const right = nodeHash(inner.right);
  inner.hash = pack(innerHash(inner.bit, inner, left, right));
  return inner.hash;
}

function pack(hash: Uint8Array): PackedHash {
  hashBuffer.set(hash);
  return {
    a: hashView.getInt32(0),
    b: hashView.getInt32(4),
    c: hashView.getInt32(8),
    d: hashView.getInt32(12),
    e: hashView.getInt32(16),
    f: hashView.getInt32(20),
    g: hashView.getInt32(24),
    h: hashView.getInt32(28),
  };
}

function unpack(hash: PackedHash): Uint8Array {
  storeHash(hashView, 0, hash);
  return hashBuffer.slice();
}

function storeHash(target: DataView, offset: number, hash: PackedHash): void {
  target.setInt32(offset, hash.a);
  target.setInt32(offset + 4, hash.b);
  target.setInt32(offset + 8, hash.c);
  target.setInt32(offset + 12, hash.d);
  target.setInt32(offset + 16, hash.e);
  target.setInt32(offset + 20, hash.f);
  target.setInt32(offset + 24, hash.g);
  target.setInt32(offset + 28, hash.h);
}

function setBelow(node: Node, leaf: Leaf): Node {
  const difference = firstDifference(leaf.hi, leaf.lo, node.hi, node.lo);
  if (difference >= node.bit) {
    if (node.bit === 64) return leaf;
    const inner = node as Inner;
    return bitAt(leaf.hi, leaf.lo, inner.bit) === 0
      ? makeInner(inner.bit, inner.hi, inner.lo, setBelow(inner.left, leaf), inner.right)
      : makeInner(inner.bit, inner.hi, inner.lo, inner.left, setBelow(inner.right, leaf));
  }
  const { hi, lo } = prefixOf(leaf.hi, leaf.lo, difference);
  return bitAt(leaf.hi, leaf.lo, difference) === 0
    ? makeInner(difference, hi, lo, leaf, node)
    : makeInner(difference, hi, lo, node, leaf);
}

function removeBelow(node: Inner, key: SlotKey): Node {
  const goesLeft = bitAt(key.hi, key.lo, node.bit) === 0;
  const child = goesLeft ? node.left : node.right;
  const sibling = goesLeft ? node.right : node.left;
  if (child.bit === 64) return sibling;
  const rest = removeBelow(child as Inner, key);
  return goesLeft
    ? makeInner(node.bit, node.hi, node.lo, rest, sibling)
    : makeInner(node.bit, node.hi, node.lo, sibling, rest);
}

function makeInner(bit: number, hi: number, lo: number, left: Node, right: Node): Inner {
  return { bit, hi, lo, left, right, hash: undefined };
}

/** The key's bits before `bit`, the rest zero. */
function prefixOf(hi: number, lo: number, bit: number): SlotKey {
  if (bit <= 0) return { hi: 0, lo: 0 };
  if (bit < 32) return { hi: (hi & ~(0xffffffff >>> bit)) >>> 0, lo: 0 };
  if (bit === 32) return { hi, lo: 0 };
  return { hi, lo: (lo & ~(0xffffffff >>> (bit - 32))) >>> 0 };
}

function terminalBody(node: Node | undefined, hi: number, lo: number): Uint8Array {
  if (node === undefined) return Uint8Array.of(FORM_EMPTY);
  if (node.bit !== 64) {
    const inner = node as Inner;
    const body = new Uint8Array(1 + 1 + 8 + 64);
    body[0] = FORM_OTHER_PREFIX;
    body[1] = inner.bit;
    storeKey(body, 2, inner.hi, inner.lo);
    body.set(unpack(nodeHash(inner.left)), 10);
    body.set(unpack(nodeHash(inner.right)), 42);
    return body;
  }
  const leaf = node as Leaf;
  const content = encodeSlot(leaf.slot);
  if (leaf.hi === hi && leaf.lo === lo) {
    const body = new Uint8Array(3 + content.length);
    body[0] = FORM_PRESENT;
    body[1] = content.length >>> 8;
    body[2] = content.length & 0xff;
    body.set(content, 3);
    return body;
  }
  const body = new Uint8Array(41);
  body[0] = FORM_OTHER_LEAF;
  storeKey(body, 1, leaf.hi, leaf.lo);
  body.set(contentHash(content), 9);
  return body;
}

function storeKey(target: Uint8Array, offset: number, hi: number, lo: number): void {
  target[offset] = hi >>> 24;
  target[offset + 1] = hi >>> 16;
  target[offset + 2] = hi >>> 8;
  target[offset + 3] = hi;
  target[offset + 4] = lo >>> 24;
  target[offset + 5] = lo >>> 16;
  target[offset + 6] = lo >>> 8;
  target[offset + 7] = lo;
}
