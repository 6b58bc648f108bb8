import { expect } from "chai";
import { insist, insistEqual } from "../insist.ts";
import type { Account } from "../../../src/machine/Slots.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import { discountFactor, isKnown, standingOf } from "./LiquidationModel.ts";
import {
  bruteRequirement,
  excesses,
  groupsOf,
  inBand,
  standardRequirements,
  valueOf,
  type ExpiryView,
} from "./MarginModel.ts";
import { FIRST_FUND_ACCOUNT, LIQUIDATION_AGE, SPOT_AGE, type ModelContext, type ModelState } from "./ModelState.ts";
import { holdingsOf } from "./stateInWords.ts";
import { expiryName, instantOf, isShortIn, larger, marketName, parseSeries, size, type Holdings } from "./words.ts";

type Of<T extends number> = Extract<Transaction, { type: T }>;

/** What the invariants look at in an account. */
export interface Held {
  readonly mode: number;
  readonly auction: bigint;
  readonly cash: bigint;
  readonly debt: bigint;
  readonly positions: Holdings;
}

/** An account before and after a step. */
export interface Change {
  readonly was: Held | undefined;
  readonly is: Held;
}

/** What a slot says. */
export function heldIn({ mode, auction, cash, debt, positions }: Account): Held {
  return { mode, auction, cash, debt, positions: holdingsOf(positions) };
}

/** A report that was accepted. */
interface Accepted {
  readonly time: bigint;
  readonly spot: bigint;
}

/** The invariants of margin, auctions and the oracle: numbers 5, 6, 7, 10 and 15. */
export class RiskWatch {
  readonly #model: ModelState;
  /** Reports since the last confirmed jump, by market. */
  readonly #reports = new Map<number, Accepted[]>();
  /** The last discount of a running auction. */
  readonly #factors = new Map<string, bigint>();
  /** Bids that were checked, and how far the best of them overshot, 1e-6 USDC. */
  bids = 0;
  overshoot = 0n;

  constructor(model: ModelState) {
    this.#model = model;
  }

  /** After a transaction that succeeded; `fees` is what fees and fund gained. */
  after(tx: Transaction | undefined, changes: ReadonlyMap<number, Change>, context: ModelContext, fees: bigint): void {
    for (const { is } of changes.values()) this.#checkRequirements(is, context);
    switch (tx?.type) {
      case 0x01:
      case 0x09:
        return this.#checkCovered(changes.get(tx.account), context);
      case 0x02:
        return this.#checkCovered(changes.get(tx.from), context);
      case 0x0e:
        return this.#checkCovered(changes.get(FIRST_FUND_ACCOUNT + tx.fund), context);
      case 0x08:
        for (const change of changes.values()) this.#checkDebt(tx, change);
        return;
      case 0x0c:
        this.#checkBid(tx.account, changes.get(tx.account)!, context);
        return this.#checkCovered(changes.get(tx.bidder), context);
      case 0x0d:
        this.#checkBid(tx.account, changes.get(tx.account)!, context);
        return this.#checkCovered(changes.get(FIRST_FUND_ACCOUNT + tx.fund), context);
      case 0x10:
        for (const { account } of [tx.maker, tx.taker]) this.#checkSide(tx, changes.get(account)!, context, fees);
        return;
      case 0x20:
        return this.#checkReport(tx, context);
      default:
        return;
    }
  }

