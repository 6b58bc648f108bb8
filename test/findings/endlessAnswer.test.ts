import { expect } from "chai";
import { L1Client } from "../../src/l1/L1Client.ts";
import type { Follower } from "../../src/roles/Follower.ts";
import { Health } from "../../src/roles/Health.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { NodeMetrics, type NodeAlarm } from "../../src/roles/NodeMetrics.ts";
import { RoundKeeper } from "../../src/roles/Rounds.ts";
import { failure } from "../support/failure.ts";
import { serve, type TestServer } from "../support/http.ts";

/**
 * The longest time for an answer of the L1 endpoint was the longest silence between two bytes of it, and its length had no bound: one that sends
 * a blank now and then held a round up for ever, and one that sends without end filled the memory. Health was judged at the end of rounds alone,
 * so a watchtower that hung said that all is well; and it did so too on an endpoint that shows, block after block, what L1 was
 * days ago. (Threat 29.)
 */
describe("finding: an endpoint whose answer never ends, and a role that is healthy meanwhile", () => {
  describe("the client", () => {
    let server: TestServer;
    let client: L1Client;
    let timer: NodeJS.Timeout | undefined;

    afterEach(async () => {
      clearInterval(timer);
      client.close();
      await server.close();
    });

    it("gives up an answer that comes blank by blank", async () => {
      server = await serve((_, response) => {
        timer = setInterval(() => response.write(" "), 20);
      });
      client = L1Client.connect(server.url, 31_337n, undefined, { timeoutMilliseconds: 200 });
      expect((await failure(() => client.head())).code).to.equal("UNAVAILABLE");
    });

    it("gives up an answer that is longer than any honest one", async () => {
      let sent = 0;
      server = await serve((_, response) => {
        timer = setInterval(() => {
          if (!response.destroyed) sent += Number(response.write(" ".repeat(1_000))) * 1_000;
        }, 1);
      });
      client = L1Client.connect(server.url, 31_337n, undefined, { timeoutMilliseconds: 60_000, maxAnswer: 20_000 });
      expect((await failure(() => client.head())).code).to.equal("UNAVAILABLE");
      expect(sent).to.be.lessThan(1_000_000);
    });
  });

  describe("the health of a role", () => {
    let uptime: number;
    let now: bigint;
    let head: { readonly number: number; readonly hash: "0x"; readonly timestamp: bigint };
    let log: { batchCount: bigint; messageCount: bigint };
    let snapshot: { steps: number };
    let health: Health<NodeAlarm>;
    let rounds: RoundKeeper;

    beforeEach(() => {
      [uptime, now] = [0, 1_000_000n];
      head = { number: 7, hash: "0x", timestamp: now - 12n };
      health = new Health<NodeAlarm>(SILENT);
      log = { batchCount: 0n, messageCount: 0n };
      snapshot = { steps: 0 };
      const follower = {
        get head() {
          return head;
        },
        log,
        snapshot,
      } as unknown as Follower;
      rounds = new RoundKeeper({
        ...{ follower, health, metrics: new NodeMetrics() },
        ...{ uptime: () => uptime, now: () => now },
      });
    });

    const alarms = (): string[] => rounds.reasons().map(({ alarm }) => alarm);

    it("is bad while a round does not end", () => {
      rounds.note();
      expect(alarms()).to.deep.equal([]);
      uptime += 179_999;
      expect(alarms()).to.deep.equal([]);
      uptime += 1;
      expect(alarms()).to.deep.equal(["stalled"]);
    });

    it("is good while a round lasts that catches up, and bad if it only reads again what it had read", () => {
      rounds.note();
      for (const advance of [
        () => (log.messageCount += 5n),
        () => (log.batchCount += 2n),
        () => (snapshot.steps += 1),
      ]) {
        uptime += 179_999;
        advance();
        expect(alarms()).to.deep.equal([]);
      }
      uptime += 100_000;
      log.batchCount -= 2n;
      expect(alarms()).to.deep.equal([]);
      uptime += 80_000;
      log.batchCount += 2n;
      expect(alarms()).to.deep.equal(["stalled"]);
      snapshot.steps += 1;
      expect(alarms()).to.deep.equal([]);
    });

    it("is bad while the newest block is of an hour ago, however many come", () => {
      for (let i = 0; i < 3; i++) {
        head = { number: head.number + 1, hash: "0x", timestamp: now - 3_601n };
        uptime += 12_000;
        rounds.note();
        expect(alarms()).to.deep.equal(["stalled"]);
      }
      head = { number: head.number + 1, hash: "0x", timestamp: now - 3_600n };
      rounds.note();
      expect(alarms()).to.deep.equal([]);
    });
  });
});
