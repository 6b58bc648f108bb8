import { expect } from "chai";
import { toHex } from "../../../src/crypto/bytes.ts";
import { MESSAGE_DEPOSIT } from "../../../src/machine/Inputs.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { readU128 } from "../../../src/crypto/bytes.ts";
import { ResultCode } from "../../../src/machine/ResultCodes.ts";
import { KIND_ACCOUNT, KIND_WITHDRAWAL } from "../../../src/machine/Slots.ts";
import { slots } from "../../../src/machine/StateTree.ts";
import { History } from "../../../src/history/History.ts";
import { SegmentCache } from "../../../src/history/SegmentCache.ts";
import { HistoryError } from "../../../src/history/HistorySource.ts";
import { Machine } from "../../../src/machine/Step.ts";
import { GENESIS_CURSOR, machineStateHash } from "../../../src/machine/MachineState.ts";
import { Random } from "../../../src/market/random.ts";
import { conservationReport, type ConservationReport } from "../../../src/roles/Conservation.ts";
import { Execution, machineStateOf, snapshotHash, type Snapshot } from "../../../src/roles/Execution.ts";
import { RandomTraffic } from "../../support/traffic/RandomTraffic.ts";
import { CONFIG, makeInputs } from "../../support/traffic/inputs.ts";
import { BRIDGE, INBOX, preparedRoot } from "../../support/traffic/world.ts";

const BATCHES = 60;

