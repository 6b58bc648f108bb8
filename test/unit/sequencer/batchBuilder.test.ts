import { expect } from "chai";
import { MAX_TENOR, MEDIUM_TENOR, SHORT_TENOR } from "../../../src/machine/Constants.ts";
import { packSeries } from "../../../src/machine/Positions.ts";
import { ResultCode } from "../../../src/machine/ResultCodes.ts";
import { expiryTime } from "../../../src/machine/Slots.ts";
import { TX_COLLECT_FEES, TX_FILL } from "../../../src/machine/Wire.ts";
import { BatchBuilder, BatchBuilderError } from "../../../src/sequencer/BatchBuilder.ts";
import { paddedLength, tenorClass } from "../../../src/sequencer/BatchRules.ts";
import { seriesOf, toWireMaker, toWireTaker } from "../../../src/sequencer/SignedOrder.ts";
import { CONFIG, CONTRACT, GENESIS, harness, MARKET, order, SPOT } from "../../support/sequencer.ts";

const LIMITS = { maxPast: 600n, maxFuture: 60n, maxPayload: 4096 };

describe("BatchBuilder", () => {
  it("pads a payload to the least length that allows its steps", () => {
    expect([0, 1, 2, 3].map((steps) => paddedLength(0, steps))).to.deep.equal([0, 1, 65, 129]);
    expect(paddedLength(200, 3)).to.equal(200);
    for (let steps = 1; steps < 200; steps++) {
      const length = paddedLength(2 * steps, steps);
      expect(Math.ceil(length / 64)).to.equal(steps);
      expect(length === 2 * steps || Math.ceil((length - 1) / 64) === steps - 1).to.equal(true);
    }
  });

  it("knows the classes of the tenor to the second", () => {
    const series = packSeries(1, 20_500, SPOT, false);
    const at = (tenor: bigint): number => tenorClass(series, expiryTime(20_500) - tenor);
    expect(
      [SHORT_TENOR, SHORT_TENOR + 1n, MEDIUM_TENOR, MEDIUM_TENOR + 1n, MAX_TENOR, MAX_TENOR + 1n].map(at),
    ).to.deep.equal([0, 1, 1, 2, 2, 3]);
  });

  it("executes a fill at both bounds of the L1 time where the class of its tenor changes between them", () => {
    const day = 20_050;
    const boundary = expiryTime(day) - MEDIUM_TENOR;
    // The strike lies on the second step and not on the third, so it is good from the boundary on.
    const change = { expiryDay: day, strike: SPOT + 1_000_000n, quantity: CONTRACT };
    for (const [l2Time, code] of [
      [boundary - 800n, ResultCode.SeriesOffGrid],
      [boundary - 30n, ResultCode.SeriesOffGrid],
      [boundary + 59n, ResultCode.SeriesOffGrid],
      [boundary + 60n, ResultCode.OK],
    ] as const) {
      const h = harness();
      h.l1.anchor(SPOT, MARKET, l2Time);
      const builder = new BatchBuilder(CONFIG, LIMITS, GENESIS);
      builder.open((index) => h.l1.log.message(index), h.l1.log.messageCount, l2Time, l2Time + 600n);
      const [maker, taker] = [
        order(1, 0n, { ...change, isSell: true, deadline: l2Time }),
        order(2, 0n, { ...change, deadline: l2Time }),
      ];
      const market = builder.machine.state.openMarket(MARKET)!;
      const fill = {
        type: TX_FILL,
        maker: toWireMaker(maker, market),
        taker: toWireTaker(taker, market, maker.terms.limitPrice),
        lots: CONTRACT / market.lot,
      } as const;
      const before = builder.machine.state.root;
      expect(builder.append(fill, seriesOf(maker.terms)).code, `${l2Time - boundary}`).to.equal(code);
      if (code !== ResultCode.OK) expect(builder.machine.state.root).to.equal(before);
    }
  });

  it("tells whose fault a refused fill is, and leaves the state as it was", () => {
    const h = harness({ accounts: 2 });
    const builder = new BatchBuilder(CONFIG, LIMITS, GENESIS);
    builder.open((index) => h.l1.log.message(index), h.l1.log.messageCount, h.clock.time, h.clock.time + 600n);
    const market = builder.machine.state.openMarket(MARKET)!;
    const before = builder.machine.state.hash();
    const fillOf = (maker: number, taker: number) =>
      ({
        type: TX_FILL,
        maker: toWireMaker(order(maker, 0n, { isSell: true }), market),
        taker: toWireTaker(order(taker, 0n), market, order(maker, 0n).terms.limitPrice),
        lots: CONTRACT / market.lot,
      }) as const;
    expect(builder.append(fillOf(9, 1))).to.deep.equal({ code: ResultCode.AccountUnknown, makerPassed: false });
    expect(builder.append(fillOf(1, 9))).to.deep.equal({ code: ResultCode.AccountUnknown, makerPassed: true });
    expect(builder.machine.state.hash()).to.deep.equal(before);
    expect(builder.steps).to.equal(0);
  });

  it("refuses misuse", () => {
    const builder = new BatchBuilder(CONFIG, LIMITS, { ...GENESIS, cursor: { ...GENESIS.cursor, message: 2n } });
    const message = (): never => {
      throw new Error("no message");
    };
    const codes: [() => void, string][] = [
      [() => builder.seal(), "NO_OPEN_BATCH"],
      [() => builder.append({ type: TX_COLLECT_FEES }), "NO_OPEN_BATCH"],
      [() => builder.open(message, 1n, 0n, 0n), "MESSAGES_READ_FALLS"],
    ];
    for (const [action, code] of codes) expect(action).to.throw(BatchBuilderError).with.property("code", code);
    builder.open(message, 2n, 5n, 600n);
    expect(() => builder.open(message, 2n, 5n, 600n))
      .to.throw(BatchBuilderError)
      .with.property("code", "BATCH_OPEN");
    builder.discard();
    expect(builder.isOpen).to.equal(false);
    expect(builder.machine.cursor.l2Time).to.equal(0n);
  });
});
