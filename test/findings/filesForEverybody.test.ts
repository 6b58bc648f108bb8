import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { PosterJournal } from "../../src/poster/PosterJournal.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { HistoryStore } from "../../src/rpc/HistoryStore.ts";
import { SqliteJournal } from "../../src/sequencer/SqliteJournal.ts";
import { harness, order, place } from "../support/sequencer.ts";

/**
 * The sequencer's journal has traders' signatures in it, also those of orders that were taken back, which are good until their deadline
 * and, where they are forcible, for anybody; its history has who traded what; the poster's journal has signed transactions that were
 * not sent, or replaced. All three were made with the rights that files have by default, so that every user of the machine could
 * read them.
 */
describe("finding: what the sequencer and the poster keep is readable to every user of the machine", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tenor-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** The rights of others in a file and those beside it. */
  function rightsOfOthers(path: string): number[] {
    const files = [path, `${path}-wal`, `${path}-shm`].filter((file) => existsSync(file));
    return files.map((file) => statSync(file).mode & 0o077);
  }

  it("is its owner's alone, and so is what SQLite keeps beside it", () => {
    const paths = ["journal", "history", "poster"].map((name) => join(folder, `${name}.sqlite`)) as [
      string,
      string,
      string,
    ];
    const journal = new SqliteJournal(paths[0]);
    place(harness({ journal }), order(1, 1n));
    const history = new HistoryStore(paths[1], 100);
    const poster = PosterJournal.open(paths[2], "identity", SILENT);
    for (const path of paths) {
      const rights = rightsOfOthers(path);
      expect(rights.length, path).to.be.greaterThan(1);
      expect(new Set(rights), path).to.deep.equal(new Set([0]));
    }
    journal.close();
    history.close();
    poster.close();
  });
});
