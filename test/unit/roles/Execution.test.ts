import { expect } from "chai";
import { toHex } from "../../../src/crypto/bytes.ts";
import { MESSAGE_DEPOSIT } from "../../../src/machine/Inputs.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { readU128 } from "../../../src/crypto/bytes.ts";
import { ResultCode } from "../../../src/machine/ResultCodes.ts";
import { KIND_ACCOUNT, KIND_WITHDRAWAL } from "../../../src/machine/Slots.ts";
import { slots } from "../../../src/machine/StateTree.ts";
import { Machine } from "../../../src/machine/Step.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { Random } from "../../../src/market/random.ts";
import { conservationReport, type ConservationReport } from "../../../src/roles/Conservation.ts";
import { Execution, machineStateOf, snapshotHash, type Snapshot } from "../../../src/roles/Execution.ts";
import { RandomTraffic } from "../../support/traffic/RandomTraffic.ts";
import { BRIDGE, INBOX, preparedRoot, testConfig } from "../../support/traffic/world.ts";

const CONFIG = testConfig(31337n, INBOX);
const BATCHES = 60;

/** Inputs of random traffic, and the machine states after every step of them. */
function makeInputs(): { log: InputLog; hashes: Uint8Array[]; starts: number[] } {
  const log = new InputLog();
  const machine = new Machine(CONFIG, log, preparedRoot(), GENESIS_CURSOR);
  const traffic = new RandomTraffic(new Random(20260404), machine, log);
  const hashes: Uint8Array[] = [];
  const starts = [0];
  for (let i = 0; i < BATCHES; i++) {
    traffic.appendBatch(6);
    while (!machine.finished(log.batchCount)) {
      machine.step(log.batchCount);
      hashes.push(machine.hash());
    }
    starts.push(hashes.length);
  }
  return { log, hashes, starts };
}

describe("Execution", () => {
  const { log, hashes, starts } = makeInputs();
  const count = BigInt(BATCHES);

  function execution(): Execution {
    return new Execution(CONFIG, log, preparedRoot());
  }

  it("keeps a snapshot at the start of every batch, with the number of steps before it", async () => {
    const subject = execution();
    await subject.advance(count);
    starts.forEach((steps, batch) => {
      const snapshot = subject.at(BigInt(batch))!;
      expect(snapshot.steps).to.equal(steps);
      if (steps > 0) expect(toHex(snapshotHash(snapshot))).to.equal(toHex(hashes[steps - 1]!));
    });
    expect(subject.current).to.equal(subject.at(count));
  });

  it("goes back to any batch and comes to the same state again", async () => {
    const subject = execution();
    await subject.advance(count);
    const end = machineStateOf(subject.current);
    for (const batch of [59n, 30n, 0n]) {
      subject.goBack(batch);
      expect(subject.current.cursor.batch).to.equal(batch);
      expect(subject.at(batch + 1n)).to.equal(undefined);
      await subject.advance(count);
      expect(machineStateOf(subject.current)).to.deep.equal(end);
    }
  });

  it("forgets old batches, and starts at genesis if it must go behind them", async () => {
    const subject = execution();
    await subject.advance(count);
    subject.prune(40n);
    expect([0n, 39n, 40n].map((batch) => subject.at(batch) !== undefined)).to.deep.equal([true, false, true]);
    subject.goBack(10n);
    expect(subject.current.cursor.batch).to.equal(0n);
    await subject.advance(count);
    expect(toHex(snapshotHash(subject.current))).to.equal(toHex(hashes.at(-1)!));
    expect(subject.at(10n)).to.not.equal(undefined);
  });

  it("commits to every step of a range", async () => {
    const subject = execution();
    await subject.advance(count);
    const start = subject.at(10n)!;
    const { history, end, overflow } = await subject.range(start, 50n, 26);
    expect(overflow).to.equal(false);
    expect(history.count).to.equal(starts[50]! - starts[10]!);
    for (let i = 0; i < history.count; i++) expect(history.leaf(i)).to.deep.equal(hashes[starts[10]! + i]);
    expect(end).to.deep.include({ cursor: subject.at(50n)!.cursor, steps: starts[50] });
    expect(await subject.rangeEnd(start, 50n, 26)).to.deep.include({ end: subject.at(50n), overflow: false });
  });

  it("cuts a range of more than 2^k steps into pieces that follow each other", async () => {
    const subject = execution();
    await subject.advance(count);
    let start: Snapshot = subject.at(0n)!;
    for (let piece = 0; ; piece++) {
      const { history, end, overflow } = await subject.range(start, count, 5);
      const plain = await subject.rangeEnd(start, count, 5);
      expect(machineStateOf(plain.end)).to.deep.equal(machineStateOf(end));
      expect(plain.overflow).to.equal(overflow);
      expect(history.root()).to.have.length(32);
      expect(toHex(snapshotHash(end))).to.equal(toHex(hashes[end.steps - 1]!));
      if (!overflow) {
        expect(end.steps).to.equal(hashes.length);
        return;
      }
      expect(end.steps).to.equal((piece + 1) * 32);
      start = end;
    }
  });

  it("tells an observer of every step once", async () => {
    const subject = execution();
    let steps = 0;
    await subject.advance(30n, () => steps++);
    await subject.advance(count, () => steps++);
    expect(steps).to.equal(hashes.length);
  });
});

