import type { Hex } from "../crypto/bytes.ts";
import type { L1Reading, ReadAssertion } from "../status/L1Reading.ts";
import type { AssertionRow, AssertionState, AssertionTree, Verdict } from "./Overview.ts";

/** Confirmed assertions that are shown before the last one. */
const CONFIRMED_BEFORE = 3;
/** Whoever pays stakes can make as many as they like; the page shows those that came first. */
const MOST = 200;

/** The tree from some assertions before the last confirmed one on, with what has fallen since. */
export function assertionTree(
  reading: Pick<L1Reading, "assertions" | "accounts" | "head" | "rules">,
  verdictOf: (id: Hex) => Verdict,
): AssertionTree {
  const { assertions, head, rules } = reading;
  const root = rootOf(assertions);
  if (root === undefined) return { rows: [], omitted: 0 };
  const staked = new Set(
    reading.accounts.filter(({ hasStake }) => hasStake).map(({ address }) => address.toLowerCase()),
  );
  const family = childrenOf(assertions);
  const states = new Map<Hex, AssertionState>();
  const rows: AssertionRow[] = [];
  // Those that are made later come later, so a parent is always before its children.
  for (const assertion of assertions) {
    const { id, parent, staker, time, target } = assertion;
    const isRoot = id === root.id;
    if (!isRoot && !states.has(parent)) continue;
    const siblings = isRoot ? [assertion] : family.get(parent)!;
    const state = stateOf(assertion, siblings, isRoot ? undefined : states.get(parent));
    states.set(id, state);
    const at = time + rules.challengePeriod;
    rows.push({
      id,
      parent: isRoot ? undefined : parent,
      staker,
      staked: staked.has(staker.toLowerCase()),
      age: head.timestamp - time,
      target,
      rivals: siblings.length - 1,
      state,
      verdict: verdictOf(id),
      confirmable: state === "undisputed" ? { at, left: at - head.timestamp } : undefined,
    });
  }
  return { rows: rows.slice(0, MOST), omitted: Math.max(0, rows.length - MOST) };
}

/** From the last confirmed one some steps back. */
function rootOf(assertions: readonly ReadAssertion[]): ReadAssertion | undefined {
  const byId = new Map(assertions.map((assertion) => [assertion.id, assertion]));
  const nextOf = new Map(
    assertions.filter(({ confirmedAt }) => confirmedAt !== undefined).map((assertion) => [assertion.parent, assertion]),
  );
  let root = assertions[0];
  for (let next = root; next !== undefined; next = nextOf.get(next.id)) root = next;
  for (let i = 0; i < CONFIRMED_BEFORE && root !== undefined; i++) root = byId.get(root.parent) ?? root;
  return root;
}

function childrenOf(assertions: readonly ReadAssertion[]): ReadonlyMap<Hex, readonly ReadAssertion[]> {
  const family = new Map<Hex, ReadAssertion[]>();
  for (const assertion of assertions) {
    const children = family.get(assertion.parent);
    if (children === undefined) family.set(assertion.parent, [assertion]);
    else children.push(assertion);
  }
  return family;
}

function stateOf(
  { confirmedAt }: ReadAssertion,
  siblings: readonly ReadAssertion[],
  parent: AssertionState | undefined,
): AssertionState {
  if (confirmedAt !== undefined) return "confirmed";
  if (parent === "fallen" || siblings.some((sibling) => sibling.confirmedAt !== undefined)) return "fallen";
  return siblings.length > 1 ? "disputed" : "undisputed";
}
