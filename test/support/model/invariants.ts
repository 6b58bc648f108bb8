import { expect } from "chai";
import { insist, insistEqual } from "../insist.ts";
import { readU128 } from "../../../src/crypto/bytes.ts";
import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import type { Account } from "../../../src/machine/Slots.ts";
import type { SlotKey, TreeRoot } from "../../../src/machine/StateTree.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import { changes, collect } from "./treeWalk.ts";
import type { ModelContext, ModelState, OrderTermsRecord } from "./ModelState.ts";
import {
  checkAccount,
  checkExposures,
  heldIn,
  RiskWatch,
  shortExpiries,
  type Change,
  type Held,
} from "./riskInvariants.ts";
import { describe, expiryName, instantOf, parseSeries, payoffOf, size, slotName } from "./words.ts";

/**
 * The invariants of the exchange, checked on the machine's own slots after every step. The numbers are the project's.
 * Only what the state cannot tell, the sum of deposits for instance, is kept on the side.
 */
export class InvariantWatch {
  /** Deposits that were accepted, less nothing: the bridge pays withdrawals only on L1. */
  #deposited = 0n;
  #pendingDeposit = 0n;
  /** Ratio of every final pool that paid, as received and owed. */
  readonly #ratios = new Map<string, readonly [bigint, bigint]>();
  /** Terms with which a nonce was used. */
  readonly #termsOfNonce = new Map<string, string>();
  /** Σ of settled net amounts for each expiry. */
  readonly #netSums = new Map<string, bigint>();
  readonly #model: ModelState;
  #lastNow = 0n;
  /** Σ cash with fees and fund, and these two alone, after the last step. */
  #cashAndPot = 0n;
  #pot = 0n;
  readonly #held = new WeakMap<Account, Held>();
  readonly risk: RiskWatch;

  constructor(model: ModelState) {
    this.#model = model;
    this.risk = new RiskWatch(model);
  }

  /** Tells that the next step is a deposit of this payload. */
  expectDeposit(payload: Uint8Array): void {
    this.#pendingDeposit = payload.length === 40 ? readU128(payload, 24) : 0n;
  }

