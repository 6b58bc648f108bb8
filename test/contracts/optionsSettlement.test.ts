import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";
import { concat, toBeHex, type BigNumberish, type ContractTransactionResponse } from "ethers";

import {
  BASE,
  ORACLE_ERRORS,
  TERMS,
  chooseExpiry,
  createL1,
  deploySettlement,
  roundsAt,
  stored,
  type L1,
} from "../support/settlementScene.ts";
import { findRoundEvidence } from "../../src/settlement/roundEvidence.ts";
import { modelPrice, type ModelRound } from "../support/feedModel.ts";
import { memoryFeed } from "../support/settlementScene.ts";
import { Random, runSeed } from "../support/random.ts";

const HOUR = 3600;
const PRICE = 21_500_000n;

/** Market 1 before an expiry, with the rounds around it loaded and the clock an hour after it unless a step moves it. */
async function createScene(l1: L1) {
  const deployed = await deploySettlement(l1);
  const { day, expiry } = await chooseExpiry(l1);
  const rounds = roundsAt([1000, expiry - 5000], [2000, expiry - 2700], [2300, expiry - 900], [5000, expiry + 600]);
  const at = (seconds: number): Promise<void> => l1.time.setNextBlockTimestamp(expiry + seconds);
  const fix = (...starts: bigint[]) => deployed.settlement.fixPrice(1, day, starts);
  return { ...deployed, l1, day, expiry, rounds, at, fix };
}

type Scene = Awaited<ReturnType<typeof createScene>>;

/** One way to break a valid call, and the error that must come of it. */
interface Mutation {
  readonly error: string;
  readonly name: string;
  readonly args?: (scene: Scene) => readonly unknown[];
  readonly act: (scene: Scene) => Promise<ContractTransactionResponse>;
}

type ListTerms = [market: number, tick: bigint, lot: bigint, steps: [bigint, bigint, bigint], phaseBase: number];

async function list(scene: Scene, change: Partial<Record<0 | 1 | 2 | 3 | 4, unknown>>) {
  const terms: ListTerms = [2, TERMS.tick, TERMS.lot, TERMS.steps, BASE];
  const [market, tick, lot, steps, base] = Object.assign([...terms], change) as ListTerms;
  return scene.byOwner.listMarket(market, await scene.feed.getAddress(), tick, lot, steps, base);
}

async function fixAfter(scene: Scene, rounds: readonly ModelRound[], start: bigint, seconds = HOUR) {
  await scene.feed.load(BASE, stored(rounds));
  await scene.at(seconds);
  return scene.fix(start);
}

async function relay(scene: Scene, round: ModelRound) {
  await scene.feed.load(BASE, stored([round]));
  return scene.settlement.relayAnchor(1);
}

const answer = (value: bigint, updatedAt: number): ModelRound => ({ answer: value, updatedAt, answeredIn: 1 });
const MAX_PRICE = 2n ** 39n - 1n;
const steps = (...values: bigint[]) => ({ 3: values });

