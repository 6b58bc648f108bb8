import type { Testimony } from "../game/plan.ts";
import type { AssertionView, JudgedAssertion } from "./AssertionView.ts";
import type { Follower } from "./Follower.ts";

/**
 * What this node has to say about the children of a right assertion. The range is executed when it is first asked for, and again
 * after a reorganisation of L1 that has changed its inputs.
 */
export async function testimonyOf(
  assertions: AssertionView,
  follower: Follower,
  parent: JudgedAssertion,
): Promise<Testimony> {
  const { range } = await assertions.expectedChild(parent);
  const { parent: outer, historyRoot } = parent.created;
  return {
    history: range.history,
    origin: { parent: outer, historyRoot },
    evidence: async (index, inputs) => {
      const { step, input } = await follower.stepAt(range, index, inputs);
      return { pre: step.pre, witness: step.witness, input };
    },
  };
}
