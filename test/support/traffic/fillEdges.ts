import {
  ANCHOR_MAX_AGE,
  FUND_ACCOUNT,
  FUND_SHARE,
  MAX_PRICE,
  MAX_QUANTITY,
  NONCE_WINDOW,
  RING,
} from "../../../src/machine/Constants.ts";
import { adverseUp, lossBoundUp } from "../../../src/machine/Fees.ts";
import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { driftUp, quote, viewOf } from "../../../src/machine/Marks.ts";
import { makePosition, packSeries } from "../../../src/machine/Positions.ts";
import {
  expiryTime,
  GLOBALS_KEY,
  keyKey,
  orderKey,
  SCOPE_CANCEL,
  SCOPE_PAYEE,
  type Key,
  type Order,
} from "../../../src/machine/Slots.ts";
import { FLAG_POST_ONLY } from "../../../src/machine/Wire.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import type { Draft, Signing } from "./builders.ts";
import { MARKED, markedExpiry, runCases, SPOT, type Cases, type Try } from "./cases.ts";
import {
  DAY,
  MAKER,
  NONCE,
  ONE,
  PRICE,
  RICH,
  STRANGER,
  TAKER,
  tryOf,
  type FillCase,
  type FillEdge,
  type Party,
} from "./fillCases.ts";
import { fillMarginEdges } from "./fillMarginEdges.ts";
import { BTC, INBOX, signerAddress, START, testConfig } from "./world.ts";

/** What random traffic hardly ever meets in fills: everything that has a bound, at it and one beyond. */

const { tick, lot } = BTC;
const FORCIBLE = { draft: { forcible: true } };
const OLD = { anchorTime: START - ANCHOR_MAX_AGE - 1n };
/** Marks that are a second too old. */
const STALE = { spotTime: START - 121n };

/** All fills at their bounds. */
export function fillEdges(chainId: bigint): Cases {
  const signing = { domain: testConfig(chainId, INBOX).domain };
  const edges = [
    ...sideEdges("maker"),
    ...sideEdges("taker"),
    ...termsEdges(),
    ...seriesEdges(),
    ...feeEdges(),
    ...keyEdges(),
    ...fillMarginEdges(),
  ];
  return runCases(chainId, [...edges.map((edge) => tryOf(signing, edge)), ...formEdges(signing)]);
}

/** Bytes of fills, and fills from L1. */
function formEdges(signing: Signing): readonly Try[] {
  const plain = tryOf(signing, ["", "OK", {}]) as Try & { transaction: Parameters<typeof encodeTransaction>[0] };
  const bytes = encodeTransaction(plain.transaction, START);
  const { world } = plain;
  const forced = (name: string, expected: Try["expected"], of: FillCase): Try =>
    tryOf(signing, [`from L1 ${name}`, expected, { ...of, act: { sender: signerAddress(STRANGER) } }]);
  const whole = forced("", "OK", { maker: FORCIBLE, taker: FORCIBLE }) as typeof plain;
  const long = Uint8Array.of(...encodeTransaction(whole.transaction, 0n), 0);
  const message = { kind: MESSAGE_FORCED, sender: signerAddress(1), l1Block: 1n, l1Time: START, payload: long };
  return [
    { name: "a fill a byte short", expected: "Malformed", world, bytes: bytes.slice(0, -1) },
    { name: "a fill a byte long", expected: "Malformed", world, bytes: Uint8Array.of(...bytes, 0) },
    { name: "a fill from L1 a byte long", expected: "Malformed", world: whole.world, message },
    forced("by anybody", "OK", { maker: FORCIBLE, taker: FORCIBLE }),
    forced("that the maker does not allow", "NotForcible", { taker: FORCIBLE }),
    forced("that the taker does not allow", "NotForcible", { maker: FORCIBLE }),
    forced("of a maker's order that is there", "Malformed", {
      maker: { ...FORCIBLE, comes: "stored" },
      taker: FORCIBLE,
    }),
    forced("of a taker's order that is there", "Malformed", {
      maker: FORCIBLE,
      taker: { ...FORCIBLE, comes: "stored" },
    }),
  ];
}

