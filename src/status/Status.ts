import type { Hex } from "../crypto/bytes.ts";
import type { NodeState } from "../game/NodeState.ts";

/** How a deployment stands, for people and for machines. Units as in `L1Reading`. */
export interface Status {
  readonly chainId: bigint;
  readonly block: number;
  /** Time of that block. */
  readonly now: bigint;
  /** What somebody should do something about, the most urgent first. */
  readonly attention: readonly Attention[];
  readonly posted: Posted;
  readonly asserted: readonly AssertionStatus[];
  readonly games: readonly GameStatus[];
  readonly priced: readonly MarketStatus[];
  readonly confirmed: Confirmed;
  readonly funded: Funded;
}

/** A moment in L1's time. */
export interface Deadline {
  readonly at: bigint;
  /** Seconds until then; negative once it is past. */
  readonly left: bigint;
}

/** How much of a hurry there is; `--check` fails for the first two. */
export type Urgency = "urgent" | "warning" | "notice";

/** What there is to attend to. docs/running.md says what to do about each. */
export const ATTENTION_CODES = [
  "collateral missing",
  "no sequencer",
  "game decided",
  "game idle",
  "game open",
  "forced message due",
  "message due",
  "forced message waiting",
  "assertion ready",
  "assertion missing",
  "no batch",
  "anchor old",
  "low balance",
  "refund claimable",
] as const;

/** See {@link ATTENTION_CODES}. */
export type AttentionCode = (typeof ATTENTION_CODES)[number];

/** One thing to attend to. */
export interface Attention {
  readonly code: AttentionCode;
  readonly urgency: Urgency;
  /** In one sentence. */
  readonly message: string;
  /** Until when, or since when. */
  readonly deadline: Deadline | undefined;
  /** The message, assertion, game or account that it is about. */
  readonly subject: string | undefined;
}

/** What is in the inbox. */
export interface Posted {
  readonly sequencer: Hex;
  readonly batches: bigint;
  readonly lastBatch: { readonly index: bigint; readonly age: bigint; readonly isForced: boolean } | undefined;
  readonly messages: bigint;
  /** Messages that no batch has read. */
  readonly unread: bigint;
  /** The forced ones among them, with the moment from which anybody may force them in. */
  readonly forced: readonly { readonly index: bigint; readonly sender: Hex; readonly includable: Deadline }[];
}

/** An assertion that is not confirmed, and builds on what is. */
export interface AssertionStatus {
  readonly id: Hex;
  readonly parent: Hex;
  readonly staker: Hex;
  readonly age: bigint;
  readonly target: bigint;
  /** Others about the same range. */
  readonly rivals: number;
  /** From when on it can be confirmed, if nobody contradicts it and its parent is confirmed; undefined if it has rivals. */
  readonly confirmable: Deadline | undefined;
}

/** A game that is not decided. */
export interface GameStatus {
  readonly game: Hex;
  readonly sides: readonly SideStatus[];
  readonly nodes: number;
  /** Seconds since anything happened in it. */
  readonly idle: bigint;
}

/** One assertion of a game. */
export interface SideStatus {
  readonly assertion: Hex;
  readonly staker: Hex;
  /** Who has made moves for it. */
  readonly movers: readonly Hex[];
  /** Its time by now. */
  readonly time: bigint;
  /** When it can be confirmed at the earliest. */
  readonly confirmable: Deadline;
  /** What stands where. */
  readonly state: NodeState;
}

/** A market, and what reports about it are held against. */
export interface MarketStatus {
  readonly market: number;
  /** Seconds since its feed gave the price that was relayed last; undefined before the first one. */
  readonly anchorAge: bigint | undefined;
}

/** How far the state is final. */
export interface Confirmed {
  readonly id: Hex | undefined;
  /** Batches that are final. */
  readonly batches: bigint;
  /** Seconds since it was confirmed. */
  readonly age: bigint | undefined;
  /** Batches on L1 that are not. */
  readonly behind: bigint;
}

/** Who has what. */
export interface Funded {
  readonly accounts: readonly {
    readonly name: string;
    readonly address: Hex;
    readonly balance: bigint;
    readonly hasStake: boolean;
  }[];
  readonly bridge: { readonly held: bigint; readonly accounted: bigint };
  /** What may be claimed for moves in games that are decided, at most. */
  readonly refunds: readonly {
    readonly game: Hex;
    readonly mover: Hex;
    readonly moves: number;
    readonly amount: bigint;
  }[];
}
