import { TX_CANCEL, TX_CANCEL_ALL } from "../machine/Wire.ts";
import { accountsOf, type SubmittedTransaction } from "./AccountTransaction.ts";
import { deadRefusal, isClosing, remainingOf, type Situation } from "./Judge.ts";
import type { Orders } from "./Orders.ts";

/** Keeps the book in step with the state and with time: what nothing can fill any more leaves it. */

/** Closes the orders whose time or whose series' time is over. */
export function closeEnded(orders: Orders, situation: Situation): void {
  for (const order of orders.book.expire(situation.now)) orders.close(order, "Expired");
  for (const order of orders.book.closeDays((day) => isClosing(situation, day))) orders.close(order, "SeriesClosing");
}

/** Does to the book what a transaction that was executed means for it. */
export function reviewAfter(orders: Orders, situation: Situation, transaction: SubmittedTransaction): void {
  const { book } = orders;
  if (transaction.type === TX_CANCEL) {
    const order = book.get(transaction.account, transaction.nonce);
    if (order !== undefined) orders.remove(order, "Withdrawn");
  } else if (transaction.type === TX_CANCEL_ALL) {
    for (const order of book.ofAccount(transaction.account)) {
      if (order.nonce < transaction.floor) orders.remove(order, "Withdrawn");
    }
  } else {
    reviewAccounts(orders, situation, accountsOf(transaction));
  }
}

/** Removes the orders of accounts that the state has made void, and corrects what is left of the others. */
export function reviewAccounts(orders: Orders, situation: Situation, accounts: readonly number[]): void {
  for (const account of accounts) {
    for (const order of orders.book.ofAccount(account)) {
      const dead = deadRefusal(situation, order.signed);
      const remaining = remainingOf(situation.state, order.signed);
      if (dead !== undefined || typeof remaining !== "bigint") orders.remove(order, dead?.reason ?? "NonceUsed");
      else orders.correct(order, remaining);
    }
  }
}
