import { toHex } from "../crypto/bytes.ts";
import { rootHash } from "../machine/StateTree.ts";
import type { SealedBatch } from "../sequencer/BatchBuilder.ts";
import type { L1View } from "../sequencer/DerivedState.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import type { BatchFeed, FeedAnswer, FeedBatch, PosterStatus } from "./BatchFeed.ts";

/** L1 as the sequencer sees it. */
export interface SequencerView {
  readonly log: L1View;
  /** Time of the newest block, seconds. */
  readonly time: bigint;
  /** Batches that L1 can't take back. */
  readonly finalizedBatches: bigint;
}

/** Age at which L1 takes nothing back unless it is asked to decide otherwise: three epochs, where two are the rule. Seconds. */
const FINALITY = 1_152n;

/** L1 as a node of the sequencer's own has derived it, its newest block being of `time`. */
export function sequencerView(log: L1View, time: bigint, finality = FINALITY): SequencerView {
  let finalizedBatches = log.batchCount;
  while (finalizedBatches > 0n && log.batch(finalizedBatches - 1n).record.l1Time > time - finality) finalizedBatches--;
  return { log, time, finalizedBatches };
}

/** A sequencer in this process as a {@link BatchFeed}. */
export class SequencerFeed implements BatchFeed {
  readonly #sequencer: () => Sequencer;
  readonly #follow: () => Promise<SequencerView>;
  readonly #shown = new WeakMap<SealedBatch, FeedBatch>();

  /**
   * @param sequencer The one that runs; after a restart another one.
   * @param follow Derives what is new on L1, with an endpoint of the sequencer's own, and returns all of it.
   */
  constructor(sequencer: () => Sequencer, follow: () => Promise<SequencerView>) {
    this.#sequencer = sequencer;
    this.#follow = follow;
  }

  async next({ batchCount }: PosterStatus): Promise<FeedAnswer> {
    const { log, time, finalizedBatches } = await this.#follow();
    const sequencer = this.#sequencer();
    sequencer.sync(log, finalizedBatches);
    const resealed = sequencer.resealStale(time);
    const sealed = sequencer.sealedBatch(batchCount);
    const batch = sealed === undefined ? undefined : this.#show(sealed);
    return { batchCount: sequencer.batchCount, l1Time: time, batch, resealed, backlog: sequencer.waiting };
  }

  /** The same object for the same batch, so that it is not checked twice. */
  #show(sealed: SealedBatch): FeedBatch {
    const known = this.#shown.get(sealed);
    if (known !== undefined) return known;
    const { index, messagesRead, l2Time, payload, before, after } = sealed;
    const [from, to] = [toHex(rootHash(before.root)), toHex(rootHash(after.root))];
    const batch = { index, messagesRead, l2Time, payload, before: from, after: to };
    this.#shown.set(sealed, batch);
    return batch;
  }
}
