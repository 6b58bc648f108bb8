import { AccountPool } from "./accountPool.ts";
import { IndexFeed } from "./indexFeed.ts";
import { Random } from "./random.ts";
import { type Fill, type MakerRun, RUN_MS, RunBuilder, type Take } from "./runs.ts";
import { TapeModel } from "./tapeModel.ts";
import type { Print } from "./tape.ts";
import {
  type DepositEvent,
  expirySeconds,
  type MarketEvent,
  type MarketSpec,
  MARKETS,
  type OrderEvent,
  type Trader,
  USDC,
} from "./types.ts";

/** How long a taker's order stays valid, in seconds. */
export const TAKER_SECONDS = 60;
/** How long a maker's order stays valid, in seconds: as long as it may collect prints, and a minute. */
export const MAKER_SECONDS = RUN_MS / 1_000 + 60;
/** Makers' deadlines are whole minutes, which takes a byte less to say. */
const MAKER_DEADLINE_UNIT = 60;

/**
 * What every taker of a replayed tape deposits, 1e-6 USDC. In the collateralised regime the busiest account of any
 * month of the 2019 tape needs 8 million, so this is ample for several months in a row.
 */
const TAPE_DEPOSIT = 50_000_000n * USDC;
/** What every maker deposits, who is on standard margin. */
const TAPE_MAKER_DEPOSIT = 2_000_000n * USDC;
/** What the sponsor gives the insurance fund. */
export const TAPE_CAPITAL = 2_000_000n * USDC;
/** The members of the oracle look at the markets at a trade, but not more often than this, seconds. */
const OBSERVATION_SECONDS = 60;
/** Makers of a replayed tape unless told otherwise. */
export const TAPE_MAKERS = 50;
/** Takers of a replayed tape unless told otherwise. */
export const TAPE_TAKERS = 500;

/** Choices of a replay; all have defaults. */
export interface FlowOptions {
  /** Seed of the assignment of orders to accounts; default 1. */
  readonly seed?: bigint;
  /** Number of makers; default `TAPE_MAKERS`. */
  readonly makers?: number;
  /** Number of takers; default `TAPE_TAKERS`. */
  readonly takers?: number;
  /** Stop after so many prints; default all. */
  readonly limit?: number;
  /** The markets of the prints; default `MARKETS`. */
  readonly markets?: readonly MarketSpec[];
}

/** What a replay has produced so far. */
export interface FlowSummary {
  readonly prints: number;
  readonly makerOrders: number;
  readonly takerOrders: number;
  /** Trades between one maker's and one taker's order; prints of one taker at one price are one fill. */
  readonly fills: number;
  readonly indexRounds: number;
  readonly expiries: number;
  /** Orders that no account could take within the exchange's caps. */
  readonly impossible: number;
  /** The most series that any account held at once. */
  readonly maxPositions: number;
  /** The most (market, expiry) pairs that any account held at once. */
  readonly maxExpiries: number;
}

/**
 * The replay of a tape: prints go in, in order of time, and events come out as soon as they are certain, at most
 * 10 minutes of tape later. Equal prints and options give equal events.
 *
 * At each taker's instant come, in this order: rounds and expiries that fell due; a round if the index moved; the
 * orders of makers that are met for the first time; the taker's immediate order. Each account's deposit comes just
 * before its first order.
 */
export class Flow {
  readonly #runs: RunBuilder;
  readonly #feed = new IndexFeed();
  readonly #makers: AccountPool;
  readonly #takers: AccountPool;
  /** Makers by their order, with what is left of it. */
  readonly #resting = new Map<MakerRun, { index: number; left: bigint }>();
  readonly #funded: Readonly<Record<"maker" | "taker", Set<number>>> = { maker: new Set(), taker: new Set() };
  readonly #model = new TapeModel();
  /** Time of the last observation, seconds. */
  #observed = -Infinity;
  readonly #count = { prints: 0, makerOrders: 0, takerOrders: 0, fills: 0, indexRounds: 0, expiries: 0 };

  constructor(options: FlowOptions = {}) {
    const random = new Random(options.seed ?? 1n);
    this.#runs = new RunBuilder(options.markets ?? MARKETS);
    this.#makers = new AccountPool({ size: options.makers ?? TAPE_MAKERS, draws: 12, skew: 1 }, random);
    this.#takers = new AccountPool({ size: options.takers ?? TAPE_TAKERS, draws: 4, skew: 1.5 }, random);
  }

