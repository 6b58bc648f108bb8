import type { Provider } from "ethers";
import { sendIfKnown } from "./JsonRpc.ts";

/** What a transaction offers for its gas, wei. */
export interface Fees {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

/** Most that a gas may cost unless the operator says otherwise: 1,000 gwei. */
export const MAX_FEE_PER_GAS = 1_000_000_000_000n;

/**
 * Most that an endpoint's word for the tip counts: 5 gwei. SAFETY: the base fee is checked by L1, a tip is paid as offered; who needs more
 * gets there by replacements.
 */
export const MAX_SUGGESTED_TIP = 5_000_000_000n;

/** What the next block's base fee asks for, with room for it to double, and the tip that the endpoint suggests, within reason. */
export async function marketFees(provider: Provider): Promise<Fees> {
  const [data, next] = await Promise.all([provider.getFeeData(), nextBaseFee(provider)]);
  const suggested = data.maxPriorityFeePerGas ?? 1n;
  const maxPriorityFeePerGas = suggested < MAX_SUGGESTED_TIP ? suggested : MAX_SUGGESTED_TIP;
  const base = larger((data.maxFeePerGas ?? suggested) - suggested, 2n * next);
  return { maxFeePerGas: base + maxPriorityFeePerGas, maxPriorityFeePerGas };
}

/** The base fee that the next block must have; the newest one's may be an eighth lower. Zero if the endpoint does not say. */
async function nextBaseFee(provider: Provider): Promise<bigint> {
  const history = (await sendIfKnown(provider, "eth_feeHistory", ["0x1", "latest", []])) as
    FeeHistory | null | undefined;
  return BigInt(history?.baseFeePerGas?.at(-1) ?? 0);
}

interface FeeHistory {
  /** One for each block, and one for the next. */
  readonly baseFeePerGas?: readonly string[];
}

/** An eighth more, in both parts of the price: nodes ask for a tenth before they replace a transaction. */
export function raised({ maxFeePerGas, maxPriorityFeePerGas }: Fees): Fees {
  const more = (fee: bigint): bigint => (fee * 9n) / 8n + 1n;
  return { maxFeePerGas: more(maxFeePerGas), maxPriorityFeePerGas: more(maxPriorityFeePerGas) };
}

/** The larger of both, part by part. */
export function atLeast(a: Fees, b: Fees): Fees {
  return {
    maxFeePerGas: larger(a.maxFeePerGas, b.maxFeePerGas),
    maxPriorityFeePerGas: larger(a.maxPriorityFeePerGas, b.maxPriorityFeePerGas),
  };
}

/** What does not exceed `most`, part by part. */
export function atMost({ maxFeePerGas, maxPriorityFeePerGas }: Fees, most: bigint): Fees {
  const smaller = (fee: bigint): bigint => (fee < most ? fee : most);
  return { maxFeePerGas: smaller(maxFeePerGas), maxPriorityFeePerGas: smaller(maxPriorityFeePerGas) };
}

/** Whether an offer may take the place of another in nodes' pools. */
export function outbids(offer: Fees, other: Fees): boolean {
  const least = raised(other);
  return offer.maxFeePerGas >= least.maxFeePerGas && offer.maxPriorityFeePerGas >= least.maxPriorityFeePerGas;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
