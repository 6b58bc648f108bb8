import { expect } from "chai";
import fc from "fast-check";
import type { JournalWithdrawal } from "../../../src/sequencer/Journal.ts";
import { DEFAULT_OPTIONS } from "../../../src/sequencer/SequencerOptions.ts";
import type { SignedOrder } from "../../../src/sequencer/SignedOrder.ts";
import { WITHDRAWAL_PROMISE, WithdrawnOrders } from "../../../src/sequencer/WithdrawnOrders.ts";
import { runSeed } from "../../support/random.ts";
import { START, terms } from "../../support/sequencer.ts";

const LIMIT = 5;
const OPTIONS = { maxBatchAge: DEFAULT_OPTIONS.maxBatchAge, maxWithdrawnOrders: LIMIT };
/** Beyond the promise and the deadline: a batch's age, the clock's step, and ten seconds to forget several at once. */
const [LEAST, MOST] = [72n, 82n];

/** Nothing here looks at signatures. */
function unsigned(account: number, nonce: bigint, deadline: bigint): SignedOrder {
  return { terms: terms(account, nonce, { deadline }), keyIndex: 0, keyEpoch: 0, signature: new Uint8Array(64) };
}

const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("add" as const), account: fc.integer({ min: 1, max: 3 }), life: fc.nat(8_000) }),
    fc.record({ kind: fc.constant("pass" as const), seconds: fc.oneof(fc.nat(15), fc.nat(1_500)) }),
    fc.record({ kind: fc.constant("restart" as const) }),
  ),
  { minLength: 1, maxLength: 60 },
);

describe("WithdrawnOrders", () => {
  it("has every order for as long as it must, and not much longer, and knows who is full", () => {
    const seed = runSeed();
    const property = fc.property(steps, (run) => {
      let now = START;
      let orders = new WithdrawnOrders(OPTIONS);
      orders.pass(now);
      let model: { readonly signed: SignedOrder; readonly last: bigint; readonly row: JournalWithdrawal }[] = [];
      for (const [i, step] of run.entries()) {
        if (step.kind === "add") {
          const signed = unsigned(step.account, BigInt(i), now + BigInt(step.life));
          const life = BigInt(step.life) < WITHDRAWAL_PROMISE ? BigInt(step.life) : WITHDRAWAL_PROMISE;
          model.push({ signed, last: now + life, row: orders.add(signed) });
        } else if (step.kind === "pass") {
          now += BigInt(step.seconds);
          const ended = model.filter(({ row }) => row.until <= now);
          expect(orders.pass(now)).to.equal(ended.length > 0);
          model = model.filter((entry) => !ended.includes(entry));
          for (const { signed, last } of ended) {
            expect(orders.has(signed)).to.equal(false);
            expect(now > last + LEAST, "forgotten too early").to.equal(true);
          }
        } else {
          orders = new WithdrawnOrders(OPTIONS);
          orders.pass(now);
          for (const { row } of model) orders.restore(row);
        }
        for (const { signed, last } of model) {
          expect(orders.has(signed)).to.equal(true);
          expect(now < last + MOST, "kept too long").to.equal(true);
        }
        for (const account of [1, 2, 3]) {
          const own = model.filter(({ signed }) => signed.terms.account === account).map(({ row }) => row.until);
          const first = own.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
          expect(orders.fullUntil(account)).to.equal(own.length < LIMIT ? undefined : first);
        }
      }
    });
    fc.assert(property, { seed, numRuns: 200 });
  });

  it("keeps what was remembered twice until the later end", () => {
    const orders = new WithdrawnOrders(OPTIONS);
    const signed = unsigned(1, 0n, START + 20_000n);
    orders.pass(START);
    const { until } = orders.add(signed);
    orders.pass(START + 100n);
    const later = orders.add(signed);
    expect(later.until).to.equal(until + 100n);
    orders.pass(until);
    expect(orders.has(signed)).to.equal(true);
    orders.pass(later.until);
    expect(orders.has(signed)).to.equal(false);
  });
});
