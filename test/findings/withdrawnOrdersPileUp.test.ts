import { expect } from "chai";
import { MemoryJournal, type Journal } from "../../src/sequencer/Journal.ts";
import { SqliteJournal } from "../../src/sequencer/SqliteJournal.ts";
import { signCancel } from "../../src/sequencer/Signing.ts";
import type { SignedOrder } from "../../src/sequencer/SignedOrder.ts";
import { DOMAIN, harness, keyOf, order, place, START, TICK, type Harness } from "../support/sequencer.ts";

const MAKER = 1;
const WITHDRAWN = { accepted: false, refusal: { reason: "Withdrawn" } };
/** Seconds for which an order that was taken back can be asked for. */
const SHOWN = 60n;
const HOUR = 3_600n;

/**
 * What was taken back must not be filled for an hour, so the sequencer remembers it. It remembered the whole order, about a thousand bytes in
 * memory and 140 in the journal, for seventy minutes after whatever was before it was final, and ten minutes beyond the deadline of one that
 * lived for a second. A trader who takes back a hundred orders a second made it hold half a gigabyte; a few more ended the process,
 * and the next one read all of it again.
 *
 * Of what was taken back there is now a digest, from the moment on at which no batch that L1 may take back needs the order, for no longer
 * than the promise and the deadline demand, and of each account no more than a limit.
 */
