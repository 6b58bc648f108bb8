import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { concat, writeU32 } from "../../src/crypto/bytes.ts";
import { TenorError } from "../../src/errors.ts";
import { baseOf, childrenOf, pathWithin, type HistorySource } from "../../src/history/HistorySource.ts";
import { SegmentCache } from "../../src/history/SegmentCache.ts";
import { chunkCommitment, chunkLevels } from "../../src/machine/ChunkTree.ts";
import type { MachineConfig } from "../../src/machine/Execution.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { DATA_CALLDATA } from "../../src/machine/Inputs.ts";
import { ResultCode } from "../../src/machine/ResultCodes.ts";
import { slots, type TreeRoot } from "../../src/machine/StateTree.ts";
import { domainSeparator } from "../../src/machine/TypedData.ts";
import { FLAG_SELL, TX_FILL, type WireOrder } from "../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { Random } from "../../src/market/random.ts";
import { checkpointIdentity } from "../../src/roles/Checkpoints.ts";
import { Execution, type RangeHistory } from "../../src/roles/Execution.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { SqliteCheckpoints } from "../../src/roles/SqliteCheckpoints.ts";
import { DAY, fakeAddress, fundedRoot, START, TICK } from "./machine.ts";

/** What a range of so many steps costs a node that defends it. Times are of the processor. */
export interface HistoryFigures {
  readonly steps: number;
  readonly batches: number;
  /** Running the inputs once, as a node does that starts at genesis. */
  readonly replaySeconds: number;
  /** Running them again with a commitment to every step. */
  readonly rootSeconds: number;
  /** Live slots in the end, two for each fill until the rings of orders are full; most of the memory is theirs. */
  readonly slots: number;
  /** State, snapshots and history; without the inputs themselves. */
  readonly snapshotMegabytes: number;
  readonly historyMegabytes: number;
  /** One move at a random node on a way to a leaf: children, path and base; worst and mean. */
  readonly moveColdMilliseconds: Spread;
  readonly moveWarmMilliseconds: Spread;
  /** Evidence of a random step. */
  readonly evidenceMilliseconds: Spread;
  readonly checkpointSaveSeconds: number;
  readonly checkpointLoadSeconds: number;
  readonly checkpointMegabytes: number;
  /** The most that the process has taken from the system so far. */
  readonly peakMegabytes: number;
}

/** Of several measurements. */
interface Spread {
  readonly mean: number;
  readonly worst: number;
}

const HEIGHT = 26;
/** Levels of one move. */
const SECTIONS = 5;
const ACCOUNTS = 4_000;
const BATCH_BYTES = 120_000;
const WAYS = 12;
const CACHE = 2 ** 26;

/**
 * Fills between 4,000 accounts. Signatures name their account and are looked up, so that what is measured is the machine and the
 * history: a checked fill costs two recoveries more, wherever it is run.
 */