/** What holds for both sides: the slots of their orders, and their accounts. */
function sideEdges(who: "maker" | "taker"): readonly FillEdge[] {
  const side = (party: Party, rest: FillCase = {}): FillCase => ({ ...rest, [who]: party });
  const id = who === "maker" ? MAKER : TAKER;
  const [before, beyond] = [NONCE - BigInt(RING), NONCE + BigInt(RING)];
  const live = { quantity: 5n, filled: 3n, feeAccrued: 77n, limitPrice: 1n, series: 9n };
  const filled = (key: bigint): NonNullable<FillCase["act"]> => ({
    after: [[orderKey(id, key), { nonce: key, filled: ONE }]],
  });
  const at = (nonce: bigint, slot: Party["slot"], comes: Party["comes"] = "new"): FillCase =>
    side({ draft: { nonce }, comes, ...(slot === undefined ? {} : { slot }) });
  const windowed = (nonce: bigint, floor: bigint): FillCase => side({ draft: { nonce }, account: { floor } });
  const kept: FillCase = { ...at(NONCE, { nonce: before, ...live }), act: filled(NONCE) };
  const changes: readonly (readonly [string, Partial<Order>])[] = [
    ["series", { series: packSeries(1, DAY, 2n * SPOT, false) }],
    ["flags", { flags: (who === "maker" ? 1 : 0) | FLAG_POST_ONLY }],
    ["key", { keyIndex: 2 }],
    ["epoch", { keyEpoch: 1 }],
    ["deadline", { deadline: START + 6n }],
    ["limit", { limitPrice: PRICE + (who === "maker" ? -tick : tick) }],
    ["quantity", { quantity: 2n * ONE }],
    ["maximum fee", { maxFee: 10_001_000n }],
  ];
  const edges: FillEdge[] = [
    ["of a new order", "OK", {}],
    ["of a new order of nonce zero", "OK", at(0n, undefined)],
    ["of a new order where an older one lies", "OK", kept],
    ["of a new order where an older one was spent", "OK", at(NONCE, { nonce: before })],
    ["of a new order where a newer one lies", "NonceRetired", at(NONCE, { nonce: beyond, ...live })],
    ["of a new order where a newer one was spent", "NonceRetired", at(NONCE, { nonce: beyond })],
    ["of a new order of a spent nonce", "NonceUsed", at(NONCE, { nonce: NONCE })],
    ["of a stored order", "OK", side({ comes: "stored" })],
    [
      "of a stored order that has been filled in part",
      "OK",
      side({ draft: { quantity: 3n * ONE }, comes: "stored", holds: { filled: 2n * ONE } }),
    ],
    [
      "of more than is left of it",
      "Overfill",
      side({ draft: { quantity: 3n * ONE }, comes: "stored", holds: { filled: 2n * ONE + lot } }),
    ],
    ["of a stored order that is not there", "OrderUnknown", at(NONCE, "empty", "stored")],
    ["of a stored order of nonce zero that is not there", "OrderUnknown", at(0n, "empty", "stored")],
    ["of a stored order that was spent", "OrderUnknown", at(NONCE, { nonce: NONCE }, "stored")],
    ["of an order that is known, without its signature", "OK", side({ comes: "known", signer: "nobody" })],
    ...changes.map(([name, holds]): FillEdge => [
      `of a nonce with another ${name}`,
      "NonceUsed",
      side({ comes: "known", holds }),
    ]),
    ["with another's signature", "BadSignature", side({ signer: STRANGER })],
    ["without a signature", "BadSignature", side({ signer: "nobody" })],
    [
      "without a signature, for the fund",
      "BadSignature",
      side({ draft: { account: FUND_ACCOUNT }, account: { owner: new Uint8Array(20) }, signer: "nobody" }),
    ],
    ["of nobody", "AccountUnknown", side({ account: undefined })],
    ["in debt", "AccountInDebt", side({ account: { debt: 1n } })],
    ["of the first nonce", "OK", windowed(NONCE, NONCE)],
    ["of the one before", "NonceOutOfWindow", windowed(NONCE, NONCE + 1n)],
    ["of the last nonce", "OK", windowed(NONCE + NONCE_WINDOW - 1n, NONCE)],
    ["of the one after", "NonceOutOfWindow", windowed(NONCE + NONCE_WINDOW, NONCE)],
  ];
  // The slot holds the terms of another nonce, which must not be taken for these.
  const other: FillEdge = [
    "of a stored order whose nonce is another",
    "OrderUnknown",
    at(NONCE, { nonce: before, ...live }, "stored"),
  ];
  return [...edges, other].map(([name, expected, of]) => [`${name}, the ${who}'s`, expected, of]);
}

