import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { rootHash, set, slots, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { checkpointIdentity, decodeState, encodeState } from "../../../src/roles/Checkpoints.ts";
import { Execution, machineStateOf, type Snapshot } from "../../../src/roles/Execution.ts";
import { inputsBefore } from "../../../src/roles/InputsRead.ts";
import type { Logger } from "../../../src/roles/Logger.ts";
import { SqliteCheckpoints } from "../../../src/roles/SqliteCheckpoints.ts";
import { KIND_CLAIM, claimKey } from "../../../src/machine/Slots.ts";
import { CONFIG, makeInputs, reachableRoot } from "../../support/traffic/inputs.ts";

const BATCHES = 20;
const IDENTITY = checkpointIdentity(CONFIG, reachableRoot());

/** A logger that remembers what it was told of, by the code of the error or by the message. */
function listening(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const say = (fields: object, message: string): void => {
    const { err } = fields as { err?: { code?: string } };
    lines.push(err?.code ?? message);
  };
  return { lines, debug: say, info: say, warn: say, error: say };
}

describe("encodeState", () => {
  it("has one inverse, also over many pieces", () => {
    let root: TreeRoot = reachableRoot();
    expect(rootHash(decodeState(encodeState(root)))).to.deep.equal(rootHash(root));
    for (let i = 0; i < 50_000; i++) root = set(root, claimKey(70_000, i), { kind: KIND_CLAIM, amount: BigInt(i) });
    const pieces = [...encodeState(root)];
    expect(pieces.length).to.be.greaterThan(1);
    const decoded = decodeState(pieces);
    expect(rootHash(decoded)).to.deep.equal(rootHash(root));
    expect([...slots(decoded)]).to.have.length([...slots(root)].length);
    expect([...encodeState(undefined)]).to.have.length(0);
    expect(decodeState([])).to.equal(undefined);
  });
});

describe("SqliteCheckpoints", () => {
  let log: InputLog;
  let snapshots: Snapshot[];
  let directory: string;
  let path: string;
  let logger: ReturnType<typeof listening>;

  before(async () => {
    ({ log } = makeInputs(20260505, BATCHES, reachableRoot()));
    const execution = new Execution(CONFIG, log, reachableRoot());
    await execution.advance(BigInt(BATCHES));
    snapshots = Array.from({ length: BATCHES + 1 }, (_, batch) => execution.at(BigInt(batch))!);
  });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "tenor-"));
    path = join(directory, "checkpoints.sqlite");
    logger = listening();
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  /** Opens the store, lets `use` work with it, and closes it as the end of a process does. */
  function withStore<T>(use: (store: SqliteCheckpoints) => T, identity = IDENTITY): T {
    const store = new SqliteCheckpoints(path, identity, logger);
    try {
      return use(store);
    } finally {
      store.close();
    }
  }

  const newest = (of = log, batch = 100n, above = 0n): Snapshot | undefined =>
    withStore((store) => store.newest(batch, above, of));

  /** The same inputs up to some batch, then other ones. */
  function fork(batch: number): InputLog {
    const forked = new InputLog();
    for (let i = 0n; i < log.messageCount; i++) forked.appendMessage(log.message(i));
    for (let i = 0; i < BATCHES; i++) {
      const { record, payload } = log.batch(BigInt(i));
      forked.appendBatch({ record: i < batch ? record : { ...record, l1Time: record.l1Time + 1n }, payload });
    }
    return forked;
  }

  it("gives the machine back to the next process, slot by slot, and execution goes on from it", async () => {
    withStore((store) => store.save(snapshots[12]!, log));
    const found = newest()!;
    expect(machineStateOf(found)).to.deep.equal(machineStateOf(snapshots[12]!));
    expect(found.steps).to.equal(snapshots[12]!.steps);
    expect([...slots(found.root)]).to.deep.equal([...slots(snapshots[12]!.root)]);

    const store = new SqliteCheckpoints(path, IDENTITY, logger);
    const execution = new Execution(CONFIG, log, reachableRoot(), {
      earlier: (batch, above) => store.newest(batch, above, log),
    });
    let taken = 0;
    await execution.advance(BigInt(BATCHES), () => taken++);
    expect(taken).to.equal(snapshots[BATCHES]!.steps - snapshots[12]!.steps);
    expect(machineStateOf(execution.current)).to.deep.equal(machineStateOf(snapshots[BATCHES]!));
    // What lies before the checkpoint is still there to be run.
    const { end } = await execution.range((await execution.find(snapshots[3]!.cursor))!, 9n, 26);
    expect(machineStateOf(end)).to.deep.equal(machineStateOf(snapshots[9]!));
    execution.goBack(5n);
    expect(execution.current.cursor.batch < 6n).to.equal(true);
    await execution.advance(BigInt(BATCHES));
    expect(machineStateOf(execution.current)).to.deep.equal(machineStateOf(snapshots[BATCHES]!));
    store.close();
    expect(logger.lines).to.deep.equal([]);
  });

  it("finds the newest between two batches, and keeps few, but always the one where the unconfirmed part begins", () => {
    withStore((store) => {
      for (const batch of [2, 4]) store.save(snapshots[batch]!, log);
      store.confirmed(5n);
      for (const batch of [7, 9, 11, 13]) store.save(snapshots[batch]!, log);
      const at = (batch: bigint, above = 0n): bigint | undefined => store.newest(batch, above, log)?.cursor.batch;
      expect([at(100n), at(12n), at(10n), at(8n), at(3n)]).to.deep.equal([13n, 11n, 9n, 4n, undefined]);
      expect(at(10n, 9n)).to.equal(undefined);
      expect(at(8n, 3n)).to.equal(4n);
    });
    withStore((store) => store.save(snapshots[15]!, log));
    expect(newest(log, 10n)?.cursor.batch).to.equal(4n);
  });

  it("keeps machines at the start of a batch only, and never genesis", () => {
    withStore((store) => {
      store.save(snapshots[0]!, log);
      const { cursor } = snapshots[5]!;
      store.save({ ...snapshots[5]!, cursor: { ...cursor, offset: 1 } }, log);
      store.save({ ...snapshots[5]!, cursor: { ...cursor, message: cursor.message + 1n } }, log);
    });
    expect(newest()).to.equal(undefined);
  });

  it("passes over checkpoints of inputs that L1 has taken back, and takes the newest whose inputs are there", () => {
    const save = (): void => withStore((store) => [6, 10, 14].forEach((batch) => store.save(snapshots[batch]!, log)));
    save();
    expect(newest(fork(10))?.cursor.batch).to.equal(10n);
    expect(logger.lines).to.deep.equal(["a checkpoint is of inputs that L1 has taken back"]);
    expect(newest(fork(3))).to.equal(undefined);
    save();
    // Other messages under the same batches.
    const messages = new InputLog();
    for (let i = 0n; i < log.messageCount; i++) {
      const message = log.message(i);
      messages.appendMessage(i === 0n ? { ...message, l1Time: message.l1Time + 1n } : message);
    }
    for (let i = 0n; i < log.batchCount; i++) messages.appendBatch(log.batch(i));
    expect(newest(messages)).to.equal(undefined);
  });

  it("does not forget a checkpoint because the log is behind", () => {
    withStore((store) => store.save(snapshots[14]!, log));
    const behind = fork(100);
    behind.truncate(9n, log.messageCount);
    expect(newest(behind)).to.equal(undefined);
    expect(newest()?.cursor.batch).to.equal(14n);
  });

  for (const column of ["message", "l2Time", "steps", "stateHash", "batchesRoot", "messagesRoot", "seal", "batch"]) {
    it(`refuses a checkpoint whose ${column} was damaged, and takes the one before`, () => {
      withStore((store) => [6, 10].forEach((batch) => store.save(snapshots[batch]!, log)));
      const database = new DatabaseSync(path);
      const value =
        column.endsWith("Hash") || column.endsWith("Root") || column === "seal" ? "zeroblob(32)" : `${column} - 1`;
      const { changes } = database.prepare(`UPDATE checkpoints SET ${column} = ${value} WHERE batch = 10`).run();
      expect(changes).to.equal(1);
      database.close();
      expect(machineStateOf(newest()!)).to.deep.equal(machineStateOf(snapshots[6]!));
      expect(logger.lines).to.have.length(1);
    });
  }

  it("refuses a state in which any byte was changed, a slot or a piece is missing, or one too many", () => {
    const original = (): Uint8Array => {
      withStore((store) => store.save(snapshots[10]!, log));
      const database = new DatabaseSync(path);
      const { bytes } = database.prepare("SELECT bytes FROM pieces WHERE batch = 10").get() as { bytes: Uint8Array };
      database.close();
      return bytes;
    };
    const bytes = original();
    const changes: ((bytes: Uint8Array) => Uint8Array)[] = [
      (piece) => piece.subarray(0, piece.length - 1),
      (piece) => Uint8Array.from([...piece, 0]),
      (piece) => piece.subarray(10 + piece[8]! * 256 + piece[9]!),
      () => new Uint8Array(0),
    ];
    for (let i = 0; i < 60; i++) {
      const at = Math.floor((i * bytes.length) / 60);
      changes.push((piece) => piece.map((byte, j) => (j === at ? byte ^ 1 : byte)));
    }
    for (const change of changes) {
      original();
      const database = new DatabaseSync(path);
      database.prepare("UPDATE pieces SET bytes = ? WHERE batch = 10").run(change(bytes.slice()));
      database.close();
      logger.lines.length = 0;
      expect(newest()).to.equal(undefined);
      expect(logger.lines).to.have.length(1);
    }
  });

  it("does without a file of another deployment, of another program, or of no database, and leaves it as it is", () => {
    withStore((store) => store.save(snapshots[10]!, log));
    for (const changed of [
      { ...CONFIG, domain: keccak256(CONFIG.domain) },
      { ...CONFIG, bridge: new Uint8Array(20) },
      { ...CONFIG, settlement: new Uint8Array(20) },
    ]) {
      const other = checkpointIdentity(changed, reachableRoot());
      expect(withStore((store) => store.newest(100n, 0n, log), other)).to.equal(undefined);
    }
    const genesis = checkpointIdentity(CONFIG, set(reachableRoot(), claimKey(1, 1), { kind: KIND_CLAIM, amount: 1n }));
    withStore((store) => store.save(snapshots[11]!, log), genesis);
    expect(logger.lines).to.deep.equal(Array<string>(4).fill("CHECKPOINT_FOREIGN"));
    expect(newest()?.cursor.batch).to.equal(10n);

    rmSync(path);
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE theirs (a INTEGER)");
    database.close();
    const before = readFileSync(path);
    withStore((store) => store.save(snapshots[10]!, log));
    expect(readFileSync(path).equals(before)).to.equal(true);
    expect(logger.lines.at(-1)).to.equal("CHECKPOINT_FOREIGN");

    writeFileSync(path, Buffer.alloc(5_000, "not a database. "));
    expect(newest()).to.equal(undefined);
    expect(readFileSync(path, "latin1").startsWith("not a database.")).to.equal(true);
    expect(logger.lines.at(-1)).to.equal("ERR_SQLITE_ERROR");
  });

  it("leaves a second process without a store, not with the same one", () => {
    withStore((store) => {
      store.save(snapshots[10]!, log);
      const second = new SqliteCheckpoints(path, IDENTITY, logger);
      second.save(snapshots[14]!, log);
      expect(second.newest(100n, 0n, log)).to.equal(undefined);
      second.close();
      expect(store.newest(100n, 0n, log)?.cursor.batch).to.equal(10n);
    });
    expect(logger.lines).to.deep.equal(["ERR_SQLITE_ERROR"]);
  });

  it("keeps the checkpoint before if writing fails halfway", () => {
    withStore((store) => store.save(snapshots[10]!, log));
    const broken: Snapshot = { ...snapshots[14]!, steps: -1 };
    withStore((store) => store.save(broken, log));
    const database = new DatabaseSync(path);
    database.exec("CREATE TRIGGER full BEFORE INSERT ON pieces BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    database.close();
    withStore((store) => store.save(snapshots[14]!, log));
    // The very checkpoint that is there, too: the deleted rows come back.
    withStore((store) => store.save(snapshots[10]!, log));
    expect(logger.lines).to.have.length(3);
    expect(machineStateOf(newest()!)).to.deep.equal(machineStateOf(snapshots[10]!));
  });

  it("remembers which assertions were right, for these inputs only", () => {
    const [right, other] = [1, 2].map((byte) => keccak256(Uint8Array.of(byte)));
    withStore((store) => store.rememberRight(right!, inputsBefore(log, 10n)));
    withStore((store) => {
      expect(store.wasRight(right!, log)).to.equal(true);
      expect(store.wasRight(other!, log)).to.equal(false);
      expect(store.wasRight(right!, fork(9))).to.equal(false);
      expect(store.wasRight(right!, fork(10))).to.equal(true);
    });
    for (const change of ["assertion = zeroblob(32)", "batch = 9", "batchesRoot = zeroblob(32)", "message = -1"]) {
      withStore((store) => store.rememberRight(right!, inputsBefore(log, 10n)));
      const database = new DatabaseSync(path);
      database.exec(`UPDATE OR REPLACE verdicts SET ${change}`);
      database.close();
      withStore((store) => {
        expect(store.wasRight(right!, log), change).to.equal(false);
        expect(store.wasRight(new Uint8Array(32), log), change).to.equal(false);
      });
    }
  });
});
