import type { MachineConfig } from "../machine/Execution.ts";
import type { TreeRoot } from "../machine/StateTree.ts";
import { TAPE_CAPITAL, TAPE_MAKERS, TAPE_TAKERS, tapeDeposit } from "../market/flow.ts";
import type { MarketEvent, Role, Trader } from "../market/types.ts";
import { SILENT } from "../roles/Logger.ts";
import { MemoryJournal } from "../sequencer/Journal.ts";
import { MemoryL1 } from "./MemoryL1.ts";
import { Replay } from "./Replay.ts";

const SPONSOR: Trader = { role: "sponsor", index: 0 };

/** The sponsor of the insurance fund, a liquidator, and all traders that `streamFlow` assigns unless told otherwise. */
export const TAPE_TRADERS: readonly Trader[] = [
  SPONSOR,
  { role: "liquidator", index: 0 },
  ...traders("maker", TAPE_MAKERS),
  ...traders("taker", TAPE_TAKERS),
];

/** Lets all accounts of a tape deposit before the first trade, so that no batch waits for a deposit. */
export async function openTapeAccounts(
  replay: Replay,
  time: number,
  onOpened?: (index: number) => void,
): Promise<void> {
  for (const [index, trader] of TAPE_TRADERS.entries()) {
    await replay.apply(tapeDeposit(trader, time));
    onOpened?.(index);
  }
  await replay.apply({ kind: "fund", time, trader: SPONSOR, amount: TAPE_CAPITAL });
}

/** A replay that is over, on an L1 in memory. */
export interface ReplayedTape {
  readonly l1: MemoryL1;
  readonly replay: Replay;
}

/**
 * Runs a tape's events from the first to the last on an L1 in memory.
 *
 * @param config With a memory for signers (`withRecoverCache`).
 * @returns Undefined if there is no event.
 */
export async function replayTapeInMemory(
  config: MachineConfig,
  genesis: TreeRoot,
  events: AsyncIterable<MarketEvent>,
): Promise<ReplayedTape | undefined> {
  let started: ReplayedTape | undefined;
  for await (const event of events) {
    if (started === undefined) {
      const l1 = new MemoryL1(config, BigInt(event.time));
      started = { l1, replay: new Replay({ config, genesis, l1, journal: new MemoryJournal(), logger: SILENT }) };
      await openTapeAccounts(started.replay, event.time);
    }
    await started.replay.apply(event);
  }
  await started?.replay.finish();
  return started;
}

function traders(role: Role, count: number): Trader[] {
  return Array.from({ length: count }, (_, index) => ({ role, index }));
}
