import { expect } from "chai";
import { TapeModel } from "../../../src/market/tapeModel.ts";
import { expirySeconds, USD } from "../../../src/market/types.ts";
import { call, EXPIRY_DAY, START } from "../../support/market/prints.ts";
import { expectNear } from "../../support/near.ts";

const INDEX = 4_000n * USD;
const put = { ...call(3_500), type: "put" } as const;

describe("what an oracle sees of a tape", () => {
  it("is nothing before the first trade, then the index and the vols by expiry", () => {
    const model = new TapeModel();
    expect(model.observe(START)).to.deep.equal([]);
    model.trade(START, call(4_250), INDEX, 0.6);
    model.trade(START + 1, call(4_250, EXPIRY_DAY + 7), INDEX + 1n, 0.7);
    const [seen] = model.observe(START + 1);
    expect([seen!.market, seen!.spot]).to.deep.equal([1, INDEX + 1n]);
    expect(seen!.expiries.map(({ day, forward, points }) => [day, forward, points.length])).to.deep.equal([
      [EXPIRY_DAY, INDEX + 1n, 1],
      [EXPIRY_DAY + 7, INDEX + 1n, 1],
    ]);
  });

  it("moves the index with a print that has no vol, and takes no vol from it", () => {
    const model = new TapeModel();
    model.trade(START, call(4_250), INDEX, undefined);
    const [seen] = model.observe(START);
    expect([seen!.spot, seen!.expiries.length]).to.deep.equal([INDEX, 0]);
  });

  it("has the last vol of a strike; one out of the money is not given up for one in the money at once", () => {
    const model = new TapeModel();
    const vols = (time: number): number[] => model.observe(time)[0]!.expiries[0]!.points.map(({ vol }) => vol);
    model.trade(START, put, INDEX, 0.6);
    model.trade(START + 60, put, INDEX, 0.65);
    expect(vols(START + 60)).to.deep.equal([0.65]);
    model.trade(START + 120, call(3_500), INDEX, 0.9);
    expect(vols(START + 120)).to.deep.equal([0.65]);
    model.trade(START + 4_000, call(3_500), INDEX, 0.9);
    expect(vols(START + 4_000)).to.deep.equal([0.9]);
  });

  it("weighs an old vol less, and forgets it after a day unless nothing else is left", () => {
    const model = new TapeModel();
    const far = EXPIRY_DAY + 30;
    model.trade(START, call(4_250, far), INDEX, 0.6);
    model.trade(START + 3_600, call(4_500, far), INDEX, 0.6);
    const [old, recent] = model.observe(START + 3_600)[0]!.expiries[0]!.points;
    expectNear(old!.weight / recent!.weight, 0.5, 1e-9);
    expect(model.observe(START + 86_500)[0]!.expiries[0]!.points.length).to.equal(1);
    expect(model.observe(START + 864_000)[0]!.expiries[0]!.points.length).to.equal(2);
  });

  it("ends with the expiry", () => {
    const model = new TapeModel();
    model.trade(START, call(4_250), INDEX, 0.6);
    expect(model.observe(expirySeconds(EXPIRY_DAY))[0]!.expiries).to.deep.equal([]);
  });
});
