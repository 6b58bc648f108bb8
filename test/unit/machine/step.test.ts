import { expect } from "chai";
import { concat, toHex } from "../../../src/crypto/bytes.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import { batchLeaf, messageLeaf, type Message } from "../../../src/machine/Inputs.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { GENESIS_CURSOR, machineStateHash } from "../../../src/machine/MachineState.ts";
import { resultName } from "../../../src/machine/ResultCodes.ts";
import { SequenceTree } from "../../../src/machine/SequenceTree.ts";
import { rootHash } from "../../../src/machine/StateTree.ts";
import { Machine } from "../../../src/machine/Step.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { anchorPayload, depositPayload, fixPayload, listPayload } from "../../../src/replay/payloads.ts";
import { batchOf } from "../../support/batch.ts";
import {
  addressNamed,
  DEFAULT_GRID,
  deploymentFor,
  START,
  START_DAY,
  USD,
  USDC,
} from "../../support/model/Exchange.ts";
import { parseItem } from "../../support/model/treeVerifier.ts";

const deployment = deploymentFor();
const { bridge, settlement } = deployment.machine;

/** A machine over a log of its own. */
class Chain {
  readonly log = new InputLog();
  readonly machine = new Machine(deployment.machine, this.log, genesisRoot(deployment.feeRecipient), GENESIS_CURSOR);

  message(kind: number, sender: Uint8Array, payload: Uint8Array, l1Time = START): void {
    this.log.appendMessage({ kind, sender, payload, l1Block: 1n, l1Time });
  }

  batch(payload: Uint8Array, l2Time = START, l1Time = START + 1n): void {
    const { messageCount: messagesRead } = this.log;
    this.log.appendBatch(batchOf(payload, { messagesRead, l1Time, l2Time }, payload.length === 0 ? 0 : 1));
  }

  /** Kind and result of every step until nothing is left; each step is proven on the way. */
  run(): string[] {
    const steps: string[] = [];
    const target = this.log.batchCount;
    while (!this.machine.finished(target)) {
      const twin = new Machine(deployment.machine, this.log, this.machine.state.root, this.machine.cursor);
      const { kind, code, pre, post, witness, input } = this.machine.provenStep(target);
      expect(twin.step(target), "proven and plain steps are one").to.deep.equal({ kind, code });
      expect(toHex(twin.hash())).to.equal(toHex(this.machine.hash()));
      expect(toHex(machineStateHash(post))).to.equal(toHex(this.machine.hash()));
      if (code !== 0) expect(toHex(post.stateRoot), "a refusal changes no slot").to.equal(toHex(pre.stateRoot));
      expect(post.l2Time >= pre.l2Time).to.equal(true);
      consume(toHex(concat(...witness)).slice(2));
      const evidence = this.log.evidence(input, this.log.context(target));
      expect(toHex(batchLeaf(evidence.record))).to.equal(toHex(batchLeaf(this.log.batch(pre.batch).record)));
      if (kind === "message") {
        expect(toHex(messageLeaf(evidence.message))).to.equal(toHex(messageLeaf(this.log.message(pre.message))));
      } else expect(evidence.messagePath).to.have.length(0);
      if (kind !== "item" && kind !== "framing error") expect(evidence.chunks).to.have.length(0);
      steps.push(kind === "message" || kind === "item" ? `${kind} ${resultName(code)}` : kind);
    }
    return steps;
  }
}

/** A witness is items one after another, with nothing left. */
function consume(witness: string): void {
  while (witness !== "") witness = witness.slice(2 * parseItem(witness).length);
}

const settleOf = (count: number): Transaction => ({
  type: 0x08,
  market: 1,
  day: START_DAY,
  accounts: Array.from({ length: count }, (_, i) => i),
});
const item = (transaction: Transaction): Uint8Array => encodeItem(encodeTransaction(transaction, START));

