import { renameSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Hex } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import type { Logger } from "../roles/Logger.ts";
import { PosterError } from "./PosterError.ts";
import type { DataKind, Offer, PostReceipt } from "./PosterL1.ts";
import { privateFile } from "../roles/privateFile.ts";
import { BUSY, sqliteCode } from "../roles/sqliteCode.ts";

/**
 * What the poster must still know after it was killed: everything that it has put under a nonce of its account and that L1 could
 * still take, or take back.
 *
 * A transaction is `built` when the nonce is taken for it, `signed` when its bytes exist, `sent` when an endpoint has it, and its
 * nonce is `mined` and `confirmed`. Each is written before the next is begun, so what may be out there is always here. Losing
 * the journal costs money at worst (an unknown transaction is outbid), never a batch: the inbox takes each index once.
 */

/** A transaction under a nonce. */
export interface Attempt {
  /** Ascending for each nonce. */
  readonly number: number;
  /** A `cancel` does nothing but use the nonce. */
  readonly purpose: "batch" | "cancel";
  readonly state: "built" | "signed" | "sent";
  /** The batch, or the one that is cancelled. */
  readonly index: bigint;
  readonly messagesRead: bigint;
  readonly l2Time: bigint;
  readonly commitment: Uint8Array;
  /** Bytes of payload. */
  readonly length: number;
  /** Fills of the batch. */
  readonly fills: number;
  readonly gasLimit: bigint;
  readonly offer: Offer;
  readonly hash: Hex | undefined;
  readonly raw: Uint8Array | undefined;
  /** L1's time when it was first and last sent, seconds; zero if it was not. */
  readonly firstSent: bigint;
  readonly lastSent: bigint;
}

/** A nonce of the account with all that was ever sent for it. */
export interface JournalEntry {
  readonly nonce: number;
  /** INVARIANT: the same for all attempts, since pools keep the kinds apart. */
  readonly kind: DataKind;
  readonly state: "open" | "mined" | "confirmed";
  readonly attempts: readonly Attempt[];
  /** Once it is mined. */
  readonly receipt: PostReceipt | undefined;
}

/** What one nonce has cost, for the report of spending. */
export interface SpendingRow {
  readonly nonce: number;
  readonly kind: DataKind;
  readonly purpose: Attempt["purpose"];
  readonly succeeded: boolean;
  readonly index: bigint;
  readonly length: number;
  readonly fills: number;
  /** Time of the block, seconds. */
  readonly time: bigint;
  readonly gasUsed: bigint;
  readonly gasPrice: bigint;
  readonly blobGasUsed: bigint;
  readonly blobGasPrice: bigint;
}

