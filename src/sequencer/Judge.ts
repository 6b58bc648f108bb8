import { equalBytes } from "../crypto/bytes.ts";
import { IOC_WINDOW, MAKER_FEE } from "../machine/Constants.ts";
import { inWindow, type MachineConfig } from "../machine/Execution.ts";
import { accrue, exceedsMaximum } from "../machine/Fees.ts";
import { quantityOf } from "../machine/Positions.ts";
import { expiryTime, isSpent, SCOPE_TRADE, type Account, type Market } from "../machine/Slots.ts";
import type { State } from "../machine/State.ts";
import { orderDigest } from "../machine/TypedData.ts";
import { tenorClass } from "./BatchRules.ts";
import { refuse, type Refusal } from "./Refusal.ts";
import { holdsTerms, rangeRefusal, seriesOf, wireRefusal, type SignedOrder } from "./SignedOrder.ts";

/**
 * Whether an order may come into the book: everything that the machine would hold against it whoever the counterparty is,
 * plus the wire's limits. What depends on the moment of the fill (cash, margin, caps, budget) the machine judges then.
 */

/** What orders are judged against. */
export interface Situation {
  readonly config: MachineConfig;
  readonly state: State;
  /** The L2 time by which the machine judges, seconds. */
  readonly now: bigint;
  /** The open batch's own L2 time, seconds. */
  readonly l2Time: bigint;
  /** Trading in a series ends this many seconds before its expiry. */
  readonly expiryMargin: bigint;
  /** Bounds of the time at which the open batch is mined, seconds. */
  readonly l1Times: readonly [earliest: bigint, latest: bigint];
}

/** What is left of an order, 1e-6 contract, or why it may not come in. */
export function judgeOrder(situation: Situation, order: SignedOrder): bigint | Refusal {
  const { state, now } = situation;
  const { terms } = order;
  const outOfRange = rangeRefusal(order);
  if (outOfRange !== undefined) return outOfRange;
  const market = state.openMarket(terms.market);
  if (market === undefined) return refuse("MarketUnknown");
  if (market.anchor === 0n) return refuse("AnchorMissing");
  if (now >= expiryTime(terms.expiryDay)) return refuse("SeriesExpired");
  if (isClosing(situation, terms.expiryDay)) return refuse("SeriesClosing");
  if (state.openExpiry((terms.market << 16) | terms.expiryDay).price !== 0n) return refuse("PriceFixed");
  const refusal = termsRefusal(situation, order, market) ?? authorityRefusal(situation, order);
  if (refusal !== undefined) return refusal;
  const account = state.openAccount(terms.account)!;
  const remaining = remainingOf(state, order);
  if (typeof remaining !== "bigint") return remaining;
  if (remaining <= 0n) return refuse("Duplicate");
  const held = quantityOf(account.positions, seriesOf(terms));
  if (terms.reduceOnly && reducible(account, order) === 0n) return refuse("ReduceOnlyGrows");
  if (held === 0n && isOffGrid(situation, order, market)) return refuse("SeriesOffGrid");
  return remaining;
}

/** Whether trading in an expiry day has ended, since a batch of this L2 time might be mined behind the expiry instant. */
export function isClosing(situation: Pick<Situation, "l2Time" | "expiryMargin">, day: number): boolean {
  return situation.l2Time + situation.expiryMargin >= expiryTime(day);
}

/** Why an order that was good may not fill any more, if so: its nonce, its account's floor, its key, its time. */
export function deadRefusal(situation: Situation, order: SignedOrder): Refusal | undefined {
  if (order.terms.deadline < situation.now) return refuse("Expired");
  if (isClosing(situation, order.terms.expiryDay)) return refuse("SeriesClosing");
  const refusal = authorityRefusal(situation, order);
  if (refusal !== undefined && refusal.reason !== "AccountInDebt") return refusal;
  const remaining = remainingOf(situation.state, order);
  return typeof remaining === "bigint" ? undefined : remaining;
}

/** What is left of an order after the fills that the state knows, or why nothing can be. */
export function remainingOf(state: State, order: SignedOrder): bigint | Refusal {
  const { account, nonce, quantity } = order.terms;
  const slot = state.openOrder(account, nonce);
  if (slot === undefined || slot.nonce < nonce) return quantity;
  if (slot.nonce > nonce) return refuse("NonceRetired");
  if (isSpent(slot) || !holdsTerms(slot, order)) return refuse("NonceUsed");
  return quantity - slot.filled;
}

/** The most of a reduce-only order that the machine would let fill now, 1e-6 contract. */
export function reducible(account: Account, order: SignedOrder): bigint {
  const held = quantityOf(account.positions, seriesOf(order.terms));
  const most = order.terms.isSell ? held : -held;
  return most > 0n ? most : 0n;
}

/** Whether an order's maximum covers the maker's fee at its own limit. An order that doesn't would be in the way only. */
export function coversMakerFee(order: SignedOrder, market: Market): boolean {
  const { limitPrice, quantity, maxFee } = order.terms;
  return !exceedsMaximum(accrue(0n, MAKER_FEE, market.anchor, limitPrice, quantity), maxFee, quantity);
}

function termsRefusal(situation: Situation, order: SignedOrder, market: Market): Refusal | undefined {
  const { terms } = order;
  if (terms.quantity === 0n) return refuse("QuantityInvalid");
  if (terms.limitPrice === 0n) return refuse("PriceInvalid");
  const onWire = wireRefusal(order, market, situation.l2Time);
  if (onWire !== undefined) return onWire;
  if (terms.deadline < situation.now) return refuse("Expired");
  const immediate = terms.immediateOrCancel || terms.fillOrKill;
  if (terms.postOnly && immediate) return refuse("FlagsContradict");
  if (terms.immediateOrCancel && terms.deadline > situation.now + IOC_WINDOW) return refuse("ImmediateRests");
  return undefined;
}

function authorityRefusal(situation: Situation, order: SignedOrder): Refusal | undefined {
  const { config, state, now } = situation;
  const { terms, keyIndex, keyEpoch, signature } = order;
  const account = state.openAccount(terms.account);
  if (account === undefined) return refuse("AccountUnknown");
  if (!inWindow(account, terms.nonce)) return refuse("NonceOutOfWindow");
  let address = account.owner;
  if (keyIndex !== 0) {
    const key = state.openKey(terms.account, keyIndex);
    if (key === undefined || (key.scope & SCOPE_TRADE) === 0 || key.expiry < now || key.epoch !== keyEpoch) {
      return refuse("KeyInvalid");
    }
    address = key.address;
  }
  const signer = config.recover(orderDigest(config.domain, terms, keyIndex, keyEpoch), signature);
  if (signer === undefined || !equalBytes(signer, address)) return refuse("BadSignature");
  return account.debt > 0n ? refuse("AccountInDebt") : undefined;
}

/** Whether a new position in the series would be off the grid at either bound of the L1 time. */
function isOffGrid(situation: Situation, order: SignedOrder, market: Market): boolean {
  const { strike } = order.terms;
  return situation.l1Times.some((time) => {
    const tenor = tenorClass(seriesOf(order.terms), time);
    if (tenor === 3) return true;
    const step = market.steps[tenor];
    return strike === 0n || strike % market.tick !== 0n || strike % step !== 0n;
  });
}
