import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { isSpent } from "../../src/machine/Slots.ts";
import { TX_FILL, TX_WITHDRAW } from "../../src/machine/Wire.ts";
import { JournalError } from "../../src/sequencer/Journal.ts";
import { SqliteJournal } from "../../src/sequencer/SqliteJournal.ts";
import { postAll } from "../support/posting.ts";
import { runSeed } from "../support/random.ts";
import { harness, LOT, random, replayRoot, type Harness } from "../support/sequencer.ts";

const CHILD = fileURLToPath(new URL("../support/sequencer-child.ts", import.meta.url));

/** Runs the child until it has acknowledged `lines` submissions, kills it, and returns everything that it acknowledged. */
async function killAfter(
  path: string,
  seed: number,
  firstNonce: number,
  lines: number,
  delay: number,
): Promise<string[]> {
  const child = spawn(process.execPath, [CHILD, path, String(seed), String(firstNonce)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stderr.on("data", (data: Buffer) => (errors += data.toString()));
  const closed = new Promise<NodeJS.Signals | null>((resolve) => child.on("close", (_code, signal) => resolve(signal)));
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (data: Buffer) => {
      output += data.toString();
      if (output.split("\n").length > lines) setTimeout(resolve, delay);
    });
    void closed.then(() => resolve());
  });
  child.kill("SIGKILL");
  expect(await closed, errors).to.equal("SIGKILL");
  return output
    .split("\n")
    .slice(0, output.endsWith("\n") ? undefined : -1)
    .filter((line) => line !== "");
}

/** Where an acknowledged order is: in the book, or filled by items of the batches, and with the right quantity in all. */
function expectOnce(h: Harness, acknowledged: readonly string[]): void {
  const { exchange } = h.sequencer;
  const items = exchange.batches.flatMap((batch) => batch.items.map(({ transaction }) => transaction));
  for (const line of acknowledged) {
    const [account, nonce, kind] = line.split(" ") as [string, string, string];
    const where = `${line} of ${acknowledged.length}`;
    if (kind === "withdraw") {
      const found = items.filter(
        (tx) => tx.type === TX_WITHDRAW && tx.account === Number(account) && tx.auth?.nonce === BigInt(nonce),
      );
      expect(found, where).to.have.length(1);
      continue;
    }
    const records = [...exchange.orders.values()].filter(
      ({ signed: { terms } }) => terms.account === Number(account) && terms.nonce === BigInt(nonce),
    );
    expect(records, where).to.have.length(1);
    const record = records[0]!;
    const inFills = items
      .filter((tx) => tx.type === TX_FILL)
      .filter((tx) =>
        [tx.maker, tx.taker].some((side) => side.account === Number(account) && side.nonce === BigInt(nonce)),
      )
      .reduce((sum, tx) => sum + tx.lots * LOT, 0n);
    const slot = exchange.builder.machine.state.openOrder(Number(account), BigInt(nonce));
    const inState = slot?.nonce === BigInt(nonce) && !isSpent(slot) ? slot.filled : 0n;
    if (slot === undefined || slot.nonce <= BigInt(nonce)) expect(inState, where).to.equal(inFills);
    const resting = exchange.book.get(Number(account), BigInt(nonce))?.remaining ?? 0n;
    if (record.status === "live" || record.status === "filled") {
      expect(inFills + resting, where).to.equal(record.signed.terms.quantity);
    } else expect(resting, where).to.equal(0n);
  }
}

describe("the sequencer, killed", () => {
  it("kill -9 at random points: every acknowledged order is in the book or the batches exactly once", async function () {
    const seed = runSeed();
    this.test!.title += ` (TENOR_SEED=${seed})`;
    const pick = random(seed);
    const directory = mkdtempSync(join(tmpdir(), "tenor-"));
    const path = join(directory, "journal.sqlite");
    try {
      const acknowledged: string[] = [];
      for (let run = 0; run < 5; run++) {
        acknowledged.push(...(await killAfter(path, seed + run, run * 10_000, 20 + pick(150), pick(25))));
        const journal = new SqliteJournal(path);
        const h = harness({ accounts: 4, journal, maxPayload: 4096 });
        expectOnce(h, acknowledged);
        expect(h.events.filter(({ kind }) => kind === "dropped")).to.deep.equal([]);
        if (run === 4) {
          h.clock.time += 60n;
          h.sequencer.tick();
          await postAll(h);
          expect(toHex(replayRoot(h.l1.log))).to.equal(toHex(h.sequencer.stateRoot));
          expectOnce(h, acknowledged);
        }
        journal.close();
      }
      expect(acknowledged.length).to.be.greaterThan(100);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("a second sequencer on the same journal is refused at once", () => {
    const directory = mkdtempSync(join(tmpdir(), "tenor-"));
    const path = join(directory, "journal.sqlite");
    const journal = new SqliteJournal(path);
    try {
      expect(() => new SqliteJournal(path))
        .to.throw(JournalError)
        .with.property("code", "JOURNAL_READ");
    } finally {
      journal.close();
      rmSync(directory, { recursive: true });
    }
  });
});
