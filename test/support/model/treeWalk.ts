import type { Slot } from "../../../src/machine/Slots.ts";
import type { SlotKey, TreeRoot } from "../../../src/machine/StateTree.ts";

/** Walks over snapshots of the state that cost what has changed, not what is there. */

type Node = NonNullable<TreeRoot>;
interface Entry {
  readonly key: SlotKey;
  readonly slot: Slot;
}

/** All slots below a node; those of the orders only if asked for. */
export function collect(node: TreeRoot, withOrders: boolean, into: Entry[] = []): Entry[] {
  if (node === undefined) return into;
  if ("slot" in node) {
    if (withOrders || node.slot.kind !== 2) into.push({ key: { hi: node.hi, lo: node.lo }, slot: node.slot });
    return into;
  }
  if (!withOrders && node.bit >= 8 && node.hi >>> 24 === 2) return into;
  collect(node.left, withOrders, into);
  return collect(node.right, withOrders, into);
}

/** The slots that are new or different in `after`, and those that `after` lost or replaced. */
export function changes(before: TreeRoot, after: TreeRoot): { written: Entry[]; dropped: Entry[] } {
  const [written, dropped]: [Entry[], Entry[]] = [[], []];
  compare(before, after, written, dropped);
  return { written, dropped };
}

function compare(before: TreeRoot, after: TreeRoot, written: Entry[], dropped: Entry[]): void {
  if (before === after) return;
  if (before === undefined) return void collect(after, true, written);
  if (after === undefined) return void collect(before, true, dropped);
  if (
    "slot" in before ||
    "slot" in after ||
    before.bit !== after.bit ||
    before.hi !== after.hi ||
    before.lo !== after.lo
  ) {
    // One of them may hold the other: step down the one that parts earlier, on the side of the other.
    if (!("slot" in after) && after.bit < before.bit) {
      const right = bit(before, after.bit) === 1;
      collect(right ? after.left : after.right, true, written);
      return compare(before, right ? after.right : after.left, written, dropped);
    }
    if (!("slot" in before) && before.bit < after.bit) {
      const right = bit(after, before.bit) === 1;
      collect(right ? before.left : before.right, true, dropped);
      return compare(right ? before.right : before.left, after, written, dropped);
    }
    collect(before, true, dropped);
    collect(after, true, written);
    return;
  }
  compare(before.left, after.left, written, dropped);
  compare(before.right, after.right, written, dropped);
}

function bit(node: Node, index: number): number {
  return index < 32 ? Math.floor(node.hi / 2 ** (31 - index)) % 2 : Math.floor(node.lo / 2 ** (63 - index)) % 2;
}
