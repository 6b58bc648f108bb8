import { ANCHOR_BOUND_AGE, ANCHOR_MAX_AGE } from "../machine/Constants.ts";
import { MESSAGE_FORCED } from "../machine/Inputs.ts";
import type { L1Reading } from "./L1Reading.ts";
import {
  ATTENTION_CODES,
  type Attention,
  type AttentionCode,
  type Deadline,
  type Status,
  type Urgency,
} from "./Status.ts";

/** From when on something needs attention. Seconds and wei. */
export interface AttentionLimits {
  /** Without a batch for so long somebody looks at the sequencer and its poster. */
  readonly quiet: bigint;
  /** Without a move for so long in a game that is not decided. */
  readonly idle: bigint;
  /** For so long an assertion may be due before somebody looks at the proposer. */
  readonly late: bigint;
  /** What an account of a role should have at least. */
  readonly leastBalance: bigint;
}

/** Production values. */
export const DEFAULT_LIMITS: AttentionLimits = { quiet: 1_800n, idle: 3_600n, late: 3_600n, leastBalance: 10n ** 17n };

/** What is known before attention is drawn to anything. */
type Facts = Omit<Status, "attention">;

/** A feed that is calm gives a price once in the time up to which reports are held against it, so one that is a little older is usual. */
const OLD_ANCHOR = 2n * ANCHOR_BOUND_AGE;

const NOBODY = `0x${"00".repeat(20)}`;
const URGENCIES: readonly Urgency[] = ["urgent", "warning", "notice"];

/** What somebody should do something about, the most urgent first; of equal urgency, what is due first. */
export function attentionTo(facts: Facts, reading: L1Reading, limits: AttentionLimits): Attention[] {
  const found = [
    ...ofCustody(facts),
    ...ofGames(facts, reading, limits),
    ...ofMessages(facts, reading),
    ...ofAssertions(facts, reading, limits),
    ...ofBatches(facts, reading, limits),
    ...ofMarkets(facts),
    ...ofFunds(facts, limits),
  ];
  return found.sort(
    (a, b) =>
      URGENCIES.indexOf(a.urgency) - URGENCIES.indexOf(b.urgency) ||
      compareDeadlines(a.deadline, b.deadline) ||
      ATTENTION_CODES.indexOf(a.code) - ATTENTION_CODES.indexOf(b.code),
  );
}

function ofCustody({ funded, posted }: Facts): Attention[] {
  const found: Attention[] = [];
  const { held, accounted } = funded.bridge;
  if (held < accounted) {
    found.push(attention("collateral missing", "urgent", "the Bridge has less collateral than it owes"));
  }
  if (posted.sequencer === NOBODY) {
    found.push(attention("no sequencer", "urgent", "nobody may append batches; messages can be forced in"));
  }
  return found;
}

function ofGames({ games }: Facts, { rules }: L1Reading, { idle }: AttentionLimits): Attention[] {
  return games.map(({ game, sides, idle: quiet }) => {
    const first = sides.reduce((a, b) => (b.confirmable.at < a.confirmable.at ? b : a));
    const leads = `the side of ${first.staker} leads`;
    if (first.time >= rules.challengePeriod) {
      const message = `a game is decided and nobody has confirmed its winner: ${leads}`;
      return attention("game decided", "urgent", message, first.confirmable, game);
    }
    if (quiet >= idle) {
      const message = `${sides.length} rivals and no move for ${seconds(quiet)}: ${leads}`;
      return attention("game idle", "urgent", message, first.confirmable, game);
    }
    return attention("game open", "warning", `${sides.length} rivals dispute: ${leads}`, first.confirmable, game);
  });
}

function ofMessages({ posted, now }: Facts, { unread, rules }: L1Reading): Attention[] {
  const forced = posted.forced.map(({ index, sender, includable }) =>
    includable.left <= 0n
      ? attention(
          "forced message due",
          "urgent",
          `the forced message of ${sender} was passed over`,
          includable,
          String(index),
        )
      : attention("forced message waiting", "notice", `a forced message of ${sender} waits`, includable, String(index)),
  );
  const oldest = unread.find(({ kind, time }) => kind !== MESSAGE_FORCED && now >= time + rules.forceDelay);
  if (oldest === undefined) return forced;
  const at = oldest.time + rules.forceDelay;
  const message = "a message of a contract was passed over: a deposit, a price or the like";
  return [...forced, attention("message due", "warning", message, { at, left: at - now }, String(oldest.index))];
}

