import { expect } from "chai";
import { viewsOf } from "../../src/machine/Assessment.ts";
import { FRACTION, FUND_ACCOUNT, MODE_STANDARD } from "../../src/machine/Constants.ts";
import { hasMark, mark } from "../../src/machine/Marks.ts";
import { GENESIS_CURSOR } from "../../src/machine/MachineState.ts";
import { expiryOf, packSeries } from "../../src/machine/Positions.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import { expiryTime, KIND_ACCOUNT, KIND_EXPIRY, KIND_GLOBALS, KIND_WITHDRAWAL } from "../../src/machine/Slots.ts";
import { slots } from "../../src/machine/StateTree.ts";
import { Machine } from "../../src/machine/Step.ts";
import {
  TX_BID,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FUND_BID,
  TX_ORACLE_REPORT,
  TX_SET_MODE,
  TX_SETTLE,
  TX_START_AUCTION,
} from "../../src/machine/Wire.ts";
import { signBid, signSetMode, signTransfer, signWithdraw } from "../../src/sequencer/Signing.ts";
import type { Submission } from "../../src/sequencer/Submission.ts";
import { reportOf, signed } from "../support/oracle.ts";
import { trial } from "../../src/sequencer/Valuation.ts";
import { expectParity, poster } from "../support/posting.ts";
import { runSeed } from "../support/random.ts";
import {
  CONFIG,
  DOMAIN,
  GENESIS,
  harness,
  keyOf,
  LOT,
  MARKET,
  order,
  ownerOf,
  random,
  SPOT,
  START,
  TICK,
  USDC,
  type Harness,
} from "../support/sequencer.ts";

const ACCOUNTS = 6;
/** Two more who do nothing by themselves: one gives the fund its capital, one buys. */
const SPONSOR = ACCOUNTS + 1;
const RICH = ACCOUNTS + 2;
/** Rounds in which the price runs up. */
const RUN_UP = [20, 26] as const;
const DAYS = [20_001, 20_003];
const CASH = 6_000n * USDC;

type Pick = (below: number) => number;

/** The mark of a series on the tick, or 64 USD, which the call at the money has in the beginning. */
function worth(h: Harness, series: bigint): bigint {
  const { state, builder } = h.sequencer.exchange;
  const view = viewsOf(trial(CONFIG, state.root, builder.now))(expiryOf(series));
  const fair = hasMark(view) ? mark(view, series) : 640_000n;
  return (fair / TICK + 40n) * TICK;
}

/** Something that somebody might do. */
function anything(h: Harness, pick: Pick, nonce: bigint): Submission {
  const account = 1 + pick(ACCOUNTS);
  const deadline = h.clock.time + BigInt(30 + pick(400));
  const auth = { nonce, deadline };
  const other = 1 + pick(ACCOUNTS);
  switch (pick(24)) {
    case 0: {
      const fields = { account, amount: BigInt(1 + pick(300)) * USDC, payee: 0 };
      return {
        kind: "transaction",
        transaction: signWithdraw(DOMAIN, fields, ownerOf(account), auth, keyOf(account)),
      };
    }
    case 1: {
      const fields = { from: account, to: other, amount: BigInt(1 + pick(300)) * USDC };
      return { kind: "transaction", transaction: signTransfer(DOMAIN, fields, auth, keyOf(account)) };
    }
    case 2:
    case 3: {
      const mode = pick(8) === 0 ? 0 : MODE_STANDARD;
      return { kind: "transaction", transaction: signSetMode(DOMAIN, { account, mode }, auth, keyOf(account)) };
    }
    case 4:
    case 5: {
      const [inAuction = other] = h.sequencer.exchange.standardAccounts.inAuction;
      const bidder = pick(2) === 0 ? RICH : account;
      const fields = { account: inAuction, bidder, fraction: FRACTION / BigInt(1 + pick(4)), limit: CASH };
      return { kind: "transaction", transaction: signBid(DOMAIN, fields, auth, keyOf(bidder)) };
    }
    case 6:
      return { kind: "transaction", transaction: { type: pick(2) === 0 ? TX_START_AUCTION : TX_END_AUCTION, account } };
    case 7: {
      const fund = pick(4);
      const transaction = { type: TX_FUND_BID, account, fund, fraction: FRACTION } as const;
      return { kind: "transaction", transaction: pick(2) === 0 ? transaction : { type: TX_COLLECT_FUND, fund } };
    }
    default: {
      const immediate = pick(2) === 0;
      const isSell = pick(2) === 0;
      const isPut = pick(4) === 0;
      const expiryDay = DAYS[pick(3) === 0 ? 0 : 1]!;
      const price = worth(h, packSeries(MARKET, expiryDay, SPOT, isPut));
      return {
        kind: "order",
        order: order(account, nonce, {
          expiryDay,
          isPut,
          isSell,
          quantity: LOT * BigInt(1 + pick(100)),
          limitPrice: price + TICK * BigInt((isSell ? -1 : 1) * (pick(40) - 10)),
          deadline: immediate ? h.clock.time + 60n : deadline,
          immediateOrCancel: immediate,
          maxFee: 200_000n,
        }),
      };
    }
  }
}

