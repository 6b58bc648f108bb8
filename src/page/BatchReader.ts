import type { Deployment } from "../l1/deployment.ts";
import { InboxClient } from "../l1/InboxClient.ts";
import type { L1Client } from "../l1/L1Client.ts";
import type { BatchAppended, L1Block } from "../l1/L1Source.ts";
import { transactionCost, type TransactionCost } from "../l1/transactionCost.ts";
import type { ReadBatch } from "./batches.ts";

/** Blocks of one request. */
const RANGE = 2_000;

/** What does not change for as long as the block stands in which a batch is. */
interface Known {
  readonly time: bigint;
  readonly cost: TransactionCost | undefined;
}

/** Reads the newest batches with what they have cost. Block and receipt of each are read once. */
export class BatchReader {
  readonly #client: L1Client;
  readonly #inbox: InboxClient;
  readonly #startBlock: number;
  readonly #most: number;
  #known = new Map<string, Known>();

  /** @param most Batches that are read. */
  constructor(client: L1Client, { addresses, startBlock }: Deployment, most: number) {
    this.#client = client;
    this.#inbox = new InboxClient(client, addresses.inbox);
    this.#startBlock = startBlock;
    this.#most = most;
  }

  /** The batches up to a block, the newest first. @throws L1Error */
  async latest(head: L1Block): Promise<readonly ReadBatch[]> {
    const events = await this.#events(head);
    const known = new Map<string, Known>();
    const batches: ReadBatch[] = [];
    for (const [i, event] of events.entries()) {
      if (i === this.#most) break;
      const of = this.#known.get(keyOf(event)) ?? (await this.#read(event));
      // L1 was reorganised while it was read; the next round sees what came instead.
      if (of === undefined) break;
      known.set(keyOf(event), of);
      const { index, dataKind, commitment, length, messagesRead } = event;
      // Of the oldest one of all, everything that is read was unread before.
      const before = events[i + 1]?.messagesRead ?? (index === 0n ? 0n : undefined);
      if (before === undefined) break;
      batches.push({ index, dataKind, commitment, length, messages: messagesRead - before, ...of });
    }
    this.#known = known;
    return batches;
  }

  /** The newest batches and the one before them, the newest first. */
  async #events({ number }: L1Block): Promise<readonly BatchAppended[]> {
    const found: BatchAppended[] = [];
    for (let last = number; last >= this.#startBlock && found.length <= this.#most; last -= RANGE) {
      const events = await this.#inbox.inboxEvents(Math.max(this.#startBlock, last - RANGE + 1), last);
      found.push(...events.filter((event) => event.type === "batch").reverse());
    }
    return found.slice(0, this.#most + 1);
  }

  async #read({ blockNumber, blockHash, transactionHash }: BatchAppended): Promise<Known | undefined> {
    const block = await this.#client.block(blockNumber);
    if (block?.hash !== blockHash) return undefined;
    return { time: block.timestamp, cost: await transactionCost(this.#client, transactionHash, blockHash) };
  }
}

/** A transaction can be mined again in another block; and one may append several batches. */
function keyOf({ transactionHash, blockHash }: BatchAppended): string {
  return `${transactionHash}${blockHash}`;
}
