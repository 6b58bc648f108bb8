import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { toHex } from "../../../src/crypto/bytes.ts";
import { pathWithin } from "../../../src/history/HistorySource.ts";
import { History } from "../../../src/history/History.ts";
import { assertionId } from "../../../src/history/Assertion.ts";
import { machineStateHash, type MachineState } from "../../../src/machine/MachineState.ts";
import type { Move } from "../../../src/game/Move.ts";
import type { Arena } from "../../../test/support/game/Arena.ts";
import type { Claim, GameScene } from "../../../test/support/game/GameScene.ts";
import type { Relay } from "../../../typechain/index.ts";

/** Enough for any call, and what a block of L1 lets one have. */
const GAS = 2n ** 24n;

/** Something that is played and recorded. */
export interface Story {
  readonly name: string;
  /** Base fees, wei, at which it is tried besides zero. */
  readonly baseFees?: readonly bigint[];
  play(stage: Stage): Promise<void>;
}

/** Where a story is played: a deployment with time in the story's hands, so that a recording has the same times whenever it is made. */
export class Stage {
  readonly arena: Arena;
  readonly relay: Relay;

  constructor(arena: Arena, relay: Relay) {
    this.arena = arena;
    this.relay = relay;
  }

  get scene(): GameScene {
    return this.arena.scene;
  }

  /** Has the next transaction so many seconds behind the last one. */
  async tick(seconds = 7): Promise<void> {
    const { time } = this.scene.world.connection.networkHelpers;
    await time.setNextBlockTimestamp((await time.latest()) + seconds);
  }

  /** Has the next transaction at this time. */
  async at(time: bigint): Promise<void> {
    await this.scene.world.connection.networkHelpers.time.setNextBlockTimestamp(time);
  }

  signer(number: number): HardhatEthersSigner {
    return this.scene.world.signers[number]!;
  }

  /** Asserts a claim. */
  async assert(signer: HardhatEthersSigner, claim: Claim, seconds = 7): Promise<void> {
    await this.tick(seconds);
    await this.scene.assert(signer, claim);
  }

  /** Calls the chain, and says whether it was taken. */
  async callChain(
    signer: HardhatEthersSigner,
    name: "withdrawStake" | "sweep" | "confirm" | "payRefund" | "assertState",
    args: readonly unknown[],
    value = 0n,
  ): Promise<boolean> {
    const { contract } = this.scene.chain(signer);
    const data = contract.interface.encodeFunctionData(name as "sweep", [...args] as [string]);
    return this.#send(signer, this.scene.world.deployment.addresses.chain, data, value);
  }

  /** Calls the game, and says whether it was taken. */
  callGame(signer: HardhatEthersSigner, data: string): Promise<boolean> {
    return this.#send(signer, this.scene.world.deployment.addresses.game, data, 0n);
  }

  /** Makes a move through a contract. */
  async relayMove(signer: HardhatEthersSigner, move: Move): Promise<boolean> {
    const { game } = this.scene.world.deployment.addresses;
    const data = this.relay.interface.encodeFunctionData("relay", [game, this.scene.game(signer).encode(move)]);
    return this.#send(signer, await this.relay.getAddress(), data, 0n);
  }

  /** Asserts a state of which only the end is shown, with so many wei, and gives the assertion's id. */
  async assertEnd(
    signer: HardhatEthersSigner,
    parent: Uint8Array,
    fields: Partial<MachineState>,
    value: bigint,
  ): Promise<{ id: Uint8Array; endStateHash: Uint8Array; historyRoot: Uint8Array; isTaken: boolean }> {
    const { height } = this.scene;
    const chain = this.scene.chain(signer);
    const { childTarget } = await chain.assertionRecord(parent);
    const end = { ...this.scene.honest.end, batch: childTarget, offset: 0, items: 0, part: 0, ...fields };
    const endStateHash = machineStateHash(end);
    const history = new History(height);
    history.append(endStateHash);
    const historyRoot = history.node(height, 0);
    const path = await pathWithin(history, 0, 2 ** height - 1, height);
    const { number, hash } = await chain.head();
    const shown = { ...end, stateRoot: toHex(end.stateRoot) };
    const args = [parent, shown, historyRoot, path.map(toHex), childTarget, number, hash];
    const isTaken = await this.callChain(signer, "assertState", args, value);
    return { id: assertionId({ parent, endStateHash, historyRoot }), endStateHash, historyRoot, isTaken };
  }

  async #send(signer: HardhatEthersSigner, to: string, data: string, value: bigint): Promise<boolean> {
    const quantity = (number: bigint): string => `0x${number.toString(16)}`;
    const call = { from: signer.address, to, data, value: quantity(value), gas: quantity(GAS) };
    // What is refused is in a block all the same, and in the recording.
    return this.scene.world.connection.provider.request({ method: "eth_sendTransaction", params: [call] }).then(
      () => true,
      () => false,
    );
  }
}
