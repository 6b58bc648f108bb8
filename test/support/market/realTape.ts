import { expect } from "chai";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { marketData } from "../../../scripts/cli/marketData.ts";
import { streamFlow, tapeFlow } from "../../../src/market/flow.ts";
import { streamTape } from "../../../src/market/streamTape.ts";
import { type BrokenRow, type Print } from "../../../src/market/tape.ts";
import { expirySeconds, seriesKey } from "../../../src/market/types.ts";
import { replay, tally } from "./matcher.ts";

const FOLDER = marketData("trades");
const FILES = existsSync(FOLDER)
  ? readdirSync(FOLDER)
      .filter((name) => name.endsWith(".csv"))
      .sort()
  : [];

/** The real trades, month by month: what the tape has, and what becomes of it as orders. @param months So many of the first ones. */
export function describeRealTape(months: number): void {
  const files = FILES.length > 0 ? FILES.slice(0, months) : ["(absent)"];

  describe("the 2019 tape", function () {
    before(function () {
      if (FILES.length > 0) return;
      console.log(`      skipped: no trade tapes in ${FOLDER}; point TENOR_DATA at the data to run these`);
      this.skip();
    });

    for (const file of files) {
      describe(file, () => {
        const prints: Print[] = [];
        const broken: BrokenRow[] = [];
        before(async () => {
          for await (const print of streamTape(join(FOLDER, file), (row) => broken.push(row))) prints.push(print);
        });

        it("has no broken row", () => {
          expect(broken).to.deep.equal([]);
          expect(prints.length).to.be.greaterThan(10_000);
        });

        it("comes out of a book of price-time priority exactly as it went in", () => {
          const result = replay(tapeFlow(prints));
          expect([result.unfilled.length, result.resting, result.crossed]).to.deep.equal([0, 0n, 0]);

          // Prints of one taker at one price are one fill. A fill has the dollar price of the maker's first print, so
          // that print is looked up by the line that the maker's order names.
          const byLine = new Map(prints.map((print) => [print.line, print]));
          const fills = result.trades.map(({ taker, maker, quantity }) => {
            const { coinPrice } = byLine.get(maker.line!)!;
            return `${byLine.get(taker.line!)!.timeMs} ${seriesKey(taker.series)} ${taker.side} ${coinPrice} ${quantity}`;
          });
          const expected = new Map<string, bigint>();
          for (const { timeMs, series, side, coinPrice, quantity } of prints) {
            const key = `${timeMs} ${seriesKey(series)} ${side} ${coinPrice}`;
            expected.set(key, (expected.get(key) ?? 0n) + quantity);
          }
          expect(fills.length).to.equal(expected.size);
          const shown = tally([...expected].map(([key, quantity]) => `${key} ${quantity}`));
          expect(tally(fills)).to.deep.equal(shown);
        });

        it("fits 50 makers and 500 takers within the caps on positions and expiries", () => {
          const result = replay(tapeFlow(prints));
          expect(result.maxPositions).to.be.at.most(64);
          expect(result.maxExpiries).to.be.at.most(8);
          const flow = tapeFlow(prints);
          let step = flow.next();
          while (!step.done) step = flow.next();
          const summary = step.value;
          expect(summary.impossible).to.equal(0);
          expect(summary.fills).to.equal(result.trades.length);
          const perFill = ((summary.makerOrders + summary.takerOrders) / summary.fills).toFixed(2);
          console.log(`        ${JSON.stringify(summary)}, ${perFill} orders per fill`);
        });

        it("has hourly rounds, an expiry for each that falls due, and no order after it", () => {
          const rounds = new Map<number, number>();
          const over = new Set<string>();
          const due = new Set(
            prints
              .filter(({ series }) => expirySeconds(series.expiryDay) + 61 < prints.at(-1)!.timeMs / 1_000)
              .map(({ series }) => `${series.market}/${series.expiryDay}`),
          );
          let time = 0;
          for (const event of tapeFlow(prints)) {
            if (event.time < time) expect.fail(`time went back from ${time} to ${event.time}`);
            time = event.time;
            for (const last of rounds.values()) if (time - last > 3_600) expect.fail(`no round for an hour at ${time}`);
            if (event.kind === "index") rounds.set(event.market, time);
            if (event.kind === "order" && event.expiresAt >= expirySeconds(event.series.expiryDay))
              expect.fail(`line ${event.line} outlives its series`);
            if (event.kind !== "expiry") continue;
            expect(rounds.get(event.market)).to.be.greaterThan(expirySeconds(event.expiryDay));
            over.add(`${event.market}/${event.expiryDay}`);
          }
          expect([...over].sort()).to.deep.equal([...due].sort());
        });
      });
    }

    it("streams with a limit", async () => {
      let orders = 0;
      const tape = streamTape(join(FOLDER, FILES[0]!), () => {});
      for await (const event of streamFlow(tape, { limit: 100 })) if (event.kind === "order") orders += 1;
      expect(orders).to.be.within(100, 200);
    });
  });
}
