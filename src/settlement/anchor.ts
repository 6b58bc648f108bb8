import { BASIS, MAX_PRICE } from "../machine/Constants.ts";

/** When a feed's last price is worth relaying as an anchor, and what the contract makes of it. */

/** Highest answer that the contract relays. */
const MAX_ANSWER = 2n ** 127n - 1n;
/** From USD to 1e-4 USD. */
const UNIT = 10_000n;

/** A feed's last price at the feed's own time. */
export interface Anchor {
  /** 1e-4 USD. */
  readonly price: bigint;
  /** Seconds. */
  readonly updatedAt: bigint;
}

/** When a newer price is relayed. */
export interface AnchorRule {
  /** At this age of the anchor, seconds. */
  readonly age: bigint;
  /** Or when the price is this far from the anchor, 1e-4 of the anchor. */
  readonly move: bigint;
}

/** Why an anchor is relayed. */
export type RelayReason =
  /** The market has none. */
  | "first"
  /** The last one is old. */
  | "age"
  /** The price has moved. */
  | "move";

/** The anchor that `relayAnchor` makes of a feed's last answer; undefined if it refuses. @param now Time of the block, seconds. */
export function anchorOf(
  { answer, updatedAt }: { readonly answer: bigint; readonly updatedAt: bigint },
  decimals: number,
  now: bigint,
): Anchor | undefined {
  if (answer <= 0n || answer > MAX_ANSWER || updatedAt === 0n || updatedAt > now) return undefined;
  const unit = 10n ** BigInt(decimals);
  // Half up, as the contract rounds.
  const price = (2n * answer * UNIT + unit) / (2n * unit);
  return price === 0n || price > MAX_PRICE ? undefined : { price, updatedAt };
}

/** Why `next` should take the place of `last`; undefined if it should not. @param now Time of the block, seconds. */
export function relayReason(
  last: Anchor | undefined,
  next: Anchor,
  now: bigint,
  { age, move }: AnchorRule,
): RelayReason | undefined {
  if (last === undefined) return "first";
  // INVARIANT: one round of a feed is relayed once. The rollup would take it twice, and nothing would change but the cost.
  if (next.updatedAt <= last.updatedAt) return undefined;
  if (now - last.updatedAt >= age) return "age";
  const moved = next.price > last.price ? next.price - last.price : last.price - next.price;
  return moved * BASIS >= move * last.price ? "move" : undefined;
}
