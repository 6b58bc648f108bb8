import { expect } from "chai";
import { anchorOf, relayReason, type Anchor } from "../../../src/settlement/anchor.ts";

const NOW = 1_800_000_000n;
const MAX_PRICE = 2n ** 39n - 1n;

describe("anchors", () => {
  const prices: [what: string, answer: bigint, decimals: number, price: bigint | undefined][] = [
    ["eight decimals", 2_000_12345678n, 8, 20_001_235n],
    ["half is rounded up", 5_000n, 8, 1n],
    ["less than half is no price", 4_999n, 8, undefined],
    ["eighteen decimals", 1_500n * 10n ** 18n, 18, 15_000_000n],
    ["none", 42n, 0, 420_000n],
    ["the highest price", MAX_PRICE * 10_000n + 4_999n, 8, MAX_PRICE],
    ["above the highest", MAX_PRICE * 10_000n + 5_000n, 8, undefined],
    ["zero", 0n, 8, undefined],
    ["a negative one", -1n, 8, undefined],
    ["a number of 128 bits", 2n ** 127n, 18, undefined],
  ];
  for (const [what, answer, decimals, price] of prices) {
    it(`are what the contract makes of an answer: ${what}`, () => {
      const anchor = anchorOf({ answer, updatedAt: NOW }, decimals, NOW);
      expect(anchor).to.deep.equal(price === undefined ? undefined : { price, updatedAt: NOW });
    });
  }

  it("have no time of zero and none in the future", () => {
    expect(anchorOf({ answer: 10n ** 8n, updatedAt: 0n }, 8, NOW)).to.equal(undefined);
    expect(anchorOf({ answer: 10n ** 8n, updatedAt: NOW + 1n }, 8, NOW)).to.equal(undefined);
  });

  const rule = { age: 1_800n, move: 100n };
  const last: Anchor = { price: 10_000n, updatedAt: NOW };
  const cases: [what: string, next: Anchor, now: bigint, reason: string | undefined][] = [
    ["the same round, however old", { price: 10_000n, updatedAt: NOW }, NOW + 90_000n, undefined],
    ["the same time with another price", { price: 20_000n, updatedAt: NOW }, NOW + 90_000n, undefined],
    ["an older round", { price: 20_000n, updatedAt: NOW - 1n }, NOW + 90_000n, undefined],
    ["a second before the age", { price: 10_099n, updatedAt: NOW + 1n }, NOW + 1_799n, undefined],
    ["at the age", { price: 10_000n, updatedAt: NOW + 1n }, NOW + 1_800n, "age"],
    ["a hundredth up", { price: 10_100n, updatedAt: NOW + 1n }, NOW + 1n, "move"],
    ["a hundredth down", { price: 9_900n, updatedAt: NOW + 1n }, NOW + 1n, "move"],
    ["less than that", { price: 9_901n, updatedAt: NOW + 1n }, NOW + 1n, undefined],
  ];
  for (const [what, next, now, reason] of cases) {
    it(`are relayed ${reason === undefined ? "not" : `for their ${reason}`}: ${what}`, () => {
      expect(relayReason(last, next, now, rule)).to.equal(reason);
    });
  }

  it("are relayed at once to a market that has none", () => {
    expect(relayReason(undefined, last, NOW, rule)).to.equal("first");
  });
});
