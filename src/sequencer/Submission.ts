import type { SubmittedTransaction } from "./AccountTransaction.ts";
import type { FillReport, OrderRecord } from "./OrderRecord.ts";
import type { Refusal } from "./Refusal.ts";
import type { SignedOrder } from "./SignedOrder.ts";

/** What traders submit, and what they are answered. */

/** What a trader submits, or anybody of what needs no signature. */
export type Submission =
  | { readonly kind: "order"; readonly order: SignedOrder }
  /** Takes orders of an account out of the book; whoever submits this has made sure that the account wants it. */
  | { readonly kind: "withdraw"; readonly account: number; readonly orders: readonly number[] }
  /** Fills two orders with each other past the book, the first as the maker; whoever submits this has made sure of the same. */
  | { readonly kind: "cross"; readonly maker: SignedOrder; readonly taker: SignedOrder }
  | { readonly kind: "transaction"; readonly transaction: SubmittedTransaction };

/** The answer to an order. */
export type OrderOutcome =
  | {
      readonly accepted: true;
      readonly id: number;
      readonly fills: readonly FillReport[];
      /** `live` while it rests, `filled`, or why the rest was cancelled. */
      readonly status: OrderRecord["status"];
      /** 1e-6 contract. */
      readonly remaining: bigint;
    }
  | { readonly accepted: false; readonly refusal: Refusal };

/** The answer to an account transaction. */
export type TransactionOutcome =
  { readonly accepted: true; readonly id: number } | { readonly accepted: false; readonly refusal: Refusal };

/** The answer to a withdrawal from the book: the numbers of the orders that rested until now. */
export interface WithdrawOutcome {
  readonly accepted: true;
  readonly withdrawn: readonly number[];
}

/** The answer to two orders that are to be crossed. */
export type CrossOutcome =
  { readonly accepted: true; readonly fill: FillReport } | { readonly accepted: false; readonly refusal: Refusal };

/** The answer to a report of the oracle. It is kept, and posted when a transaction needs it. */
export type ReportOutcome = { readonly accepted: true } | { readonly accepted: false; readonly refusal: Refusal };

/** The answer to a submission. */
export type Outcome = OrderOutcome | TransactionOutcome | WithdrawOutcome | CrossOutcome;

/** The answer to a submission of that kind. */
export type OutcomeOf<Kind extends Submission["kind"]> = {
  readonly order: OrderOutcome;
  readonly transaction: TransactionOutcome;
  readonly withdraw: WithdrawOutcome;
  readonly cross: CrossOutcome;
}[Kind];
