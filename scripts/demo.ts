import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pino } from "pino";
import { TenorError } from "../src/errors.ts";
import type { Batch } from "../src/machine/Inputs.ts";
import { TX_WITHDRAW } from "../src/machine/Wire.ts";
import { machineConfig, type Deployment, deploymentGenesis } from "../src/l1/deployment.ts";
import { streamFlow } from "../src/market/flow.ts";
import { generateDay } from "../src/market/generate.ts";
import { streamTape } from "../src/market/streamTape.ts";
import { L1Client } from "../src/l1/L1Client.ts";
import type { MarketEvent } from "../src/market/types.ts";
import { payloadStats } from "../src/replay/PayloadStats.ts";
import { Replay } from "../src/replay/Replay.ts";
import { openTapeAccounts, TAPE_TRADERS } from "../src/replay/tapeReplay.ts";
import { errorLine, errorTrace } from "../src/roles/loggable.ts";
import { SILENT, type Logger } from "../src/roles/Logger.ts";
import { openLogger } from "./cli/openLogger.ts";
import { riskReport } from "../src/roles/RiskReport.ts";
import { withRecoverCache } from "../src/sequencer/RecoverCache.ts";
import { signWithdraw } from "../src/sequencer/Signing.ts";
import { SqliteJournal } from "../src/sequencer/SqliteJournal.ts";
import { confirmAll, operatorRoot, payWithdrawals, runSecondNode } from "./demo/closing.ts";
import { DemoL1, KEYS } from "./demo/DemoL1.ts";
import { runDispute, type DisputeReport } from "./demo/fraud/dispute.ts";
import { judgeSteps } from "./demo/judge.ts";
import { countLines } from "./demo/lines.ts";
import { parseOptions, type DemoOptions } from "./demo/options.ts";
import { Progress, summaryLine } from "./demo/Progress.ts";
import { findFaults, makeReport, printReport, toJson } from "./demo/report.ts";

/** Chain time between the start of the chain and the first event, for deployment and market listing, seconds. */
const SET_UP = 3_600;
/** 1e-6 USDC that the demo withdraws through the sequencer, and half of it by force. */
const WITHDRAWAL = 10_000_000n;

/** What the demo refuses. */
class DemoError extends TenorError<"NO_ROWS" | "TAPE_UNREADABLE"> {
  override readonly name = "DemoError";
}

const options = parseOptions(process.argv.slice(2));
const progress = new Progress();
try {
  await main(options, progress);
} catch (error) {
  progress.stop();
  explain(error, options.trace);
  process.exitCode = 1;
}

