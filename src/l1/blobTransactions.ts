import { decodeRlp, encodeRlp, keccak256 } from "ethers";
import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import { blobProof, blobToCommitment, cellProofs, versionedHash } from "../crypto/kzg.ts";
import type { Fees } from "./fees.ts";
import type { TransactionSigner, UnsignedBlobTransaction } from "./TransactionSigner.ts";

/** Blob transactions (type 3): what is signed, and what travels beside it. */

/** Wrapper of the blobs: 0 has one proof for each (EIP-4844), 1 has 128 cell proofs for each (EIP-7594). */
export type SidecarVersion = 0 | 1;

/** What a blob transaction offers for its gas, wei. */
export interface BlobFees extends Fees {
  readonly maxFeePerBlobGas: bigint;
}

/** What travels with a blob transaction until it is in a block. */
export interface Sidecar {
  readonly version: SidecarVersion;
  /** 131,072 bytes each. */
  readonly blobs: readonly Uint8Array[];
  /** 48 bytes each, one for each blob. */
  readonly commitments: readonly Uint8Array[];
  /** 48 bytes each: one for each blob, or 128 for each, in the order of the blobs. */
  readonly proofs: readonly Uint8Array[];
  /** 32 bytes each, one for each blob: what the transaction names them by. */
  readonly versionedHashes: readonly Uint8Array[];
}

/** The call that a blob transaction makes. */
export interface BlobTransactionRequest {
  readonly chainId: bigint;
  readonly nonce: number;
  readonly to: Hex;
  readonly data: Hex;
  /** Wei. Default 0. */
  readonly value?: bigint;
  readonly gasLimit: bigint;
}

/** A signed transaction. */
export interface SignedBlobTransaction {
  /** By which L1 knows it. It covers the versioned hashes, not what travels beside them. */
  readonly hash: Hex;
  /** What `eth_sendRawTransaction` takes: the transaction in its wrapper with blobs, commitments and proofs. */
  readonly raw: Hex;
}

/**
 * Commits to blobs and proves them. The cell proofs of version 1 take about a quarter of a second for each blob.
 *
 * @param blobs 131,072 bytes each, every field element below the field's order.
 * @throws {@link KzgError}
 */
export function makeSidecar(blobs: readonly Uint8Array[], version: SidecarVersion): Sidecar {
  const commitments = blobs.map(blobToCommitment);
  const proofs =
    version === 1
      ? blobs.flatMap((blob) => cellProofs(blob))
      : blobs.map((blob, i) => blobProof(blob, commitments[i]!));
  return { version, blobs, commitments, proofs, versionedHashes: commitments.map(versionedHash) };
}

/**
 * Signs a blob transaction. The sidecar is not part of what is signed: a replacement at other fees takes the same one.
 *
 * @throws {@link SignerError}
 */
export async function signBlobTransaction(
  signer: TransactionSigner,
  request: BlobTransactionRequest,
  fees: BlobFees,
  sidecar: Sidecar,
): Promise<SignedBlobTransaction> {
  const { chainId, nonce, to, data, gasLimit, value = 0n } = request;
  const { maxFeePerGas, maxPriorityFeePerGas, maxFeePerBlobGas } = fees;
  const unsigned: UnsignedBlobTransaction = {
    type: 3,
    chainId,
    nonce,
    to,
    value,
    data,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas,
    maxFeePerBlobGas,
    blobVersionedHashes: sidecar.versionedHashes.map(toHex),
  };
  const signed = await signer.sign(unsigned);
  return { hash: keccak256(signed) as Hex, raw: wrap(signed, sidecar) };
}

/**
 * The network form, as EIP-4844 and EIP-7594 define it:
 *
 * | version | bytes                                                                          |
 * | ------- | ------------------------------------------------------------------------------ |
 * | 0       | `03 ‖ rlp([transaction, blobs, commitments, proofs])`                          |
 * | 1       | `03 ‖ rlp([transaction, 1, blobs, commitments, cell proofs of all blobs])`     |
 */
function wrap(signed: Hex, { version, blobs, commitments, proofs }: Sidecar): Hex {
  const transaction = decodeRlp(fromHex(signed).subarray(1));
  const parts = [[...blobs], [...commitments], [...proofs]];
  const wrapper = encodeRlp(version === 1 ? [transaction, "0x01", ...parts] : [transaction, ...parts]);
  return `0x03${wrapper.slice(2)}`;
}
