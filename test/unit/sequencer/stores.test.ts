import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import fc from "fast-check";
import { recoverAddress } from "../../../src/crypto/secp256k1.ts";
import { MAX_NONCE, MAX_PRICE, MAX_QUANTITY, MAX_TIME } from "../../../src/machine/Constants.ts";
import { orderDigest, type OrderTerms } from "../../../src/machine/TypedData.ts";
import { DerivedState, DerivedStateError } from "../../../src/sequencer/DerivedState.ts";
import {
  EMPTY_JOURNAL,
  JournalError,
  MemoryJournal,
  type Journal,
  type JournalChanges,
  type JournalWithdrawal,
} from "../../../src/sequencer/Journal.ts";
import { memoizeRecover } from "../../../src/sequencer/RecoverCache.ts";
import { Sequencer, SequencerError } from "../../../src/sequencer/Sequencer.ts";
import { DEFAULT_OPTIONS } from "../../../src/sequencer/SequencerOptions.ts";
import {
  decodeSignedOrder,
  encodeSignedOrder,
  SIGNED_ORDER_LENGTH,
  type SignedOrder,
} from "../../../src/sequencer/SignedOrder.ts";
import { SqliteJournal } from "../../../src/sequencer/SqliteJournal.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { runSeed } from "../../support/random.ts";
import { CONFIG, DOMAIN, FakeL1, GENESIS, harness, order, ownerOf, place, TestClock } from "../../support/sequencer.ts";

const signedOrders: fc.Arbitrary<SignedOrder> = fc.record({
  terms: fc.record<OrderTerms>({
    account: fc.nat(0xffffffff),
    market: fc.nat(0xff),
    expiryDay: fc.nat(0xffff),
    strike: fc.bigInt(0n, MAX_PRICE),
    isPut: fc.boolean(),
    isSell: fc.boolean(),
    quantity: fc.bigInt(0n, MAX_QUANTITY),
    limitPrice: fc.bigInt(0n, MAX_PRICE),
    maxFee: fc.bigInt(0n, MAX_PRICE),
    nonce: fc.bigInt(0n, MAX_NONCE),
    deadline: fc.bigInt(0n, MAX_TIME),
    fillOrKill: fc.boolean(),
    immediateOrCancel: fc.boolean(),
    postOnly: fc.boolean(),
    reduceOnly: fc.boolean(),
    forcible: fc.boolean(),
  }),
  keyIndex: fc.nat(4),
  keyEpoch: fc.nat(0xffffffff),
  signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
});

describe("encodeSignedOrder", () => {
  it("has one inverse", () => {
    const seed = runSeed();
    const property = fc.property(signedOrders, (signed) => {
      const bytes = encodeSignedOrder(signed);
      expect(bytes.length).to.equal(SIGNED_ORDER_LENGTH);
      expect(decodeSignedOrder(bytes)).to.deep.equal(signed);
    });
    fc.assert(property, { seed, numRuns: 300 });
  });
});

describe("memoizeRecover", () => {
  it("asks once for each pair, keeps the most recently used, and remembers that nobody signed", () => {
    let asked = 0;
    const recover = memoizeRecover((digest, signature) => {
      asked++;
      return recoverAddress(digest, signature);
    }, 2);
    const pairs = [1n, 2n, 3n].map((nonce) => {
      const signed = order(1, nonce);
      return {
        digest: orderDigest(DOMAIN, signed.terms, signed.keyIndex, signed.keyEpoch),
        signature: signed.signature,
      };
    });
    const signer = (i: number): Uint8Array | undefined => recover(pairs[i]!.digest, pairs[i]!.signature);
    expect(signer(0)).to.deep.equal(ownerOf(1));
    expect(signer(0)).to.deep.equal(ownerOf(1));
    expect(asked).to.equal(1);
    signer(1);
    signer(0);
    signer(2);
    signer(0);
    expect(asked).to.equal(3);
    signer(1);
    expect(asked).to.equal(4);
    const nobody = new Uint8Array(64);
    expect(recover(pairs[0]!.digest, nobody)).to.equal(undefined);
    expect(recover(pairs[0]!.digest, nobody)).to.equal(undefined);
    expect(asked).to.equal(5);
    expect(() => recover(pairs[0]!.digest, new Uint8Array(63)))
      .to.throw()
      .with.property("code", "LENGTH");
  });
});

