import {
  BASIS,
  PRICE_TO_CASH,
  PUT_INITIAL,
  PUT_MAINTENANCE,
  RISK_INITIAL,
  RISK_MAINTENANCE,
  RISK_OTM,
} from "./Constants.ts";
import { mark, PHASE_EXPIRED, PHASE_FIXED, PHASE_FRESH, quote, type ExpiryView } from "./Marks.ts";
import { payoff, type Position } from "./Positions.ts";
import { ceilDivide, groupRequirement } from "./Requirement.ts";

/**
 * Standard margin: docs/specification.md, section 6.7. Charges are in 1e-8 USD per contract, sums of them times quantities
 * in 1e-14 USDC, and rounded up to cash once for each (market, expiry).
 */

/** What positions need, in 1e-6 USDC. */
export interface Requirements {
  /** To add risk. */
  readonly initial: bigint;
  /** Not to be liquidated. */
  readonly maintenance: bigint;
}

/** The view of an expiry, market u8 ‖ day u16. */
export type ViewOf = (expiry: number) => ExpiryView;

/** 1e-14 USDC divided by this is cash. */
const CHARGE_TO_CASH = 10n ** 8n;

/** An amount for the initial and one for the maintenance requirement. */
type Pair = readonly [initial: bigint, maintenance: bigint];

/** Which of a {@link Pair}. */
type Kind = 0 | 1;

/** What is left of a short position after pairing. */
interface Short {
  readonly position: Position;
  /** What a contract of it is charged alone, 1e-8 USD. */
  readonly charge: bigint;
  quantity: bigint;
}

/** The requirement of a list on standard margin: per (market, expiry), by the phase of its view, summed. */
export function requirements(positions: readonly Position[], viewOf: ViewOf): Requirements {
  let initial = 0n;
  let maintenance = 0n;
  for (const [start, end] of groups(positions)) {
    const pair = groupRequirements(positions, start, end, viewOf(positions[start]!.expiry));
    initial += pair[0];
    maintenance += pair[1];
  }
  return { initial, maintenance };
}

/** What a list is worth at its marks, in 1e-6 USDC, rounded down. Needs a mark of each expiry. */
export function valueDown(positions: readonly Position[], viewOf: ViewOf): bigint {
  let value = 0n;
  for (const { series, expiry, quantity } of positions) value += quantity * mark(viewOf(expiry), series);
  return value < 0n ? -ceilDivide(-value, PRICE_TO_CASH) : value / PRICE_TO_CASH;
}

/** First and last + 1 index of each run of positions of one (market, expiry). */
function* groups(positions: readonly Position[]): Generator<readonly [start: number, end: number]> {
  for (let start = 0; start < positions.length;) {
    const { expiry } = positions[start]!;
    let end = start + 1;
    while (end < positions.length && positions[end]!.expiry === expiry) end++;
    yield [start, end];
    start = end;
  }
}

function groupRequirements(positions: readonly Position[], start: number, end: number, view: ExpiryView): Pair {
  if (view.phase === PHASE_FRESH) return freshRequirements(positions.slice(start, end), view);
  if (view.phase === PHASE_FIXED) {
    const loss = ceilDivide(lossAt(positions, start, end, view.price), PRICE_TO_CASH);
    return [loss, loss];
  }
  const scan = groupRequirement(positions, start, end, view.anchor);
  if (view.phase !== PHASE_EXPIRED || view.forward === 0n) return [scan, scan];
  // SAFETY: the forward of the last smile may be half an hour older than the expiry. What the spot has moved since counts too,
  // or the passing of the expiry would free what that move has cost. Nor must it bring about an auction, at marks that
  // everybody knows to be over: for maintenance, the owner has the benefit of the doubt.
  const frozen = expiredCharges(positions, start, end, view.forward);
  const live = expiredCharges(positions, start, end, view.live);
  return [least(scan, most(frozen[0], live[0])), least(scan, least(frozen[1], live[1]))];
}

/** What positions are charged that wait for their price, if it were `forward`: their loss there, and the charge of each short. */
function expiredCharges(positions: readonly Position[], start: number, end: number, forward: bigint): Pair {
  let initial = lossAt(positions, start, end, forward) * BASIS;
  let maintenance = initial;
  for (let i = start; i < end; i++) {
    const position = positions[i]!;
    if (position.quantity >= 0n) continue;
    initial -= position.quantity * riskCharge(position, forward);
    maintenance -= position.quantity * RISK_MAINTENANCE * forward;
  }
  return [toCash(initial), toCash(maintenance)];
}

/** What the positions lose if all expire at `price`, in 1e-10 USDC, not below zero. */
function lossAt(positions: readonly Position[], start: number, end: number, price: bigint): bigint {
  let value = 0n;
  for (let i = start; i < end; i++) value += positions[i]!.quantity * payoff(positions[i]!, price);
  return value < 0n ? -value : 0n;
}

/** Both requirements by the smallest of the three rules. */
function freshRequirements(group: readonly Position[], view: ExpiryView): Pair {
  if (group.every((position) => position.quantity > 0n)) return [0n, 0n];
  const initial = smallestRule(group, view, 0);
  // INVARIANT 6: smaller charges leave more shorts alone, which may add up to more than the scan of the spreads.
  return [initial, least(initial, smallestRule(group, view, 1))];
}

