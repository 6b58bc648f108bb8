import { BYTES_PER_BLOB } from "../../src/machine/BlobPayload.ts";

/** What a fill costs on L1, in full batches: gas, and ether at stated fees. */

/** Execution of a batch in one blob: the bound that the design sets, not a measurement; the blob itself is paid in blob gas. */
const BLOB_BATCH_GAS = 60_000;
/** Blob gas of a blob (EIP-4844). */
const GAS_PER_BLOB = 131_072;
/** A blob's gas costs at least this part of the base fee: BLOB_BASE_COST / GAS_PER_BLOB (EIP-7918). */
const BLOB_FEE_FLOOR = 8_192 / GAS_PER_BLOB;
/** A transaction, and the floor price of a byte of calldata that is not zero (EIP-7623). */
const TRANSACTION_GAS = 21_000;
const FLOOR_GAS_PER_BYTE = 40;
/** Bytes of the calldata batches that are reckoned with: what nodes' pools take of one transaction, less what is not payload. */
const CALLDATA_BATCH = 120_000;

/** Fees of L1, gwei. */
interface FeeLevel {
  readonly name: string;
  readonly base: number;
  /** Before the floor of EIP-7918. */
  readonly blob: number;
}

const FEE_LEVELS: readonly FeeLevel[] = [
  { name: "quiet: base fee 1 gwei, blobs at their floor", base: 1, blob: 1e-9 },
  { name: "busy: base fee 10 gwei, blobs 1 gwei", base: 10, blob: 1 },
  { name: "crowded: base fee 50 gwei, blobs 10 gwei", base: 50, blob: 10 },
];

/** What others pay for one trade, and what a fill's bytes and gas are set against. Sources: their contracts and batches, measured. */
export const PEERS = {
  /** Gas of a matched trade on Derive v2's own chain. */
  deriveTradeGas: 937_550,
  /** Posted bytes of a transaction on Base, of which a trade between two orders would be two. */
  baseTransactionBytes: 131,
  /** Posted bytes of a two-order trade of Loopring 3, which proves signatures instead of posting them. */
  loopringTradeBytes: 28,
} as const;

/** Costs of a fill at one level of fees. */
export interface FillCost {
  readonly level: string;
  /** Gas and blob gas, in gas at the base fee. */
  readonly blobGas: number;
  readonly calldataGas: number;
  /** Gwei. */
  readonly blobGwei: number;
  readonly calldataGwei: number;
}

/** Whole fills of `bytes` each that a blob carries. */
export function fillsPerBlob(bytes: number): number {
  return Math.floor(BYTES_PER_BLOB / bytes);
}

/** What fills of `bytes` each cost in full batches. Calldata is reckoned as if no byte were zero. */
export function fillCosts(bytes: number): FillCost[] {
  const [inBlob, inCalldata] = [fillsPerBlob(bytes), Math.floor(CALLDATA_BATCH / bytes)];
  const calldataGas = (TRANSACTION_GAS + FLOOR_GAS_PER_BYTE * CALLDATA_BATCH) / inCalldata;
  return FEE_LEVELS.map(({ name, base, blob }) => {
    const blobFee = Math.max(blob, base * BLOB_FEE_FLOOR);
    const blobGwei = (BLOB_BATCH_GAS * base + GAS_PER_BLOB * blobFee) / inBlob;
    return { level: name, blobGas: blobGwei / base, calldataGas, blobGwei, calldataGwei: calldataGas * base };
  });
}