/** Marks the file as ours, so that a path given by mistake is not written to. */
const APPLICATION = 0x544e5042;
/** What SQLite says of a file that is damaged, or none of its own. */
const DAMAGED: ReadonlySet<number> = new Set([11, 26]);

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS meta (one INTEGER PRIMARY KEY CHECK (one = 1), identity TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS entries
    (nonce INTEGER PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, purpose TEXT, idx INTEGER, length INTEGER,
     fills INTEGER, hash TEXT, blockNumber INTEGER, blockHash TEXT, time INTEGER, succeeded INTEGER, gasUsed INTEGER,
     gasPrice INTEGER, blobGasUsed INTEGER, blobGasPrice INTEGER) STRICT;
  CREATE TABLE IF NOT EXISTS attempts
    (nonce INTEGER, number INTEGER, purpose TEXT NOT NULL, state TEXT NOT NULL, idx INTEGER NOT NULL,
     messagesRead INTEGER NOT NULL, l2Time INTEGER NOT NULL, commitment BLOB NOT NULL, length INTEGER NOT NULL,
     fills INTEGER NOT NULL, gasLimit INTEGER NOT NULL, maxFee INTEGER NOT NULL, tip INTEGER NOT NULL,
     blobFee INTEGER NOT NULL, hash TEXT, raw BLOB, seal TEXT, firstSent INTEGER NOT NULL, lastSent INTEGER NOT NULL,
     PRIMARY KEY (nonce, number)) STRICT;
  CREATE INDEX IF NOT EXISTS entriesByTime ON entries (time);
  PRAGMA application_id = ${APPLICATION};
`;

type Row = Record<string, unknown>;
type Value = number | bigint | string | Uint8Array | null;

/** See the file's head. Every write is on the disk when it returns; the file has one process at a time. */
export class PosterJournal {
  /** Whether nothing was known here before: what the account has sent until now was sent by others, or by a lost journal. */
  readonly isNew: boolean;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  private constructor(database: DatabaseSync, identity: string) {
    this.#database = database;
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    const [check] = this.#all("PRAGMA quick_check");
    if (check?.quick_check !== "ok") throw Object.assign(damaged(), { errcode: 11 });
    const [meta] = this.#all("SELECT identity FROM meta");
    this.isNew = meta === undefined;
    if (meta === undefined) this.#run("INSERT INTO meta VALUES (1, ?)", identity);
    else if (meta.identity !== identity) {
      throw new PosterError("JOURNAL_FOREIGN", "the journal is of another account or deployment", {
        fields: { journal: meta.identity, expected: identity },
      });
    }
  }

  /**
   * Opens a journal, and makes it if it doesn't exist. One that is damaged is moved aside: the poster goes on from L1 alone.
   *
   * @param path The file, or ":memory:".
   * @param identity What the journal belongs to: chain, inbox and account.
   * @throws {@link PosterError} `JOURNAL_LOCKED`, `JOURNAL_FOREIGN`, `JOURNAL_FAILED`.
   */
  static open(path: string, identity: string, logger: Logger): PosterJournal {
    try {
      return PosterJournal.#try(path, identity);
    } catch (cause) {
      if (cause instanceof PosterError) throw cause;
      const code = sqliteCode(cause);
      if (code === BUSY) {
        throw new PosterError("JOURNAL_LOCKED", "another process has the journal open", { fields: { path }, cause });
      }
      if (!DAMAGED.has(code)) {
        throw new PosterError("JOURNAL_FAILED", "the journal cannot be opened", { fields: { path }, cause });
      }
      const aside = `${path}.damaged`;
      for (const suffix of ["", "-wal", "-shm"]) moveAside(`${path}${suffix}`, `${aside}${suffix}`);
      logger.error({ path, aside }, "the journal is damaged: it was moved aside, going on from L1 alone");
      return PosterJournal.#try(path, identity);
    }
  }

  static #try(path: string, identity: string): PosterJournal {
    const database = new DatabaseSync(privateFile(path));
    try {
      return new PosterJournal(database, identity);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** All nonces that are not confirmed, ascending. An attempt whose bytes are damaged counts as never signed. */
  load(): JournalEntry[] {
    return this.#guard(() =>
      this.#all("SELECT * FROM entries WHERE state <> 'confirmed' ORDER BY nonce").map((row) => {
        const attempts = this.#all("SELECT * FROM attempts WHERE nonce = ? ORDER BY number", row.nonce as bigint);
        return entryOf(row, attempts.map(attemptOf));
      }),
    );
  }

  /** The highest nonce that was ever put down here. */
  highestNonce(): number | undefined {
    const [row] = this.#guard(() => this.#all("SELECT max(nonce) AS nonce FROM entries"));
    return row?.nonce === null || row?.nonce === undefined ? undefined : Number(row.nonce);
  }

  /** The kind of the last transaction, confirmed ones included. */
  lastKind(): DataKind | undefined {
    const [row] = this.#guard(() => this.#all("SELECT kind FROM entries ORDER BY nonce DESC LIMIT 1"));
    return row?.kind as DataKind | undefined;
  }

  /** Writes a nonce, and one of its attempts if that has changed. */
  put(entry: JournalEntry, attempt?: Attempt): void {
    this.#transaction(() => {
      this.#putEntry(entry);
      if (attempt !== undefined) this.#putAttempt(entry.nonce, attempt);
      if (entry.state === "confirmed") this.#run("DELETE FROM attempts WHERE nonce = ?", entry.nonce);
    });
  }

  /** Takes out a nonce of which nothing was ever signed. */
  drop(nonce: number): void {
    this.#transaction(() => {
      this.#run("DELETE FROM attempts WHERE nonce = ?", nonce);
      this.#run("DELETE FROM entries WHERE nonce = ?", nonce);
    });
  }

  /** Takes out an attempt that was never signed. */
  dropAttempt(nonce: number, number: number): void {
    this.#transaction(() => this.#run("DELETE FROM attempts WHERE nonce = ? AND number = ?", nonce, number));
  }

  /** What was mined at `since` (seconds) or later, ascending by nonce. */
  spending(since: bigint): SpendingRow[] {
    return this.#guard(() =>
      this.#all("SELECT * FROM entries WHERE hash IS NOT NULL AND time >= ? ORDER BY nonce", since).map((row) => ({
        nonce: Number(row.nonce),
        kind: row.kind as DataKind,
        purpose: row.purpose as Attempt["purpose"],
        succeeded: row.succeeded === 1n,
        index: row.idx as bigint,
        length: Number(row.length),
        fills: Number(row.fills),
        time: row.time as bigint,
        gasUsed: row.gasUsed as bigint,
        gasPrice: row.gasPrice as bigint,
        blobGasUsed: row.blobGasUsed as bigint,
        blobGasPrice: row.blobGasPrice as bigint,
      })),
    );
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #putEntry({ nonce, kind, state, attempts, receipt }: JournalEntry): void {
    const mined = attempts.find(({ hash }) => hash !== undefined && hash === receipt?.hash);
    const values: Value[] =
      receipt === undefined || mined === undefined
        ? Array<null>(12).fill(null)
        : [
            ...[mined.purpose, mined.index, mined.length, mined.fills],
            ...[receipt.hash, receipt.blockNumber, receipt.blockHash, receipt.time, receipt.succeeded ? 1 : 0],
            ...[receipt.gasUsed, receipt.gasPrice, receipt.blobGasUsed],
          ];
    const blobGasPrice = receipt === undefined || mined === undefined ? null : receipt.blobGasPrice;
    const row = [nonce, kind, state, ...values, blobGasPrice];
    this.#run(`INSERT OR REPLACE INTO entries VALUES (${row.map(() => "?").join(", ")})`, ...row);
  }

  #putAttempt(nonce: number, attempt: Attempt): void {
    const { number, purpose, state, index, messagesRead, l2Time, commitment, length, fills, gasLimit, offer } = attempt;
    const { hash, raw, firstSent, lastSent } = attempt;
    const seal = raw === undefined ? null : sealOf(raw);
    const row: Value[] = [
      ...[nonce, number, purpose, state, index, messagesRead, l2Time, commitment, length, fills, gasLimit],
      ...[offer.maxFeePerGas, offer.maxPriorityFeePerGas, offer.maxFeePerBlobGas],
      ...[hash ?? null, raw ?? null, seal, firstSent, lastSent],
    ];
    this.#run(`INSERT OR REPLACE INTO attempts VALUES (${row.map(() => "?").join(", ")})`, ...row);
  }

  #transaction(write: () => void): void {
    this.#guard(() => {
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

  #run(sql: string, ...values: Value[]): void {
    this.#prepare(sql).run(...values);
  }

  #all(sql: string, ...values: Value[]): Row[] {
    return this.#prepare(sql).all(...values);
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

  #guard<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw new PosterError("JOURNAL_FAILED", "the journal cannot be read or written", { cause });
    }
  }
}

function damaged(): PosterError {
  return new PosterError("JOURNAL_FAILED", "the journal's pages do not fit together");
}

function moveAside(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    // A log or index that is not there needs no moving.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function sealOf(raw: Uint8Array): Hex {
  return `0x${Buffer.from(keccak256(raw)).toString("hex")}`;
}

function entryOf(row: Row, attempts: readonly Attempt[]): JournalEntry {
  const receipt: PostReceipt | undefined =
    row.hash === null
      ? undefined
      : {
          hash: row.hash as Hex,
          blockNumber: Number(row.blockNumber),
          blockHash: row.blockHash as Hex,
          time: row.time as bigint,
          succeeded: row.succeeded === 1n,
          gasUsed: row.gasUsed as bigint,
          gasPrice: row.gasPrice as bigint,
          blobGasUsed: row.blobGasUsed as bigint,
          blobGasPrice: row.blobGasPrice as bigint,
        };
  const state = row.state as JournalEntry["state"];
  return { nonce: Number(row.nonce), kind: row.kind as DataKind, state, attempts, receipt };
}

function attemptOf(row: Row): Attempt {
  const raw = row.raw as Uint8Array | null;
  const intact = raw !== null && row.seal === sealOf(raw);
  return {
    number: Number(row.number),
    purpose: row.purpose as Attempt["purpose"],
    state: row.state as Attempt["state"],
    index: row.idx as bigint,
    messagesRead: row.messagesRead as bigint,
    l2Time: row.l2Time as bigint,
    commitment: row.commitment as Uint8Array,
    length: Number(row.length),
    fills: Number(row.fills),
    gasLimit: row.gasLimit as bigint,
    offer: {
      maxFeePerGas: row.maxFee as bigint,
      maxPriorityFeePerGas: row.tip as bigint,
      maxFeePerBlobGas: row.blobFee as bigint,
    },
    hash: (row.hash as Hex | null) ?? undefined,
    raw: intact ? raw : undefined,
    firstSent: row.firstSent as bigint,
    lastSent: row.lastSent as bigint,
  };
}
