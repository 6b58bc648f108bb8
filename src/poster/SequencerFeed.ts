import { toHex } from "../crypto/bytes.ts";
import { rootHash } from "../machine/StateTree.ts";
import type { SealedBatch } from "../sequencer/BatchBuilder.ts";
import type { L1View } from "../sequencer/DerivedState.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import type { BatchFeed, FeedAnswer, FeedBatch, PosterStatus } from "./BatchFeed.ts";

/** A sequencer in this process as a {@link BatchFeed}. */
export class SequencerFeed implements BatchFeed {
  readonly #sequencer: () => Sequencer;
  readonly #follow: () => Promise<L1View>;
  readonly #shown = new WeakMap<SealedBatch, FeedBatch>();

  /**
   * @param sequencer The one that runs; after a restart another one.
   * @param follow Derives what is new on L1 and returns all of it: the sequencer believes no poster.
   */
  constructor(sequencer: () => Sequencer, follow: () => Promise<L1View>) {
    this.#sequencer = sequencer;
    this.#follow = follow;
  }

  async next({ batchCount, finalizedBatches, l1Time }: PosterStatus): Promise<FeedAnswer> {
    const l1 = await this.#follow();
    const sequencer = this.#sequencer();
    sequencer.sync(l1, finalizedBatches > l1.batchCount ? undefined : finalizedBatches);
    const resealed = sequencer.resealStale(l1Time);
    const sealed = sequencer.sealedBatch(batchCount);
    const batch = sealed === undefined ? undefined : this.#show(sealed);
    return { batchCount: sequencer.batchCount, batch, resealed, backlog: sequencer.waiting };
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
