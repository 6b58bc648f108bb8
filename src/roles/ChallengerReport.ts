import type { Hex } from "../crypto/bytes.ts";
import type { NodeState } from "../game/NodeState.ts";
import type { L1Block } from "../l1/L1Source.ts";
import type { Alarm } from "./Alarm.ts";
import type { WrongAssertion } from "./AssertionView.ts";
import type { PlayOutcome } from "./GamePlayer.ts";
import type { ProposerReport } from "./Proposer.ts";
import type { RefundOutcome } from "./RefundClaimer.ts";

/** One dispute in a round's report. */
export interface DisputeReport {
  readonly game: Hex;
  /** How many nodes of the right side are in which state; undefined if nobody has made the right assertion. */
  readonly states: Readonly<Partial<Record<NodeState, number>>> | undefined;
  /** What was done; a failure that concerns this game alone does not keep others from being played. */
  readonly outcome: PlayOutcome | { readonly type: "failed"; readonly error: unknown } | "watched" | "answering";
}

/** What one round did. */
export interface ChallengerReport {
  readonly head: L1Block;
  /** Wrong assertions seen for the first time. */
  readonly wrong: readonly WrongAssertion[];
  readonly alarms: readonly Alarm[];
  readonly disputes: readonly DisputeReport[];
  readonly refunds: readonly RefundOutcome[];
  readonly confirmed: ProposerReport["confirmed"] | "not needed";
  readonly asserted: ProposerReport["asserted"] | "not needed";
}

/** Whether somebody was faster with moves of this round. */
export function hasRaced({ disputes }: ChallengerReport): boolean {
  return disputes.some(({ outcome }) => typeof outcome === "object" && outcome.type === "raced");
}

/** Whether a round has got something done on L1. */
export function hasActed({ confirmed, asserted, disputes, refunds }: ChallengerReport): boolean {
  const made = typeof confirmed === "object" || typeof asserted === "object";
  const played = disputes.some(({ outcome }) => typeof outcome === "object" && outcome.type === "played");
  return made || played || refunds.some(({ type }) => type === "claimed");
}
