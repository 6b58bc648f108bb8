import { parseDecimal, roundToStep } from "./decimal.ts";
import {
  CONTRACT,
  expirySeconds,
  type MarketSpec,
  MARKETS,
  type OptionType,
  SECONDS_PER_DAY,
  type Series,
  type Side,
  strikeStep,
} from "./types.ts";

/** The columns that a tape must name in its header, in any order; others are ignored, `trade_id` and `iv` excepted. */
const TAPE_COLUMNS = ["timestamp", "instrument_name", "price", "amount", "direction", "index_price"] as const;

/** Rows may be out of order by so many milliseconds; their time is then raised to the latest one seen. */
const REORDERING_TOLERANCE_MS = 1_000;

const COIN_DECIMALS = 8;
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const INSTRUMENT = /^([A-Z]+)-(\d{1,2})([A-Z]{3})(\d{2})-(\d{1,9})-([CP])$/;

/** One trade of the tape. */
export interface Print {
  /** Line of the file, the header being line 1. */
  readonly line: number;
  /** Milliseconds since 1970-01-01 UTC; never less than in the print before. */
  readonly timeMs: number;
  readonly series: Series;
  /** The taker's side. */
  readonly side: Side;
  /** 1e-6 contract. */
  readonly quantity: bigint;
  /** The price as traded, 1e-8 coin per contract. */
  readonly coinPrice: bigint;
  /** The underlying's index, 1e-4 USD. */
  readonly indexPrice: bigint;
  /** The vol of the price, a fraction a year; undefined where the tape has none. */
  readonly vol: number | undefined;
}

/** A row that could not be used, and why. */
export interface BrokenRow {
  readonly line: number;
  readonly reason: string;
}

/** The text does not begin with the header of a trade tape. */
export class TapeHeaderError extends Error {
  readonly code = "TAPE_HEADER";
  readonly expected: readonly string[] = TAPE_COLUMNS;
  /** What stands in the first line instead. */
  readonly found: readonly string[];

  constructor(found: readonly string[], problem: string) {
    super(`${problem}; expected a header that names ${TAPE_COLUMNS.join(", ")}, found "${found.join(",")}"`);
    this.name = "TapeHeaderError";
    this.found = found;
  }
}

/**
 * The price of an inverse option in dollars: the price in coin times the index of the same row, rounded to the market's
 * tick, halves up, and at least one tick, since a trade at zero would be a gift.
 *
 * @param coinPrice 1e-8 coin
 * @param indexPrice 1e-4 USD
 * @returns 1e-4 USD
 */
export function coinPriceInUsd(coinPrice: bigint, indexPrice: bigint, tick: bigint): bigint {
  const scale = 10n ** BigInt(COIN_DECIMALS);
  return roundToStep(coinPrice * indexPrice, tick * scale) / scale;
}

/** Understands one line of a tape after another: the header first, then a print or the reason why there is none. */
export class TapeParser {
  readonly #markets: readonly MarketSpec[];
  readonly #columns = new Map<string, number>();
  readonly #tradeIds = new Set<string>();
  #width = 0;
  #line = 0;
  #latestMs = 0;

  constructor(markets: readonly MarketSpec[] = MARKETS) {
    this.#markets = markets;
  }

