/** Time without a new block after which L1 or the endpoint must have stopped. */
const STALLED_MILLISECONDS = 180_000;

/**
 * Tells a stalled endpoint from a quiet one. It goes by this process's own clock, by which nothing else is decided.
 */
export class BlockWatch {
  readonly #uptime: () => number;
  #newest: { block: number | undefined; since: number };

  /** @param uptime Milliseconds of this process's clock. */
  constructor(uptime: () => number) {
    this.#uptime = uptime;
    this.#newest = { block: undefined, since: uptime() };
  }

  /** Takes notice of the newest block that is known. @returns In words for how long there was none, if that is too long. */
  see(block: number | undefined): string | undefined {
    if (block !== this.#newest.block) this.#newest = { block, since: this.#uptime() };
    return this.overdue();
  }

  /** The same, for whoever asks while nobody takes notice. */
  overdue(): string | undefined {
    const silence = this.#uptime() - this.#newest.since;
    return silence >= STALLED_MILLISECONDS
      ? `no new block was seen for ${Math.floor(silence / 1000)} seconds`
      : undefined;
  }
}
