import { toHex, type Hex } from "../crypto/bytes.ts";
import type { Testimony } from "../game/plan.ts";
import { TenorError } from "../errors.ts";
import type { JudgedAssertion } from "./AssertionView.ts";
import type { Follower } from "./Follower.ts";

/** Why there is nothing to say about a range. */
export type TestimonyErrorCode =
  /** The machine at the range's start is not known any more: it was confirmed long ago. */
  "RANGE_TOO_OLD";

/** This node cannot testify about a range. */
export class TestimonyError extends TenorError<TestimonyErrorCode> {
  override readonly name = "TestimonyError";
}

/**
 * What this node has to say in the games that it cares about. A range is executed when it is first asked for, and again after a
 * reorganisation of L1.
 */
export class Testimonies {
  readonly #follower: Follower;
  readonly #known = new Map<Hex, Promise<Testimony>>();

  constructor(follower: Follower) {
    this.#follower = follower;
    follower.onReorg(() => this.#known.clear());
  }

  /**
   * About the children of a right assertion.
   *
   * @throws {@link TestimonyError} `RANGE_TOO_OLD`.
   */
  async of(parent: JudgedAssertion, historyHeight: number): Promise<Testimony> {
    const id = toHex(parent.created.id);
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const made = this.#make(parent, historyHeight);
    this.#known.set(id, made);
    // A failure is not kept: the next round tries again.
    made.catch(() => this.#known.get(id) === made && this.#known.delete(id));
    return made;
  }

  /** Forgets all ranges but those of these assertions' children. */
  keep(parents: ReadonlySet<Hex>): void {
    for (const id of this.#known.keys()) if (!parents.has(id)) this.#known.delete(id);
  }

  async #make({ created, end }: JudgedAssertion, historyHeight: number): Promise<Testimony> {
    if (end === undefined) {
      throw new TestimonyError("RANGE_TOO_OLD", "the range's start was confirmed long ago", {
        fields: { parent: created.id },
      });
    }
    const range = await this.#follower.range(end, created.childTarget, historyHeight);
    return {
      history: range.history,
      origin: { parent: created.parent, historyRoot: created.historyRoot },
      evidence: async (index, inputs) => {
        const { step, input } = await this.#follower.stepAt(range, index, inputs);
        return { pre: step.pre, witness: step.witness, input };
      },
    };
  }
}