/**
 * The smallest of the three rules for the initial (0) or the maintenance (1) requirement. INVARIANT 6: none of them asks
 * more for a book to which a long has been added, so their minimum does not either; docs/risk.md, section 3 says why.
 */
function smallestRule(group: readonly Position[], view: ExpiryView, kind: Kind): bigint {
  const calls = group.filter((position) => !position.put);
  const puts = group.filter((position) => position.put).reverse();
  const callPairs = pair(calls, view, kind);
  const putPairs = pair(puts, view, kind);
  const unpaired = chargeOf(callPairs.shorts);
  const rule1 = callPairs.cost + putPairs.cost + unpaired + chargeOf(putPairs.shorts);
  const rule3 = unpaired + scanLoss(group, callPairs.shorts) * BASIS;
  const net = calls.reduce((sum, { quantity }) => sum + quantity, 0n);
  if (net < 0n) return toCash(least(rule1, rule3));
  const rule2 = scanLoss(group, NOTHING) * BASIS;
  return toCash(least(rule1, least(rule2, rule3)));
}

const NOTHING: readonly Short[] = [];

/**
 * Walks options of one type once, calls up and puts down the strikes, and covers each short unit by a long one. A long that
 * comes first covers for nothing, for it is worth more at every price; one that comes later leaves the width of the
 * spread. Shorts nearest in strike are covered first. A short is not covered by a long so far away that the spread could
 * lose what the short alone is charged, nor by any that comes later still: it stays alone.
 *
 * @returns what the covered ones cost, 1e-14 USDC, and all shorts that no earlier long covered, with what stayed alone of them.
 */
function pair(walk: readonly Position[], view: ExpiryView, kind: Kind): { cost: bigint; shorts: readonly Short[] } {
  const shorts: Short[] = [];
  // Those of the shorts that a long may still cover.
  const stack: Short[] = [];
  let longs = 0n;
  let cost = 0n;
  for (const position of walk) {
    if (position.quantity < 0n) {
      const open = -position.quantity;
      const covered = least(open, longs);
      longs -= covered;
      if (covered === open) continue;
      const short = { position, charge: isolatedCharge(position, view)[kind], quantity: open - covered };
      shorts.push(short);
      stack.push(short);
      continue;
    }
    let available = position.quantity;
    while (available > 0n && stack.length > 0) {
      const short = stack[stack.length - 1]!;
      const distance = position.strike - short.position.strike;
      const width = BASIS * (distance < 0n ? -distance : distance);
      const covered = width < short.charge ? least(available, short.quantity) : 0n;
      cost += covered * width;
      available -= covered;
      short.quantity -= covered;
      if (covered === 0n || short.quantity === 0n) stack.pop();
    }
    longs += available;
  }
  return { cost, shorts };
}

function chargeOf(shorts: readonly Short[]): bigint {
  return shorts.reduce((sum, { charge, quantity }) => sum + charge * quantity, 0n);
}

/** What a short of the series is charged alone, in 1e-8 USD per contract. */
function isolatedCharge(position: Position, view: ExpiryView): Pair {
  const { forward } = view;
  const fair = quote(view, position.series).mark;
  const initial = riskCharge(position, forward) + BASIS * fair;
  if (!position.put) return [initial, RISK_MAINTENANCE * forward + BASIS * fair];
  const maintenance = RISK_MAINTENANCE * (forward > fair ? forward : fair) + BASIS * fair;
  const least = ceilDivide(PUT_INITIAL * maintenance, PUT_MAINTENANCE);
  return [initial > least ? initial : least, maintenance];
}

/** The part of an initial charge that does not depend on the mark, in 1e-8 USD per contract. */
function riskCharge(position: Position, forward: bigint): bigint {
  const difference = position.put ? forward - position.strike : position.strike - forward;
  const outOfTheMoney = difference > 0n ? difference : 0n;
  const charge = RISK_OTM * forward - BASIS * outOfTheMoney;
  const floor = RISK_INITIAL * forward;
  return charge > floor ? charge : floor;
}

/**
 * The largest loss at expiry over 0 and every strike of the group, less the units of `without`, in 1e-10 USDC, not below
 * zero. Beyond the highest strike it grows with the net short calls alone, which the rules charge apart.
 */
function scanLoss(group: readonly Position[], without: readonly Short[]): bigint {
  let value = 0n;
  let slope = 0n;
  for (const { put, strike, quantity } of group) {
    if (!put) continue;
    value += quantity * strike;
    slope -= quantity;
  }
  let lowest = value;
  let price = 0n;
  // Both lists ascend by strike.
  let next = 0;
  for (const position of group) {
    value += slope * (position.strike - price);
    price = position.strike;
    if (value < lowest) lowest = value;
    slope += position.quantity;
    if (without[next]?.position === position) slope += without[next++]!.quantity;
  }
  return lowest < 0n ? -lowest : 0n;
}

function toCash(amount: bigint): bigint {
  return ceilDivide(amount, CHARGE_TO_CASH);
}

function most(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
