import { keccak256 } from "../../../src/crypto/keccak.ts";
import { History, historyInner } from "../../../src/history/History.ts";

/** Every node of the padded tree, computed the long way: levels[0] are the leaves. */
export function naiveTree(leaves: readonly Uint8Array[], height: number): Uint8Array[][] {
  const last = leaves[leaves.length - 1]!;
  const levels = [Array.from({ length: 2 ** height }, (_, i) => leaves[i] ?? last)];
  for (let level = 1; level <= height; level++) {
    const below = levels[level - 1]!;
    levels.push(Array.from({ length: below.length / 2 }, (_, i) => historyInner(below[2 * i]!, below[2 * i + 1]!)));
  }
  return levels;
}

/** Different leaves for different seeds. */
export function makeLeaves(count: number, seed = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => keccak256(Uint8Array.of(seed, i >>> 16, i >>> 8, i)));
}

/** A history of these leaves. */
export function historyOf(leaves: readonly Uint8Array[], height: number): History {
  const history = new History(height);
  for (const leaf of leaves) history.append(leaf);
  return history;
}
