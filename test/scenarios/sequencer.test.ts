import { expect } from "chai";
import { isZero, toHex } from "../../src/crypto/bytes.ts";
import { itemLimit } from "../../src/machine/Step.ts";
import {
  isSpent,
  KIND_ACCOUNT,
  KIND_CLAIM,
  KIND_EXPIRY,
  KIND_GLOBALS,
  KIND_WITHDRAWAL,
} from "../../src/machine/Slots.ts";
import { slots } from "../../src/machine/StateTree.ts";
import { TX_CANCEL_ALL, TX_COLLECT_FEES, TX_TRANSFER, TX_WITHDRAW } from "../../src/machine/Wire.ts";
import type { Submission } from "../../src/sequencer/Submission.ts";
import { signCancel, signTransfer, signWithdraw } from "../../src/sequencer/Signing.ts";
import { runSeed } from "../support/random.ts";
import {
  CONTRACT,
  DOMAIN,
  harness,
  keyOf,
  LOT,
  order,
  ownerOf,
  place,
  random,
  SPOT,
  TICK,
  USDC,
  type Harness,
} from "../support/sequencer.ts";
import { expectParity, postAll, poster } from "../support/posting.ts";

/** All cash that the state accounts for: INV-1 and INV-3. */
function accountedCash(h: Harness): bigint {
  let sum = 0n;
  for (const { slot } of slots(h.sequencer.exchange.builder.machine.state.root)) {
    if (slot.kind === KIND_ACCOUNT) sum += slot.cash;
    else if (slot.kind === KIND_GLOBALS) sum += slot.fees + slot.fund;
    else if (slot.kind === KIND_WITHDRAWAL) sum += slot.amount;
    else if (slot.kind === KIND_EXPIRY) sum += slot.received - slot.paid;
  }
  return sum;
}

/** Random traffic of everything that traders can do. */
function traffic(
  h: Harness,
  pick: (below: number) => number,
  nonces: Map<number, bigint>,
  count: number,
): Submission[] {
  const accounts = 6;
  return Array.from({ length: count }, (): Submission => {
    const account = 1 + pick(accounts);
    const nonce = nonces.get(account) ?? 0n;
    nonces.set(account, nonce + 1n);
    const deadline = h.clock.time + BigInt(30 + pick(400));
    const kind = pick(20);
    if (kind === 0) {
      const target = nonce === 0n ? 0n : BigInt(pick(Number(nonce)));
      return {
        kind: "transaction",
        transaction: signCancel(DOMAIN, { account, nonce: target }, deadline, keyOf(account)),
      };
    }
    if (kind === 1) {
      const fields = { account, amount: BigInt(1 + pick(5_000)) * USDC, payee: 0 };
      const transaction = signWithdraw(DOMAIN, fields, ownerOf(account), { nonce, deadline }, keyOf(account));
      return { kind: "transaction", transaction };
    }
    if (kind === 2) {
      const fields = { from: account, to: 1 + pick(accounts), amount: BigInt(1 + pick(2_000)) * USDC };
      return { kind: "transaction", transaction: signTransfer(DOMAIN, fields, { nonce, deadline }, keyOf(account)) };
    }
    const immediate = pick(6) === 0;
    return {
      kind: "order",
      order: order(account, nonce, {
        isSell: pick(2) === 0,
        isPut: pick(2) === 0,
        strike: SPOT + BigInt(pick(3) - 1) * 1_000_000n,
        quantity: LOT * BigInt(1 + pick(20)),
        limitPrice: 500_000n + TICK * BigInt(pick(9) - 4),
        deadline: immediate ? h.clock.time + 60n : deadline,
        immediateOrCancel: immediate,
        postOnly: !immediate && pick(8) === 0,
        reduceOnly: pick(10) === 0,
        fillOrKill: !immediate && pick(12) === 0,
        maxFee: 200_000n,
      }),
    };
  });
}

