import type { Hex } from "../crypto/bytes.ts";
import type { MachineState } from "../machine/MachineState.ts";
import type { FeedReader } from "../settlement/roundEvidence.ts";

/** What the rest of the node knows of L1: plain types, so that nothing else depends on a client library. */

/** A block of L1. */
export interface L1Block {
  readonly number: number;
  readonly hash: Hex;
  /** Seconds. */
  readonly timestamp: bigint;
}

/** Where an event stands. */
export interface EventPlace {
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly transactionHash: Hex;
  readonly logIndex: number;
}

/** The inbox has taken a message. */
export interface MessageEnqueued extends EventPlace {
  readonly type: "message";
  readonly index: bigint;
  readonly kind: number;
  /** 20 bytes. */
  readonly sender: Uint8Array;
  readonly payload: Uint8Array;
}

/** The inbox has taken a batch. */
export interface BatchAppended extends EventPlace {
  readonly type: "batch";
  readonly index: bigint;
  readonly dataKind: number;
  readonly commitment: Uint8Array;
  readonly length: number;
  readonly messagesRead: bigint;
  readonly l2Time: bigint;
}

export type InboxEvent = MessageEnqueued | BatchAppended;

/** What the inbox says of itself at a block. */
export interface InboxSummary {
  readonly batchCount: bigint;
  readonly messageCount: bigint;
  readonly batchesRoot: Uint8Array;
  readonly messagesRoot: Uint8Array;
}

/** Blocks of L1. */
export interface BlockSource {
  /** The newest block that the node goes by. */
  head(): Promise<L1Block>;
  /** The block of that number on the endpoint's chain, or undefined if it has none. */
  block(number: number): Promise<L1Block | undefined>;
}

/** All that derivation reads. */
export interface InboxSource extends BlockSource {
  /** The inbox's events in the blocks `from` to `to`, both included, in order. */
  inboxEvents(from: number, to: number): Promise<readonly InboxEvent[]>;
  /** The payload of a batch, from the calldata of the transaction that appended it. */
  batchPayload(event: BatchAppended): Promise<Uint8Array>;
  /** The versioned hashes of the blobs of the transaction that appended a batch in blobs, in their order. */
  batchBlobHashes(event: BatchAppended): Promise<readonly Uint8Array[]>;
  /** The inbox's counts and roots after that block. */
  inboxSummary(blockNumber: number): Promise<InboxSummary>;
}

/** An assertion was made. */
export interface AssertionCreated extends EventPlace {
  readonly type: "created";
  readonly id: Uint8Array;
  readonly parent: Uint8Array;
  readonly staker: Hex;
  readonly end: MachineState;
  readonly historyRoot: Uint8Array;
  readonly target: bigint;
  readonly childTarget: bigint;
}

/** An assertion was confirmed. */
export interface AssertionConfirmed extends EventPlace {
  readonly type: "confirmed";
  readonly id: Uint8Array;
  readonly parent: Uint8Array;
}

export type ChainEvent = AssertionCreated | AssertionConfirmed;

/** Parameters of the StateCommitmentChain. */
export interface ChainParameters {
  /** T, seconds. */
  readonly challengePeriod: bigint;
  /** Seconds. */
  readonly minParentAge: bigint;
  /** k. */
  readonly historyHeight: number;
  /** Wei. */
  readonly stake: bigint;
  readonly genesisStateRoot: Uint8Array;
}

/** What the chain stores of an assertion. */
export interface AssertionRecord {
  /** Seconds; zero if there is no such assertion. */
  readonly createdAt: bigint;
  readonly childTarget: bigint;
  readonly childCount: number;
  readonly isOverflow: boolean;
  readonly isConfirmed: boolean;
  readonly hasConfirmedChild: boolean;
}

/** All that is read of the StateCommitmentChain. */
export interface ChainSource extends BlockSource {
  chainParameters(): Promise<ChainParameters>;
  chainEvents(from: number, to: number): Promise<readonly ChainEvent[]>;
  /** What the chain stores of an assertion after a block; without one, after the newest. */
  assertionRecord(id: Uint8Array, blockNumber?: number): Promise<AssertionRecord>;
}

