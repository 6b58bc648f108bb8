import { expect } from "chai";

import { findRoundEvidence } from "../../src/settlement/roundEvidence.ts";
import { modelPrice, type ModelFeed, type ModelRound } from "./feedModel.ts";
import { Random, runSeed } from "./random.ts";
import { BASE, createL1, memoryFeed, stored, type L1 } from "./settlementScene.ts";

const DAY = 20_000;
const EXPIRY = DAY * 86_400 + 28_800;
const DEAD_AT = EXPIRY + 48 * 3600 + 900;

/** A round and the time from which a caller can read it. */
interface Arrival {
  readonly round: ModelRound;
  readonly readableAt: number;
}

interface Scenario {
  readonly phases: readonly (readonly Arrival[])[];
  /** When each phase became the current one. */
  readonly currentFrom: readonly number[];
  readonly decimals: number;
  readonly tick: bigint;
}

/** Feeds, callers and moments drawn at random: whatever evidence is accepted gives the one answer that the whole feed has. */
export function describeRandomFeeds(scenarios: number): void {
  describe("PriceFixing: one answer, whoever calls and whenever", function () {
    const seed = runSeed();
    let l1: L1;

    before(async () => {
      l1 = await createL1();
    });

    it(`${scenarios} random feeds, callers and moments agree with the model (TENOR_SEED=${seed})`, async () => {
      const random = new Random(seed);
      const tally = { average: 0, after: 0, before: 0, accepted: 0, refused: 0, early: 0, upgraded: 0 };
      for (let index = 0; index < scenarios; index++) {
        await runScenario(l1, random, drawScenario(random), tally);
      }
      // The run means something only if every kind of answer and of refusal occurred.
      for (const [name, count] of Object.entries(tally)) expect(count, `${name} never occurred`).to.be.greaterThan(0);
    });
  });
}

/** Plays a scenario forward in time; at each moment every accepted evidence must give the answer of the whole story. */
async function runScenario(l1: L1, random: Random, scenario: Scenario, tally: Record<string, number>): Promise<void> {
  const everything: ModelFeed = scenario.phases.map((arrivals) => arrivals.map(({ round }) => round));
  const truth = modelPrice(everything, EXPIRY, scenario);
  const harness = await l1.ethers.deployContract("SettlementHarness");
  const feed = await l1.ethers.deployContract("PhasedFeed", [scenario.decimals, BASE]);
  for (const phase of scenario.phases.keys()) if (random.chance(0.5)) await feed.setZeros(BASE + phase, true);
  const loaded = scenario.phases.map(() => 0);
  let earlier = false;

  for (const now of drawMoments(random)) {
    const current = scenario.currentFrom.filter((from) => from <= now).length - 1;
    await feed.switchTo(BASE + current);
    for (const [phase, arrivals] of scenario.phases.entries()) {
      const count = arrivals.filter(({ readableAt }) => readableAt <= now).length;
      const more = arrivals.slice(loaded[phase], count).map(({ round }) => round);
      if (more.length > 0) await feed.load(BASE + phase, stored(more));
      loaded[phase] = count;
    }
    const visible = everything.map((rounds, phase) => rounds.slice(0, loaded[phase]));
    const call = async (starts: readonly bigint[]): Promise<bigint | undefined> => {
      const source = [await feed.getAddress(), BASE, scenario.decimals, scenario.tick] as const;
      try {
        return (await harness.settlementPrice(...source, DAY, now, [...starts])).price;
      } catch (error) {
        expect(String(error), "a refusal must say why").to.match(/custom error/);
        return undefined;
      }
    };
    const where = `now = E + ${now - EXPIRY}, current ${BASE + current}, ${storyOf(scenario)}`;

    const found = await findRoundEvidence(memoryFeed(visible, BASE + current), {
      phaseBase: BASE,
      day: DAY,
      now: BigInt(now),
    });
    if (found.status === "ready") {
      expect(await call(found.starts), `found evidence ${found.starts.join()}: ${where}`).to.equal(truth?.price);
      if (now <= DEAD_AT) earlier = true;
    } else {
      expect(now <= DEAD_AT || truth === undefined, `nothing found: ${where}`).to.equal(true);
      expect(earlier, `an answer was there and is gone: ${where}`).to.equal(false);
      if (now <= DEAD_AT) tally.early!++;
    }
    for (let attempt = 0; attempt < 12; attempt++) {
      const starts = drawEvidence(random, visible, found.status === "ready" ? found.starts : undefined);
      const price = await call(starts);
      tally[price === undefined ? "refused" : "accepted"]!++;
      if (price === undefined) continue;
      expect(price, `evidence ${starts.join()}: ${where}`).to.equal(truth?.price);
      expect(found.status, `evidence ${starts.join()} was not found: ${where}`).to.equal("ready");
    }
  }
  if (truth !== undefined) tally[truth.reason]!++;
  if (scenario.phases.length > 1 && truth?.reason === "average") {
    if (modelPrice(everything.slice(0, 1), EXPIRY, scenario)?.reason !== "average") tally.upgraded!++;
  }
}