  /** Adds a print. */
  *push(print: Print): Generator<MarketEvent> {
    this.#count.prints += 1;
    for (const take of this.#runs.push(print)) yield* this.#replay(take);
  }

  /** Says that there are no more prints. */
  *end(): Generator<MarketEvent> {
    for (const take of this.#runs.end()) yield* this.#replay(take);
  }

  /** What the flow has produced so far. */
  summary(): FlowSummary {
    return {
      ...this.#count,
      impossible: this.#makers.impossible + this.#takers.impossible,
      maxPositions: Math.max(this.#makers.maxPositions, this.#takers.maxPositions),
      maxExpiries: Math.max(this.#makers.maxExpiries, this.#takers.maxExpiries),
    };
  }

  *#replay(take: Take): Generator<MarketEvent> {
    const time = Math.floor(take.timeMs / 1_000);
    const { series, side, quantity, limitPrice, line } = take;
    this.#feed.watch(series.market, series.expiryDay);
    for (const event of this.#feed.observe(time, series.market, take.indexPrice)) {
      this.#note(event);
      yield event;
    }
    this.#model.trade(time, series, take.indexPrice, take.vol);
    yield* this.#observe(time);
    for (const fill of take.fills) if (fill.opens) yield* this.#post(fill.run, time);
    const index = this.#takers.choose(series, side);
    yield* this.#order({ role: "taker", index }, { time, series, side, quantity, limitPrice, line });
    this.#takers.trade(index, series, side, quantity);
    for (const fill of take.fills) this.#fillMaker(fill);
  }

  /** The members look at all markets at once; of one that does not trade they know that nothing has changed. */
  *#observe(time: number): Generator<MarketEvent> {
    if (time < this.#observed + OBSERVATION_SECONDS) return;
    this.#observed = time;
    for (const model of this.#model.observe(time)) yield { kind: "observation", time, model };
  }

  *#post(run: MakerRun, time: number): Generator<MarketEvent> {
    const { series, side, quantity, price: limitPrice, line } = run;
    const index = this.#makers.choose(series, side);
    this.#resting.set(run, { index, left: quantity });
    this.#makers.open(index, series);
    yield* this.#order({ role: "maker", index }, { time, series, side, quantity, limitPrice, line });
  }

  *#order(
    trader: Trader & { readonly role: "maker" | "taker" },
    terms: Pick<OrderEvent, "time" | "series" | "side" | "quantity" | "limitPrice"> & { line: number },
  ): Generator<MarketEvent> {
    const funded = this.#funded[trader.role];
    if (!funded.has(trader.index)) {
      funded.add(trader.index);
      yield tapeDeposit(trader, terms.time);
    }
    const immediate = trader.role === "taker";
    if (immediate) this.#count.takerOrders += 1;
    else this.#count.makerOrders += 1;
    const lastSecond = expirySeconds(terms.series.expiryDay) - 1;
    const wholeMinutes = Math.ceil((terms.time + MAKER_SECONDS) / MAKER_DEADLINE_UNIT) * MAKER_DEADLINE_UNIT;
    const expiresAt = Math.min(immediate ? terms.time + TAKER_SECONDS : wholeMinutes, lastSecond);
    yield { kind: "order", trader, ...terms, immediate, expiresAt };
  }

  #fillMaker({ run, quantity }: Fill): void {
    this.#count.fills += 1;
    const maker = this.#resting.get(run)!;
    this.#makers.trade(maker.index, run.series, run.side, quantity);
    maker.left -= quantity;
    if (maker.left > 0n) return;
    this.#resting.delete(run);
    this.#makers.close(maker.index, run.series);
  }

  #note(event: MarketEvent): void {
    if (event.kind === "index") this.#count.indexRounds += 1;
    if (event.kind !== "expiry") return;
    this.#count.expiries += 1;
    this.#makers.settle(event.market, event.expiryDay);
    this.#takers.settle(event.market, event.expiryDay);
  }
}

/** What an account of a tape begins with. */
export function tapeDeposit(trader: Trader, time: number): DepositEvent {
  const kind = "deposit";
  switch (trader.role) {
    case "maker":
      return { kind, time, trader, amount: TAPE_MAKER_DEPOSIT, margin: "standard" };
    case "taker":
      return { kind, time, trader, amount: TAPE_DEPOSIT, margin: "collateralised" };
    case "liquidator":
      return { kind, time, trader, amount: TAPE_DEPOSIT, margin: "standard" };
    case "sponsor":
      return { kind, time, trader, amount: TAPE_CAPITAL, margin: "collateralised" };
  }
}

/** The events of a tape that is in memory. Returns the summary when it is done. */
export function* tapeFlow(prints: Iterable<Print>, options: FlowOptions = {}): Generator<MarketEvent, FlowSummary> {
  const flow = new Flow(options);
  let left = options.limit ?? Infinity;
  for (const print of prints) {
    if (left-- <= 0) break;
    yield* flow.push(print);
  }
  yield* flow.end();
  return flow.summary();
}

/** The events of a tape that is read as it is replayed, see `streamTape`. Returns the summary when it is done. */
export async function* streamFlow(
  prints: AsyncIterable<Print>,
  options: FlowOptions = {},
): AsyncGenerator<MarketEvent, FlowSummary> {
  const flow = new Flow(options);
  let left = options.limit ?? Infinity;
  if (left > 0) {
    for await (const print of prints) {
      yield* flow.push(print);
      if (--left <= 0) break;
    }
  }
  yield* flow.end();
  return flow.summary();
}
