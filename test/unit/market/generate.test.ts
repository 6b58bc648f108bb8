import { expect } from "chai";
import { largestLoss } from "../../../src/market/cashBook.ts";
import { DEMO_EXPIRY_DAY, DEMO_MAKERS, generateDay, SQUEEZED_MAKER } from "../../../src/market/generate.ts";
import { DEMO_TAKERS } from "../../../src/market/demoArrivals.ts";
import {
  CONTRACT,
  expiryKey,
  expirySeconds,
  type MarketEvent,
  MARKETS,
  type OrderEvent,
  type Series,
  seriesKey,
  strikeStep,
  type Trader,
  traderKey,
  USD,
} from "../../../src/market/types.ts";
import { replay } from "../../support/market/matcher.ts";
import { call } from "../../support/market/prints.ts";

/** The exchange's collateralised regime, by hand: a fill is refused if a side in that mode could end up owing. */
class Collateral {
  refused: OrderEvent[] = [];
  readonly #standard = new Set<string>();
  readonly #cash = new Map<string, bigint>();
  readonly #held = new Map<string, Map<string, { series: Series; quantity: bigint }>>();
  readonly #index = new Map<number, bigint>();

  *watch(events: Iterable<MarketEvent>): Generator<MarketEvent> {
    for (const event of events) {
      if (event.kind === "deposit") {
        this.#cash.set(traderKey(event.trader), event.amount);
        if (event.margin === "standard") this.#standard.add(traderKey(event.trader));
      }
      if (event.kind === "index") this.#index.set(event.market, event.price);
      if (event.kind === "expiry") for (const trader of this.#held.keys()) this.#settle(trader, event);
      yield event;
    }
  }

  accept = (taker: OrderEvent, maker: OrderEvent, quantity: bigint): boolean => {
    const sides = [taker, maker].map((order) => this.#after(order, quantity, maker.limitPrice));
    const backed = sides.every(
      ({ trader, cash, held }) => this.#standard.has(trader) || cash >= this.#requirement([...held.values()]),
    );
    if (!backed) this.refused.push(taker);
    else for (const { trader, cash, held } of sides) (this.#cash.set(trader, cash), this.#held.set(trader, held));
    return backed;
  };

  #after({ trader, series, side }: OrderEvent, quantity: bigint, price: bigint) {
    const name = traderKey(trader);
    const signed = side === "buy" ? quantity : -quantity;
    const held = new Map(this.#held.get(name));
    held.set(seriesKey(series), { series, quantity: (held.get(seriesKey(series))?.quantity ?? 0n) + signed });
    return { trader: name, cash: this.#cash.get(name)! - (signed * price) / 10_000n, held };
  }

  #requirement(held: readonly { series: Series; quantity: bigint }[]): bigint {
    let sum = 0n;
    for (const expiry of new Set(held.map(({ series }) => expiryKey(series)))) {
      const group = held.filter(({ series }) => expiryKey(series) === expiry);
      sum += largestLoss(group, 3n * this.#index.get(group[0]!.series.market)!);
    }
    return sum;
  }

  #settle(trader: string, expiry: { market: number; expiryDay: number }): void {
    const index = this.#index.get(expiry.market)!;
    for (const [key, { series, quantity }] of this.#held.get(trader)!) {
      if (expiryKey(series) !== expiryKey(expiry)) continue;
      this.#held.get(trader)!.delete(key);
      const payoff = series.type === "call" ? index - series.strike : series.strike - index;
      if (payoff > 0n) this.#cash.set(trader, this.#cash.get(trader)! + (payoff * quantity) / 10_000n);
    }
  }
}

describe("the generated day", () => {
  const day = generateDay();
  const collateral = new Collateral();
  const result = replay(collateral.watch(day.events), collateral.accept);
  const orders = day.events.filter((event) => event.kind === "order");
  const expiry = expirySeconds(DEMO_EXPIRY_DAY);

  it("is the same for the same seed and another for another", () => {
    expect(generateDay()).to.deep.equal(day);
    expect(generateDay({ seed: 2n }).events).not.to.deep.equal(day.events);
  });

  it("trades at least 2,000 times, in a book that knows nothing of the generator", () => {
    expect(result.trades.length).to.equal(day.fills).and.at.least(2_000);
    expect(result.crossed, "makers that met another maker").to.equal(0);
  });

  it("fills each maker's order that trades about three times", () => {
    const traded = new Set(result.trades.map(({ maker }) => maker));
    expect(result.trades.length / traded.size).to.be.within(2.3, 3.5);
  });

  it("refuses about one in a hundred takers for lack of cash, namely those that overreach", () => {
    const takers = orders.filter(({ immediate }) => immediate);
    expect(collateral.refused.length).to.equal(day.overreaching);
    expect(day.overreaching / takers.length).to.be.within(0.003, 0.02);
    for (const { side, series } of collateral.refused) expect([side, series.type]).to.deep.equal(["sell", "call"]);
  });

  it("has sweeps through several levels, and takers in bursts", () => {
    const levels = new Map<OrderEvent, number>();
    for (const { taker } of result.trades) levels.set(taker, (levels.get(taker) ?? 0) + 1);
    expect([...levels.values()].filter((count) => count >= 3).length).to.be.greaterThan(50);
    const times = [...levels.keys()].map(({ time }) => time).sort((a, b) => a - b);
    const gaps = times.slice(1).map((time, i) => time - times[i]!);
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(deviation / mean, "1 would be a Poisson process").to.be.greaterThan(1.5);
  });

  it("uses all accounts, both markets, both sides and types, within the caps", () => {
    const traders = new Set(orders.map(({ trader }) => traderKey(trader)));
    expect(traders.size)
      .to.equal(DEMO_MAKERS + 1 + DEMO_TAKERS)
      .and.to.equal(101);
    const kinds = new Set(
      result.trades.map(({ taker: { series, side } }) => `${series.market} ${series.type} ${side}`),
    );
    expect(kinds.size).to.equal(8);
    expect(new Set(result.trades.map(({ taker }) => expiryKey(taker.series))).size).to.equal(8);
    expect(result.maxPositions).to.be.at.most(64);
    expect(result.maxExpiries).to.be.at.most(8);
  });

  it("shows an oracle both markets every minute, with a smile for every expiry that is not over", () => {
    const seen = day.events.filter((event) => event.kind === "observation");
    expect(seen.length).to.equal(2 * (24 * 60 + 1));
    for (const { time, model } of seen) {
      const days = model.expiries.map(({ day: expiryDay }) => expiryDay);
      expect(days.length).to.equal(time < expiry ? 4 : 3);
      for (const { points } of model.expiries) expect(points.length).to.equal(7);
    }
  });

  it("gives makers a fraction of what the collateralised regime would ask, and squeezes one of them", () => {
    const standard = day.events.filter((event) => event.kind === "deposit" && event.margin === "standard");
    expect(standard.length).to.equal(DEMO_MAKERS + 2);
    const of = (trader: Trader): OrderEvent[] =>
      orders.filter((order) => traderKey(order.trader) === traderKey(trader));
    const [sale, ...others] = of(SQUEEZED_MAKER);
    expect(others).to.deep.equal([]);
    expect(sale).to.include({ side: "sell", immediate: false, time: expiry + 7_200 });
    const bought = result.trades
      .filter(({ maker }) => maker === sale)
      .reduce((sum, { quantity }) => sum + quantity, 0n);
    expect(bought).to.equal(sale!.quantity);
    const spots = day.events.flatMap((event) =>
      event.kind === "observation" && event.model.market === sale!.series.market ? [event] : [],
    );
    const spotAt = (seconds: number): number =>
      Number(spots.find(({ time }) => time >= expiry + seconds)!.model.spot) / Number(USD);
    expect(spotAt(4.5 * 3_600) / spotAt(4 * 3_600)).to.be.within(1.1, 1.18);
    expect(spotAt(6.5 * 3_600) / spotAt(5.5 * 3_600)).to.be.within(0.89, 0.96);
  });

  it("expires once per market in the middle of the day, and trades nothing expired", () => {
    const due = day.events.filter((event) => event.kind === "expiry");
    expect(due.map(({ market, expiryDay }) => [market, expiryDay])).to.have.deep.members([
      [1, DEMO_EXPIRY_DAY],
      [2, DEMO_EXPIRY_DAY],
    ]);
    for (const order of orders) expect(order.expiresAt).to.be.below(expirySeconds(order.series.expiryDay));
    const expiring = result.trades.filter(({ taker }) => taker.series.expiryDay === DEMO_EXPIRY_DAY);
    expect(expiring.length).to.be.greaterThan(100);
    expect(result.trades.filter(({ taker }) => taker.time > expiry).length).to.be.greaterThan(500);
    expect(day.events[0]!.time).to.equal(expiry - 43_200);
    expect(day.events.at(-1)!.time).to.be.within(expiry + 36_000, expiry + 43_200);
  });

  it("keeps to the tick, the lot and the grid of strikes, and to the order of time", () => {
    let time = 0;
    for (const event of day.events) {
      expect(event.time).to.be.at.least(time);
      time = event.time;
      if (event.kind !== "order") continue;
      const spec = MARKETS.find(({ id }) => id === event.series.market)!;
      const step = strikeStep(spec, event.series.expiryDay, event.time);
      expect([event.limitPrice % spec.tick, event.quantity % spec.lot, event.series.strike % step]).to.deep.equal([
        0n,
        0n,
        0n,
      ]);
      expect(event.limitPrice > 0n && event.quantity > 0n).to.equal(true);
    }
  });

  it("holds for other seeds, days and numbers of fills", () => {
    for (const seed of [2n, 3n, 4n, 5n]) {
      const other = generateDay({ seed, expiryDay: DEMO_EXPIRY_DAY + Number(seed) * 30, fills: 500 });
      const check = new Collateral();
      const { trades, crossed, maxPositions } = replay(check.watch(other.events), check.accept);
      expect([trades.length, crossed, check.refused.length]).to.deep.equal([other.fills, 0, other.overreaching]);
      expect(other.fills).to.be.at.least(500);
      expect(maxPositions).to.be.at.most(64);
    }
  });
});

describe("the largest loss", () => {
  const loss = (...legs: [strike: number, contracts: number, type?: "put"][]): bigint =>
    largestLoss(
      legs.map(([strike, contracts, type]) => ({
        series: { ...call(strike), type: type ?? "call" },
        quantity: BigInt(contracts) * CONTRACT,
      })),
      300n * USD,
    );

  it("is the ceiling for calls, the strike for puts, the width for spreads, and nothing for longs", () => {
    expect(loss([100, -1])).to.equal(200n * CONTRACT);
    expect(loss([100, -2, "put"])).to.equal(200n * CONTRACT);
    expect(loss([100, -1], [110, 1])).to.equal(10n * CONTRACT);
    expect(loss([100, 1], [110, -1])).to.equal(0n);
    expect(loss([90, 1, "put"], [95, -1, "put"], [105, -1], [112, 1])).to.equal(7n * CONTRACT);
    expect(loss()).to.equal(0n);
  });
});
