import type { Provider } from "ethers";
import { BLOB, G1_POINT, versionedHash } from "../crypto/kzg.ts";
import { signBlobTransaction, type Sidecar, type SidecarVersion } from "./blobTransactions.ts";
import { translateError } from "./ContractErrors.ts";
import { canSend, refusalOf, sendIfKnown, type RpcProvider } from "./JsonRpc.ts";
import { L1Error } from "./L1Error.ts";
import { LocalSigner } from "./TransactionSigner.ts";

/** What the network behind an endpoint takes and asks for blobs. */

/** How many blobs a block has, and how fast their price moves: EIP-7840. */
export interface BlobSchedule {
  readonly target: bigint;
  readonly max: bigint;
  readonly updateFraction: bigint;
}

/** Of the main network since January 2026, for endpoints that do not say (EIP-7892). */
const LAST_SCHEDULE: BlobSchedule = { target: 14n, max: 21n, updateFraction: 11_684_671n };

/** Gas of a blob, and what its price is held up by (EIP-7918). */
const GAS_PER_BLOB = 1n << 17n;
const BLOB_BASE_COST = 1n << 13n;

/** Name of the precompile that came with the fork that brought the cell proofs. */
const OSAKA_PRECOMPILE = "P256VERIFY";

/** Of a transaction that no block can contain, for it offers no gas; the account has never had anything. */
const PROBE_KEY = "11".repeat(32);

/**
 * The wrapper that an endpoint takes now, which is asked again when one is refused: a fork may have come.
 *
 * 1. An endpoint with `eth_config` (EIP-7910) says which fork is active: 1 from Osaka on, which is known by its precompile.
 * 2. Any other is given a transaction that can never be mined, in wrapper 1. If it can't read that it is 0, if it refuses it for
 *    anything else it is 1.
 *
 * @throws {@link L1Error} `REQUEST_REFUSED` if it reads neither, or has no blobs.
 */
export async function detectSidecarVersion(provider: Provider): Promise<SidecarVersion> {
  if (!canSend(provider)) throw new L1Error("REQUEST_REFUSED", "the provider does not pass requests on");
  const config = await ask("read the fork", () => currentConfig(provider));
  if (config !== undefined) {
    if (config.blobSchedule === undefined || config.blobSchedule === null) {
      throw new L1Error("REQUEST_REFUSED", "the network has no blobs");
    }
    return OSAKA_PRECOMPILE in (config.precompiles ?? {}) ? 1 : 0;
  }
  const chainId = BigInt((await ask("read the chain id", () => provider.send("eth_chainId", []))) as string);
  for (const version of [1, 0] as const) {
    if (await reads(provider, chainId, version)) return version;
  }
  throw new L1Error("REQUEST_REFUSED", "the endpoint reads no blob transaction in either wrapper");
}

/**
 * What a unit of blob gas costs in the next block, wei.
 *
 * The sources in order: `eth_feeHistory`, which has the next block's fee behind the newest's; `eth_blobBaseFee`, which some
 * endpoints answer for the newest block; the newest block's header, by EIP-4844 and EIP-7918 with the schedule of `eth_config`.
 *
 * @throws {@link L1Error} `REQUEST_REFUSED` if the network has no blobs.
 */
export async function blobBaseFee(provider: Provider): Promise<bigint> {
  const action = "read the price of blobs";
  const history = (await ask(action, () => sendIfKnown(provider, "eth_feeHistory", ["0x1", "latest", []]))) as {
    readonly baseFeePerBlobGas?: readonly string[];
  } | null;
  const fees = history?.baseFeePerBlobGas;
  if (fees?.length === 2) return BigInt(fees[1]!);
  const fee = await ask(action, () => sendIfKnown(provider, "eth_blobBaseFee", []));
  if (typeof fee === "string") return BigInt(fee);
  const [block, config] = await ask(action, () =>
    Promise.all([provider.getBlock("latest"), canSend(provider) ? currentConfig(provider) : undefined]),
  );
  const { excessBlobGas, blobGasUsed, baseFeePerGas } = block ?? {};
  if (typeof excessBlobGas !== "bigint" || typeof blobGasUsed !== "bigint") {
    throw new L1Error("REQUEST_REFUSED", "the network has no blobs");
  }
  const schedule = scheduleOf(config);
  return feeOfExcess(
    nextExcess({ excessBlobGas, blobGasUsed, baseFeePerGas: baseFeePerGas ?? 0n }, schedule),
    schedule,
  );
}

