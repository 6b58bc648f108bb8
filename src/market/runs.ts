import { coinPriceInUsd, type Print } from "./tape.ts";
import { type MarketSpec, opposite, type Series, seriesKey, type Side } from "./types.ts";

/** A maker's order collects prints for at most so long after its first one. */
export const RUN_MS = 600_000;

/** A maker's order, as the tape lets one infer it. */
export interface MakerRun {
  readonly series: Series;
  /** The maker's own side. */
  readonly side: Side;
  /** Its limit: the price of its first print in dollars, 1e-4 USD. */
  readonly price: bigint;
  readonly coinPrice: bigint;
  readonly firstMs: number;
  /** Line of its first print. */
  readonly line: number;
  /** The sum of its prints; it grows until the run is over. */
  quantity: bigint;
  closed: boolean;
}

/** What one taker took from one maker. */
export interface Fill {
  readonly run: MakerRun;
  readonly quantity: bigint;
  /** True for the run's first fill. */
  readonly opens: boolean;
}

/** A taker's order, with the fills that it causes in the order of price. */
export interface Take {
  readonly timeMs: number;
  /** Line of its first print. */
  readonly line: number;
  readonly series: Series;
  readonly side: Side;
  readonly indexPrice: bigint;
  readonly quantity: bigint;
  /** The worst price among its fills. */
  readonly limitPrice: bigint;
  readonly fills: readonly Fill[];
  /** The vol of its first print, if the tape has it. */
  readonly vol: number | undefined;
}

interface Level {
  readonly first: Print;
  readonly price: bigint;
  quantity: bigint;
}

/**
 * Infers orders from prints.
 *
 * Prints of one millisecond, series and taker side are one taker's order; those of one price among them are one fill.
 * Consecutive prints of one series, taker side and coin price, within 10 minutes of the first, are one maker's order.
 * A print of another side or price ends the run, but a sweep continues the run that it meets at its first levels, and
 * its own last level may be continued by the next taker. So whatever rests in the book is the next to be taken, and a
 * book of price-time priority that is given these orders trades exactly what the tape shows.
 *
 * A run keeps the dollar price of its first print, although the index moves a little while it lasts: it is one order
 * with one limit. A sweep whose dollar levels would then no longer be in order starts a new run instead.
 */
export class RunBuilder {
  readonly #markets: ReadonlyMap<number, MarketSpec>;
  /** The run that the next taker of a series may continue. */
  readonly #open = new Map<string, MakerRun>();
  /** Prints of the millisecond that is still being read. */
  #bucket: Print[] = [];
  /** Takers in order of time, of which the first may still wait for a run to be over. */
  readonly #pending: Take[] = [];

  constructor(markets: readonly MarketSpec[]) {
    this.#markets = new Map(markets.map((spec) => [spec.id, spec]));
  }

  /** Adds a print, no earlier than the one before, and returns the takers whose makers are now fully known. */
  push(print: Print): Take[] {
    const previous = this.#bucket[0];
    if (previous && previous.timeMs !== print.timeMs) this.#flushBucket();
    this.#bucket.push(print);
    return this.#ready((run) => run.closed || print.timeMs - run.firstMs > RUN_MS);
  }

  /** Says that there are no more prints, and returns all takers that were still waiting. */
  end(): Take[] {
    this.#flushBucket();
    return this.#ready(() => true);
  }

  #ready(isOver: (run: MakerRun) => boolean): Take[] {
    let count = 0;
    while (this.#pending[count]?.fills.every((fill) => isOver(fill.run))) count += 1;
    return this.#pending.splice(0, count);
  }

  #flushBucket(): void {
    for (const prints of groupBy(this.#bucket, (print) => `${seriesKey(print.series)} ${print.side}`))
      this.#pending.push(this.#take(prints));
    this.#bucket = [];
  }

  #take(prints: readonly Print[]): Take {
    const { timeMs, line, series, side, indexPrice, vol } = prints[0]!;
    const levels = this.#levels(prints);
    const key = seriesKey(series);
    const continued = this.#continued(this.#open.get(key), levels, timeMs, side);
    const fills = levels.map((level): Fill => {
      const opens = level !== continued?.level;
      const run = opens ? newRun(level) : continued.run;
      run.quantity += level.quantity;
      return { run, quantity: level.quantity, opens };
    });
    const last = fills[fills.length - 1]!.run;
    const before = this.#open.get(key);
    if (before && before !== last) before.closed = true;
    for (const { run } of fills) run.closed = run !== last;
    this.#open.set(key, last);
    const quantity = fills.reduce((sum, fill) => sum + fill.quantity, 0n);
    return { timeMs, line, series, side, indexPrice, quantity, limitPrice: last.price, fills, vol };
  }

  /** The taker's prints by dollar price, the best for the taker first. */
  #levels(prints: readonly Print[]): Level[] {
    const { series, side, indexPrice } = prints[0]!;
    const tick = this.#markets.get(series.market)!.tick;
    const levels = new Map<bigint, Level>();
    for (const print of prints) {
      const price = coinPriceInUsd(print.coinPrice, indexPrice, tick);
      const level = levels.get(price) ?? { first: print, price, quantity: 0n };
      level.quantity += print.quantity;
      levels.set(price, level);
    }
    return [...levels.values()].sort((a, b) => (isBetter(side, a.price, b.price) ? -1 : 1));
  }

  /** The open run and the level that continues it, if there is one. */
  #continued(
    run: MakerRun | undefined,
    levels: readonly Level[],
    timeMs: number,
    side: Side,
  ): { run: MakerRun; level: Level } | undefined {
    if (!run || run.side === side || timeMs - run.firstMs > RUN_MS) return undefined;
    const at = levels.findIndex((level) => level.first.coinPrice === run.coinPrice);
    const level = levels[at];
    if (!level) return undefined;
    const inOrder =
      levels.slice(0, at).every((better) => isBetter(side, better.price, run.price)) &&
      levels.slice(at + 1).every((worse) => isBetter(side, run.price, worse.price));
    return inOrder ? { run, level } : undefined;
  }
}

/** True where `a` is the strictly better price for a taker of this side. */
function isBetter(side: Side, a: bigint, b: bigint): boolean {
  return side === "buy" ? a < b : a > b;
}

function newRun({ first, price }: Level): MakerRun {
  const { series, coinPrice, timeMs, line } = first;
  return { series, side: opposite(first.side), price, coinPrice, firstMs: timeMs, line, quantity: 0n, closed: false };
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Iterable<T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups.values();
}
