import type { Log } from "ethers";
import type { RollupInbox } from "../../typechain/index.ts";
import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import type { Message } from "../machine/Inputs.ts";
import { isCallOf, payloadOfCall } from "./batchCall.ts";
import { ContractClient, decodeLog } from "./ContractClient.ts";
import { inboxAt } from "./Contracts.ts";
import { placeOf, type L1Client, type MinedTransaction } from "./L1Client.ts";
import { L1Error } from "./L1Error.ts";
import type { BatchAppended, InboxEvent, InboxSource, InboxSummary, L1Receipt, MessageEnqueued } from "./L1Source.ts";

/** The RollupInbox, typed. */
export class InboxClient extends ContractClient implements InboxSource {
  readonly contract: RollupInbox;
  readonly #topics: readonly string[];

  constructor(client: L1Client, address: Hex) {
    super(client, address);
    this.contract = inboxAt(address, client.runner);
    const { interface: abi } = this.contract;
    this.#topics = [abi.getEvent("MessageEnqueued").topicHash, abi.getEvent("BatchAppended").topicHash];
  }

  async inboxEvents(from: number, to: number): Promise<readonly InboxEvent[]> {
    const logs = await this.client.logs(this.contractAddress, this.#topics, from, to);
    return logs.map((log) => this.#decode(log));
  }

  async batchPayload(event: BatchAppended): Promise<Uint8Array> {
    return payloadOfCall((await this.#appending("appendBatch", event)).data);
  }

  async batchBlobHashes(event: BatchAppended): Promise<readonly Uint8Array[]> {
    const { blobHashes } = await this.#appending("appendBlobBatch", event);
    return blobHashes.map((hash) => fromHex(hash.toLowerCase(), 32));
  }

  /** The transaction that appended a batch, which is a call of `method` in the block of the log. */
  async #appending(method: "appendBatch" | "appendBlobBatch", event: BatchAppended): Promise<MinedTransaction> {
    const transaction = await this.client.transaction(event.transactionHash);
    const { to, data, blockHash } = transaction;
    const fields = { batch: event.index, transactionHash: event.transactionHash };
    if (to?.toLowerCase() !== this.contractAddress.toLowerCase() || blockHash !== event.blockHash) {
      throw new L1Error("INCONSISTENT", "a batch's transaction does not call the inbox in the block of its log", {
        fields: { ...fields, to, blockHash },
      });
    }
    if (!isCallOf(this.contract.interface.getFunction(method).selector, data)) {
      throw new L1Error("INCONSISTENT", `a batch's transaction is not a call of ${method}`, { fields });
    }
    return transaction;
  }

  async inboxSummary(blockNumber: number): Promise<InboxSummary> {
    const at = { blockTag: blockNumber };
    return this.client.read("read the inbox", async () => {
      const [batchCount, messageCount, batchesRoot, messagesRoot] = await Promise.all([
        this.contract.batchCount(at),
        this.contract.messageCount(at),
        this.contract.batchesRoot(at),
        this.contract.messagesRoot(at),
      ]);
      return { batchCount, messageCount, batchesRoot: fromHex(batchesRoot), messagesRoot: fromHex(messagesRoot) };
    });
  }

  /** Seconds after which a message may be forced in. */
  async forceDelay(): Promise<bigint> {
    return (await this.client.read("read the inbox's parameters", () => this.contract.parameters())).forceDelay;
  }

  /** Appends a message. */
  enqueue(kind: number, payload: Uint8Array): Promise<L1Receipt> {
    return this.client.send("enqueue a message", this.contract.enqueue.populateTransaction(kind, payload));
  }

  /** Appends a batch. Only the sequencer. */
  appendBatch(index: bigint, messagesRead: bigint, l2Time: bigint, payload: Uint8Array): Promise<L1Receipt> {
    return this.client.send(
      "append a batch",
      this.contract.appendBatch.populateTransaction(index, messagesRead, l2Time, payload),
    );
  }

  /**
   * Forces all messages up to `message` into a batch.
   *
   * @param messagesRead Its index + 1.
   * @param path Its siblings in the sequence tree over all messages; what the contract does not need is cut off.
   * @param messageCount Number of messages at which `path` was made.
   */
  forceInclude(
    messagesRead: bigint,
    message: Message,
    path: readonly Uint8Array[],
    messageCount: bigint,
  ): Promise<L1Receipt> {
    const evidence = {
      kind: message.kind,
      sender: toHex(message.sender),
      l1Block: message.l1Block,
      l1Time: message.l1Time,
      payloadHash: keccak256(message.payload),
    };
    const siblings = path.slice(0, frontierPathLength(messagesRead - 1n, messageCount));
    return this.client.send(
      "force a message in",
      this.contract.forceInclude.populateTransaction(messagesRead, evidence, siblings),
    );
  }

  #decode(log: Log): InboxEvent {
    const event = decodeLog(this.contract.interface, log);
    const place = placeOf(log);
    const { args } = event;
    if (event.name === "MessageEnqueued") {
      return {
        ...place,
        type: "message",
        index: args.getValue("index") as bigint,
        kind: Number(args.getValue("kind")),
        sender: fromHex(args.getValue("sender") as string),
        payload: fromHex(args.getValue("payload") as string),
      } satisfies MessageEnqueued;
    }
    return {
      ...place,
      type: "batch",
      index: args.getValue("index") as bigint,
      dataKind: Number(args.getValue("dataKind")),
      commitment: fromHex(args.getValue("commitment") as string),
      length: Number(args.getValue("payloadLength")),
      messagesRead: args.getValue("messagesRead") as bigint,
      l2Time: args.getValue("l2Time") as bigint,
    };
  }
}

/** Siblings that `forceInclude` takes: from the leaf up to level ⌊log2(index xor count)⌋. */
export function frontierPathLength(index: bigint, messageCount: bigint): number {
  return (index ^ messageCount).toString(2).length - 1;
}
