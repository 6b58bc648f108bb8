import type { SubmittedTransaction } from "./AccountTransaction.ts";
import type { FillReport, OrderRecord } from "./OrderRecord.ts";
import type { Refusal } from "./Refusal.ts";
import type { SignedOrder } from "./SignedOrder.ts";

/** What traders submit, and what they are answered. */

/** What a trader submits, or anybody of what needs no signature. */
export type Submission =
  | { readonly kind: "order"; readonly order: SignedOrder }
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

/** The answer to a report of the oracle. It is kept, and posted when a transaction needs it. */
export type ReportOutcome = { readonly accepted: true } | { readonly accepted: false; readonly refusal: Refusal };

/** The answer to a submission. */
export type Outcome = OrderOutcome | TransactionOutcome;