function storyOf(scenario: Scenario): string {
  const phases = scenario.phases.map((arrivals) =>
    arrivals.map(({ round }) => `${round.updatedAt - EXPIRY}:${round.answer}:${round.answeredIn}`).join(" "),
  );
  return `tick ${scenario.tick}, phases [${phases.join("] [")}], current from ${scenario.currentFrom.join()}`;
}

function drawMoments(random: Random): number[] {
  const moments = [
    EXPIRY + random.integer(1, 900),
    EXPIRY + random.integer(1, 8000),
    EXPIRY + random.integer(900, 48 * 3600),
    DEAD_AT - random.integer(0, 900),
    DEAD_AT + 1,
    DEAD_AT + random.integer(2, 10 ** 6),
  ];
  return moments.sort((a, b) => a - b);
}

/** The found evidence with something moved, or anything at all. */
function drawEvidence(random: Random, visible: ModelFeed, found: readonly bigint[] | undefined): bigint[] {
  const starts =
    found !== undefined && random.chance(0.7)
      ? [...found]
      : visible
          .slice(0, random.integer(0, visible.length))
          .map((rounds) => BigInt(random.integer(0, rounds.length + 1)));
  if (random.chance(0.15)) starts.pop();
  if (random.chance(0.15)) starts.push(1n);
  if (random.chance(0.1)) starts.shift();
  for (const [index, start] of starts.entries()) {
    if (random.chance(0.3)) starts[index] = 1n;
    else if (random.chance(0.4)) starts[index] = start + BigInt(random.integer(start === 0n ? 0 : -1, 2));
    else if (random.chance(0.2)) starts[index] = start > 3n ? start - BigInt(random.integer(1, 3)) : start;
  }
  return starts;
}

function drawScenario(random: Random): Scenario {
  const count = random.pick([1, 1, 2, 2, 3]);
  const style = random.pick(["lively", "lively", "gap", "silent", "mixed"] as const);
  const phases = Array.from({ length: count }, (_, phase) => drawPhase(random, phase, style));
  const currentFrom = [0];
  for (let phase = 1; phase < count; phase++) {
    const from = Math.max(currentFrom[phase - 1]!, EXPIRY + random.pick([-90_000, -6000, -900, 600, 7000, 100_000]));
    currentFrom.push(from);
  }
  return {
    phases,
    currentFrom,
    decimals: random.pick([8, 8, 0, 18]),
    tick: BigInt(random.pick([100, 100, 1000, 700, 250_000])),
  };
}

function drawPhase(random: Random, phase: number, style: "lively" | "gap" | "silent" | "mixed"): Arrival[] {
  const arrivals: Arrival[] = [];
  let time =
    EXPIRY + (phase === 0 ? -random.integer(7000, 30_000) : random.pick([-30_000, -9000, -3000, -900, 0, 300]));
  const end = EXPIRY + random.pick([-8000, -1800, -600, 0, 1, 7300, 60_000, 200_000, 200_000]);
  const scale = random.pick([1n, 10n ** 8n, 10n ** 8n, 10n ** 18n]);
  const lag = random.pick([0, 0, 30, 900]);
  while (time <= end && arrivals.length < 60) {
    const number = arrivals.length + 1;
    const answer = scale * BigInt(random.integer(1, 5000)) + BigInt(random.integer(0, 99));
    arrivals.push({ round: drawRound(random, number, answer, time), readableAt: time + lag + (lag === 0 ? 0 : 1) });
    time += drawStep(random, style, time);
    // Around the limits of the rule, to the second.
    if (random.chance(0.12))
      time = Math.max(time, EXPIRY + random.pick([-1801, -1800, -1799, -1, 0, 1, 172_800, 172_801]));
    if (random.chance(0.08)) time += random.pick([7199, 7200, 7201]);
  }
  return arrivals;
}

function drawStep(random: Random, style: "lively" | "gap" | "silent" | "mixed", time: number): number {
  if (random.chance(0.15)) return 0;
  if (time > EXPIRY + 4000) return random.integer(1, 40_000);
  if (style === "gap") return random.pick([600, 3600, 7199, 7200, 7201, 9000]);
  if (style === "silent") return random.integer(3000, 200_000);
  return style === "lively" ? random.integer(1, 3600) : random.integer(1, 8000);
}

function drawRound(random: Random, number: number, answer: bigint, updatedAt: number): ModelRound {
  if (random.chance(0.85)) return { answer, updatedAt, answeredIn: number + random.pick([0, 0, 0, 1]) };
  return random.pick<ModelRound>([
    { answer: 0n, updatedAt, answeredIn: number },
    { answer: -answer, updatedAt, answeredIn: number },
    { answer, updatedAt: 0, answeredIn: number },
    { answer, updatedAt, answeredIn: number - 1 },
    { answer: 2n ** 127n, updatedAt, answeredIn: number },
  ]);
}
