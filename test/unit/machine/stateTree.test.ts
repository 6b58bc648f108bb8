import { expect } from "chai";
import { fromHex, toHex } from "../../../src/crypto/bytes.ts";
import {
  EMPTY_GLOBALS,
  accountKey,
  emptyAccount,
  orderKey,
  spentOrder,
  type Slot,
} from "../../../src/machine/Slots.ts";
import { encodeSlot } from "../../../src/machine/SlotCodec.ts";
import {
  get,
  keyFromBigint,
  keyToBigint,
  remove,
  rootHash,
  set,
  slots,
  witnessItem,
  type TreeRoot,
} from "../../../src/machine/StateTree.ts";
import { Random } from "../../../src/market/random.ts";
import { open, parseItem, rootOf, write } from "../../support/model/treeVerifier.ts";

const bare = (bytes: Uint8Array): string => toHex(bytes).slice(2);
const slotOf = (value: bigint): Slot => ({ ...EMPTY_GLOBALS, fees: value });
const contentOf = (slot: Slot): string => bare(encodeSlot(slot));

/** Keys that share long prefixes, so that the paths get deep and bits fall on both halves. */
function randomKey(random: Random): bigint {
  const shape = random.uint(4);
  if (shape === 0) return random.bigint(2n ** 64n);
  if (shape === 1) return 2n ** BigInt(random.uint(64));
  if (shape === 2) return (random.bigint(4n) << 62n) | random.bigint(4n);
  return (2n << 56n) | (random.bigint(8n) << 10n) | random.bigint(8n);
}

