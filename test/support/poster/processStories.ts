import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArchiveFolder } from "../../../src/blob/ArchiveFolder.ts";
import { writeDeployment } from "../../../src/l1/deployment.ts";
import type { BatchFeed, PosterStatus } from "../../../src/poster/BatchFeed.ts";
import { BatchFeedServer } from "../../../src/poster/BatchFeedServer.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { NODE_EXIT } from "../../../scripts/node/exitCodes.ts";
import { STAGES } from "./faults.ts";
import { PosterProcess } from "./PosterProcess.ts";
import { PosterScene } from "./PosterScene.ts";

/** The sequencer's feed, behind which L1 mines a block for each question, so that time passes with the poster's rounds. */
class PassingFeed implements BatchFeed {
  readonly #scene: PosterScene;
  #waiting: { readonly until: (status: PosterStatus) => boolean; readonly resolve: () => void } | undefined;

  constructor(scene: PosterScene) {
    this.#scene = scene;
  }

  async next(status: PosterStatus): ReturnType<BatchFeed["next"]> {
    await this.#scene.l1.pass(12);
    const answer = await this.#scene.feed.next(status);
    if (this.#waiting?.until(status) === true) this.#waiting.resolve();
    return answer;
  }

  /** Waits until a poster says so. */
  when(until: (status: PosterStatus) => boolean): Promise<void> {
    return new Promise((resolve) => (this.#waiting = { until, resolve }));
  }
}

/**
 * The poster as a process, on anvil.
 *
 * @param inBlobs Whether it is also killed over a batch in blobs: each process and anvil then load KZG's setup.
 */
export function describePosterProcess(inBlobs: boolean): void {
  describe("Scenario: the poster's process, killed at every step", () => {
    let folder: string;
    let scene: PosterScene;
    let feed: PassingFeed;
    let server: BatchFeedServer;
    let batches = 0;

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), "tenor-"));
      scene = await PosterScene.launch("anvil", await ArchiveFolder.open(join(folder, "blobs")));
      await scene.reset();
      writeDeployment(join(folder, "deployment.json"), scene.deployment);
      feed = new PassingFeed(scene);
      server = await BatchFeedServer.listen(feed, SILENT, 0);
    });

    after(async () => {
      await server.close();
      await scene.stop();
      rmSync(folder, { recursive: true });
    });

    function start(killAt = "", more: readonly string[] = [], journal = "journal.sqlite"): PosterProcess {
      const files = ["deployment.json", journal, "blobs"].map((name) => join(folder, name));
      const args = ["--deployment", files[0]!, "--journal", files[1]!, "--blobs", files[2]!, "--l1", scene.l1.url];
      args.push("--feed", server.url, "--poll", "10", "--status-port", "0", "--confirmations", "2", ...more);
      return new PosterProcess(args, killAt);
    }

    /** Waits until a poster sees all batches on L1. */
    function allPosted(): Promise<void> {
      return feed.when(({ batchCount }) => batchCount === BigInt(batches));
    }

    for (const stage of STAGES) {
      it(`kill -9 when a batch is ${stage}; the next process goes on from there`, async () => {
        await scene.trade();
        await expectKilled(start(`${stage} ${batches}`, ["--kinds", "calldata"]));
        batches++;
      });
    }

    async function expectKilled(process: PosterProcess): Promise<void> {
      expect(await process.ended, process.output).to.deep.equal({ code: null, signal: "SIGKILL" });
    }

    it("in the end everything is on L1 once; it shows metrics and health, and ends at SIGTERM with 0", async () => {
      await scene.trade();
      batches++;
      const all = allPosted();
      const last = start("", ["--kinds", "calldata"]);
      const [, url] = await last.logged(/"status":"([^"]+)"/);
      await all;
      const health = await fetch(`${url}/health`);
      expect(await health.json()).to.deep.equal({ healthy: true, reasons: [] });
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).to.match(/^tenor_poster_transactions_total\{kind="calldata",purpose="batch",result="ok"\} 1$/m);
      const spending = (await (await fetch(`${url}/spending`)).json()) as { batches: number }[];
      expect(spending.map((day) => day.batches)).to.deep.equal([batches]);
      last.kill("SIGTERM");
      expect(await last.ended, last.output).to.deep.equal({ code: NODE_EXIT.stopped, signal: null });
      await scene.expectSequence(batches);
    });

    it("a second process with the same journal is refused at once", async () => {
      const first = start();
      await first.logged(/the poster starts/);
      const second = start();
      expect(await second.ended, second.output).to.deep.equal({ code: NODE_EXIT.locked, signal: null });
      first.kill("SIGTERM");
      expect((await first.ended).code).to.equal(NODE_EXIT.stopped);
    });

    it("of two processes with journals of their own one says that the account is used by another, and ends", async () => {
      const calldata = ["--kinds", "calldata"];
      const both = [start("", calldata), start("", calldata, "other.sqlite")];
      const ended = Promise.race(both.map(async (one) => one.ended.then((ending) => ({ one, ending }))));
      // A process that begins after the other's transaction takes it for one of its own past; the next one it cannot.
      let loser: Awaited<typeof ended> | undefined;
      while (loser === undefined) {
        await scene.trade();
        batches++;
        const posted = allPosted();
        loser = await Promise.race([ended, posted.then(() => undefined)]);
      }
      expect(loser.ending, loser.one.output).to.deep.equal({ code: NODE_EXIT.foreign, signal: null });
      const { one: lost } = loser;
      await allPosted();
      const winner = both.find((one) => one !== lost)!;
      winner.kill("SIGTERM");
      expect((await winner.ended).code, winner.output).to.equal(NODE_EXIT.stopped);
      await scene.expectSequence(batches);
    });

    if (!inBlobs) return;

    // At the end, for every process from here on has to load the setup of KZG, to read that batch.
    it("kill -9 when a batch in blobs is sent; the next process goes on from there", async () => {
      await scene.trade();
      await expectKilled(start(`sent ${batches}`, ["--kinds", "blob"], "blobs.sqlite"));
      batches++;
      const posted = allPosted();
      const last = start("", ["--kinds", "blob"], "blobs.sqlite");
      await posted;
      last.kill("SIGTERM");
      expect((await last.ended).code, last.output).to.equal(NODE_EXIT.stopped);
      await scene.expectSequence(batches);
    });
  });
}