describe("finding: a trader fills the sequencer's memory with orders that it takes back", () => {
  const quote = (nonce: bigint, change: Partial<SignedOrder["terms"]> = {}): SignedOrder =>
    order(MAKER, nonce, { isSell: true, ...change });

  function placed(h: Harness, signed: SignedOrder): number {
    const outcome = place(h, signed);
    if (!outcome.accepted) throw new Error(outcome.refusal.reason);
    return outcome.id;
  }

  function takeBack(h: Harness, ...orders: SignedOrder[]): void {
    const ids = orders.map((signed) => placed(h, signed));
    expect(h.sequencer.submitMany([{ kind: "withdraw", account: MAKER, orders: ids }])).to.deep.equal([
      { accepted: true, withdrawn: ids },
    ]);
  }

  function pass(h: Harness, seconds: bigint): void {
    h.clock.time += seconds;
    h.sequencer.tick();
  }

  /** Puts what is open on L1, which doesn't finalize it. */
  function post(h: Harness): void {
    h.sequencer.seal();
    expect(h.l1.append(h.sequencer.sealedBatch(h.l1.log.batchCount)!)).to.equal(undefined);
    h.sequencer.sync(h.l1.log);
  }

  const journals: readonly [name: string, open: () => Journal][] = [
    ["MemoryJournal", () => new MemoryJournal()],
    ["SqliteJournal", () => new SqliteJournal(":memory:")],
  ];
  for (const [name, open] of journals) {
    it(`keeps a digest of each, though L1 finalizes nothing, and refuses them after a restart (${name})`, () => {
      const h = harness({ journal: open() });
      const orders = Array.from({ length: 100 }, (_, i) => quote(BigInt(i)));
      takeBack(h, ...orders);
      expect(h.sequencer.exchange.orders.size).to.equal(100);
      pass(h, SHOWN);
      expect(h.sequencer.exchange.orders.size, "for a minute they can be asked for").to.equal(100);
      pass(h, 1n);
      expect(h.sequencer.exchange.orders.size).to.equal(0);
      expect(h.journal.load().orders).to.deep.equal([]);
      const rows = [...h.journal.withdrawals()];
      expect(rows).to.have.length(100);
      for (const { digest, account } of rows) expect([digest.length, account]).to.deep.equal([32, MAKER]);
      for (const signed of orders.slice(0, 5)) expect(place(h, signed)).to.deep.equal(WITHDRAWN);
      h.restart();
      expect(h.sequencer.exchange.orders.size).to.equal(0);
      for (const signed of orders) expect(place(h, signed)).to.deep.equal(WITHDRAWN);
      expect(placed(h, quote(0n, { limitPrice: 600_000n })), "another order of the nonce").to.be.greaterThan(0);
      h.journal.close();
    });

    it(`refuses them for as long as the promise and the deadline demand, and forgets them then (${name})`, () => {
      const h = harness({ journal: open() });
      const short = quote(1n, { deadline: START + 30n });
      const long = quote(2n, { deadline: START + 3n * HOUR });
      takeBack(h, short, long);
      post(h);
      // Twelve seconds of a batch's age and a minute of the clock's are added, in steps of ten.
      pass(h, 30n + 12n + 60n);
      expect([...h.journal.withdrawals()]).to.have.length(2);
      pass(h, 8n);
      expect([...h.journal.withdrawals()]).to.have.length(1);
      expect(place(h, short)).to.deep.equal({ accepted: false, refusal: { reason: "Expired" } });
      pass(h, HOUR - 38n);
      expect(place(h, long)).to.deep.equal(WITHDRAWN);
      h.restart();
      pass(h, 7n);
      expect(place(h, long)).to.deep.equal(WITHDRAWN);
      pass(h, 1n);
      expect([...h.journal.withdrawals()]).to.deep.equal([]);
      expect(place(h, long).accepted).to.equal(true);
      takeBack(h, quote(3n, { deadline: long.terms.deadline }));
      h.clock.time += 3n * HOUR;
      h.restart();
      pass(h, 10n);
      expect([...h.journal.withdrawals()], "those that ended while nobody looked").to.deep.equal([]);
      h.journal.close();
    });
  }

  it("has room for so many of an account, says when it has more, and lets everything be taken back", () => {
    const h = harness({ maxWithdrawnOrders: 3 });
    const resting = [quote(1n), quote(2n, { deadline: START + 100n })];
    for (const signed of resting) placed(h, signed);
    takeBack(h, quote(3n), quote(4n), quote(5n, { deadline: START + 40n }));
    const until = START + 40n + 12n + 60n + 8n;
    const full = { accepted: false, refusal: { reason: "TooManyWithdrawn", until } };
    expect(place(h, quote(6n))).to.deep.equal(full);
    expect(place(h, quote(3n)), "what was taken back has its own refusal").to.deep.equal(WITHDRAWN);
    expect(place(h, order(2, 6n, { limitPrice: TICK })).accepted, "other accounts").to.equal(true);
    const hedge = quote(7n, { immediateOrCancel: true, limitPrice: TICK, deadline: START + 60n });
    expect(place(h, hedge).accepted, "what can't rest").to.equal(true);
    h.restart();
    expect(place(h, quote(6n)), "after a restart").to.deep.equal(full);
    const live = [...h.sequencer.exchange.book.orders()].filter(({ account }) => account === MAKER).map(({ id }) => id);
    expect(live).to.have.length(2);
    const [outcome] = h.sequencer.submitMany([{ kind: "withdraw", account: MAKER, orders: [live[0]!] }]);
    expect(outcome).to.deep.equal({ accepted: true, withdrawn: [live[0]!] });
    const transaction = signCancel(DOMAIN, { account: MAKER, nonce: 2n }, START + 60n, keyOf(MAKER));
    expect(h.sequencer.submitMany([{ kind: "transaction", transaction }])[0]).to.have.property("accepted", true);
    pass(h, until - 1n - START);
    expect(place(h, quote(6n))).to.deep.equal(full);
    pass(h, 1n);
    // One has gone, but two came after: five were held by a limit of three.
    expect(place(h, quote(6n))).to.have.nested.property("refusal.reason", "TooManyWithdrawn");
  });

  it("keeps the whole order while a batch that L1 may take back has a fill of it", () => {
    const h = harness();
    const quoted = quote(1n, { quantity: 2_000_000n });
    const id = placed(h, quoted);
    placed(h, order(2, 1n));
    h.sequencer.submitMany([{ kind: "withdraw", account: MAKER, orders: [id] }]);
    post(h);
    pass(h, SHOWN + 1n);
    expect([...h.sequencer.exchange.orders.keys()]).to.include(id);
    const { stateRoot } = h.sequencer;
    h.l1.truncate(0n, h.l1.log.messageCount);
    h.sequencer.sync(h.l1.log);
    expect(h.sequencer.stateRoot, "filled again").to.deep.equal(stateRoot);
    post(h);
    h.sequencer.sync(h.l1.log, 1n);
    expect([...h.sequencer.exchange.orders.keys()]).not.to.include(id);
    expect(place(h, quoted)).to.deep.equal(WITHDRAWN);
  });

  it("forgets none of them where L1 takes back what was before", () => {
    const h = harness();
    takeBack(h, quote(1n));
    placed(h, order(3, 7n, { isSell: true, limitPrice: 3n * TICK }));
    placed(h, order(2, 7n, { limitPrice: 3n * TICK }));
    pass(h, SHOWN + 1n);
    post(h);
    h.l1.truncate(0n, h.l1.log.messageCount);
    h.l1.forceInclude();
    h.sequencer.sync(h.l1.log);
    expect([...h.journal.withdrawals()]).to.have.length(1);
    h.restart();
    expect(place(h, quote(1n))).to.deep.equal(WITHDRAWN);
  });
});
