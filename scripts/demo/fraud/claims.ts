import { History } from "../../../src/history/History.ts";
import type { HistorySource } from "../../../src/history/HistorySource.ts";
import { PatchedHistory } from "../../../src/history/PatchedHistory.ts";
import { FEE_ACCOUNT } from "../../../src/machine/Constants.ts";
import type { MachineConfig } from "../../../src/machine/Execution.ts";
import { machineStateHash, type MachineState } from "../../../src/machine/MachineState.ts";
import { Machine, type InputSource } from "../../../src/machine/Step.ts";
import type { Snapshot } from "../../../src/roles/Execution.ts";

/** The frauds that the demo can show. */
export const FRAUDS = ["balance", "interior", "padding", "garbage"] as const;
export type Fraud = (typeof FRAUDS)[number];

/** What the operator gives itself, 1e-6 USDC. */
const LOOT = 1_000_000_000_000n;

/** A wrong claim about a range. */
export interface FalseClaim {
  readonly end: MachineState;
  readonly history: HistorySource;
  /** Number of the first wrong state, from zero. */
  readonly first: number;
  /** What is wrong with it, for people. */
  readonly what: string;
}

/** The range that is lied about. */
export interface ClaimedRange {
  readonly config: MachineConfig;
  readonly inputs: InputSource;
  readonly start: Snapshot;
  readonly target: bigint;
  readonly height: number;
}

/** Steps of the padding before the operator's hand is in the till. */
const INTO_PADDING = 12_345;

/** Makes up a claim that a careless reader would take for the right one. */
export function falseClaim(fraud: Fraud, range: ClaimedRange): FalseClaim {
  switch (fraud) {
    case "balance": {
      // Every state behind the credit follows by the rules from the one before.
      const middle = Math.floor(runRange(range).history.count / 2);
      const { history, end } = runRange(range, (machine, index) => {
        if (index === middle) credit(machine);
      });
      return { history, end, first: middle, what: "credits itself in one step, and goes on by the rules" };
    }
    case "interior": {
      const honest = runRange(range);
      const middle = Math.floor(honest.history.count / 2);
      const overrides = new Map<number, Uint8Array>();
      runRange(range, (machine, index) => {
        if (index < middle || index >= middle + 5) return;
        const { root } = machine.state;
        credit(machine);
        overrides.set(index, machine.hash());
        machine.state.root = root;
      });
      const history = new PatchedHistory(honest.history, overrides);
      return { history, end: honest.end, first: middle, what: "has the right end, and five false states before it" };
    }
    case "padding": {
      const honest = runRange(range);
      const first = honest.history.count + INTO_PADDING;
      const end = runRange(range, undefined, credit).end;
      const tail = constant(machineStateHash(end), range.height);
      const history = new PatchedHistory(honest.history, new Map(), { index: first, source: tail });
      return { history, end, first, what: "credits itself after the last input, where nothing can happen any more" };
    }
    case "garbage": {
      const { end } = runRange(range);
      const nonsense = { ...end, stateRoot: machineStateHash(end) };
      return {
        history: constant(machineStateHash(nonsense), range.height),
        end: nonsense,
        first: 0,
        what: "has no states at all, only noise",
      };
    }
  }
}

/** Runs a range, with somebody's hand in it after each step, and at its end. */
function runRange(
  { config, inputs, start, target, height }: ClaimedRange,
  afterStep?: (machine: Machine, index: number) => void,
  atEnd?: (machine: Machine) => void,
): { history: History; end: MachineState } {
  const machine = new Machine(config, inputs, start.root, start.cursor);
  const history = new History(height);
  while (!machine.finished(target)) {
    machine.step(target);
    afterStep?.(machine, history.count);
    history.append(machine.hash());
  }
  atEnd?.(machine);
  return { history, end: machine.machineState() };
}

/** Gives the operator's own account money that nobody paid in. */
function credit({ state }: Machine): void {
  const account = state.openAccount(FEE_ACCOUNT)!;
  state.writeAccount(FEE_ACCOUNT, { ...account, cash: account.cash + LOOT });
}

function constant(leaf: Uint8Array, height: number): History {
  const history = new History(height);
  history.append(leaf);
  return history;
}
