import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { equalBytes, toHex, type Hex } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { pathWithin, type HistorySource } from "../../../src/history/HistorySource.ts";
import { assertionId } from "../../../src/history/Assertion.ts";
import { History } from "../../../src/history/History.ts";
import { GameView } from "../../../src/game/GameView.ts";
import type { AssertionName } from "../../../src/game/Move.ts";
import type { Testimony } from "../../../src/game/plan.ts";
import type { ChainClient } from "../../../src/l1/ChainClient.ts";
import { deploymentGenesis, machineConfig } from "../../../src/l1/deployment.ts";
import type { GameClient } from "../../../src/l1/GameClient.ts";
import type { L1Receipt } from "../../../src/l1/L1Source.ts";
import type { TenorParameters } from "../../../src/l1/parameters.ts";
import { evidenceOf, type StepEvidence } from "../../../src/l1/proverArguments.ts";
import type { Follower } from "../../../src/roles/Follower.ts";
import { GENESIS_CURSOR, machineStateHash, type MachineState } from "../../../src/machine/MachineState.ts";
import type { StepContext } from "../../../src/machine/InputLog.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { PatchedHistory } from "../../../src/history/PatchedHistory.ts";
import { connect, type Connection } from "../baseChain.ts";
import { USDC, World } from "../tenor.ts";

/** An assertion that somebody makes: the end state that it shows and the history that it commits to. */
export interface Claim {
  readonly end: MachineState;
  readonly history: HistorySource;
}

/** The range that a family of assertions is about. */
interface Range {
  /** Id of the assertion whose children they are. */
  readonly parent: Uint8Array;
  /** What the parent's id is the hash of besides its end; zero for the genesis assertion. */
  readonly origin: Testimony["origin"];
  /** Steps from the genesis state to its start. */
  readonly before: number;
  readonly target: bigint;
}

/** What hash stands at a place where a liar has no state of the machine to show. */
export function falseState(label: string, index: number): Uint8Array {
  return keccak256(Buffer.from(`${label} at ${index}`));
}

/** How a scene differs from the local deployment. */
export interface SceneOptions extends Partial<TenorParameters> {
  /** Whether blocks may share a second of L1, for games in which every second counts. */
  readonly sharedSeconds?: boolean;
  /** Whether the sequencer posts in blobs. */
  readonly inBlobs?: boolean;
}

/**
 * A rollup whose first range is ready to be asserted. Its steps are of every kind: messages, valid, refused and malformed
 * transactions, ends of batches, a payload whose rest is garbage, and the padding, if 2^k leaves room for all that.
 */
export class GameScene {
  readonly world: World;
  /** The steps of the range, with all that proves them. */
  readonly steps: readonly ProvenStep[];
  readonly honest: Claim;
  readonly #log: Follower["log"];
  readonly #range: Range;
  readonly #evidences = new Map<string, StepEvidence>();
  readonly #games = new Map<HardhatEthersSigner, GameClient>();
  readonly #chains = new Map<HardhatEthersSigner, ChainClient>();

  private constructor(world: World, log: Follower["log"], range: Range, steps: readonly ProvenStep[], honest: Claim) {
    this.world = world;
    this.#log = log;
    this.#range = range;
    this.steps = steps;
    this.honest = honest;
  }

