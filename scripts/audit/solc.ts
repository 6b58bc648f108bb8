import { createRequire } from "node:module";
import { posix } from "node:path";
import { AuditError } from "./AuditError.ts";
import type { CompilerInput, CompilerSettings } from "./compiled.ts";

/** A message of the compiler. */
export interface CompilerMessage {
  readonly severity: "error" | "warning" | "info";
  readonly type: string;
  readonly formattedMessage: string;
  readonly sourceLocation?: { readonly file: string; readonly start: number; readonly end: number };
}

/** What the compiler answers, as far as it was asked. */
export interface CompilerOutput {
  readonly errors?: readonly CompilerMessage[];
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly sources?: Readonly<Record<string, { readonly ast: unknown }>>;
}

/** Which outputs the compiler shall make, by file and contract. */
export type OutputSelection = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

const require = createRequire(import.meta.url);
let compiler: { compile(input: string): string } | undefined;

/** Runs the pinned compiler in this process. Its errors are part of the answer. */
export function runCompiler(
  sources: CompilerInput["sources"],
  settings: CompilerSettings,
  outputSelection: OutputSelection,
): CompilerOutput {
  // It takes a second to load.
  compiler ??= require("solc") as NonNullable<typeof compiler>;
  const input = { language: "Solidity", sources, settings: { ...settings, outputSelection } };
  return JSON.parse(compiler.compile(JSON.stringify(input))) as CompilerOutput;
}

/**
 * The same, if there must be no error.
 *
 * @throws {@link AuditError} `COMPILER` with what it says.
 */
export function mustCompile(...args: Parameters<typeof runCompiler>): CompilerOutput {
  const output = runCompiler(...args);
  const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
  if (errors.length === 0) return output;
  throw new AuditError("COMPILER", "the compiler refuses its input", {
    fields: { messages: errors.map(({ formattedMessage }) => formattedMessage) },
  });
}

/** A source file and all that it imports, directly or not: a tenth of the time of all sources. */
export function closureOf(sources: CompilerInput["sources"], file: string): CompilerInput["sources"] {
  const found = new Map<string, { readonly content: string }>();
  const visit = (name: string): void => {
    if (found.has(name)) return;
    const source = sources[name];
    if (source === undefined) throw new AuditError("CONTRACT_MISSING", "a source is missing", { fields: { name } });
    found.set(name, source);
    for (const [, path] of source.content.matchAll(/^\s*(?:import|\}\s*from)\b[^;"']*["']([^"']+)["'];/gm)) {
      visit(resolve(sources, name, path!));
    }
  };
  visit(file);
  return Object.fromEntries(found);
}

function resolve(sources: CompilerInput["sources"], from: string, path: string): string {
  if (path.startsWith(".")) return posix.join(posix.dirname(from), path);
  // `@openzeppelin/contracts/…` is a file of `npm/@openzeppelin/contracts@1.2.3/…`.
  const [scope, name, ...rest] = path.split("/");
  const file = Object.keys(sources).find(
    (key) => key.startsWith(`npm/${scope}/${name}@`) && key.endsWith(`/${rest.join("/")}`),
  );
  return file ?? path;
}
