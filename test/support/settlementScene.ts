import type { FeedReader } from "../../src/settlement/roundEvidence.ts";
import type { ModelRound } from "./feedModel.ts";
import { connect } from "./baseChain.ts";

/** A simulated L1 of its own. */
export async function createL1() {
  const connection = await connect();
  return { ethers: connection.ethers, time: connection.networkHelpers.time, helpers: connection.networkHelpers };
}

/** A simulated L1 and its tools. */
export type L1 = Awaited<ReturnType<typeof createL1>>;

/** First phase of the feeds of these tests. */
export const BASE = 6;
/** Terms of the market of these tests: tick 0.01 USD, lot 0.001 contract. */
export const TERMS = { tick: 100n, lot: 1000n, steps: [1000n, 5000n, 10_000n] as [bigint, bigint, bigint] } as const;

/** Errors of setSigners and setMarket alone; optionsSettlementOracle.test.ts meets them all. */
export const ORACLE_ERRORS = [
  "SignerCountInvalid",
  "ThresholdInvalid",
  "SignerInvalid",
  "VolBoundsInvalid",
  "BandFloorInvalid",
  "ExposureMultipleInvalid",
] as const;

/** An expiry two to three days after the L1's time. */
export async function chooseExpiry(l1: L1): Promise<{ day: number; expiry: number }> {
  const day = Math.floor((await l1.time.latest()) / 86_400) + 2;
  return { day, expiry: day * 86_400 + 28_800 };
}

/** An OptionsSettlement with market 1 on a feed in phase {@link BASE}, whose inbox is a recorder. */
export async function deploySettlement(l1: L1) {
  const [anyone, timelock] = await l1.ethers.getSigners();
  if (anyone === undefined || timelock === undefined) throw new Error("the simulated L1 has no signers");
  const harness = await l1.ethers.deployContract("SettlementHarness");
  const feed = await l1.ethers.deployContract("PhasedFeed", [8, BASE]);
  const settlement = await l1.ethers.deployContract("OptionsSettlement", [
    await harness.getAddress(),
    timelock.address,
  ]);
  const byOwner = settlement.connect(timelock);
  await byOwner.listMarket(1, await feed.getAddress(), TERMS.tick, TERMS.lot, TERMS.steps, BASE);
  return { anyone, timelock, harness, feed, settlement, byOwner };
}

/** A round that answers `usd` (8 decimals) at `updatedAt`. */
export function round(number: number, usd: number, updatedAt: number): ModelRound {
  return { answer: BigInt(Math.round(usd * 1e8)), updatedAt, answeredIn: number };
}

/** Rounds that answer in their own round, numbered from 1. */
export function roundsAt(...answers: readonly (readonly [usd: number, updatedAt: number])[]): ModelRound[] {
  return answers.map(([usd, updatedAt], index) => round(index + 1, usd, updatedAt));
}

/** The form in which PhasedFeed stores rounds. */
export function stored(rounds: readonly ModelRound[]) {
  return rounds.map(({ answer, updatedAt, answeredIn }) => ({ answer, updatedAt, answeredIn }));
}

/** A reader of feeds in memory; `phases[0]` is phase {@link BASE}. */
export function memoryFeed(phases: readonly (readonly ModelRound[])[], current = BASE + phases.length - 1): FeedReader {
  const roundsOf = (phase: number): readonly ModelRound[] => phases[phase - BASE] ?? [];
  return {
    phase: () => Promise.resolve(current),
    latestRound: () => Promise.resolve(BigInt(roundsOf(current).length)),
    getRound: (phase, number) => {
      const found = roundsOf(phase)[Number(number) - 1];
      if (found === undefined) return Promise.resolve(undefined);
      const { answer, updatedAt, answeredIn } = found;
      return Promise.resolve({ answer, updatedAt: BigInt(updatedAt), answeredInRound: BigInt(answeredIn) });
    },
  };
}
