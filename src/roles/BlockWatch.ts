/** Time without a new block after which L1 or the endpoint must have stopped. */
const STALLED_MILLISECONDS = 180_000;

/**
 * Tells a stalled endpoint from a quiet one. It goes by this process's own clock, by which nothing else is decided.
 */
export class BlockWatch {
  readonly #uptime: () => number;
  #newest: { block: number | undefined; work: number; since: number };

  /** @param uptime Milliseconds of this process's clock. */
  constructor(uptime: () => number) {
    this.#uptime = uptime;
    this.#newest = { block: undefined, work: 0, since: uptime() };
  }

  /**
   * Takes notice of the newest block that is known.
   *
   * @param work How much was ever read and executed: what a node that is far behind has to show for its time while no block is complete. Less
   * than before is no news, so that reading the same again and again is none.
   * @returns In words for how long there was nothing new, if that is too long.
   */
  see(block: number | undefined, work = 0): string | undefined {
    const newest = this.#newest;
    if (block !== newest.block || work > newest.work) {
      this.#newest = { block, work: Math.max(work, newest.work), since: this.#uptime() };
    }
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
