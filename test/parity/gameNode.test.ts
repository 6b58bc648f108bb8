import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import {
  baseBelow,
  childPosition,
  contextOf,
  GameNodeError,
  nodeAt,
  nodeId,
  rootPosition,
  sectionBits,
  siblingsOf,
  verifyChildren,
  type GameNodeErrorCode,
  type Position,
} from "../../src/game/GameNode.ts";
import { gameBase } from "../../src/history/HistorySource.ts";
import { foldHistoryPath, historyInner } from "../../src/history/History.ts";
import type { GameHarness } from "../../typechain/index.ts";
import { Random, runSeed } from "../support/random.ts";
import { connect } from "../support/baseChain.ts";

const SEED = runSeed();
/** What each side calls a refusal. */
const ERRORS: Readonly<Record<GameNodeErrorCode, string>> = {
  CHILD_COUNT: "ChildCountMismatch",
  CHILD_INDEX: "ChildIndexOutOfRange",
  SIBLING_COUNT: "SiblingCountMismatch",
  SPAN_MISMATCH: "SpanMismatch",
};

describe("parity: GameNode", () => {
  const random = new Random(SEED);
  let harness: GameHarness;

  before(async () => {
    console.log(`      seed ${SEED}`);
    const { ethers } = await connect();
    harness = await ethers.deployContract("GameHarness");
  });

  const hash = (): Uint8Array => {
    const kind = random.next();
    if (kind < 0.05) return new Uint8Array(32);
    if (kind < 0.1) return new Uint8Array(32).fill(0xff);
    return Uint8Array.from({ length: 32 }, () => random.integer(0, 255));
  };
  /** No two of them equal: siblings that are equal can be swapped. */
  const hashes = (length: number): Uint8Array[] => {
    const distinct = new Map<string, Uint8Array>();
    while (distinct.size < length) {
      const next = hash();
      distinct.set(toHex(next), next);
    }
    return [...distinct.values()];
  };
  const argument = ({ game, level, index, base }: Position): Parameters<GameHarness["context"]>[0] => ({
    game: toHex(game),
    level,
    index,
    base: toHex(base),
  });
  const positionOf = (): Position => ({
    game: hash(),
    level: random.pick([0, 1, 8, 26, 255]),
    index: random.pick([0, 1, 2 ** 26 - 1, 2 ** 32 - 1, random.integer(0, 2 ** 32 - 1)]),
    base: hash(),
  });

  /** Expects one refusal, by either name, of both. */
  async function expectBothRefuse(
    ours: () => unknown,
    theirs: Promise<unknown>,
    code: GameNodeErrorCode,
  ): Promise<void> {
    expect(ours).to.throw(GameNodeError).with.property("code", code);
    await expect(theirs).to.be.revertedWithCustomError(harness, ERRORS[code]);
  }

  it("contexts, ids and bases", async () => {
    for (let round = 0; round < 60; round++) {
      const position = positionOf();
      const [a, b] = [hash(), hash()];
      expect(await harness.context(argument(position))).to.equal(toHex(contextOf(position)));
      expect(await harness.nodeId(a, b)).to.equal(toHex(nodeId(a, b)));
      expect(await harness.nodeId(contextOf(position), b)).to.equal(toHex(nodeAt(position, b)));
      expect(await harness.extendBase(a, b)).to.equal(toHex(gameBase(a, b)));
    }
  });

  it("the root of every height", async () => {
    const game = hash();
    for (let height = 0; height <= 26; height++) {
      const { game: named, level, index, base } = await harness.root(game, height);
      const expected = rootPosition(game, height);
      expect([named, Number(level), Number(index), base]).to.deep.equal([toHex(game), height, 0, toHex(expected.base)]);
    }
  });

  it("levels of a move", async () => {
    for (let level = 0; level <= 26; level++) {
      for (let m = 1; m <= 8; m++) expect(await harness.sectionBits(level, m)).to.equal(sectionBits(level, m));
    }
  });

  it("children of every number of levels fold to their node, and no others", async () => {
    for (let bits = 0; bits <= 8; bits++) {
      const children = hashes(2 ** bits);
      let nodes: readonly Uint8Array[] = children;
      while (nodes.length > 1)
        nodes = nodes.flatMap((node, i) => (i % 2 === 0 ? [historyInner(node, nodes[i + 1]!)] : []));
      const span = nodes[0]!;
      verifyChildren(span, bits, children);
      await harness.verifyChildren(span, bits, children);

      const at = random.integer(0, children.length - 1);
      const others = children.with(at, hash());
      await expectBothRefuse(
        () => verifyChildren(span, bits, others),
        harness.verifyChildren(span, bits, others),
        "SPAN_MISMATCH",
      );
      for (const wrong of [children.slice(1), [...children, hash()], []]) {
        await expectBothRefuse(
          () => verifyChildren(span, bits, wrong),
          harness.verifyChildren(span, bits, wrong),
          "CHILD_COUNT",
        );
      }
      if (bits === 0) continue;
      const swapped = children.with(0, children[1]!).with(1, children[0]!);
      await expectBothRefuse(
        () => verifyChildren(span, bits, swapped),
        harness.verifyChildren(span, bits, swapped),
        "SPAN_MISMATCH",
      );
    }
  });

  it("positions of children", async () => {
    for (let round = 0; round < 60; round++) {
      const bits = random.integer(0, 8);
      const level = random.integer(bits, 26);
      const index = random.pick([0, 2 ** bits - 1, random.integer(0, 2 ** bits - 1)]);
      const position = { game: hash(), level, index: random.integer(0, 2 ** (26 - level) - 1), base: hash() };
      const children = hashes(2 ** bits);
      const [child, siblings] = [children[index]!, siblingsOf(children, index)];
      const span = foldHistoryPath(child, index, siblings);

      const ours = childPosition(position, span, bits, index, child, siblings);
      const theirs = await harness.childPosition(argument(position), span, bits, index, child, siblings);
      expect(argument(ours)).to.deep.equal({
        game: theirs.game,
        level: Number(theirs.level),
        index: Number(theirs.index),
        base: theirs.base,
      });
      expect(await harness.childBase(position.base, index, siblings)).to.equal(
        toHex(baseBelow(position.base, bits, index, siblings)),
      );

      const refuse = (code: GameNodeErrorCode, ...[s, b, i, c, path]: ChildArguments): Promise<void> =>
        expectBothRefuse(
          () => childPosition(position, s, b, i, c, path),
          harness.childPosition(argument(position), s, b, i, c, path),
          code,
        );
      await refuse(
        "SPAN_MISMATCH",
        span.map((byte) => byte ^ 1),
        bits,
        index,
        child,
        siblings,
      );
      await refuse("CHILD_INDEX", span, bits, 2 ** bits, child, siblings);
      await refuse("CHILD_INDEX", span, bits, 2 ** bits + index, child, siblings);
      await refuse("SIBLING_COUNT", span, bits, index, child, [...siblings, hash()]);
      if (bits === 0) continue;
      await refuse("SIBLING_COUNT", span, bits, index, child, siblings.slice(1));
      const at = random.integer(0, bits - 1);
      await refuse("SPAN_MISMATCH", span, bits, index, child, siblings.with(at, new Uint8Array(32).fill(7)));
      await refuse("SPAN_MISMATCH", span, bits, index ^ (1 << at), child, siblings);
    }
  });

  it("two places of one history have one base only if all to their left is equal", () => {
    // The base of place 3 of 4 is made of the left half and of leaf 2.
    const leaves = hashes(4);
    const base = baseBelow(new Uint8Array(32), 2, 3, siblingsOf(leaves, 3));
    for (const at of [0, 1, 2]) {
      const other = leaves.with(at, new Uint8Array(32).fill(9));
      expect(baseBelow(new Uint8Array(32), 2, 3, siblingsOf(other, 3))).not.to.deep.equal(base);
    }
    const behind = leaves.with(3, hash());
    expect(baseBelow(new Uint8Array(32), 2, 3, siblingsOf(behind, 3))).to.deep.equal(base);
  });
});

type ChildArguments = [span: Uint8Array, bits: number, index: number, child: Uint8Array, siblings: Uint8Array[]];