const NOTHING: JournalChanges = {
  ...EMPTY_JOURNAL,
  ...{ deletedOrders: [], deletedBatches: [], withdrawals: [], endedWithdrawals: 0n },
};

function journalSuite(name: string, open: () => { journal: Journal; reopen: () => Journal; done: () => void }): void {
  describe(name, () => {
    it("gives back what was committed, in order, and after it was opened again", () => {
      const { journal, reopen, done } = open();
      try {
        expect(journal.load()).to.deep.equal(EMPTY_JOURNAL);
        const row = (id: number): { id: number; bytes: Uint8Array } => ({ id, bytes: Uint8Array.of(id, 0, 255) });
        const orders = [
          { ...row(3), status: "live" },
          { ...row(1), status: "live" },
        ];
        const batches = [{ serial: 2, messagesRead: 7n, l2Time: 1n << 39n, sealed: false }];
        const items = [
          { ...row(6), serial: 2 },
          { ...row(5), serial: 2 },
        ];
        journal.commit({ ...NOTHING, nextId: 9, orders, batches, items });
        journal.commit({
          ...NOTHING,
          nextId: 10,
          orders: [{ ...row(1), status: "filled" }],
          batches: [{ ...batches[0]!, sealed: true }],
        });
        const content = reopen().load();
        expect(content.nextId).to.equal(10);
        expect(content.orders.map(({ id, status }) => [id, status])).to.deep.equal([
          [1, "filled"],
          [3, "live"],
        ]);
        expect(content.orders[0]!.bytes).to.deep.equal(Uint8Array.of(1, 0, 255));
        expect(content.batches).to.deep.equal([{ ...batches[0]!, sealed: true }]);
        expect(content.items.map(({ id, serial }) => [id, serial])).to.deep.equal([
          [5, 2],
          [6, 2],
        ]);
      } finally {
        done();
      }
    });

    it("deletes orders, and batches with their items; replaces everything at once", () => {
      const { journal, done } = open();
      try {
        const bytes = Uint8Array.of(1);
        const batch = { serial: 2, messagesRead: 0n, l2Time: 0n, sealed: true };
        const items = [
          { id: 5, serial: 2, bytes },
          { id: 6, serial: 3, bytes },
        ];
        journal.commit({
          ...NOTHING,
          orders: [{ id: 1, bytes, status: "live" }],
          batches: [batch, { ...batch, serial: 3 }],
          items,
        });
        journal.commit({ ...NOTHING, finalizedBatches: 1n, deletedOrders: [1], deletedBatches: [2] });
        const content = journal.load();
        expect(content).to.deep.include({ finalizedBatches: 1n, orders: [], batches: [{ ...batch, serial: 3 }] });
        expect(content.items.map(({ id }) => id)).to.deep.equal([6]);
        journal.replace({ ...EMPTY_JOURNAL, nextId: 77 }, []);
        expect(journal.load()).to.deep.equal({ ...EMPTY_JOURNAL, nextId: 77 });
      } finally {
        done();
      }
    });

    it("keeps withdrawals until they end, whatever is replaced, and gives them back by their end", () => {
      const { journal, reopen, done } = open();
      try {
        const row = (until: bigint, byte: number): JournalWithdrawal => ({
          ...{ until, digest: new Uint8Array(32).fill(byte), account: 2 ** 32 - byte },
        });
        const rows = [row(90n, 1), row(100n, 200), row(100n, 3), row(1n << 40n, 2), row(1_000n, 9)];
        journal.commit({ ...NOTHING, withdrawals: rows.slice(0, 3) });
        journal.commit({ ...NOTHING, withdrawals: rows.slice(0, 1) });
        journal.replace(EMPTY_JOURNAL, rows.slice(3));
        const sorted = [rows[0]!, rows[2]!, rows[1]!, rows[4]!, rows[3]!];
        expect([...journal.withdrawals()]).to.deep.equal(sorted);
        const again = reopen();
        expect([...again.withdrawals()]).to.deep.equal(sorted);
        again.commit({ ...NOTHING, endedWithdrawals: 99n });
        expect([...again.withdrawals()]).to.deep.equal(sorted.slice(1));
        again.commit({ ...NOTHING, endedWithdrawals: 100n });
        expect([...again.withdrawals()]).to.deep.equal(sorted.slice(3));
      } finally {
        done();
      }
    });
  });
}

