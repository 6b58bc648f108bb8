import { commitToBlobs, openRange, toBlobs, type CommittedBlobs } from "./BlobPayload.ts";
import { chunkLevels, chunkRangePath, type ChunkLevels } from "./ChunkTree.ts";
import { CHUNK } from "./Constants.ts";
import { batchLeaf, DATA_BLOBS, messageLeaf, type Batch, type BatchRecord, type Message } from "./Inputs.ts";
import { SequenceTree } from "./SequenceTree.ts";
import type { InputSource, StepInput } from "./Step.ts";

/** What the prover checks inputs against: docs/specification.md, section 5. */
export interface StepContext {
  readonly target: bigint;
  readonly batchCount: bigint;
  readonly batchesRoot: Uint8Array;
  readonly messageCount: bigint;
  readonly messagesRoot: Uint8Array;
}

/** The proof of the inputs that one step reads. What the step does not read is empty. */
export interface InputEvidence {
  readonly record: BatchRecord;
  readonly recordPath: readonly Uint8Array[];
  readonly message: Message;
  readonly messagePath: readonly Uint8Array[];
  /** The chunks that hold the item; of a batch in blobs the field elements, 32 bytes each. */
  readonly chunks: Uint8Array;
  readonly chunkPath: readonly Uint8Array[];
  /** What proves the field elements: see `ElementRange`. */
  readonly blobProof: Uint8Array;
}

type PayloadEvidence = Pick<InputEvidence, "chunks" | "chunkPath" | "blobProof">;

const NO_BYTES = new Uint8Array(0);
const NO_PAYLOAD: PayloadEvidence = { chunks: NO_BYTES, chunkPath: [], blobProof: NO_BYTES };

const EMPTY_RECORD: BatchRecord = {
  dataKind: 0,
  commitment: new Uint8Array(32),
  length: 0,
  messagesRead: 0n,
  l1Time: 0n,
  l2Time: 0n,
};

const EMPTY_MESSAGE: Message = {
  kind: 0,
  sender: new Uint8Array(20),
  l1Block: 0n,
  l1Time: 0n,
  payload: NO_BYTES,
};

/** The two sequences of L1 as far as they are known, with their trees: a machine's inputs and the proofs of them. */
export class InputLog implements InputSource {
  readonly #batches: Batch[] = [];
  readonly #messages: Message[] = [];
  readonly #batchTree = new SequenceTree();
  readonly #messageTree = new SequenceTree();
  readonly #chunkLevels = new WeakMap<Batch, ChunkLevels>();
  /** Of the batch in blobs that was asked for last: with it the blobs of one batch are held twice, and not of all. */
  #committed: { readonly batch: Batch; readonly blobs: CommittedBlobs } | undefined;

  get batchCount(): bigint {
    return BigInt(this.#batches.length);
  }

  get messageCount(): bigint {
    return BigInt(this.#messages.length);
  }

  appendBatch(batch: Batch): void {
    this.#batches.push(batch);
    this.#batchTree.append(batchLeaf(batch.record));
  }

  appendMessage(message: Message): void {
    this.#messages.push(message);
    this.#messageTree.append(messageLeaf(message));
  }

  /** Drops all batches and messages from these counts on, as after a reorg of L1. */
  truncate(batchCount: bigint, messageCount: bigint): void {
    this.#batches.length = Number(batchCount);
    this.#messages.length = Number(messageCount);
    this.#batchTree.truncate(Number(batchCount));
    this.#messageTree.truncate(Number(messageCount));
  }

  batch(index: bigint): Batch {
    return this.#batches[Number(index)]!;
  }

  message(index: bigint): Message {
    return this.#messages[Number(index)]!;
  }

  /** The siblings of message `index` in the tree over the first `count` messages. */
  messagePath(index: bigint, count = this.messageCount): Uint8Array[] {
    return this.#messageTree.path(Number(index), Number(count));
  }

  /** What steps of a range of `target` batches are proven against, at given counts of inputs. */
  context(target: bigint, batchCount = this.batchCount, messageCount = this.messageCount): StepContext {
    return {
      target,
      batchCount,
      batchesRoot: this.#batchTree.root(Number(batchCount)),
      messageCount,
      messagesRoot: this.#messageTree.root(Number(messageCount)),
    };
  }

  /** The proof of what a step read, against `context`. From blobs it takes a tenth of a second for each 31 bytes. */
  evidence(input: StepInput, context: StepContext): InputEvidence {
    const batch = input.batch === undefined ? undefined : this.batch(input.batch);
    return {
      record: batch?.record ?? EMPTY_RECORD,
      recordPath:
        input.batch === undefined ? [] : this.#batchTree.path(Number(input.batch), Number(context.batchCount)),
      message: input.message === undefined ? EMPTY_MESSAGE : this.message(input.message),
      messagePath: input.message === undefined ? [] : this.messagePath(input.message, context.messageCount),
      ...(batch === undefined || input.chunks === undefined ? NO_PAYLOAD : this.#payloadOf(batch, input.chunks)),
    };
  }

  #payloadOf(batch: Batch, { low, high }: NonNullable<StepInput["chunks"]>): PayloadEvidence {
    if (batch.record.dataKind === DATA_BLOBS) {
      const { elements, proof } = openRange(this.#blobsOf(batch), low, high);
      return { ...NO_PAYLOAD, chunks: elements, blobProof: proof };
    }
    const chunks = batch.payload.slice(low * CHUNK, (high + 1) * CHUNK);
    return { ...NO_PAYLOAD, chunks, chunkPath: chunkRangePath(this.#levelsOf(batch), low, high) };
  }

  #blobsOf(batch: Batch): CommittedBlobs {
    if (this.#committed?.batch !== batch) {
      const usual = toBlobs(batch.payload);
      this.#committed = { batch, blobs: commitToBlobs(usual.map((blob, i) => batch.blobs?.[i] ?? blob)) };
    }
    return this.#committed.blobs;
  }

  /** The payload's chunk tree, hashed once for all the steps of a batch. */
  #levelsOf(batch: Batch): ChunkLevels {
    let levels = this.#chunkLevels.get(batch);
    if (levels === undefined) this.#chunkLevels.set(batch, (levels = chunkLevels(batch.payload)));
    return levels;
  }
}
