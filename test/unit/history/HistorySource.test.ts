import { expect } from "chai";
import fc from "fast-check";
import { concat } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { foldHistoryPath, type History } from "../../../src/history/History.ts";
import {
  baseOf,
  childrenOf,
  firstDifference,
  gameBase,
  HistoryError,
  pathWithin,
  type HistorySource,
} from "../../../src/history/HistorySource.ts";
import { PatchedHistory } from "../../support/history/PatchedHistory.ts";
import { historyOf, makeLeaves, naiveTree } from "../../support/history/trees.ts";

const HEIGHT = 6;
const LEAVES = makeLeaves(41);
const SOURCE = historyOf(LEAVES, HEIGHT);
const TREE = naiveTree(LEAVES, HEIGHT);

/** A history with one leaf at every place. */
function constant(height: number, leaf: Uint8Array): History {
  return historyOf([leaf], height);
}

describe("nodes of a history", () => {
  it("gives the children of every node", async () => {
    for (let level = 0; level <= HEIGHT; level++) {
      for (let index = 0; index < 2 ** (HEIGHT - level); index++) {
        for (let down = 0; down <= level; down++) {
          const expected = TREE[level - down]!.slice(index * 2 ** down, (index + 1) * 2 ** down);
          expect(await childrenOf(SOURCE, level, index, down)).to.deep.equal(expected);
        }
      }
    }
  });

  it("gives the path between every node and each of its ancestors", async () => {
    for (let level = 0; level <= HEIGHT; level++) {
      for (let index = 0; index < 2 ** (HEIGHT - level); index++) {
        for (let top = level; top <= HEIGHT; top++) {
          const folded = foldHistoryPath(TREE[level]![index]!, index, await pathWithin(SOURCE, level, index, top));
          expect(folded).to.deep.equal(TREE[top]![Math.floor(index / 2 ** (top - level))]);
        }
      }
    }
  });

  it("hashes a base behind its tag", () => {
    const [base, left] = makeLeaves(2);
    expect(gameBase(base!, left!)).to.deep.equal(keccak256(concat(Uint8Array.of(0x0d), base!, left!)));
  });

  it("gives the base by its definition, from the root down", async () => {
    const check = async (level: number, index: number, base: Uint8Array): Promise<void> => {
      expect(await baseOf(SOURCE, level, index)).to.deep.equal(base);
      if (level === 0) return;
      await check(level - 1, 2 * index, base);
      await check(level - 1, 2 * index + 1, gameBase(base, TREE[level - 1]![2 * index]!));
    };
    await check(HEIGHT, 0, new Uint8Array(32));
  });

  it("has equal bases exactly where everything to the left is equal", async () => {
    const changed = new PatchedHistory(SOURCE, new Map([[13, makeLeaves(1, 7)[0]!]]));
    for (let level = 0; level <= HEIGHT; level++) {
      for (let index = 0; index < 2 ** (HEIGHT - level); index++) {
        const [a, b] = await Promise.all([baseOf(SOURCE, level, index), baseOf(changed, level, index)]);
        expect(Buffer.compare(a, b) === 0).to.equal(index * 2 ** level <= 13);
      }
    }
  });

  it("finds the first child in which two histories differ", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.nat(2 ** HEIGHT - 1), { maxLength: 4 }),
        fc.integer({ min: 0, max: HEIGHT }).chain((level) =>
          fc.record({
            level: fc.constant(level),
            index: fc.nat(2 ** (HEIGHT - level) - 1),
            down: fc.integer({ min: 0, max: level }),
          }),
        ),
        async (places, { level, index, down }) => {
          const other = new PatchedHistory(SOURCE, new Map(places.map((at) => [at, makeLeaves(1, 8)[0]!])));
          const [ours, theirs] = [
            await childrenOf(SOURCE, level, index, down),
            await childrenOf(other, level, index, down),
          ];
          const expected = ours.findIndex((child, i) => Buffer.compare(child, theirs[i]!) !== 0);
          const found = await firstDifference(SOURCE, other, level, index, down);
          expect(found).to.equal(expected === -1 ? undefined : expected);
        },
      ),
      { seed: 20260502, numRuns: 300 },
    );
  });

  it("refuses nodes outside the tree and histories of different heights", async () => {
    const refused: [Promise<unknown>, string][] = [
      [childrenOf(SOURCE, 2, 0, 3), "HISTORY_NODE"],
      [childrenOf(SOURCE, 2, 0, -1), "HISTORY_NODE"],
      [childrenOf(SOURCE, 2, 16, 1), "HISTORY_NODE"],
      [pathWithin(SOURCE, 0, 64, 6), "HISTORY_NODE"],
      [pathWithin(SOURCE, 0, 0, 7), "HISTORY_NODE"],
      [baseOf(SOURCE, 7, 0), "HISTORY_NODE"],
      [firstDifference(SOURCE, historyOf(LEAVES, 7), 6, 0, 2), "HISTORY_MISMATCH"],
    ];
    for (const [call, code] of refused) {
      const error: unknown = await call.catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(HistoryError).with.property("code", code);
    }
  });
});

