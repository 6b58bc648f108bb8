import { existsSync } from "node:fs";
import { join } from "node:path";
import type { MachineConfig } from "../../../src/machine/Execution.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import type { InputLog } from "../../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import { streamFlow } from "../../../src/market/flow.ts";
import { generateDay } from "../../../src/market/generate.ts";
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
  const folder = join(process.env.TENOR_DATA ?? "../shared/data", "trades");
  return existsSync(folder) ? folder : undefined;
}

/** The demo's generated day. */
export async function replayDay(config: MachineConfig, seed: bigint): Promise<Replayed> {
  const { events } = generateDay({ seed });
  const l1 = new MemoryL1(config, BigInt(events[0]!.time));
  const replay = new Replay({
    config: withRecoverCache(config),
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
export async function replayTape(config: MachineConfig, file: string, limit: number): Promise<Replayed> {
  const events = streamFlow(streamTape(file, rejectRow), { limit });
  const { l1, replay } = (await replayTapeInMemory(withRecoverCache(config), genesisRoot(signerAddress(0)), events))!;
  return { log: l1.view, config, fills: replay.counts.fills, rejected: replay.counts.rejected };
}

/** Number of steps of a whole replay. */
export function countSteps(replayed: Replayed): number {
  const machine = machineOf(replayed);
  let steps = 0;
  for (; !machine.finished(replayed.log.batchCount); steps++) machine.step(replayed.log.batchCount);
  return steps;
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
