import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { L1Error } from "../../src/l1/L1Error.ts";
import { machineStateHash } from "../../src/machine/MachineState.ts";
import { WebhookSink, type Alarm } from "../../src/roles/Alarm.ts";
import type { Challenger, ChallengerOptions } from "../../src/roles/Challenger.ts";
import { answerBy } from "../../src/game/Deadlines.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { makeChallenger } from "../../src/roles/nodes.ts";
import { Adversary } from "../support/game/Adversary.ts";
import { falseState, GameScene } from "../support/game/GameScene.ts";

/** Few levels, where their number does not matter. */
const SMALL = { historyHeight: 6n, sectionBits: 2n };
const TIMES = { reaction: 300n, censorship: 600n, margin: 600n };
/** The same for the formulas. */
const DISPUTE = { challengePeriod: 7200n, historyHeight: 6, sectionBits: 2, reaction: TIMES.reaction };

async function expectError(call: Promise<unknown>, code: string): Promise<void> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.have.property("code", code);
}

/** A server that takes alarms, and answers as it is told to. */
class Webhook {
  readonly received: { type: string; [key: string]: unknown }[] = [];
  status = 200;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        const isJson = request.method === "POST" && request.headers["content-type"] === "application/json";
        if (this.status === 200 && isJson) {
          this.received.push(JSON.parse(Buffer.concat(parts).toString()) as { type: string });
        }
        // No answer at all: the caller's patience is tried.
        if (this.status !== 0) response.writeHead(this.status).end("thanks");
      });
    });
  }

  static async listen(): Promise<Webhook> {
    const hook = new Webhook();
    await new Promise<void>((resolve) => hook.#server.listen(0, "127.0.0.1", resolve));
    return hook;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/alarm`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("Scenario: a watchtower", () => {
  let scene: GameScene;
  let ready: Awaited<ReturnType<GameScene["world"]["connection"]["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    scene = await GameScene.launch(SMALL);
    ready = await scene.world.connection.networkHelpers.takeSnapshot();
  });

  beforeEach(() => ready.restore());

  /** A watchtower that has an endpoint and nothing else. */
  function watchtower(options: Partial<ChallengerOptions> = {}): Challenger {
    const { world } = scene;
    return makeChallenger(world.client(), world.deployment, { mode: "watchtower", times: TIMES, ...options });
  }

  it("says what is wrong with an assertion, and where its first wrong step is as soon as it is open to view", async () => {
    const { world } = scene;
    const tower = watchtower();
    expect((await tower.tick()).alarms).to.deep.equal([]);
    const claim = await scene.wrongFrom(5, "liar");
    const liar = new Adversary(scene, world.signers[8]!, claim);
    const { blockNumber } = await liar.assert();
    const { timestamp } = (await world.game(world.signers[0]!).block(blockNumber))!;
    const [wrong, right] = [await scene.nameOf(claim), await scene.nameOf(scene.honest)];
    const claimed = { endStateHash: toHex(wrong.endStateHash), historyRoot: toHex(wrong.historyRoot) };
    const expected = { endStateHash: toHex(right.endStateHash), historyRoot: toHex(right.historyRoot) };
    const lie = {
      assertion: toHex(wrong.id),
      parent: toHex(scene.parent),
      staker: world.signers[8]!.address,
      claimed,
      expected,
    };
    const nothingKnown = { from: 0, to: 63, step: undefined };
    expect((await tower.tick()).alarms).to.deep.equal([
      {
        type: "wrong assertion",
        lie: { ...lie, firstWrong: nothingKnown },
        answerBy: answerBy(timestamp, DISPUTE),
      },
    ]);
    // Once, and again by whoever is started anew.
    expect((await tower.tick()).alarms).to.deep.equal([]);
    expect((await watchtower().tick()).alarms).to.have.length(1);

    const defender = world.challenger();
    const alarms: Alarm[] = [];
    for (let round = 0; round < 6; round++) {
      await defender.tick();
      await liar.move();
      alarms.push(...(await tower.tick()).alarms);
    }
    const step = {
      index: 5,
      expectedStateHash: toHex(await scene.honest.history.node(0, 5)),
      claimedStateHash: toHex(falseState("liar", 5)),
    };
    expect(alarms).to.deep.equal([{ type: "wrong step", lie: { ...lie, firstWrong: { from: 5, to: 5, step } } }]);
    // A watchtower that comes now knows at once.
    const late = (await watchtower().tick()).alarms[0]!;
    expect(late).to.have.nested.property("lie.firstWrong.step.index", 5);
  });

  it("narrows a lie with the right end down to the opened nodes", async () => {
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, scene.wrongAt([21], "liar"));
    await liar.assert();
    const tower = watchtower();
    const first = (await tower.tick()).alarms[0]!;
    expect(first).to.have.nested.property("lie.firstWrong.to", 62);
    await scene.assert(world.signers[7]!, scene.honest);
    await liar.move();
    const second = (await watchtower().tick()).alarms[0]!;
    expect(second).to.have.deep.nested.property("lie.firstWrong", { from: 16, to: 31, step: undefined });
  });

  it("posts its alarms to a webhook, again if that fails, and never stops for it", async () => {
    const hook = await Webhook.listen();
    try {
      const { world } = scene;
      const errors: string[] = [];
      const logger = { ...SILENT, error: (_fields: object, message: string) => errors.push(message) };
      const sink = new WebhookSink(hook.url, { timeoutMilliseconds: 2_000, logger });
      const tower = watchtower({ sinks: [sink], logger });
      const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(5, "liar"));
      await liar.assert();
      hook.status = 0;
      await tower.tick();
      expect(errors).to.deep.equal(["alarm: wrong assertion", "the webhook does not answer"]);
      hook.status = 500;
      await tower.tick();
      expect(errors.at(-1)).to.equal("the webhook refused an alarm");
      expect(hook.received).to.deep.equal([]);
      hook.status = 200;
      await tower.tick();
      await tower.tick();
      expect(hook.received).to.have.length(1);
      expect(hook.received[0]).to.deep.include({ type: "wrong assertion" });
      expect(hook.received[0]).to.have.nested.property("lie.assertion", await liar.id());
      const end = toHex(machineStateHash(liar.claim.end));
      expect(hook.received[0]).to.have.nested.property("lie.claimed.endStateHash", end);
    } finally {
      await hook.close();
    }
  });

  it("ends its run with an error at an alarm if it is told to, after the alarm was delivered", async () => {
    const hook = await Webhook.listen();
    try {
      const liar = new Adversary(scene, scene.world.signers[8]!, await scene.wrongFrom(5, "liar"));
      const sinks = [new WebhookSink(hook.url, { logger: SILENT })];
      let rounds = 0;
      const timer = {
        sleep: async (): Promise<void> => {
          if (++rounds === 2) await liar.assert();
        },
      };
      const tower = watchtower({ sinks, endOnAlarm: true, timer });
      await expectError(tower.run(1000, new AbortController().signal), "ALARM");
      expect(rounds).to.equal(2);
      expect(hook.received.map(({ type }) => type)).to.deep.equal(["wrong assertion"]);
    } finally {
      await hook.close();
    }
  });

  it("warns when the answer to a wrong assertion is missing for too long, and when the wrong one is winning", async () => {
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(5, "liar"));
    await liar.assert();
    const tower = watchtower();
    const by = ((await tower.tick()).alarms[0] as Extract<Alarm, { type: "wrong assertion" }>).answerBy!;
    // One reaction before it is too late.
    await world.wait(by - TIMES.reaction - (await world.now()) - 1n);
    expect((await tower.tick()).alarms).to.deep.equal([]);
    await world.wait(1n);
    const game = toHex(scene.parent);
    const now = await world.now();
    expect((await tower.tick()).alarms).to.deep.equal([{ type: "answer missing", game, answerBy: by, now }]);
    await world.wait(world.parameters.challengePeriodSeconds);
    const [winning] = (await tower.tick()).alarms;
    expect(winning).to.deep.include({ type: "wrong assertion winning", assertion: await liar.id() });
    await world.chain(world.signers[8]!).confirm(scene.parent, ...(await namePair(liar)));
    const sunk: Alarm[] = [];
    const last = watchtower({ sinks: [{ raise: (alarm) => sunk.push(alarm) }] });
    await expectError(last.tick(), "WRONG_CONFIRMED");
    expect(sunk.map(({ type }) => type)).to.deep.equal(["wrong assertion", "chain lost"]);
    await expectError(last.run(1, new AbortController().signal), "WRONG_CONFIRMED");
  });

  async function namePair(liar: Adversary): Promise<[Uint8Array, Uint8Array]> {
    const { endStateHash, historyRoot } = await scene.nameOf(liar.claim);
    return [endStateHash, historyRoot];
  }

  it("warns when nobody makes the right side's moves", async () => {
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(5, "liar"));
    await liar.assert();
    await scene.assert(world.signers[7]!, scene.honest);
    const since = await world.now();
    const tower = watchtower();
    await tower.tick();
    await world.wait(TIMES.reaction);
    expect((await tower.tick()).alarms).to.deep.equal([]);
    await world.wait(1n);
    const now = await world.now();
    const game = toHex(scene.parent);
    expect((await tower.tick()).alarms).to.deep.equal([{ type: "moves overdue", game, since, now }]);
    const defender = world.challenger();
    await defender.tick();
    await liar.move();
    await world.wait(TIMES.reaction + 1n);
    const next = (await tower.tick()).alarms.filter(({ type }) => type === "moves overdue");
    expect(next).to.have.length(1);
    expect(next[0]).to.have.property("since").that.is.greaterThan(Number(since));
  });

  it("warns, as a defender, when it cannot send: a transaction is stuck, or the account is empty", async () => {
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(5, "liar"));
    await liar.assert();
    const chain = world.chain(world.signers[7]!);
    let pending = true;
    chain.hasPending = async () => pending;
    const sunk: Alarm[] = [];
    const defender = world.challenger(undefined, { chain, sinks: [{ raise: (alarm) => sunk.push(alarm) }] });
    await defender.tick();
    await world.wait(TIMES.reaction);
    expect((await defender.tick()).alarms).to.deep.equal([]);
    await world.wait(1n);
    expect((await defender.tick()).alarms).to.deep.equal([{ type: "cannot send", reason: "transaction pending" }]);
    pending = false;
    chain.assertState = () => Promise.reject(new L1Error("FUNDS", "the account cannot pay for the transaction"));
    await expectError(defender.tick(), "FUNDS");
    await expectError(defender.tick(), "FUNDS");
    expect(sunk.at(-1)).to.deep.equal({ type: "cannot send", reason: "no funds" });
    expect(sunk).to.have.length(3);
  });

  it("refuses to start where the challenge period is too short for its operator's times", async () => {
    const tower = watchtower({ times: { ...TIMES, censorship: 5000n } });
    await expectError(tower.run(1000, new AbortController().signal), "CHALLENGE_PERIOD_TOO_SHORT");
    await watchtower({ times: { ...TIMES, censorship: 4500n } }).check();
  });
});

describe("Scenario: a challenger as proposer", () => {
  it("asserts, confirms, answers a liar, wins, and asserts on", async () => {
    const scene = await GameScene.launch(SMALL);
    const { world } = scene;
    const liar = new Adversary(scene, world.signers[8]!, await scene.wrongFrom(4, "liar"));
    const proposer = world.challenger(undefined, { mode: "proposer" });
    expect((await proposer.tick()).asserted).to.be.an("object");
    await liar.assert();
    await world.post();
    await world.wait(world.parameters.minParentAgeSeconds);
    // The next range does not wait for the dispute.
    const { asserted } = await proposer.tick();
    if (typeof asserted === "string") throw new Error(asserted);
    const next = asserted.id;
    for (let round = 0; round < 40 && !(await scene.isRightConfirmed()); round++) {
      await liar.move();
      await world.wait(200n);
      await proposer.tick();
    }
    await world.wait(world.parameters.challengePeriodSeconds);
    expect((await proposer.tick()).confirmed)
      .to.be.an("object")
      .with.property("id", next);
    await proposer.tick();
    expect(toHex(proposer.view.latestConfirmed.created.id)).to.equal(next);
  });

  it("confirms, as a defender, what nobody disputes only if a dispute waits behind it", async () => {
    const scene = await GameScene.launch(SMALL);
    const { world } = scene;
    const defender = world.challenger();
    await scene.assert(world.signers[7]!, scene.honest);
    await world.wait(world.parameters.challengePeriodSeconds);
    expect(await defender.tick()).to.include({ confirmed: "not needed", asserted: "not needed" });
    await world.post();
    const honest = new Adversary(scene, world.signers[8]!, scene.honest);
    await (
      await honest.child("wrong child")
    )(world.signers[8]!);
    expect((await defender.tick()).asserted).to.be.an("object");
    expect(await scene.isRightConfirmed()).to.equal(true);
    const report = await defender.tick();
    expect(report.disputes).to.have.length(1);
    expect(report.disputes[0]).to.have.nested.property("states.rivalled", 1);
  });
});
