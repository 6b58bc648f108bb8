import { toHex, type Hex } from "../../src/crypto/bytes.ts";
import type { ForcedMessage } from "../../src/roles/ForcedMessages.ts";

/** Says what happens: in words, or as lines of JSON. */
export class ForceReport {
  readonly #json: boolean;
  readonly #now: () => bigint;
  /** What was said of each message last, so that nothing is said twice. */
  readonly #said = new Map<bigint, string>();

  /** @param now Time of the L1 block that was read last, seconds. */
  constructor(json: boolean, now: () => bigint) {
    this.#json = json;
    this.#now = now;
  }

  /** What the script is about to do. */
  plan(what: string, account: Hex, payload: Uint8Array, delay: bigint): void {
    this.#say({ event: "plan", what, account, payload: toHex(payload), forceDelay: Number(delay) }, [
      `Enqueues: ${what}.`,
      `It has the authority of ${account}. What it comes to is decided by the state in which it is executed.`,
      `The sequencer may read it at once; after ${duration(delay)} anybody can force it in.`,
    ]);
  }

  enqueued({ index, transactionHash, earliest }: ForcedMessage): void {
    this.#say({ event: "enqueued", index: Number(index), transactionHash, earliest: Number(earliest) }, [
      `Message ${index} in transaction ${transactionHash}; may be forced in from ${instant(earliest)} on.`,
    ]);
  }

  /** Where a message stands, if that is news: of a countdown every minute is. */
  state(message: ForcedMessage, own: ReadonlySet<Hex>): void {
    const { index, earliest, state } = message;
    const common = { event: state.kind, index: Number(index), earliest: Number(earliest) };
    switch (state.kind) {
      case "waiting": {
        const minutes = this.#json ? "" : String(state.seconds / 60n);
        const words = `Message ${index} waits; it can be forced in after another ${duration(state.seconds)}.`;
        this.#news(index, `waiting ${minutes}`, { ...common, secondsLeft: Number(state.seconds) }, words);
        return;
      }
      case "due":
        this.#news(index, "due", common, `Message ${index} can be forced in.`);
        return;
      case "read": {
        const words = `Message ${index} was read by the sequencer in batch ${state.batch}.`;
        this.#news(index, "read", { ...common, batch: Number(state.batch) }, words);
        return;
      }
      case "forced": {
        const { batch, transactionHash } = state;
        const isOwn = own.has(transactionHash);
        const words = `Message ${index} was forced into batch ${batch} by ${isOwn ? "this" : "another"} process: ${transactionHash}.`;
        this.#news(index, "forced", { ...common, batch: Number(batch), transactionHash, isOwn }, words);
      }
    }
  }

  /** A failure that the next look at L1 may not meet. */
  trouble(what: string, fields: Readonly<Record<string, unknown>>): void {
    this.#say({ event: "trouble", what, ...fields }, [`${what}; looking again.`]);
  }

  nothing(account: Hex): void {
    this.#say({ event: "nothing", account }, [`No forced transaction of ${account} waits.`]);
  }

  #news(index: bigint, key: string, event: Readonly<Record<string, unknown>>, words: string): void {
    if (this.#said.get(index) === key) return;
    this.#said.set(index, key);
    this.#say(event, [words]);
  }

  #say(event: Readonly<Record<string, unknown>>, words: readonly string[]): void {
    const text = this.#json ? [JSON.stringify({ ...event, l1Time: Number(this.#now()) })] : words;
    for (const line of text) console.log(line);
  }
}

function instant(seconds: bigint): string {
  return new Date(Number(seconds) * 1000).toISOString();
}

function duration(seconds: bigint): string {
  const [hours, minutes] = [seconds / 3600n, (seconds / 60n) % 60n];
  if (hours > 0n) return `${hours} h ${minutes} min`;
  return minutes > 0n ? `${minutes} min ${seconds % 60n} s` : `${seconds} s`;
}
