import { Wallet, type BaseWallet, type JsonRpcProvider, type TransactionResponse } from "ethers";
import { toHex, type Hex } from "../../src/crypto/bytes.ts";
import { blobToCommitment, versionedHash } from "../../src/crypto/kzg.ts";
import type { BlobSource } from "../../src/derive/BlobSource.ts";
import { makeSidecar, signBlobTransaction } from "../../src/l1/blobTransactions.ts";
import type { L1Block } from "../../src/l1/L1Source.ts";
import { LocalSigner } from "../../src/l1/TransactionSigner.ts";
import type { RollupInbox } from "../../typechain/index.ts";
import type { Connection } from "./baseChain.ts";

/** The hash by which a transaction names a blob. */
export function hashOfBlob(blob: Uint8Array): Uint8Array {
  return versionedHash(blobToCommitment(blob));
}

/** Blobs that somebody has kept. */
export class MemoryBlobs implements BlobSource {
  readonly #blobs = new Map<Hex, Uint8Array>();
  /** What was asked for, in order. */
  readonly asked: { readonly hash: Hex; readonly block: number }[] = [];

  /** @returns Its hash. */
  keep(blob: Uint8Array): Uint8Array {
    const hash = hashOfBlob(blob);
    this.#blobs.set(toHex(hash), blob);
    return hash;
  }

  forget(hash: Uint8Array): void {
    this.#blobs.delete(toHex(hash));
  }

  /** Answers for `hash` with what is not that blob. */
  confuse(hash: Uint8Array, other: Uint8Array): void {
    this.#blobs.set(toHex(hash), other);
  }

  async blob(hash: Uint8Array, { number }: L1Block): Promise<Uint8Array | undefined> {
    this.asked.push({ hash: toHex(hash), block: number });
    return Promise.resolve(this.#blobs.get(toHex(hash)));
  }
}

/**
 * Sends calldata with blobs, with one proof for each as the simulator wants them. It takes blobs only in raw transactions, so whoever
 * sends them needs a key; and only with an empty mempool, since it mines each at once.
 */
export async function sendWithBlobs(
  wallet: BaseWallet,
  to: string,
  data: string,
  blobs: readonly Uint8Array[],
  options: { readonly gasLimit?: bigint; readonly nonce?: number } = {},
): Promise<TransactionResponse> {
  const provider = wallet.provider as JsonRpcProvider;
  const [block, { chainId }, nonce] = await Promise.all([
    provider.getBlock("latest"),
    provider.getNetwork(),
    options.nonce ?? wallet.getNonce(),
  ]);
  const { hash, raw } = await signBlobTransaction(
    new LocalSigner(wallet.privateKey),
    { chainId, nonce, to: to as Hex, data: data as Hex, gasLimit: options.gasLimit ?? 1_000_000n },
    { maxFeePerGas: 2n * block!.baseFeePerGas! + 1n, maxPriorityFeePerGas: 1n, maxFeePerBlobGas: 10n ** 9n },
    makeSidecar(blobs, 0),
  );
  await provider.send("eth_sendRawTransaction", [raw]);
  return (await provider.getTransaction(hash))!;
}

/** A sequencer's wallet, the same one in every run, with ether to spend. */
export async function blobWallet({ ethers, networkHelpers }: Connection): Promise<Wallet> {
  const wallet = new Wallet(`0x${"b10b".repeat(16)}`, ethers.provider);
  await networkHelpers.setBalance(wallet.address, 10n ** 22n);
  return wallet;
}

/** What `appendBlobBatch` is told. */
export interface BlobBatchArguments {
  readonly index: bigint | number;
  readonly messagesRead: bigint | number;
  readonly l2Time: bigint | number;
  readonly length: number;
}

/** Appends a batch in blobs. */
export async function appendBlobBatch(
  wallet: BaseWallet,
  inbox: RollupInbox,
  { index, messagesRead, l2Time, length }: BlobBatchArguments,
  blobs: readonly Uint8Array[],
): Promise<TransactionResponse> {
  const data = inbox.interface.encodeFunctionData("appendBlobBatch", [index, messagesRead, l2Time, length]);
  return sendWithBlobs(wallet, await inbox.getAddress(), data, blobs);
}
