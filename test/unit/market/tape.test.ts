import { expect } from "chai";
import { divideHalfUp, parseDecimal, roundToStep } from "../../../src/market/decimal.ts";
import { streamTape } from "../../../src/market/streamTape.ts";
import { coinPriceInUsd, readTape, TapeHeaderError } from "../../../src/market/tape.ts";
import { CONTRACT, MARKETS, strikeStep, USD } from "../../../src/market/types.ts";

const HEADER = "timestamp,instrument_name,price,iv,amount,direction,index_price,trade_id,trade_seq,tick_direction";
const GOOD = "1554077504779,BTC-5APR19-4125-C,0.015,42.53,0.3,buy,4094.01,16992564,222,0";
/** 2019-04-05 in days. */
const EXPIRY_DAY = 17_991;

/** The good row with one cell changed. */
function row(changes: Readonly<Record<string, string>> = {}): string {
  const cells = GOOD.split(",");
  return HEADER.split(",")
    .map((name, i) => changes[name] ?? cells[i])
    .join(",");
}

describe("decimals", () => {
  it("are read exactly", () => {
    expect(parseDecimal("0.0005", 8)).to.equal(50_000n);
    expect(parseDecimal("4094.01", 4)).to.equal(40_940_100n);
    expect(parseDecimal("7", 0)).to.equal(7n);
    expect(parseDecimal("1.500000", 1)).to.equal(15n);
    expect(parseDecimal("123456789012345678.00000001", 8)).to.equal(12_345_678_901_234_567_800_000_001n);
  });

  it("are refused where they are no plain unsigned number, or too fine", () => {
    for (const text of ["", " 1", "-1", "+1", "1e3", "NaN", "1.", ".5", "0x10", "1,5", "1_000", "9".repeat(19)])
      expect(parseDecimal(text, 4), text).to.equal(undefined);
    expect(parseDecimal("0.00001", 4)).to.equal(undefined);
  });

  it("round halves up, and never to nothing", () => {
    expect([4n, 5n, 14n, 15n].map((n) => divideHalfUp(n, 10n))).to.deep.equal([0n, 1n, 1n, 2n]);
    expect([0n, 4n, 14n, 15n].map((n) => roundToStep(n, 10n))).to.deep.equal([10n, 10n, 10n, 20n]);
  });
});