/** What a header says of blobs. */
export interface BlobHeader {
  readonly excessBlobGas: bigint;
  readonly blobGasUsed: bigint;
  readonly baseFeePerGas: bigint;
}

/** The excess of the block after `header`: EIP-4844, and where execution costs more than blobs, EIP-7918. */
export function nextExcess(header: BlobHeader, schedule: BlobSchedule): bigint {
  const { target, max } = schedule;
  const { excessBlobGas, blobGasUsed, baseFeePerGas } = header;
  const sum = excessBlobGas + blobGasUsed;
  if (sum < target * GAS_PER_BLOB) return 0n;
  const isHeldUp = BLOB_BASE_COST * baseFeePerGas > GAS_PER_BLOB * feeOfExcess(excessBlobGas, schedule);
  return isHeldUp ? excessBlobGas + (blobGasUsed * (max - target)) / max : sum - target * GAS_PER_BLOB;
}

/** Wei per unit of blob gas at an excess: e^(excess / fraction), as EIP-4844 approximates it. */
export function feeOfExcess(excess: bigint, { updateFraction }: BlobSchedule): bigint {
  let sum = 0n;
  let term = updateFraction;
  for (let i = 1n; term > 0n; i++) {
    sum += term;
    term = (term * excess) / (updateFraction * i);
  }
  return sum / updateFraction;
}

/** Of EIP-7910, what is needed here. */
interface ForkConfig {
  readonly blobSchedule?: {
    readonly target: number | string;
    readonly max: number | string;
    readonly baseFeeUpdateFraction: number | string;
  } | null;
  readonly precompiles?: Readonly<Record<string, string>>;
}

async function currentConfig(provider: RpcProvider): Promise<ForkConfig | undefined> {
  const answer = (await sendIfKnown(provider, "eth_config", [])) as { readonly current?: ForkConfig } | undefined;
  return answer?.current;
}

function scheduleOf(config: ForkConfig | undefined): BlobSchedule {
  const schedule = config?.blobSchedule;
  if (schedule === undefined || schedule === null) return LAST_SCHEDULE;
  return {
    target: BigInt(schedule.target),
    max: BigInt(schedule.max),
    updateFraction: BigInt(schedule.baseFeeUpdateFraction),
  };
}

/** What endpoints say to bytes that they can't read; all else is said of a transaction that was read. */
const UNREADABLE = /rlp|decod|unexpected (string|list)|deseriali|wrapper|sidecar version|proof (type|version)/i;
const INVALID_PARAMS = -32602;

async function reads(provider: RpcProvider, chainId: bigint, version: SidecarVersion): Promise<boolean> {
  const fees = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, maxFeePerBlobGas: 0n };
  const call = { chainId, nonce: 0, to: `0x${"00".repeat(20)}`, data: "0x", gasLimit: 0n } as const;
  const { raw } = await signBlobTransaction(new LocalSigner(PROBE_KEY), call, fees, emptySidecar(version));
  try {
    await provider.send("eth_sendRawTransaction", [raw]);
    return true;
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw translateError(error, "find out which blobs are taken");
    return refusal.code !== INVALID_PARAMS && !UNREADABLE.test(refusal.message);
  }
}

/** One blob of zeros: its polynomial is zero, so its commitment and all its proofs are the point at infinity. */
export function emptySidecar(version: SidecarVersion): Sidecar {
  const infinity = new Uint8Array(G1_POINT);
  infinity[0] = 0xc0;
  return {
    version,
    blobs: [new Uint8Array(BLOB)],
    commitments: [infinity],
    proofs: Array.from({ length: version === 1 ? 128 : 1 }, () => infinity),
    versionedHashes: [versionedHash(infinity)],
  };
}

async function ask<T>(action: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translateError(error, action);
  }
}
