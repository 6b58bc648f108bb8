import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { toHex, type Hex } from "../../src/crypto/bytes.ts";
import type { Move } from "../../src/game/Move.ts";
import { planMoves } from "../../src/game/plan.ts";
import type { GameClient } from "../../src/l1/GameClient.ts";
import { deploymentGenesis, machineConfig } from "../../src/l1/deployment.ts";
import { L1Error } from "../../src/l1/L1Error.ts";
import type { Challenger, ChallengerOptions } from "../../src/roles/Challenger.ts";
import type { ChallengerReport } from "../../src/roles/ChallengerReport.ts";
import { checkpointIdentity } from "../../src/roles/Checkpoints.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { SqliteCheckpoints } from "../../src/roles/SqliteCheckpoints.ts";
import { Adversary, dearGas, movesOf, playOut } from "../support/game/Adversary.ts";
import { GameScene } from "../support/game/GameScene.ts";
import { Crash, sabotaged, type Sabotage } from "../support/game/Saboteur.ts";

/** Few levels, where their number does not matter. */
const SMALL = { historyHeight: 6n, sectionBits: 2n };

describe("Scenario: a defender among faults and rivals", () => {
  let scene: GameScene;
  let liar: Adversary;
  let ready: Awaited<ReturnType<GameScene["world"]["connection"]["networkHelpers"]["takeSnapshot"]>>;

  before(async () => {
    scene = await GameScene.launch(SMALL);
    liar = new Adversary(scene, scene.world.signers[8]!, await scene.wrongFrom(4, "liar"));
    await liar.assert();
    ready = await scene.world.connection.networkHelpers.takeSnapshot();
  });

  beforeEach(() => ready.restore());

  /** A defender with something in the way of all that it sends. */
  function defender(sabotage: Sabotage, options: Partial<ChallengerOptions> = {}, account = 7): Challenger {
    const { world } = scene;
    const signer = world.signers[account]!;
    const game = sabotaged(world.game(signer), sabotage);
    return world.challenger(signer, { game, chain: sabotaged(world.chain(signer), sabotage), ...options });
  }

  it("is killed before and after everything that it sends, and the next one goes on from L1", async () => {
    const { world } = scene;
    const recipient = toHex(new Uint8Array(20).fill(0x77));
    const sent: string[] = [];
    let killed = 0;
    let rounds = 0;
    let claims = 0;
    while (claims < 2 && rounds++ < 100) {
      // Every other process dies before it sends anything, the rest right after.
      const before = rounds % 2 === 0;
      const process = defender(
        async (method, _args, send) => {
          if (before) throw new Crash(`before ${method}`);
          await send();
          sent.push(method);
          if (method === "claimRefund") claims++;
          throw new Crash(`after ${method}`);
        },
        { refunds: { recipient, mostMoves: 5 } },
      );
      await dearGas(scene);
      await process.tick().catch((error: unknown) => {
        if (!(error instanceof Crash)) throw error;
        killed++;
      });
      if (!(await scene.isRightConfirmed())) await liar.move();
      if (before) await world.wait(250n);
    }
    expect(await scene.isRightConfirmed()).to.equal(true);
    expect(sent).to.include.members(["assertState", "play", "claimRefund"]);
    expect(killed).to.be.at.least(2 * sent.length - 2);
    // All of it, to the wei, and nothing is left.
    const me = await world.game(world.signers[7]!).address();
    expect(await world.game(world.signers[7]!).unclaimedMoves(scene.parent, me)).to.deep.equal(new Uint8Array(32));
    expect(await world.connection.ethers.provider.getBalance(recipient)).to.equal(await recordedFor(me));
  });

  /** What the game has recorded of an account's moves, wei. */
  async function recordedFor(mover: Hex): Promise<bigint> {
    const game = scene.world.game(scene.world.signers[0]!);
    const events = await game.gameEvents(0, (await game.head()).number);
    const own = events.filter((event) => event.type === "recorded" && event.mover === mover);
    return own.reduce((sum, event) => sum + (event.type === "recorded" ? event.move.amount : 0n), 0n);
  }

  it("claims what the events say, but not what it moved for others", async () => {
    const { world } = scene;
    const signer = world.signers[7]!;
    const recipient = toHex(new Uint8Array(20).fill(0x78));
    const process = world.challenger(signer, { refunds: { recipient } });
    await dearGas(scene);
    await process.tick();
    // The same account opens the liar's root, by whatever mistake.
    await dearGas(scene);
    const plan = { ...scene.testimony, history: liar.claim.history };
    const { moves } = await planMoves(await scene.view(), plan);
    const mistake = moves.filter((move) => move.type === "open root");
    await world.game(signer).play(mistake);
    await playOut(scene, () => process, [liar]);
    await dearGas(scene);
    const { refunds } = await process.tick();
    expect(refunds).to.have.length(1);
    const [refund] = refunds;
    if (refund?.type !== "claimed") throw new Error("nothing was claimed");
    const events = await world.game(signer).gameEvents(0, (await world.game(signer).head()).number);
    const liarRoot = (await scene.view()).root((await scene.nameOf(liar.claim)).historyRoot)!.id;
    const own = events.flatMap((event) =>
      event.type === "recorded" && event.mover === signer.address ? [event.move] : [],
    );
    const due = own.filter((move) => toHex(move.node) !== liarRoot || !isZero(move.rival));
    expect(due).to.have.length(own.length - 1);
    const expected = due.reduce((sum, move) => sum + move.amount, 0n);
    expect(refund.amount).to.equal(expected);
    expect(await world.connection.ethers.provider.getBalance(recipient)).to.equal(expected);
  });

  it("claims nothing that costs more than it is worth", async () => {
    const process = scene.world.challenger();
    await playOut(scene, () => process, [liar]);
    // An empty chain's gas costs next to nothing in the refunds, and its tip something in the claim.
    await scene.world.connection.networkHelpers.setNextBlockBaseFeePerGas(2n * 10n ** 12n);
    await scene.world.connection.networkHelpers.mine();
    const { refunds } = await process.tick();
    expect(refunds[0]).to.include({ type: "not worth it" });
    expect((await process.tick()).refunds).to.deep.equal([]);
    await scene.world.wait(3600n);
    await scene.world.connection.networkHelpers.mine(60);
    await dearGas(scene);
    expect((await process.tick()).refunds[0]).to.include({ type: "claimed" });
  });

  it("goes on after each of its moves was taken back by a reorganisation of L1", async () => {
    const { world } = scene;
    const process = world.challenger();
    // Its own assertion, its moves, and the liar's.
    for (let round = 0; round < 5; round++) {
      const reorganise = await world.fork();
      await process.tick();
      await liar.move();
      await process.tick();
      const nodes = (await scene.view()).size;
      await reorganise(round === 2 ? () => world.post() : undefined);
      expect((await scene.view()).size).to.be.lessThan(nodes + 1);
      await process.tick();
      await liar.move();
    }
    await playOut(scene, () => process, [liar]);
    expect(await scene.isRightConfirmed()).to.equal(true);
  });

  it("goes on after a reorganisation that undoes the confirmation", async () => {
    const { world } = scene;
    const process = world.challenger();
    for (let round = 0; round < 4; round++) {
      await process.tick();
      await liar.move();
    }
    await world.wait(world.parameters.challengePeriodSeconds);
    const reorganise = await world.fork();
    await process.tick();
    await process.tick();
    expect(await scene.isRightConfirmed()).to.equal(true);
    await reorganise();
    expect(await scene.isRightConfirmed()).to.equal(false);
    await playOut(scene, () => process, [liar]);
    expect(await scene.isRightConfirmed()).to.equal(true);
  });

  it("goes on from a checkpoint file in the middle of disputes, also under an assertion that it has not judged itself", async () => {
    const { world } = scene;
    const { deployment } = world;
    const directory = mkdtempSync(join(tmpdir(), "tenor-"));
    const identity = checkpointIdentity(machineConfig(deployment), deploymentGenesis(deployment));
    let steps = 0;
    /** One round of a process that ends after it. */
    const round = async (): Promise<ChallengerReport> => {
      const checkpoints = new SqliteCheckpoints(join(directory, "checkpoints.sqlite"), identity, SILENT);
      const observer = (): unknown => steps++;
      const follower = makeFollower(world.client(), deployment, { checkpoints, checkpointSteps: 1, observer });
      try {
        return await world.challenger(undefined, { follower }).tick();
      } finally {
        checkpoints.close();
      }
    };
    try {
      await round();
      await world.post();
      await world.wait(world.parameters.minParentAgeSeconds);
      const honest = new Adversary(scene, world.signers[9]!, scene.honest);
      await (
        await honest.child("wrong child")
      )(world.signers[9]!);
      // The right assertion is only remembered as right by now, and its end is computed again.
      steps = 0;
      expect((await round()).asserted).to.be.an("object");
      expect(steps).to.be.lessThan(3);
      const second = await round();
      expect(second.disputes).to.have.length(2);
      // In the first one it is the liar's turn.
      expect(second.disputes.map(({ outcome }) => (outcome as { type: string }).type)).to.deep.equal([
        "waiting",
        "played",
      ]);
      for (let i = 0; i < 60 && !(await scene.isRightConfirmed()); i++) {
        await liar.move();
        await world.wait(200n);
        await round();
      }
      expect(await scene.isRightConfirmed()).to.equal(true);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  for (const [name, copied] of [
    ["the first move", (moves: readonly Move[]) => moves.slice(0, 1)],
    ["all moves", (moves: readonly Move[]) => moves],
    ["all moves but the last", (moves: readonly Move[]) => (moves.length > 1 ? moves.slice(0, -1) : moves)],
  ] as const) {
    it(`wins although somebody makes ${name} of each transaction before it`, async () => {
      const copycat = scene.world.game(scene.world.signers[9]!);
      let copies = 0;
      const process = defender(async (method, [moves], send) => {
        if (method === "play") {
          copies++;
          await copycat.play(copied(moves as readonly Move[]));
        }
        return await send();
      });
      const reports = await playOut(scene, () => process, [liar]);
      expect(copies).to.be.greaterThan(2);
      // Each round made progress: no more rounds than moves, but for those that wait for time.
      expect(outcomesOf(reports, "raced")).to.be.lessThan(12);
      expect(await scene.isRightConfirmed()).to.equal(true);
    });
  }

  it("wins although its transactions fail on chain, because a dearer one with a move of theirs is before them", async () => {
    const { provider, networkHelpers } = scene.world.connection;
    const signer = scene.world.signers[9]!;
    const copycat = scene.world.game(signer);
    let failed = 0;
    const process = defender(async (method, [moves], send) => {
      if (method !== "play" || failed >= 4) return await send();
      await provider.request({ method: "evm_setAutomine", params: [false] });
      try {
        const sending = send();
        const outcome = sending.then(
          () => undefined,
          (error: unknown) => error,
        );
        while (!(await scene.world.game(scene.world.signers[7]!).hasPending())) await turn();
        const to = scene.world.deployment.addresses.game;
        const data = copycat.encode((moves as readonly Move[])[0]!);
        await signer.sendTransaction({
          to,
          data,
          gasLimit: 2_000_000,
          maxPriorityFeePerGas: 10n ** 11n,
          maxFeePerGas: 10n ** 12n,
        });
        await networkHelpers.mine();
        const error = await outcome;
        if (error instanceof L1Error && error.code === "FAILED_ON_CHAIN") failed++;
        return await sending;
      } finally {
        await provider.request({ method: "evm_setAutomine", params: [true] });
      }
    });
    await playOut(scene, () => process, [liar]);
    expect(failed).to.equal(4);
    expect(await scene.isRightConfirmed()).to.equal(true);
  });

  it("shares the work with another defender, at the same time and in turn", async () => {
    const { world } = scene;
    const [a, b] = [world.challenger(world.signers[7]), world.challenger(world.signers[6])];
    const reports: ChallengerReport[] = [];
    for (let round = 0; round < 100 && !(await scene.isRightConfirmed()); round++) {
      if (round % 3 === 0) reports.push(...(await Promise.all([a.tick(), b.tick()])));
      else reports.push(await (round % 3 === 1 ? a : b).tick());
      if (!(await scene.isRightConfirmed())) await liar.move();
      await world.wait(150n);
    }
    expect(await scene.isRightConfirmed()).to.equal(true);
    expect(movesOf(reports)).to.include("confirm");
    expect(reports.filter(({ asserted }) => typeof asserted === "object")).to.have.length(1);
    expect((await Promise.all([a.tick(), b.tick()])).every(({ disputes }) => disputes.length === 0)).to.equal(true);
  });

  it("sends nothing while a transaction of its account is pending", async () => {
    const { provider, networkHelpers } = scene.world.connection;
    await provider.request({ method: "evm_setAutomine", params: [false] });
    const killed = scene.world.challenger().tick();
    while (!(await scene.world.chain(scene.world.signers[7]!).hasPending())) await turn();
    const restarted = scene.world.challenger();
    expect(await restarted.tick()).to.include({ asserted: "transaction pending", confirmed: "transaction pending" });
    await networkHelpers.mine();
    await provider.request({ method: "evm_setAutomine", params: [true] });
    expect((await killed).asserted).to.be.an("object");
    expect((await restarted.tick()).disputes[0]?.outcome).to.include({ type: "played" });
  });

  it("logs rounds in which the endpoint fails, and goes on", async () => {
    const { world } = scene;
    const game: GameClient = world.game(world.signers[7]!);
    const read = game.gameEvents.bind(game);
    let failures = 3;
    game.gameEvents = (from, to) =>
      failures-- > 0 ? Promise.reject(new L1Error("UNAVAILABLE", "the L1 endpoint did not answer")) : read(from, to);
    const stop = new AbortController();
    const errors: string[] = [];
    let rounds = 0;
    const timer = {
      sleep: async (): Promise<void> => {
        if (++rounds > 40 || (await scene.isRightConfirmed())) stop.abort();
        else await liar.move();
        await world.wait(300n);
      },
    };
    const logger = { ...SILENT, error: (_fields: object, message: string) => errors.push(message) };
    await world.challenger(undefined, { game, timer, logger }).run(1000, stop.signal);
    expect(errors.filter((message) => message === "the round failed")).to.have.length(3);
    expect(await scene.isRightConfirmed()).to.equal(true);
  });

  it("plays the other games if one fails, and says which move is refused", async () => {
    const { world } = scene;
    const process = defender(async (method, [moves], send) => {
      const proofs = method === "play" && (moves as readonly Move[]).some((move) => move.type === "prove");
      if (proofs) throw new L1Error("REVERTED", "a contract refused the call", { fields: { error: "StepMismatch" } });
      return await send();
    });
    const reports: ChallengerReport[] = [];
    for (let round = 0; round < 12; round++) {
      reports.push(await process.tick());
      await liar.move();
      await world.wait(10n);
    }
    const alarms = reports.flatMap((report) => report.alarms).filter((alarm) => alarm.type === "move refused");
    expect(alarms).to.deep.equal([
      { type: "move refused", game: toHex(scene.parent), move: "prove", error: "StepMismatch" },
    ]);
    expect(movesOf(reports)).to.include.members(["open root", "descend", "open"]);
  });
});

function outcomesOf(reports: readonly ChallengerReport[], type: string): number {
  return reports
    .flatMap(({ disputes }) => disputes)
    .filter(({ outcome }) => typeof outcome === "object" && outcome.type === type).length;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