describe("conservation", () => {
  it("holds after every batch of random traffic, also while withdrawals are paid", async () => {
    const log = new InputLog();
    const root = preparedRoot();
    const machine = new Machine(CONFIG, log, root, GENESIS_CURSOR);
    const random = new Random(20260405);
    const traffic = new RandomTraffic(random, machine, log);
    let accounted = 0n;
    for (const { slot } of slots(root)) if (slot.kind === KIND_ACCOUNT) accounted += slot.cash;
    const paid = new Set<bigint>();
    const most: Partial<Record<keyof ConservationReport, bigint>> = {};
    const report = (): ConservationReport => {
      const { cursor, state } = machine;
      return conservationReport({
        accounted,
        paid,
        root: state.root,
        log,
        messagesRead: cursor.message,
        bridge: BRIDGE,
      });
    };
    for (let i = 0; i < 400; i++) {
      traffic.appendBatch(8);
      while (!machine.finished(log.batchCount)) {
        const { message } = machine.cursor;
        const { kind, code } = machine.step(log.batchCount);
        if (kind !== "message" || code !== ResultCode.OK) continue;
        const read = log.message(message);
        if (read.kind === MESSAGE_DEPOSIT) accounted += readU128(read.payload, 24);
      }
      for (const { key, slot } of slots(machine.state.root)) {
        if (slot.kind !== KIND_WITHDRAWAL || paid.has(BigInt(key.lo)) || random.bool(0.5)) continue;
        paid.add(BigInt(key.lo));
        accounted -= slot.amount;
      }
      const now = report();
      expect(now.difference).to.equal(0n);
      for (const [name, value] of Object.entries(now)) {
        const known = most[name as keyof ConservationReport] ?? 0n;
        most[name as keyof ConservationReport] = value > known ? (value as bigint) : known;
      }
    }
    // Every place where money can be has held some.
    for (const name of ["cash", "fees", "fund", "pools", "unpaidWithdrawals"] as const) {
      expect(most[name]! > 0n, name).to.equal(true);
    }
    expect(paid.size > 0).to.equal(true);
  });

  it("counts deposits that no batch has read, and only those of the bridge", () => {
    const log = new InputLog();
    const payload = new Uint8Array(40);
    payload[39] = 7;
    const message = { kind: MESSAGE_DEPOSIT, sender: BRIDGE, l1Block: 1n, l1Time: 1n, payload };
    log.appendMessage(message);
    log.appendMessage(message);
    log.appendMessage({ ...message, sender: INBOX });
    log.appendMessage({ ...message, kind: 2 });
    const inputs = { accounted: 7n, paid: new Set<bigint>(), root: undefined, log, bridge: BRIDGE };
    expect(conservationReport({ ...inputs, messagesRead: 1n })).to.include({ unreadDeposits: 7n, difference: 0n });
    expect(conservationReport({ ...inputs, messagesRead: 0n })).to.include({ unreadDeposits: 14n, difference: -7n });
  });
});
