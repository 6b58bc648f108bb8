import { expect } from "chai";
import fc from "fast-check";
import { chargeOf, chooseKind, type ChoiceSettings, type RateSituation } from "../../../src/poster/DataChoice.ts";
import {
  blobUsage,
  calldataUsage,
  FLOOR_NEXT_FORK,
  FLOOR_TODAY,
  GAS_PER_BLOB,
  priceOf,
} from "../../../src/poster/Costs.ts";
import { affordable, covers, isWithin, leastReplacement, nextOffer } from "../../../src/poster/FeeLadder.ts";
import type { DataKind, Market, Offer } from "../../../src/poster/PosterL1.ts";
import { DEFAULT_POSTER_SETTINGS, feeLimit } from "../../../src/poster/PosterSettings.ts";
import { runSeed } from "../../support/random.ts";

const GWEI = 10n ** 9n;
const fee = fc.bigInt(0n, 10n ** 13n);
const kindOf = fc.constantFrom<DataKind>("calldata", "blob");
const marketOf: fc.Arbitrary<Market> = fc.record({ baseFee: fee, tip: fc.bigInt(0n, 10n ** 11n), blobBaseFee: fee });
const MARKET: Market = { baseFee: GWEI, tip: GWEI / 10n, blobBaseFee: GWEI };
const PLENTY: RateSituation = { availableBytes: 1n << 24n, isPressing: false };
const SETTINGS: ChoiceSettings = DEFAULT_POSTER_SETTINGS;

describe("the poster's fees", () => {
  const seed = runSeed();
  const check = (property: fc.IProperty<never> | fc.IRawProperty<unknown>): void => {
    fc.assert(property as fc.IProperty<unknown>, { seed });
  };

  it(`every replacement satisfies the pools' rule and none is above the limit (TENOR_SEED=${seed})`, () => {
    const story = fc.record({ kind: kindOf, markets: fc.array(marketOf, { minLength: 1, maxLength: 30 }), most: fee });
    check(
      fc.property(story, ({ kind, markets, most }) => {
        const limit = feeLimit(most, most);
        let previous: Offer | undefined;
        for (const market of markets) {
          const offer = nextOffer(kind, previous, market, limit);
          if (offer === undefined) continue;
          expect(isWithin(offer, limit)).to.equal(true);
          expect(offer.maxPriorityFeePerGas <= offer.maxFeePerGas).to.equal(true);
          if (kind === "calldata") expect(offer.maxFeePerBlobGas).to.equal(0n);
          if (previous !== undefined) {
            const [numerator, denominator] = kind === "blob" ? [2n, 1n] : [9n, 8n];
            const parts: (keyof Offer)[] = ["maxFeePerGas", "maxPriorityFeePerGas"];
            for (const part of kind === "blob" ? [...parts, "maxFeePerBlobGas" as const] : parts) {
              expect(offer[part] * denominator >= previous[part] * numerator, part).to.equal(true);
              expect(offer[part] > previous[part], part).to.equal(true);
            }
          }
          previous = offer;
        }
      }),
    );
  });

  it("a replacement is refused only if the least one is beyond the limit", () => {
    check(
      fc.property(kindOf, marketOf, fee, fee, (kind, market, paid, most) => {
        const previous = {
          maxFeePerGas: paid,
          maxPriorityFeePerGas: paid,
          maxFeePerBlobGas: kind === "blob" ? paid : 0n,
        };
        const limit = feeLimit(most, most);
        const isPossible = isWithin(leastReplacement(kind, previous), limit);
        expect(nextOffer(kind, previous, market, limit) !== undefined).to.equal(isPossible);
      }),
    );
  });

  it("an account is never offered for more than it has", () => {
    const gas = fc.bigInt(21_000n, 1n << 24n);
    check(
      fc.property(
        kindOf,
        fc.bigInt(0n, 10n ** 20n),
        gas,
        fc.integer({ min: 1, max: 6 }),
        (kind, balance, gasLimit, blobs) => {
          const blobGas = kind === "blob" ? GAS_PER_BLOB * BigInt(blobs) : 0n;
          const limit = affordable(kind, balance, gasLimit, blobGas, feeLimit(10n ** 13n, 10n ** 13n));
          expect(limit.maxFeePerGas * gasLimit + limit.maxFeePerBlobGas * blobGas <= balance).to.equal(true);
        },
      ),
    );
  });

  it("covers what the next block asks for, by each kind's own fees", () => {
    const offer = { maxFeePerGas: 10n, maxPriorityFeePerGas: 1n, maxFeePerBlobGas: 5n };
    const market = { baseFee: 10n, tip: 1n, blobBaseFee: 6n };
    expect(covers("calldata", offer, market)).to.equal(true);
    expect(covers("blob", offer, market)).to.equal(false);
    expect(covers("blob", offer, { ...market, blobBaseFee: 5n })).to.equal(true);
    expect(covers("calldata", offer, { ...market, baseFee: 11n })).to.equal(false);
  });
});