const MUTATIONS: readonly Mutation[] = [
  {
    error: "AddressZero",
    name: "no inbox",
    act: async ({ l1, timelock }) =>
      (
        await l1.ethers.deployContract("OptionsSettlement", ["0x".padEnd(42, "0"), timelock.address])
      ).deploymentTransaction()!,
  },
  {
    error: "AddressZero",
    name: "no owner",
    act: async ({ l1, timelock }) =>
      (
        await l1.ethers.deployContract("OptionsSettlement", [timelock.address, "0x".padEnd(42, "0")])
      ).deploymentTransaction()!,
  },
  {
    error: "NotOwner",
    name: "anyone lists",
    args: ({ anyone, timelock }) => [anyone.address, timelock.address],
    act: async (s) => s.settlement.listMarket(2, await s.feed.getAddress(), 100, 1000, TERMS.steps, BASE),
  },
  { error: "MarketZero", name: "market 0", act: (s) => list(s, { 0: 0 }) },
  { error: "MarketAlreadyListed", name: "twice", args: () => [1], act: (s) => list(s, { 0: 1 }) },
  { error: "TickInvalid", name: "tick 0", args: () => [0, 100], act: (s) => list(s, { 1: 0n }) },
  { error: "TickInvalid", name: "tick 150", args: () => [150, 100], act: (s) => list(s, { 1: 150n }) },
  { error: "LotInvalid", name: "lot 0", args: () => [0, 1000, 10n ** 15n], act: (s) => list(s, { 2: 0n }) },
  { error: "LotInvalid", name: "lot 1500", args: () => [1500, 1000, 10n ** 15n], act: (s) => list(s, { 2: 1500n }) },
  {
    error: "LotInvalid",
    name: "lot above the highest quantity",
    args: () => [10n ** 15n + 1000n, 1000, 10n ** 15n],
    act: (s) => list(s, { 2: 10n ** 15n + 1000n }),
  },
  {
    error: "StrikeStepInvalid",
    name: "first step 0",
    args: () => [0, 0, 100, MAX_PRICE],
    act: (s) => list(s, steps(0n, 100n, 100n)),
  },
  {
    error: "StrikeStepInvalid",
    name: "first step off the tick",
    args: () => [0, 150, 100, MAX_PRICE],
    act: (s) => list(s, steps(150n, 300n, 300n)),
  },
  {
    error: "StrikeStepInvalid",
    name: "second step 0",
    args: () => [1, 0, 200, MAX_PRICE],
    act: (s) => list(s, steps(200n, 0n, 400n)),
  },
  {
    error: "StrikeStepInvalid",
    name: "second step off the first",
    args: () => [1, 300, 200, MAX_PRICE],
    act: (s) => list(s, steps(200n, 300n, 400n)),
  },
  {
    error: "StrikeStepInvalid",
    name: "third step off the first",
    args: () => [2, 500, 200, MAX_PRICE],
    act: (s) => list(s, steps(200n, 400n, 500n)),
  },
  {
    error: "StrikeStepInvalid",
    name: "third step 0",
    args: () => [2, 0, 200, MAX_PRICE],
    act: (s) => list(s, steps(200n, 400n, 0n)),
  },
  {
    error: "StrikeStepInvalid",
    name: "third step above the highest price",
    args: () => [2, 2n ** 39n, 128n * 100n, MAX_PRICE],
    act: (s) => list(s, { 1: 12_800n, 3: [12_800n, 12_800n, 2n ** 39n] }),
  },
  {
    error: "DecimalsTooMany",
    name: "a feed of 19 decimals",
    args: () => [19, 18],
    act: async (s) => {
      await s.feed.setDecimals(19);
      return list(s, {});
    },
  },
  { error: "PhaseBaseInvalid", name: "base phase 0", args: () => [0, BASE], act: (s) => list(s, { 4: 0 }) },
  {
    error: "PhaseBaseInvalid",
    name: "base phase of the future",
    args: () => [BASE + 1, BASE],
    act: (s) => list(s, { 4: BASE + 1 }),
  },
  { error: "MarketUnknown", name: "anchor of no market", args: () => [9], act: (s) => s.settlement.relayAnchor(9) },
  {
    error: "MarketUnknown",
    name: "price of no market",
    args: () => [9],
    act: (s) => s.settlement.fixPrice(9, s.day, [1]),
  },
  {
    error: "DecimalsChanged",
    name: "the feed changes its decimals",
    args: () => [18, 8],
    act: async (s) => {
      await s.feed.setDecimals(18);
      return relay(s, answer(1n, 1));
    },
  },
  { error: "AnswerNotPositive", name: "anchor 0", args: () => [0], act: (s) => relay(s, answer(0n, 1)) },
  { error: "AnswerNotPositive", name: "anchor −1", args: () => [-1], act: (s) => relay(s, answer(-1n, 1)) },
  {
    error: "UpdateTimeInvalid",
    name: "anchor without a time",
    args: () => [0, anyValue],
    act: (s) => relay(s, answer(10n ** 8n, 0)),
  },
  {
    error: "UpdateTimeInvalid",
    name: "anchor of the next second",
    args: (s) => [s.expiry + 1, s.expiry],
    act: async (s) => {
      await s.feed.load(BASE, stored([answer(10n ** 8n, s.expiry + 1)]));
      await s.at(0);
      return s.settlement.relayAnchor(1);
    },
  },
  {
    error: "AnchorOutOfRange",
    name: "anchor that rounds to 0",
    args: () => [4999, MAX_PRICE],
    act: (s) => relay(s, answer(4999n, 1)),
  },
  {
    error: "AnchorOutOfRange",
    name: "anchor above the highest price",
    args: () => [(MAX_PRICE + 1n) * 10_000n - 5000n, MAX_PRICE],
    act: (s) => relay(s, answer((MAX_PRICE + 1n) * 10_000n - 5000n, 1)),
  },
  {
    error: "AnchorOutOfRange",
    name: "anchor beyond arithmetic",
    args: () => [2n ** 127n, MAX_PRICE],
    act: (s) => relay(s, answer(2n ** 127n, 1)),
  },
  {
    error: "PriceNotFixed",
    name: "settle before the price",
    args: (s) => [1, s.day],
    act: (s) => s.settlement.forceSettle([1], 1, s.day),
  },
  {
    error: "AccountCountInvalid",
    name: "settle nobody",
    args: () => [0, 32],
    act: (s) => s.settlement.forceSettle([], 1, s.day),
  },
  {
    error: "AccountCountInvalid",
    name: "settle 33",
    args: () => [33, 32],
    act: (s) => s.settlement.forceSettle(Array<number>(33).fill(1), 1, s.day),
  },
  {
    error: "FixingTooEarly",
    name: "at expiry",
    args: (s) => [s.expiry, s.expiry],
    act: (s) => fixAfter(s, s.rounds, 2n, 0),
  },
  {
    error: "StartInvalid",
    name: "start beyond the last round",
    args: () => [BASE, 5],
    act: (s) => fixAfter(s, s.rounds, 5n),
  },
  {
    error: "StartTooLate",
    name: "start inside the window",
    args: (s) => [BASE, 3, s.expiry - 900, s.expiry - 1800],
    act: (s) => fixAfter(s, s.rounds, 3n),
  },
  {
    error: "EndNotShown",
    name: "no round after expiry, 15 minutes after it",
    args: (s) => [BASE, 4, s.expiry + 900, s.expiry + 900],
    act: (s) => fixAfter(s, s.rounds.slice(0, 3), 2n, 900),
  },
  {
    error: "RoundHidden",
    name: "a round is withheld that has a successor",
    args: () => [BASE, 3, 4],
    act: async (s) => {
      await s.feed.setOddities(0, false, false, (BigInt(BASE) << 64n) | 3n);
      return fixAfter(s, s.rounds, 2n);
    },
  },
  {
    error: "RoundInFuture",
    name: "a round of the future ends the window",
    args: (s) => [BASE, 4, s.expiry + 600, s.expiry + 599],
    act: (s) => fixAfter(s, s.rounds, 2n, 599),
  },
  {
    error: "RoundsOutOfOrder",
    name: "time goes back",
    args: (s) => [BASE, 3, s.expiry - 2701, s.expiry - 2700],
    act: (s) => fixAfter(s, [...s.rounds.slice(0, 2), { ...s.rounds[2]!, updatedAt: s.expiry - 2701 }], 2n),
  },
  {
    error: "PhaseNotShown",
    name: "no evidence",
    args: () => [BASE, BASE],
    act: async (s) => {
      await s.feed.load(BASE, stored(s.rounds));
      await s.at(HOUR);
      return s.fix();
    },
  },
  {
    error: "PhaseBeyondCurrent",
    name: "a phase that does not exist",
    args: () => [BASE + 1, BASE],
    act: async (s) => {
      await s.at(HOUR);
      return s.fix(1n, 1n);
    },
  },
  {
    error: "EvidenceUnused",
    name: "evidence behind the phase that counts",
    args: () => [2, 1],
    act: async (s) => {
      await s.feed.load(BASE, stored(s.rounds));
      await s.at(HOUR);
      return s.fix(2n, 1n);
    },
  },
  {
    error: "FeedNotDead",
    name: "a dead feed, 48 hours and 15 minutes after expiry",
    args: (s) => [s.expiry + 173_700, s.expiry + 173_700],
    act: (s) =>
      fixAfter(
        s,
        s.rounds.slice(0, 1).map((r) => ({ ...r, updatedAt: s.expiry - 9000 })),
        1n,
        173_700,
      ),
  },
  {
    error: "NoValidRound",
    name: "a feed that never answered",
    args: () => [BASE, BASE],
    act: (s) => fixAfter(s, [], 1n, 173_701),
  },
  {
    error: "GasTooLow",
    name: "too little gas for a sure read",
    args: () => [anyValue, 517_936],
    act: async (s) => {
      await s.feed.load(BASE, stored(s.rounds));
      await s.at(HOUR);
      return s.settlement.fixPrice(1, s.day, [2], { gasLimit: 400_000 });
    },
  },
];

