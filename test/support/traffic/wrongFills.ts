import { MAX_QUANTITY } from "../../../src/machine/Constants.ts";
import type { Fill, Transaction, WireTakerOrder } from "../../../src/machine/Wire.ts";
import { anchorMessage, listMarketMessage, makerOrder, type Draft } from "./builders.ts";
import { item, keyedFill, newFill, reference, signing, type Recipe } from "./Recipe.ts";
import type { Produce, Traffic } from "./Traffic.ts";
import {
  BTC,
  COUNTERPARTY,
  ETH,
  FULL_ACCOUNT,
  INDEBTED_ACCOUNT,
  LARGEST_ACCOUNT,
  SETTLEMENT,
  signerAddress,
  START_DAY,
  WAITING_ACCOUNT,
  WIDE_ACCOUNT,
} from "./world.ts";

function mixedStored(t: Traffic, differ: (maker: Draft, other: Draft) => Draft): Produce {
  const maker = t.draft(t.someAccount());
  const lot = t.market(maker.market).lot;
  const first = { ...maker, quantity: lot * 6n };
  const second = differ(first, t.draft(t.someAccount(maker.account), { quantity: lot * 6n, market: maker.market }));
  const third = t.someAccount(maker.account);
  const counterFirst = t.crossing(third, first, { quantity: lot });
  const counterSecond = t.crossing(third === second.account ? t.someAccount(second.account) : third, second, {
    quantity: lot,
  });
  return item(t.fill(first, counterFirst), t.fill(second, counterSecond), {
    type: 0x10,
    maker: reference(first),
    taker: reference(second),
    lots: 1n,
  });
}

