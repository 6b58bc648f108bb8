import { expect } from "chai";
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
    else expect(root, "14: what is refused changes nothing").to.equal(before);
    this.#pendingDeposit = 0n;
    expect(context.now >= this.#lastNow, "15: L2 time never goes back").to.equal(true);
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
        expect(slot.debt === 0n || slot.cash === 0n, "no debt while there is cash").to.equal(true);
        for (const [name, quantity] of held.positions) quantities.set(name, (quantities.get(name) ?? 0n) + quantity);
        for (const name of shortExpiries(held.positions)) shortAccounts.set(name, (shortAccounts.get(name) ?? 0) + 1);
      } else if (slot.kind === 5) {
        others += slot.received - slot.paid;
        expect(slot.paid <= slot.received, "4: a pool pays out at most what came in").to.equal(true);
        expect(slot.credited <= slot.owed || !slot.final, "4: nobody is credited beyond what is owed").to.equal(true);
        expect(slot.received <= slot.owed, "4: a pool takes in at most what is owed").to.equal(true);
      } else if (slot.kind === 6) {
        const expiry = `${Math.floor((key.hi % 2 ** 24) / 65536)}/${key.hi % 65536}`;
        claims.set(expiry, (claims.get(expiry) ?? 0n) + slot.amount);
      } else if (slot.kind === 7) others += slot.amount;
      else if (slot.kind === 8) pot = slot.fees + slot.fund;
    }
    expect(cash + pot + others, "1: conservation to the unit").to.equal(this.#deposited);
    if (tx !== undefined && [0x02, 0x0c, 0x0d, 0x0e, 0x10].includes(tx.type))
      expect(cash + pot, "3: cash with fees and fund is conserved").to.equal(this.#cashAndPot);
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
      expect(slot.filled <= slot.quantity, "9: filled <= ordered").to.equal(true);
      const { filled: _filled, feeAccrued: _fee, kind: _kind, ...terms } = slot;
      const nonce = `${Math.floor(key.lo / 1024) + (key.hi % 2 ** 24) * 2 ** 22}/${slot.nonce}`;
      const text = describe(terms);
      expect(this.#termsOfNonce.get(nonce) ?? text, "9: no nonce is used with two terms").to.equal(text);
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
      expect(slot.shorts, `the pool ${name} counts its shorts`).to.equal(shortAccounts.get(name) ?? 0);
      expect(slot.final, `the pool ${name} is final when no short is left`).to.equal(
        slot.price !== 0n && slot.shorts === 0,
      );
      open.set(name, claims.get(name) ?? 0n);
      this.#netSums.set(name, (claims.get(name) ?? 0n) + slot.credited - slot.owed);
    }
    const openNet = new Map<string, bigint>();
    for (const [series, quantity] of quantities) {
      const name = expiryName(series);
      const price = prices.get(name) ?? 0n;
      if (price === 0n) expect(quantity, `2: the quantities of series ${series} sum to zero`).to.equal(0n);
      openNet.set(name, (openNet.get(name) ?? 0n) + quantity * payoffOf(parseSeries(series), price));
    }
    for (const [name, settled] of this.#netSums) {
      if ((prices.get(name) ?? 0n) === 0n) continue;
      const unsettled = (openNet.get(name) ?? 0n) / 10_000n;
      expect(settled + unsettled, `4: the net amounts of ${name} sum to zero`).to.equal(0n);
    }
  }

  #checkFill(tx: Extract<Transaction, { type: 0x10 }>, context: ModelContext, held: Map<number, Change>): void {
    const model = this.#model;
    const termsOf = ({ account, nonce }: { account: number; nonce: bigint }): OrderTermsRecord =>
      model.orders.get(slotName(account, nonce))!.terms!;
    const { series: name } = termsOf(tx.maker);
    expect(context.l1Time < instantOf(parseSeries(name).day), "15: no fill at or after the expiry").to.equal(true);
    expect(model.expiries.get(expiryName(name))?.price ?? 0n, "15: no fill once the price is fixed").to.equal(0n);
    expect(termsOf(tx.taker).postOnly, "9: post-only never takes").to.equal(false);
    for (const order of [tx.maker, tx.taker]) {
      const { deadline, reduceOnly } = termsOf(order);
      expect(deadline >= context.now, "9: no expired order fills").to.equal(true);
      const { was, is } = held.get(order.account)!;
      const [before, after] = [was!.positions.get(name) ?? 0n, is.positions.get(name) ?? 0n];
      if (reduceOnly)
        expect(size(after) < size(before) && after * before >= 0n, "9: reduce-only never grows").to.equal(true);
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
      expect(paid <= share && share - paid <= 64n, `4: ${name} pays at one ratio`).to.equal(true);
    }
  }
}

/** The number of an account, from its key. */
function numberOf(key: SlotKey): number {
  return key.lo;
}