describe("Execution", () => {
  const { log, hashes, starts } = makeInputs(20260404, BATCHES);
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
    subject.goBack(45n);
    subject.prune(50n);
    expect(subject.at(45n), "the newest from where it could start").to.not.equal(undefined);
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
    const { range, end, overflow } = await subject.range(start, 50n, 26);
    const { history } = range;
    expect(overflow).to.equal(false);
    expect(history.count).to.equal(starts[50]! - starts[10]!);
    for (let i = 0; i < history.count; i++) expect(await history.node(0, i)).to.deep.equal(hashes[starts[10]! + i]);
    expect(end).to.deep.include({ cursor: subject.at(50n)!.cursor, steps: starts[50] });
    expect(await subject.rangeEnd(start, 50n, 26)).to.deep.include({ end: subject.at(50n), overflow: false });
  });

  it("goes on in the tree that it has kept, so that a range run again holds no second state", async () => {
    const subject = execution();
    await subject.advance(count);
    const trees = [20n, 30n, count].map((batch) => subject.at(batch)!.root);
    const { end } = await subject.range(subject.at(10n)!, count, 26);
    expect(end.root).to.equal(subject.current.root);
    expect([20n, 30n, count].map((batch) => subject.at(batch)!.root === trees.shift())).to.deep.equal([
      true,
      true,
      true,
    ]);
  });

  it("lets all states of a range go, and answers for it all the same", async () => {
    const subject = new Execution(CONFIG, log, preparedRoot(), {
      segments: { segmentLevel: 3, cache: new SegmentCache(0) },
    });
    await subject.advance(count);
    const { range } = await subject.range(subject.at(20n)!, 45n, 26);
    expect(range.start).to.have.all.keys("cursor", "steps");
    expect(range.end).to.have.all.keys("cursor", "steps");
    subject.prune(60n);
    for (const index of [0, 17, range.history.count - 1]) {
      expect(await range.history.node(0, index)).to.deep.equal(hashes[starts[20]! + index]);
      expect(toHex(machineStateHash((await subject.stepAt(range, index)).step.post))).to.equal(
        toHex(hashes[starts[20]! + index]!),
      );
    }
  });

  it("cuts a range of more than 2^k steps into pieces that follow each other", async () => {
    const subject = execution();
    await subject.advance(count);
    let start: Snapshot = subject.at(0n)!;
    for (let piece = 0; ; piece++) {
      const { range, end, overflow } = await subject.range(start, count, 5);
      const { history } = range;
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

  it("answers for any node of a range of many segments after all snapshots were forgotten", async () => {
    const segments = { segmentLevel: 3, cache: new SegmentCache(0) };
    const subject = new Execution(CONFIG, log, preparedRoot(), { segments });
    await subject.advance(count);
    const whole = new History(26);
    for (const hash of hashes.slice(starts[3])) whole.append(hash);
    const { history } = (await subject.range(subject.at(3n)!, count, 26)).range;
    subject.prune(50n);
    const random = new Random(20260503);
    expect(history.root()).to.deep.equal(whole.root());
    for (let i = 0; i < 60; i++) {
      const level = random.uint(27);
      const index = random.uint(Math.min(2 ** (26 - level), Math.ceil((2 * whole.count) / 2 ** level)));
      expect(await history.node(level, index)).to.deep.equal(whole.node(level, index));
    }
  });

  it("gives the evidence of any step of a range, from the nearest snapshot, as it was when the machine first took it", async () => {
    const subject = execution();
    await subject.advance(count);
    const start = subject.at(20n)!;
    const { range, end } = await subject.range(start, 45n, 26);
    subject.prune(40n);
    const recorded = { batchCount: 50n, messageCount: log.batch(49n).record.messagesRead };
    const context = log.context(45n, recorded.batchCount, recorded.messageCount);
    const machine = new Machine(CONFIG, log, start.root, start.cursor);
    for (let index = 0; index < range.history.count; index++) {
      const step = machine.provenStep(45n);
      if (index % 5 !== 0) continue;
      const evidence = await subject.stepAt(range, index, recorded);
      expect(evidence).to.deep.equal({ step, context, input: log.evidence(step.input, context) });
    }
    for (const index of [range.history.count, 2 ** 26 - 1]) {
      const { step, input } = await subject.stepAt(range, index);
      expect(step.kind).to.equal("identity");
      expect(step.witness).to.have.length(0);
      expect(input.recordPath).to.have.length(0);
      expect(step.pre).to.deep.equal(machineStateOf(end));
      expect(step.post).to.deep.equal(step.pre);
    }
    const behind: unknown = await subject.stepAt(range, 2 ** 26).catch((error: unknown) => error);
    expect(behind).to.be.instanceOf(HistoryError).with.property("code", "HISTORY_NODE");
  });

  it("proves no step of inputs that have changed", async () => {
    const { log: own } = makeInputs(20260404, 12);
    const subject = new Execution(CONFIG, own, preparedRoot());
    await subject.advance(12n);
    const { range } = await subject.range(subject.at(2n)!, 10n, 26);
    const last = own.batch(9n);
    own.truncate(9n, own.messageCount);
    subject.goBack(9n);
    const refused = async (): Promise<unknown> => subject.stepAt(range, 3).catch((error: unknown) => error);
    expect(await refused())
      .to.be.instanceOf(HistoryError)
      .with.property("code", "HISTORY_CHANGED");
    own.appendBatch({ ...last, record: { ...last.record, l2Time: last.record.l2Time + 1n } });
    expect(await refused())
      .to.be.instanceOf(HistoryError)
      .with.property("code", "HISTORY_CHANGED");
    own.truncate(9n, own.messageCount);
    own.appendBatch(last);
    expect((await subject.stepAt(range, 3)).step.pre).to.deep.include({ batch: 2n });
  });

  it("finds the machine at any cursor, and nothing where it never stands", async () => {
    const subject = execution();
    await subject.advance(count);
    subject.prune(30n);
    const machine = new Machine(CONFIG, log, preparedRoot(), GENESIS_CURSOR);
    for (let steps = 0; steps <= hashes.length; steps++) {
      if (steps % 23 === 0 || steps === hashes.length) {
        const found = (await subject.find(machine.cursor))!;
        expect(machineStateOf(found)).to.deep.equal(machine.machineState());
        expect(found.steps).to.equal(steps);
      }
      machine.step(count);
    }
    const { cursor } = subject.at(40n)!;
    for (const nowhere of [
      { ...cursor, offset: 1_000_000 },
      { ...cursor, message: cursor.message + 1_000n },
      { ...cursor, batch: count + 1n },
    ]) {
      expect(await subject.find(nowhere)).to.equal(undefined);
    }
  });

  it("keeps all snapshots of the newest batches and some older ones, evenly, and goes back to any batch all the same", async () => {
    const long = makeInputs(20260507, 300);
    const subject = new Execution(CONFIG, long.log, preparedRoot());
    await subject.advance(300n);
    const kept = long.starts.flatMap((steps, batch) =>
      subject.at(BigInt(batch)) === undefined ? [] : [{ steps, batch }],
    );
    expect(kept.length).to.be.at.most(97);
    expect(kept.slice(-33).map(({ batch }) => batch)).to.deep.equal(Array.from({ length: 33 }, (_, i) => 268 + i));
    const gaps = kept.slice(1).map(({ steps }, i) => steps - kept[i]!.steps);
    expect(Math.max(...gaps)).to.be.below(long.starts[300]! / 16);
    const start = subject.at(0n)!;
    for (const batch of [299n, 150n, 141n, 17n]) {
      const { end, overflow } = await subject.rangeEnd(start, batch, 26);
      expect(overflow).to.equal(false);
      expect(toHex(snapshotHash(end))).to.equal(toHex(long.hashes[long.starts[Number(batch)]! - 1]!));
    }
    subject.goBack(123n);
    await subject.advance(300n);
    expect(toHex(snapshotHash(subject.current))).to.equal(toHex(long.hashes.at(-1)!));
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
