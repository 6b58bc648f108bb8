import { expect } from "chai";
import {
  MemoryJournal,
  type JournalChanges,
  type JournalContent,
  type JournalWithdrawal,
} from "../../src/sequencer/Journal.ts";
import { SequencerError } from "../../src/sequencer/Sequencer.ts";
import { CONTRACT, harness, order, place } from "../support/sequencer.ts";
import { expectParity } from "../support/posting.ts";

class FailingJournal extends MemoryJournal {
  fails = false;
  override commit(changes: JournalChanges): void {
    if (this.fails) throw new Error("disk full");
    super.commit(changes);
  }
  override replace(content: JournalContent, withdrawals: readonly JournalWithdrawal[]): void {
    if (this.fails) throw new Error("disk full");
    super.replace(content, withdrawals);
  }
}

describe("the journal's keeper", () => {
  it("acknowledges nothing when the journal fails, and shows nothing more", () => {
    const journal = new FailingJournal();
    const h = harness({ journal });
    place(h, order(1, 0n));
    journal.fails = true;
    const code = "HALTED";
    expect(() => place(h, order(2, 0n, { isSell: true })))
      .to.throw(SequencerError)
      .with.property("code", code);
    expect(() => h.sequencer.sealedBatch(0n))
      .to.throw(SequencerError)
      .with.property("code", code);
    journal.fails = false;
    h.restart();
    expect([...h.sequencer.exchange.book.orders()].map(({ account }) => account)).to.deep.equal([1]);
  });

  it("posts nothing that was built anew and not written, and loses nothing", async () => {
    const journal = new FailingJournal();
    const h = harness({ journal });
    place(h, order(1, 0n, { isSell: true }));
    place(h, order(2, 0n));
    h.clock.time += 20n;
    h.sequencer.tick();
    h.clock.time += 700n;
    journal.fails = true;
    const code = "HALTED";
    expect(() => h.sequencer.resealStale())
      .to.throw(SequencerError)
      .with.property("code", code);
    expect(() => h.sequencer.sealedBatch(0n))
      .to.throw(SequencerError)
      .with.property("code", code);
    journal.fails = false;
    h.restart();
    expect(h.sequencer.exchange.batches[0]!.items).to.have.length(1);
    await expectParity(h);
  });

  it("forgets what is final, and nothing else", async () => {
    const h = harness();
    place(h, order(1, 0n, { isSell: true, quantity: 2n * CONTRACT }));
    place(h, order(2, 0n));
    await expectParity(h);
    place(h, order(3, 0n, { limitPrice: 400_000n }));
    h.sequencer.sync(h.l1.log, h.l1.log.batchCount);
    const content = h.journal.load();
    expect(content.finalizedBatches).to.equal(1n);
    expect(content.items).to.deep.equal([]);
    expect(content.orders.map(({ status }) => status)).to.deep.equal(["live", "live"]);
    h.restart();
    expect(h.sequencer.exchange.book.size).to.equal(2);
    expect(place(h, order(2, 0n))).to.deep.equal({ accepted: false, refusal: { reason: "Duplicate" } });
    await expectParity(h);
  });

  it("answers concurrent submissions with one commit", async () => {
    let commits = 0;
    class CountingJournal extends MemoryJournal {
      override commit(changes: JournalChanges): void {
        commits++;
        super.commit(changes);
      }
    }
    const h = harness({ journal: new CountingJournal() });
    commits = 0;
    const orders = [1n, 2n, 3n, 4n].map((nonce) => order(1, nonce));
    const outcomes = await Promise.all(orders.map((signed) => h.sequencer.submit({ kind: "order", order: signed })));
    expect(outcomes.every(({ accepted }) => accepted)).to.equal(true);
    expect(commits).to.equal(1);
  });
});
