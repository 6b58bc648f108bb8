import { expect } from "chai";
import { readFileSync, writeFileSync, appendFileSync } from "node:fs";
import { Transaction } from "ethers";
import { DeployScene, finish, TRANSACTIONS } from "./DeployScene.ts";
import type { Interfere } from "../poster/FaultyEndpoint.ts";
import { Random, runSeed } from "../random.ts";
import type { ScriptProcess } from "../scripts.ts";

/** How a deployment is killed. */
interface Kills {
  /** At which of its transactions: at each of these multiples. */
  readonly every: number;
  /** At so many random requests, with other transactions of the account in between; and all the other stories there are. */
  readonly atRequests?: number;
}

/** A deployment that is killed and goes on. */
export function describeKilledDeployment({ every, atRequests }: Kills): void {
  describe("Scenario: a deployment that is killed", () => {
    let scene: DeployScene;

    beforeEach(async () => {
      scene = await DeployScene.start("anvil");
    });

    afterEach(() => scene.stop());

    /**
     * Deploys, again and again, until a process ends by itself; `interfere` gets the process, to kill it. Between two processes
     * `between` happens.
     */
    async function untilDone(
      interfere: (script: () => ScriptProcess) => Interfere,
      between: () => Promise<unknown> = () => Promise.resolve(),
    ): Promise<number> {
      for (let killed = 0; ; killed++) {
        let script: ScriptProcess | undefined = undefined;
        scene.endpoint.interfere = interfere(() => script!);
        script = scene.deploy();
        const { code, stdout, stderr } = await script.end;
        // Whoever is killed has no exit code.
        if (code !== null) {
          expect(code, stdout + stderr).to.equal(0);
          // The script has compared what is there with the files by itself.
          expect(stdout).to.include('"event":"verified"');
          return killed;
        }
        await between();
      }
    }

    /** Also from outside. */
    async function expectVerified(): Promise<void> {
      const { stdout } = await finish(scene.verify());
      const events = stdout.split("\n").filter((line) => line.startsWith("{"));
      const checks = events
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ ok }) => ok !== undefined);
      expect(checks.length).to.be.greaterThan(70);
      expect(checks.filter(({ ok }) => ok !== true)).to.deep.equal([]);
    }

    it("goes on, killed at transactions before or after the chain has them, and sends none twice", async () => {
      const killedAt = new Set<number>();
      const killed = await untilDone((script) => async ({ method, params }, forward) => {
        if (method !== "eth_sendRawTransaction") return forward();
        const { nonce } = Transaction.from(params[0] as string);
        if (nonce % every !== 0 || killedAt.has(nonce)) return forward();
        killedAt.add(nonce);
        // Half of them reach the chain, and no process knows; the others are signed, and no chain knows.
        if ((nonce / every) % 2 === 0) await forward();
        await script().kill();
        return "drop";
      });
      expect(killed).to.equal(Math.ceil(TRANSACTIONS / every));
      expect(await scene.sent()).to.equal(TRANSACTIONS);
      await expectVerified();
    });

    if (atRequests === undefined) return;

    it("refuses to go on with other parameters, another account, or a chain that has begun anew", async () => {
      let sent = 0;
      scene.endpoint.interfere = async ({ method }, forward) => {
        return method === "eth_sendRawTransaction" && ++sent === 4 ? "drop" : forward();
      };
      const { stderr } = await finish(scene.deploy(), 1);
      expect(stderr).to.include("DEPLOYMENT_STOPPED");
      const before = await scene.sent();
      const parameters = JSON.parse(readFileSync("deploy/parameters/local.json", "utf8")) as Record<string, unknown>;
      writeFileSync(scene.file("other.json"), JSON.stringify({ ...parameters, stakeWei: "2" }));
      const otherKey = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
      await scene.l1.setBalance("0x70997970C51812dc3A010C7d01b50e0d17dc79C8", 10n ** 20n);
      const runs: [string, ScriptProcess][] = [["stakeWei", scene.deploy(["--parameters", scene.file("other.json")])]];
      for (const [what, script] of runs) {
        const end = await finish(script, 1);
        expect(end.stderr).to.include("NOT_RESUMABLE").and.include(`"what":"${what}"`);
      }
      const byOther = await finish(scene.deploy([], { TENOR_DEPLOYER_KEY: otherKey }), 1);
      expect(byOther.stderr).to.include("NOT_RESUMABLE").and.include('"what":"deployer"');
      expect(await scene.sent()).to.equal(before);
      const fresh = await DeployScene.start("simulator");
      try {
        const elsewhere = await finish(scene.deploy(["--rpc-url", fresh.l1.url]), 1);
        expect(elsewhere.stderr).to.include("NOT_RESUMABLE").and.include('"what":"genesisHash"');
      } finally {
        await fresh.stop();
      }
      expect((await finish(scene.deploy())).stdout).to.include('"event":"verified"');
    });

    it("goes on though the account has sent other transactions in between, wherever it was killed", async () => {
      const seed = runSeed();
      console.log(`      seed ${seed}`);
      const random = new Random(seed);
      const other = scene.deployer();
      let kills = 0;
      await untilDone(
        (script) => {
          // The checks before the first transaction are about a dozen calls, a transaction about five. From some time on all goes well.
          let left = kills++ < atRequests ? random.integer(12, 41) : Infinity;
          return async (_, forward) => {
            if (left-- > 0) return forward();
            if (random.chance(0.5)) await forward();
            await script().kill();
            return "drop";
          };
        },
        async () => {
          for (let i = random.integer(0, 2); i > 0; i--) {
            await (await other.sendTransaction({ to: other.address, nonce: await scene.sent() })).wait();
          }
        },
      );
      expect(kills).to.equal(atRequests + 1);
      await expectVerified();
    });

    it("begins a transaction anew if another one has taken its nonce", async () => {
      let count = 0;
      const lost: number[] = [];
      await untilDone(
        (script) =>
          async ({ method, params }, forward) => {
            if (method !== "eth_sendRawTransaction" || ++count !== 8) return forward();
            lost.push(Transaction.from(params[0] as string).nonce);
            await script().kill();
            return "drop";
          },
        async () => {
          const other = scene.deployer();
          await (await other.sendTransaction({ to: other.address, nonce: lost[0]! })).wait();
        },
      );
      expect(lost).to.have.length(1);
      expect(await scene.sent()).to.equal(TRANSACTIONS + 1);
    });

    it("puts right what a crash leaves half written", async () => {
      let sent = 0;
      let script: ScriptProcess | undefined = undefined;
      scene.endpoint.interfere = async ({ method }, forward) => {
        if (method !== "eth_sendRawTransaction" || ++sent < 6) return forward();
        await script!.kill();
        return "drop";
      };
      script = scene.deploy();
      expect((await script.end).code).to.equal(null);
      appendFileSync(scene.file("journal/journal.jsonl"), '\n{"type":"TRANSACTION_SE');
      appendFileSync(scene.file("journal/transactions.jsonl"), '\n{"nonce":5,"ha');
      writeFileSync(scene.file("journal/deployed_addresses.json"), "");
      const artifact = scene.file("journal/artifacts/Governance#TimelockController.json");
      writeFileSync(artifact, readFileSync(artifact, "utf8").slice(0, 100));
      scene.endpoint.interfere = (_, forward) => forward();
      const { stdout } = await finish(scene.deploy());
      expect(stdout).to.include('"event":"verified"');
      expect(await scene.sent()).to.equal(TRANSACTIONS);
    });
  });
}