describe("the poster's choice of how a payload travels", () => {
  const bytes = (length: number, value = 0xff): Uint8Array => new Uint8Array(length).fill(value);

  it("reckons with the floor of calldata, of today and of the next fork", () => {
    const payload = new Uint8Array([...bytes(9_000), ...bytes(1_000, 0)]);
    const [zeros, others] = [1_150n, 9_014n];
    expect(calldataUsage(payload, FLOOR_TODAY).gas).to.equal(21_000n + 10n * zeros + 40n * others);
    expect(calldataUsage(payload, FLOOR_NEXT_FORK).gas).to.equal(21_000n + 64n * (zeros + others));
    // Short ones pay for what is executed.
    expect(calldataUsage(bytes(0), FLOOR_TODAY)).to.deep.equal(calldataUsage(bytes(0), FLOOR_NEXT_FORK));
  });

  it("counts each blob that is begun", () => {
    expect(blobUsage(126_976).blobGas).to.equal(GAS_PER_BLOB);
    expect(blobUsage(126_977).blobGas).to.equal(2n * GAS_PER_BLOB);
  });

  it("takes the cheaper one at first, and changes only for a gain", () => {
    const payload = bytes(20_000);
    const [calldata, blob] = [calldataUsage(payload, FLOOR_TODAY), blobUsage(payload.length)];
    const level = (percent: bigint): Market => {
      // The blob fee at which blobs cost so many percent of calldata.
      const wanted = (priceOf(calldata, { ...MARKET, blobBaseFee: 0n }) * percent) / 100n;
      const rest = wanted - priceOf({ gas: blob.gas, blobGas: 0n }, MARKET);
      return { ...MARKET, blobBaseFee: rest / blob.blobGas };
    };
    const choice = (percent: bigint, last?: DataKind): DataKind =>
      chooseKind(payload, level(percent), SETTINGS, last, PLENTY).kind;
    expect(choice(99n)).to.equal("blob");
    expect(choice(101n)).to.equal("calldata");
    expect(choice(90n, "calldata")).to.equal("calldata");
    expect(choice(84n, "calldata")).to.equal("blob");
    expect(choice(110n, "blob")).to.equal("blob");
    expect(choice(119n, "blob")).to.equal("calldata");
  });

  it("does not change while prices go up and down within the gain", () => {
    const prices = fc.array(fc.bigInt(95n, 105n), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(prices, (percents) => {
        const payload = bytes(20_000);
        const even =
          (priceOf(calldataUsage(payload, FLOOR_TODAY), MARKET) - blobUsage(1).gas * 11n * (GWEI / 10n)) / GAS_PER_BLOB;
        let last: DataKind | undefined;
        let changes = 0;
        for (const percent of percents) {
          const { kind } = chooseKind(
            payload,
            { ...MARKET, blobBaseFee: (even * percent) / 100n },
            SETTINGS,
            last,
            PLENTY,
          );
          if (last !== undefined && kind !== last) changes++;
          last = kind;
        }
        expect(changes).to.equal(0);
      }),
      { seed: runSeed() },
    );
  });

  it("takes what is possible: nothing empty in blobs, nothing too long as calldata", () => {
    expect(chooseKind(bytes(0), MARKET, { ...SETTINGS, kinds: "blob" }, "blob", PLENTY).kind).to.equal("calldata");
    expect(chooseKind(bytes(130_000), MARKET, { ...SETTINGS, kinds: "calldata" }, "calldata", PLENTY).kind).to.equal(
      "blob",
    );
    const blobless = { ...SETTINGS, hasBlobs: false };
    for (const length of [1, 1000, 130_000]) {
      const free = { ...MARKET, blobBaseFee: 0n };
      expect(chooseKind(bytes(length), free, blobless, "blob", PLENTY).kind).to.equal("calldata");
    }
    expect(chooseKind(bytes(100), MARKET, { ...SETTINGS, kinds: "blob" }, "calldata", PLENTY).kind).to.equal("blob");
  });

  it("charges the inbox's rate for whole blobs, and for calldata what it has", () => {
    const lengths = [1, 126_976, 126_977, 6 * 126_976];
    expect(lengths.map((length) => chargeOf("blob", length))).to.deep.equal([1, 1, 2, 6].map((n) => n * 131_072));
    expect(lengths.map((length) => chargeOf("calldata", length))).to.deep.equal(lengths);
  });

  it("waits for the rate to allow blobs unless the batch is pressing, and takes none that it never allows", () => {
    const cheap: Market = { ...MARKET, blobBaseFee: 1n };
    const choice = (rate: RateSituation, change: Partial<ChoiceSettings> = {}): DataKind =>
      chooseKind(bytes(20_000), cheap, { ...SETTINGS, ...change }, undefined, rate).kind;
    expect(choice({ availableBytes: 131_071n, isPressing: false })).to.equal("blob");
    expect(choice({ availableBytes: 131_071n, isPressing: true })).to.equal("calldata");
    expect(choice({ availableBytes: 131_072n, isPressing: true })).to.equal("blob");
    expect(choice({ availableBytes: 0n, isPressing: true }, { kinds: "blob" })).to.equal("blob");
    expect(choice(PLENTY, { kinds: "blob", burstBytes: 131_071n })).to.equal("calldata");
    expect(choice(PLENTY, { kinds: "blob", burstBytes: 131_072n })).to.equal("blob");
  });
});
