import { equalBytes } from "../crypto/bytes.ts";
import type { BatchPlan } from "./BatchPlan.ts";
import type { Changes } from "./Changes.ts";
import { deadRefusal, judgeOrder, remainingOf, type Situation } from "./Judge.ts";
import type { MakerProtection } from "./MakerProtection.ts";
import { crossOrders, matchOrder, type Venue } from "./Matching.ts";
import type { OrderRecord } from "./OrderRecord.ts";
import { newRecord, type Orders } from "./Orders.ts";
import { isStored } from "./Presentation.ts";
import { refuse, type Refusal } from "./Refusal.ts";
import { seriesOf, type SignedOrder } from "./SignedOrder.ts";
import type { CrossOutcome, OrderOutcome } from "./Submission.ts";

/** Where orders come in: they are judged, matched, and what is left of them rests. */
export class OrderEntry {
  readonly #plan: BatchPlan;
  readonly #orders: Orders;
  readonly #changes: Changes;
  readonly #venue: Venue & { readonly situation: Situation };
  readonly #protection: MakerProtection;

  constructor(
    plan: BatchPlan,
    orders: Orders,
    changes: Changes,
    venue: Venue & { readonly situation: Situation },
    protection: MakerProtection,
  ) {
    this.#plan = plan;
    this.#protection = protection;
    this.#orders = orders;
    this.#changes = changes;
    this.#venue = venue;
  }

  /** Takes an order in. */
  place(signed: SignedOrder): OrderOutcome {
    const remaining = judgeOrder(this.#venue.situation, signed);
    if (typeof remaining !== "bigint") return { accepted: false, refusal: remaining };
    const busy = this.#nonceRefusal(signed) ?? this.#quoteRefusal(signed);
    if (busy !== undefined) return { accepted: false, refusal: busy };
    const outcome = this.#enter(newRecord(this.#plan.takeId(), signed, remaining));
    if (outcome.accepted) this.#changes.events.push({ kind: "accepted", order: outcome.id });
    return outcome;
  }

  /** Fills two orders with each other in whole, or neither. */
  cross(first: SignedOrder, second: SignedOrder): CrossOutcome {
    for (const signed of [first, second]) {
      const remaining = judgeOrder(this.#venue.situation, signed);
      const refusal = typeof remaining === "bigint" ? this.#nonceRefusal(signed) : remaining;
      if (refusal !== undefined) return { accepted: false, refusal };
      if (remaining !== signed.terms.quantity) return { accepted: false, refusal: refuse("CrossMismatch", "quantity") };
    }
    const field = mismatchOf(first, second);
    if (field !== undefined) return { accepted: false, refusal: refuse("CrossMismatch", field) };
    const [maker, taker] = [first, second].map((signed) =>
      newRecord(this.#plan.takeId(), signed, signed.terms.quantity),
    ) as [OrderRecord, OrderRecord];
    const fill = crossOrders(this.#venue, maker, taker);
    if ("reason" in fill) return { accepted: false, refusal: refuse(fill.reason) };
    this.#orders.keep(maker);
    this.#orders.keep(taker);
    for (const order of [maker.id, taker.id]) this.#changes.events.push({ kind: "accepted", order });
    return { accepted: true, fill };
  }

  /** Puts all orders that are not closed back into the book, oldest first, after a replay. */
  reenter(): void {
    const { book, all } = this.#orders;
    const records = [...all.values()].sort((a, b) => a.id - b.id);
    for (const record of records) {
      if (record.status !== "live" && record.status !== "filled") continue;
      const { situation } = this.#venue;
      const remaining = remainingOf(situation.state, record.signed);
      // A filled order whose nonce was spent or retired afterwards is still a filled order.
      if (remaining === 0n || (record.status === "filled" && typeof remaining !== "bigint")) {
        record.status = "filled";
        continue;
      }
      const dead = deadRefusal(situation, record.signed);
      if (dead !== undefined || typeof remaining !== "bigint") {
        this.#orders.close(record, dead?.reason ?? "NonceUsed");
        continue;
      }
      if (book.inSlot(record.account, record.nonce) !== undefined) {
        this.#orders.close(record, "RingSlotBusy");
        continue;
      }
      record.remaining = remaining;
      record.status = "live";
      const outcome = this.#enter(record);
      if (!outcome.accepted) this.#orders.close(record, outcome.refusal.reason);
    }
  }

  #enter(record: OrderRecord): OrderOutcome {
    const { terms } = record.signed;
    if (terms.postOnly && this.#orders.book.firstAgainst(record) !== undefined) {
      return { accepted: false, refusal: refuse("PostOnlyTakes") };
    }
    const { fills, stopped } = matchOrder(this.#venue, record);
    if (fills.length === 0 && stopped !== undefined) return { accepted: false, refusal: refuse(stopped) };
    this.#orders.keep(record);
    this.#changes.orders.add(record);
    if (record.remaining === 0n) record.status = "filled";
    else if (stopped !== undefined) record.status = stopped;
    else this.#orders.book.add(record);
    return { accepted: true, id: record.id, fills, status: record.status, remaining: record.remaining };
  }

  /** Whether the nonce stands in the way of something that was accepted before. */
  #nonceRefusal(signed: SignedOrder): Refusal | undefined {
    const { account, nonce } = signed.terms;
    // What its signer has taken back stays so, whoever sends it again.
    if (this.#orders.withdrawn.has(signed)) return refuse("Withdrawn");
    const known = this.#orders.find(signed.terms);
    if (known !== undefined) {
      if (known.status === "live" || isStored(this.#plan.state, known.signed)) {
        return refuse(equalBytes(known.signed.signature, signed.signature) ? "Duplicate" : "NonceUsed");
      }
    }
    return this.#orders.book.inSlot(account, nonce) === undefined ? undefined : refuse("RingSlotBusy");
  }

  /**
   * An order that may rest is a quote; what trades at once or not at all is how a maker that was hit gets even, and nothing of it can be
   * taken back.
   */
  #quoteRefusal({ terms }: SignedOrder): Refusal | undefined {
    if (terms.immediateOrCancel || terms.fillOrKill) return undefined;
    const until = this.#orders.withdrawn.fullUntil(terms.account);
    if (until !== undefined) return { reason: "TooManyWithdrawn", until };
    const expiry = (terms.market << 16) | terms.expiryDay;
    return this.#protection.isFrozen(terms.account, expiry) ? refuse("MakerProtection") : undefined;
  }
}

/** In what two orders that are to be crossed don't fit each other, if in anything. */
function mismatchOf({ terms: a }: SignedOrder, { terms: b }: SignedOrder): string | undefined {
  if (seriesOf(a) !== seriesOf(b)) return "series";
  if (a.isSell === b.isSell) return "isSell";
  if (a.quantity !== b.quantity) return "quantity";
  return a.limitPrice === b.limitPrice ? undefined : "limitPrice";
}