async function main(demoOptions: DemoOptions, bar: Progress): Promise<void> {
  const started = performance.now();
  const broken: { line: number; reason: string }[] = [];
  const { events, total, source } = eventsOf(demoOptions, (row) => broken.push(row));
  const first = await firstOf(events, source);

  bar.begin("Local L1, deployment", 1);
  const config = (deployment: Deployment): ReturnType<typeof machineConfig> =>
    withRecoverCache(machineConfig(deployment));
  const logger = loggerOf(demoOptions);
  const demo = await DemoL1.start(first.time - SET_UP, config, logger);
  const folder = mkdtempSync(join(tmpdir(), "tenor-"));
  try {
    const journal = new SqliteJournal(join(folder, "journal.sqlite"));
    const replay = new Replay({
      config: config(demo.deployment),
      genesis: deploymentGenesis(demo.deployment),
      l1: demo,
      journal,
      logger,
    });
    if (demoOptions.tape !== undefined) {
      bar.begin("Deposits", TAPE_TRADERS.length);
      await openTapeAccounts(replay, first.time, (index) => {
        bar.update(index, `${index} accounts`);
      });
    }

    bar.begin("Trading", total);
    const replayStarted = performance.now();
    let done = 0;
    for (let event: MarketEvent | undefined = first; event !== undefined; event = await nextOf(events)) {
      await replay.apply(event);
      done = event.kind === "order" && event.line !== undefined ? Math.max(done, event.line) : total > 0 ? done + 1 : 0;
      const { counts } = replay;
      bar.update(done, summaryLine({ ...counts, batches: Number(demo.view.batchCount) }));
    }
    await withdrawBothWays(replay, demo);
    const { counts } = replay;
    const replaySeconds = (performance.now() - replayStarted) / 1000;
    journal.close();

    const { exitSeconds, dispute } = await assertAndConfirm(demo, demoOptions, bar);
    bar.begin("Second node", 1);
    await demo.follower.sync();
    const second = await runSecondNode(demo);
    bar.begin("Solidity judge", 1);
    const judgeBar = { total: 0 };
    const judge = await judgeSteps(demo.l1.url, demo.deployment, demo.view, demoOptions.judge, (index, steps) => {
      if (judgeBar.total === 0) bar.begin("Solidity judge, steps", (judgeBar.total = steps));
      bar.update(index, `${index} of ${steps} steps`);
    });
    bar.stop();

    const report = makeReport({
      source,
      brokenRows: broken.length,
      counts,
      payload: payloadStats(batchesOf(demo)),
      risk: riskReport(config(demo.deployment), demo.follower.snapshot.root),
      replaySeconds,
      seconds: (performance.now() - started) / 1000,
      gas: demo.gas,
      second,
      judge,
      stateRoot: operatorRoot(demo),
      exitSeconds,
      dispute,
    });
    printReport(report);
    for (const { line, reason } of broken) console.log(`skipped line ${line}: ${reason}`);
    if (demoOptions.json !== undefined) writeFileSync(demoOptions.json, toJson(report));
    const faults = findFaults(report);
    for (const fault of faults) console.error(`FAULT: ${fault}`);
    if (faults.length > 0) process.exitCode = 1;
  } finally {
    await demo.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Has the day asserted and confirmed, against an operator who lies about it unless there is none, and the withdrawals paid. */
async function assertAndConfirm(
  demo: DemoL1,
  { fraud }: DemoOptions,
  bar: Progress,
): Promise<{ exitSeconds: bigint; dispute: DisputeReport | undefined }> {
  if (fraud === undefined) {
    bar.begin("Assertion, confirmation", 1);
    return { exitSeconds: await confirmAll(demo), dispute: undefined };
  }
  bar.begin("Fraud, dispute", Number(demo.parameters.challengePeriodSeconds));
  const start = demo.l1.time;
  const { report, confirmed } = await runDispute(demo, fraud, (done, what) => {
    bar.update(done, what);
  });
  await payWithdrawals(demo, new L1Client(demo.l1.provider, await demo.l1.wallet(KEYS.proposer)), confirmed);
  return { exitSeconds: demo.l1.time - start, dispute: report };
}

/** The operators' log, as asked for. */
function loggerOf({ log }: DemoOptions): Logger {
  return log === undefined ? SILENT : openLogger(log, pino.destination(2));
}

async function nextOf(events: AsyncIterator<MarketEvent, unknown>): Promise<MarketEvent | undefined> {
  const next = await events.next();
  return next.done === true ? undefined : next.value;
}

async function firstOf(events: AsyncIterator<MarketEvent, unknown>, source: string): Promise<MarketEvent> {
  const first = await nextOf(events);
  if (first !== undefined) return first;
  throw new DemoError("NO_ROWS", "there is no row to replay; a tape has one print a line below its header", {
    fields: { source },
  });
}

interface Source {
  readonly events: AsyncIterator<MarketEvent, unknown>;
  /** Units of progress: events, or lines of the file. */
  readonly total: number;
  readonly source: string;
}

function eventsOf(demoOptions: DemoOptions, onBroken: (row: { line: number; reason: string }) => void): Source {
  const { tape, limit, fills, hours, seed } = demoOptions;
  if (tape === undefined) {
    const { events } = generateDay({ seed, fills, hours });
    return { events: asyncOf(events), total: events.length, source: `generated day, seed ${seed}` };
  }
  const lines = countLines(tape);
  if (lines === undefined) {
    throw new DemoError("TAPE_UNREADABLE", "the tape can't be read; name a Deribit trade CSV that exists", {
      fields: { tape },
    });
  }
  const flow = streamFlow(streamTape(tape, onBroken), limit === undefined ? { seed } : { seed, limit });
  return { events: flow, total: Math.min(lines, limit ?? lines), source: basename(tape) };
}

async function* asyncOf(events: readonly MarketEvent[]): AsyncGenerator<MarketEvent> {
  for (const event of events) yield await Promise.resolve(event);
}

/** One withdrawal signed for the sequencer, one forced through L1 by the owner. */
async function withdrawBothWays(replay: Replay, demo: DemoL1): Promise<void> {
  await replay.flush();
  // On standard margin a forced withdrawal would meet marks that are old by then.
  const accounts = replay.traders
    .all()
    .filter(({ trader, account }) => trader.role === "taker" && account !== undefined);
  const config = machineConfig(demo.deployment);
  let isForced = false;
  for (const trader of accounts) {
    const fields = { account: trader.account!, amount: isForced ? WITHDRAWAL / 2n : WITHDRAWAL, payee: 0 };
    if (isForced) {
      await demo.force(trader, { ...fields, type: TX_WITHDRAW, auth: undefined }, replay.time);
      break;
    }
    const terms = { nonce: ++trader.nonce, deadline: replay.time + 600n };
    const transaction = signWithdraw(config.domain, fields, trader.owner, terms, trader.privateKey);
    const [outcome] = replay.sequencer.submitMany([{ kind: "transaction", transaction }]);
    // Somebody's cash may all be bound; the next one's is not.
    isForced = outcome?.accepted === true;
  }
  replay.sequencer.collectFees();
  await replay.finish();
}

function* batchesOf(demo: DemoL1): Generator<Batch> {
  for (let index = 0n; index < demo.view.batchCount; index++) yield demo.view.batch(index);
}

/** What, where and what to do, without a stack unless asked. */
function explain(error: unknown, trace: boolean): void {
  console.error(errorLine(error));
  if (trace) console.error(errorTrace(error));
  else console.error("run again with --trace for the stack");
}