function ofAssertions(
  { asserted, confirmed, posted, now }: Facts,
  reading: L1Reading,
  { late }: AttentionLimits,
): Attention[] {
  const found: Attention[] = [];
  for (const { id, parent, staker, confirmable } of asserted) {
    if (confirmable === undefined || confirmable.left > 0n || parent !== confirmed.id) continue;
    found.push(attention("assertion ready", "warning", `the assertion of ${staker} can be confirmed`, confirmable, id));
  }
  // Whoever of several tips is right has the next range to assert; with rivals the games matter first.
  const tip = asserted.at(-1)?.id ?? confirmed.id;
  const last = reading.assertions.find(({ id }) => id === tip);
  if (last === undefined || posted.batches < last.childTarget || asserted.some(({ rivals }) => rivals > 0))
    return found;
  const inputsAt = reading.lastBatch?.time ?? last.time;
  const oldEnough = last.time + reading.rules.minParentAge;
  const due = (inputsAt > oldEnough && posted.batches === last.childTarget ? inputsAt : oldEnough) + late;
  if (now >= due && last.childTarget > last.target) {
    const message = `nobody has asserted the batches up to ${last.childTarget}`;
    found.push(attention("assertion missing", "warning", message, { at: due, left: due - now }, last.id));
  }
  return found;
}

function ofBatches({ posted, now }: Facts, { lastBatch, unread }: L1Reading, { quiet }: AttentionLimits): Attention[] {
  // Before the first batch somebody waits since the first message.
  const since = lastBatch?.time ?? unread[0]?.time;
  if (since === undefined || now - since < quiet) return [];
  const at = since + quiet;
  const words = `no batch for ${seconds(now - since)}, ${posted.unread} messages unread`;
  return [attention("no batch", "warning", words, { at, left: at - now })];
}

function ofMarkets({ priced, now }: Facts): Attention[] {
  return priced.flatMap(({ market, anchorAge }) => {
    const subject = String(market);
    if (anchorAge === undefined) {
      const message = `market ${market} has no anchor: nothing trades in it`;
      return [attention("anchor old", "warning", message, undefined, subject)];
    }
    if (anchorAge < OLD_ANCHOR) return [];
    const left = ANCHOR_MAX_AGE - anchorAge;
    const old = `the anchor of market ${market} is ${seconds(anchorAge)} old`;
    const message =
      left > 0n
        ? `${old}: reports are not held against the feed, and new short calls will be refused`
        : `${old}: new short calls are refused`;
    return [attention("anchor old", left > 0n ? "warning" : "urgent", message, { at: now + left, left }, subject)];
  });
}

function ofFunds({ funded }: Facts, { leastBalance }: AttentionLimits): Attention[] {
  const poor = funded.accounts.filter(({ balance }) => balance < leastBalance);
  const refunds = funded.refunds.filter(({ amount }) => amount > 0n);
  return [
    ...poor.map(({ name, address, balance }) => {
      const message = `the balance of ${name} is low`;
      return attention("low balance", balance === 0n ? "urgent" : "warning", message, undefined, address);
    }),
    ...refunds.map(({ game, mover, moves }) =>
      attention("refund claimable", "notice", `${mover} may have ${moves} moves paid back`, undefined, game),
    ),
  ];
}

function attention(
  code: AttentionCode,
  urgency: Urgency,
  message: string,
  deadline?: Deadline,
  subject?: string,
): Attention {
  return { code, urgency, message, deadline, subject };
}

/** What has a deadline comes before what has none. */
function compareDeadlines(a: Deadline | undefined, b: Deadline | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  return a.at < b.at ? -1 : a.at > b.at ? 1 : 0;
}

/** A span of time in its two largest units: "2 d 3 h", "4 min 5 s". */
export function seconds(span: bigint): string {
  const total = span < 0n ? -span : span;
  const parts: [bigint, string][] = [
    [total / 86_400n, "d"],
    [(total / 3_600n) % 24n, "h"],
    [(total / 60n) % 60n, "min"],
    [total % 60n, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0n);
  if (first === -1) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0n)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ");
}