describe("the sequencer ahead of L1", () => {
  it("random traffic, random blocks: a fresh machine over the posted batches reaches the sequencer's root", async function () {
    const seed = runSeed();
    this.test!.title += ` (TENOR_SEED=${seed})`;
    for (let run = 0; run < 5; run++) {
      const pick = random(seed + run);
      const h = harness({ accounts: 6, cash: 20_000n * USDC, maxPayload: 4096 });
      const nonces = new Map<number, bigint>();
      let by = poster(h);
      let fills = 0;
      for (let round = 0; round < 25; round++) {
        const submissions = traffic(h, pick, nonces, 1 + pick(25));
        for (const outcome of h.sequencer.submitMany(submissions)) {
          if (outcome.accepted && "fills" in outcome) fills += outcome.fills.length;
        }
        h.clock.time += BigInt(pick(15));
        switch (pick(9)) {
          case 8: {
            // L1 takes back its last batch.
            h.l1.takeBack(1n);
            break;
          }
          case 0:
            h.l1.deposit(1 + pick(6), 100n * USDC);
            break;
          case 1:
            h.l1.anchor(SPOT + 10_000n * BigInt(pick(100)));
            break;
          case 2:
            h.l1.forced(1 + pick(6), {
              type: TX_TRANSFER,
              from: 1 + pick(6),
              to: 1,
              amount: 5n * USDC,
              auth: undefined,
            });
            break;
          case 3:
            h.l1.forceInclude();
            break;
          case 4:
            h.restart();
            by = poster(h);
            break;
          default:
            h.sequencer.tick();
            await by.post();
        }
        h.sequencer.sync(h.l1.log);
      }
      await expectParity(h);
      for (const record of h.sequencer.exchange.orders.values()) {
        if (record.status !== "live" && record.status !== "filled") continue;
        const { account, nonce, quantity } = record.signed.terms;
        const slot = h.sequencer.exchange.builder.machine.state.openOrder(account, nonce);
        // A cancellation of what was filled already leaves a spent nonce.
        if (slot?.nonce === nonce && isSpent(slot)) continue;
        const filled = slot?.nonce === nonce ? slot.filled : 0n;
        const resting = h.sequencer.exchange.book.get(account, nonce)?.remaining ?? 0n;
        expect(filled + resting, `order ${record.id} is there exactly once`).to.equal(quantity);
      }
      expect(fills, "the traffic trades").to.be.greaterThan(20);
      const deposits = [...Array(Number(h.l1.log.messageCount)).keys()]
        .map((i) => h.l1.log.message(BigInt(i)))
        .filter(({ kind }) => kind === 1)
        .reduce((sum, { payload }) => sum + BigInt(toHex(payload.slice(24))), 0n);
      expect(accountedCash(h)).to.equal(deposits);
    }
  });

  it("forced inclusion while a batch is pending: the fills keep their order behind the forced batch", async () => {
    const h = harness();
    place(h, order(1, 0n, { isSell: true, quantity: 3n * CONTRACT }));
    const acknowledged = place(h, order(2, 0n));
    expect(acknowledged).to.deep.include({ accepted: true, status: "filled" });
    h.clock.time += 20n;
    h.sequencer.tick();
    // Account 3 has its say in L1, before the batch that was sealed without it.
    h.l1.forced(3, { type: TX_WITHDRAW, account: 3, amount: 5n * USDC, payee: 0, auth: undefined });
    const by = poster(h);
    h.l1.beforeMining = () => {
      h.l1.beforeMining = () => {};
      h.l1.forceInclude();
    };
    expect((await by.post()).kind).to.equal("sent");
    expect((await by.post()).kind).to.equal("sequence changed");
    expect((await by.post()).kind).to.equal("sent");
    expect(h.sequencer.exchange.book.size).to.equal(1);
    expect(h.events.filter(({ kind }) => kind === "dropped")).to.deep.equal([]);
    await expectParity(h);
    expect(h.l1.log.batch(0n).record.dataKind).to.equal(0);
  });

  it("a forced CancelAll makes a pending fill impossible: it is dropped with the reason, the counterparty's order lives on", async () => {
    const h = harness();
    place(h, order(1, 0n, { isSell: true, forcible: true }));
    place(h, order(2, 0n));
    h.clock.time += 20n;
    h.sequencer.tick();
    h.l1.forced(1, { type: TX_CANCEL_ALL, account: 1, floor: 10n, auth: undefined });
    h.l1.forceInclude();
    h.sequencer.sync(h.l1.log);
    const dropped = h.events.find(({ kind }) => kind === "dropped");
    expect(dropped).to.include({ kind: "dropped", reason: "NonceOutOfWindow" });
    expect(h.events.find((event) => event.kind === "closed")).to.include({ account: 1, reason: "NonceOutOfWindow" });
    expect([...h.sequencer.exchange.book.orders()].map(({ account }) => account)).to.deep.equal([2]);
    await expectParity(h);
  });

  it("L1 takes a batch back, then another message comes first: everything is posted again, once", async () => {
    const h = harness();
    place(h, order(1, 0n, { isSell: true, quantity: 2n * CONTRACT }));
    place(h, order(2, 0n));
    await expectParity(h);
    place(h, order(3, 0n));
    await expectParity(h);
    const [batches, messages] = [h.l1.log.batchCount, h.l1.log.messageCount];
    h.l1.truncate(1n, messages);
    h.sequencer.sync(h.l1.log);
    expect(h.sequencer.sealedBatch(1n), "the second batch waits again").to.not.equal(undefined);
    await expectParity(h);
    h.l1.truncate(0n, messages - 1n);
    h.l1.deposit(7, 3n * USDC);
    h.l1.deposit(4, 1_000_000n * USDC);
    h.sequencer.sync(h.l1.log);
    await expectParity(h);
    expect(h.l1.log.batchCount >= batches).to.equal(true);
    const fills = h.events.filter(({ kind }) => kind === "fill");
    expect(fills).to.have.length(2);
    expect(h.sequencer.exchange.book.size).to.equal(0);
  });

  it("a batch that waited too long is built anew; short deadlines end with a reason", async () => {
    const h = harness();
    place(h, order(1, 0n, { isSell: true, quantity: 2n * CONTRACT }));
    place(h, order(2, 0n));
    place(h, order(3, 0n, { immediateOrCancel: true, deadline: h.clock.time + 60n }));
    h.clock.time += 20n;
    h.sequencer.tick();
    const first = h.sequencer.sealedBatch(0n)!;
    h.clock.time += 700n;
    const by = poster(h);
    expect((await by.post()).kind).to.equal("resealed");
    const again = h.sequencer.sealedBatch(0n)!;
    expect(again.l2Time).to.equal(h.clock.time + h.l1.delay);
    expect(again.l2Time > first.l2Time).to.equal(true);
    const dropped = h.events.filter((event) => event.kind === "dropped");
    expect(dropped.map(({ reason }) => reason)).to.deep.equal(["Expired"]);
    expect(await postAll(h, by)).to.deep.equal(["sent", "idle"]);
    await expectParity(h);
  });

  it("item limit: a batch of tiny items is padded with zeros, and the machine executes every one", async () => {
    const h = harness({ accounts: 2 });
    place(h, order(1, 0n, { isSell: true, quantity: 100n * LOT }));
    place(h, order(2, 0n, { quantity: LOT }));
    place(h, order(2, 1n, { quantity: 60n * LOT, limitPrice: 400_000n }));
    await expectParity(h);
    // Both orders are known to the state after this first fill of theirs; every later one takes a dozen bytes.
    const batch = h.l1.log.batchCount;
    place(h, order(1, 1n, { isSell: true, quantity: LOT, limitPrice: 400_000n }));
    for (let i = 2n; i < 40n; i++) {
      expect(place(h, order(1, i, { isSell: true, quantity: LOT, limitPrice: 400_000n })).accepted).to.equal(true);
      // The smallest item there is: two bytes.
      expect(h.sequencer.collectFees().accepted).to.equal(true);
    }
    const { items } = h.sequencer.exchange.open!;
    await expectParity(h);
    const { payload } = h.l1.log.batch(batch);
    expect(items.length).to.equal(77);
    expect(itemLimit(payload.length)).to.be.at.least(items.length);
    for (let i = 0; i < 50; i++) h.sequencer.exchange.builder.append({ type: TX_COLLECT_FEES });
    expect(h.sequencer.exchange.builder.steps, "refused items are not in the batch").to.equal(0);
  });

  it("item limit: Settle of 32 accounts has 32 steps in 133 bytes, hence zeros behind it", async () => {
    const h = harness({ accounts: 32 });
    for (let account = 1; account <= 32; account++) place(h, order(account, 0n, { isSell: account % 2 === 1 }));
    await expectParity(h);
    h.clock.time = 20_003n * 86_400n + 28_800n + 60n;
    h.l1.fixPrice(20_003, SPOT);
    h.sequencer.tick();
    h.clock.time += 20n;
    h.sequencer.tick();
    await postAll(h);
    const { payload } = h.l1.log.batch(h.l1.log.batchCount - 1n);
    // All longs are worth nothing at this price: shorts and longs take 16 steps each.
    expect(payload.length).to.equal(64 * 31 + 1);
    expect(isZero(payload.subarray(2 * (2 + 3 + 1 + 64)))).to.equal(true);
    await expectParity(h);
  });

  it("nothing is executed at an L1 time at which the tenor's step would change", async () => {
    // 40 days before the expiry instant the step of 500 USD gives way to that of 100.
    const day = 20_050;
    const boundary = BigInt(day) * 86_400n + 28_800n - 40n * 86_400n;
    const h = harness();
    h.clock.time = boundary - 950n;
    const deadline = boundary + 600n;
    const change = { expiryDay: day, strike: SPOT + 1_000_000n, deadline };
    expect(place(h, order(1, 0n, { ...change, isSell: true }))).to.deep.include({ accepted: false });
    h.clock.time = boundary - 100n;
    expect(place(h, order(1, 0n, { ...change, isSell: true }))).to.deep.include({ accepted: false });
    h.clock.time = boundary + 61n;
    h.l1.anchor(SPOT);
    h.sequencer.tick();
    expect(place(h, order(1, 0n, { ...change, isSell: true }))).to.deep.include({ accepted: true });
    expect(place(h, order(2, 0n, change))).to.deep.include({ status: "filled" });
    await expectParity(h);
  });

  it("two markets expire at once: everybody is settled and paid, before anything else touches them", async () => {
    for (const firstMarket of [1, 2]) {
      const h = harness({ accounts: 80, cash: 100_000n * USDC });
      h.l1.listMarket(2);
      h.l1.anchor(SPOT, 2);
      const day = 20_003;
      for (const market of [1, 2]) {
        for (let account = 1; account <= 80; account += 2) {
          const nonce = BigInt(market);
          expect(place(h, order(account, nonce, { market, isSell: true })).accepted).to.equal(true);
          expect(place(h, order(account + 1, nonce, { market })).accepted).to.equal(true);
        }
      }
      await expectParity(h);
      h.clock.time = BigInt(day) * 86_400n + 28_800n + 60n;
      for (const market of [firstMarket, 3 - firstMarket]) h.l1.fixPrice(day, SPOT + 1_000_000n, market);
      // A withdrawal comes before the routine has begun: the account is settled first, in both markets.
      const fields = { account: 1, amount: USDC, payee: 0 };
      const auth = { nonce: 90n, deadline: h.clock.time + 600n };
      const transaction = signWithdraw(DOMAIN, fields, ownerOf(1), auth, keyOf(1));
      const [outcome] = h.sequencer.submitMany([{ kind: "transaction", transaction }]);
      expect(outcome!.accepted).to.equal(true);
      const { state } = h.sequencer.exchange.builder.machine;
      expect(state.openAccount(1)!.positions).to.deep.equal([]);
      for (let i = 0; i < 5; i++) h.sequencer.tick();
      expect(h.sequencer.collectFees().accepted).to.equal(true);
      const left = [...slots(h.sequencer.exchange.builder.machine.state.root)].filter(
        ({ slot }) => slot.kind === KIND_CLAIM || (slot.kind === KIND_ACCOUNT && slot.positions.length > 0),
      );
      expect(left).to.deep.equal([]);
      expect(accountedCash(h)).to.equal(80n * 100_000n * USDC);
      await expectParity(h);
      for (const { slot } of slots(h.sequencer.exchange.builder.machine.state.root)) {
        if (slot.kind === KIND_EXPIRY) expect(slot).to.include({ shorts: 0, final: true, received: slot.paid });
      }
    }
  });
});
