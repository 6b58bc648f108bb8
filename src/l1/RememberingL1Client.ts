import type { Log } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { L1Client } from "./L1Client.ts";
import type { L1Block } from "./L1Source.ts";

/** Blocks that L1 may replace before anybody is surprised. */
const UNSETTLED = 64;

/** The logs of one question up to a settled block. */
interface Remembered {
  readonly to: number;
  readonly logs: readonly Log[];
}

/**
 * A client for whoever asks the same again and again, each time up to a newer block: what is behind 64 blocks is asked for once.
 *
 * Every question begins with {@link head}, which compares the last settled block with the endpoint's; if that was replaced, all is
 * forgotten. Questions are told apart by where they begin, so those that begin elsewhere each time belong on another client.
 */
export class RememberingL1Client extends L1Client {
  #head: Hex | undefined;
  /** All that is remembered is of this block or older. */
  #settled: L1Block | undefined;
  readonly #logs = new Map<string, Remembered>();
  readonly #blocks = new Map<number, L1Block>();

  override async head(): Promise<L1Block> {
    const head = await super.head();
    if (head.hash !== this.#head) await this.#settle(head.number - UNSETTLED);
    this.#head = head.hash;
    return head;
  }

  override async block(number: number): Promise<L1Block | undefined> {
    const known = this.#blocks.get(number);
    if (known !== undefined) return known;
    const block = await super.block(number);
    if (block !== undefined && this.#isSettled(number)) this.#blocks.set(number, block);
    return block;
  }

  override async logs(address: Hex, topics: readonly string[], from: number, to: number): Promise<readonly Log[]> {
    const question = [address, from, ...topics].join();
    const known = this.#logs.get(question);
    if (known !== undefined && to <= known.to) return known.logs.filter(({ blockNumber }) => blockNumber <= to);
    const newer = await super.logs(address, topics, known === undefined ? from : known.to + 1, to);
    const all = [...(known?.logs ?? []), ...newer];
    const last = Math.min(to, this.#settled?.number ?? -1);
    if (last >= from) {
      this.#logs.set(question, { to: last, logs: all.filter(({ blockNumber }) => blockNumber <= last) });
    }
    return all;
  }

  async #settle(number: number): Promise<void> {
    const before = this.#settled;
    if (before !== undefined && (await super.block(before.number))?.hash !== before.hash) {
      this.#settled = undefined;
      this.#logs.clear();
      this.#blocks.clear();
    }
    if (number > (this.#settled?.number ?? -1)) this.#settled = await super.block(number);
  }

  #isSettled(number: number): boolean {
    return this.#settled !== undefined && number <= this.#settled.number;
  }
}
