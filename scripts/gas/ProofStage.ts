import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { fromHex, type Hex } from "../../src/crypto/bytes.ts";
import { TenorError } from "../../src/errors.ts";
import { GameView, type GameChange } from "../../src/game/GameView.ts";
import { nodeAt } from "../../src/game/GameNode.ts";
import type { Move } from "../../src/game/Move.ts";
import { planMoves, type StepProof, type Testimony } from "../../src/game/plan.ts";
import { History } from "../../src/history/History.ts";
import { contextArgument } from "../../src/l1/proverArguments.ts";
import { GameClient } from "../../src/l1/GameClient.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import type { StepContext } from "../../src/machine/InputLog.ts";
import { machineStateHash } from "../../src/machine/MachineState.ts";
import type { ProvenStep } from "../../src/machine/Step.ts";
import { PatchedHistory } from "../../src/history/PatchedHistory.ts";
import { sendMoves } from "../../test/support/game/gasOfMoves.ts";
import { filler } from "./state.ts";
import type { SimulatedL1 } from "./SimulatedL1.ts";

const HEIGHT = 26;
/** m: fewest hashes in all. What a proof costs does not depend on it. */
const BITS = 5;

/**
 * A game with the deployment's prover over inputs that are in no inbox: any step can be brought into dispute in it, as a leaf of
 * histories of 2^26 states.
 */
export class ProofStage {
  readonly #client: GameClient;
  readonly #mover: HardhatEthersSigner;
  readonly #inputs: StepContext;
  #games = 0;

  private constructor(client: GameClient, mover: HardhatEthersSigner, inputs: StepContext) {
    this.#client = client;
    this.#mover = mover;
    this.#inputs = inputs;
  }

  /** Deploys the game. */
  static async make(l1: SimulatedL1, inputs: StepContext): Promise<ProofStage> {
    const { ethers } = l1.connection;
    const deployer = l1.signers.at(-1)!;
    const from = await deployer.getAddress();
    const address = ethers.getCreateAddress({ from, nonce: (await deployer.getNonce()) + 1 });
    const stage = await ethers.deployContract("GameStage", [address, HEIGHT, contextArgument(inputs)], deployer);
    const { prover } = l1.deployment.addresses;
    const parameters = { chain: stage, inbox: stage, prover, sectionBits: BITS, refundPriceCap: 0 };
    await ethers.deployContract("BisectionGame", [parameters], deployer);
    return new ProofStage(new GameClient(new L1Client(ethers.provider), address as Hex), deployer, inputs);
  }

  get address(): string {
    return this.#client.contract.target as string;
  }

  /**
   * Brings a step into dispute, and gives the calldata that proves it. The one who proves has moved in the game before.
   *
   * @param index Number of the leaf in the history. The more zero bits it ends with, the longer is the path to the state before.
   */
  async dispute(step: ProvenStep, proof: StepProof, index: number): Promise<string> {
    const game = filler(32, ++this.#games);
    const pre: [number, Uint8Array] = [index - 1, machineStateHash(step.pre)];
    const padding = new History(HEIGHT);
    padding.append(filler(32, 0));
    const right = new PatchedHistory(padding, new Map([pre, [index, machineStateHash(step.post)]]));
    const wrong = new PatchedHistory(padding, new Map([pre, [index, filler(32, index)]]));
    const testimony = (history: PatchedHistory): Testimony => ({
      history,
      origin: { parent: filler(32, 0), historyRoot: filler(32, 0) },
      evidence: () => Promise.resolve(proof),
    });

    const view = new GameView(game, HEIGHT, BITS);
    for (const history of [right, wrong]) {
      const name = { game, endStateHash: filler(32, 0), historyRoot: await history.node(HEIGHT, 0) };
      view.apply({ type: "asserted", name });
    }
    for (;;) {
      const { moves } = await planMoves(view, testimony(right));
      const proving = moves.find((move) => move.type === "prove");
      await this.#play(
        view,
        moves.filter((move) => move !== proving),
      );
      if (proving !== undefined) return this.#client.encode(proving);
      const answer = (await planMoves(view, testimony(wrong))).moves.filter((move) => move.type !== "prove");
      await this.#play(view, answer);
    }
  }

  async #play(view: GameView, moves: readonly Move[]): Promise<void> {
    if (moves.length === 0) return;
    // Past the client, which would estimate the gas of each: several times the work of carrying it out.
    await sendMoves(this.#mover, this.#client, moves, true);
    for (const move of moves) view.apply(changeOf(view, move, this.#inputs));
  }
}

function changeOf(view: GameView, move: Move, inputs: StepContext): GameChange {
  switch (move.type) {
    case "record inputs":
      return { type: "inputs", inputs };
    case "open root":
      return { type: "opened", node: fromHex(view.root(move.historyRoot)!.id), children: move.children };
    case "open":
      return { type: "opened", node: nodeAt(move.position, move.span), children: move.children };
    case "descend": {
      const { position, index } = move;
      const [nodeA, nodeB] = [nodeAt(position, move.a.span), nodeAt(position, move.b.span)];
      return { type: "descended", nodeA, nodeB, index };
    }
    default:
      throw new TenorError("GAS", "a move that the stage does not make", { fields: { type: move.type } });
  }
}