  /** Deploys, on a new chain or on the one given, and makes the genesis assertion's range. */
  static async launch(
    { sharedSeconds = false, inBlobs = false, ...changes }: SceneOptions = {},
    on?: Connection,
  ): Promise<GameScene> {
    const override = { allowBlocksWithSameTimestamp: sharedSeconds };
    // Its parties answer at once, so that the challenge period may be as short as a test likes.
    const quick = { reactionSeconds: 1n, censorshipSeconds: 0n };
    const connection = on ?? (await connect(override));
    const parameters = { ...quick, ...changes };
    const world = await (inBlobs ? World.launchInBlobs(parameters, connection) : World.launch(parameters, connection));
    const [alice, bob] = [await world.trader("alice"), await world.trader("bob")];
    await alice.bridge.open(alice.address, 300n * USDC);
    await bob.bridge.open(bob.address, 100n * USDC);
    await alice.inbox.enqueue(MESSAGE_FORCED, Uint8Array.of(250));
    // The genesis assertion's children are about the first batch alone.
    const garbage = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    await world.post(
      () => [
        world.transfer(alice, 1, 2, 50n * USDC, 0n),
        world.transfer(alice, 1, 2, 500n * USDC, 1n),
        world.withdraw(bob, 2, 20n * USDC, 0n),
      ],
      garbage,
    );
    const chain = world.chain(world.signers[0]!);
    const parent = (await chain.chainEvents(0, (await chain.head()).number))[0]!.id;
    const { childTarget: target } = await chain.assertionRecord(parent);

    const node = world.follower();
    await node.sync();
    await world.wait(world.parameters.minParentAgeSeconds);
    const origin = { parent: new Uint8Array(32), historyRoot: new Uint8Array(32) };
    return GameScene.#run(world, node, { parent, origin, before: 0, target });
  }