  after(
    before: TreeRoot,
    root: TreeRoot,
    result: ResultName,
    tx: Transaction | undefined,
    context: ModelContext,
  ): void {
    if (result === "OK") this.#deposited += this.#pendingDeposit;
    else insistEqual(root, before, "14: what is refused changes nothing");
    this.#pendingDeposit = 0n;
    insist(context.now >= this.#lastNow, "15: L2 time never goes back");
    this.#lastNow = context.now;
    if (result !== "OK") return;

    const accounts = new Map<number, Held>();
    let [cash, others, pot] = [0n, 0n, 0n];
    const quantities = new Map<string, bigint>();
    const shortAccounts = new Map<string, number>();
    const claims = new Map<string, bigint>();
    const live = collect(root, false);
    this.#checkOrders(before, root);
    const accountChanges = this.#accountChanges(before, root);
    for (const { slot, key } of live) {
      if (slot.kind === 1) {
        const held = this.#heldIn(slot);
        const id = numberOf(key);
        accounts.set(id, held);
        checkAccount(id, held, context.now);
        cash += slot.cash;
        insist(slot.debt === 0n || slot.cash === 0n, "no debt while there is cash");
        for (const [name, quantity] of held.positions) quantities.set(name, (quantities.get(name) ?? 0n) + quantity);
        for (const name of shortExpiries(held.positions)) shortAccounts.set(name, (shortAccounts.get(name) ?? 0) + 1);
      } else if (slot.kind === 5) {
        others += slot.received - slot.paid;
        insist(slot.paid <= slot.received, "4: a pool pays out at most what came in");
        insist(slot.credited <= slot.owed || !slot.final, "4: nobody is credited beyond what is owed");
        insist(slot.received <= slot.owed, "4: a pool takes in at most what is owed");
      } else if (slot.kind === 6) {
        const expiry = `${Math.floor((key.hi % 2 ** 24) / 65536)}/${key.hi % 65536}`;
        claims.set(expiry, (claims.get(expiry) ?? 0n) + slot.amount);
      } else if (slot.kind === 7) others += slot.amount;
      else if (slot.kind === 8) pot = slot.fees + slot.fund;
    }
    insistEqual(cash + pot + others, this.#deposited, "1: conservation to the unit");
    if (tx !== undefined && [0x02, 0x0c, 0x0d, 0x0e, 0x10].includes(tx.type))
      insistEqual(cash + pot, this.#cashAndPot, "3: cash with fees and fund is conserved");
    this.#checkPools(live, quantities, shortAccounts, claims);
    checkExposures(this.#model, accounts);
    if (tx?.type === 0x10) this.#checkFill(tx, context, accountChanges);
    if (tx?.type === 0x08) this.#checkSettle();
    this.risk.after(tx, accountChanges, context, pot - this.#pot);
    [this.#cashAndPot, this.#pot] = [cash + pot, pot];
  }

  #heldIn(slot: Account): Held {
    let held = this.#held.get(slot);
    if (held === undefined) this.#held.set(slot, (held = heldIn(slot)));
    return held;
  }

  /** The accounts that a step changed or made. */
  #accountChanges(before: TreeRoot, root: TreeRoot): Map<number, Change> {
    const { written, dropped } = changes(before, root);
    const found = new Map<number, Change>();
    for (const { slot, key } of written) {
      if (slot.kind !== 1) continue;
      const old = dropped.find((entry) => entry.key.hi === key.hi && entry.key.lo === key.lo)?.slot;
      const was = old?.kind === 1 ? this.#heldIn(old) : undefined;
      found.set(numberOf(key), { was, is: this.#heldIn(slot) });
    }
    return found;
  }

  #checkOrders(before: TreeRoot, root: TreeRoot): void {
    for (const { slot, key } of changes(before, root).written) {
      if (slot.kind !== 2 || slot.quantity === 0n) continue;
      insist(slot.filled <= slot.quantity, "9: filled <= ordered");
      const { filled: _filled, feeAccrued: _fee, kind: _kind, ...terms } = slot;
      const nonce = `${Math.floor(key.lo / 1024) + (key.hi % 2 ** 24) * 2 ** 22}/${slot.nonce}`;
      const text = describe(terms);
      insistEqual(this.#termsOfNonce.get(nonce) ?? text, text, "9: no nonce is used with two terms");
      this.#termsOfNonce.set(nonce, text);
    }
  }

  /** 2 and 4: open positions sum to zero before the first Settle; with settled amounts they always do. */
  #checkPools(
    live: ReturnType<typeof collect>,
    quantities: Map<string, bigint>,
    shortAccounts: Map<string, number>,
    claims: Map<string, bigint>,
  ): void {
    const open = new Map<string, bigint>();
    const prices = new Map<string, bigint>();
    for (const { slot, key } of live) {
      if (slot.kind !== 5) continue;
      const name = `${Math.floor(key.lo / 65536)}/${key.lo % 65536}`;
      prices.set(name, slot.price);
      insistEqual(slot.shorts, shortAccounts.get(name) ?? 0, `the pool ${name} counts its shorts`);
      insistEqual(
        slot.final,
        slot.price !== 0n && slot.shorts === 0,
        `the pool ${name} is final when no short is left`,
      );
      open.set(name, claims.get(name) ?? 0n);
      this.#netSums.set(name, (claims.get(name) ?? 0n) + slot.credited - slot.owed);
    }
    const openNet = new Map<string, bigint>();
    for (const [series, quantity] of quantities) {
      const name = expiryName(series);
      const price = prices.get(name) ?? 0n;
      if (price === 0n) insistEqual(quantity, 0n, `2: the quantities of series ${series} sum to zero`);
      openNet.set(name, (openNet.get(name) ?? 0n) + quantity * payoffOf(parseSeries(series), price));
    }
    for (const [name, settled] of this.#netSums) {
      if ((prices.get(name) ?? 0n) === 0n) continue;
      const unsettled = (openNet.get(name) ?? 0n) / 10_000n;
      insistEqual(settled + unsettled, 0n, `4: the net amounts of ${name} sum to zero`);
    }
  }

  #checkFill(tx: Extract<Transaction, { type: 0x10 }>, context: ModelContext, held: Map<number, Change>): void {
    const model = this.#model;
    const termsOf = ({ account, nonce }: { account: number; nonce: bigint }): OrderTermsRecord =>
      model.orders.get(slotName(account, nonce))!.terms!;
    const { series: name } = termsOf(tx.maker);
    insist(context.l1Time < instantOf(parseSeries(name).day), "15: no fill at or after the expiry");
    expect(model.expiries.get(expiryName(name))?.price ?? 0n, "15: no fill once the price is fixed").to.equal(0n);
    expect(termsOf(tx.taker).postOnly, "9: post-only never takes").to.equal(false);
    for (const order of [tx.maker, tx.taker]) {
      const { deadline, reduceOnly } = termsOf(order);
      insist(deadline >= context.now, "9: no expired order fills");
      const { was, is } = held.get(order.account)!;
      const [before, after] = [was!.positions.get(name) ?? 0n, is.positions.get(name) ?? 0n];
      if (reduceOnly) insist(size(after) < size(before) && after * before >= 0n, "9: reduce-only never grows");
    }
  }

  /** 4: every account that a pool paid got the same ratio of its amount. */
  #checkSettle(): void {
    for (const [name, { final, owed, received, credited, paid }] of this.#model.expiries.entries()) {
      if (!final || credited === owed) continue;
      const known = this.#ratios.get(name);
      if (known === undefined) this.#ratios.set(name, [received, owed]);
      else expect([received, owed], `4: the ratio of ${name} is fixed`).to.deep.equal(known);
      const share = (credited * received) / owed;
      // Each payment rounds down by less than one unit.
      insist(paid <= share && share - paid <= 64n, `4: ${name} pays at one ratio`);
    }
  }
}

/** The number of an account, from its key. */
function numberOf(key: SlotKey): number {
  return key.lo;
}
