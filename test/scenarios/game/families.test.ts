import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { toHex, type Hex } from "../../../src/crypto/bytes.ts";
import type { HistorySource } from "../../../src/history/HistorySource.ts";
import { PatchedHistory } from "../../../src/history/PatchedHistory.ts";
import { machineStateOf } from "../../../src/roles/Execution.ts";
import { Dispute } from "../../support/game/Dispute.ts";
import { assertionId } from "../../../src/history/Assertion.ts";
import { History } from "../../../src/history/History.ts";
import { machineStateHash, type MachineState } from "../../../src/machine/MachineState.ts";
import { Arena } from "../../support/game/Arena.ts";
import { Table } from "../../support/game/exhaustive.ts";
import { falseState, GameScene, type Claim } from "../../support/game/GameScene.ts";
import { Liar, STYLES } from "../../support/game/adversaries.ts";
import { HonestParty } from "../../support/game/HonestParty.ts";
import { bound, play } from "../../support/game/play.ts";
import { Player } from "../../support/game/Player.ts";
import { Random } from "../../support/random.ts";
import { expectRefused } from "../../support/tenor.ts";

const DELAY = 60;
const STAKE = 10n ** 18n;

describe("Threat 11: families of wrong assertions, and the stakes behind them", () => {
  let table: Table;
  let arena: Arena;

  before(async () => {
    table = await Table.set(4, 2);
  });

  beforeEach(async () => {
    arena = await table.clear();
  });

  const signer = (i: number): HardhatEthersSigner => arena.scene.world.signers[i]!;
  const idOf = async (claim: Claim): Promise<Uint8Array> => (await arena.scene.nameOf(claim)).id;

  /** A wrong claim about the range behind another assertion. */
  async function childClaim(parent: Uint8Array, label: string): Promise<Claim> {
    const { childTarget } = await arena.scene.chain(signer(0)).assertionRecord(parent);
    const end: MachineState = { ...arena.scene.honest.end, stateRoot: falseState(label, 0), batch: childTarget };
    const history = new History(arena.scene.height);
    history.append(falseState(label, 1));
    history.append(machineStateHash(end));
    return { end, history };
  }

  /** Asserts under any parent. Returns the assertion's id. */
  async function assertUnder(
    who: HardhatEthersSigner,
    parent: Uint8Array,
    { end, history }: Claim,
  ): Promise<Uint8Array> {
    const chain = arena.scene.chain(who);
    const { childTarget } = await chain.assertionRecord(parent);
    const historyRoot = await history.node(history.height, 0);
    const lastLeafPath = (history as History).lastLeafPath();
    await tick();
    await chain.assertState({
      parent,
      end,
      historyRoot,
      lastLeafPath,
      expectedTarget: childTarget,
      l1Block: await chain.head(),
    });
    return assertionId({ parent, endStateHash: machineStateHash(end), historyRoot });
  }

  /** The next transaction comes at the arena's time. */
  const tick = (): Promise<void> => arena.scene.world.connection.networkHelpers.time.setNextBlockTimestamp(arena.now);

  async function balance(): Promise<bigint> {
    const { connection, deployment } = arena.scene.world;
    return await connection.ethers.provider.getBalance(deployment.addresses.chain);
  }

  /** A second range for children to be about. */
  async function nextRange(): Promise<void> {
    arena.now = Number(await arena.scene.world.now()) + 400;
    await tick();
    await arena.scene.world.post();
    arena.now = Number(await arena.scene.world.now()) + 1;
  }

  it("a wrong family two generations deep, with rivals in each, loses all its stakes, and the chain pays everybody", async () => {
    const [honest, wrong] = [new Player(arena, signer(5), arena.scene.honest), await arena.scene.wrongFrom(5, "a")];
    const start = arena.now;
    await honest.assert();
    arena.now += 10;
    await arena.assert(signer(6), wrong);
    arena.now += 10;
    await honest.open();
    await nextRange();
    const parent = await idOf(wrong);
    const children = [await childClaim(parent, "b"), await childClaim(parent, "c"), await childClaim(parent, "d")];
    const ids: Uint8Array[] = [];
    // The first liar's stake moves along; the others pay.
    for (const [i, claim] of children.entries()) ids.push(await assertUnder(signer(6 + i), parent, claim));
    await nextRange();
    const grandchildren = [await childClaim(ids[0]!, "e"), await childClaim(ids[0]!, "f")];
    await assertUnder(signer(6), ids[0]!, grandchildren[0]!);
    await assertUnder(signer(9), ids[0]!, grandchildren[1]!);
    expect(await balance(), "a stake for each leaf").to.equal(5n * STAKE);

    // Only the honest one can be confirmed, so nothing below the wrong one ever is.
    arena.now = start + arena.challengePeriod + 60;
    const name = { game: parent, endStateHash: machineStateHash(children[0]!.end) };
    const historyRoot = await children[0]!.history.node(4, 0);
    expect(await arena.send(signer(6), [{ type: "confirm", updates: [], ...name, historyRoot }])).to.equal(
      "ParentNotConfirmed",
    );
    expect(await honest.confirm()).to.equal(undefined);
    expect(await honest.confirm()).to.equal("AlreadyConfirmed");
    for (const i of [6, 7, 8, 9]) expect(await arena.withdraw(signer(i)), `liar ${i}`).to.equal("StakeInUse");
    expect(await arena.withdraw(signer(5))).to.equal(undefined);
    expect(await arena.withdraw(signer(5)), "twice").to.equal("NoStake");

    // What the first family has lost goes to the treasury; the rest belongs to families that are never decided.
    arena.now += arena.challengePeriod;
    await tick();
    await arena.scene.chain(signer(0)).contract.sweep(arena.scene.parent);
    expect(await balance()).to.equal(3n * STAKE);
    await tick();
    await expectRefused(arena.scene.chain(signer(6)).withdrawStake(signer(6).address as Hex), "StakeInUse");
  });

  it("a stake is free once its assertion has a child, whoever made it, and not before; nobody is behind two rivals", async () => {
    const wrong = await arena.scene.wrongFrom(5, "a");
    await arena.assert(signer(5), arena.scene.honest);
    await expectRefused(arena.scene.assert(signer(5), wrong), "StakeInUse");
    expect(await arena.withdraw(signer(5))).to.equal("StakeInUse");
    await nextRange();
    const parent = await idOf(arena.scene.honest);
    await assertUnder(signer(7), parent, await childClaim(parent, "b"));
    expect(await arena.withdraw(signer(5))).to.equal(undefined);
    expect(await arena.withdraw(signer(5))).to.equal("NoStake");
    expect(await balance(), "the child's").to.equal(STAKE);
  });

  it("threat 3: the same claim in two games is two nodes", async () => {
    const wrong = await arena.scene.wrongFrom(5, "a");
    await arena.assert(signer(5), arena.scene.honest);
    await arena.assert(signer(6), wrong);
    await nextRange();
    const [under, over] = [await idOf(arena.scene.honest), await idOf(wrong)];
    const claim = await childClaim(under, "same");
    const other = await childClaim(under, "other");
    for (const [i, parent] of [under, over].entries()) await assertUnder(signer(7 + i), parent, claim);
    // Only the first game has rivals.
    await assertUnder(signer(9), under, other);
    const { history, end } = claim;
    const endStateHash = machineStateHash(end);
    const historyRoot = (history as History).root();
    const children = [0, 1, 2, 3].map((index) => (history as History).node(2, index));
    const openRoot = (game: Uint8Array) => ({ type: "open root", game, endStateHash, historyRoot, children }) as const;
    const game = arena.scene.game(signer(0));
    const send = async (of: Uint8Array): Promise<string | undefined> => {
      await tick();
      return await game.play([openRoot(of)]).then(
        () => undefined,
        (error: unknown) => (error as { fields: { error: string } }).fields.error,
      );
    };
    expect(await send(over)).to.equal("NotRivalled");
    expect(await send(under)).to.equal(undefined);
    expect(toHex(under)).to.not.equal(toHex(over));
    expect(await send(over), "opening it there has not opened it here").to.equal("NotRivalled");
  });
});

