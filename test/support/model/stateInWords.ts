import { readU16, toHex } from "../../../src/crypto/bytes.ts";
import type { Slot } from "../../../src/machine/Slots.ts";
import { encodeSlot } from "../../../src/machine/SlotCodec.ts";
import { keyToBigint, slots, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { changes } from "./treeWalk.ts";
import type { ModelState } from "./ModelState.ts";
import { describe, seriesName } from "./words.ts";

/** Both states in the same words, so that they can be compared entry by entry. */

const flag = (flags: number, bit: number): boolean => Math.floor(flags / 2 ** bit) % 2 === 1;

function unpackSeries(series: bigint): string {
  const bytes = Uint8Array.from({ length: 8 }, (_, i) => Number((series >> BigInt(56 - 8 * i)) & 0xffn));
  const rest = series % 2n ** 40n;
  return seriesName({ market: bytes[0]!, day: readU16(bytes, 1), strike: rest / 2n, put: rest % 2n === 1n });
}

const machineWords = new WeakMap<Slot, string>();
const modelWords = new WeakMap<object, string>();

function slotInWords(slot: Slot): string {
  switch (slot.kind) {
    case 1:
      return describe({
        owner: toHex(slot.owner),
        floor: slot.floor,
        mode: slot.mode,
        auction: slot.auction,
        cash: slot.cash,
        debt: slot.debt,
        positions: holdingsOf(slot.positions),
      });
    case 2: {
      if (slot.quantity === 0n) {
        const rest = encodeSlot(slot).subarray(8);
        return rest.every((byte) => byte === 0) ? `spent ${slot.nonce}` : `not cleanly spent ${toHex(rest)}`;
      }
      return `${slot.nonce} ${describe({
        series: unpackSeries(slot.series),
        sell: flag(slot.flags, 0),
        fillOrKill: flag(slot.flags, 1),
        immediateOrCancel: flag(slot.flags, 2),
        postOnly: flag(slot.flags, 3),
        reduceOnly: flag(slot.flags, 4),
        forcible: flag(slot.flags, 5),
        ...(slot.flags > 63 ? { unknownFlags: slot.flags } : {}),
        keyIndex: slot.keyIndex,
        keyEpoch: slot.keyEpoch,
        deadline: slot.deadline,
        limit: slot.limitPrice,
        quantity: slot.quantity,
        maxFee: slot.maxFee,
        filled: slot.filled,
        accrued: slot.feeAccrued,
      })}`;
    }
    case 3: {
      const { address, scope, expiry, budget, epoch } = slot;
      return describe({ address: toHex(address), scope, expiry, budget, epoch });
    }
    case 4:
    case 5: {
      const { kind: _, ...fields } = slot;
      return describe(fields);
    }
    case 6:
      return describe({ amount: slot.amount });
    case 7:
      return describe({ account: slot.account, recipient: toHex(slot.recipient), amount: slot.amount });
    case 8:
      return describe({ withdrawals: slot.withdrawals, fees: slot.fees, fund: slot.fund });
    case 9:
      return describe({ threshold: slot.threshold, addresses: slot.addresses.map(toHex) });
  }
}

/** Positions by the names of their series. */
export function holdingsOf(
  positions: readonly { readonly series: bigint; readonly quantity: bigint }[],
): Map<string, bigint> {
  return new Map(positions.map(({ series, quantity }) => [unpackSeries(series), quantity]));
}

/** What a key says, taken apart by arithmetic on section 2.2's table. */
function keyInWords(key: bigint): string {
  const [kind, id] = [key / 2n ** 56n, key % 2n ** 56n];
  switch (kind) {
    case 1n:
      return `account ${id}`;
    case 2n:
      return `order ${id / 1024n}/${id % 1024n}`;
    case 3n:
      return `key ${id / 256n}/${id % 256n}`;
    case 4n:
      return `market ${id}`;
    case 5n:
      return `expiry ${id / 65536n}/${id % 65536n}`;
    case 6n:
      return `claim ${id / 2n ** 48n}/${(id / 2n ** 32n) % 65536n}/${id % 2n ** 32n}`;
    case 7n:
      return `withdrawal ${id}`;
    case 9n:
      return `signers ${id === 0n ? "" : String(id)}`;
    case 8n:
      return `globals ${id === 0n ? "" : String(id)}`;
    default:
      return `unknown ${key}`;
  }
}

/** The slots that changed between two snapshots, in words; "absent" for those that went. */
export function machineChangesInWords(before: TreeRoot, after: TreeRoot): Map<string, string> {
  const { written, dropped } = changes(before, after);
  const words = new Map<string, string>();
  for (const { key } of dropped) words.set(keyInWords(keyToBigint(key)), "absent");
  for (const { key, slot } of written) words.set(keyInWords(keyToBigint(key)), slotInWords(slot));
  return words;
}

/** The entries of `names` and those that the model wrote since the last call, in words. */
export function modelChangesInWords(model: ModelState, names: Iterable<string>): Map<string, string> {
  const words = new Map<string, string>();
  const tables = modelTables(model);
  const add = (prefix: string, name: string): void => {
    const record = tables[prefix]?.get(name);
    words.set(`${prefix} ${name}`, record === undefined ? "absent" : recordInWords(prefix, record));
  };
  for (const [prefix, table] of Object.entries(tables)) {
    for (const name of table.changed) add(prefix, name);
    table.changed.clear();
  }
  for (const text of names) {
    const space = text.indexOf(" ");
    add(text.slice(0, space), text.slice(space + 1));
  }
  return words;
}

/** The machine's state in words. */
export function machineInWords(root: TreeRoot): Map<string, string> {
  const words = new Map<string, string>();
  for (const { key, slot } of slots(root)) {
    let text = machineWords.get(slot);
    if (text === undefined) machineWords.set(slot, (text = slotInWords(slot)));
    words.set(keyInWords(keyToBigint(key)), text);
  }
  return words;
}

/** The model's state in words. */
export function modelInWords(model: ModelState): Map<string, string> {
  const words = new Map<string, string>();
  const add = (prefix: string, entries: Iterable<[string, object]>): void => {
    for (const [name, record] of entries) {
      let text = modelWords.get(record);
      if (text === undefined) modelWords.set(record, (text = recordInWords(prefix, record)));
      words.set(`${prefix} ${name}`, text);
    }
  };
  for (const [prefix, table] of Object.entries(modelTables(model))) add(prefix, table.entries());
  return words;
}

interface AnyTable {
  readonly changed: Set<string>;
  get(name: string): object | undefined;
  entries(): Iterable<[string, object]>;
}

function modelTables(model: ModelState): Record<string, AnyTable> {
  return {
    account: model.accounts,
    order: model.orders,
    key: model.keys,
    market: model.markets,
    expiry: model.expiries,
    claim: model.claims,
    withdrawal: model.withdrawals,
    globals: model.globals,
    signers: model.signers,
  };
}

function recordInWords(prefix: string, record: object): string {
  if (prefix !== "order") return describe(record);
  const { nonce, terms } = record as { nonce: bigint; terms: Record<string, unknown> | undefined };
  return terms === undefined ? `spent ${nonce}` : `${nonce} ${describe(terms)}`;
}

/** The entries in which two states differ, for people. */
export function differences(machine: Map<string, string>, model: Map<string, string>): string[] {
  const found: string[] = [];
  for (const [name, text] of machine) {
    const other = model.get(name);
    if (other !== text) found.push(`${name}\n  machine ${text}\n  model   ${other ?? "absent"}`);
  }
  for (const [name, text] of model)
    if (!machine.has(name) && text !== "absent") found.push(`${name}\n  machine absent\n  model   ${text}`);
  return found;
}
