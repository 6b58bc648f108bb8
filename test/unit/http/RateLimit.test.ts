import { expect } from "chai";
import { RateLimit } from "../../../src/http/RateLimit.ts";

describe("RateLimit", () => {
  it("counts the requests of each client, and forgets the one that has not asked for longest", () => {
    let now = 0;
    const limit = new RateLimit(2, 3, () => now);
    const take = (client: string, times: number): boolean[] => Array.from({ length: times }, () => limit.take(client));
    expect(take("a", 4)).to.deep.equal([true, true, true, false]);
    expect(take("b", 1)).to.deep.equal([true]);
    now = 1000;
    expect(take("a", 3)).to.deep.equal([true, true, false]);
    now = 100_000;
    expect(take("a", 4)).to.deep.equal([true, true, true, false]);
    for (let i = 0; i < 10_000; i++) limit.take(`other ${i}`);
    expect(take("a", 1)).to.deep.equal([true]);
  });
});
