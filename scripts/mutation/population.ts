import { Random } from "../../src/market/random.ts";
import { readCompiled, readInput, type CompiledName, type CompilerInput } from "../audit/compiled.ts";
import { closureOf, mustCompile } from "../audit/solc.ts";
import type { AstNode } from "./ast.ts";
import { constantsOf, mutantsOf, type Mutant } from "./operators.ts";
import { reachableFunctions } from "./reachable.ts";

/** The sources of some contracts, and every mutant of those that are in scope. */
export interface Population {
  readonly input: CompilerInput;
  /** Source files of each contract, by contract. */
  readonly closures: ReadonlyMap<CompiledName, CompilerInput["sources"]>;
  readonly mutants: readonly Mutant[];
  /** Functions that each contract can call. */
  readonly reachable: ReadonlyMap<CompiledName, ReadonlySet<number>>;
}

/** Reads contracts and makes all mutants of the files that `inScope` takes. */
export function populationOf(contracts: readonly CompiledName[], inScope: (file: string) => boolean): Population {
  const compiled = contracts.map(readCompiled);
  const input = readInput(compiled[0]!);
  // After a change, the compiler has run for some of them only, and its input for the others is an older one.
  const closures = new Map(
    compiled.map((contract) => {
      const { sources } = readInput(contract);
      return [contract.name as CompiledName, closureOf(sources, contract.inputSourceName)] as const;
    }),
  );
  const sources = Object.assign({}, ...closures.values()) as CompilerInput["sources"];
  const output = mustCompile(sources, input.settings, { "*": { "": ["ast"] } });
  const trees = Object.entries(output.sources!).map(([file, { ast }]) => [file, ast as AstNode] as const);
  const constants = new Set(trees.flatMap(([, ast]) => constantsOf(ast)));
  const asts = trees.map(([, ast]) => ast);
  const reachable = new Map(contracts.map((name) => [name, reachableFunctions(asts, name)] as const));
  const isReached = ({ functionId }: Mutant): boolean => [...reachable.values()].some((set) => set.has(functionId));
  const mutants = trees
    .filter(([file]) => inScope(file))
    .flatMap(([file, ast]) => mutantsOf(file, Buffer.from(sources[file]!.content), ast, constants))
    // What only other contracts use is not these contracts' code.
    .filter(isReached);
  return { input, closures, mutants, reachable };
}

/** `count` of the mutants, drawn by a seed; all if there are no more. In the order in which they were. */
export function sampleOf(mutants: readonly Mutant[], count: number, seed: number): readonly Mutant[] {
  if (mutants.length <= count) return mutants;
  const random = new Random(seed);
  const rest = mutants.map((_, i) => i);
  const chosen = Array.from({ length: count }, () => rest.splice(random.uint(rest.length), 1)[0]!);
  return chosen.sort((a, b) => a - b).map((i) => mutants[i]!);
}
