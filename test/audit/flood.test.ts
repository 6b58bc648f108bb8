import { expect } from "chai";
import { readFileSync } from "node:fs";
import { InputLog } from "../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../src/machine/MachineState.ts";
import { Machine } from "../../src/machine/Step.ts";
import { TX_CANCEL, TX_COLLECT_FEES, TX_SETTLE, type Transaction } from "../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { Execution } from "../../src/roles/Execution.ts";
import { batchOf } from "../support/batch.ts";
import { CONFIG } from "../support/traffic/inputs.ts";
import { preparedRoot, START, START_DAY } from "../support/traffic/world.ts";

/** Bytes that the inbox lets pass for one step of the machine. */
const BYTES_PER_STEP = 64;
/** Seconds of L1 at the highest rate that a node has to take, and how many times faster it must be at least. */
const [SECONDS, TIMES] = [60, 4];
/** Least gas of a message that somebody enqueues, and of a block of L1 with its time. */
const [MESSAGE_GAS, BLOCK_GAS, BLOCK_SECONDS] = [30_000, 60_000_000, 12];

const PRODUCTION_FILE = new URL("../../deploy/parameters/production.json", import.meta.url);
const PRODUCTION = JSON.parse(readFileSync(PRODUCTION_FILE, "utf8")) as Record<
  "rateBytesPerSecond" | "burstBytes" | "historyHeight",
  number
>;

const settle: Transaction = {
  type: TX_SETTLE,
  market: 1,
  day: START_DAY,
  accounts: Array.from({ length: 32 }, (_, i) => i),
};
const cancel: Transaction = {
  type: TX_CANCEL,
  account: 1,
  nonce: 5n,
  auth: { keyIndex: 0, deadline: START + 60n, signature: new Uint8Array(64).fill(0x11) },
};

/** What a sequencer floods with, by what makes it dear for others. */
const FLOODS: Readonly<Record<string, Uint8Array>> = {
  "items of one byte": encodeItem(Uint8Array.of(0xff)),
  "the shortest transaction": encodeItem(encodeTransaction({ type: TX_COLLECT_FEES }, START)),
  "the transaction with the most steps": encodeItem(encodeTransaction(settle, START)),
  "signatures that have to be recovered": encodeItem(encodeTransaction(cancel, START)),
};

function filled(item: Uint8Array, length: number): Uint8Array {
  const payload = new Uint8Array(length);
  for (let at = 0; at + item.length <= length; at += item.length) payload.set(item, at);
  return payload;
}

function append(log: InputLog, payload: Uint8Array): void {
  log.appendBatch(batchOf(payload, { messagesRead: 0n, l1Time: START, l2Time: START }));
}

/** Threat 8b: the cheapest items at the highest rate, for days, while honest nodes must keep up. */
describe("a sequencer that floods", () => {
  it("has at most one step for 64 bytes, whatever the items are", () => {
    for (const [name, item] of Object.entries(FLOODS)) {
      const log = new InputLog();
      const machine = new Machine(CONFIG, log, preparedRoot(), { ...GENESIS_CURSOR, l2Time: START });
      const length = 6_400;
      append(log, filled(item, length));
      let steps = 0;
      for (; !machine.finished(1n); steps++) machine.step(1n);
      // Behind the items: the limit or the framing error of the zeros at the end, and the end of the batch.
      expect(steps, name).to.be.within(length / Math.max(item.length, BYTES_PER_STEP), length / BYTES_PER_STEP + 2);
    }
  });

  it("is kept up with by a node, several times over", async function () {
    for (const [name, item] of Object.entries(FLOODS)) {
      const log = new InputLog();
      for (let second = 0; second < SECONDS; second++) append(log, filled(item, PRODUCTION.rateBytesPerSecond));
      const execution = new Execution(CONFIG, log, preparedRoot());
      // Time on the processor, so that the result does not depend on what else the computer does.
      const before = process.cpuUsage();
      const target = BigInt(SECONDS);
      await execution.advance(target);
      // A node that judges assertions takes each step again, and commits to the state after it.
      const { range } = await execution.range(execution.at(0n)!, target, PRODUCTION.historyHeight);
      const { user, system } = process.cpuUsage(before);
      const seconds = (user + system) / 1e6;
      console.log(`      ${SECONDS} s of ${name}: ${range.history.count} steps, judged in ${seconds.toFixed(2)} s`);
      expect(seconds * TIMES, name).to.be.lessThan(SECONDS);
    }
  });

  it("fits one history, after two days in which nobody has asserted and every block was full of messages too", () => {
    const seconds = 2 * 86_400;
    const items = (PRODUCTION.burstBytes + seconds * PRODUCTION.rateBytesPerSecond) / BYTES_PER_STEP;
    const messages = (seconds / BLOCK_SECONDS) * (BLOCK_GAS / MESSAGE_GAS);
    // Each block appends a batch, which has an end and at most one framing error or limit.
    const ends = (2 * seconds) / BLOCK_SECONDS;
    expect(items + messages + ends).to.be.lessThan(2 ** PRODUCTION.historyHeight);
  });
});