/** Fills that are wrong in one way each. */
export const WRONG_FILLS: readonly Recipe[] = [
  {
    name: "fill of an unknown order",
    weight: 1,
    make: () =>
      item({
        type: 0x10,
        maker: { stored: true, account: 1, nonce: 900_000n },
        taker: { stored: true, account: 2, nonce: 900_000n },
        lots: 1n,
      }),
  },
  { name: "fill in an unknown market", weight: 1, make: (t) => newFill(t, { market: 0 }) },
  {
    name: "fill off the grid",
    weight: 1,
    make: (t) => newFill(t, { market: 1, expiryDay: Number(t.l1Time / 86_400n) + 90, strike: 38_750_000n }),
  },
  {
    name: "fill too far away",
    weight: 1,
    make: (t) => newFill(t, { market: 1, expiryDay: Number(t.l1Time / 86_400n) + 500, strike: 40_000_000n }),
  },
  {
    name: "fill of a strike out of range",
    weight: 1,
    make: (t) => newFill(t, { market: 1, strike: 1_250_000n * 500_000n }),
  },
  {
    name: "fill at a price out of range",
    weight: 1,
    make: (t) => newFill(t, { market: 1, limitPrice: 1000n * (1n << 35n) }),
  },
  {
    name: "fill after the expiry",
    weight: 1,
    make: (t) =>
      newFill(t, { market: 1, expiryDay: Number(t.batchTime / 86_400n), strike: 40_000_000n, nonce: t.nonce(1) }),
  },
  { name: "fill of nothing", weight: 1, make: (t) => newFill(t, {}, {}, 0n) },
  { name: "order of nothing", weight: 1, make: (t) => newFill(t, { quantity: 0n }) },
  {
    // The wire knows whole lots alone, and those are not what was signed.
    name: "order of a fraction of a lot",
    weight: 1,
    make: (t) => newFill(t, { market: 2, quantity: 1_500_000n }, {}, 1_000_000n),
  },
  {
    name: "order of more lots than there may be",
    weight: 1,
    make: (t) => newFill(t, { market: 2, quantity: MAX_QUANTITY + ETH.lot }, {}, ETH.lot),
  },
  {
    name: "fill of more lots than there may be",
    weight: 1,
    make: (t) => newFill(t, { market: 2 }, {}, MAX_QUANTITY + ETH.lot),
  },
  {
    name: "maximum fee out of range",
    weight: 1,
    make: (t) => newFill(t, { market: 1 }, { maxFee: 1000n * (1n << 35n) }),
  },
  { name: "free option", weight: 1, make: (t) => newFill(t, { limitPrice: 0n }) },
  {
    name: "overfill",
    weight: 1,
    make: (t) => newFill(t, { market: 1, quantity: 100_000n }, { quantity: 200_000n }, 200_000n),
  },
  {
    name: "fill of a kill in part",
    weight: 1,
    make: (t) => newFill(t, { market: 1, quantity: 300_000n }, { fillOrKill: true, quantity: 300_000n }, 100_000n),
  },
  { name: "post only taker", weight: 1, make: (t) => newFill(t, {}, { postOnly: true }) },
  { name: "immediate maker", weight: 1, make: (t) => newFill(t, { immediateOrCancel: true }) },
  {
    name: "immediate for long",
    weight: 1,
    make: (t) => newFill(t, {}, { immediateOrCancel: true, deadline: t.l1Time + 100_000n }),
  },
  {
    name: "limit not met",
    weight: 1,
    // A new taker's limit is at the maker's or beyond, for the wire has no other; one that the state holds need not be.
    make: (t) => {
      const market = t.market(1);
      const place = { market: 1, expiryDay: Number(t.l1Time / 86_400n) + 2, strike: 40_000_000n, isPut: true };
      const maker = t.draft(10, { ...place, isSell: true, limitPrice: 400_000n, quantity: market.lot });
      const dearer = t.draft(12, { ...maker, account: 12, nonce: t.nonce(12), limitPrice: 500_000n });
      const taker = t.crossing(11, maker, { quantity: market.lot * 2n });
      const again = { maker: makerOrder(signing(t), dearer, market), taker: reference(taker), lots: 1n } as const;
      return item(t.fill(maker, taker, market.lot), { type: 0x10, ...again });
    },
  },
  ...(["below zero", "above the largest price"] as const).map((place): Recipe => ({
    name: `limit of a taker ${place}`,
    weight: 1,
    make: (t) => {
      const maker = t.draft(10, { isSell: place !== "below zero" });
      const fill = t.fill(maker, t.crossing(11, maker)) as Fill & { readonly taker: WireTakerOrder };
      const slippageTicks = maker.limitPrice / t.market(maker.market).tick + (place === "below zero" ? 1n : 1n << 38n);
      return item({ ...fill, taker: { ...fill.taker, slippageTicks } });
    },
  })),
  {
    name: "reduce only that opens",
    weight: 1,
    make: (t) => newFill(t, { reduceOnly: true, market: 1, strike: 60_000_000n }),
  },
  { name: "trade with oneself", weight: 1, make: (t) => newFill(t, { account: 9 }, { account: 9 }) },
  { name: "fee above the maximum", weight: 1, make: (t) => newFill(t, { maxFee: 0n }) },
  {
    name: "order too late",
    weight: 1,
    make: (t) => ({
      ...newFill(t, { deadline: t.batchTime }),
      messages: [anchorMessage(t.sent(SETTLEMENT), 2, 1_500_000n, t.l1Time)],
    }),
  },
  {
    name: "maker's signature forged",
    weight: 1,
    make: (t) => {
      const maker = t.draft(10);
      return item(t.fill(maker, t.crossing(11, maker), undefined, { maker: 12 }));
    },
  },
  {
    name: "taker's signature forged",
    weight: 1,
    make: (t) => {
      const maker = t.draft(10);
      return item(t.fill(maker, t.crossing(11, maker), undefined, { taker: 12 }));
    },
  },
  {
    name: "same nonce, other terms",
    weight: 2,
    make: (t) => {
      const maker = t.draft(10, { quantity: 8_000_000n });
      const first = t.fill(maker, t.crossing(11, maker, { quantity: 1_000_000n }));
      const other = { ...maker, limitPrice: maker.limitPrice + t.market(maker.market).tick };
      return item(first, t.fill(other, t.crossing(11, other, { quantity: 1_000_000n })));
    },
  },
  {
    name: "same nonce, same terms",
    weight: 2,
    make: (t) => {
      const maker = t.draft(10, { quantity: 8_000_000n });
      const once = (): Transaction => t.fill(maker, t.crossing(11, maker, { quantity: 1_000_000n }));
      return item(once(), once());
    },
  },
  { name: "fill by a key of another epoch", weight: 1, make: (t) => keyedFill(t, 10n ** 12n, { keyEpoch: 4_000_000 }) },
  { name: "fill beyond the budget", weight: 1, make: (t) => keyedFill(t, 1n) },
  {
    name: "fill not forcible",
    weight: 1,
    make: (t) => {
      const maker = t.draft(10, { forcible: true });
      return t.forced(signerAddress(1), t.fill(maker, t.crossing(11, maker)));
    },
  },
  { name: "fill in debt", weight: 1, make: (t) => newFill(t, {}, { account: INDEBTED_ACCOUNT }) },
  {
    name: "fill without cash",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, limitPrice: 1_000_000n, market: 1 },
        { account: WAITING_ACCOUNT, quantity: 10n ** 12n, market: 1 },
        undefined,
      ),
  },
  {
    name: "fill without enough cash",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, account: COUNTERPARTY, market: 2, limitPrice: 1_000_000n, quantity: 10n ** 14n },
        { account: 13, quantity: 10n ** 14n },
      ),
  },
  {
    name: "short without margin",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, account: 14, market: 1, quantity: 10n ** 10n, limitPrice: 1_000n },
        { account: COUNTERPARTY, quantity: 10n ** 10n },
      ),
  },
  {
    name: "65th position",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, market: 1, expiryDay: Number(t.l1Time / 86_400n) + 3, strike: 63_750_000n },
        { account: FULL_ACCOUNT },
      ),
  },
  {
    name: "ninth expiry",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, market: 1, expiryDay: START_DAY + 20, strike: 40_000_000n },
        { account: WIDE_ACCOUNT },
      ),
  },
  {
    name: "largest position",
    weight: 1,
    // Of the series that the account holds: a batch has no words for the days before its own.
    make: (t) =>
      t.batchTime / 86_400n > START_DAY + 2
        ? undefined
        : newFill(
            t,
            {
              isSell: true,
              market: 2,
              expiryDay: START_DAY + 2,
              strike: 1_500_000n,
              isPut: true,
              quantity: 1_000_000n,
              limitPrice: 100n,
            },
            { account: LARGEST_ACCOUNT, quantity: MAX_QUANTITY },
          ),
  },
  {
    name: "other series",
    weight: 2,
    make: (t) =>
      mixedStored(t, (first, other) => ({ ...other, isSell: !first.isSell, strike: first.strike + 1_250_000n })),
  },
  {
    name: "same side",
    weight: 2,
    make: (t) => mixedStored(t, (first, other) => ({ ...first, account: other.account, nonce: other.nonce })),
  },
  {
    name: "fill without an anchor",
    weight: 1,
    make: (t) => {
      const market = 3 + t.random.uint(250);
      return {
        ...newFill(t, { market, strike: 40_000_000n }),
        messages: [listMarketMessage(t.sent(SETTLEMENT), market, BTC)],
      };
    },
  },
  {
    name: "short call on a stale anchor",
    weight: 1,
    make: (t) => {
      const market = 3 + t.random.uint(250);
      const listed = listMarketMessage(t.sent(SETTLEMENT), market, BTC);
      const anchored = anchorMessage(t.sent(SETTLEMENT), market, BTC.anchor, t.l1Time - 90_000n);
      const fill = newFill(t, { market, strike: 40_000_000n, isPut: false, isSell: true });
      return { ...fill, messages: [listed, anchored] };
    },
  },
];
