import { DatabaseSync } from "node:sqlite";
import { concat, equalBytes, writeU64 } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import type { InputLog } from "../machine/InputLog.ts";
import { CheckpointError, decodeState, encodeState, type CheckpointStore } from "./Checkpoints.ts";
import { snapshotHash, type Snapshot } from "./Execution.ts";
import { beginsWith, inputsBefore, type InputsRead } from "./InputsRead.ts";
import type { Logger } from "./Logger.ts";

/** Marks the file as ours, so that a path given by mistake is not written to. */
const APPLICATION = 0x544e4350;
/** Newest machines that are kept beside the one at the start of the unconfirmed part. */
const KEPT = 3;

const SCHEMA = `
  CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), identity BLOB NOT NULL, confirmed INTEGER NOT NULL) STRICT;
  CREATE TABLE checkpoints
    (batch INTEGER PRIMARY KEY, message INTEGER NOT NULL, l2Time INTEGER NOT NULL, steps INTEGER NOT NULL,
     stateHash BLOB NOT NULL, batchesRoot BLOB NOT NULL, messagesRoot BLOB NOT NULL, seal BLOB NOT NULL) STRICT;
  CREATE TABLE pieces
    (batch INTEGER, number INTEGER, bytes BLOB NOT NULL, PRIMARY KEY (batch, number)) STRICT, WITHOUT ROWID;
  CREATE TABLE verdicts
    (assertion BLOB PRIMARY KEY, batch INTEGER NOT NULL, message INTEGER NOT NULL, batchesRoot BLOB NOT NULL,
     messagesRoot BLOB NOT NULL, seal BLOB NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION};
`;

type Row = Record<string, unknown>;

/**
 * Checkpoints in a SQLite file. Every write is one transaction that is on the disk when it returns, so a process that is
 * killed leaves the checkpoint before. A file that cannot be used is left as it is and nothing is kept: the node runs without.
 */
export class SqliteCheckpoints implements CheckpointStore {
  readonly #identity: Uint8Array;
  readonly #logger: Logger;
  #database: DatabaseSync | undefined;