/** Terms that the wire can say and the machine can not hold. */
function termsEdges(): readonly FillEdge[] {
  const [most, step] = [(MAX_PRICE / tick) * tick, BTC.steps[0]];
  const at = (maker: Partial<Draft>, taker: Partial<Draft> = {}, rest: FillCase = {}): FillCase => ({
    ...{ maker: { draft: maker }, taker: { draft: taker } },
    ...rest,
  });
  const buying = { isSell: false };
  const huge = { quantity: MAX_QUANTITY };
  const strike = (MAX_PRICE / step) * step;
  const slipping = (change: bigint): FillCase => at(buying, { limitPrice: PRICE - change });
  const both = { comes: "stored" } as const;
  // Nobody can sign a limit below zero.
  const paying: NonNullable<FillCase["wire"]> = ({ taker, ...fill }) => ({
    ...fill,
    taker: { ...taker, slippageTicks: taker.slippageTicks + 1n },
  });
  return [
    ["of the largest strike", "OK", at({ strike })],
    ["of a larger strike", "Malformed", at({ strike: strike + step })],
    ["at the largest price", "OK", at({ limitPrice: most })],
    ["at a larger price", "Malformed", at({ limitPrice: most + tick })],
    ["with the largest maximum fee", "OK", at({ maxFee: most }, { maxFee: most })],
    ["with a larger one of the maker", "Malformed", at({ maxFee: most + tick })],
    ["with a larger one of the taker", "Malformed", at({}, { maxFee: most + tick })],
    ["of the largest quantity", "OK", at(huge, huge, huge)],
    ["of a maker's order of the largest quantity", "OK", at(huge)],
    ["of a maker's order of more", "Malformed", at({ quantity: MAX_QUANTITY + lot })],
    ["of a taker's order of more", "Malformed", at({}, { quantity: MAX_QUANTITY + lot })],
    ["of more than the largest quantity", "Malformed", { maker: both, taker: both, quantity: MAX_QUANTITY + lot }],
    ["by a taker who would sell for less", "OK", slipping(tick)],
    ["by a taker who would sell for a tick", "OK", slipping(PRICE - tick)],
    ["by a taker who would sell for nothing", "PriceInvalid", slipping(PRICE)],
    ["by a taker who would pay for it", "Malformed", { ...slipping(PRICE), wire: paying }],
    ["by a taker who would pay more", "OK", at({}, { limitPrice: PRICE + tick })],
    ["by a taker who would pay the largest price", "OK", at({}, { limitPrice: most })],
    ["by a taker who would pay a larger one", "Malformed", at({}, { limitPrice: most + tick })],
    ["with oneself", "SelfTrade", at({}, { account: MAKER, nonce: NONCE + 1n })],
  ];
}

