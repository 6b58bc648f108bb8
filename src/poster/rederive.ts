import { toHex } from "../crypto/bytes.ts";
import { chunkCommitment, chunkLevels } from "../machine/ChunkTree.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { DATA_CALLDATA, type Batch, type Message } from "../machine/Inputs.ts";
import { ResultCode } from "../machine/ResultCodes.ts";
import { rootHash } from "../machine/StateTree.ts";
import { decodeTransaction, TX_FILL } from "../machine/Wire.ts";
import { runBatch, type Checkpoint, type L1View } from "../sequencer/DerivedState.ts";
import type { FeedBatch } from "./BatchFeed.ts";
import { PosterError } from "./PosterError.ts";

/** What the inbox allows an L2 time to lie behind and ahead of the block's, seconds. */
export interface TimeBounds {
  readonly maxPast: bigint;
  readonly maxFuture: bigint;
}

/** A batch that was executed from its bytes alone. */
export interface CheckedBatch {
  readonly batch: FeedBatch;
  /** Top of the payload's chunk tree: what L1 records of it as calldata, and by which the journal knows it. */
  readonly commitment: Uint8Array;
  /** Fills that the machine carries out. */
  readonly fills: number;
}

/**
 * Executes the batch on the state of L1 as every node will, at the earliest and the latest L1 time that the inbox allows.
 *
 * @param from The state behind the last batch of L1.
 * @param log Must have all messages that the batch reads.
 * @throws {@link PosterError} `DERIVATION_MISMATCH` unless both lead to the sequencer's state, and if the batch reads fewer messages
 * than the one before it.
 */
export function rederive(
  config: MachineConfig,
  { maxPast, maxFuture }: TimeBounds,
  batch: FeedBatch,
  from: Checkpoint,
  log: L1View,
): CheckedBatch {
  const { index, messagesRead, l2Time, payload, after: expected } = batch;
  const read = from.cursor.message;
  // INVARIANT: the number of messages read never falls; the inbox would refuse the batch.
  if (messagesRead < read) {
    throw new PosterError("DERIVATION_MISMATCH", "the batch reads fewer messages than the one before it", {
      fields: { index, messagesRead, read },
    });
  }
  const commitment = chunkCommitment(chunkLevels(payload));
  let fills = 0;
  for (const l1Time of [l2Time - maxFuture, l2Time + maxPast]) {
    const record = { dataKind: DATA_CALLDATA, commitment, length: payload.length, messagesRead, l1Time, l2Time };
    const source = { batch: (): Batch => ({ record, payload }), message: (i: bigint): Message => log.message(i) };
    fills = 0;
    const after = runBatch(config, source, from, ({ bytes, timeBase, code }) => {
      if (code === ResultCode.OK && decodeTransaction(bytes, timeBase, false)?.type === TX_FILL) fills++;
    });
    const actual = toHex(rootHash(after.root));
    if (actual !== expected) {
      throw new PosterError("DERIVATION_MISMATCH", "the batch does not lead to the sequencer's state", {
        fields: { index, l1Time, actual, expected },
      });
    }
  }
  return { batch, commitment, fills };
}
