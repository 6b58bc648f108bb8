import { expect } from "chai";
import fc from "fast-check";
import { concat } from "../../../src/crypto/bytes.ts";
import { foldHistoryPath } from "../../../src/history/History.ts";
import { HistoryError, pathWithin } from "../../../src/history/HistorySource.ts";
import { SegmentCache } from "../../../src/history/SegmentCache.ts";
import {
  SegmentedHistoryBuilder,
  type RunAgain,
  type SegmentedHistory,
  type SegmentOptions,
} from "../../../src/history/SegmentedHistory.ts";
import { historyOf, makeLeaves, naiveTree } from "../../support/history/trees.ts";

/** A machine of known states that counts how often it is run. */
function runner(leaves: readonly Uint8Array[]): RunAgain & { runs: number } {
  const run = Object.assign(
    (first: number, count: number): Promise<Uint8Array> => {
      run.runs++;
      return Promise.resolve(concat(...leaves.slice(first, first + count)));
    },
    { runs: 0 },
  );
  return run;
}

function segmented(
  leaves: readonly Uint8Array[],
  height: number,
  options: SegmentOptions,
  runAgain: RunAgain = runner(leaves),
): SegmentedHistory {
  const builder = new SegmentedHistoryBuilder(height, options);
  for (const leaf of leaves) builder.append(leaf);
  return builder.finish(runAgain);
}

async function codeOf(promise: unknown): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    expect(error).to.be.instanceOf(HistoryError);
    return (error as HistoryError).code;
  }
}