describe("state tree", () => {
  it("has the root of the naive tree after every insert, update and delete, and every witness item opens it", () => {
    const random = new Random(17);
    let root: TreeRoot;
    const naive = new Map<bigint, string>();
    for (let step = 0; step < 500; step++) {
      const key = naive.size > 0 && random.bool(0.5) ? random.pick([...naive.keys()]) : randomKey(random);
      const before = bare(rootHash(root));
      const opened = open(before, key, bare(witnessItem(root, keyFromBigint(key))));
      expect(opened.content).to.equal(naive.get(key));
      if (naive.has(key) && random.bool(naive.size > 40 ? 0.7 : 0.3)) {
        root = remove(root, keyFromBigint(key));
        naive.delete(key);
      } else {
        const slot = slotOf(random.next());
        root = set(root, keyFromBigint(key), slot);
        naive.set(key, contentOf(slot));
      }
      const after = bare(rootHash(root));
      expect(after, "the fold of the update").to.equal(write(key, opened.item, naive.get(key)));
      expect(after, "the naive tree").to.equal(rootOf(naive));
      expect(get(root, keyFromBigint(key)) !== undefined).to.equal(naive.has(key));
      if (step % 100 === 0) {
        const listed = [...slots(root)].map((entry) => keyToBigint(entry.key));
        expect(listed).to.deep.equal([...naive.keys()].sort((a, b) => (a < b ? -1 : 1)));
      }
    }
  });

  it("does not depend on the order of insertion, nor on what came and went", () => {
    const random = new Random(23);
    const keys = [...new Set(Array.from({ length: 200 }, () => randomKey(random)))];
    const build = (order: readonly bigint[]): string =>
      bare(rootHash(order.reduce<TreeRoot>((root, key) => set(root, keyFromBigint(key), slotOf(key)), undefined)));
    const expected = build(keys);
    for (let i = 0; i < 10; i++) expect(build(shuffled(random, keys))).to.equal(expected);
    let root: TreeRoot;
    for (const key of shuffled(random, keys)) root = set(root, keyFromBigint(key), slotOf(0n));
    const guests = [...new Set(Array.from({ length: 100 }, () => randomKey(random)))].filter(
      (key) => !keys.includes(key),
    );
    for (const key of guests) root = set(root, keyFromBigint(key), slotOf(1n));
    for (const key of keys) root = set(root, keyFromBigint(key), slotOf(key));
    for (const key of shuffled(random, guests)) root = remove(root, keyFromBigint(key));
    expect(bare(rootHash(root))).to.equal(expected);
  });

  it("keeps earlier snapshots as they were", () => {
    const first = set(undefined, keyFromBigint(5n), slotOf(1n));
    const hash = bare(rootHash(first));
    const second = remove(set(first, keyFromBigint(6n), slotOf(2n)), keyFromBigint(5n));
    expect(get(first, keyFromBigint(5n))).to.deep.equal(slotOf(1n));
    expect(get(second, keyFromBigint(5n))).to.equal(undefined);
    expect(bare(rootHash(first))).to.equal(hash);
  });

  describe("forged evidence", () => {
    const random = new Random(31);
    const keys = [...new Set(Array.from({ length: 60 }, () => randomKey(random)))];
    const tree = keys.reduce<TreeRoot>((root, key) => set(root, keyFromBigint(key), slotOf(key % 1000n)), undefined);
    const root = bare(rootHash(tree));

    it("is refused with any byte changed, missing or of another key", () => {
      for (let i = 0; i < 60; i++) {
        const key = random.bool(0.5) ? random.pick(keys) : randomKey(random);
        const item = witnessItem(tree, keyFromBigint(key));
        const truth = open(root, key, bare(item)).content;
        for (let j = 0; j < 60; j++) {
          const forged = item.slice();
          const at = random.uint(forged.length);
          forged[at] = forged[at]! ^ (1 << random.uint(8));
          expect(() => requireFull(root, key, bare(forged)), `byte ${at} of the item of ${key}`).to.throw();
        }
        expect(() => open(root, key, bare(item.slice(0, -1)))).to.throw();
        // An honest item for another key may be good for this one too, if both are absent; it never lies.
        for (const other of keys.slice(0, 20)) {
          if (other === key) continue;
          let content: string | undefined;
          try {
            content = open(root, other, bare(item)).content;
          } catch {
            continue;
          }
          expect(content, "no item hides a slot").to.equal(truth === undefined ? undefined : "never");
          expect(keys.includes(other)).to.equal(false);
        }
      }
    });

    it("is refused when it claims that a slot is absent because of its own leaf, or of a node above it", () => {
      for (const key of keys) {
        const item = parseItem(bare(witnessItem(tree, keyFromBigint(key))));
        for (let depth = 0; depth < item.path.length; depth++) {
          const head = item.path.slice(0, depth).map(({ bit, sibling }) => bit.toString(16).padStart(2, "0") + sibling);
          // The neighbour at this depth, shown as if it were the end of the path.
          const neighbour = item.path[depth]!.sibling;
          const forged = `${depth.toString(16).padStart(2, "0")}${head.join("")}02${"00".repeat(8)}${neighbour}`;
          expect(() => open(root, key, forged)).to.throw();
        }
        expect(() => open(root, key, "0001")).to.throw();
      }
    });

    function requireFull(expected: string, key: bigint, bytes: string): void {
      const { item } = open(expected, key, bytes);
      if (item.length * 2 !== bytes.length) throw new Error("superfluous bytes");
    }
  });

  it("has paths of about log2 of the live slots: 100,000 accounts with orders", function () {
    this.timeout(60_000);
    let root: TreeRoot;
    const account: Slot = emptyAccount(new Uint8Array(20));
    const depths: number[] = [];
    for (let id = 0; id < 100_000; id++) {
      root = set(root, accountKey(id), account);
      if (id % 2 === 0) root = set(root, orderKey(id, BigInt(id % 1024)), spentOrder(BigInt(id % 1024)));
    }
    // A full ring makes its own owner's paths longer, by ten levels at most.
    for (let nonce = 0n; nonce < 1024n; nonce++) root = set(root, orderKey(7, nonce), spentOrder(nonce));
    const random = new Random(3);
    for (let i = 0; i < 300; i++) {
      const id = random.uint(100_000);
      depths.push(witnessItem(root, accountKey(id))[0]!);
      depths.push(witnessItem(root, orderKey(id, BigInt(id % 1024)))[0]!);
    }
    const deepest = Math.max(...depths, witnessItem(root, orderKey(7, 512n))[0]!);
    expect(deepest, "deepest path of 151,024 slots").to.be.at.most(Math.ceil(Math.log2(151_024)) + 11);
    expect(depths.reduce((sum, depth) => sum + depth) / depths.length).to.be.within(15, 20);
    expect(fromHex(toHex(rootHash(root)))).to.have.length(32);
  });
});

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.uint(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
