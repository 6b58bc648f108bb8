import {
  BASIS,
  NAKED_INITIAL,
  NAKED_MAINTENANCE,
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

/** Some quantity of a short position. */
interface Short {
  readonly position: Position;
  readonly charge: Pair;
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
  // or the passing of the expiry would free what that move has cost.
  const frozen = expiredCharges(positions, start, end, view.forward);
  const live = expiredCharges(positions, start, end, view.live);
  return [least(scan, most(frozen[0], live[0])), least(scan, most(frozen[1], live[1]))];
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

/** The smallest of the three rules. */
function freshRequirements(group: readonly Position[], view: ExpiryView): Pair {
  if (group.every((position) => position.quantity > 0n)) return [0n, 0n];
  const calls = group.filter((position) => !position.put);
  const puts = group.filter((position) => position.put).reverse();
  const callPairs = pair(calls, view);
  const putPairs = pair(puts, view);
  const unpaired = chargeOf(callPairs.left);
  const unpairedPuts = chargeOf(putPairs.left);
  const net = callPairs.left.reduce((sum, short) => sum + short.quantity, 0n);
  const scan = scanLoss(group, NOTHING) * BASIS;
  const rest = net === 0n ? scan : scanLoss(group, callPairs.left) * BASIS;
  const total = (i: 0 | 1, naked: bigint): bigint => {
    const rule1 = callPairs.cost[i] + putPairs.cost[i] + unpaired[i] + unpairedPuts[i];
    const rule2 = scan + naked * view.forward * net;
    const rule3 = unpaired[i] + rest;
    return toCash(least(rule1, least(rule2, rule3)));
  };
  return [total(0, NAKED_INITIAL), total(1, NAKED_MAINTENANCE)];
}

const NOTHING: readonly Short[] = [];

/**
 * Walks options of one type once, calls up and puts down the strikes, and covers each short unit by a long one. A long that
 * comes first covers for nothing, for it is worth more at every price; one that comes later leaves the width of the
 * spread, or what the short alone is charged if that is less. Shorts nearest in strike are covered first.
 */
function pair(walk: readonly Position[], view: ExpiryView): { cost: Pair; left: readonly Short[] } {
  const left: Short[] = [];
  let longs = 0n;
  let [initial, maintenance] = [0n, 0n];
  for (const position of walk) {
    if (position.quantity < 0n) {
      const open = -position.quantity;
      const covered = least(open, longs);
      longs -= covered;
      if (covered < open) left.push({ position, charge: isolatedCharge(position, view), quantity: open - covered });
      continue;
    }
    let available = position.quantity;
    while (available > 0n && left.length > 0) {
      const short = left[left.length - 1]!;
      const covered = least(available, short.quantity);
      const distance = position.strike - short.position.strike;
      const width = BASIS * (distance < 0n ? -distance : distance);
      initial += covered * least(short.charge[0], width);
      maintenance += covered * least(short.charge[1], width);
      available -= covered;
      short.quantity -= covered;
      if (short.quantity === 0n) left.pop();
    }
    longs += available;
  }
  return { cost: [initial, maintenance], left };
}

function chargeOf(shorts: readonly Short[]): Pair {
  let [initial, maintenance] = [0n, 0n];
  for (const { charge, quantity } of shorts) {
    initial += charge[0] * quantity;
    maintenance += charge[1] * quantity;
  }
  return [initial, maintenance];
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