describe("SegmentedHistory", () => {
  it("has every node of the padded tree, for every number of leaves and every size of segments, with nothing cached", async () => {
    for (let height = 0; height <= 5; height++) {
      for (let count = 1; count <= 2 ** height; count++) {
        const leaves = makeLeaves(count);
        const naive = naiveTree(leaves, height);
        for (let segmentLevel = 0; segmentLevel <= height + 1; segmentLevel++) {
          const history = segmented(leaves, height, { segmentLevel, cache: new SegmentCache(0) });
          expect(history.count).to.equal(count);
          expect(history.root()).to.deep.equal(naive[height]![0]);
          for (const [level, nodes] of naive.entries()) {
            for (const [index, node] of nodes.entries()) {
              expect(await history.node(level, index), `${height} ${count} ${segmentLevel}`).to.deep.equal(node);
            }
          }
          expect(history.lastLeafPath()).to.deep.equal(historyOf(leaves, height).lastLeafPath());
        }
      }
    }
  });

  it("has the nodes of the whole history at k = 26", async () => {
    const leaves = makeLeaves(5_000, 1);
    const whole = historyOf(leaves, 26);
    const history = segmented(leaves, 26, { cache: new SegmentCache(2 ** 16) });
    expect(history.root()).to.deep.equal(whole.root());
    expect(history.lastLeafPath()).to.deep.equal(whole.lastLeafPath());
    const place = fc.integer({ min: 0, max: 26 }).chain((level) =>
      fc.tuple(
        fc.constant(level),
        // Half of them near the real leaves.
        fc.oneof(fc.nat(2 ** (26 - level) - 1), fc.nat(Math.min(2 ** (26 - level) - 1, Math.ceil(6_000 / 2 ** level)))),
      ),
    );
    await fc.assert(
      fc.asyncProperty(place, async ([level, index]) => {
        const node = await history.node(level, index);
        expect(node).to.deep.equal(whole.node(level, index));
        expect(foldHistoryPath(node, index, await pathWithin(history, level, index, 26))).to.deep.equal(whole.root());
      }),
      { seed: 20260501, numRuns: 300 },
    );
  });

  it("runs a segment again only after the cache has let it go, and once for all who ask at a time", async () => {
    const leaves = makeLeaves(64);
    const run = runner(leaves);
    const whole = segmented(leaves, 8, { segmentLevel: 3 }, run);
    for (let i = 0; i < 256; i++) await whole.node(0, i);
    expect(run.runs).to.equal(0);

    // Room for two segments of 8 leaves, 512 bytes each.
    const small = segmented(leaves, 8, { segmentLevel: 3, cache: new SegmentCache(1024) }, run);
    await Promise.all([small.node(0, 0), small.node(1, 1), small.node(2, 1)]);
    expect(run.runs).to.equal(1);
    await small.node(0, 8);
    await small.node(0, 0);
    expect(run.runs).to.equal(2);
    await small.node(0, 16);
    await small.node(0, 1);
    expect(run.runs, "the least recently used one was dropped").to.equal(3);
    await small.node(0, 9);
    expect(run.runs).to.equal(4);
  });

  it("keeps several histories apart in one cache, within its budget", async () => {
    const cache = new SegmentCache(2 ** 13);
    const [a, b] = [1, 2].map((seed) => ({
      leaves: makeLeaves(100, seed),
      history: segmented(makeLeaves(100, seed), 8, { segmentLevel: 3, cache }),
    }));
    for (let i = 0; i < 100; i++) {
      expect(await a!.history.node(0, i)).to.deep.equal(a!.leaves[i]);
      expect(await b!.history.node(0, i)).to.deep.equal(b!.leaves[i]);
      expect(cache.bytes).to.be.at.most(2 ** 13);
    }
  });

  it("answers nothing that does not fold to its root", async () => {
    const leaves = makeLeaves(20);
    const options = { segmentLevel: 2, cache: new SegmentCache(0) };
    const others = [...leaves];
    others[6] = makeLeaves(1, 9)[0]!;
    const history = segmented(leaves, 6, options, runner(others));
    expect(await history.node(0, 3)).to.deep.equal(leaves[3]);
    expect(await codeOf(history.node(0, 5))).to.equal("HISTORY_CHANGED");
    const short = segmented(leaves, 6, options, () => Promise.resolve(concat(leaves[0]!)));
    expect(await codeOf(short.node(0, 0))).to.equal("HISTORY_CHANGED");
    // A failed run is not remembered.
    let fail = true;
    const flaky = segmented(leaves, 6, options, (first, count) =>
      fail ? Promise.reject(new HistoryError("HISTORY_CHANGED", "for this test")) : runner(leaves)(first, count),
    );
    expect(await codeOf(flaky.node(0, 0))).to.equal("HISTORY_CHANGED");
    fail = false;
    expect(await flaky.node(0, 0)).to.deep.equal(leaves[0]);
  });

  it("keeps its own copy of what it is given and gives", async () => {
    const leaf = makeLeaves(1)[0]!;
    const history = segmented([leaf], 3, { segmentLevel: 1 });
    const root = history.root();
    const known = leaf.slice();
    leaf.fill(0);
    for (const index of [0, 7]) (await history.node(0, index)).fill(1);
    for (const index of [0, 7]) expect(await history.node(0, index)).to.deep.equal(known);
    expect(history.root()).to.deep.equal(root);
  });

  it("refuses what has no meaning", async () => {
    const history = segmented(makeLeaves(4), 2, { segmentLevel: 1 });
    const full = new SegmentedHistoryBuilder(1);
    for (const leaf of makeLeaves(2)) full.append(leaf);
    const refused: [() => unknown, string][] = [
      [() => new SegmentedHistoryBuilder(27), "HISTORY_HEIGHT"],
      [() => new SegmentedHistoryBuilder(4).finish(runner([])), "HISTORY_EMPTY"],
      [() => new SegmentedHistoryBuilder(4).append(new Uint8Array(31)), "HISTORY_LEAF"],
      [() => full.append(makeLeaves(1)[0]!), "HISTORY_FULL"],
      [() => history.node(3, 0), "HISTORY_NODE"],
      [() => history.node(0, 4), "HISTORY_NODE"],
    ];
    for (const [call, code] of refused) expect(call).to.throw(HistoryError).with.property("code", code);
  });
});
