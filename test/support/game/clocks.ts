import type { Hex } from "../../../src/crypto/bytes.ts";
import type { GameView, ViewNode } from "../../../src/game/GameView.ts";

/**
 * The clocks of a game, from scratch: what every node's total is at any time, from nothing but when assertions were made and
 * nodes were opened. It keeps no totals, so it says when something can be confirmed at the latest: the contract's totals, which
 * never fall, are as large or larger.
 */
export class Clocks {
  /** When assertions were made, by root node. */
  readonly asserted = new Map<Hex, number>();
  readonly opened = new Map<Hex, number>();

  /** Total of a root at time `at`, all of it. */
  total(view: GameView, root: ViewNode, at: number): number {
    return this.#totalAt(view, root, at, this.#creationTimes(view));
  }

  #totalAt(view: GameView, root: ViewNode, at: number, created: ReadonlyMap<Hex, number>): number {
    const totals = new Map<Hex, number>();
    const total = (node: ViewNode): number => {
      const known = totals.get(node.id);
      if (known !== undefined) return known;
      const value = node.proven ? Infinity : this.#own(view, node, created, at) + this.#childrenTime(node, at, total);
      totals.set(node.id, value);
      return value;
    };
    return total(root);
  }

  /** The first time from `now` on at which a root has the total `enough` if nobody moves; undefined: never. */
  earliest(view: GameView, root: ViewNode, enough: number, now: number): number | undefined {
    const created = this.#creationTimes(view);
    if (this.#totalAt(view, root, now + 2 * enough, created) < enough) return undefined;
    let [low, high] = [now, now + 2 * enough];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.#totalAt(view, root, middle, created) >= enough) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #childrenTime(node: ViewNode, at: number, total: (child: ViewNode) => number): number {
    const opened = this.opened.get(node.id);
    if (opened === undefined) return 0;
    return Math.min(at - opened, ...[...node.linked.values()].map(total));
  }

  /** Time from a node's creation to that of the next rival, or until now; none unless it is the only earliest one. */
  #own(view: GameView, node: ViewNode, created: ReadonlyMap<Hex, number>, at: number): number {
    const mine = created.get(node.id)!;
    const others = view.rivals(node).map((rival) => created.get(rival.id)!);
    const next = Math.min(at, ...others);
    return Math.max(0, next - mine);
  }

  /** A child is as old as the opening of the parent that was opened first. */
  #creationTimes(view: GameView): Map<Hex, number> {
    const created = new Map<Hex, number>(this.asserted);
    const visited = new Set<Hex>();
    const visit = (node: ViewNode): void => {
      if (visited.has(node.id)) return;
      visited.add(node.id);
      for (const child of node.linked.values()) {
        const time = this.opened.get(node.id)!;
        created.set(child.id, Math.min(created.get(child.id) ?? Infinity, time));
        visit(child);
      }
    };
    for (const root of view.roots()) visit(root);
    return created;
  }
}
