import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../../src/crypto/bytes.ts";
import { Derivation } from "../../../src/derive/Derivation.ts";
import { DeriveError, type DeriveErrorCode } from "../../../src/derive/DeriveError.ts";
import type { InboxEvent } from "../../../src/l1/L1Source.ts";
import type { InputLog } from "../../../src/machine/InputLog.ts";
import { FakeInbox } from "../../support/fakeInbox.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const message = (value: number) => ({ type: "message", payload: bytes(value) }) as const;
const batch = (value: number, messagesRead = 0) =>
  ({ type: "batch", payload: bytes(1, value), messagesRead: BigInt(messagesRead) }) as const;

function fingerprint(log: InputLog): object {
  const { batchCount, messageCount, batchesRoot, messagesRoot } = log.context(log.batchCount);
  return { batchCount, messageCount, batchesRoot: toHex(batchesRoot), messagesRoot: toHex(messagesRoot) };
}

async function expectRefusal(derivation: Derivation, code: DeriveErrorCode): Promise<void> {
  const error: unknown = await derivation.sync().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(DeriveError).with.property("code", code);
}

describe("Derivation", () => {
  let source: FakeInbox;
  let derivation: Derivation;

  beforeEach(() => {
    source = new FakeInbox();
    derivation = new Derivation(source, 0);
  });

  it("takes over messages and batches in the order of L1, with the time and number of their blocks", async () => {
    source.mine(message(1), batch(1, 1));
    source.mine();
    const block = source.mine(batch(2, 1), message(2), message(3), batch(3, 3));
    const { head, reorg, behind } = await derivation.sync();
    expect({ head, reorg, behind }).to.deep.equal({ head: block, reorg: undefined, behind: false });
    expect(fingerprint(derivation.log)).to.deep.equal(fingerprint(source.expectedLog()));
    expect(derivation.log.message(2n)).to.deep.include({ l1Block: BigInt(block.number), l1Time: block.timestamp });
    expect(derivation.log.batch(2n).payload).to.deep.equal(bytes(1, 3));
  });

  it("reads only what is new", async () => {
    source.mine(message(1));
    await derivation.sync();
    const asked: number[] = [];
    const original = source.inboxEvents.bind(source);
    source.inboxEvents = (from, to) => {
      asked.push(from);
      return original(from, to);
    };
    await derivation.sync();
    source.mine(batch(1, 1));
    await derivation.sync();
    expect(asked).to.deep.equal([2]);
    expect(fingerprint(derivation.log)).to.deep.equal(fingerprint(source.expectedLog()));
  });

  for (const depth of [1, 3, 20]) {
    it(`goes back over a reorganisation of ${depth} blocks and says from where on inputs changed`, async () => {
      source.mine(message(1), batch(1, 1));
      for (let i = 0; i < 20; i++) {
        source.mine(message(10 + i), batch(10 + i, 2 + i));
        await derivation.sync();
      }
      source.drop(depth);
      for (let i = 0; i <= depth; i++) source.mine(batch(50 + i, 21 - depth));
      const { reorg } = await derivation.sync();
      const kept = BigInt(21 - depth);
      expect(reorg).to.deep.equal({ commonBlock: 21 - depth, batch: kept, message: kept });
      expect(fingerprint(derivation.log)).to.deep.equal(fingerprint(source.expectedLog()));
    });
  }

  it("notices a reorganisation that leaves the height as it was", async () => {
    source.mine(message(1));
    source.mine(batch(1, 1));
    await derivation.sync();
    source.drop(1);
    source.mine(batch(2, 1));
    expect((await derivation.sync()).reorg).to.deep.equal({ commonBlock: 1, batch: 0n, message: 1n });
    expect(derivation.log.batch(0n).payload).to.deep.equal(bytes(1, 2));
  });

  it("waits for an endpoint that is behind instead of going back", async () => {
    source.mine(message(1), batch(1, 1));
    await derivation.sync();
    source.mine(batch(2, 1));
    await derivation.sync();
    source.drop(1);
    const { behind, reorg } = await derivation.sync();
    expect({ behind, reorg }).to.deep.equal({ behind: true, reorg: undefined });
    expect(derivation.log.batchCount).to.equal(2n);
  });

  it("reports a reorganisation that a failed call has found", async () => {
    source.mine(message(1), batch(1, 1));
    await derivation.sync();
    source.drop(1);
    source.mine(batch(2));
    source.mine();
    const original = source.batchPayload.bind(source);
    source.batchPayload = () => Promise.reject(new DeriveError("L1_CHANGED", "sample"));
    await expectRefusal(derivation, "L1_CHANGED");
    source.batchPayload = original;
    expect((await derivation.sync()).reorg).to.deep.equal({ commonBlock: -1, batch: 0n, message: 0n });
    expect(fingerprint(derivation.log)).to.deep.equal(fingerprint(source.expectedLog()));
  });

  it("takes nothing over if L1 changes while it is read", async () => {
    source.mine(message(1));
    await derivation.sync();
    source.mine(message(2), batch(2, 2));
    const original = source.inboxEvents.bind(source);
    source.inboxEvents = async (from, to) => {
      const events = await original(from, to);
      source.drop(1);
      source.mine(message(3));
      source.mine();
      source.inboxEvents = original;
      return events;
    };
    await expectRefusal(derivation, "L1_CHANGED");
    expect(derivation.log.messageCount).to.equal(1n);
    await derivation.sync();
    expect(fingerprint(derivation.log)).to.deep.equal(fingerprint(source.expectedLog()));
  });

  it("follows any history of blocks, reorganisations and partial reads to the same log as a fresh node", async () => {
    const action = fc.oneof(
      { weight: 4, arbitrary: fc.constant("message") },
      { weight: 4, arbitrary: fc.constant("batch") },
      { weight: 2, arbitrary: fc.constant("empty") },
      { weight: 3, arbitrary: fc.constant("sync") },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 200 }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 120 }),
        fc.integer({ min: 1, max: 40 }),
        async (actions, range) => {
          const l1 = new FakeInbox();
          const node = new Derivation(l1, 0, { range });
          let value = 0;
          for (const step of actions) {
            const messages = Number(l1.expectedLog().messageCount);
            if (step === "message") l1.mine(message(++value % 256), message(0));
            else if (step === "batch") l1.mine(batch(++value % 256, messages));
            else if (step === "empty") for (let i = 0; i < 40; i++) l1.mine();
            else if (step === "sync") await node.sync();
            else {
              const { number } = await l1.head();
              const depth = Math.min(step, number);
              l1.drop(depth);
              for (let i = 0; i <= depth; i++) l1.mine();
            }
          }
          l1.mine();
          await node.sync();
          expect(fingerprint(node.log)).to.deep.equal(fingerprint(l1.expectedLog()));
        },
      ),
      { seed: 20260403, numRuns: 150 },
    );
  });

  describe("an endpoint that lies", () => {
    const lies: [name: string, change: (event: InboxEvent) => InboxEvent | undefined, code: DeriveErrorCode][] = [
      ["leaves out a message", (e) => (e.type === "message" && e.index === 0n ? undefined : e), "INDEX_GAP"],
      ["leaves out a batch", (e) => (e.type === "batch" && e.index === 0n ? undefined : e), "INDEX_GAP"],
      ["repeats a number", (e) => (e.index === 1n ? { ...e, index: 0n } : e), "INDEX_GAP"],
      [
        "changes a commitment",
        (e) => (e.type === "batch" ? { ...e, commitment: new Uint8Array(32).fill(1) } : e),
        "COMMITMENT_MISMATCH",
      ],
      ["changes a length", (e) => (e.type === "batch" ? { ...e, length: e.length + 1 } : e), "COMMITMENT_MISMATCH"],
      [
        "claims that more messages are read than there are",
        (e) => (e.type === "batch" ? { ...e, messagesRead: 9n } : e),
        "BATCH_IMPOSSIBLE",
      ],
      [
        "lets the number of messages read fall",
        (e) => (e.type === "batch" && e.index === 1n ? { ...e, messagesRead: 0n } : e),
        "BATCH_IMPOSSIBLE",
      ],
      [
        "lets L2 time fall",
        (e) => (e.type === "batch" && e.index === 1n ? { ...e, l2Time: 1n } : e),
        "BATCH_IMPOSSIBLE",
      ],
      ["gives a forced batch a payload", (e) => (e.type === "batch" ? { ...e, dataKind: 0 } : e), "BATCH_IMPOSSIBLE"],
      ["invents a kind of data", (e) => (e.type === "batch" ? { ...e, dataKind: 7 } : e), "DATA_KIND_UNKNOWN"],
      ["names another block", (e) => ({ ...e, blockHash: `0x${"11".repeat(32)}` as const }), "L1_CHANGED"],
    ];
    for (const [name, change, code] of lies) {
      it(`${name}: ${code}`, async () => {
        source.mine(message(0), message(1), batch(1, 1));
        source.mine(message(2), batch(2, 2));
        source.corrupt(change);
        await expectRefusal(derivation, code);
        expect(derivation.log.batchCount < 2n).to.equal(true);
      });
    }

    it("leaves out the last event: ROOT_MISMATCH, and a better answer is taken over afterwards", async () => {
      source.mine(message(1), batch(1, 1));
      await derivation.sync();
      source.mine(message(2));
      const original = source.inboxEvents.bind(source);
      source.inboxEvents = () => Promise.resolve([]);
      await expectRefusal(derivation, "ROOT_MISMATCH");
      source.inboxEvents = original;
      await derivation.sync();
      expect(fingerprint(derivation.log)).to.deep.equal(fingerprint(source.expectedLog()));
    });

    it("changes a message's payload: ROOT_MISMATCH", async () => {
      source.mine(message(1));
      const original = source.inboxEvents.bind(source);
      source.inboxEvents = async (from, to) =>
        (await original(from, to)).map((e) => (e.type === "message" ? { ...e, payload: bytes(9) } : e));
      await expectRefusal(derivation, "ROOT_MISMATCH");
      expect(derivation.log.messageCount).to.equal(0n);
    });
  });
});
