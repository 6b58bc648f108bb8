import type { Transaction } from "../machine/Wire.ts";
import type { SealedBatch } from "./BatchBuilder.ts";
import type { BookOrder } from "./OrderBook.ts";
import type { Position } from "../machine/Positions.ts";
import type { ProtectionScope } from "./MakerProtection.ts";
import type { RefusalReason } from "./Refusal.ts";
import type { SignedOrder } from "./SignedOrder.ts";

/** What the exchange keeps of orders, items, batches and fills. */

/** An order that was accepted. */
export interface OrderRecord extends BookOrder {
  readonly signed: SignedOrder;
  /** `crossed`: filled with the order that it was meant for, and for no other even if that fill is dropped. */
  status: "live" | "filled" | "crossed" | RefusalReason;
  /** The last item in which it took part; 0 if there is none. */
  lastItem: number;
  /** When its signer took it back, if that was in this process; seconds. */
  withdrawnAt?: bigint;
}

/** A transaction of a batch, with absolute times. */
export interface PlannedItem {
  readonly id: number;
  readonly transaction: Transaction;
}

/** A batch from its opening until it is final on L1. */
export interface PlannedBatch {
  readonly serial: number;
  readonly messagesRead: bigint;
  readonly l2Time: bigint;
  readonly items: PlannedItem[];
  status: "open" | "sealed" | "included";
  /** Once it is sealed in this process. */
  built?: SealedBatch;
  /** Its number on L1, once it is included. */
  index?: bigint;
  /** Root of the messages that it has read. */
  readonly messagesRoot: Uint8Array;
}

/** A fill that the machine has executed. */
export interface FillReport {
  /** Number of the item. */
  readonly item: number;
  readonly maker: number;
  readonly taker: number;
  /** Packed series. */
  readonly series: bigint;
  /** The maker's limit, 1e-4 USD per contract. */
  readonly price: bigint;
  /** 1e-6 contract. */
  readonly quantity: bigint;
  /** What each side paid, 1e-6 USDC. */
  readonly makerFee: bigint;
  readonly takerFee: bigint;
  /** Whether two orders were crossed that their signer had meant for each other, past the book. */
  readonly isCross: boolean;
}

/** What a settlement did to one account. */
export interface SettledAccount {
  readonly account: number;
  /** What it held of the expiry before; none if a claim was paid. */
  readonly positions: readonly Position[];
  /** Changes, 1e-6 USDC. */
  readonly cash: bigint;
  readonly debt: bigint;
}

/** What traders are told beyond the answer to their own submission. */
export type ExchangeEvent =
  | { readonly kind: "fill"; readonly fill: FillReport }
  /** An order was taken in; its fills, if any, were told before. */
  | { readonly kind: "accepted"; readonly order: number }
  /** What is left of an order was filled in part or in whole by a message of L1, which is no item of a batch. */
  | { readonly kind: "corrected"; readonly order: number }
  | {
      readonly kind: "settled";
      readonly item: number;
      /** market u8 ‖ day u16. */
      readonly expiry: number;
      readonly accounts: readonly SettledAccount[];
    }
  | {
      /** A maker's limits were hit: its quotes there are closed, and new ones refused. */
      readonly kind: "protected";
      readonly account: number;
      readonly scope: ProtectionScope;
      /** Seconds; undefined until it is reset. */
      readonly until: bigint | undefined;
    }
  /** The book and the state ahead of L1 were made anew: anything may have changed without an event of its own. */
  | { readonly kind: "rebuilt" }
  | {
      /** Anything but a fill: a transaction of an account, a settlement, a report, a step of a liquidation. */
      readonly kind: "executed";
      readonly item: number;
      readonly transaction: Transaction;
    }
  | {
      readonly kind: "closed";
      readonly order: number;
      readonly account: number;
      readonly nonce: bigint;
      readonly reason: RefusalReason;
    }
  | {
      readonly kind: "dropped";
      readonly item: number;
      readonly transaction: Transaction;
      readonly reason: RefusalReason;
    };