  #views(held: Held, context: ModelContext, age = SPOT_AGE): ReadonlyMap<string, ExpiryView> {
    return this.#model.views(held.positions, context.now, age);
  }

  /** 6, in every phase. */
  #checkRequirements(is: Held, context: ModelContext): void {
    for (const age of [SPOT_AGE, LIQUIDATION_AGE]) {
      const { initial, maintenance } = standardRequirements(is.positions, this.#views(is, context, age));
      insist(initial >= maintenance && maintenance >= 0n, "6: initial >= maintenance >= 0");
    }
  }

  /** 5, of a step that may only be made with excess; an account that did not change had no reason to. */
  #checkCovered(change: Change | undefined, context: ModelContext): void {
    if (change === undefined) return;
    const { initial } = excesses(change.is, this.#views(change.is, context));
    insist(initial >= 0n, "5: a risk-adding step leaves initial excess >= 0");
    insistEqual(change.is.auction, 0n, "10: who is covered is not in auction");
  }

  /** 5, of one side of a fill. */
  #checkSide(tx: Of<0x10>, { was, is }: Change, context: ModelContext, fees: bigint): void {
    const model = this.#model;
    if (is.mode === 0) {
      const between = (ceiling: bigint): bigint[] => [ceiling / 3n, ceiling / 2n, (ceiling * 7n) / 9n];
      const anchorOf = (market: number): bigint => model.markets.get(String(market))!.anchor;
      const bound = bruteRequirement(is.positions, anchorOf, between);
      insist(is.cash - is.debt >= bound, "5: a fill leaves a collateralised side with excess >= 0");
      return;
    }
    const { terms } = model.orders.get(`${tx.maker.account}/${tx.maker.nonce % 1024n}`)!;
    const [series, price] = [parseSeries(terms!.series), terms!.limit];
    const view = model.view(expiryName(terms!.series), context.now, SPOT_AGE);
    const after = excesses(is, this.#views(is, context));
    const covered = after.initial >= 0n;
    if (view.phase === "fresh" || !covered) insist(inBand(view, series, price), "5: the price is in the band");
    if (covered) {
      insistEqual(is.auction, 0n, "10: who is covered is not in auction");
      return;
    }
    const before = excesses(was!, this.#views(was!, context));
    insist(after.initial >= before.initial, "5: who is not covered raises its excess");
    if (before.maintenance >= 0n) return;
    const views = new Map([...this.#views(was!, context), ...this.#views(is, context)]);
    const name = expiryName(terms!.series);
    const moved = new Map([
      ["was", was!],
      ["is", is],
    ]);
    const worth = [...moved.values()].map(({ cash, positions }) => {
      const traded = new Map([...positions].filter(([held]) => expiryName(held) === name));
      return cash + valueOf(traded, views);
    }) as [bigint, bigint];
    const held = (positions: Holdings): bigint => size(positions.get(terms!.series) ?? 0n);
    const reduced = held(was!.positions) - held(is.positions);
    insist(reduced > 0n, "5: below maintenance a fill reduces");
    const ticks = (model.markets.get(marketName(terms!.series))!.tick * reduced) / 10_000n;
    const kept = worth[1] + fees + ticks + 2n >= worth[0];
    insist(kept, "5: below maintenance no value goes but the fee and a tick a contract");
  }

  /** 7: who was covered by the scan owes nothing unless the price is beyond the ceiling. */
  #checkDebt(tx: Of<0x08>, { was, is }: Change): void {
    if (was === undefined || is.debt <= was.debt) return;
    const model = this.#model;
    const anchorOf = (market: number): bigint => model.markets.get(String(market))!.anchor;
    if (was.cash - was.debt < bruteRequirement(was.positions, anchorOf)) return;
    const name = `${tx.market}/${tx.day}`;
    const shortCalls = groupsOf(was.positions)
      .get(name)!
      .filter(({ series, quantity }) => !series.put && quantity < 0n);
    const anchor = anchorOf(tx.market);
    const ceiling = larger(3n * anchor, ...shortCalls.map(({ series }) => series.strike + anchor));
    insist(model.expiries.get(name)!.price > ceiling, "7: no debt while the price is under the ceiling");
  }

  /** 10: the deficit falls and is not overdone, and the discount never shrinks. */
  #checkBid(id: number, { was, is }: Change, context: ModelContext): void {
    const views = this.#views(was!, context, LIQUIDATION_AGE);
    insist([...views.values()].some(isKnown), "10: no bid without marks");
    const [before, after] = [standingOf(was!, views), standingOf(is, views)];
    insist(after.buffered > before.buffered, "10: the deficit falls after every bid");
    // Lots round each position down: one lot of each, charged like a contract of its own, is the most that can be over.
    let slack = 10n;
    for (const name of was!.positions.keys()) {
      const { lot } = this.#model.markets.get(marketName(name))!;
      const view = views.get(expiryName(name))!;
      const worth = larger(view.forward, view.price, parseSeries(name).strike);
      slack += (3n * lot * worth) / 10_000n;
    }
    insist(after.buffered <= slack, "10: no bid takes more than brings the excess back");
    this.bids++;
    this.overshoot = larger(this.overshoot, after.buffered);
    const factor = discountFactor(context.now - was!.auction);
    const auction = `${id}/${was!.auction}`;
    insist(factor <= (this.#factors.get(auction) ?? 9500n), "10: the auction's price never rises");
    this.#factors.set(auction, factor);
  }

  /** 15: no price from outside its window, none that goes back in time, none that jumps unseen within a minute. */
  #checkReport(tx: Of<0x20>, context: ModelContext): void {
    insist(tx.time <= context.now && context.now <= tx.time + 120n, "15: a report is of now");
    for (const { day } of tx.curves) insist(tx.time < instantOf(day), "15: no curve of an expiry that is over");
    const seen = this.#reports.get(tx.market) ?? [];
    const last = seen.at(-1);
    insist(last === undefined || tx.time > last.time, "15: the time of reports rises");
    const jumps = (from: bigint): boolean => tx.spot * 100n > from * 115n || tx.spot * 100n < from * 85n;
    const recent = seen.filter(({ time }, i) => time + 60n >= tx.time || i === seen.length - 1);
    if (recent.some(({ spot }) => jumps(spot))) {
      insist(tx.earlier !== undefined, "15: a jump within a minute is confirmed");
      this.#reports.set(tx.market, [tx]);
    } else this.#reports.set(tx.market, [...seen, tx].slice(-100));
  }
}

/** What accounts on standard margin are short in each market, and what every market says of it. */
export function checkExposures(model: ModelState, held: ReadonlyMap<number, Held>): void {
  const sums = new Map<string, bigint>();
  for (const { mode, positions } of held.values()) {
    if (mode !== 1) continue;
    for (const [name, quantity] of positions)
      if (quantity < 0n) sums.set(marketName(name), (sums.get(marketName(name)) ?? 0n) - quantity);
  }
  for (const [market, { exposure }] of model.markets.entries())
    insistEqual(exposure, sums.get(market) ?? 0n, `the exposure of market ${market}`);
}

/** What holds of every account at every time. */
export function checkAccount(id: number, { mode, auction, cash, debt, positions }: Held, now: bigint): void {
  insist(cash >= 0n && debt >= 0n, "cash and debt are never negative");
  insist(auction === 0n || (mode === 1 && positions.size > 0 && auction <= now), `auction of ${id}`);
  if (id >= FIRST_FUND_ACCOUNT) expect([mode, auction, debt], "accounts of the fund").to.deep.equal([1, 0n, 0n]);
  insist(positions.size <= 64, "at most 64 positions");
  const expiries = new Set([...positions.keys()].map(expiryName));
  insist(expiries.size <= 8, "at most 8 expiries");
}

/** Whether anything of an expiry is short, for those who only have words. */
export function shortExpiries(positions: Holdings): string[] {
  return [...new Set([...positions.keys()].map(expiryName))].filter((name) => isShortIn(positions, name));
}
