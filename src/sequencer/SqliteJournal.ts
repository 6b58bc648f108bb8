import { DatabaseSync, type StatementSync } from "node:sqlite";
import {
  EMPTY_JOURNAL,
  JournalError,
  type Journal,
  type JournalChanges,
  type JournalContent,
  type JournalErrorCode,
  type JournalWithdrawal,
} from "./Journal.ts";
import { privateFile } from "../roles/privateFile.ts";

/**
 * The format of the file, in its `user_version`. Version 0 has no withdrawals: it becomes version 1 by being opened, since the orders that
 * were taken back are all among its orders.
 */
const VERSION = 1;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY CHECK (one = 1), nextId INTEGER, finalizedBatches INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL, status TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS batches
    (serial INTEGER PRIMARY KEY, messagesRead INTEGER NOT NULL, l2Time INTEGER NOT NULL, sealed INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS items (id INTEGER PRIMARY KEY, serial INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS itemsBySerial ON items (serial);
  CREATE TABLE IF NOT EXISTS withdrawals
    (until INTEGER, digest BLOB, account INTEGER NOT NULL, PRIMARY KEY (until, digest)) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`;

/**
 * A journal in a SQLite file, as it comes with Node. Every commit is one transaction that is on the disk when it returns:
 * write-ahead log with `synchronous = FULL`. The file is locked, so that a second sequencer started by mistake fails at once.
 */
export class SqliteJournal implements Journal {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /**
   * @param path The file; it is made if it doesn't exist.
   * @throws {@link JournalError} `JOURNAL_READ`; `JOURNAL_VERSION` if a later version of this program has written it.
   */
  constructor(path: string) {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(privateFile(path));
      database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
      const version = Number(database.prepare("PRAGMA user_version").get()!.user_version);
      // SAFETY: what a later version keeps elsewhere would be promised and not known here.
      if (version > VERSION) {
        throw new JournalError("JOURNAL_VERSION", "journal was written by a later version of this program", {
          fields: { path, version, known: VERSION },
        });
      }
      database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
      this.#database = database;
    } catch (cause) {
      database?.close();
      if (cause instanceof JournalError) throw cause;
      throw new JournalError("JOURNAL_READ", "journal cannot be opened", { fields: { path }, cause });
    }
  }

  load(): JournalContent {
    return this.#guard("JOURNAL_READ", () => {
      const meta = this.#all("SELECT nextId, finalizedBatches FROM meta")[0];
      return {
        nextId: meta === undefined ? EMPTY_JOURNAL.nextId : Number(meta.nextId),
        finalizedBatches: meta === undefined ? 0n : (meta.finalizedBatches as bigint),
        orders: this.#all("SELECT id, bytes, status FROM orders ORDER BY id").map((row) => ({
          id: Number(row.id),
          bytes: row.bytes as Uint8Array,
          status: row.status as string,
        })),
        batches: this.#all("SELECT serial, messagesRead, l2Time, sealed FROM batches ORDER BY serial").map((row) => ({
          serial: Number(row.serial),
          messagesRead: row.messagesRead as bigint,
          l2Time: row.l2Time as bigint,
          sealed: row.sealed === 1n,
        })),
        items: this.#all("SELECT id, serial, bytes FROM items ORDER BY id").map((row) => ({
          id: Number(row.id),
          serial: Number(row.serial),
          bytes: row.bytes as Uint8Array,
        })),
      };
    });
  }

  *withdrawals(): Generator<JournalWithdrawal> {
    const rows = this.#guard("JOURNAL_READ", () =>
      this.#prepare("SELECT until, digest, account FROM withdrawals ORDER BY until, digest").iterate(),
    );
    for (;;) {
      const { done, value: row } = this.#guard("JOURNAL_READ", () => rows.next());
      if (done === true) return;
      yield { until: row.until as bigint, digest: row.digest as Uint8Array, account: Number(row.account) };
    }
  }

  commit(changes: JournalChanges): void {
    this.#transaction(() => this.#write(changes));
  }

  replace(content: JournalContent, withdrawals: readonly JournalWithdrawal[]): void {
    this.#transaction(() => {
      for (const table of ["orders", "batches", "items"]) this.#run(`DELETE FROM ${table}`);
      this.#write({ ...content, deletedOrders: [], deletedBatches: [], withdrawals, endedWithdrawals: 0n });
    });
  }

  close(): void {
    this.#database.close();
  }

  #write(changes: JournalChanges): void {
    const { nextId, finalizedBatches, orders, batches, items, deletedOrders, deletedBatches } = changes;
    this.#run("INSERT OR REPLACE INTO meta VALUES (1, ?, ?)", nextId, finalizedBatches);
    for (const { id, bytes, status } of orders)
      this.#run("INSERT OR REPLACE INTO orders VALUES (?, ?, ?)", id, bytes, status);
    for (const { serial, messagesRead, l2Time, sealed } of batches) {
      this.#run("INSERT OR REPLACE INTO batches VALUES (?, ?, ?, ?)", serial, messagesRead, l2Time, sealed ? 1 : 0);
    }
    for (const { id, serial, bytes } of items)
      this.#run("INSERT OR REPLACE INTO items VALUES (?, ?, ?)", id, serial, bytes);
    for (const id of deletedOrders) this.#run("DELETE FROM orders WHERE id = ?", id);
    for (const serial of deletedBatches) {
      this.#run("DELETE FROM items WHERE serial = ?", serial);
      this.#run("DELETE FROM batches WHERE serial = ?", serial);
    }
    for (const { until, digest, account } of changes.withdrawals)
      this.#run("INSERT OR REPLACE INTO withdrawals VALUES (?, ?, ?)", until, digest, account);
    if (changes.endedWithdrawals > 0n) this.#run("DELETE FROM withdrawals WHERE until <= ?", changes.endedWithdrawals);
  }

  #transaction(write: () => void): void {
    this.#guard("JOURNAL_WRITE", () => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        write();
        this.#database.exec("COMMIT");
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
        throw error;
      }
    });
  }

  #run(sql: string, ...values: (number | bigint | string | Uint8Array)[]): void {
    this.#prepare(sql).run(...values);
  }

  #all(sql: string): Record<string, unknown>[] {
    return this.#prepare(sql).all();
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReadBigInts(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #guard<T>(code: JournalErrorCode, action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw new JournalError(code, "journal failed", { cause });
    }
  }
}
