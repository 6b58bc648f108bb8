import { expect } from "chai";
import { MessageLog, type MessageSource } from "../../../src/derive/MessageLog.ts";
import type { Hex } from "../../../src/crypto/bytes.ts";
import type { InboxEvent, L1Block } from "../../../src/l1/L1Source.ts";
import { DATA_CALLDATA, messageLeaf } from "../../../src/machine/Inputs.ts";
import { SequenceTree } from "../../../src/machine/SequenceTree.ts";
import { failure } from "../../support/failure.ts";

/** An L1 of which every block may have events; the endpoint says what `lie` makes of it. */
class Chain {
  readonly blocks: { readonly branch: number; readonly events: readonly ("message" | bigint)[] }[] = [];
  branch = 0;
  lie: (events: InboxEvent[]) => InboxEvent[] = (events) => events;
  /** First blocks of the requests for events. */
  readonly asked: number[] = [];

  /** A block with messages, and with batches that have read so many. */
  mine(...events: ("message" | bigint)[]): this {
    this.blocks.push({ branch: this.branch, events });
    return this;
  }

  block(number: number): L1Block | undefined {
    const block = this.blocks[number];
    if (block === undefined) return undefined;
    const hash: Hex = `0x${block.branch.toString(16)}${number.toString(16).padStart(62, "0")}`;
    return { number, hash, timestamp: 1000n + 12n * BigInt(number) };
  }

  events(): InboxEvent[] {
    let [messages, batches] = [0n, 0n];
    return this.blocks.flatMap(({ events }, number) =>
      events.map((event, logIndex): InboxEvent => {
        const place = {
          blockNumber: number,
          blockHash: this.block(number)!.hash,
          transactionHash: "0x",
          logIndex,
        } as const;
        if (event === "message") {
          const payload = Uint8Array.of(this.blocks[number]!.branch, number, logIndex);
          return { ...place, type: "message", index: messages++, kind: 2, sender: new Uint8Array(20), payload };
        }
        const record = { dataKind: DATA_CALLDATA, commitment: new Uint8Array(32), length: 0, l2Time: 0n };
        return { ...place, ...record, type: "batch", index: batches++, messagesRead: event };
      }),
    );
  }

  source(): MessageSource {
    return {
      head: () => Promise.resolve(this.block(this.blocks.length - 1)!),
      block: (number) => Promise.resolve(this.block(number)),
      inboxEvents: (from, to) => {
        this.asked.push(from);
        return Promise.resolve(
          this.lie(this.events().filter(({ blockNumber }) => blockNumber >= from && blockNumber <= to)),
        );
      },
      inboxSummary: () => {
        const tree = this.tree();
        const batchCount = BigInt(this.events().filter(({ type }) => type === "batch").length);
        const messageCount = BigInt(tree.count);
        return Promise.resolve({
          batchCount,
          messageCount,
          messagesRoot: tree.root(),
          batchesRoot: new Uint8Array(32),
        });
      },
    };
  }

  tree(): SequenceTree {
    const tree = new SequenceTree();
    for (const event of this.events()) {
      if (event.type !== "message") continue;
      const { kind, sender, payload, blockNumber } = event;
      const { timestamp } = this.block(blockNumber)!;
      tree.append(messageLeaf({ kind, sender, payload, l1Block: BigInt(blockNumber), l1Time: timestamp }));
    }
    return tree;
  }
}

describe("MessageLog", () => {
  it("has the messages with their paths and who has read them", async () => {
    const chain = new Chain().mine().mine("message", "message").mine(1n, "message").mine(1n, 3n);
    const log = new MessageLog(chain.source(), 0);
    expect((await log.sync()).number).to.equal(3);
    expect(log.messages.map(({ index, message }) => [index, message.l1Time])).to.deep.equal([
      [0n, 1012n],
      [1n, 1012n],
      [2n, 1024n],
    ]);
    expect([0n, 1n, 2n].map((index) => log.readerOf(index)?.index)).to.deep.equal([0n, 2n, 2n]);
    expect(log.messagesRead).to.equal(3n);
    expect(log.pathOf(1n)).to.deep.equal(chain.tree().path(1));
  });

  it("reads the newest blocks again, and no others", async () => {
    const chain = new Chain();
    for (let i = 0; i < 200; i++) chain.mine("message");
    const log = new MessageLog(chain.source(), 5);
    await failure(() => log.sync());
    const whole = new MessageLog(chain.source(), 0);
    await whole.sync();
    await whole.sync();
    chain.mine("message");
    await whole.sync();
    expect(whole.messages).to.have.length(201);
    expect(chain.asked.slice(1)).to.deep.equal([0, 136]);
  });

  for (const depth of [1, 3, 20, 64, 65, 120]) {
    it(`has what stands after a reorganisation of ${depth} blocks`, async () => {
      const chain = new Chain();
      for (let i = 0; i < 150; i++) chain.mine("message");
      const log = new MessageLog(chain.source(), 0);
      await log.sync();
      chain.blocks.length -= depth;
      chain.branch = 1;
      for (let i = 0; i <= depth; i++) chain.mine(...(i % 2 === 0 ? (["message"] as const) : []));
      // Deeper than what is read again, it shows in the root, and the next call reads everything.
      if (depth > 64) expect((await failure(() => log.sync())).code).to.be.oneOf(["ROOT_MISMATCH", "INDEX_GAP"]);
      await log.sync();
      expect(log.messages.map(({ message }) => message.payload)).to.deep.equal(
        chain.events().flatMap((event) => (event.type === "message" ? [event.payload] : [])),
      );
    });
  }

  for (const [name, lie, code] of [
    ["leaves one out", (events: InboxEvent[]) => events.slice(1), "INDEX_GAP"],
    ["leaves the last one out", (events: InboxEvent[]) => events.slice(0, -1), "ROOT_MISMATCH"],
    ["turns two around", (events: InboxEvent[]) => events.toReversed(), "INDEX_GAP"],
    [
      "changes a payload",
      (events: InboxEvent[]) => events.map((event) => ({ ...event, payload: Uint8Array.of(9) })),
      "ROOT_MISMATCH",
    ],
    [
      "names another block",
      (events: InboxEvent[]) => events.map((event) => ({ ...event, blockHash: "0x77" as const })),
      "L1_CHANGED",
    ],
  ] as const) {
    it(`catches an endpoint that ${name}, and believes it when it stops`, async () => {
      const chain = new Chain().mine().mine("message").mine("message", 1n, "message");
      const log = new MessageLog(chain.source(), 0);
      chain.lie = lie;
      expect((await failure(() => log.sync())).code).to.equal(code);
      expect(log.messages).to.have.length(0);
      chain.lie = (events) => events;
      await log.sync();
      expect(log.messages).to.have.length(3);
    });
  }
});
