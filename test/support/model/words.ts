import { toHex } from "../../../src/crypto/bytes.ts";
import type { ResultName } from "../../../src/machine/ResultCodes.ts";

/** What the parts of the reference model share: names of series, plain arithmetic, refusals. */

/** What an option is. */
export interface Series {
  readonly market: number;
  readonly day: number;
  readonly strike: bigint;
  readonly put: boolean;
}

/** Quantity by {@link seriesName}. */
export type Holdings = ReadonlyMap<string, bigint>;

export const ZERO_ADDRESS = "0x0000000000000000000000000000000000000000";
export const LARGEST_PRICE = 549_755_813_887n;
export const LARGEST_QUANTITY = 1_000_000_000_000_000n;
export const SECONDS_PER_DAY = 86_400n;

/** A refusal with its result name; never leaves the model. */
export class Refusal extends Error {
  readonly result: ResultName;
  constructor(result: ResultName) {
    super(result);
    this.result = result;
  }
}

/** Ends the transaction with a result. */
export function refuse(result: ResultName): never {
  throw new Refusal(result);
}

/** Ends the transaction with a result unless `condition` holds. */
export function demand(condition: boolean, otherwise: ResultName): void {
  if (!condition) refuse(otherwise);
}

/** A series in words. */
export function seriesName(series: Series): string {
  return `${series.market}/${series.day}/${series.strike}/${series.put ? "P" : "C"}`;
}

/** The series of {@link seriesName}. */
export function parseSeries(name: string): Series {
  const [market, day, strike, type] = name.split("/") as [string, string, string, string];
  return { market: Number(market), day: Number(day), strike: BigInt(strike), put: type === "P" };
}

/** market/day of a series' name. */
export function expiryName(series: string): string {
  return series.split("/").slice(0, 2).join("/");
}

/** The market of a series' or an expiry's name. */
export function marketName(name: string): string {
  return name.split("/")[0]!;
}

/** What one contract pays at `price`. */
export function payoffOf(series: Pick<Series, "strike" | "put">, price: bigint): bigint {
  if (series.put) return series.strike > price ? series.strike - price : 0n;
  return price > series.strike ? price - series.strike : 0n;
}

/** The instant of an expiry day. */
export function instantOf(day: number): bigint {
  return BigInt(day) * SECONDS_PER_DAY + 8n * 3600n;
}

/** The ring slot of a nonce. */
export function slotName(account: number, nonce: bigint): string {
  return `${account}/${nonce % 1024n}`;
}

/** Whether any of the positions is a short one of an expiry. */
export function isShortIn(positions: Holdings, expiry: string): boolean {
  return [...positions].some(([series, quantity]) => expiryName(series) === expiry && quantity < 0n);
}

/** Sum of the short quantities in a market. */
export function shortQuantity(positions: Holdings, market: string): bigint {
  let sum = 0n;
  for (const [series, quantity] of positions) if (marketName(series) === market && quantity < 0n) sum -= quantity;
  return sum;
}

/** Names without duplicates; markets and days ascending. */
export function distinctNames(names: Iterable<string>): string[] {
  const order = (name: string): number => name.split("/").reduce((sum, part) => sum * 65_536 + Number(part), 0);
  return [...new Set(names)].sort((a, b) => order(a) - order(b));
}

/** A record in words, field by field in alphabetical order; maps and records inside too. */
export function describe(record: object): string {
  return Object.entries(record)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]: [string, unknown]) => {
      if (value instanceof Map) {
        const entries = [...(value as Map<string, bigint>)].map(([name, amount]) => `${name}:${amount}`);
        return `${key}=[${entries.sort().join(" ")}]`;
      }
      if (typeof value === "object" && value !== null && !Array.isArray(value)) return `${key}=(${describe(value)})`;
      return `${key}=${String(value)}`;
    })
    .join(" ");
}

/** The quotient of a non-negative value, rounded up. */
export function roundUp(value: bigint, unit: bigint): bigint {
  return value / unit + (value % unit === 0n ? 0n : 1n);
}

/** The quotient rounded down, also of what is negative. */
export function roundDown(value: bigint, unit: bigint): bigint {
  return value >= 0n ? value / unit : -roundUp(-value, unit);
}

export function size(value: bigint): bigint {
  return value < 0n ? -value : value;
}

export function larger(...values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a > b ? a : b));
}

export function smaller(...values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a < b ? a : b));
}

/** An unsigned number of any length. */
export function bigEndian(bytes: Uint8Array): bigint {
  return BigInt(toHex(bytes));
}
