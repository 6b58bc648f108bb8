import { Interface, type Fragment } from "ethers";
import {
  AUDITED_NAMES,
  readCompiled,
  readInput,
  type AuditedName,
  type CompiledContract,
  type CompilerInput,
} from "./compiled.ts";
import { closureOf, mustCompile } from "./solc.ts";

/** Largest code of a contract (EIP-170), and largest code that makes one (EIP-3860). */
export const MAX_CODE = 24_576;
const MAX_INITCODE = 49_152;

interface Variable {
  readonly label: string;
  readonly slot: string;
  readonly offset: number;
  readonly type: string;
}

interface StorageType {
  readonly label: string;
  readonly numberOfBytes: string;
  readonly members?: readonly Variable[];
}

interface StorageLayout {
  readonly storage: readonly Variable[];
  readonly types: Readonly<Record<string, StorageType>> | null;
}

/** What a contract's callers and its storage depend on, as a text to be compared line by line. */
export function interfaceSnapshot(name: AuditedName): string {
  const contract = readCompiled(name);
  const { fragments } = new Interface(contract.abi);
  return `${[
    `# ${name}`,
    ...section("storage: slot, first byte, bytes, type, name", storageLines(contract)),
    ...section("functions: selector, signature", selectorLines(fragments, "function")),
    ...section("errors: selector, signature", selectorLines(fragments, "error")),
    ...section("events: topic, signature", selectorLines(fragments, "event")),
  ].join("\n")}\n`;
}

/** Sizes of all contracts, bytes. */
export function sizeSnapshot(): string {
  const rows = AUDITED_NAMES.map((name) => {
    const { bytecode, deployedBytecode } = readCompiled(name);
    const [code, initcode] = [deployedBytecode, bytecode].map((hex) => hex.length / 2 - 1) as [number, number];
    return [name, code, MAX_CODE - code, initcode, MAX_INITCODE - initcode] as const;
  });
  const head = ["contract", "code", "left", "initcode", "left"] as const;
  const line = (cells: readonly (string | number)[]): string =>
    cells.map((cell, i) => (i === 0 ? String(cell).padEnd(22) : String(cell).padStart(9))).join("");
  return `${[line(head), ...rows.map(line)].join("\n")}\n`;
}

/** All snapshots by file name. */
export function snapshots(): ReadonlyMap<string, string> {
  return new Map([
    ...AUDITED_NAMES.map((name) => [`${name}.txt`, interfaceSnapshot(name)] as const),
    ["sizes.txt", sizeSnapshot()],
  ]);
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return ["", `## ${title}`, ...(lines.length === 0 ? ["none"] : lines)];
}

let layouts: ReadonlyMap<string, StorageLayout> | undefined;

/** By contract, of all at once: their sources are largely the same. The layout is what the compiler knows before it generates any code. */
function storageLayouts(): ReadonlyMap<string, StorageLayout> {
  const contracts = AUDITED_NAMES.map(readCompiled);
  const inputs = contracts.map(readInput);
  const closures = contracts.map(({ inputSourceName }, i) => closureOf(inputs[i]!.sources, inputSourceName));
  const selection: Record<string, Record<string, readonly string[]>> = {};
  for (const { inputSourceName, name } of contracts) (selection[inputSourceName] ??= {})[name] = ["storageLayout"];
  const sources = Object.assign({}, ...closures) as CompilerInput["sources"];
  const output = mustCompile(sources, inputs[0]!.settings, selection);
  const layoutOf = ({ inputSourceName, name }: CompiledContract): StorageLayout =>
    output.contracts![inputSourceName]![name]!.storageLayout as StorageLayout;
  return new Map(contracts.map((contract) => [contract.name, layoutOf(contract)]));
}

function storageLines({ name }: CompiledContract): string[] {
  const { storage, types } = (layouts ??= storageLayouts()).get(name)!;
  const lines: string[] = [];
  const seen = new Set<string>();
  const describe = (variables: readonly Variable[], indent: string): void => {
    for (const { label, slot, offset, type } of variables) {
      const known = types![type]!;
      lines.push(
        `${indent}${slot.padStart(2)} ${String(offset).padStart(2)} ${known.numberOfBytes} ${known.label} ${label}`,
      );
    }
  };
  describe(storage, "");
  // Structs are laid out the same wherever they stand, also as values of mappings.
  for (const { label, members } of Object.values(types ?? {})) {
    if (members === undefined || seen.has(label)) continue;
    seen.add(label);
    lines.push(`${label}:`);
    describe(members, "  ");
  }
  return lines;
}

function selectorLines(fragments: readonly Fragment[], type: "function" | "error" | "event"): string[] {
  const lines: string[] = [];
  const abi = new Interface(fragments);
  if (type === "function")
    abi.forEachFunction((f) => lines.push(`${f.selector} ${f.format("sighash")} ${f.stateMutability}`));
  if (type === "error") abi.forEachError((e) => lines.push(`${e.selector} ${e.format("sighash")}`));
  if (type === "event")
    abi.forEachEvent((e) => lines.push(`${e.topicHash} ${e.format("minimal").replace("event ", "")}`));
  return lines.sort((a, b) => (a.split(" ")[1]! < b.split(" ")[1]! ? -1 : 1));
}
