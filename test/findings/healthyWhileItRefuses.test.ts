import { expect } from "chai";
import type { FollowedL1 } from "../../src/roles/FollowedL1.ts";
import { Health } from "../../src/roles/Health.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { NodeMetrics, type NodeAlarm } from "../../src/roles/NodeMetrics.ts";
import type { RoundKeeper } from "../../src/roles/Rounds.ts";
import { SequencerService } from "../../src/roles/SequencerService.ts";
import type { Timer } from "../../src/roles/Timer.ts";
import { signSetMode } from "../../src/sequencer/Signing.ts";
import { reportOf, signed } from "../support/oracle.ts";
import { CONFIG, DOMAIN, harness, keyOf, MARKET, order, place, SPOT, type Harness } from "../support/sequencer.ts";

const OTHER = MARKET + 1;

/** Waits until the test says so. */
class Steps implements Timer {
  #waiting: (() => void)[] = [];

  async sleep(_milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal?.addEventListener("abort", () => resolve());
    });
  }

  /** Lets both loops of the service go round once. */
  async turn(): Promise<void> {
    for (const resume of this.#waiting.splice(0)) resume();
    while (this.#waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * Health looked at the number and the bytes of the batches that wait for L1, and not at how long none had been taken, by which the
 * sequencer refuses as well: after half an hour without a poster it took cancellations only and was healthy. It looked at reports
 * of the oracle as one, so that those of one market hid that another had none, and only after a first one of this process: one that was
 * started again while the oracle was silent never missed it.
 */
describe("finding: a sequencer is healthy while it refuses all orders, or hears no oracle", () => {
  let h: Harness;
  let uptime: number;
  let health: Health<NodeAlarm>;

  beforeEach(() => {
    h = harness({ oracle: true });
    uptime = 5_000;
    health = new Health<NodeAlarm>(SILENT);
  });

  /** A service over the harness's sequencer. */
  function service(timer: Timer): SequencerService {
    return new SequencerService({
      ...{ sequencer: h.sequencer, health, logger: SILENT, timer, metrics: new NodeMetrics() },
      l1: { sync: () => Promise.resolve(h.l1.log) } as unknown as FollowedL1,
      rounds: { note: () => undefined } as unknown as RoundKeeper,
      pollMilliseconds: 1,
      uptime: () => uptime,
    });
  }

  async function whileRunning(run: (service: SequencerService, timer: Steps) => Promise<void>): Promise<void> {
    const timer = new Steps();
    const running = service(timer);
    const ending = new AbortController();
    const ended = running.run(ending.signal);
    try {
      await timer.turn();
      await run(running, timer);
    } finally {
      ending.abort();
      await ended;
    }
  }

  const alarms = (): NodeAlarm[] => health.reasons.map(({ alarm }) => alarm);
  /** The present, on both clocks. */
  const pass = (seconds: number): void => {
    h.clock.time += BigInt(seconds);
    uptime += seconds * 1_000;
  };

  it("says so while nothing is taken by L1", async () => {
    await whileRunning(async (_, timer) => {
      place(h, order(3, 1n, { isSell: true }));
      place(h, order(2, 1n));
      for (let i = 0; i < 3; i++) {
        pass(20);
        await timer.turn();
      }
      expect(alarms()).to.deep.equal([]);
      pass(1_800);
      await timer.turn();
      expect(place(h, order(2, 2n))).to.deep.equal({ accepted: false, refusal: { reason: "L1Behind" } });
      expect(alarms()).to.deep.equal(["waiting"]);
    });
  });

  it("says so when one market of several has no report", async () => {
    h.l1.listMarket(OTHER);
    h.l1.setMarket(OTHER);
    h.l1.anchor(SPOT, OTHER);
    await whileRunning(async (running, timer) => {
      const speak = (...markets: number[]): void => {
        const reports = markets.map((market) => signed(CONFIG, reportOf(market, h.clock.time, SPOT, [])));
        for (const outcome of running.takeReports(reports)) expect(outcome).to.deep.equal({ accepted: true });
      };
      pass(20);
      speak(MARKET, OTHER);
      for (let i = 0; i < 7; i++) {
        pass(20);
        speak(MARKET);
        await timer.turn();
      }
      expect(alarms()).to.deep.equal(["reports"]);
      expect(health.reasons[0]!.reason).to.contain(`market ${OTHER}`);
      speak(MARKET, OTHER);
      await timer.turn();
      expect(alarms()).to.deep.equal([]);
    });
  });

  it("misses the oracle after a restart too", async () => {
    pass(30);
    expect(h.sequencer.submitReports([signed(CONFIG, reportOf(MARKET, h.clock.time, SPOT, []))])).to.have.length(1);
    const mode = signSetMode(DOMAIN, { account: 2, mode: 1 }, { nonce: 9n, deadline: h.clock.time + 60n }, keyOf(2));
    h.sequencer.submitMany([{ kind: "transaction", transaction: mode }]);
    place(h, order(3, 1n, { isSell: true }));
    place(h, order(2, 1n));
    h.restart();
    await whileRunning(async (_, timer) => {
      pass(119);
      await timer.turn();
      expect(alarms()).to.deep.equal([]);
      pass(1);
      await timer.turn();
      expect(alarms()).to.deep.equal(["reports"]);
    });
  });
});
