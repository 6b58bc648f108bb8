import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { toHex, type Hex } from "../../../src/crypto/bytes.ts";
import { planMoves } from "../../../src/game/plan.ts";
import { History } from "../../../src/history/History.ts";
import type { L1Receipt } from "../../../src/l1/L1Source.ts";
import { machineStateHash } from "../../../src/machine/MachineState.ts";
import type { Challenger } from "../../../src/roles/Challenger.ts";
import type { ChallengerReport } from "../../../src/roles/ChallengerReport.ts";
import { falseState, type Claim, type GameScene } from "./GameScene.ts";

/** Somebody who claims what is wrong and plays for it as well as it can be done: whatever can be opened is opened at once. */
export class Adversary {
  readonly claim: Claim;
  readonly signer: HardhatEthersSigner;
  readonly #scene: GameScene;

  constructor(scene: GameScene, signer: HardhatEthersSigner, claim: Claim) {
    this.#scene = scene;
    this.signer = signer;
    this.claim = claim;
  }

  /** The assertion's id. */
  async id(): Promise<Hex> {
    return toHex((await this.#scene.nameOf(this.claim)).id);
  }

  /** Asserts. */
  assert(): Promise<L1Receipt> {
    return this.#scene.assert(this.signer, this.claim);
  }

  /** Returns what asserts a child of this assertion, which is as wrong as it. */
  async child(label: string): Promise<(signer: HardhatEthersSigner) => Promise<L1Receipt>> {
    const { id } = await this.#scene.nameOf(this.claim);
    const chain = this.#scene.chain(this.signer);
    const { childTarget } = await chain.assertionRecord(id);
    const end = { ...this.claim.end, batch: childTarget, stateRoot: falseState(label, -1) };
    const history = new History(this.#scene.height);
    history.append(machineStateHash(end));
    return async (signer) =>
      this.#scene.chain(signer).assertState({
        parent: id,
        end,
        historyRoot: history.root(),
        lastLeafPath: history.lastLeafPath(),
        expectedTarget: childTarget,
        l1Block: await chain.head(),
      });
  }

  /** Makes all moves that its side needs, but for proofs, of which it has none. Returns how many. */
  async move(): Promise<number> {
    const view = await this.#scene.view();
    const plan = await planMoves(view, { ...this.#scene.testimony, history: this.claim.history });
    const moves = plan.moves.filter((move) => move.type !== "prove");
    if (moves.length > 0) await this.#scene.game(this.signer).play(moves);
    return moves.length;
  }
}

/** Types of all moves that a challenger has made, in order. */
export function movesOf(reports: readonly ChallengerReport[]): string[] {
  return reports.flatMap(({ disputes }) =>
    disputes.flatMap(({ outcome }) => (typeof outcome === "object" && outcome.type === "played" ? outcome.moves : [])),
  );
}

/** Makes gas cost what it may on L1: on an empty chain it soon costs nothing, and then no refund is worth a claim. */
export async function dearGas({ world }: GameScene): Promise<void> {
  await world.connection.networkHelpers.setNextBlockBaseFeePerGas(20n * 10n ** 9n);
}

/**
 * Rounds of a challenger and its adversaries in turn, some time apart, until the right assertion is confirmed. Returns the reports.
 *
 * @param challenger One for each round, so that the caller may start a new one.
 */
export async function playOut(
  scene: GameScene,
  challenger: () => Challenger,
  adversaries: readonly Adversary[],
  seconds = 200n,
): Promise<readonly ChallengerReport[]> {
  const reports: ChallengerReport[] = [];
  for (let round = 0; round < 200; round++) {
    await dearGas(scene);
    const report = await challenger().tick();
    reports.push(report);
    // Perhaps somebody else has done it.
    if (await scene.isRightConfirmed()) return reports;
    // What is decided takes no further moves.
    for (const adversary of adversaries) await adversary.move();
    await scene.world.wait(seconds);
  }
  throw new Error("the right assertion was not confirmed");
}