  /** Runs the machine over a range that starts `before` steps behind the genesis state. */
  static #run(world: World, { log }: Pick<Follower, "log">, range: Range): GameScene {
    const machine = new Machine(
      machineConfig(world.deployment),
      log,
      deploymentGenesis(world.deployment),
      GENESIS_CURSOR,
    );
    for (let i = 0; i < range.before; i++) machine.step(range.target);
    const history = new History(Number(world.parameters.historyHeight));
    const steps: ProvenStep[] = [];
    while (!machine.finished(range.target) && !history.full) {
      steps.push(machine.provenStep(range.target));
      history.append(machine.hash());
    }
    const end = machine.machineState();
    // What every index in the padding is proven with.
    steps.push(machine.provenStep(range.target));
    return new GameScene(world, log, range, steps, { end, history });
  }

  /** The scene of the children of the honest assertion, whose range must have more steps than its history holds. */
  async following(): Promise<GameScene> {
    const { id, historyRoot } = await this.nameOf(this.honest);
    const before = this.#range.before + this.realSteps;
    const range = { parent: id, origin: { parent: this.parent, historyRoot }, before, target: this.#range.target };
    return GameScene.#run(this.world, { log: this.#log }, range);
  }

  /** Id of the assertion whose children the game is about. */
  get parent(): Uint8Array {
    return this.#range.parent;
  }

  get height(): number {
    return this.honest.history.height;
  }

  /** m. */
  get sectionBits(): number {
    return Number(this.world.parameters.sectionBits);
  }

  /** Number of steps before the padding. */
  get realSteps(): number {
    return this.steps.length - 1;
  }

  /** The game as an account sees it. */
  game(signer: HardhatEthersSigner): GameClient {
    return remembered(this.#games, signer, () => this.world.game(signer));
  }

  /** The chain as an account sees it. */
  chain(signer: HardhatEthersSigner): ChainClient {
    return remembered(this.#chains, signer, () => this.world.chain(signer));
  }

  /** A claim that is right up to leaf `index` and wrong from there to its end. */
  async wrongFrom(index: number, label: string): Promise<Claim> {
    const end = { ...this.honest.end, stateRoot: falseState(label, -1) };
    const tail = new History(this.height);
    tail.append(machineStateHash(end));
    const overrides = new Map<number, Uint8Array>();
    if (index < 2 ** this.height - 1) overrides.set(index, falseState(label, index));
    return { end, history: new PatchedHistory(this.honest.history, overrides, { index, source: tail }) };
  }

  /** A claim with the right end and wrong states at some places before it. */
  wrongAt(indices: readonly number[], label: string): Claim {
    const overrides = new Map(indices.map((index) => [index, falseState(label, index)]));
    return { end: this.honest.end, history: new PatchedHistory(this.honest.history, overrides) };
  }

  /** What an assertion of this claim is called by. */
  async nameOf({ end, history }: Claim): Promise<AssertionName & { id: Uint8Array }> {
    const endStateHash = machineStateHash(end);
    const historyRoot = await history.node(history.height, 0);
    const id = assertionId({ parent: this.parent, endStateHash, historyRoot });
    return { game: this.parent, endStateHash, historyRoot, id };
  }

  /** Asserts. */
  async assert(signer: HardhatEthersSigner, claim: Claim): Promise<L1Receipt> {
    const { history, end } = claim;
    const chain = this.chain(signer);
    const l1Block = await chain.head();
    return await chain.assertState({
      parent: this.parent,
      end,
      historyRoot: await history.node(history.height, 0),
      lastLeafPath: await pathWithin(history, 0, 2 ** history.height - 1, history.height),
      expectedTarget: (await chain.assertionRecord(this.parent)).childTarget,
      l1Block,
    });
  }

  /** Whether the right assertion is confirmed. */
  async isRightConfirmed(): Promise<boolean> {
    const { id } = await this.nameOf(this.honest);
    return (await this.chain(this.world.signers[0]!).assertionRecord(id)).isConfirmed;
  }

  /** The transaction by which a claim is asserted with a stake of its own. */
  async assertTransaction({ history, end }: Claim): Promise<{ to: Hex; value: string; data: string }> {
    const chain = this.chain(this.world.signers[0]!);
    const { number, hash } = await chain.head();
    const data = chain.contract.interface.encodeFunctionData("assertState", [
      this.parent,
      { ...end, stateRoot: toHex(end.stateRoot) },
      await history.node(history.height, 0),
      (await pathWithin(history, 0, 2 ** history.height - 1, history.height)).map(toHex),
      (await chain.assertionRecord(this.parent)).childTarget,
      number,
      hash,
    ]);
    return {
      to: this.world.deployment.addresses.chain,
      value: `0x${this.world.parameters.stakeWei.toString(16)}`,
      data,
    };
  }

  /** What the honest party has to say. */
  get testimony(): Testimony {
    return {
      history: this.honest.history,
      origin: this.#range.origin,
      evidence: (index, inputs) => Promise.resolve(this.#evidence(Math.min(index, this.realSteps), inputs)),
    };
  }

  /** From blobs it takes a while, and liars ask for it with every move. */
  #evidence(index: number, inputs: StepContext): StepEvidence {
    const key = [index, inputs.batchCount, inputs.messageCount].join();
    let evidence = this.#evidences.get(key);
    if (evidence === undefined) {
      evidence = evidenceOf(this.steps[index]!, this.#log, inputs);
      this.#evidences.set(key, evidence);
    }
    return evidence;
  }

  /** The game as its events tell it. */
  async view(): Promise<GameView> {
    const signer = this.world.signers[0]!;
    const [game, chain] = [this.game(signer), this.chain(signer)];
    const view = new GameView(this.parent, this.height, this.sectionBits);
    const { number } = await game.head();
    for (const event of await chain.chainEvents(0, number)) {
      if (event.type !== "created" || !equalBytes(event.parent, this.parent)) continue;
      const { historyRoot } = event;
      const name = { game: this.parent, endStateHash: machineStateHash(event.end), historyRoot };
      view.apply({ type: "asserted", name }, (await chain.block(event.blockNumber))!.timestamp);
    }
    for (const event of await game.gameEvents(0, number)) {
      if (event.type === "recorded" || event.type === "refunded" || !equalBytes(event.game, this.parent)) continue;
      view.apply(event, (await game.block(event.blockNumber))!.timestamp);
    }
    return view;
  }
}

/** What was made for an account before, or is now: scenes play thousands of games. */
function remembered<T>(known: Map<HardhatEthersSigner, T>, signer: HardhatEthersSigner, make: () => T): T {
  let value = known.get(signer);
  if (value === undefined) known.set(signer, (value = make()));
  return value;
}