/** Integers of the given widths in bytes, one after another. */
const packed = (...fields: readonly (readonly [value: BigNumberish, bytes: number])[]): string =>
  concat(fields.map(([value, bytes]) => toBeHex(value, bytes)));

describe("OptionsSettlement", () => {
  let l1: L1;
  let scene: Scene;
  let restore: () => Promise<void>;

  before(async () => {
    l1 = await createL1();
    scene = await createScene(l1);
    const snapshot = await l1.helpers.takeSnapshot();
    restore = () => snapshot.restore();
  });

  afterEach(async () => {
    await restore();
  });

  describe("each thing broken gives its own error", () => {
    for (const { error, name, args, act } of MUTATIONS) {
      it(`${error}: ${name}`, async () => {
        const attempt = expect(act(scene)).to.be.revertedWithCustomError(scene.settlement, error);
        await (args === undefined ? attempt : attempt.withArgs(...args(scene)));
      });
    }

    it("every declared error is in the table", () => {
      const declared: string[] = [];
      scene.settlement.interface.forEachError(({ name }) => declared.push(name));
      const table = new Set([...MUTATIONS.map(({ error }) => error), ...ORACLE_ERRORS]);
      expect([...table].sort()).to.deep.equal(declared.sort());
    });
  });

  it("lists a market with one message and records what fixing needs", async () => {
    const sent = list(scene, { 3: [100n, 200n, 549_755_813_800n] });
    const payload = packed([2, 1], [100, 4], [1000, 8], [100, 8], [200, 8], [549_755_813_800n, 8]);
    const settlement = await scene.settlement.getAddress();
    await expect(sent).to.emit(scene.harness, "Enqueued").withArgs(settlement, 3, payload);
    const feed = await scene.feed.getAddress();
    await expect(sent)
      .to.emit(scene.settlement, "MarketListed")
      .withArgs(2, feed, 100, 1000, [100n, 200n, 549_755_813_800n], BASE, 1);
    expect(await scene.settlement.marketOf(2)).to.deep.equal([feed, 100n, 8n, BigInt(BASE)]);
    expect(await scene.settlement.marketOf(3)).to.deep.equal([`0x${"0".repeat(40)}`, 0n, 0n, 0n]);
  });

  it("relays the last price with the feed's time, half up to 1e-4 USD", async () => {
    const time = await l1.time.latest();
    const sent = relay(scene, answer(123_456_785_000n, time));
    const payload = packed([1, 1], [12_345_679, 8], [time, 5]);
    await expect(sent)
      .to.emit(scene.harness, "Enqueued")
      .withArgs(await scene.settlement.getAddress(), 4, payload);
    await expect(sent).to.emit(scene.settlement, "AnchorRelayed").withArgs(1, 12_345_679, time, 1);
    const below = relay(scene, answer(123_456_784_999n, time + 1));
    await expect(below)
      .to.emit(scene.settlement, "AnchorRelayed")
      .withArgs(1, 12_345_678, time + 1, 2);
    const highest = relay(scene, answer(MAX_PRICE * 10_000n + 4999n, time + 2));
    await expect(highest)
      .to.emit(scene.settlement, "AnchorRelayed")
      .withArgs(1, MAX_PRICE, time + 2, 3);
    await expect(relay(scene, answer(5000n, time + 3)))
      .to.emit(scene.settlement, "AnchorRelayed")
      .withArgs(1, 1, time + 3, 4);
  });

  it("fixes a price once; a repeat has no effect, with any evidence, even if the rounds change afterwards", async () => {
    const sent = fixAfter(scene, scene.rounds, 1n);
    const payload = packed([1, 1], [scene.day, 2], [PRICE, 8]);
    await expect(sent)
      .to.emit(scene.harness, "Enqueued")
      .withArgs(await scene.settlement.getAddress(), 5, payload);
    const roundId = (BigInt(BASE) << 64n) | 2n;
    await expect(sent).to.emit(scene.settlement, "PriceFixed").withArgs(1, scene.day, PRICE, roundId, false, 1);
    await scene.feed.change(BASE, 3, stored([{ ...scene.rounds[2]!, answer: 1n }])[0]!);
    for (const starts of [[1n], [], [77n, 0n]]) {
      expect(await scene.settlement.fixPrice.staticCall(1, scene.day, starts)).to.equal(PRICE);
      await scene.settlement.fixPrice(1, scene.day, starts);
    }
    expect(await scene.harness.count()).to.equal(2n);
    expect(await scene.settlement.fixedPrice(1, scene.day)).to.equal(PRICE);
    for (const other of [-3, -2, -1, 1, 2, 3]) {
      expect(await scene.settlement.fixedPrice(1, scene.day + other)).to.equal(0n);
    }
  });

  it("says which round a dead feed's price came from", async () => {
    const rounds = roundsAt([2000, scene.expiry - 9000], [3000, scene.expiry + 100]);
    const sent = fixAfter(scene, rounds, 1n, 173_701);
    const roundId = (BigInt(BASE) << 64n) | 2n;
    await expect(sent).to.emit(scene.settlement, "PriceFixed").withArgs(1, scene.day, 30_000_000n, roundId, true, 1);
  });

  it("forces the settlement of 1 to 32 accounts", async () => {
    await fixAfter(scene, scene.rounds, 2n);
    for (const accounts of [[0xffffffff], Array.from({ length: 32 }, (_, index) => index)]) {
      const sent = scene.settlement.forceSettle(accounts, 1, scene.day);
      const payload = packed([8, 1], [1, 1], [scene.day, 2], ...accounts.map((account) => [account, 4] as const));
      await expect(sent)
        .to.emit(scene.harness, "Enqueued")
        .withArgs(await scene.settlement.getAddress(), 2, payload);
      await expect(sent).to.emit(scene.settlement, "SettleForced").withArgs(1, scene.day, accounts.length, anyValue);
    }
  });

  const seed = runSeed();
  it(`two callers race with different evidence and get one price (TENOR_SEED=${seed})`, async () => {
    const random = new Random(seed);
    for (let race = 0; race < 12; race++) {
      const { day, expiry } = await chooseExpiry(l1);
      const feed = await l1.ethers.deployContract("PhasedFeed", [8, BASE + 1]);
      const market = 10 + race;
      await scene.byOwner.listMarket(market, await feed.getAddress(), 100, 1000, TERMS.steps, BASE);
      const phases = [0, 1].map((phase) => {
        const rounds: ModelRound[] = [];
        const silent = phase === 0 && random.chance(0.5) ? expiry - 9000 : expiry + 7000;
        for (let time = expiry - 20_000; time < silent; time += random.integer(60, 3600)) {
          rounds.push({
            answer: BigInt(random.integer(1, 5000)) * 10n ** 8n,
            updatedAt: time,
            answeredIn: rounds.length + 1,
          });
        }
        return rounds;
      });
      for (const [index, rounds] of phases.entries()) await feed.load(BASE + index, stored(rounds));
      await l1.time.increaseTo(expiry + 8000);
      const found = await findRoundEvidence(memoryFeed(phases), { phaseBase: BASE, day, now: BigInt(expiry + 8000) });
      if (found.status !== "ready") expect.fail("no evidence found");
      const earlier = found.starts.map((start) => (start > 2n ? start - BigInt(random.integer(1, 2)) : start));
      const model = modelPrice(phases, expiry, { decimals: 8, tick: 100n });
      const calls = random.chance(0.5) ? [earlier, found.starts] : [found.starts, earlier];
      for (const starts of calls) {
        expect(await scene.settlement.fixPrice.staticCall(market, day, [...starts])).to.equal(model?.price);
      }
      for (const starts of calls) await scene.settlement.fixPrice(market, day, [...starts]);
      expect(await scene.settlement.fixedPrice(market, day)).to.equal(model?.price);
    }
    // One listing at the start; then a listing and a price for each race.
    expect(await scene.harness.count()).to.equal(25n);
  });
});