describe("step", () => {
  it("reads the messages of a batch, then its items, then the next batch", () => {
    const chain = new Chain();
    chain.message(3, settlement, listPayload(1, DEFAULT_GRID));
    chain.message(4, settlement, anchorPayload(1, 2000n * USD, START));
    chain.batch(item({ type: 0x07 }));
    chain.message(1, bridge, depositPayload(1, addressNamed("alice"), 5n * USDC));
    chain.batch(new Uint8Array(0));
    chain.batch(new Uint8Array(0));
    expect(chain.run()).to.deep.equal([
      "message OK",
      "message OK",
      "item NothingToCollect",
      "next batch",
      "message OK",
      "next batch",
      "next batch",
    ]);
    expect(chain.machine.step(chain.log.batchCount)).to.deep.equal({ kind: "identity", code: 0 });
  });

  it("consumes every message, of whatever kind and content", () => {
    const chain = new Chain();
    const anyone = addressNamed("anyone");
    for (const kind of [0, 8, 255]) chain.message(kind, anyone, new Uint8Array(3));
    chain.message(2, anyone, new Uint8Array(0));
    chain.message(2, anyone, Uint8Array.of(0x07, 1));
    chain.message(2, anyone, Uint8Array.of(0x07));
    chain.message(2, anyone, new Uint8Array(4096).fill(8));
    chain.message(5, settlement, fixPayload(1, START_DAY, 5n));
    chain.message(6, anyone, new Uint8Array(21));
    chain.message(6, settlement, new Uint8Array(20));
    chain.message(6, settlement, new Uint8Array(21));
    chain.message(7, anyone, new Uint8Array(21));
    chain.message(7, settlement, new Uint8Array(20));
    chain.message(7, settlement, new Uint8Array(21));
    chain.batch(new Uint8Array(0));
    expect(chain.run()).to.deep.equal([
      "message UnknownKind",
      "message UnknownKind",
      "message UnknownKind",
      "message Malformed",
      "message Malformed",
      "message NothingToCollect",
      "message Malformed",
      "message MarketUnknown",
      "message WrongSender",
      "message Malformed",
      "message SignersInvalid",
      "message WrongSender",
      "message Malformed",
      "message MarketInvalid",
      "next batch",
    ]);
  });

  it("skips the rest behind a framing error, and takes garbage items one by one", () => {
    for (const [rest, expected] of [
      [[0], ["framing error"]],
      [[0x81], ["framing error"]],
      [[0x81, 0], ["framing error"]],
      [[200, 5, 1], ["framing error"]],
      [[1, 99], ["item Malformed"]],
    ] as const) {
      const chain = new Chain();
      chain.batch(Uint8Array.from([...rest, ...Array<number>(expected[0] === "item Malformed" ? 0 : 40).fill(0)]));
      expect(chain.run()).to.deep.equal([...expected, "next batch"]);
    }
  });

  it("shows a framing error on the border of two chunks by the bytes that there are", () => {
    for (const tail of [[0x81], [0x81, 0], [0x81, 0x81, 0]]) {
      const chain = new Chain();
      const filler = encodeItem(new Uint8Array(253).fill(9));
      expect(filler).to.have.length(255);
      chain.batch(concat(filler, Uint8Array.from(tail)));
      expect(chain.run()).to.deep.equal(["item Malformed", "framing error", "next batch"]);
    }
  });

  it("takes no more items than one for 64 bytes", () => {
    const chain = new Chain();
    chain.batch(concat(...Array.from({ length: 65 }, () => item({ type: 0x07 }))));
    const steps = chain.run();
    expect(steps).to.deep.equal([...Array<string>(3).fill("item NothingToCollect"), "item limit", "next batch"]);
  });

  it("settles the accounts of one item part by part, each against the item limit", () => {
    const chain = new Chain();
    // Padding of garbage makes room for the parts.
    chain.batch(concat(item(settleOf(4)), encodeItem(new Uint8Array(400).fill(9))));
    expect(chain.run()).to.deep.equal([...Array<string>(4).fill("item PriceNotFixed"), "item Malformed", "next batch"]);
    const alone = new Chain();
    alone.batch(item(settleOf(32)));
    expect(alone.run(), "134 bytes are three steps").to.deep.equal([
      ...Array<string>(3).fill("item PriceNotFixed"),
      "item limit",
      "next batch",
    ]);
  });

  it("settles all accounts of a forced message, and none of them twice", () => {
    const chain = new Chain();
    chain.message(3, settlement, listPayload(1, DEFAULT_GRID));
    chain.message(5, settlement, fixPayload(1, START_DAY, 100n));
    chain.message(2, addressNamed("anyone"), encodeTransaction(settleOf(32), 0n));
    chain.message(2, addressNamed("anyone"), Uint8Array.of(7));
    chain.batch(new Uint8Array(0));
    const steps = chain.run();
    expect(steps).to.deep.equal([
      "message OK",
      "message OK",
      "message NothingToSettle",
      ...Array<string>(31).fill("message AccountUnknown"),
      "message NothingToCollect",
      "next batch",
    ]);
    expect(chain.machine.cursor).to.include({ message: 4n, part: 0, batch: 1n });
  });

  it("never lets L2 time go back, and relates deadlines to the batch's own", () => {
    const chain = new Chain();
    chain.message(1, bridge, depositPayload(1, addressNamed("alice"), 5n), START + 500n);
    // By the batch's own time the deadline is a minute ahead; by the message before it, it has passed.
    const cancel: Transaction = {
      type: 0x05,
      account: 1,
      nonce: 5n,
      auth: { keyIndex: 0, deadline: START + 60n, signature: new Uint8Array(64) },
    };
    chain.batch(item(cancel), START, START + 600n);
    expect(chain.run()).to.deep.equal(["message OK", "item Expired", "next batch"]);
    expect(chain.machine.cursor.l2Time).to.equal(START + 500n);
  });
});

