import type { Hex } from "../crypto/bytes.ts";
import { canSend } from "./JsonRpc.ts";
import type { L1Client } from "./L1Client.ts";

/** What a mined transaction has cost, wei. */
export interface TransactionCost {
  readonly execution: bigint;
  readonly blobs: bigint;
}

/** What of a receipt matters here, as endpoints return it. */
interface RawReceipt {
  readonly blockHash: string;
  readonly gasUsed: string;
  readonly effectiveGasPrice: string;
  readonly blobGasUsed?: string | null;
  readonly blobGasPrice?: string | null;
}

/**
 * What a transaction has cost that is mined in the block of that hash; undefined if the endpoint does not say so, or of blobs does not
 * say the price.
 *
 * @throws L1Error if the endpoint does not answer.
 */
export async function transactionCost(
  client: L1Client,
  transactionHash: Hex,
  blockHash: Hex,
): Promise<TransactionCost | undefined> {
  const { provider } = client;
  if (!canSend(provider)) return undefined;
  const receipt = (await client.read("read a receipt", () =>
    provider.send("eth_getTransactionReceipt", [transactionHash]),
  )) as RawReceipt | null;
  if (receipt?.blockHash !== blockHash) return undefined;
  const execution = BigInt(receipt.gasUsed) * BigInt(receipt.effectiveGasPrice);
  const { blobGasUsed: used, blobGasPrice: price } = receipt;
  if (typeof used === "string" && typeof price === "string") return { execution, blobs: BigInt(used) * BigInt(price) };
  // Simulators leave out what blobs cost, so that a transaction with blobs would look cheaper than it is.
  return (await client.transaction(transactionHash)).blobHashes.length === 0 ? { execution, blobs: 0n } : undefined;
}