  /**
   * Reads the next line.
   *
   * @returns undefined for the header and for empty lines.
   * @throws TapeHeaderError if the first line lacks a column or names one twice. No later line throws.
   */
  read(line: string): Print | BrokenRow | undefined {
    this.#line += 1;
    const text = line.replace(/\r?\n?$/, "");
    if (this.#line === 1) return this.#readHeader(text.replace(/^\uFEFF/, ""));
    if (text === "") return undefined;
    const result = this.#readRow(text.split(","));
    return typeof result === "string" ? { line: this.#line, reason: result } : result;
  }

  /**
   * Says that the text has ended.
   *
   * @throws TapeHeaderError if there was no line at all.
   */
  end(): void {
    if (this.#line === 0) throw new TapeHeaderError([], "the tape is empty");
  }

  #readHeader(text: string): undefined {
    const names = text.split(",").map((name) => name.trim());
    names.forEach((name, column) => this.#columns.set(name, column));
    if (this.#columns.size !== names.length) throw new TapeHeaderError(names, "a column is named twice");
    const missing = TAPE_COLUMNS.filter((name) => !this.#columns.has(name));
    if (missing.length > 0) throw new TapeHeaderError(names, `the tape has no column ${missing.join(", ")}`);
    this.#width = names.length;
  }

  /** A print, or the reason why the row is broken. */
  #readRow(cells: readonly string[]): Print | string {
    if (cells.length !== this.#width) return `has ${cells.length} columns instead of ${this.#width}`;
    const cell = (name: string): string => cells[this.#columns.get(name)!]!;

    const timestamp = cell("timestamp");
    const timeMs = /^\d{1,15}$/.test(timestamp) ? Number(timestamp) : 0;
    if (timeMs === 0) return `timestamp "${timestamp}" is not a positive whole number of milliseconds`;
    const late = this.#latestMs - timeMs;
    if (late > REORDERING_TOLERANCE_MS) return `timestamp ${timestamp} is ${late} ms before an earlier row`;

    const instrument = this.#readInstrument(cell("instrument_name"), Math.floor(timeMs / 1_000));
    if (typeof instrument === "string") return instrument;
    const { spec, series } = instrument;

    const side = cell("direction");
    if (side !== "buy" && side !== "sell") return `direction "${side}" is neither buy nor sell`;

    const quantity = parseDecimal(cell("amount"), String(CONTRACT).length - 1);
    if (quantity === undefined) return `amount "${cell("amount")}" is not a quantity of at most 6 decimals`;
    if (quantity === 0n) return "amount is zero";
    if (quantity % spec.lot !== 0n) return `amount ${cell("amount")} is finer than the lot of ${spec.name}`;

    const coinPrice = parseDecimal(cell("price"), COIN_DECIMALS);
    if (coinPrice === undefined) return `price "${cell("price")}" is not a price of at most 8 decimals`;
    if (coinPrice === 0n) return "price is zero";

    const indexPrice = parseDecimal(cell("index_price"), 4);
    if (indexPrice === undefined) return `index_price "${cell("index_price")}" is not a price of at most 4 decimals`;
    if (indexPrice === 0n) return "index_price is zero";

    const tradeId = this.#columns.has("trade_id") ? `${spec.name} ${cell("trade_id")}` : undefined;
    if (tradeId !== undefined && this.#tradeIds.has(tradeId)) return `trade_id ${cell("trade_id")} appeared before`;
    if (tradeId !== undefined) this.#tradeIds.add(tradeId);

    this.#latestMs = Math.max(this.#latestMs, timeMs);
    const vol = this.#columns.has("iv") ? readVol(cell("iv")) : undefined;
    return { line: this.#line, timeMs: this.#latestMs, series, side, quantity, coinPrice, indexPrice, vol };
  }

  #readInstrument(name: string, time: number): { spec: MarketSpec; series: Series } | string {
    const match = INSTRUMENT.exec(name);
    if (!match) return `instrument "${name}" is not of the form BTC-26APR19-5000-C`;
    const spec = this.#markets.find((market) => market.name === match[1]);
    if (!spec) return `instrument "${name}" belongs to no known market`;
    const expiryDay = dayNumber(2_000 + Number(match[4]), MONTHS.indexOf(match[3]!), Number(match[2]));
    if (expiryDay === undefined) return `instrument "${name}" has an impossible date`;
    if (time >= expirySeconds(expiryDay)) return `instrument "${name}" had expired`;
    const strike = parseDecimal(match[5]!, 4)!;
    const type: OptionType = match[6] === "C" ? "call" : "put";
    if (strike === 0n || strike % strikeStep(spec, expiryDay, time) !== 0n)
      return `instrument "${name}" has a strike off the grid`;
    return { spec, series: { market: spec.id, expiryDay, strike, type } };
  }
}

/** A vol in percent as a fraction; none where it is zero, as for some options deep in the money, or no number. */
function readVol(percent: string): number | undefined {
  const value = /^\d{1,4}(\.\d+)?$/.test(percent) ? Number(percent) / 100 : 0;
  return value > 0 ? value : undefined;
}

/** Days from 1970-01-01 to a date, or undefined where the calendar has no such date. Months count from zero. */
function dayNumber(year: number, month: number, day: number): number | undefined {
  const date = new Date(Date.UTC(year, month, day));
  const exists = month >= 0 && date.getUTCMonth() === month && date.getUTCDate() === day;
  return exists ? date.getTime() / 1_000 / SECONDS_PER_DAY : undefined;
}

/** True where the parser found a usable trade. */
export function isPrint(row: Print | BrokenRow): row is Print {
  return !("reason" in row);
}

/**
 * Reads a whole tape. Broken rows are listed by line with a reason and left out; they never throw.
 *
 * @throws TapeHeaderError if the first line is missing or not a header.
 */
export function readTape(
  lines: Iterable<string>,
  markets: readonly MarketSpec[] = MARKETS,
): { prints: Print[]; broken: BrokenRow[] } {
  const parser = new TapeParser(markets);
  const prints: Print[] = [];
  const broken: BrokenRow[] = [];
  for (const line of lines) {
    const row = parser.read(line);
    if (row === undefined) continue;
    if (isPrint(row)) prints.push(row);
    else broken.push(row);
  }
  parser.end();
  return { prints, broken };
}
