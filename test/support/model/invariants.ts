import { expect } from "chai";
import { readU128 } from "../../../src/crypto/bytes.ts";
import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import type { TreeRoot } from "../../../src/machine/StateTree.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import { changes, collect } from "./treeWalk.ts";
import { bruteRequirement } from "./MarginModel.ts";
import type { ModelContext, ModelState } from "./ModelState.ts";
import { describe, expiryName, instantOf, parseSeries, payoffOf } from "./words.ts";

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

  constructor(model: ModelState) {
    this.#model = model;
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
    this.#pendingDeposit = 0n;
    expect(context.now >= this.#lastNow, "15: L2 time never goes back").to.equal(true);
    this.#lastNow = context.now;

    let [held, globals] = [0n, 0n];
    const quantities = new Map<string, bigint>();
    const shortAccounts = new Map<string, number>();
    const claims = new Map<string, bigint>();
    const live = collect(root, false);
    this.#checkOrders(before, root);
    for (const { slot, key } of live) {
      if (slot.kind === 1) {
        held += slot.cash;
        expect(slot.cash >= 0n && slot.debt >= 0n, "cash and debt are never negative").to.equal(true);
        expect(slot.debt === 0n || slot.cash === 0n, "no debt while there is cash").to.equal(true);
        const shorts = new Set<string>();
        for (const { series, expiry, quantity } of slot.positions) {
          const name = series.toString();
          quantities.set(name, (quantities.get(name) ?? 0n) + quantity);
          if (quantity < 0n) shorts.add(`${expiry >>> 16}/${expiry & 0xffff}`);
        }
        for (const expiry of shorts) shortAccounts.set(expiry, (shortAccounts.get(expiry) ?? 0) + 1);
      } else if (slot.kind === 5) {
        held += slot.received - slot.paid;
        expect(slot.paid <= slot.received, "4: a pool pays out at most what came in").to.equal(true);
        expect(slot.credited <= slot.owed || !slot.final, "4: nobody is credited beyond what is owed").to.equal(true);
        expect(slot.received <= slot.owed, "4: a pool takes in at most what is owed").to.equal(true);
      } else if (slot.kind === 6) {
        const expiry = `${Math.floor((key.hi % 2 ** 24) / 65536)}/${key.hi % 65536}`;
        claims.set(expiry, (claims.get(expiry) ?? 0n) + slot.amount);
      } else if (slot.kind === 7) held += slot.amount;
      else if (slot.kind === 8) globals = slot.fees + slot.fund;
    }
    expect(held + globals, "1: conservation to the unit").to.equal(this.#deposited);
    this.#checkPools(live, quantities, shortAccounts, claims);
    if (result === "OK" && tx?.type === 0x10) this.#checkFill(tx, context);
    if (result === "OK" && tx?.type === 0x08) this.#checkSettle();
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
    for (const [packed, quantity] of quantities) {
      const series = BigInt(packed);
      const strike = (series / 2n) % 2n ** 39n;
      const name = `${series / 2n ** 56n}/${(series / 2n ** 40n) % 65536n}`;
      const price = prices.get(name) ?? 0n;
      if (price === 0n) expect(quantity, `2: the quantities of series ${packed} sum to zero`).to.equal(0n);
      const words = parseSeries(`0/0/${strike}/${series % 2n === 1n ? "P" : "C"}`);
      openNet.set(name, (openNet.get(name) ?? 0n) + quantity * payoffOf(words, price));
    }
    for (const [name, settled] of this.#netSums) {
      if ((prices.get(name) ?? 0n) === 0n) continue;
      const unsettled = (openNet.get(name) ?? 0n) / 10_000n;
      expect(settled + unsettled, `4: the net amounts of ${name} sum to zero`).to.equal(0n);
    }
  }

  #checkFill(tx: Extract<Transaction, { type: 0x10 }>, context: ModelContext): void {
    const model = this.#model;
    const order = model.orders.get(`${tx.maker.account}/${tx.maker.nonce % 1024n}`);
    const series = parseSeries(order!.terms!.series);
    expect(context.l1Time < instantOf(series.day), "15: no fill at or after the expiry").to.equal(true);
    const expiry = model.expiries.get(expiryName(order!.terms!.series));
    expect(expiry?.price, "15: no fill once the price is fixed").to.equal(0n);
    for (const { account } of [tx.maker, tx.taker]) {
      const record = model.accounts.get(String(account))!;
      const excess =
        record.cash -
        record.debt -
        bruteRequirement(
          record.positions,
          (market) => model.markets.get(String(market))!.anchor,
          (ceiling) => [ceiling / 3n, ceiling / 2n, (ceiling * 7n) / 9n],
        );
      expect(excess >= 0n, "5: a fill leaves both sides with excess >= 0").to.equal(true);
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
