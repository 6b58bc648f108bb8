import { expect } from "chai";
import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Hex } from "../../../src/crypto/bytes.ts";
import { PosterJournal, type Attempt, type JournalEntry } from "../../../src/poster/PosterJournal.ts";
import type { PostReceipt } from "../../../src/poster/PosterL1.ts";
import { byDay, forecast, perFill, total } from "../../../src/poster/Spending.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { runSeed } from "../../support/random.ts";

const hashOf = (nonce: number): Hex => `0x${nonce.toString(16).padStart(64, "0")}`;

function attempt(nonce: number, change: Partial<Attempt> = {}): Attempt {
  return {
    number: 1,
    purpose: "batch",
    state: "sent",
    index: BigInt(nonce),
    messagesRead: 3n,
    l2Time: 1_700_000_000n,
    commitment: new Uint8Array(32).fill(7),
    length: 500,
    fills: 5,
    gasLimit: 200_000n,
    offer: { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 1n, maxFeePerBlobGas: 0n },
    hash: hashOf(nonce),
    raw: Uint8Array.of(1, 2, 3),
    firstSent: 1_700_000_012n,
    lastSent: 1_700_000_024n,
    ...change,
  };
}

function receipt(nonce: number, change: Partial<PostReceipt> = {}): PostReceipt {
  const gas = { gasUsed: 100_000n, gasPrice: 10n ** 9n, blobGasUsed: 131_072n, blobGasPrice: 10n ** 9n };
  const time = 1_700_000_030n;
  return { hash: hashOf(nonce), blockNumber: 10, blockHash: hashOf(99), time, succeeded: true, ...gas, ...change };
}

function mined(nonce: number, change: Partial<PostReceipt> = {}, of: Partial<Attempt> = {}): JournalEntry {
  const kind = "calldata" as const;
  return { nonce, kind, state: "mined", attempts: [attempt(nonce, of)], receipt: receipt(nonce, change) };
}

describe("the poster's journal", () => {
  let folder: string;
  let path: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tenor-"));
    path = join(folder, "journal.sqlite");
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const open = (identity = "chain"): PosterJournal => PosterJournal.open(path, identity, SILENT);

  it("gives back what was put, in order, and after it was opened again", () => {
    const journal = open();
    expect(journal.isNew).to.equal(true);
    const first: JournalEntry = { nonce: 7, kind: "blob", state: "open", attempts: [attempt(7)], receipt: undefined };
    const second = attempt(7, { number: 2, state: "signed", purpose: "cancel", hash: hashOf(8) });
    journal.put(first, first.attempts[0]);
    journal.put({ ...first, attempts: [attempt(7), second] }, second);
    const other = mined(6);
    journal.put(other, other.attempts[0]);
    journal.close();
    const again = open();
    expect(again.isNew).to.equal(false);
    expect(again.load()).to.deep.equal([other, { ...first, attempts: [attempt(7), second] }]);
    expect(again.highestNonce()).to.equal(7);
    expect(again.lastKind()).to.equal("blob");
    again.close();
  });

  it("forgets what is confirmed but for its costs", () => {
    const journal = open();
    const entry = mined(0);
    journal.put(entry, entry.attempts[0]);
    journal.put({ ...entry, state: "confirmed" });
    expect(journal.load()).to.deep.equal([]);
    expect(journal.highestNonce()).to.equal(0);
    expect(journal.spending(0n)).to.have.length(1);
    journal.close();
  });

  it("does not give back bytes that are damaged", () => {
    const entry: JournalEntry = { ...mined(0), state: "open", receipt: undefined };
    const journal = open();
    journal.put(entry, entry.attempts[0]);
    journal.close();
    const database = new DatabaseSync(path);
    database.exec("UPDATE attempts SET raw = x'010204'");
    database.close();
    const again = open();
    expect(again.load()[0]!.attempts[0]).to.include({ raw: undefined, hash: hashOf(0) });
    again.close();
  });

  it("refuses a second process and another account, and moves a damaged file aside", () => {
    const journal = open();
    expect(() => open())
      .to.throw()
      .with.property("code", "JOURNAL_LOCKED");
    journal.close();
    expect(() => open("another chain"))
      .to.throw()
      .with.property("code", "JOURNAL_FOREIGN");
    writeFileSync(path, "this is no database, and long enough to be taken for one by nobody at all");
    const fresh = open();
    expect(fresh.isNew).to.equal(true);
    fresh.close();
    expect(() => PosterJournal.open(join(folder, "no", "folder"), "chain", SILENT))
      .to.throw()
      .with.property("code", "JOURNAL_FAILED");
  });

  it("adds up what was spent, by day and by fill, without loss", () => {
    const rows = fc.array(
      fc.record({
        time: fc.bigInt(0n, 10n * 86_400n),
        gasUsed: fc.bigInt(21_000n, 16_000_000n),
        gasPrice: fc.bigInt(0n, 10n ** 12n),
        blobGasPrice: fc.bigInt(0n, 10n ** 12n),
        succeeded: fc.boolean(),
      }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(rows, (receipts) => {
        const journal = PosterJournal.open(":memory:", "chain", SILENT);
        receipts.forEach((change, nonce) => {
          const entry = mined(nonce, change);
          journal.put(entry, entry.attempts[0]);
        });
        const all = total(journal.spending(0n));
        const days = byDay(journal.spending(0n));
        const sum = days.reduce((before, { execution, blobs }) => before + execution + blobs, 0n);
        expect(sum).to.equal(all.execution + all.blobs);
        const paid = receipts.reduce((before, { gasUsed, gasPrice }) => before + gasUsed * gasPrice, 0n);
        expect(all.execution).to.equal(paid);
        expect(all.wasted + all.batches).to.equal(receipts.length);
        expect(all.fills).to.equal(5 * all.batches);
        const each = perFill(all);
        if (each !== undefined) expect(each * BigInt(all.fills) >= sum).to.equal(true);
        journal.close();
      }),
      { seed: runSeed(), numRuns: 25 },
    );
  });

  it("forecasts from the last day alone", () => {
    const journal = PosterJournal.open(":memory:", "chain", SILENT);
    const now = 10n * 86_400n;
    expect(forecast(journal, now, 10n ** 18n)).to.deep.equal({ perHour: 0n, hoursLeft: undefined });
    for (const [nonce, time] of [now - 86_401n, now - 7_200n, now - 3_600n].entries()) {
      const entry = mined(nonce, { time, gasUsed: 10n ** 6n, gasPrice: 10n ** 10n, blobGasPrice: 0n });
      journal.put(entry, entry.attempts[0]);
    }
    // 0.02 ether in two hours.
    expect(forecast(journal, now, 10n ** 18n)).to.deep.equal({ perHour: 10n ** 16n, hoursLeft: 100 });
    journal.close();
  });
});
