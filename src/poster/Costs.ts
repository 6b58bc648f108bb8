import { blobCount } from "../machine/BlobPayload.ts";
import type { DataKind, Market, PostReceipt } from "./PosterL1.ts";

/** What a batch costs on L1: gas by the schedule, and wei by the market. */

/** Blob gas of one blob (EIP-4844). */
export const GAS_PER_BLOB = 131_072n;
/** Gas of any transaction. */
const TRANSACTION = 21_000n;
/** Gas of a byte of calldata that runs code. */
const ZERO_BYTE = 4n;
const OTHER_BYTE = 16n;
/**
 * The inbox's own work for a batch, within 20,000 gas, since every second batch begins a word or two; and for each byte of
 * calldata that it hashes. Measured on the contract: test/scenarios/poster/costs.test.ts.
 */
const APPEND = 34_000n;
const HASHED_BYTE = 7n;
/** Bytes of the call beside the payload: numbers in words of 32 bytes. */
const HEAD_ZEROS = 150n;
const HEAD_OTHERS = 14n;
/** The protocol's cap on the gas of a transaction (EIP-7825). */
const GAS_CAP = 1n << 24n;

/** Least gas for each byte of calldata, whatever the transaction executes. */
export interface CalldataFloor {
  readonly zeroByte: bigint;
  readonly otherByte: bigint;
}

/** Of today (EIP-7623). */
export const FLOOR_TODAY: CalldataFloor = { zeroByte: 10n, otherByte: 40n };
/** Of the fork after Osaka (EIP-7976). */
export const FLOOR_NEXT_FORK: CalldataFloor = { zeroByte: 64n, otherByte: 64n };

/** What a transaction uses. */
export interface Usage {
  readonly gas: bigint;
  readonly blobGas: bigint;
}

/** What appending the payload as calldata uses: execution, or the floor if that is more. */
export function calldataUsage(payload: Uint8Array, floor: CalldataFloor): Usage {
  let zeros = HEAD_ZEROS;
  for (const byte of payload) if (byte === 0) zeros++;
  const length = BigInt(payload.length);
  const others = length + HEAD_ZEROS + HEAD_OTHERS - zeros;
  const executed = TRANSACTION + ZERO_BYTE * zeros + OTHER_BYTE * others + APPEND + HASHED_BYTE * length;
  const least = TRANSACTION + floor.zeroByte * zeros + floor.otherByte * others;
  return { gas: executed > least ? executed : least, blobGas: 0n };
}

/** What appending a payload of `length` bytes in blobs uses. */
export function blobUsage(length: number): Usage {
  const head = ZERO_BYTE * HEAD_ZEROS + OTHER_BYTE * HEAD_OTHERS;
  return { gas: TRANSACTION + head + APPEND, blobGas: GAS_PER_BLOB * BigInt(blobCount(length)) };
}

/** What a transaction to oneself uses; one of the blob kind carries one blob. */
export function cancelUsage(kind: DataKind): Usage {
  return { gas: TRANSACTION, blobGas: kind === "blob" ? GAS_PER_BLOB : 0n };
}

/** What the usage costs at the next block's price, wei. */
export function priceOf({ gas, blobGas }: Usage, { baseFee, tip, blobBaseFee }: Market): bigint {
  return gas * (baseFee + tip) + blobGas * blobBaseFee;
}

/** The gas limit for a usage, with room for what the estimate does not know. */
export function gasLimitOf({ gas }: Usage): bigint {
  const limit = (gas * 5n) / 4n + 30_000n;
  return limit < GAS_CAP ? limit : GAS_CAP;
}

/** What a mined transaction has cost, wei. */
export function costOf({ gasUsed, gasPrice, blobGasUsed, blobGasPrice }: PostReceipt): {
  readonly execution: bigint;
  readonly blobs: bigint;
} {
  return { execution: gasUsed * gasPrice, blobs: blobGasUsed * blobGasPrice };
}
