import type { L1Block, L1Receipt } from "../l1/L1Source.ts";
import type { RelayReason } from "../settlement/anchor.ts";

/** Why nothing was sent. */
export type KeeperWaiting =
  /** There is nothing to do. */
  | "not due"
  /** A transaction of this account is not mined yet, perhaps one of an earlier process. */
  | "transaction pending"
  /** The endpoint does not show yet what this account has sent. */
  | "endpoint behind"
  /** Somebody was faster. */
  | "raced"
  /** The price is on L1, and no batch has read it. */
  | "waiting for a batch"
  /** L1 was reorganised, or has gone on, between reading and sending. */
  | "L1 changed"
  /** The feed gives nothing that the contract takes; the alarm says what. */
  | "feed";

/** One market in a round. */
export interface MarketReport {
  readonly market: number;
  /** Of its anchor, seconds; undefined if it has none. */
  readonly age: bigint | undefined;
  readonly outcome: { readonly reason: RelayReason; readonly receipt: L1Receipt } | KeeperWaiting;
}

/** What a round about anchors has done. */
export interface AnchorReport {
  readonly head: L1Block;
  /** Undefined if there is no new block, or the endpoint does not show it whole. */
  readonly markets: readonly MarketReport[] | undefined;
}

/** One expiry in a round. */
export interface ExpiryReport {
  readonly market: number;
  readonly day: number;
  readonly outcome: { readonly receipt: L1Receipt } | KeeperWaiting;
}

/** What a round about prices has done. */
export interface PriceReport {
  readonly head: L1Block;
  /** Expiries that are over, that somebody depends on, and that the state has no price of; undefined if there is no new block. */
  readonly expiries: readonly ExpiryReport[] | undefined;
}
