import { TX_FILL, TX_SETTLE, type Transaction } from "../machine/Wire.ts";
import { transactionRefusal } from "./AccountTransaction.ts";
import type { BatchPlan, ItemRefusal } from "./BatchPlan.ts";
import type { PlannedItem } from "./OrderRecord.ts";
import type { Orders } from "./Orders.ts";
import { presentFill } from "./Presentation.ts";
import type { RefusalReason } from "./Refusal.ts";
import type { Routines } from "./Routines.ts";

/** Puts items into batches, the first time and when a batch has to be built again. */

/** Executes a transaction that the machine may refuse, and notes in which item two orders met. */
export function appendItem(
  plan: BatchPlan,
  orders: Orders,
  transaction: Exclude<Transaction, { type: typeof TX_SETTLE }>,
  series?: bigint,
  id?: number,
): PlannedItem | ItemRefusal {
  const result = plan.append(transaction, series, id);
  if ("id" in result && transaction.type === TX_FILL) orders.noteFill(transaction, result.id);
  return result;
}

/**
 * Executes an item of a batch that has to be built again.
 *
 * @returns Why it can't be executed any more, if so.
 */
export function replayItem(
  plan: BatchPlan,
  orders: Orders,
  routines: Routines,
  { id, transaction }: PlannedItem,
): RefusalReason | undefined {
  if (transaction.type === TX_SETTLE) {
    const { market, day, accounts } = transaction;
    return routines.settle({ expiry: (market << 16) | day, accounts }, id) ? undefined : "NothingToSettle";
  }
  const { l2Time } = plan.builder;
  if (transaction.type !== TX_FILL) {
    if ("auth" in transaction) {
      const refusal = transactionRefusal(transaction, l2Time);
      if (refusal !== undefined) return refusal.reason;
      routines.prepareFor(transaction);
    }
    const result = appendItem(plan, orders, transaction, undefined, id);
    return "reason" in result ? result.reason : undefined;
  }
  const fill = presentFill(plan.state, orders, transaction);
  if (typeof fill === "string") return fill;
  const { maker, taker } = fill.tx;
  if ([maker, taker].some((order) => !order.stored && order.deadline < l2Time)) return "Expired";
  routines.prepareFill(maker.account, taker.account, fill.series);
  const result = appendItem(plan, orders, fill.tx, fill.series, id);
  return "reason" in result ? result.reason : undefined;
}
