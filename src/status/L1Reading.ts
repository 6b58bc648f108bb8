import type { Hex } from "../crypto/bytes.ts";
import type { GameView } from "../game/GameView.ts";
import type { L1Block } from "../l1/L1Source.ts";

/**
 * What {@link readL1} has read of a deployment, all of it at one block. Times are L1's, in seconds; amounts of ether in wei, of
 * collateral in 1e-6 USDC.
 */
export interface L1Reading {
  readonly chainId: bigint;
  readonly head: L1Block;
  readonly rules: ReadRules;
  /** Who may append batches; the zero address if nobody may. */
  readonly sequencer: Hex;
  readonly batchCount: bigint;
  readonly lastBatch: { readonly index: bigint; readonly time: bigint; readonly isForced: boolean } | undefined;
  readonly messageCount: bigint;
  /** Messages that no batch has read, in their order. */
  readonly unread: readonly ReadMessage[];
  /** In the order in which they were made. */
  readonly assertions: readonly ReadAssertion[];
  /** Games about children of which there are at least two, or whose moves are not paid back. */
  readonly games: readonly ReadGame[];
  readonly markets: readonly ReadMarket[];
  readonly accounts: readonly ReadAccount[];
  readonly collateral: { readonly held: bigint; readonly accounted: bigint };
}

/** What the contracts were deployed with. */
export interface ReadRules {
  readonly forceDelay: bigint;
  readonly challengePeriod: bigint;
  readonly minParentAge: bigint;
  readonly stake: bigint;
}

/** A market, and when its feed has given the price that was relayed last. */
export interface ReadMarket {
  readonly market: number;
  /** Undefined before the first one. */
  readonly anchorTime: bigint | undefined;
}

/** A message of the inbox. */
export interface ReadMessage {
  readonly index: bigint;
  readonly kind: number;
  readonly sender: Hex;
  readonly time: bigint;
}

/** An assertion. */
export interface ReadAssertion {
  readonly id: Hex;
  /** Zero for the first one. */
  readonly parent: Hex;
  readonly staker: Hex;
  readonly historyRoot: Uint8Array;
  readonly time: bigint;
  /** The batch at which it ends. */
  readonly endBatch: bigint;
  /** Batches that its range is about, in all. */
  readonly target: bigint;
  /** The same for its children. */
  readonly childTarget: bigint;
  readonly confirmedAt: bigint | undefined;
}

/** A move as the game has recorded it. */
export interface ReadMove {
  readonly mover: Hex;
  readonly time: bigint;
  /** The node that it was made for. */
  readonly node: Uint8Array;
}

/** What one account may claim of a game's moves, at most. */
export interface ReadRefund {
  readonly mover: Hex;
  readonly moves: number;
  readonly amount: bigint;
}

/** A game. */
export interface ReadGame {
  /** Id of the assertion whose children it is about. */
  readonly parent: Hex;
  readonly view: GameView;
  readonly moves: readonly ReadMove[];
  readonly unclaimed: readonly ReadRefund[];
}

/** An account of somebody with a role. */
export interface ReadAccount {
  /** What people call it. */
  readonly name: string;
  readonly address: Hex;
  readonly balance: bigint;
  readonly hasStake: boolean;
}
