import { ANCHOR_MAX_AGE, MODE_COLLATERALISED, MODE_STANDARD, PRICE_TO_CASH } from "../../../src/machine/Constants.ts";
import type { Position } from "../../../src/machine/Positions.ts";
import { marketKey } from "../../../src/machine/Slots.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import {
  DAY,
  holding,
  marked,
  named,
  ONE,
  ownedEdges,
  OWNER,
  TERMS,
  type AccountEdge,
  type After,
} from "./accountCases.ts";
import { modeSetting, type Signing } from "./builders.ts";
import { MARKED, needsOf, runCases, SPOT, type Cases, type World } from "./cases.ts";
import { cashEdges } from "./cashEdges.ts";
import { rightsEdges } from "./rightsEdges.ts";
import { INBOX, START, testConfig } from "./world.ts";

/** What random traffic hardly ever meets in the transactions of one account: everything that has a bound, at it and one beyond. */

/** All transactions of one account at their bounds. */
export function accountEdges(chainId: bigint): Cases {
  const signing = { domain: testConfig(chainId, INBOX).domain };
  return runCases(chainId, [...cashEdges(signing), ...rightsEdges(signing), ...named("a mode", modeEdges(signing))]);
}

function modeEdges(signing: Signing): readonly AccountEdge[] {
  const make = (mode: number): Transaction => modeSetting(signing, OWNER, mode, TERMS);
  const [leave, join] = [{ transaction: make(MODE_COLLATERALISED) }, { transaction: make(MODE_STANDARD) }];
  const standard = { mode: MODE_STANDARD };
  const [call, put] = [[holding(-1n)], [holding(-1n, 1, DAY, true)]];
  const aged = (positions: readonly Position[], age: bigint, mode = MODE_STANDARD): World =>
    marked({ mode, positions }, { anchorTime: START - age });
  const [old, older] = [ANCHOR_MAX_AGE, ANCHOR_MAX_AGE + 1n];
  const bound = (mode: number, short: bigint): World => {
    const positions = [holding(-1n), holding(2n, 1, DAY, true)];
    const { initial } = needsOf(marked({ positions }), mode, positions);
    return marked({ positions, mode: MODE_STANDARD - mode, cash: initial - short });
  };

  // Two expiries of market 1 with shorts, none of market 2, one of market 3.
  const many = [
    ...[holding(-1n), holding(-2n, 1, DAY, true), holding(7n, 1, DAY, true, 2n * SPOT), holding(-4n, 1, DAY + 1)],
    ...[holding(8n, 2), holding(-16n, 3)],
  ];
  const exposures = (one: bigint, three: bigint): After => [
    [marketKey(1), { exposure: 100n * ONE + one * ONE }],
    [marketKey(2), { exposure: 100n * ONE }],
    [marketKey(3), { exposure: 100n * ONE + three * ONE }],
  ];
  const exposed = { exposure: 100n * ONE };
  // At this price the fund backs as much as it is itself.
  const capped = (fund: bigint, positions: readonly Position[] = call, exposure = 0n): World =>
    marked({ positions }, { exposureMultiple: 1n, exposure }, { fund });
  const fund = (SPOT * ONE) / PRICE_TO_CASH;
  const uneven = (positions: readonly Position[], market: number): World => {
    const world = capped(2n * fund, positions);
    return {
      ...world,
      markets: { ...world.markets, [market]: { ...MARKED, exposureMultiple: 1n, exposure: 2n * ONE } },
    };
  };
  const two = [holding(-1n), holding(-1n, 2)];
  const eight = Array.from({ length: 8 }, (_, i) => holding(-1n, i + 1));

  return [
    ...ownedEdges(signing, (terms, by) => modeSetting(by, OWNER, MODE_STANDARD, terms)),
    ["that is the same", "ModeInvalid", leave, marked({})],
    ["that is the same, on standard margin", "ModeInvalid", join, marked(standard)],
    ["in debt", "AccountInDebt", join, marked({ debt: 1n })],
    ["in an auction", "AuctionRunning", leave, marked({ ...standard, auction: 1n })],
    ["with a short call on an anchor that still counts", "OK", leave, aged(call, old)],
    ["with one on an older anchor", "AnchorStale", leave, aged(call, older)],
    ["with a short put on an older anchor", "OK", leave, aged(put, older)],
    ["with a long call on an older anchor", "OK", leave, aged([holding(1n)], older)],
    ["for marks, with an older anchor", "OK", join, aged(call, older, MODE_COLLATERALISED)],
    ["that its cash covers", "OK", join, bound(MODE_STANDARD, 0n)],
    ["that its cash does not cover", "InsufficientMargin", join, bound(MODE_STANDARD, 1n)],
    ["with collateral that its cash covers", "OK", leave, bound(MODE_COLLATERALISED, 0n)],
    ["with collateral that it does not", "InsufficientMargin", leave, bound(MODE_COLLATERALISED, 1n)],
    ["that adds exposure", "OK", { ...join, after: exposures(7n, 16n) }, marked({ positions: many }, exposed)],
    [
      "that takes it out",
      "OK",
      { ...leave, after: exposures(-7n, -16n) },
      marked({ ...standard, positions: many }, exposed),
    ],
    ["that the fund just backs", "OK", join, capped(fund)],
    ["that it does not", "ExposureCap", join, capped(fund - 1n)],
    ["without shorts, that it does not", "OK", join, capped(0n, [holding(1n)], ONE)],
    [
      "left, that it does not",
      "OK",
      leave,
      marked({ ...standard, positions: call }, { exposure: 5n * ONE }, { fund: 0n }),
    ],
    ["that it does not in the first market", "ExposureCap", join, uneven(two, 1)],
    ["that it does not in the second", "ExposureCap", join, uneven(two, 2)],
    ["with shorts in as many markets as may be", "OK", join, marked({ positions: eight })],
  ];
}
