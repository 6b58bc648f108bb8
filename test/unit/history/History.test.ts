import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { foldHistoryPath, History, historyInner } from "../../../src/history/History.ts";
import { HistoryError } from "../../../src/history/HistorySource.ts";
import { historyOf, makeLeaves, naiveTree } from "../../support/history/trees.ts";

describe("History", () => {
  it("hashes inner nodes behind their tag", () => {
    const [left, right] = makeLeaves(2);
    expect(toHex(historyInner(left!, right!))).to.equal(toHex(keccak256(Uint8Array.from([0x0b, ...left!, ...right!]))));
  });

  it("has every node and path of the padded tree, for every number of leaves up to 2^5", () => {
    for (let height = 0; height <= 5; height++) {
      for (let count = 1; count <= 2 ** height; count++) {
        const leaves = makeLeaves(count);
        const history = historyOf(leaves, height);
        const naive = naiveTree(leaves, height);
        expect(history.count).to.equal(count);
        expect(history.root()).to.deep.equal(naive[height]![0]);
        naive.forEach((nodes, level) =>
          nodes.forEach((node, index) => expect(history.node(level, index)).to.deep.equal(node)),
        );
        for (let index = 0; index < 2 ** height; index++) {
          expect(foldHistoryPath(history.leaf(index), index, history.path(index))).to.deep.equal(history.root());
        }
      }
    }
  });

  it("gives the root of the naive tree at any moment while leaves come in", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 255 }), fc.nat(), (height, seed, cut) => {
        const leaves = makeLeaves(1 + (cut % 2 ** height), seed);
        const history = new History(height);
        for (const [i, leaf] of leaves.entries()) {
          history.append(leaf);
          if (i % 7 === 0) expect(history.root()).to.deep.equal(naiveTree(leaves.slice(0, i + 1), height)[height]![0]);
        }
        expect(history.root()).to.deep.equal(naiveTree(leaves, height)[height]![0]);
      }),
      { seed: 20260401, numRuns: 100 },
    );
  });

  it("proves the end state as the last leaf, with left siblings only, as the contract folds it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 26 }), fc.integer({ min: 1, max: 300 }), (height, count) => {
        const leaves = makeLeaves(Math.min(count, 2 ** height));
        const history = historyOf(leaves, height);
        let node = leaves[leaves.length - 1]!;
        for (const sibling of history.lastLeafPath()) node = historyInner(sibling, node);
        expect(history.lastLeafPath()).to.have.length(height);
        expect(node).to.deep.equal(history.root());
      }),
      { seed: 20260402, numRuns: 200 },
    );
  });

  it("gives the path from a node to an ancestor below the root", () => {
    const history = historyOf(makeLeaves(37), 10);
    for (const [level, index, top] of [
      [0, 36, 4],
      [2, 9, 7],
      [3, 120, 10],
    ] as const) {
      const above = Math.floor(index / 2 ** (top - level));
      const folded = foldHistoryPath(history.node(level, index), index, history.nodePath(level, index, top));
      expect(folded).to.deep.equal(history.node(top, above));
    }
  });

  it("crosses the border of its memory pieces", function () {
    const history = new History(26);
    const count = 2 ** 16 + 3;
    const leaf = new Uint8Array(32);
    for (let i = 0; i < count; i++) {
      leaf[0] = i;
      leaf[1] = i >>> 8;
      leaf[2] = i >>> 16;
      history.append(leaf);
    }
    for (const index of [0, 65535, 65536, count - 1, count, 2 ** 26 - 1]) {
      expect(foldHistoryPath(history.leaf(index), index, history.path(index))).to.deep.equal(history.root());
    }
    expect(history.leaf(65536).subarray(0, 3)).to.deep.equal(Uint8Array.of(0, 0, 1));
  });

  it("keeps its own copy of what it is given and gives", () => {
    const leaf = makeLeaves(1)[0]!;
    const history = historyOf([leaf], 3);
    const root = history.root();
    leaf.fill(0);
    history.leaf(0).fill(1);
    expect(history.root()).to.deep.equal(root);
  });

  it("refuses what has no meaning", () => {
    const full = historyOf(makeLeaves(4), 2);
    const refused: [() => unknown, string][] = [
      [() => new History(27), "HISTORY_HEIGHT"],
      [() => new History(-1), "HISTORY_HEIGHT"],
      [() => new History(1.5), "HISTORY_HEIGHT"],
      [() => new History(4).root(), "HISTORY_EMPTY"],
      [() => full.append(new Uint8Array(32)), "HISTORY_FULL"],
      [() => new History(4).append(new Uint8Array(31)), "HISTORY_LEAF"],
      [() => full.node(3, 0), "HISTORY_NODE"],
      [() => full.node(1, 2), "HISTORY_NODE"],
      [() => full.node(0, -1), "HISTORY_NODE"],
      [() => full.path(4), "HISTORY_NODE"],
    ];
    for (const [call, code] of refused) {
      expect(call).to.throw(HistoryError).with.property("code", code);
    }
  });
});