describe("input log", () => {
  const message = (i: number): Message => ({
    kind: 9,
    sender: addressNamed(`sender ${i}`),
    payload: Uint8Array.of(i),
    l1Block: BigInt(i),
    l1Time: START,
  });

  it("gives roots at earlier counts, and after a reorg those of what is left and what came instead", () => {
    const [log, straight] = [new InputLog(), new InputLog()];
    for (let i = 0; i < 9; i++) log.appendMessage(message(i));
    const early = log.context(0n, 0n, 5n);
    log.truncate(0n, 5n);
    expect(log.context(0n)).to.deep.equal(early);
    for (let i = 20; i < 24; i++) log.appendMessage(message(i));
    for (const i of [0, 1, 2, 3, 4, 20, 21, 22, 23]) straight.appendMessage(message(i));
    expect(log.context(0n)).to.deep.equal(straight.context(0n));
    expect(log.message(6n)).to.deep.equal(message(21));
    const tree = new SequenceTree();
    for (const i of [0, 1, 2, 3, 4, 20, 21, 22, 23]) tree.append(messageLeaf(message(i)));
    expect(log.messagePath(6n).map(toHex)).to.deep.equal(tree.path(6).map(toHex));
    expect(toHex(log.context(0n).messagesRoot)).to.equal(toHex(tree.root()));
  });

  it("gives the chunks that hold an item, with their path, and nothing for steps that read none", () => {
    const log = new InputLog();
    const payload = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);
    log.appendBatch(batchOf(payload, { messagesRead: 0n, l1Time: START, l2Time: START }));
    const context = log.context(1n);
    const evidence = log.evidence({ batch: 0n, message: undefined, chunks: { low: 1, high: 3 } }, context);
    expect(toHex(evidence.chunks)).to.equal(toHex(payload.slice(256)));
    expect(evidence.chunkPath).to.have.length(1);
    const none = log.evidence({ batch: undefined, message: undefined, chunks: undefined }, context);
    expect([none.chunks.length, none.chunkPath, none.recordPath, none.messagePath]).to.deep.equal([0, [], [], []]);
    expect(none.record.length).to.equal(0);
  });

  it("begins at the genesis that the specification names", () => {
    const chain = new Chain();
    expect(chain.machine.machineState()).to.deep.include({ batch: 0n, message: 0n, offset: 0, items: 0, part: 0 });
    expect(toHex(chain.machine.state.hash())).to.equal(toHex(rootHash(genesisRoot(deployment.feeRecipient))));
  });
});