describe("the tape", () => {
  it("gives every cell its exact value", () => {
    const { prints, broken } = readTape([HEADER, GOOD]);
    expect(broken).to.deep.equal([]);
    expect(prints).to.deep.equal([
      {
        line: 2,
        timeMs: 1_554_077_504_779,
        series: { market: 1, expiryDay: EXPIRY_DAY, strike: 4_125n * USD, type: "call" },
        side: "buy",
        quantity: (3n * CONTRACT) / 10n,
        coinPrice: 1_500_000n,
        indexPrice: 40_940_100n,
        vol: 0.4253,
      },
    ]);
  });

  it("has no vol where the tape says zero or nothing that makes sense", () => {
    for (const iv of ["0", "0.0", "", "-3", "NaN", "1e2"]) {
      const { prints, broken } = readTape([HEADER, row({ iv })]);
      expect([prints.length, broken.length, prints[0]?.vol], iv).to.deep.equal([1, 0, undefined]);
    }
  });

  it("tolerates CRLF, a byte order mark, blank lines and columns in another order", () => {
    const lines = [
      "\uFEFFindex_price,direction,amount,price,instrument_name,timestamp\r",
      "141.1,sell,150,0.001,ETH-12APR19-110-P,1554077329524\r",
      "",
    ];
    const { prints, broken } = readTape(lines);
    expect(broken).to.deep.equal([]);
    expect(prints).to.have.length(1);
    expect(prints[0]).to.include({ side: "sell", quantity: 150n * CONTRACT, indexPrice: 1_411_000n });
  });

  it("refuses a missing or foreign header, and says what it expected", () => {
    for (const lines of [[], [""], [GOOD], ["a,b,c"], [HEADER.replace("amount", "size")], [`${HEADER},price`]])
      expect(() => readTape(lines), lines.join()).to.throw(TapeHeaderError, "expected a header that names timestamp, ");
    expect(() => readTape([HEADER.replace("amount", "size")])).to.throw("no column amount");
  });

  const BROKEN: readonly (readonly [string, string, string])[] = [
    ["too few columns", "1554077504779,BTC-5APR19-4125-C", "has 2 columns instead of 10"],
    ["too many columns", `${GOOD},1`, "has 11 columns instead of 10"],
    ["a timestamp that is no number", row({ timestamp: "NaN" }), 'timestamp "NaN"'],
    ["a negative timestamp", row({ timestamp: "-5" }), 'timestamp "-5"'],
    ["time that went back", row({ timestamp: "1554077503000" }), "1779 ms before an earlier row"],
    ["an unknown market", row({ instrument_name: "SOL-5APR19-4125-C" }), "no known market"],
    ["a future instead of an option", row({ instrument_name: "BTC-5APR19" }), "not of the form"],
    ["a perpetual", row({ instrument_name: "BTC-PERPETUAL" }), "not of the form"],
    ["an unknown month", row({ instrument_name: "BTC-5APX19-4125-C" }), "impossible date"],
    ["an impossible date", row({ instrument_name: "BTC-31APR19-4125-C" }), "impossible date"],
    ["29 February of a common year", row({ instrument_name: "BTC-29FEB19-4125-C" }), "impossible date"],
    ["day zero", row({ instrument_name: "BTC-0APR19-4125-C" }), "impossible date"],
    ["an option that had expired", row({ instrument_name: "BTC-29MAR19-4125-C" }), "had expired"],
    ["a strike off the grid", row({ instrument_name: "BTC-5APR19-4100-C" }), "strike off the grid"],
    ["a strike off the coarser grid", row({ instrument_name: "BTC-27SEP19-4125-C" }), "strike off the grid"],
    ["a strike of zero", row({ instrument_name: "BTC-5APR19-0-C" }), "strike off the grid"],
    ["an unknown direction", row({ direction: "BUY" }), 'direction "BUY"'],
    ["an amount that is no number", row({ amount: "NaN" }), 'amount "NaN"'],
    ["a negative amount", row({ amount: "-1" }), 'amount "-1"'],
    ["an amount of zero", row({ amount: "0.0" }), "amount is zero"],
    ["an amount finer than the lot", row({ amount: "0.25" }), "finer than the lot"],
    ["an amount of seven decimals", row({ amount: "0.1000001" }), "at most 6 decimals"],
    ["a price that is no number", row({ price: "" }), 'price ""'],
    ["a negative price", row({ price: "-0.0005" }), 'price "-0.0005"'],
    ["a price of zero", row({ price: "0" }), "price is zero"],
    ["an index that is no number", row({ index_price: "null" }), 'index_price "null"'],
    ["an index of zero", row({ index_price: "0.00" }), "index_price is zero"],
    ["a trade that appeared before", row(), "trade_id 16992564 appeared before"],
  ];
  for (const [name, line, reason] of BROKEN) {
    it(`names and skips a row with ${name}`, () => {
      const next = row({ trade_id: "2", timestamp: "1554077504780" });
      const { prints, broken } = readTape([HEADER, GOOD, line, next]);
      expect(prints.map((print) => print.line)).to.deep.equal([2, 4]);
      expect(broken).to.have.length(1);
      expect(broken[0]!.line).to.equal(3);
      expect(broken[0]!.reason).to.include(reason);
    });
  }

  it("raises the time of a row that is only a little late", () => {
    const { prints, broken } = readTape([HEADER, GOOD, row({ timestamp: "1554077503779", trade_id: "2" })]);
    expect(broken).to.deep.equal([]);
    expect(prints.map((print) => print.timeMs)).to.deep.equal([1_554_077_504_779, 1_554_077_504_779]);
  });

  it("accepts the last second before the expiry and not the expiry itself", () => {
    const expiry = (EXPIRY_DAY * 86_400 + 8 * 3_600) * 1_000;
    const { prints, broken } = readTape([
      HEADER,
      row({ timestamp: String(expiry - 1) }),
      row({ timestamp: String(expiry), trade_id: "2" }),
    ]);
    expect([prints.length, broken.length]).to.deep.equal([1, 1]);
  });

  it("reports a file that is not there", async () => {
    let caught: unknown;
    try {
      for await (const print of streamTape("/nowhere/tape.csv", () => {})) expect.fail(String(print.line));
    } catch (error) {
      caught = error;
    }
    expect(caught).to.include({ code: "ENOENT" });
  });
});

describe("terms of a market", () => {
  const [btc, eth] = MARKETS;

  it("convert coin to dollars at the index, on the tick, halves up, at least one tick", () => {
    expect(coinPriceInUsd(1_500_000n, 40_940_100n, btc!.tick)).to.equal(614_000n); // 61.41015 USD to 61.40
    expect(coinPriceInUsd(50_000n, 41_000_000n, btc!.tick)).to.equal(21_000n); // 2.05 USD to 2.10
    expect(coinPriceInUsd(100_000n, 1_411_000n, eth!.tick)).to.equal(1_400n); // 0.1411 USD to 0.14
    expect(coinPriceInUsd(1n, 1n, eth!.tick)).to.equal(eth!.tick);
  });

  it("step strikes by tenor", () => {
    const expiry = EXPIRY_DAY * 86_400 + 8 * 3_600;
    const steps = [0, 8, 9, 40, 41].map((days) => strikeStep(eth!, EXPIRY_DAY, expiry - days * 86_400) / USD);
    expect(steps).to.deep.equal([5n, 5n, 10n, 10n, 10n]);
  });

  it("keep every premium a whole number of cash units, and every step a multiple of the finest", () => {
    for (const { tick, lot, strikeSteps } of MARKETS) {
      expect((tick * lot) % 10_000n).to.equal(0n);
      for (const step of strikeSteps) expect([step % strikeSteps[0], step % tick]).to.deep.equal([0n, 0n]);
    }
  });
});