/** Series, their markets and expiries. */
function seriesEdges(): readonly FillEdge[] {
  const end = expiryTime(DAY);
  const stored = { comes: "stored" } as const;
  const taken = (draft: Partial<Draft>): FillCase => ({ taker: { ...stored, draft } });
  const l1 = (l1Time: bigint, rest: FillCase = {}): FillCase => ({ ...rest, act: { l1Time } });
  const immediate = { draft: { immediateOrCancel: true } };
  const partly = ({ draft }: Party): Party => ({ draft: { ...draft, quantity: 2n * ONE } });
  const elsewhere = { [(1 << 16) | DAY]: markedExpiry(DAY) };
  const passed = { batchTime: end, l1Time: end - 1n };
  const deadline = { draft: { deadline: end + 5n } };
  return [
    ["in the last second", "OK", l1(end - 1n)],
    ["at the expiry", "SeriesExpired", l1(end)],
    ["of a stored order at the expiry", "SeriesExpired", l1(end, { maker: stored })],
    [
      "that the exchange takes for expired and L1 does not",
      "OK",
      { maker: deadline, taker: deadline, act: passed, market: { anchorTime: end } },
    ],
    ["in no market", "MarketUnknown", { world: { markets: {}, expiries: elsewhere } }],
    ["without an anchor", "AnchorMissing", { market: { anchor: 0n } }],
    ["with the smallest anchor", "OK", { market: { anchor: 1n } }],
    ["of an expiry whose price is fixed", "PriceFixed", { expiry: { price: 1n } }],
    ["of an expiry without curves", "OK", { world: { markets: { 1: MARKED }, expiries: {} } }],
    ["with a stored order of the series", "OK", taken({})],
    ["with a stored order of another strike", "SeriesMismatch", taken({ strike: 2n * SPOT })],
    ["with a stored order of the put", "SeriesMismatch", taken({ isPut: true })],
    ["with a stored order of another day", "SeriesMismatch", taken({ expiryDay: DAY + 1 })],
    ["with a stored order of the same side", "SideMismatch", taken({ isSell: true })],
    [
      "of a buyer with one of the same side",
      "SideMismatch",
      { maker: { draft: { isSell: false } }, ...taken({ isSell: false }) },
    ],
    ["of a stored order by one who takes it at once", "OK", { maker: stored, taker: immediate }],
    ["of a part of one who takes it at once", "OK", { taker: partly(immediate) }],
    ["of a part of one with a stored order", "OK", { maker: stored, taker: partly({}) }],
    ["of two stored orders", "OK", { maker: stored, ...taken({}) }],
  ];
}

/** Fees at their maximum, and what a part of them rounds to. */
function feeEdges(): readonly FillEdge[] {
  // 0.01 % of the anchor is 0.40 USD, 0.03 % three times that.
  const fees = (maker: bigint, taker: bigint, rest: FillCase = {}): FillCase => ({
    ...{ maker: { draft: { maxFee: maker } }, taker: { draft: { maxFee: taker } } },
    ...rest,
  });
  const third = { anchor: SPOT + 1n };
  // By so odd an anchor the maker accrues 40,000.001 for each lot, and the taker 120,000.003.
  const globals = (fee: bigint): NonNullable<FillCase["act"]> => ({
    after: [[GLOBALS_KEY, { fund: 9n + fee / FUND_SHARE, fees: 4n + fee - fee / FUND_SHARE }]],
  });
  const one = { quantity: lot, globals: { fund: 9n, fees: 4n }, market: third };
  const again = {
    maker: { comes: "stored", draft: { quantity: ONE }, holds: { filled: lot, feeAccrued: 40_000_001n * 10n ** 6n } },
  } as const;
  return [
    ["at the maximum fees", "OK", fees(4_000n, 12_000n)],
    ["above the maker's", "FeeAboveMaximum", fees(3_000n, 12_000n)],
    ["above the taker's", "FeeAboveMaximum", fees(4_000n, 11_000n)],
    ["of an odd anchor", "OK", { ...one, act: globals(40_001n + 120_001n) }],
    ["of an odd anchor, once more", "OK", { ...one, ...again, act: globals(40_000n + 120_001n) }],
  ];
}

