import type { DataKind, Market, Offer } from "./PosterL1.ts";

/**
 * What is offered for a transaction, and for each that replaces it.
 *
 * Pools replace a pending transaction only for one that pays more in every part: by a tenth, here an eighth, and twice as much
 * if it carries blobs. So a step up costs money, and one that is not needed is not made: while an offer covers what the next block
 * asks for, the same transaction is sent again first.
 *
 * A tip is paid in full, whatever the block costs, and nobody but the endpoint says which one is usual. So what it suggests counts up
 * to a cap of its own; only replacements, each of which has to tip more than the one before, go up to a multiple of it.
 */

/** The most that is offered, for each part. */
export type FeeLimit = Offer;

/** How many times the cap of a suggested tip a replacement may tip: three doublings, which blobs take, or 17 eighths. */
const REPLACEMENT_TIPS = 8n;

/** The market with no higher tip than `tipCap`. */
export function withTipCap(market: Market, tipCap: bigint): Market {
  return { ...market, tip: smaller(market.tip, tipCap) };
}

/** The limit with no higher tip than a replacement may have. */
export function withReplacementTip(limit: FeeLimit, tipCap: bigint): FeeLimit {
  return { ...limit, maxPriorityFeePerGas: smaller(limit.maxPriorityFeePerGas, REPLACEMENT_TIPS * tipCap) };
}

/** What the next block asks for, with room for its fees to double. */
function marketOffer(kind: DataKind, { baseFee, tip, blobBaseFee }: Market): Offer {
  return {
    maxFeePerGas: 2n * baseFee + tip,
    maxPriorityFeePerGas: tip,
    maxFeePerBlobGas: kind === "blob" ? 2n * blobBaseFee : 0n,
  };
}

/** The least offer that may take the place of `previous` in every pool. */
export function leastReplacement(kind: DataKind, previous: Offer): Offer {
  const more = (fee: bigint): bigint => (kind === "blob" ? 2n * (fee > 0n ? fee : 1n) : (fee * 9n + 7n) / 8n + 1n);
  return {
    maxFeePerGas: more(previous.maxFeePerGas),
    maxPriorityFeePerGas: more(previous.maxPriorityFeePerGas),
    maxFeePerBlobGas: kind === "blob" ? more(previous.maxFeePerBlobGas) : 0n,
  };
}

/**
 * The next offer: the market's, and at least what replaces `previous`.
 *
 * @returns Undefined if that is beyond the limit. A first offer is cut to the limit instead: the market may come down to it.
 */
export function nextOffer(
  kind: DataKind,
  previous: Offer | undefined,
  market: Market,
  limit: FeeLimit,
): Offer | undefined {
  const wanted = marketOffer(kind, market);
  const least = previous === undefined ? { ...NOTHING } : leastReplacement(kind, previous);
  if (!isWithin(least, limit)) return undefined;
  const part = (name: keyof Offer): bigint => smaller(larger(wanted[name], least[name]), limit[name]);
  const maxFeePerGas = part("maxFeePerGas");
  // INVARIANT: a tip is never above the fee that it is a part of.
  const maxPriorityFeePerGas = smaller(part("maxPriorityFeePerGas"), maxFeePerGas);
  return { maxFeePerGas, maxPriorityFeePerGas, maxFeePerBlobGas: kind === "blob" ? part("maxFeePerBlobGas") : 0n };
}

/** Whether a transaction with this offer could be in the next block. */
export function covers(kind: DataKind, offer: Offer, { baseFee, blobBaseFee }: Market): boolean {
  return offer.maxFeePerGas >= baseFee && (kind === "calldata" || offer.maxFeePerBlobGas >= blobBaseFee);
}

/** Whether no part of the offer is above the limit. */
export function isWithin(offer: Offer, limit: FeeLimit): boolean {
  return PARTS.every((name) => offer[name] <= limit[name]);
}

/** Whether the market asks for more than the limit allows. */
export function isAbove(kind: DataKind, { baseFee, tip, blobBaseFee }: Market, limit: FeeLimit): boolean {
  return baseFee + tip > limit.maxFeePerGas || (kind === "blob" && blobBaseFee > limit.maxFeePerBlobGas);
}

/** The limit that the account's balance sets to a transaction: pools want all that it may cost to be there. */
export function affordable(
  kind: DataKind,
  balance: bigint,
  gasLimit: bigint,
  blobGas: bigint,
  limit: FeeLimit,
): FeeLimit {
  // Blobs first: their price is what a blob transaction fails on.
  const forBlobs = kind === "blob" && blobGas > 0n ? smaller(limit.maxFeePerBlobGas, balance / 2n / blobGas) : 0n;
  const maxFeePerGas = smaller(limit.maxFeePerGas, (balance - forBlobs * blobGas) / gasLimit);
  return {
    maxFeePerGas,
    maxPriorityFeePerGas: smaller(limit.maxPriorityFeePerGas, maxFeePerGas),
    maxFeePerBlobGas: forBlobs,
  };
}

const PARTS = ["maxFeePerGas", "maxPriorityFeePerGas", "maxFeePerBlobGas"] as const satisfies readonly (keyof Offer)[];
const NOTHING: Offer = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n, maxFeePerBlobGas: 0n };

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
