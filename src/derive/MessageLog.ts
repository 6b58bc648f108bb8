import { equalBytes, toHex } from "../crypto/bytes.ts";
import type { BatchAppended, EventPlace, InboxSource, L1Block, MessageEnqueued } from "../l1/L1Source.ts";
import { messageLeaf, type Message } from "../machine/Inputs.ts";
import { SequenceTree } from "../machine/SequenceTree.ts";
import { DeriveError } from "./DeriveError.ts";

/** What is read of the inbox here. */
export type MessageSource = Pick<InboxSource, "head" | "block" | "inboxEvents" | "inboxSummary">;

/** A message with where it stands. */
export interface LoggedMessage {
  readonly index: bigint;
  readonly message: Message;
  readonly place: EventPlace;
}

/** What a batch says of the messages that it reads. */
export type LoggedBatch = Pick<BatchAppended, "index" | "dataKind" | "messagesRead"> & { readonly place: EventPlace };

/** Blocks of one request, and blocks that are read again since L1 may replace them. */
const RANGE = 10_000;
const UNSETTLED = 64;
/** Blocks that are fetched at a time. */
const PARALLEL = 16;

/**
 * The messages of the inbox and which batches have read them, without any batch's payload: what somebody needs who forces a
 * message in, with an L1 endpoint and nothing else. The whole is held against the inbox's own root.
 */
export class MessageLog {
  readonly #source: MessageSource;
  readonly #startBlock: number;
  #messages: LoggedMessage[] = [];
  #batches: LoggedBatch[] = [];
  #head: L1Block | undefined;

  /** @param startBlock The block of the inbox's deployment, or an earlier one. */
  constructor(source: MessageSource, startBlock: number) {
    this.#source = source;
    this.#startBlock = startBlock;
  }

  /** In their order. */
  get messages(): readonly LoggedMessage[] {
    return this.#messages;
  }

  /** In their order. */
  get batches(): readonly LoggedBatch[] {
    return this.#batches;
  }

  /** Messages that batches have read. */
  get messagesRead(): bigint {
    return this.#batches.at(-1)?.messagesRead ?? 0n;
  }

  /** The first batch that has read a message, if one has. */
  readerOf(index: bigint): LoggedBatch | undefined {
    return this.#batches.find((batch) => batch.messagesRead > index);
  }

  /** The siblings of a message in the tree over all of them. */
  pathOf(index: bigint): Uint8Array[] {
    return this.#tree().path(Number(index));
  }

  /**
   * Reads what is new, and the newest blocks again.
   *
   * @returns The block up to which the log is complete.
   * @throws {@link DeriveError}, after which the log is empty until it is read again; or what the source throws.
   */
  async sync(): Promise<L1Block> {
    const [last, head] = [this.#head, await this.#source.head()];
    if (last?.hash === head.hash) return head;
    try {
      this.#goBack((last?.number ?? this.#startBlock - 1) - UNSETTLED);
      const from = last === undefined ? this.#startBlock : Math.max(this.#startBlock, last.number - UNSETTLED + 1);
      for (let first = from; first <= head.number; first += RANGE) {
        await this.#read(first, Math.min(head.number, first + RANGE - 1));
      }
      await this.#check(head);
    } catch (error) {
      this.#goBack(-1);
      this.#head = undefined;
      throw error;
    }
    this.#head = head;
    return head;
  }

  /** Drops what stands in later blocks. */
  #goBack(block: number): void {
    const isKept = ({ place }: { readonly place: EventPlace }): boolean => place.blockNumber <= block;
    this.#messages = this.#messages.filter(isKept);
    this.#batches = this.#batches.filter(isKept);
  }

  async #read(from: number, to: number): Promise<void> {
    const events = await this.#source.inboxEvents(from, to);
    const messages = events.filter((event) => event.type === "message");
    const blocks = await this.#blocks(messages);
    for (const event of events) {
      const log = event.type === "message" ? this.#messages : this.#batches;
      if (event.index !== BigInt(log.length)) {
        throw new DeriveError("INDEX_GAP", "an event of the inbox is missing or out of order", {
          fields: { type: event.type, actual: event.index, expected: log.length, block: event.blockNumber },
        });
      }
      const { blockNumber, blockHash, transactionHash, logIndex, index } = event;
      const place = { blockNumber, blockHash, transactionHash, logIndex };
      if (event.type === "batch") {
        this.#batches.push({ index, dataKind: event.dataKind, messagesRead: event.messagesRead, place });
        continue;
      }
      const { kind, sender, payload } = event;
      const l1Time = blocks.get(blockNumber)!.timestamp;
      this.#messages.push({ index, place, message: { kind, sender, l1Block: BigInt(blockNumber), l1Time, payload } });
    }
  }

  async #blocks(events: readonly MessageEnqueued[]): Promise<Map<number, L1Block>> {
    const blocks = new Map<number, L1Block>();
    const numbers = [...new Map(events.map((event) => [event.blockNumber, event.blockHash]))];
    for (let i = 0; i < numbers.length; i += PARALLEL) {
      const group = numbers.slice(i, i + PARALLEL);
      const found = await Promise.all(group.map(([number]) => this.#source.block(number)));
      for (const [j, [number, hash]] of group.entries()) {
        const block = found[j];
        if (block?.hash !== hash) throw changed(number);
        blocks.set(number, block);
      }
    }
    return blocks;
  }

  async #check(head: L1Block): Promise<void> {
    const { messageCount, messagesRoot, batchCount } = await this.#source.inboxSummary(head.number);
    const standing = await this.#source.block(head.number);
    if (standing?.hash !== head.hash) throw changed(head.number);
    const root = this.#tree().root();
    const [messages, batches] = [BigInt(this.#messages.length), BigInt(this.#batches.length)];
    if (messages === messageCount && batches === batchCount && equalBytes(root, messagesRoot)) return;
    throw new DeriveError("ROOT_MISMATCH", "the inbox's counts or roots are not those of its events", {
      fields: { messages, expectedMessages: messageCount, batches, expectedBatches: batchCount, root: toHex(root) },
    });
  }

  #tree(): SequenceTree {
    const tree = new SequenceTree();
    for (const { message } of this.#messages) tree.append(messageLeaf(message));
    return tree;
  }
}

function changed(block: number): DeriveError {
  return new DeriveError("L1_CHANGED", "L1 was reorganised while it was read", { fields: { block } });
}
