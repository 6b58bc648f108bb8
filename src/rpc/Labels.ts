/** Least number of labels at which those of forgotten orders are looked for. */
const LEAST = 1_024;

/** What traders call their orders. Labels are not signed and not in the journal: they last as long as the process. */
export class Labels {
  readonly #labels = new Map<number, string>();
  readonly #isKnown: (order: number) => boolean;
  #limit = LEAST;

  /** @param isKnown Whether the exchange still knows an order. */
  constructor(isKnown: (order: number) => boolean) {
    this.#isKnown = isKnown;
  }

  /** The label of an order; empty if it has none. */
  of(order: number): string {
    return this.#labels.get(order) ?? "";
  }

  /** Gives an order its label. */
  set(order: number, label: string): void {
    if (label === "") return;
    this.#labels.set(order, label);
    if (this.#labels.size < this.#limit) return;
    for (const id of [...this.#labels.keys()]) if (!this.#isKnown(id)) this.#labels.delete(id);
    // INVARIANT: a search costs no more than what was added since the last one.
    this.#limit = Math.max(LEAST, 2 * this.#labels.size);
  }
}
