import { concat, toHex, writeU64, type Hex } from "../../src/crypto/bytes.ts";
import { keccak256 } from "../../src/crypto/keccak.ts";
import type { BatchAppended, InboxEvent, InboxSource, InboxSummary, L1Block } from "../../src/l1/L1Source.ts";
import { blobsCommitment } from "../../src/machine/BlobPayload.ts";
import { chunkCommitment, chunkLevels } from "../../src/machine/ChunkTree.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { DATA_BLOBS, DATA_CALLDATA } from "../../src/machine/Inputs.ts";
import { MemoryBlobs } from "./blobs.ts";

type NewEvent =
  | { readonly type: "message"; readonly payload: Uint8Array; readonly kind?: number; readonly sender?: Uint8Array }
  | {
      readonly type: "batch";
      readonly payload: Uint8Array;
      readonly messagesRead: bigint;
      /** The payload lies in these; absent: in calldata. */
      readonly blobs?: readonly Uint8Array[];
    };

interface FakeBlock {
  readonly block: L1Block;
  readonly events: readonly InboxEvent[];
}

/** An L1 in memory with an inbox on it, which can be reorganised, and made to lie by replacing its methods. */
export class FakeInbox implements InboxSource {
  readonly payloads = new Map<Hex, Uint8Array>();
  /** Where the blobs are. */
  readonly blobs = new MemoryBlobs();
  readonly blobHashes = new Map<Hex, readonly Uint8Array[]>();
  #blocks: FakeBlock[] = [];
  #salt = 0n;

  constructor() {
    this.mine();
  }

  /** Adds a block with these events. */
  mine(...events: readonly NewEvent[]): L1Block {
    const number = this.#blocks.length;
    const hash = this.#hash();
    const block = { number, hash, timestamp: 1_700_000_000n + 12n * BigInt(number) };
    let { batches, messages } = this.#counts();
    const made = events.map((event, logIndex): InboxEvent => {
      const place = { blockNumber: number, blockHash: hash, transactionHash: this.#hash(), logIndex };
      if (event.type === "message") {
        const { kind = 2, sender = new Uint8Array(20), payload } = event;
        return { ...place, type: "message", index: messages++, kind, sender, payload };
      }
      this.payloads.set(place.transactionHash, event.payload);
      const hashes = event.blobs?.map((blob) => this.blobs.keep(blob));
      if (hashes !== undefined) this.blobHashes.set(place.transactionHash, hashes);
      return {
        ...place,
        type: "batch",
        index: batches++,
        dataKind: hashes === undefined ? DATA_CALLDATA : DATA_BLOBS,
        commitment: hashes === undefined ? chunkCommitment(chunkLevels(event.payload)) : blobsCommitment(hashes),
        length: event.payload.length,
        messagesRead: event.messagesRead,
        l2Time: block.timestamp,
      };
    });
    this.#blocks.push({ block, events: made });
    return block;
  }

  /** Drops the last `depth` blocks. */
  drop(depth: number): void {
    this.#blocks = this.#blocks.slice(0, this.#blocks.length - depth);
  }

  /** Replaces an event by what `change` makes of it, in every answer. */
  corrupt(change: (event: InboxEvent) => InboxEvent | undefined): void {
    this.#blocks = this.#blocks.map(({ block, events }) => ({
      block,
      events: events.map(change).filter((event) => event !== undefined),
    }));
  }

  async head(): Promise<L1Block> {
    return this.#blocks.at(-1)!.block;
  }

  async block(number: number): Promise<L1Block | undefined> {
    return this.#blocks[number]?.block;
  }

  async inboxEvents(from: number, to: number): Promise<readonly InboxEvent[]> {
    return this.#blocks.slice(from, to + 1).flatMap(({ events }) => events);
  }

  async batchPayload(event: BatchAppended): Promise<Uint8Array> {
    return this.payloads.get(event.transactionHash)!;
  }

  async batchBlobHashes(event: BatchAppended): Promise<readonly Uint8Array[]> {
    return this.blobHashes.get(event.transactionHash)!;
  }

  async inboxSummary(blockNumber: number): Promise<InboxSummary> {
    const log = this.expectedLog(blockNumber);
    const { batchCount, messageCount, batchesRoot, messagesRoot } = log.context(log.batchCount);
    return { batchCount, messageCount, batchesRoot, messagesRoot };
  }

  /** What a derivation up to that block must hold. */
  expectedLog(blockNumber = this.#blocks.length - 1): InputLog {
    const log = new InputLog();
    for (const { block, events } of this.#blocks.slice(0, blockNumber + 1)) {
      for (const event of events) {
        const l1Time = block.timestamp;
        if (event.type === "message") {
          const { kind, sender, payload } = event;
          log.appendMessage({ kind, sender, payload, l1Block: BigInt(block.number), l1Time });
        } else {
          const { dataKind, commitment, length, messagesRead, l2Time } = event;
          const record = { dataKind, commitment, length, messagesRead, l1Time, l2Time };
          log.appendBatch({ record, payload: this.payloads.get(event.transactionHash)! });
        }
      }
    }
    return log;
  }

  #counts(): { batches: bigint; messages: bigint } {
    const events = this.#blocks.flatMap((block) => block.events);
    const batches = BigInt(events.filter((event) => event.type === "batch").length);
    return { batches, messages: BigInt(events.length) - batches };
  }

  #hash(): Hex {
    const salt = new Uint8Array(8);
    writeU64(salt, 0, this.#salt++);
    return toHex(keccak256(concat(salt)));
  }
}
