import type { ParamType } from "ethers";
import type { Random } from "../../../src/market/random.ts";
import { both, edit, list, plainArgument, set, type Spoil } from "../../../test/support/spoil.ts";
import { gameAbi } from "./gameAbi.ts";

const OTHER = `0x${"77".repeat(32)}`;
const [ZERO, ZERO_ADDRESS] = [`0x${"00".repeat(32)}`, `0x${"00".repeat(20)}`];

/** Two things wrong at once, which one alone does not show. */
const PAIRS: Readonly<Record<string, Spoil>> = {
  // No hash is known of a block in the future.
  assertState: both(set("5", 2n ** 64n - 1n), set("6", ZERO)),
};

/** Calldata with one argument spoiled, in each of the ways that its type allows. */
export function spoiledCalls(data: string): readonly string[] {
  const parsed = gameAbi().parseTransaction({ data });
  if (parsed === null) return [];
  const { fragment, args, name } = parsed;
  const values = (): unknown[] => fragment.inputs.map((input, i) => plainArgument(input, args[i]));
  const spoils = spoilsOfList(fragment.inputs, values(), "");
  const pair = PAIRS[name];
  return (pair === undefined ? spoils : [...spoils, pair]).flatMap((spoil) => {
    const spoiled = values();
    spoil(spoiled);
    try {
      return [gameAbi().encodeFunctionData(fragment, spoiled)];
    } catch {
      // A number beyond its type.
      return [];
    }
  });
}

/** Calldata of a call with another one in its place, if it is a bundle of several. */
export function unbundle(data: string): {
  readonly calls: readonly string[];
  readonly bundle: (calls: readonly string[]) => string;
} {
  const parsed = gameAbi().parseTransaction({ data });
  if (parsed?.name !== "multicall") return { calls: [data], bundle: ([only]) => only! };
  const calls = Array.from(parsed.args[0] as Iterable<string>);
  return { calls, bundle: (inner) => gameAbi().encodeFunctionData("multicall", [[...inner]]) };
}

/** `count` of them, drawn. */
export function some<T>(random: Random, items: readonly T[], count: number): readonly T[] {
  const rest = [...items];
  return Array.from({ length: Math.min(count, rest.length) }, () => rest.splice(random.uint(rest.length), 1)[0]!);
}

function spoilsOfList(types: readonly ParamType[], values: readonly unknown[], path: string): Spoil[] {
  const at = (i: number): string => (path === "" ? String(i) : `${path}.${i}`);
  const spoils = types.flatMap((type, i) => spoilsOf(type, values[i], at(i)));
  for (let i = 0; i + 1 < types.length; i++) {
    // The same thing twice.
    if (types[i]!.format() === types[i + 1]!.format())
      spoils.push(set(at(i + 1), values[i]), set(at(i), values[i + 1]));
  }
  return spoils;
}

function spoilsOf(type: ParamType, value: unknown, path: string): Spoil[] {
  if (type.isArray()) {
    const items = value as readonly unknown[];
    const spoils = [list(path, (all) => [...all, all.at(-1) ?? emptyOf(type.arrayChildren)])];
    if (items.length > 0)
      spoils.push(
        list(path, (all) => all.slice(0, -1)),
        list(path, (all) => all.slice(1)),
        set(path, []),
      );
    if (items.length > 1) spoils.push(list(path, (all) => all.reverse()));
    // The first one, the last one, and one between.
    const some = [...new Set([0, items.length >> 1, items.length - 1])].filter((i) => i >= 0 && i < items.length);
    return [...spoils, ...some.flatMap((i) => spoilsOf(type.arrayChildren, items[i], `${path}.${i}`))];
  }
  if (type.isTuple()) {
    const fields = value as Readonly<Record<string, unknown>>;
    return type.components.flatMap((field) => spoilsOf(field, fields[field.name], `${path}.${field.name}`));
  }
  const bits = /^uint(\d+)$/.exec(type.type)?.[1];
  if (bits !== undefined) {
    const plus = (difference: bigint): Spoil => edit(path, (old) => BigInt(old as bigint) + difference);
    return [plus(1n), plus(-1n), set(path, 2n ** BigInt(bits) - 1n)];
  }
  if (type.type === "bytes32") return [set(path, OTHER), set(path, ZERO)];
  if (type.type === "address") return [set(path, ZERO_ADDRESS)];
  if (type.type === "bytes") {
    const text = (old: unknown): string => old as string;
    return [
      edit(path, (old) => text(old).slice(0, Math.max(2, text(old).length - 2))),
      edit(path, (old) => `${text(old)}00`),
      edit(path, (old) =>
        text(old) === "0x" ? "0x01" : `${text(old).slice(0, -2)}${text(old).endsWith("00") ? "01" : "00"}`,
      ),
    ];
  }
  return [];
}

function emptyOf(type: ParamType): unknown {
  if (type.isArray()) return [];
  if (type.isTuple()) return Object.fromEntries(type.components.map((field) => [field.name, emptyOf(field)]));
  if (type.type === "bytes32") return OTHER;
  return type.type === "bytes" ? "0x" : type.type === "address" ? ZERO_ADDRESS : 0n;
}
