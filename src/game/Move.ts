import type { InputEvidence, StepContext } from "../machine/InputLog.ts";
import type { MachineState } from "../machine/MachineState.ts";
import type { Position } from "./GameNode.ts";

/** A child of an open node. */
export interface Child {
  /** Root of its subtree. */
  readonly span: Uint8Array;
  /** The siblings on the way up to the node, from below. */
  readonly siblings: readonly Uint8Array[];
}

/** One of two open rivals, and its child at the place where they part. */
export interface Side {
  readonly span: Uint8Array;
  readonly child: Child;
}

/** A node whose total is computed anew. */
export interface Update {
  readonly position: Position;
  readonly span: Uint8Array;
  /** Its children that are nodes, all of them, by number. */
  readonly children: readonly Child[];
}

/**
 * Shows which state lies before a leaf. Of leaf number 0 it is the end of the game's own assertion: `outer` is that one's parent,
 * `inner` its history root. Of every other one it is the last leaf of the base: `inner` is the last left sibling of the way
 * down, `outer` the base without it, and `path` has the siblings of that part's last leaf, from below.
 */
export interface Predecessor {
  readonly outer: Uint8Array;
  readonly inner: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** What an assertion is made of, and its id is the hash of. */
export interface AssertionName {
  /** Id of its parent. */
  readonly game: Uint8Array;
  readonly endStateHash: Uint8Array;
  readonly historyRoot: Uint8Array;
}

/** Notes the inbox's roots for the proofs of a game. */
export interface RecordInputs {
  readonly type: "record inputs";
  readonly game: Uint8Array;
}

/** Opens an assertion. */
export interface OpenRoot extends AssertionName {
  readonly type: "open root";
  readonly children: readonly Uint8Array[];
}

/** Opens a node below a root. */
export interface Open {
  readonly type: "open";
  readonly position: Position;
  readonly span: Uint8Array;
  readonly children: readonly Uint8Array[];
}

/** Makes the children at which two open rivals part into nodes. */
export interface Descend {
  readonly type: "descend";
  readonly position: Position;
  /** Number of the child: the first one that differs. */
  readonly index: number;
  readonly a: Side;
  readonly b: Side;
}

/** Has a leaf proven. */
export interface Prove {
  readonly type: "prove";
  readonly position: Position;
  readonly span: Uint8Array;
  readonly predecessor: Predecessor;
  readonly pre: MachineState;
  /** As recorded. */
  readonly inputs: StepContext;
  readonly input: InputEvidence;
  readonly witness: readonly Uint8Array[];
}

/** Computes totals anew, children before their parents. */
export interface UpdateTotals {
  readonly type: "update";
  readonly updates: readonly Update[];
}

/** Computes totals anew and confirms an assertion. */
export interface Confirm extends AssertionName {
  readonly type: "confirm";
  readonly updates: readonly Update[];
}

/** What can be done in a game: `IBisectionGame` says what it means, and what it is refused for. */
export type Move = RecordInputs | OpenRoot | Open | Descend | Prove | UpdateTotals | Confirm;

/** A move that was made, as the game has recorded it. */
export interface RecordedMove {
  /** The node that it was made for; the game itself if it records the inputs. */
  readonly node: Uint8Array;
  /** The other one of the pair; zero if there is none. */
  readonly rival: Uint8Array;
  /** Seconds. */
  readonly timestamp: bigint;
  /** What is paid back if its side wins, wei. */
  readonly amount: bigint;
}

/** Shows that a node belongs to the history that won. */
export interface Place {
  readonly level: number;
  readonly index: number;
  readonly span: Uint8Array;
  /** The siblings on the way up to the history's root, from below; in a claim perhaps only up to the place before it. */
  readonly path: readonly Uint8Array[];
}

/** A mover's claim for moves of a game that is decided. */
export interface RefundClaim extends AssertionName {
  /** Hash of the mover's earlier moves, which remain; zero if these are all. */
  readonly before: Uint8Array;
  /** In the order in which they were made. */
  readonly moves: readonly RecordedMove[];
  /** The place of each; undefined: it was made for another history. */
  readonly places: readonly (Place | undefined)[];
}