  /**
   * @param path The file; it is made if it doesn't exist.
   * @param identity What `checkpointIdentity` gives for the deployment.
   */
  constructor(path: string, identity: Uint8Array, logger: Logger) {
    this.#identity = identity;
    this.#logger = logger;
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path);
      this.#open(database);
      this.#database = database;
    } catch (error) {
      if (database?.isOpen === true) database.close();
      logger.warn({ err: error, path }, "the checkpoint file cannot be used: starting from genesis, nothing is kept");
    }
  }

  newest(batch: bigint, above: bigint, log: InputLog): Snapshot | undefined {
    const rows = this.#guard("read", (database) => {
      const found = database.prepare("SELECT * FROM checkpoints WHERE batch <= ? AND batch > ? ORDER BY batch DESC");
      found.setReadBigInts(true);
      return found.all(batch, above);
    });
    for (const row of rows ?? []) {
      const inputs = inputsOf(row);
      // A log that is only behind says nothing about the checkpoint.
      if (log.batchCount < inputs.batch || log.messageCount < inputs.message) continue;
      if (!beginsWith(log, inputs)) {
        this.#logger.info({ batch: inputs.batch }, "a checkpoint is of inputs that L1 has taken back");
        this.#forget(inputs.batch);
        continue;
      }
      const snapshot = this.#guard("read", (database) => this.#read(database, row));
      if (snapshot !== undefined) return snapshot;
      this.#forget(inputs.batch);
    }
    return undefined;
  }

  save(snapshot: Snapshot, log: InputLog): void {
    const { cursor, root, steps } = snapshot;
    const { batch, message, l2Time } = cursor;
    const inputs = inputsBefore(log, batch);
    const stateHash = snapshotHash(snapshot);
    const atStart = cursor.offset === 0 && cursor.items === 0 && cursor.part === 0 && message === inputs.message;
    if (batch === 0n || !atStart) return;
    this.#transaction((database) => {
      this.#delete(database, batch);
      const seal = this.#seal(inputs, stateHash, BigInt(steps));
      database
        .prepare("INSERT INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
        .run(batch, message, l2Time, steps, stateHash, inputs.batchesRoot, inputs.messagesRoot, seal);
      const insert = database.prepare("INSERT INTO pieces VALUES (?, ?, ?)");
      let number = 0;
      for (const piece of encodeState(root)) insert.run(batch, number++, piece);
      this.#prune(database);
    });
  }

  rememberRight(assertion: Uint8Array, inputs: InputsRead): void {
    this.#transaction((database) => {
      database
        .prepare("INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?, ?)")
        .run(
          assertion,
          inputs.batch,
          inputs.message,
          inputs.batchesRoot,
          inputs.messagesRoot,
          this.#seal(inputs, assertion, 0n),
        );
    });
  }

  wasRight(assertion: Uint8Array, log: InputLog): boolean {
    const right = this.#guard("read", (database) => {
      const found = database.prepare("SELECT * FROM verdicts WHERE assertion = ?");
      found.setReadBigInts(true);
      const row = found.get(assertion);
      if (row === undefined) return false;
      const inputs = inputsOf(row);
      return equalBytes(bytesOf(row.seal), this.#seal(inputs, assertion, 0n)) && beginsWith(log, inputs);
    });
    return right ?? false;
  }

  confirmed(batch: bigint): void {
    this.#transaction((database) => {
      database.prepare("UPDATE meta SET confirmed = ?").run(batch);
      this.#prune(database);
    });
  }

  close(): void {
    this.#database?.close();
    this.#database = undefined;
  }

  #open(database: DatabaseSync): void {
    const known = Number(valueOf(database, "PRAGMA application_id"));
    const tables = Number(valueOf(database, "SELECT count(*) FROM sqlite_schema"));
    if (known !== APPLICATION && (known !== 0 || tables > 0)) {
      throw new CheckpointError("CHECKPOINT_FOREIGN", "the file is the database of another program");
    }
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
    if (known === 0) {
      database.exec("BEGIN IMMEDIATE");
      database.exec(SCHEMA);
      database.prepare("INSERT INTO meta VALUES (1, ?, 0)").run(this.#identity);
      database.exec("COMMIT");
      return;
    }
    const identity = bytesOf(valueOf(database, "SELECT identity FROM meta"));
    if (equalBytes(identity, this.#identity)) return;
    throw new CheckpointError(
      "CHECKPOINT_FOREIGN",
      "the file is of another deployment, or of software with other rules",
      {
        fields: { actual: identity, expected: this.#identity },
      },
    );
  }

  #read(database: DatabaseSync, row: Row): Snapshot {
    const inputs = inputsOf(row);
    const { batch, message } = inputs;
    const l2Time = row.l2Time as bigint;
    const steps = row.steps as bigint;
    const stateHash = bytesOf(row.stateHash);
    const pieces = database.prepare("SELECT bytes FROM pieces WHERE batch = ? ORDER BY number").all(batch);
    if (!equalBytes(bytesOf(row.seal), this.#seal(inputs, stateHash, steps))) throw damaged(batch);
    const root = decodeState(pieces.map(({ bytes }) => bytesOf(bytes)));
    const cursor = { batch, message, offset: 0, items: 0, part: 0, l2Time };
    const snapshot = { cursor, root, steps: Number(steps) };
    // INVARIANT: what is given out is the machine that was saved, slot by slot; this hashes all of them.
    if (!equalBytes(snapshotHash(snapshot), stateHash)) throw damaged(batch);
    return snapshot;
  }

  /** Covers what the state hash does not. */
  #seal({ batch, message, batchesRoot, messagesRoot }: InputsRead, subject: Uint8Array, steps: bigint): Uint8Array {
    const numbers = new Uint8Array(24);
    [batch, message, steps].forEach((value, i) => writeU64(numbers, 8 * i, value));
    return keccak256(concat(this.#identity, numbers, batchesRoot, messagesRoot, subject));
  }

  #prune(database: DatabaseSync): void {
    const old = database.prepare(`
      SELECT batch FROM checkpoints
      WHERE batch NOT IN (SELECT batch FROM checkpoints ORDER BY batch DESC LIMIT ${KEPT})
        AND batch IS NOT (SELECT max(batch) FROM checkpoints WHERE batch <= (SELECT confirmed FROM meta))`);
    for (const { batch } of old.all()) this.#delete(database, BigInt(batch as number));
  }

  #forget(batch: bigint): void {
    this.#transaction((database) => this.#delete(database, batch));
  }

  #delete(database: DatabaseSync, batch: bigint): void {
    for (const table of ["checkpoints", "pieces"]) {
      database.prepare(`DELETE FROM ${table} WHERE batch = ?`).run(batch);
    }
  }

  #transaction(write: (database: DatabaseSync) => void): void {
    this.#guard("written", (database) => {
      database.exec("BEGIN IMMEDIATE");
      try {
        write(database);
        database.exec("COMMIT");
      } finally {
        if (database.isTransaction) database.exec("ROLLBACK");
      }
    });
  }

  #guard<T>(what: "read" | "written", action: (database: DatabaseSync) => T): T | undefined {
    if (this.#database === undefined) return undefined;
    try {
      return action(this.#database);
    } catch (error) {
      this.#logger.warn({ err: error }, `a checkpoint could not be ${what}: going on without it`);
      return undefined;
    }
  }
}

function inputsOf(row: Row): InputsRead {
  const { batch, message, batchesRoot, messagesRoot } = row as Record<"batch" | "message", bigint> & Row;
  return { batch, message, batchesRoot: bytesOf(batchesRoot), messagesRoot: bytesOf(messagesRoot) };
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}

function valueOf(database: DatabaseSync, sql: string): unknown {
  return Object.values(database.prepare(sql).get() ?? {})[0];
}

function damaged(batch: bigint): CheckpointError {
  return new CheckpointError("CHECKPOINT_DAMAGED", "a stored checkpoint is not what was written: it is forgotten", {
    fields: { batch },
  });
}
