import { expect } from "chai";
import { insert, lower, move, NO_RIVALS, own, PROVEN, type Rivals } from "../../src/game/GameClock.ts";
import type { GameHarness } from "../../typechain/index.ts";
import { Random, runSeed } from "../support/random.ts";
import { connect } from "../support/baseChain.ts";

const SEED = runSeed();
const MAX = 2n ** 40n - 1n;
/** Few enough that many are equal. */
const EDGES = [1n, 2n, 3n, 4n, 5n, MAX - 1n, MAX];

describe("parity: GameClock", () => {
  const random = new Random(SEED);
  let harness: GameHarness;

  before(async () => {
    console.log(`      seed ${SEED}`);
    const { ethers } = await connect();
    harness = await ethers.deployContract("GameHarness");
  });

  const time = (): bigint => (random.chance(0.7) ? random.pick(EDGES) : BigInt(random.integer(1, 2 ** 31)));
  const plain = ({ first, second }: Rivals): Rivals => ({ first, second });

  it("both move the same nodes to the same places", async () => {
    for (let round = 0; round < 60; round++) {
      let rivals: Rivals = NO_RIVALS;
      for (let i = 0; i < 4; i++) {
        const to = time();
        expect(plain(await harness.insert(rivals, to))).to.deep.equal(insert(rivals, to));
        expect(plain(await harness.move(rivals, 0n, to))).to.deep.equal(move(rivals, 0n, to));
        rivals = insert(rivals, to);
      }
      for (let i = 0; i < 4; i++) {
        const from = random.pick([rivals.first, rivals.second, rivals.second + 1n]);
        const to = time();
        if (to >= from || from > MAX) continue;
        expect(plain(await harness.lower(rivals, from, to))).to.deep.equal(lower(rivals, from, to));
        expect(plain(await harness.move(rivals, from, to))).to.deep.equal(move(rivals, from, to));
        rivals = lower(rivals, from, to);
      }
    }
  });

  it("both give the same time of its own to a node", async () => {
    for (let round = 0; round < 100; round++) {
      const [a, b] = [time(), time()];
      const rivals = a < b ? { first: a, second: b } : { first: b, second: a };
      for (const createdAt of [rivals.first, rivals.second, time()]) {
        expect(await harness.own(rivals, createdAt)).to.equal(own(rivals, createdAt));
      }
    }
  });

  it("a packed word has every field at its place", async () => {
    for (let round = 0; round < 60; round++) {
      const children = (BigInt(random.integer(0, 2 ** 31)) << 97n) | BigInt(random.integer(0, 2 ** 31));
      const node = { createdAt: time(), openedAt: time(), time: random.pick([0n, PROVEN, time()]), children };
      const word = node.createdAt | (node.openedAt << 40n) | (node.time << 80n) | (node.children << 120n);
      expect(await harness.packNode(node)).to.equal(word);
      const { createdAt, openedAt, time: total, children: bits } = await harness.unpackNode(word);
      expect({ createdAt, openedAt, time: total, children: bits }).to.deep.equal(node);
      const rivals = { first: time(), second: random.pick([0n, time()]) };
      const packed = rivals.first | (rivals.second << 40n);
      expect(await harness.packRivals(rivals)).to.equal(packed);
      expect(plain(await harness.unpackRivals(packed))).to.deep.equal(rivals);
    }
  });

  /** The creation times of all nodes of a context, by which everything is defined. */
  describe("against all creation times", () => {
    const sorted = (times: readonly bigint[]): bigint[] => [...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

    it("the two earliest ones follow from the two earliest ones before, however many nodes there are", () => {
      for (let round = 0; round < 1000; round++) {
        const times: bigint[] = [];
        let rivals: Rivals = NO_RIVALS;
        const most = random.pick([2, 6, 50]);
        for (let i = 0; i < 40; i++) {
          const at = random.integer(0, times.length - 1);
          const from = times[at];
          if (times.length < 2 || (times.length < 8 && random.chance(0.4))) {
            const to = BigInt(random.integer(1, most));
            times.push(to);
            rivals = insert(rivals, to);
          } else if (from! > 1n) {
            const to = BigInt(random.integer(1, Number(from) - 1));
            times[at] = to;
            rivals = lower(rivals, from!, to);
          }
          const [first = 0n, second = 0n] = sorted(times);
          if (rivals.first !== first || rivals.second !== second) expect(rivals, `seed ${SEED}`).to.equal(times);
        }
        // What the times are for: alone the earliest one has any, until the next one came.
        const [first, second] = sorted(times) as [bigint, bigint];
        for (const createdAt of times) {
          const expected = createdAt === first && second > first ? second - first : 0n;
          if (own(rivals, createdAt) !== expected) expect(rivals, `seed ${SEED}`).to.equal(times);
        }
      }
    });

    it("of a node that stays where it is the time of its own never rises", () => {
      for (let round = 0; round < 1000; round++) {
        const times = [BigInt(random.integer(1, 9)), BigInt(random.integer(1, 9))];
        let rivals = insert(insert(NO_RIVALS, times[0]!), times[1]!);
        for (let i = 0; i < 12; i++) {
          const before = rivals;
          const at = random.integer(0, times.length - 1);
          const from = times[at]!;
          const kept = times.filter((_, other) => other !== at);
          if (random.chance(0.3)) {
            const to = BigInt(random.integer(1, 9));
            rivals = insert(rivals, to);
            kept.push(from);
            times.push(to);
          } else if (from > 1n) {
            const to = BigInt(random.integer(1, Number(from) - 1));
            rivals = lower(rivals, from, to);
            times[at] = to;
          }
          for (const createdAt of kept) {
            if (own(rivals, createdAt) > own(before, createdAt)) expect(rivals, `seed ${SEED}`).to.equal(before);
          }
        }
      }
    });
  });
});
