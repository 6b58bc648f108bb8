import { concat } from "../../../src/crypto/bytes.ts";
import { FIELD_ELEMENT } from "../../../src/crypto/kzg.ts";
import { BYTES_PER_ELEMENT, toBlobs } from "../../../src/machine/BlobPayload.ts";
import { DATA_CALLDATA, DATA_FORCED } from "../../../src/machine/Inputs.ts";
import { TX_SETTLE, type Transaction } from "../../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { batchOf, blobBatchOf } from "../batch.ts";
import type { Recipe } from "./Recipe.ts";
import { RECIPES } from "./recipes.ts";
import { Traffic } from "./Traffic.ts";

/** Share of the recipes that are dealt from the deck. */
const DECK_SHARE = 0.5;

/**
 * Random inputs that know the state: most of them valid, the others wrong in one way each. Every call appends one batch,
 * with the messages that it reads, to the log; the caller then runs the machine to the new target.
 */
export class RandomTraffic extends Traffic {
  /** Whether payloads go into blobs, whose unused bytes are random. */
  inBlobs = false;
  /** What comes before the random items of the next batch. */
  prefix: Uint8Array = new Uint8Array(0);
  /** Recipes that have not come up yet. */
  #deck: Recipe[] = [];

  /** Appends a batch of `size` random recipes. */
  appendBatch(size: number): void {
    const { random } = this;
    this.advance();
    const items: (Transaction | Uint8Array)[] = [];
    let garbage: Uint8Array | undefined;
    for (let i = 0; i < size; i++) {
      const produce = this.#recipe()(this);
      items.push(...(produce?.items ?? []));
      for (const message of produce?.messages ?? []) this.log.appendMessage(message);
    }
    if (random.bool(0.05))
      garbage = Uint8Array.of(0, ...Array.from({ length: random.uint(40) }, () => random.uint(256)));
    if (random.bool(0.03)) garbage = Uint8Array.of(0x80 | random.uint(128));
    // Small items could run into the limit of items for each batch; a tail that is no item makes room for them.
    const body = items.map((item) =>
      encodeItem(item instanceof Uint8Array ? item : encodeTransaction(item, this.batchTime)),
    );
    const size0 = body.reduce((sum, item) => sum + item.length, 0);
    const steps = items.reduce((sum, item) => sum + (isSettle(item) ? item.accounts.length : 1), 0);
    const room = random.bool(0.9) ? Math.max(0, steps * 64 - size0) : 0;
    const payload = concat(...body, garbage ?? new Uint8Array(room));
    this.#append(concat(this.prefix, payload));
    this.prefix = new Uint8Array(0);
  }

  #append(payload: Uint8Array): void {
    const { messageCount: messagesRead } = this.log;
    const read = { messagesRead, l1Time: this.l1Time, l2Time: this.batchTime };
    if (this.inBlobs && payload.length > 0) {
      this.log.appendBatch(blobBatchOf(payload, read, this.#blobsOf(payload)));
    } else {
      this.log.appendBatch(batchOf(payload, read, payload.length === 0 ? DATA_FORCED : DATA_CALLDATA));
    }
  }

  /** The payload's blobs with something in the bytes that have no meaning: the highest one of each element, and the unused end. */
  #blobsOf(payload: Uint8Array): Uint8Array[] {
    const used = payload.length + Math.floor(payload.length / BYTES_PER_ELEMENT) + 1;
    return toBlobs(payload).map((blob, i) => {
      for (let at = 0; at < blob.length; at++) {
        if (at % FIELD_ELEMENT === 0) blob[at] = this.random.uint(0x73);
        else if (i * blob.length + at > used + FIELD_ELEMENT) blob[at] = this.random.uint(256);
      }
      return blob;
    });
  }

  /** Every recipe comes up once before any comes up twice; in between, the heavier ones more often. */
  #recipe(): Recipe["make"] {
    if (this.random.bool(DECK_SHARE)) {
      if (this.#deck.length === 0) this.#deck = [...RECIPES];
      return this.#deck.splice(this.random.uint(this.#deck.length), 1)[0]!.make;
    }
    const total = RECIPES.reduce((sum, { weight }) => sum + weight, 0);
    let ticket = this.random.uint(total);
    for (const { weight, make } of RECIPES) {
      if (ticket < weight) return make;
      ticket -= weight;
    }
    return RECIPES[0]!.make;
  }
}

function isSettle(item: Transaction | Uint8Array): item is Extract<Transaction, { type: typeof TX_SETTLE }> {
  return !(item instanceof Uint8Array) && item.type === TX_SETTLE;
}
