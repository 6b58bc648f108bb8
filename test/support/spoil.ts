import type { ParamType, Result } from "ethers";

/** Changes one thing in the arguments of a call. */
export type Spoil = (values: unknown[]) => void;

/** A decoded argument as plain objects and arrays, which can be changed. */
export function plainArgument(type: ParamType, value: unknown): unknown {
  if (type.isArray()) return Array.from(value as Result, (item) => plainArgument(type.arrayChildren, item));
  if (!type.isTuple()) return value;
  return Object.fromEntries(
    type.components.map((field, i) => [field.name, plainArgument(field, (value as Result)[i])]),
  );
}

/** What lies at `path` becomes what a function makes of it: numbers of arguments and items, names of fields, dots between. */
export function edit(path: string, change: (old: unknown) => unknown): Spoil {
  const keys = path.split(".");
  const last = keys.pop()!;
  return (values) => {
    let place = values as unknown as Record<string, unknown>;
    for (const key of keys) place = place[key] as Record<string, unknown>;
    place[last] = change(place[last]);
  };
}

/** Something else at `path`. */
export function set(path: string, value: unknown): Spoil {
  return edit(path, () => value);
}

/** A larger or smaller number. */
export function add(path: string, difference: bigint): Spoil {
  return edit(path, (old) => BigInt(old as bigint | number) + difference);
}

/** A list changed as a whole. */
export function list(path: string, change: (items: unknown[]) => unknown[]): Spoil {
  return edit(path, (old) => change([...(old as unknown[])]));
}

/** One more item at the end. */
export function push(path: string, item: unknown): Spoil {
  return list(path, (items) => [...items, item]);
}

/** The last item missing. */
export function pop(path: string): Spoil {
  return list(path, (items) => items.slice(0, -1));
}

/** The first item missing. */
export function shift(path: string): Spoil {
  return list(path, (items) => items.slice(1));
}

/** The items in the opposite order. */
export function reverse(path: string): Spoil {
  return list(path, (items) => items.reverse());
}

/** The last item twice. */
export function repeat(path: string): Spoil {
  return list(path, (items) => [...items, items.at(-1)]);
}

/** Bytes without the last one. */
export function cut(path: string): Spoil {
  return edit(path, (old) => (old as string).slice(0, -2));
}

/** Bytes with one more. */
export function extend(path: string): Spoil {
  return edit(path, (old) => `${old as string}00`);
}

/** Bytes with another last one. */
export function forge(path: string): Spoil {
  return edit(path, (old) => `${(old as string).slice(0, -2)}${(old as string).endsWith("00") ? "01" : "00"}`);
}

/** Several changes. */
export function both(...spoils: readonly Spoil[]): Spoil {
  return (values) => spoils.forEach((spoil) => spoil(values));
}
