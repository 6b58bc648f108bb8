import { equalBytes, readU128 } from "../crypto/bytes.ts";
import type { InputLog } from "../machine/InputLog.ts";
import { MESSAGE_DEPOSIT } from "../machine/Inputs.ts";
import { KIND_ACCOUNT, KIND_EXPIRY, KIND_GLOBALS, KIND_WITHDRAWAL } from "../machine/Slots.ts";
import { slots, type TreeRoot } from "../machine/StateTree.ts";

/** Where the collateral is, all in 1e-6 USDC. docs/specification.md: what comes in is somewhere, and nothing else is. */
export interface ConservationReport {
  /** What the Bridge holds by its own count: deposits less payments. */
  readonly accounted: bigint;
  /** Cash of all accounts. */
  readonly cash: bigint;
  /** Fees that nobody has collected yet. */
  readonly fees: bigint;
  /** Insurance fund. */
  readonly fund: bigint;
  /** What the pools of expiries have received and not paid out. */
  readonly pools: bigint;
  /** Withdrawals that the state holds and L1 has not paid. */
  readonly unpaidWithdrawals: bigint;
  /** Deposits that no batch has read. */
  readonly unreadDeposits: bigint;
  /** `accounted` less all the others: zero, or somebody's money is missing or made up. */
  readonly difference: bigint;
}

/** What the report is computed from. */
export interface ConservationInputs {
  readonly accounted: bigint;
  /** Numbers of the withdrawals that L1 has paid. */
  readonly paid: ReadonlySet<bigint>;
  readonly root: TreeRoot;
  readonly log: InputLog;
  /** Messages that the state has read. */
  readonly messagesRead: bigint;
  /** Address of the Bridge, 20 bytes. */
  readonly bridge: Uint8Array;
}

/** Adds up every slot of the state and every unread deposit. */
export function conservationReport(inputs: ConservationInputs): ConservationReport {
  const sums = { cash: 0n, fees: 0n, fund: 0n, pools: 0n, unpaidWithdrawals: 0n };
  for (const { key, slot } of slots(inputs.root)) {
    if (slot.kind === KIND_ACCOUNT) sums.cash += slot.cash;
    else if (slot.kind === KIND_EXPIRY) sums.pools += slot.received - slot.paid;
    else if (slot.kind === KIND_WITHDRAWAL) {
      const number = (BigInt(key.hi & 0xffffff) << 32n) | BigInt(key.lo);
      if (!inputs.paid.has(number)) sums.unpaidWithdrawals += slot.amount;
    } else if (slot.kind === KIND_GLOBALS) {
      sums.fees += slot.fees;
      sums.fund += slot.fund;
    }
  }
  const unreadDeposits = sumUnreadDeposits(inputs);
  const { cash, fees, fund, pools, unpaidWithdrawals } = sums;
  const difference = inputs.accounted - cash - fees - fund - pools - unpaidWithdrawals - unreadDeposits;
  return { accounted: inputs.accounted, ...sums, unreadDeposits, difference };
}

function sumUnreadDeposits({ log, messagesRead, bridge }: ConservationInputs): bigint {
  let sum = 0n;
  for (let index = messagesRead; index < log.messageCount; index++) {
    const { kind, sender, payload } = log.message(index);
    if (kind === MESSAGE_DEPOSIT && equalBytes(sender, bridge) && payload.length === 40) sum += readU128(payload, 24);
  }
  return sum;
}
