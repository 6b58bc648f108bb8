import { InputLog } from "../machine/InputLog.ts";
import type { Follower } from "./Follower.ts";

/**
 * The inputs for somebody who works while they are being read: they change only when {@link sync} ends, all at once. A follower's
 * own log is cut and read anew over many turns of the event loop if L1 is reorganised.
 */
export class FollowedL1 {
  readonly log = new InputLog();
  readonly #follower: Follower;
  /** What is left of the log after reorganisations that it has not been told of. */
  #common: { readonly batch: bigint; readonly message: bigint } | undefined;

  constructor(follower: Follower) {
    this.#follower = follower;
    follower.onReorg(({ batch, message }) => {
      const known = this.#common;
      this.#common = {
        batch: known === undefined || batch < known.batch ? batch : known.batch,
        message: known === undefined || message < known.message ? message : known.message,
      };
    });
  }

  /** Follows L1. A failure leaves the log as it was. @throws What {@link Follower.sync} does. */
  async sync(): Promise<InputLog> {
    await this.#follower.sync();
    this.#copy();
    return this.log;
  }

  #copy(): void {
    const { log } = this;
    const source = this.#follower.log;
    if (this.#common !== undefined) {
      const { batch, message } = this.#common;
      this.#common = undefined;
      if (batch < log.batchCount || message < log.messageCount)
        log.truncate(least(batch, log.batchCount), least(message, log.messageCount));
    }
    for (let index = log.messageCount; index < source.messageCount; index++) log.appendMessage(source.message(index));
    for (let index = log.batchCount; index < source.batchCount; index++) log.appendBatch(source.batch(index));
  }
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