describe("PatchedHistory", () => {
  async function compare(source: HistorySource, leaves: readonly Uint8Array[]): Promise<void> {
    for (const [level, nodes] of naiveTree(leaves, source.height).entries()) {
      for (const [index, node] of nodes.entries()) expect(await source.node(level, index)).to.deep.equal(node);
    }
  }

  it("is the tree over the replaced leaves, in the padding too", async () => {
    const [x, y] = makeLeaves(2, 5);
    for (const places of [[0], [40], [41], [63], [12, 13, 50], []]) {
      const overrides = new Map(places.map((at, i) => [at, i === 1 ? y! : x!]));
      const leaves = TREE[0]!.map((leaf, i) => overrides.get(i) ?? leaf);
      await compare(new PatchedHistory(SOURCE, overrides), leaves);
    }
  });

  it("is another history from some leaf on, with replaced leaves on both sides", async () => {
    const other = makeLeaves(2 ** HEIGHT, 6);
    const [x] = makeLeaves(1, 5);
    for (const index of [0, 1, 17, 32, 63]) {
      const overrides = new Map([
        [5, x!],
        [33, x!],
      ]);
      const patched = new PatchedHistory(SOURCE, overrides, { index, source: historyOf(other, HEIGHT) });
      await compare(
        patched,
        TREE[0]!.map((leaf, i) => overrides.get(i) ?? (i < index ? leaf : other[i]!)),
      );
      const flat = new PatchedHistory(SOURCE, overrides, { index, source: constant(HEIGHT, x!) });
      await compare(
        flat,
        TREE[0]!.map((leaf, i) => overrides.get(i) ?? (i < index ? leaf : x!)),
      );
    }
  });

  it("is cheap at k = 26", async () => {
    const base = historyOf(makeLeaves(300), 26);
    const [x, y] = makeLeaves(2, 5);
    const places = [0, 299, 300, 2 ** 25 + 3, 2 ** 26 - 1];
    let asked = 0;
    const counting: HistorySource = {
      height: 26,
      node: (level, index) => {
        asked++;
        return base.node(level, index);
      },
    };
    const tail = { index: 2 ** 24 + 1, source: constant(26, y!) };
    const patched = new PatchedHistory(counting, new Map(places.map((at) => [at, x!])), tail);
    const root = await patched.node(26, 0);
    expect(asked).to.be.below(6 * 26);
    for (const [at, leaf] of [
      [300, x!],
      [301, base.leaf(301)],
      [2 ** 24, base.leaf(2 ** 24)],
      [2 ** 24 + 1, y!],
      [2 ** 26 - 1, x!],
    ] as const) {
      expect(await patched.node(0, at)).to.deep.equal(leaf);
      expect(foldHistoryPath(leaf, at, await pathWithin(patched, 0, at, 26))).to.deep.equal(root);
    }
  });
});