journalSuite("MemoryJournal", () => {
  const journal = new MemoryJournal();
  return { journal, reopen: () => journal, done: () => journal.close() };
});

journalSuite("SqliteJournal", () => {
  const directory = mkdtempSync(join(tmpdir(), "tenor-"));
  const path = join(directory, "journal.sqlite");
  let journal = new SqliteJournal(path);
  return {
    journal,
    reopen: () => {
      journal.close();
      return (journal = new SqliteJournal(path));
    },
    done: () => {
      journal.close();
      rmSync(directory, { recursive: true });
    },
  };
});

describe("SqliteJournal", () => {
  it("says when it can't be opened or written", () => {
    expect(() => new SqliteJournal("/nonexistent/journal.sqlite"))
      .to.throw(JournalError)
      .with.property("code", "JOURNAL_READ");
    const journal = new SqliteJournal(":memory:");
    journal.close();
    expect(() => journal.commit(NOTHING))
      .to.throw(JournalError)
      .with.property("code", "JOURNAL_WRITE");
    expect(() => journal.load())
      .to.throw(JournalError)
      .with.property("code", "JOURNAL_READ");
    expect(() => [...journal.withdrawals()])
      .to.throw(JournalError)
      .with.property("code", "JOURNAL_READ");
  });

  it("reads a journal of the version before, and refuses one of the next", () => {
    const directory = mkdtempSync(join(tmpdir(), "tenor-"));
    const path = join(directory, "journal.sqlite");
    try {
      const old = new DatabaseSync(path);
      old.exec("CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), nextId INTEGER, finalizedBatches INTEGER)");
      old.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL, status TEXT NOT NULL) STRICT");
      const withdrawn = order(1, 0n);
      old.exec("INSERT INTO meta VALUES (1, 2, 0)");
      old.prepare("INSERT INTO orders VALUES (1, ?, 'Withdrawn')").run(encodeSignedOrder(withdrawn));
      old.close();
      const journal = new SqliteJournal(path);
      const h = harness({ journal });
      expect([...journal.withdrawals()]).to.have.length(1);
      expect(place(h, withdrawn)).to.deep.equal({ accepted: false, refusal: { reason: "Withdrawn" } });
      journal.close();
      const next = new DatabaseSync(path);
      next.exec("PRAGMA user_version = 2");
      next.close();
      for (let i = 0; i < 2; i++) {
        expect(() => new SqliteJournal(path))
          .to.throw(JournalError)
          .with.property("code", "JOURNAL_VERSION");
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe("starting a sequencer", () => {
  const start = (options: object, checkpoint = GENESIS): Sequencer => {
    const clock = new TestClock();
    const services = { clock, journal: new MemoryJournal(), logger: SILENT };
    return new Sequencer(CONFIG, { ...DEFAULT_OPTIONS, ...options }, services, checkpoint, new FakeL1(clock).log);
  };

  it("refuses options that contradict each other", () => {
    for (const options of [
      { expiryMargin: 599n },
      { maxPayload: 100 },
      { resealMargin: 600n },
      { maxWithdrawnOrders: 0 },
    ]) {
      expect(() => start(options))
        .to.throw(SequencerError)
        .with.property("code", "OPTIONS_INVALID");
    }
  });

  it("refuses a checkpoint that the journal or L1 doesn't reach", () => {
    const later = { ...GENESIS, cursor: { ...GENESIS.cursor, batch: 1n } };
    expect(() => start({}, later))
      .to.throw(SequencerError)
      .with.property("code", "CHECKPOINT_TOO_LATE");
    const empty = new FakeL1(new TestClock()).log;
    expect(() => new DerivedState(CONFIG, later, empty))
      .to.throw(DerivedStateError)
      .with.property("code", "L1_BEHIND_CHECKPOINT");
    expect(() => new DerivedState(CONFIG, GENESIS, empty).run(empty))
      .to.throw(DerivedStateError)
      .with.property("code", "INPUT_MISSING");
  });

  it("stops when L1 takes back what was final", () => {
    const l1 = new FakeL1(new TestClock());
    l1.listMarket();
    l1.forceInclude();
    const derived = new DerivedState(CONFIG, GENESIS, l1.log);
    derived.run(l1.log);
    derived.finalize(1n);
    l1.log.truncate(0n, 0n);
    expect(() => derived.rollback(l1.log))
      .to.throw(DerivedStateError)
      .with.property("code", "L1_BEHIND_CHECKPOINT");
  });
});
