import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { concat } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import type { Move, RecordedMove } from "../../../src/game/Move.ts";
import type { GameClient } from "../../../src/l1/GameClient.ts";
import { TAG_GAME_MOVE } from "../../../src/machine/Tags.ts";
import type { Connection } from "../baseChain.ts";

type Provider = Connection["ethers"]["provider"];

/** Makes the next block's base fee about as high as this. */
export async function priceGas({ networkHelpers }: Connection, wei: bigint): Promise<void> {
  await networkHelpers.setNextBlockBaseFeePerGas(wei);
  // What signers offer follows the last block.
  await networkHelpers.mine();
}

/** Sends moves from an account, in one transaction, which is one call of all if `together`. Gives the transaction's hash. */
export async function sendMoves(
  signer: HardhatEthersSigner,
  game: GameClient,
  moves: readonly Move[],
  together = false,
): Promise<string> {
  const calls = moves.map((move) => game.encode(move));
  const { interface: abi, target } = game.contract;
  const data = together ? abi.encodeFunctionData("multicall", [calls]) : calls[0]!;
  return (await signer.sendTransaction({ to: target, data })).hash;
}

/** What a transaction has cost at its block's base fee, wei. */
export async function costOf(provider: Provider, hash: string): Promise<bigint> {
  const { gasUsed, blockNumber } = (await provider.getTransactionReceipt(hash))!;
  return gasUsed * (await provider.getBlock(blockNumber))!.baseFeePerGas!;
}

/** What the moves of a transaction are paid back, wei. */
export async function paidFor(provider: Provider, game: GameClient, hash: string): Promise<bigint> {
  const { blockNumber } = (await provider.getTransactionReceipt(hash))!;
  let sum = 0n;
  for (const event of await game.gameEvents(blockNumber, blockNumber)) {
    if (event.type === "recorded" && event.transactionHash === hash) sum += event.move.amount;
  }
  return sum;
}

/** Hash of a mover's moves with one more of them: docs/specification.md, section 8. */
export function appendMove(before: Uint8Array, { node, rival, timestamp, amount }: RecordedMove): Uint8Array {
  const numbers = Buffer.from(timestamp.toString(16).padStart(16, "0") + amount.toString(16).padStart(32, "0"), "hex");
  return keccak256(concat(Uint8Array.of(TAG_GAME_MOVE), before, node, rival, numbers));
}
