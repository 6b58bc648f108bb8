import { expect } from "chai";
import { recoverAddress } from "../../../src/crypto/secp256k1.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { Machine } from "../../../src/machine/Step.ts";
import { domainSeparator } from "../../../src/machine/TypedData.ts";
import {
  TX_BID,
  TX_COLLECT_FUND,
  TX_ORACLE_REPORT,
  TX_SET_MODE,
  TX_SETTLE,
  TX_START_AUCTION,
} from "../../../src/machine/Wire.ts";
import { ResultCode } from "../../../src/machine/ResultCodes.ts";
import { DEMO_MAKERS, generateDay, SQUEEZED_MAKER } from "../../../src/market/generate.ts";
import { conservationReport } from "../../../src/roles/Conservation.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { riskReport } from "../../../src/roles/RiskReport.ts";
import { Ledger } from "../../../src/replay/Ledger.ts";
import { MemoryL1 } from "../../../src/replay/MemoryL1.ts";
import { Replay } from "../../../src/replay/Replay.ts";
import { MemoryJournal } from "../../../src/sequencer/Journal.ts";
import { withRecoverCache } from "../../../src/sequencer/RecoverCache.ts";

const CONFIG = withRecoverCache({
  domain: domainSeparator(31_337n, new Uint8Array(20).fill(1)),
  bridge: new Uint8Array(20).fill(2),
  settlement: new Uint8Array(20).fill(3),
  recover: recoverAddress,
});
const GENESIS = genesisRoot(new Uint8Array(20).fill(9));

describe("a replay of the generated day", function () {
  const day = generateDay({ fills: 600 });
  const l1 = new MemoryL1(CONFIG, BigInt(day.events[0]!.time));
  const replay = new Replay({ config: CONFIG, genesis: GENESIS, l1, journal: new MemoryJournal(), logger: SILENT });
  let deposited = 0n;

  before(async () => {
    for (const event of day.events) {
      if (event.kind === "deposit") deposited += event.amount;
      await replay.apply(event);
    }
    await replay.finish();
  });

  it("trades what the generator meant, but for what leaves the price band while the market runs", () => {
    const { fills, rejectedBy, expiriesSettled } = replay.counts;
    expect(fills).to.be.at.least(0.97 * day.fills);
    expect(rejectedBy.InsufficientMargin).to.be.within(day.overreaching - 2, day.overreaching + 2);
    expect(expiriesSettled).to.equal(2);
  });

  it("has makers on standard margin, and one of them liquidated by a bidder", () => {
    const { executed } = replay.counts;
    expect(executed.get(TX_SET_MODE)).to.be.within(2, DEMO_MAKERS + 2);
    expect(executed.get(TX_START_AUCTION)).to.equal(1);
    expect(executed.get(TX_BID)).to.be.at.least(1);
    const squeezed = replay.sequencer.exchange.account(replay.traders.of(SQUEEZED_MAKER).account!)!;
    expect(squeezed.auction).to.equal(0n);
    expect(squeezed.debt).to.equal(0n);
  });

  it("posts a fraction of the oracle's reports, all of them good", () => {
    const { executed, reports, refusedReports } = replay.counts;
    expect(refusedReports).to.deep.equal({});
    expect(reports).to.equal(2 * 2 * (24 * 60 + 1));
    expect(executed.get(TX_ORACLE_REPORT)).to.be.within(50, reports / 4);
  });

  it("gives every item of every batch the result that was predicted: OK", () => {
    const machine = new Machine(CONFIG, l1.view, GENESIS, GENESIS_CURSOR);
    const target = l1.view.batchCount;
    const codes = new Map<string, number>();
    while (!machine.finished(target)) {
      const { kind, code } = machine.step(target);
      if (kind === "message") continue;
      expect(code).to.equal(ResultCode.OK);
      codes.set(kind, (codes.get(kind) ?? 0) + 1);
    }
    const { fills, executed } = replay.counts;
    const others = [...executed].reduce((sum, [type, count]) => (type === TX_SETTLE ? sum : sum + count), 0);
    expect(codes.get("item")).to.be.at.least(fills + others);
    expect(machine.state.root).to.not.equal(undefined);
  });

  it("conserves every unit after every batch, and in a walk through the whole state", () => {
    expect(replay.counts.checks).to.be.at.least(Number(l1.view.batchCount));
    const { root, cursor } = replay.sequencer.exchange.builder.before;
    const report = conservationReport({
      accounted: deposited,
      paid: new Set(),
      root,
      log: l1.view,
      messagesRead: cursor.message,
      bridge: CONFIG.bridge,
    });
    expect(report.difference).to.equal(0n);
    expect(new Ledger(CONFIG.bridge).difference(l1.view, { root, cursor })).to.equal(0n);
    expect(replay.counts.executed.get(TX_COLLECT_FUND)).to.equal(1);
    expect(report.fund).to.be.greaterThan(1_000_000n * 1_000_000n);
  });

  it("leaves accounts with what they need, most of them with less than the collateralised regime would ask", () => {
    const risk = riskReport(CONFIG, replay.sequencer.exchange.builder.before.root);
    expect(risk.standard.cash).to.be.greaterThan(risk.standard.initial);
    expect(risk.standard.initial).to.be.greaterThan(risk.standard.maintenance);
    expect(risk.collateralised.cash).to.be.greaterThan(risk.collateralised.initial);
    expect([...risk.openInterest.keys()].sort()).to.deep.equal([1, 2]);
    for (const [market, exposure] of risk.exposure) expect(exposure).to.be.at.most(risk.openInterest.get(market)!);
    expect(risk.inAuction).to.equal(0);
    expect(risk.payouts).to.be.greaterThan(0n);
  });
});
