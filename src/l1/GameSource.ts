import type { Hex } from "../crypto/bytes.ts";
import type { Move, RecordedMove, RefundClaim } from "../game/Move.ts";
import type { StepContext } from "../machine/InputLog.ts";
import type { BlockSource, EventPlace, L1Receipt } from "./L1Source.ts";

/** What the rest of the node knows of the dispute game on L1. */

interface GameEventPlace extends EventPlace {
  /** Id of the assertion whose children the game is about. */
  readonly game: Uint8Array;
}

/** The inputs for the proofs of a game were noted. */
export interface InputsRecorded extends GameEventPlace {
  readonly type: "inputs";
  readonly inputs: StepContext;
}

/** A node was opened. */
export interface NodeOpened extends GameEventPlace {
  readonly type: "opened";
  readonly node: Uint8Array;
  readonly children: readonly Uint8Array[];
}

/** Two open rivals have the children at which they part as nodes. */
export interface PairDescended extends GameEventPlace {
  readonly type: "descended";
  readonly nodeA: Uint8Array;
  readonly nodeB: Uint8Array;
  readonly index: number;
}

/** A leaf was proven. */
export interface LeafProven extends GameEventPlace {
  readonly type: "proven";
  readonly node: Uint8Array;
}

/** A move was recorded for its refund. */
export interface MoveRecorded extends GameEventPlace {
  readonly type: "recorded";
  readonly mover: Hex;
  readonly move: RecordedMove;
}

/** Moves were paid back. */
export interface RefundClaimed extends GameEventPlace {
  readonly type: "refunded";
  readonly mover: Hex;
  /** Number of moves that the claim went through, from the mover's last one backwards. */
  readonly moves: number;
  /** Wei. */
  readonly amount: bigint;
}

export type GameEvent = InputsRecorded | NodeOpened | PairDescended | LeafProven | MoveRecorded | RefundClaimed;

/** Parameters of the BisectionGame. */
export interface GameParameters {
  /** m. */
  readonly sectionBits: number;
  /** Wei. */
  readonly refundPriceCap: bigint;
}

/** What the game stores of a node; all zero if there is none. Seconds. */
export interface GameNodeRecord {
  readonly createdAt: bigint;
  readonly openedAt: bigint;
  readonly time: bigint;
}

/** All that is read of the BisectionGame. */
export interface GameSource extends BlockSource {
  gameParameters(): Promise<GameParameters>;
  gameEvents(from: number, to: number): Promise<readonly GameEvent[]>;
  /** What the game stores of a node after a block; without one, after the newest. */
  nodeRecord(id: Uint8Array, blockNumber?: number): Promise<GameNodeRecord>;
  /** Hash of the moves that an account has made in a game and not claimed; zero if there are none. */
  unclaimedMoves(game: Uint8Array, mover: Hex): Promise<Uint8Array>;
}

/** What a challenger does to the BisectionGame. */
export interface GameWriter {
  /** The account that signs. */
  address(): Promise<Hex>;
  /** Whether that account has a transaction under way. */
  hasPending(): Promise<boolean>;
  /** Makes moves, all or none of them, in one transaction. */
  play(moves: readonly Move[]): Promise<L1Receipt>;
  /** Throws what {@link play} would, as far as it can be known before. */
  wouldPlay(moves: readonly Move[]): Promise<void>;
  /** Bytes of a move's calldata. */
  callBytes(move: Move): number;
  /** What a claim would be paid, wei. */
  refundOf(claim: RefundClaim, recipient: Hex): Promise<bigint>;
  /** Bytes of a claim's calldata. */
  claimBytes(claim: RefundClaim): number;
  /** What a transaction pays for gas now, wei. */
  gasPrice(): Promise<bigint>;
  claimRefund(claim: RefundClaim, recipient: Hex): Promise<L1Receipt>;
}