/** Session keys: who may sign, and what they may lose. */
function keyEdges(): readonly FillEdge[] {
  const keyed = { keyIndex: 2, keyEpoch: 3 };
  const party = (key: Partial<Key>, rest: Party = {}): Party => ({
    ...rest,
    draft: { ...keyed, ...rest.draft },
    key: { epoch: 3, ...key },
  });
  const selling = (key: Partial<Key>, rest: Party = {}): FillCase => ({ maker: party(key, rest) });
  const edges: FillEdge[] = [
    ["by a key", "OK", selling({})],
    ["by a key of other scopes", "KeyInvalid", selling({ scope: SCOPE_CANCEL | SCOPE_PAYEE })],
    ["by a key of the last second", "OK", selling({ expiry: START })],
    ["by a lapsed key", "KeyInvalid", selling({ expiry: START - 1n })],
    ["by a key of another epoch", "KeyInvalid", selling({ epoch: 4 })],
    ["by no key", "KeyInvalid", { maker: { draft: keyed } }],
    ["by a key that is another's", "BadSignature", selling({ address: signerAddress(MAKER) })],
    ["by a key, without a signature", "BadSignature", selling({}, { signer: "nobody" })],
    ["by a key, of an order that is known", "OK", selling({}, { comes: "known", signer: "nobody" })],
    ["by a key, of an order that is stored", "OK", selling({}, { comes: "stored" })],
    ["by a key, of nobody", "AccountUnknown", { maker: { ...party({}), account: undefined } }],
  ];

  // Whoever sells has some, so that no short call is left.
  const series = packSeries(1, DAY, SPOT, false);
  const long = { account: { cash: RICH, positions: [makePosition(series, 2n * ONE)] } };
  const put = { isPut: true };
  const shortless: readonly (readonly [string, Partial<Draft>, Party])[] = [
    ["call", {}, long],
    ["put", put, {}],
  ];
  for (const [name, draft, held] of shortless) {
    const sold = party({}, { ...held, draft });
    const bought = party({}, { draft: { ...draft, isSell: false } });
    const refused = name === "call" ? "AnchorStale" : "OK";
    const market = { ...OLD, ...STALE };
    edges.push([`by a key that sells a ${name} without marks on an old anchor`, refused, { maker: sold, market }]);
    edges.push([
      `by a key that buys a ${name} without marks on an old anchor`,
      "OK",
      { maker: bought, taker: { ...held }, market },
    ]);
    edges.push([`by a key that sells a ${name} with marks on an old anchor`, "OK", { maker: sold, market: OLD }]);
  }
  return [...edges, ...budgetEdges(party)];
}

/** Budgets that are just enough, and one unit less; with marks and without, for all that may be sold and bought. */
function budgetEdges(party: (key: Partial<Key>, rest?: Party) => Party): readonly FillEdge[] {
  return [true, false].flatMap((isFresh) =>
    [true, false].flatMap((isPut) =>
      [true, false].flatMap((isSell) => {
        // The anchor is neither the strike nor the spot; the marks are half a minute older than now.
        const market = { ...MARKED, anchor: SPOT + 1_000_000n, spotTime: isFresh ? START - 40n : STALE.spotTime };
        const view = viewOf((1 << 16) | DAY, market, markedExpiry(DAY), START, 120n);
        const { mark, delta } = quote(view, packSeries(1, DAY, SPOT, isPut));
        const bound = isFresh
          ? adverseUp(isSell, PRICE, ONE, mark, driftUp(view, delta, 40n))
          : lossBoundUp(isSell, PRICE, ONE, isPut ? SPOT : market.anchor);
        const loss = bound + (market.anchor * 10n * ONE) / 10n ** 9n;
        const where = `by a key that ${isSell ? "sells" : "buys"} a ${isPut ? "put" : "call"} ${isFresh ? "with" : "without"} marks`;
        const of = (budget: bigint): FillCase => ({ maker: party({ budget }, { draft: { isPut, isSell } }), market });
        const act = { after: [[keyKey(MAKER, 2), { budget: 0n }]] } as const;
        const enough: FillEdge = [`${where}, of a budget that is just enough`, "OK", { ...of(loss), act }];
        return [enough, [`${where}, of one unit less`, "BudgetExceeded", of(loss - 1n)] as FillEdge];
      }),
    ),
  );
}