/** An account on standard margin sells as many calls as it can to somebody who has plenty. */
function overstretch(h: Harness, account: number, firstNonce: bigint): bigint {
  let nonce = firstNonce;
  const auth = { nonce: nonce++, deadline: h.clock.time + 60n };
  const transaction = signSetMode(DOMAIN, { account, mode: MODE_STANDARD }, auth, keyOf(account));
  h.sequencer.submitMany([{ kind: "transaction", transaction }]);
  const terms = {
    expiryDay: DAYS[1]!,
    limitPrice: worth(h, packSeries(MARKET, DAYS[1]!, SPOT, false)),
    maxFee: 200_000n,
  };
  for (let lots = 160n; lots > 0n; lots -= 10n) {
    const both = { ...terms, quantity: LOT * lots, deadline: h.clock.time + 60n, fillOrKill: true };
    const [, sale] = h.sequencer.submitMany([
      { kind: "order", order: order(RICH, nonce++, { ...both, fillOrKill: false }) },
      { kind: "order", order: order(account, nonce++, { ...both, isSell: true }) },
    ]);
    if (sale!.accepted) break;
  }
  return nonce;
}

/** Cash of everybody, fees, fund, pools and withdrawals: INV-1. */
function accounted(h: Harness): bigint {
  let sum = 0n;
  for (const { slot } of slots(h.sequencer.exchange.state.root)) {
    if (slot.kind === KIND_ACCOUNT) sum += slot.cash;
    else if (slot.kind === KIND_GLOBALS) sum += slot.fees + slot.fund;
    else if (slot.kind === KIND_WITHDRAWAL) sum += slot.amount;
    else if (slot.kind === KIND_EXPIRY) sum += slot.received - slot.paid;
  }
  return sum;
}

/** Every item of every batch on L1 has the result that the sequencer saw when it put it there. */
function expectAllGood(h: Harness): void {
  const { log } = h.l1;
  const machine = new Machine(CONFIG, log, GENESIS.root, GENESIS_CURSOR);
  while (!machine.finished(log.batchCount)) {
    const { kind, code } = machine.step(log.batchCount);
    if (kind === "item") expect(resultName(code)).to.equal("OK");
  }
}

/** A day and a bit of random trading while the price runs and the first expiry passes. */
async function trade(pick: Pick, seen: Map<number, number>): Promise<void> {
  const h = harness({ oracle: true, accounts: RICH, cash: CASH, maxPayload: 8_192, heartbeat: 120n });
  h.l1.deposit(RICH, 9n * CASH);
  const terms = { nonce: 0n, deadline: START + 864_000n };
  const fields = { from: SPONSOR, to: FUND_ACCOUNT, amount: 5_000n * USDC };
  h.sequencer.submitMany([
    { kind: "transaction", transaction: signTransfer(DOMAIN, fields, terms, keyOf(SPONSOR)) },
    { kind: "transaction", transaction: { type: TX_COLLECT_FUND, fund: 0 } },
  ]);
  let by = poster(h);
  let nonce = 1n;
  let spot = SPOT;
  const end = expiryTime(DAYS[0]!);
  let isFixed = false;
  for (let round = 0; round < 90; round++) {
    h.clock.time += BigInt(1 + pick(round > 30 && round < 60 ? 2_000 : 240));
    // The last third is about the expiry.
    if (round === 60) h.clock.time = end - 600n;
    const isRunUp = round >= RUN_UP[0] && round < RUN_UP[1];
    spot = (spot * BigInt(10_000 + (isRunUp || pick(2) === 0 ? 1 : -1) * pick(350))) / 10_000n;
    if (pick(5) > 0) {
      const days = DAYS.filter((day) => expiryTime(day) > h.clock.time);
      h.sequencer.submitReports([signed(CONFIG, reportOf(MARKET, h.clock.time, spot, days, 0.5 + pick(20) / 100))]);
    }
    h.sequencer.submitMany(Array.from({ length: pick(20) }, () => anything(h, pick, nonce++)));
    if (round === RUN_UP[0]) nonce = overstretch(h, 1 + pick(ACCOUNTS), nonce);
    if (!isFixed && h.clock.time > end + 60n) {
      isFixed = true;
      h.l1.fixPrice(DAYS[0]!, (spot / TICK) * TICK);
    }
    switch (pick(8)) {
      case 0:
        h.l1.anchor(spot);
        break;
      case 1:
        h.l1.forceInclude();
        break;
      case 2:
        h.restart();
        by = poster(h);
        break;
      case 3: {
        h.l1.takeBack(1n);
        break;
      }
      default:
        h.sequencer.tick();
        await by.post();
    }
    h.sequencer.sync(h.l1.log);
    h.sequencer.resealStale(h.l1.now);
  }
  await expectParity(h);
  expectAllGood(h);
  expect(String(accounted(h))).to.equal(String(CASH * BigInt(RICH + 9)));
  for (const event of h.events) {
    if (event.kind === "fill") seen.set(0, (seen.get(0) ?? 0) + 1);
    if (event.kind !== "executed") continue;
    const { type } = event.transaction;
    seen.set(type, (seen.get(type) ?? 0) + 1);
  }
}

describe("Scenario: standard margin while the price runs", () => {
  it("whatever traders, liquidators and L1 do: every item of a batch is good, and no collateral is lost", async function () {
    const seed = runSeed();
    this.test!.title += ` (TENOR_SEED=${seed})`;
    const seen = new Map<number, number>();
    const always = [0, TX_ORACLE_REPORT, TX_SET_MODE, TX_SETTLE, TX_START_AUCTION, TX_BID];
    // What the price does decides whether anybody is auctioned, and bid for: as many days as that takes, and six at least.
    for (let run = 0; run < 6 || (run < 60 && always.some((type) => !seen.has(type))); run++) {
      await trade(random(seed + run), seen);
    }
    for (const type of always) expect(seen.get(type), `type ${type}`).to.be.greaterThan(0);
    console.log(`      ${JSON.stringify(Object.fromEntries(seen))}`);
  });
});
