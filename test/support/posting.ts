import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { BatchPoster, type BatchSource, type PostOutcome } from "../../src/roles/BatchPoster.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import { CONFIG, GENESIS, replayRoot, type Harness } from "./sequencer.ts";

/** A poster of what the sequencer, or another source, has sealed. */
export function poster(h: Harness, source: BatchSource = h.sequencer): BatchPoster {
  return new BatchPoster(CONFIG, h.l1, source, h.l1, SILENT, GENESIS, h.l1.log);
}

/** Posts until nothing is left, with L1 as the given poster sees it. */
export async function postAll(h: Harness, by = poster(h)): Promise<PostOutcome["kind"][]> {
  const kinds: PostOutcome["kind"][] = [];
  for (let i = 0; i < 200; i++) {
    const { kind } = await by.post(h.l1.log);
    kinds.push(kind);
    if (kind === "idle") return kinds;
  }
  throw new Error("poster did not come to rest");
}

/** Seals what is open, posts everything, and compares with a fresh machine over L1. */
export async function expectParity(h: Harness): Promise<void> {
  h.clock.time += 40n;
  h.sequencer.tick();
  h.sequencer.seal();
  await postAll(h);
  expect(toHex(replayRoot(h.l1.log))).to.equal(toHex(h.sequencer.stateRoot));
}
