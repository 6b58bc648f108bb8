/** Counts how often each reason occurs. */
export class Tally {
  readonly #counts = new Map<string, number>();

  /** Counts one more. */
  add(reason: string): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
  }

  /** All together. */
  get sum(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** By reason, the commonest first. */
  get sorted(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#counts].sort(([, a], [, b]) => b - a));
  }
}
