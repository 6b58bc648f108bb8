import type { L1Block } from "../l1/L1Source.ts";
import type { Backlog } from "./BatchFeed.ts";
import type { Attempt } from "./PosterJournal.ts";
import type { Market, PosterAccount } from "./PosterL1.ts";
import type { WaitReason } from "./PostingSchedule.ts";
import type { CheckedBatch } from "./rederive.ts";

/** What one round came to. */
export type PostOutcome =
  /** No batch is sealed for the next index, and nothing is pending. */
  | { readonly kind: "idle" }
  /** A transaction was sent: for a batch, or to take the nonce from one that has become pointless. */
  | { readonly kind: "sent"; readonly purpose: Attempt["purpose"]; readonly index: bigint; readonly nonce: number }
  /** Something is pending, and was left as it is or sent again. */
  | { readonly kind: "pending"; readonly nonce: number }
  /** Somebody else's batch has our index, or L1 reorganised: the sequencer has been told. */
  | { readonly kind: "sequence changed"; readonly index: bigint }
  /** The endpoint is behind what was read before: nothing can be said before it has caught up. */
  | { readonly kind: "view behind" }
  /** The sequencer is not where L1 is: it was told, and is asked again. */
  | { readonly kind: "feed behind" }
  /** The waiting batches were built anew. */
  | { readonly kind: "resealed" }
  /** The next batch waits. */
  | { readonly kind: "waiting"; readonly index: bigint; readonly reason: PostWait };

/** Why a batch waits. */
export type PostWait =
  /** It reads messages that the poster's endpoint does not show yet. */
  | "messages missing"
  | WaitReason
  | "fees"
  | "balance"
  | "not the sequencer"
  | "reverted"
  | "other kind pending"
  | "limit";

/** What a round knows. */
export interface Round {
  readonly head: L1Block;
  readonly account: PosterAccount;
  readonly market: Market;
  readonly next: CheckedBatch | undefined;
  readonly backlog: Backlog;
}