describe("Threat 12: a range of more steps than a history holds", () => {
  it("is disputed part by part: the second part's first state is proven from the first part's end", async () => {
    // Eight steps, four to a history.
    const table = await Table.set(2, 1);
    const arena = await table.clear();
    const { signers } = arena.scene.world;
    const game = async (of: Arena, index: number): Promise<void> => {
      const start = of.now;
      const claim = await of.scene.wrongFrom(index, "liar");
      const random = new Random(1);
      const liar = new Liar({
        name: "liar",
        signer: signers[6 + index]!,
        claim,
        style: STYLES.lazy,
        assertAt: start,
        random,
      });
      const honest = new HonestParty({
        signer: signers[5]!,
        delay: () => DELAY,
        combined: true,
        assertAt: start + 100,
      });
      const { confirmedAfter } = await play(of, { honest, liars: [liar], bystander: signers[14]! });
      expect(confirmedAfter <= bound(of, DELAY, true)).to.equal(true);
    };
    const record = async (): Promise<{ isOverflow: boolean; childTarget: bigint }> =>
      await arena.scene.chain(signers[0]!).assertionRecord((await arena.scene.nameOf(arena.scene.honest)).id);
    await game(arena, 1);
    expect(await record()).to.include({ isOverflow: true, childTarget: 1n });
    const second = await arena.scene.following();
    expect(second.realSteps).to.equal(4);
    await game(await Arena.enter(second), 0);
    const last = second.chain(signers[0]!);
    expect(await last.assertionRecord((await second.nameOf(second.honest)).id)).to.include({ isOverflow: false });
  });
});