export async function measureHistory(fills: number, segmentLevel?: number): Promise<HistoryFigures> {
  const log = makeInputs(fills);
  const genesis = fundedRoot(ACCOUNTS, 1);
  const directory = mkdtempSync(join(tmpdir(), "tenor-bench-"));
  try {
    const path = join(directory, "checkpoints.sqlite");
    const executed = await measureExecution(log, genesis, path, segmentLevel);
    // The execution and its state are gone by now, so that the memory never holds two.
    const checkpointLoadSeconds = await measureStart(log, genesis, path, executed.steps);
    const peakMegabytes = process.resourceUsage().maxRSS / 1e3;
    return { ...executed, checkpointLoadSeconds, peakMegabytes };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function measureExecution(
  log: InputLog,
  genesis: TreeRoot,
  path: string,
  segmentLevel: number | undefined,
): Promise<Omit<HistoryFigures, "checkpointLoadSeconds" | "peakMegabytes">> {
  const target = log.batchCount;
  const cache = new SegmentCache(CACHE);
  const execution = new Execution(CONFIG, log, genesis, {
    segments: { cache, ...(segmentLevel === undefined ? {} : { segmentLevel }) },
  });
  let refused = 0;
  const before = await memory();
  const replaySeconds = await seconds(() =>
    execution.advance(target, ({ kind, code }) => {
      if (kind === "item" && code !== ResultCode.OK) refused++;
    }),
  );
  if (refused > 0) throw new TenorError("BENCH", "fills of the benchmark were refused", { fields: { refused } });
  const snapshots = await memory();
  let range!: RangeHistory;
  const rootSeconds = await seconds(async () => {
    ({ range } = await execution.range(execution.at(0n)!, target, HEIGHT));
    range.history.root();
  });
  const history = await memory();
  const { steps, root } = execution.current;
  const moves = await measureMoves(range.history, steps, cache);
  const evidenceMilliseconds = await measureEvidence(execution, range, cache);
  const store = openStore(path, genesis);
  const checkpointSaveSeconds = await seconds(() => store.save(execution.current, log));
  store.close();
  return {
    steps,
    batches: Number(target),
    slots: countSlots(root),
    replaySeconds,
    rootSeconds,
    snapshotMegabytes: (snapshots - before) / 1e6,
    historyMegabytes: (history - snapshots) / 1e6,
    ...moves,
    evidenceMilliseconds,
    checkpointSaveSeconds,
    checkpointMegabytes: statSync(path).size / 1e6,
  };
}

const CONFIG: MachineConfig = {
  domain: domainSeparator(31_337n, new Uint8Array(20).fill(1)),
  bridge: new Uint8Array(20).fill(2),
  settlement: new Uint8Array(20).fill(3),
  recover: (_digest, signature) => fakeAddress(new DataView(signature.buffer, signature.byteOffset).getUint32(0)),
};

async function measureMoves(
  history: HistorySource,
  steps: number,
  cache: SegmentCache,
): Promise<Pick<HistoryFigures, "moveColdMilliseconds" | "moveWarmMilliseconds">> {
  const random = new Random(1);
  const cold: number[] = [];
  const warm: number[] = [];
  for (let way = 0; way < WAYS; way++) {
    const leaf = random.uint(steps);
    forget(cache);
    for (const times of [cold, warm]) {
      for (let level = HEIGHT; level > 0; level -= Math.min(SECTIONS, level)) {
        const down = Math.min(SECTIONS, level);
        times.push(1e3 * (await seconds(() => move(history, level, leaf, down))));
      }
    }
  }
  return { moveColdMilliseconds: spread(cold), moveWarmMilliseconds: spread(warm) };
}

/** What one move at the node above `leaf` shows, with the base that the child gets. */
async function move(history: HistorySource, level: number, leaf: number, down: number): Promise<void> {
  const child = Math.floor(leaf / 2 ** (level - down));
  await childrenOf(history, level, Math.floor(leaf / 2 ** level), down);
  await pathWithin(history, level - down, child, level);
  await baseOf(history, level - down, child);
}

async function measureEvidence(execution: Execution, range: RangeHistory, cache: SegmentCache): Promise<Spread> {
  const random = new Random(2);
  const times: number[] = [];
  for (let i = 0; i < WAYS; i++) {
    const index = random.uint(range.history.count);
    forget(cache);
    times.push(1e3 * (await seconds(() => execution.stepAt(range, index))));
  }
  return spread(times);
}

async function measureStart(log: InputLog, genesis: TreeRoot, path: string, steps: number): Promise<number> {
  const store = openStore(path, genesis);
  const started = new Execution(CONFIG, log, genesis, { earlier: (batch, above) => store.newest(batch, above, log) });
  const taken = await seconds(() => started.advance(log.batchCount));
  store.close();
  if (started.current.steps !== steps) throw new TenorError("BENCH", "the checkpoint was not used");
  return taken;
}

function countSlots(root: TreeRoot): number {
  let count = 0;
  for (const _slot of slots(root)) count++;
  return count;
}

function openStore(path: string, genesis: TreeRoot): SqliteCheckpoints {
  return new SqliteCheckpoints(path, checkpointIdentity(CONFIG, genesis), SILENT);
}

function makeInputs(fills: number): InputLog {
  const log = new InputLog();
  let items: Uint8Array[] = [];
  let bytes = 0;
  const close = (): void => {
    const payload = concat(...items);
    const commitment = chunkCommitment(chunkLevels(payload));
    const { length } = payload;
    const record = { dataKind: DATA_CALLDATA, commitment, length, messagesRead: 0n, l1Time: START, l2Time: START };
    log.appendBatch({ record, payload });
    items = [];
    bytes = 0;
  };
  for (let i = 0; i < fills; i++) {
    const item = makeFill(i);
    if (bytes + item.length > BATCH_BYTES) close();
    items.push(item);
    bytes += item.length;
  }
  close();
  return log;
}

/** One lot back and forth between two accounts, as in the benchmark of the machine. */
function makeFill(index: number): Uint8Array {
  const maker = 1 + (index % (ACCOUNTS / 2));
  const nonce = BigInt(1 + Math.floor(index / (ACCOUNTS / 2)));
  const isSell = nonce % 2n === 1n;
  const order = (account: number): WireOrder => {
    const signature = new Uint8Array(64);
    writeU32(signature, 0, account);
    return {
      stored: false,
      account,
      nonce,
      flags: 0,
      keyIndex: 0,
      keyEpoch: 0,
      lots: 1n,
      feeTicks: 100_000n / TICK,
      deadline: START + 600n,
      signature,
    };
  };
  const flags = isSell ? FLAG_SELL : 0;
  const series = { market: 1, day: DAY + 7, strikeSteps: 32n, put: false, limitTicks: 1_000_000n / TICK };
  const taker = { ...order(maker + ACCOUNTS / 2), slippageTicks: 0n };
  const transaction = { type: TX_FILL, maker: { ...order(maker), ...series, flags }, taker, lots: 1n } as const;
  return encodeItem(encodeTransaction(transaction, START));
}

/** Made once: so much new memory at each turn would set the garbage collector to work in what is measured. */
const FILLER = new Uint8Array(CACHE);

/** Pushes all segments out. */
function forget(cache: SegmentCache): void {
  cache.put(-1, 0, FILLER);
  cache.put(-1, 0, new Uint8Array(0));
}

async function memory(): Promise<number> {
  // Twice, with a turn between, for the memory of byte arrays is given back late.
  for (let i = 0; i < 2; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Time of the processor, so that a busy machine measures the same; waiting for the disk is not in it. */
async function seconds(run: () => unknown): Promise<number> {
  const start = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function spread(values: readonly number[]): Spread {
  return { mean: values.reduce((sum, value) => sum + value, 0) / values.length, worst: Math.max(...values) };
}
