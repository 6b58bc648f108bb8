import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import type { BatchFeed } from "../../src/poster/BatchFeed.ts";
import { BatchPoster } from "../../src/poster/BatchPoster.ts";
import type { PostOutcome } from "../../src/poster/PostOutcome.ts";
import type { PosterView, ViewUpdate } from "../../src/poster/PosterL1.ts";
import { PosterHealth } from "../../src/poster/PosterHealth.ts";
import { PosterJournal } from "../../src/poster/PosterJournal.ts";
import { DEFAULT_POSTER_SETTINGS, type PosterSettings } from "../../src/poster/PosterSettings.ts";
import { SequencerFeed, sequencerView } from "../../src/poster/SequencerFeed.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { DerivedState, type Checkpoint, type L1View } from "../../src/sequencer/DerivedState.ts";
import { CONFIG, GENESIS, replayRoot, type FakeL1, type Harness } from "./sequencer.ts";

/** What a node derives from a {@link FakeL1}. */
export class FakeView implements PosterView {
  readonly #l1: FakeL1;
  readonly #derived: DerivedState;

  /** @param start A state that L1 takes back no more, as a node finds it in its checkpoints. */
  constructor(l1: FakeL1, start: Checkpoint = GENESIS) {
    this.#l1 = l1;
    this.#derived = new DerivedState(CONFIG, start, l1.log);
  }

  /** The last state that is final, when all before batch `batches` is. */
  finalAt(batches: bigint): Checkpoint {
    this.#derived.finalize(batches);
    return this.#derived.final;
  }

  get log(): L1View {
    return this.#l1.log;
  }

  get snapshot(): Checkpoint {
    return this.#derived.current;
  }

  async sync(): Promise<ViewUpdate> {
    const { log, head } = this.#l1;
    const isReorg = this.#derived.rollback(log);
    const { batch } = this.#derived.current.cursor;
    while (this.#derived.current.cursor.batch < log.batchCount) this.#derived.run(log);
    return { head, behind: false, reorg: isReorg ? { batch } : undefined };
  }
}

/** The sequencer's own feed. */
export function feedOf(h: Harness): SequencerFeed {
  return new SequencerFeed(
    () => h.sequencer,
    async () => sequencerView(h.l1.log, h.l1.head.timestamp),
  );
}

/** A poster of what the sequencer, or another source, has sealed. */
export function poster(
  h: Harness,
  feed: BatchFeed = feedOf(h),
  settings: Partial<PosterSettings> = {},
  view: PosterView = new FakeView(h.l1),
): BatchPoster {
  return new BatchPoster({
    config: CONFIG,
    // These tests start posters anew without a journal, as after its loss.
    settings: { ...DEFAULT_POSTER_SETTINGS, kinds: "calldata", ...settings },
    feed,
    l1: h.l1,
    view,
    journal: PosterJournal.open(":memory:", "fake", SILENT),
    health: new PosterHealth(SILENT),
  });
}

/** Posts until nothing is left. */
export async function postAll(h: Harness, by = poster(h)): Promise<PostOutcome["kind"][]> {
  const kinds: PostOutcome["kind"][] = [];
  for (let i = 0; i < 400; i++) {
    const { kind } = await by.post();
    kinds.push(kind);
    if (kind === "idle") return kinds;
  }
  throw new Error(`poster did not come to rest: ${kinds.slice(-8).join(", ")}`);
}

/** Seals what is open, posts everything, and compares with a fresh machine over L1. */
export async function expectParity(h: Harness): Promise<void> {
  h.clock.time += 40n;
  h.sequencer.tick();
  // What is built anew on the way may let orders meet that could not before: their fill waits in the open batch.
  for (let i = 0; i === 0 || (i < 4 && h.sequencer.exchange.open?.items.length !== 0); i++) {
    h.sequencer.seal();
    await postAll(h);
  }
  expect(h.sequencer.exchange.open?.items.length ?? 0, "items that no batch has").to.equal(0);
  expect(toHex(replayRoot(h.l1.log))).to.equal(toHex(h.sequencer.stateRoot));
}