describe("Threat 12: a batch that comes between a parent and its children", () => {
  it("is none of theirs: claims that include it are refused, proofs go on, and it is their children's", async () => {
    const scene = await GameScene.launch({ historyHeight: 6n, sectionBits: 2n });
    const { world } = scene;
    const [alice, bob] = [world.signers[6]!, world.signers[7]!];
    const chain = scene.chain(bob);
    // The parent's children are about the first batch. A second one is there before anybody asserts.
    await world.post();
    const { childTarget } = await chain.assertionRecord(scene.parent);
    expect(childTarget).to.equal(1n);

    const follower = world.follower();
    await follower.sync();
    const beyond = machineStateOf(follower.snapshotAt(2n)!);
    const history = new History(scene.height);
    for (const { post } of scene.steps.slice(0, scene.realSteps)) history.append(machineStateHash(post));
    history.append(machineStateHash(beyond));
    await expectRefused(scene.assert(bob, { end: beyond, history }), "EndBeyondTarget");
    const l1Block = await chain.head();
    const call = {
      parent: scene.parent,
      end: beyond,
      historyRoot: history.root(),
      lastLeafPath: history.lastLeafPath(),
      expectedTarget: 2n,
      l1Block,
    };
    await expectRefused(chain.assertState(call), "TargetMismatch");
    // The same with an end that looks as if it stood at the target.
    const dispute = await Dispute.begin(scene, { end: { ...beyond, batch: childTarget }, history: await disguised() });

    async function disguised(): Promise<HistorySource> {
      const last = new History(scene.height);
      last.append(machineStateHash({ ...beyond, batch: childTarget }));
      return new PatchedHistory(scene.honest.history, new Map(), { index: scene.realSteps, source: last });
    }

    const proof = await dispute.toProof();
    expect(proof.position.index, "the identity, not the next batch").to.equal(scene.realSteps);
    // More batches come while the proof is on its way.
    await world.post();
    await world.post();
    await dispute.send([await dispute.toConfirmation(proof)]);
    expect(await scene.isRightConfirmed()).to.equal(true);
    const { id } = await scene.nameOf(scene.honest);
    expect((await chain.assertionRecord(id)).childTarget).to.equal(2n);
    expect(alice.address).to.equal(dispute.alice.address);
  });
});
