import { existsSync } from "node:fs";
import { marketData } from "../../../scripts/cli/marketData.ts";
import type { MachineConfig } from "../../../src/machine/Execution.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import type { InputLog } from "../../../src/machine/InputLog.ts";
import { MESSAGE_FIX_PRICE } from "../../../src/machine/Inputs.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import { streamFlow } from "../../../src/market/flow.ts";
import { generateDay, type DayOptions } from "../../../src/market/generate.ts";
import { streamTape } from "../../../src/market/streamTape.ts";
import { MemoryL1 } from "../../../src/replay/MemoryL1.ts";
import { Replay } from "../../../src/replay/Replay.ts";
import { replayTapeInMemory } from "../../../src/replay/tapeReplay.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { MemoryJournal } from "../../../src/sequencer/Journal.ts";
import { withRecoverCache } from "../../../src/sequencer/RecoverCache.ts";
import { signerAddress } from "../traffic/world.ts";

/** Inputs that a replay has left on its L1. */
export interface Replayed {
  readonly log: InputLog;
  /** It remembers the signers that the replay has found: each signature is recovered once, however often the steps are run. */
  readonly config: MachineConfig;
  readonly fills: number;
  readonly rejected: number;
}

/** Steps `from` to `to` of a range, `to` excluded. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Where the real tapes are, or undefined. */
export function tapeFolder(): string | undefined {
  const folder = marketData("trades");
  return existsSync(folder) ? folder : undefined;
}

/** The demo's generated day, or a shorter one. */
export async function replayDay(judged: MachineConfig, options: DayOptions): Promise<Replayed> {
  const config = withRecoverCache(judged);
  const { events } = generateDay(options);
  const l1 = new MemoryL1(config, BigInt(events[0]!.time));
  const replay = new Replay({
    config,
    genesis: genesisRoot(signerAddress(0)),
    l1,
    journal: new MemoryJournal(),
    logger: SILENT,
  });
  for (const event of events) await replay.apply(event);
  await replay.finish();
  return { log: l1.view, config, fills: replay.counts.fills, rejected: replay.counts.rejected };
}

/** The first `limit` prints of a tape. */
export async function replayTape(judged: MachineConfig, file: string, limit: number): Promise<Replayed> {
  const config = withRecoverCache(judged);
  const events = streamFlow(streamTape(file, rejectRow), { limit });
  const { l1, replay } = (await replayTapeInMemory(config, genesisRoot(signerAddress(0)), events))!;
  return { log: l1.view, config, fills: replay.counts.fills, rejected: replay.counts.rejected };
}

/** Number of steps of a whole replay. */
export function countSteps(replayed: Replayed): number {
  let steps = 0;
  for (const _ of messagesRead(replayed)) steps++;
  return steps;
}

/** Index of the first step that reads a settlement price. @throws if there is none. */
export function firstSettlement(replayed: Replayed): number {
  let index = 0;
  for (const message of messagesRead(replayed)) {
    if (message !== undefined && replayed.log.message(message).kind === MESSAGE_FIX_PRICE) return index;
    index++;
  }
  throw new Error("the replay has no settlement");
}

/** Runs the whole replay: for each step the number of the message that it has read, if it has. */
function* messagesRead(replayed: Replayed): Generator<bigint | undefined> {
  const machine = machineOf(replayed);
  const target = replayed.log.batchCount;
  while (!machine.finished(target)) {
    const { message } = machine.cursor;
    machine.step(target);
    yield machine.cursor.message > message ? message : undefined;
  }
}

/** Runs the whole replay, and records the steps in the windows. */
export function* provenWindows(replayed: Replayed, windows: readonly Window[]): Generator<ProvenStep> {
  const machine = machineOf(replayed);
  const target = replayed.log.batchCount;
  for (let index = 0; !machine.finished(target); index++) {
    if (windows.some(({ from, to }) => index >= from && index < to)) yield machine.provenStep(target);
    else machine.step(target);
  }
}

function machineOf({ config, log }: Replayed): Machine {
  return new Machine(config, log, genesisRoot(signerAddress(0)), GENESIS_CURSOR);
}

function rejectRow(row: { line: number; reason: string }): void {
  throw new Error(`line ${row.line} of the tape is broken: ${row.reason}`);
}
