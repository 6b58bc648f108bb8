/** What becomes of a value as JSON: large integers are text, and what is undefined is left out. */
export type Shown<T> = T extends bigint
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Shown<Item>[]
    : T extends object
      ? { readonly [Name in keyof T]: Shown<T[Name]> }
      : T;

/** A value as JSON has it. */
export function shown<T>(value: T): Shown<T> {
  return plain(value) as Shown<T>;
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}
