import { readU64, writeU64 } from "../crypto/bytes.ts";
import { MAX_PRICE } from "./Constants.ts";

/**
 * Series and positions (docs/specification.md, section 2.2).
 *
 * | series, u64 | market u8 | day u16 | strike u39 | put u1 |
 * | ----------- | --------- | ------- | ---------- | ------ |
 * | bits        | 63..56    | 55..40  | 39..1      | 0      |
 */
export interface Position {
  /** The packed series. */
  readonly series: bigint;
  /** market u8 ‖ day u16. */
  readonly expiry: number;
  /** 1e-4 USD. */
  readonly strike: bigint;
  readonly put: boolean;
  /** 1e-6 contract, long positive, never zero. */
  readonly quantity: bigint;
}

const I128 = 1n << 128n;
const I128_MAX = (1n << 127n) - 1n;

/** Packs a series. `strike` is at most MAX_PRICE. */
export function packSeries(market: number, day: number, strike: bigint, put: boolean): bigint {
  return (BigInt(market) << 56n) | (BigInt(day) << 40n) | (strike << 1n) | (put ? 1n : 0n);
}

/** market u8 ‖ day u16 of a series. */
export function expiryOf(series: bigint): number {
  return Number(series >> 40n);
}

/** Market of an expiry id. */
export function marketOf(expiry: number): number {
  return expiry >>> 16;
}

/** Day of an expiry id. */
export function dayOf(expiry: number): number {
  return expiry & 0xffff;
}

/** Strike of a series, in 1e-4 USD. */
export function strikeOf(series: bigint): bigint {
  return (series >> 1n) & MAX_PRICE;
}

/** Whether a series is a put. */
export function isPut(series: bigint): boolean {
  return (series & 1n) === 1n;
}

/** A position of `quantity` in `series`. */
export function makePosition(series: bigint, quantity: bigint): Position {
  return { series, expiry: expiryOf(series), strike: strikeOf(series), put: isPut(series), quantity };
}

/** What one contract of the position pays at `price`, in 1e-4 USD. */
export function payoff(position: Position, price: bigint): bigint {
  const value = position.put ? position.strike - price : price - position.strike;
  return value > 0n ? value : 0n;
}

/** Quantity held of `series`; 0 if none. */
export function quantityOf(positions: readonly Position[], series: bigint): bigint {
  const position = positions[indexOf(positions, series)];
  return position?.series === series ? position.quantity : 0n;
}

/** The list with `quantity` of `series`; zero takes the position out. */
export function withQuantity(positions: readonly Position[], series: bigint, quantity: bigint): readonly Position[] {
  const index = indexOf(positions, series);
  const held = positions[index]?.series === series;
  const result = positions.slice();
  if (quantity === 0n) {
    if (held) result.splice(index, 1);
  } else if (held) {
    result[index] = { ...positions[index]!, quantity };
  } else {
    result.splice(index, 0, makePosition(series, quantity));
  }
  return result;
}

/** Whether the list has any short of `expiry`. */
export function holdsShort(positions: readonly Position[], expiry: number): boolean {
  return positions.some((position) => position.expiry === expiry && position.quantity < 0n);
}

/** Whether the list has any short call of `expiry`. */
export function holdsShortCall(positions: readonly Position[], expiry: number): boolean {
  return positions.some((position) => position.expiry === expiry && !position.put && position.quantity < 0n);
}

/** The markets of the list, ascending. The list is sorted, so equal ones are adjacent. */
export function marketsOf(positions: readonly Position[]): readonly number[] {
  return distinct(positions.map(({ expiry }) => marketOf(expiry)));
}

/** The (market, expiry) of the list, ascending. */
export function expiriesOf(positions: readonly Position[]): readonly number[] {
  return distinct(positions.map(({ expiry }) => expiry));
}

function distinct(sorted: readonly number[]): readonly number[] {
  return sorted.filter((value, i) => value !== sorted[i - 1]);
}

/** Sum of the short quantities of a market, not negative. */
export function shortQuantity(positions: readonly Position[], market: number): bigint {
  let sum = 0n;
  for (const { expiry, quantity } of positions) {
    if (quantity < 0n && marketOf(expiry) === market) sum -= quantity;
  }
  return sum;
}

/** Writes series u64 ‖ zero u64 ‖ quantity i128 for each position. */
export function encodePositions(positions: readonly Position[], target: Uint8Array, offset: number): void {
  for (const { series, quantity } of positions) {
    writeU64(target, offset, series);
    const low = quantity < 0n ? quantity + I128 : quantity;
    writeU64(target, offset + 16, low >> 64n);
    writeU64(target, offset + 24, low & 0xffffffffffffffffn);
    offset += 32;
  }
}

/** The positions from `offset` to the end, or undefined if they are not a list that {@link encodePositions} writes. */
export function decodePositions(bytes: Uint8Array, offset: number): readonly Position[] | undefined {
  const positions: Position[] = [];
  let last = -1n;
  for (; offset < bytes.length; offset += 32) {
    const series = readU64(bytes, offset);
    const low = (readU64(bytes, offset + 16) << 64n) | readU64(bytes, offset + 24);
    const quantity = low > I128_MAX ? low - I128 : low;
    if (series <= last || readU64(bytes, offset + 8) !== 0n || quantity === 0n) return undefined;
    positions.push(makePosition(series, quantity));
    last = series;
  }
  return positions;
}

/** Index of the first position whose series is not below `series`. */
function indexOf(positions: readonly Position[], series: bigint): number {
  let low = 0;
  let high = positions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positions[middle]!.series < series) low = middle + 1;
    else high = middle;
  }
  return low;
}