/** What an asserter sends. */
export interface AssertionCall {
  readonly parent: Uint8Array;
  readonly end: MachineState;
  readonly historyRoot: Uint8Array;
  readonly lastLeafPath: readonly Uint8Array[];
  readonly expectedTarget: bigint;
  /** A recent block of the chain that the assertion was computed on. */
  readonly l1Block: L1Block;
}

/** A transaction that has been mined. */
export interface L1Receipt {
  readonly transactionHash: Hex;
  readonly blockNumber: number;
  readonly blockHash: Hex;
  readonly gasUsed: bigint;
  /** Wei per gas. */
  readonly gasPrice: bigint;
}

/** What a proposer does to the StateCommitmentChain. */
export interface ChainWriter {
  /** The account that signs. */
  address(): Promise<Hex>;
  /** Whether that account has a transaction under way. */
  hasPending(): Promise<boolean>;
  /** Asserts, with the stake as value if the account has none in the contract. */
  assertState(call: AssertionCall): Promise<L1Receipt>;
  confirm(parent: Uint8Array, endStateHash: Uint8Array, historyRoot: Uint8Array): Promise<L1Receipt>;
}

/** A withdrawal that the Bridge has paid. */
export interface FinalizedWithdrawal {
  readonly number: bigint;
  readonly amount: bigint;
  readonly recipient: Hex;
}

/** All that is read of the Bridge. */
export interface BridgeSource {
  /** Deposits less payments after that block, 1e-6 USDC. */
  accounted(blockNumber: number): Promise<bigint>;
  finalizedWithdrawals(from: number, to: number): Promise<readonly FinalizedWithdrawal[]>;
}

/** OptionsSettlement has listed a market. */
export interface MarketListed extends EventPlace {
  readonly type: "listed";
  readonly market: number;
}

/** OptionsSettlement has relayed a feed's last price. */
export interface AnchorRelayed extends EventPlace {
  readonly type: "anchor";
  readonly market: number;
  /** 1e-4 USD. */
  readonly price: bigint;
  /** The feed's time of it, seconds. */
  readonly updatedAt: bigint;
}

export type SettlementEvent = MarketListed | AnchorRelayed;

/** What OptionsSettlement records of a market. It never changes. */
export interface ListedMarket {
  readonly feed: Hex;
  /** Decimals of the feed's answers when the market was listed. */
  readonly decimals: number;
  /** First phase of the feed that may fix a price. */
  readonly phaseBase: number;
}

/** A feed's last answer. */
export interface FeedAnswer {
  /** The proxy's id of the round: phase u16 ‖ round u64. */
  readonly round: bigint;
  /** In units of 10^-decimals USD. */
  readonly answer: bigint;
  /** Seconds. */
  readonly updatedAt: bigint;
}

/** All that is read of OptionsSettlement and of the feeds of its markets; without a block, at the newest one. */
export interface SettlementSource extends BlockSource {
  settlementEvents(from: number, to: number): Promise<readonly SettlementEvent[]>;
  /** A market's record; undefined if it is not listed. */
  listedMarket(market: number, block: number): Promise<ListedMarket | undefined>;
  /** The settlement price of an expiry, 1e-4 USD; 0 while it is not fixed. */
  fixedPrice(market: number, day: number, block?: number): Promise<bigint>;
  /** Undefined if the feed does not say. */
  feedDecimals(feed: Hex, block: number): Promise<number | undefined>;
  /** Undefined if the feed has none. */
  latestAnswer(feed: Hex, block: number): Promise<FeedAnswer | undefined>;
  /** The feed's rounds as they are after that block. */
  feedReader(feed: Hex, block: number): FeedReader;
}

/** What anybody may do for all. A call that would fail is found out before it is sent, and costs nothing. */
export interface SettlementWriter {
  /** The account that signs. */
  address(): Promise<Hex>;
  /** Whether that account has a transaction under way. */
  hasPending(): Promise<boolean>;
  /** Relays the last price of the market's feed. */
  relayAnchor(market: number): Promise<L1Receipt>;
  /** Fixes the settlement price of an expiry. @param starts As `findRoundEvidence` finds them. */
  fixPrice(market: number, day: number, starts: readonly bigint[]): Promise<L1Receipt>;
}
