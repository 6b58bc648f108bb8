import type { Hex } from "../crypto/bytes.ts";
import type { NodeState } from "../game/NodeState.ts";
import type { Attention, Confirmed, Deadline, Funded, Posted } from "../status/Status.ts";

/**
 * What the page shows, all of it as of one block of L1. Times are L1's, in seconds; amounts of ether in wei, of collateral in
 * 1e-6 USDC, prices in 1e-4 USD, quantities in 1e-6 contract.
 */
export interface Overview {
  readonly chainId: bigint;
  readonly block: number;
  /** Time of that block. */
  readonly now: bigint;
  readonly rules: OverviewRules;
  /** What somebody should do something about, the most urgent first. */
  readonly attention: readonly Attention[];
  readonly posted: Posted;
  readonly confirmed: Confirmed;
  readonly funded: Funded;
  /** The newest first. */
  readonly batches: readonly BatchRow[];
  /** Undefined without any batch whose cost is known. */
  readonly costs: CostSummary | undefined;
  readonly assertions: AssertionTree;
  readonly disputes: readonly DisputeOverview[];
  readonly markets: readonly MarketOverview[];
}

/** What the contracts were deployed with. */
export interface OverviewRules {
  /** T. */
  readonly challengePeriod: bigint;
  readonly stake: bigint;
}

/** What this node's own execution says of an assertion; unknown while it has not read so far. */
export type Verdict = "right" | "wrong" | "unknown";

/** How a batch came to L1. */
export type BatchKind = "forced" | "calldata" | "blobs";

/** A batch of the inbox. */
export interface BatchRow {
  readonly index: bigint;
  readonly kind: BatchKind;
  /** Of its block. */
  readonly time: bigint;
  /** Of the payload. */
  readonly bytes: number;
  /** Messages of the inbox that it reads. */
  readonly messages: bigint;
  /** Items of its payload, and fills among them; undefined as long as this node has not read it. */
  readonly content: BatchContent | undefined;
  /** What its transaction has cost. */
  readonly cost: BatchCost | undefined;
}

/** What is in a payload, whether or not the machine has taken it. */
export interface BatchContent {
  readonly items: number;
  readonly fills: number;
}

/** Wei. */
export interface BatchCost {
  readonly execution: bigint;
  readonly blobs: bigint;
}

/** What the batches of the table have cost together. */
export interface CostSummary {
  readonly batches: number;
  /** From the oldest of them to the newest. */
  readonly span: bigint;
  readonly total: bigint;
  readonly perBatch: bigint;
  /** At the rate of these batches; undefined if they are all of one moment. */
  readonly perDay: bigint | undefined;
  /** Undefined if there is no fill among them. */
  readonly perFill: bigint | undefined;
}

/** Where an assertion stands: `fallen` is what has a confirmed rival, or builds on what has. */
export type AssertionState = "confirmed" | "undisputed" | "disputed" | "fallen";

/** The assertions from some confirmed ones on, parents before children. */
export interface AssertionTree {
  readonly rows: readonly AssertionRow[];
  /** How many more there are that are not shown. */
  readonly omitted: number;
}

/** An assertion. */
export interface AssertionRow {
  readonly id: Hex;
  /** Undefined for what stands at the root of the tree that is shown. */
  readonly parent: Hex | undefined;
  readonly staker: Hex;
  /** Whether its staker has a stake in the contract. */
  readonly staked: boolean;
  readonly age: bigint;
  /** Batches that its range is about, in all. */
  readonly target: bigint;
  readonly rivals: number;
  readonly state: AssertionState;
  readonly verdict: Verdict;
  /** From when on it can be confirmed, if nobody contradicts it; undefined with rivals and once it is confirmed. */
  readonly confirmable: Deadline | undefined;
}

/** A game that is not decided. */
export interface DisputeOverview {
  /** Id of the assertion whose children it is about. */
  readonly game: Hex;
  /** k: histories have 2^k states. */
  readonly height: number;
  /** Seconds since anything happened in it. */
  readonly idle: bigint;
  readonly sides: readonly DisputeSide[];
  /** Parents before children, rivals beside each other. */
  readonly nodes: readonly DisputeNode[];
  /** How many more there are that are not shown. */
  readonly omitted: number;
  /** The places to which it is narrowed so far. */
  readonly fronts: readonly DisputeFront[];
}

/** One assertion of a game. */
export interface DisputeSide {
  readonly assertion: Hex;
  readonly staker: Hex;
  readonly verdict: Verdict;
  /** Seconds on its clock. */
  readonly time: bigint;
  readonly confirmable: Deadline;
}

/** The steps that a node is about, counted from 0, both included. */
export interface StepRange {
  readonly first: number;
  readonly last: number;
}

/** A node of a game. */
export interface DisputeNode {
  readonly id: Hex;
  /** The nodes that it is a part of; none for an assertion. */
  readonly parents: readonly Hex[];
  /** What rivals have in common. */
  readonly context: Hex;
  readonly level: number;
  readonly steps: StepRange;
  readonly state: NodeState;
  /** The assertions that it belongs to. */
  readonly assertions: readonly Hex[];
  /** Who has staked on these. */
  readonly holders: readonly Hex[];
  /** Who has made moves for it. */
  readonly movers: readonly Hex[];
  readonly clock: NodeClock;
}

/** How much time a node has, of the challenge period. */
export interface NodeClock {
  /** Its own time and what its children give it; undefined if it is proven, which is worth any time. */
  readonly total: bigint | undefined;
  /** Since when, in seconds, its side owes a move; undefined if it owes none. */
  readonly owes: bigint | undefined;
}

/** A place at which rivals stand against each other and nothing below it is disputed yet. */
export interface DisputeFront {
  readonly steps: StepRange;
  readonly rivals: number;
  /** Whether a step is proven there. */
  readonly proven: boolean;
}

/** A market with its option chain. */
export interface MarketOverview {
  readonly market: number;
  /** What it is called. */
  readonly name: string;
  /** Of the last report; undefined before the first. */
  readonly spot: Observed | undefined;
  /** Of the feed on L1; undefined before the first. */
  readonly anchor: Observed | undefined;
  /** By time. */
  readonly expiries: readonly ExpiryOverview[];
}

/** A price with its age. */
export interface Observed {
  readonly price: bigint;
  readonly age: bigint;
}

/** The series of one expiry in which anybody has a position. */
export interface ExpiryOverview {
  /** As in names of instruments. */
  readonly name: string;
  readonly expires: Deadline;
  /** Of the last curve, moved with the spot since; undefined before the first. */
  readonly forward: bigint | undefined;
  /** The price at which it settles; undefined until it is fixed. */
  readonly settlement: bigint | undefined;
  readonly calls: bigint;
  readonly puts: bigint;
  /** By strike. */
  readonly strikes: readonly StrikeRow[];
}

/** Call and put of a strike. */
export interface StrikeRow {
  readonly strike: bigint;
  readonly call: SeriesRow;
  readonly put: SeriesRow;
}

/** A series. */
export interface SeriesRow {
  /** What is held long, which is what is held short. */
  readonly openInterest: bigint;
  /** What the machine takes it to be worth; undefined if it can't say. */
  readonly mark: bigint | undefined;
}
