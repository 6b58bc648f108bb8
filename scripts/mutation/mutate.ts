import { Processes } from "../fork/Processes.ts";
import type { CompiledName, CompilerInput } from "../audit/compiled.ts";
import { runCompiler } from "../audit/solc.ts";
import type { Judge, Subject } from "./Judge.ts";
import type { Mutant } from "./operators.ts";
import { populationOf, sampleOf, type Population } from "./population.ts";
import { activate, withSwitches, type NumberedMutant } from "./schemata.ts";

/** What became of a mutant. */
export interface MutantResult {
  readonly mutant: Mutant;
  readonly fate: "killed" | "survived" | "does not compile";
}

/** Which mutants are tried. */
export interface MutationOptions {
  /** How many, drawn by `seed`. */
  readonly sample: number;
  readonly seed: number;
  /** Part of the name of the files that are mutated; all if absent. */
  readonly only?: string | undefined;
  readonly onProgress: (line: string) => void;
}

/** Mutants of one bytecode: more of them make the compiler slower than in proportion. */
const BATCH = 250;

/**
 * No optimiser, so that the constant that chooses a mutant stays where it is; but variables beyond the reach of the stack go to memory, as
 * they do in the contracts as they are deployed.
 */
const UNOPTIMISED = {
  enabled: true,
  details: {
    ...{
      peephole: false,
      inliner: false,
      jumpdestRemover: false,
      orderLiterals: false,
      deduplicate: false,
      cse: false,
    },
    ...{ constantOptimizer: false, yul: true, yulDetails: { stackAllocation: true, optimizerSteps: "u:" } },
  },
};

/** Mutates contracts, and lets what was recorded of them kill the mutants. */
export async function mutate(subject: Subject, options: MutationOptions): Promise<readonly MutantResult[]> {
  const { sample, seed, only, onProgress } = options;
  const population = populationOf(
    subject.contracts,
    (file) => subject.scope.test(file) && (only === undefined || file.includes(only)),
  );
  const chosen = sampleOf(population.mutants, sample, seed);
  onProgress(`${chosen.length} of ${population.mutants.length} mutants`);
  return await judgeMutants(subject, population, chosen, onProgress);
}

/** Lets what was recorded kill some of the mutants of a population. */
export async function judgeMutants(
  subject: Subject,
  population: Population,
  chosen: readonly Mutant[],
  onProgress: (line: string) => void,
): Promise<readonly MutantResult[]> {
  const processes = new Processes();
  try {
    const judge = await subject.start(processes);
    onProgress(judge.corpus);
    const fates = new Map<Mutant, MutantResult["fate"]>();
    for (let start = 0; start < chosen.length; start += BATCH) {
      const batch = chosen.slice(start, start + BATCH).map((mutant, i) => ({ id: i + 1, mutant }));
      await judgeBatch(subject.contracts, judge, population, batch, fates, onProgress);
    }
    return chosen.map((mutant) => ({ mutant, fate: fates.get(mutant) ?? "survived" }));
  } finally {
    await processes.end();
  }
}

async function judgeBatch(
  contracts: readonly CompiledName[],
  judge: Judge,
  population: Population,
  batch: readonly NumberedMutant[],
  fates: Map<Mutant, MutantResult["fate"]>,
  onProgress: (line: string) => void,
): Promise<void> {
  for (const contract of contracts) {
    const sources = population.closures.get(contract)!;
    const reachable = population.reachable.get(contract)!;
    const alive = batch.filter(({ mutant }) => reachable.has(mutant.functionId) && !fates.has(mutant));
    if (alive.length === 0) continue;
    const { bytecode, refused } = compile(population.input, contract, sources, alive);
    for (const { mutant } of refused) fates.set(mutant, "does not compile");
    const codes = await judge.deployedCodes(contract, bytecode);
    const codesWith = (id: number): readonly string[] => codes.map((code) => activate(code, id));
    const pieces = await judge.piecesThrough(contract);
    onProgress(
      `${contract}: ${alive.length} mutants, ${refused.length} refused; ${pieces.length} pieces of the corpus`,
    );
    let killed = 0;
    const restore = await judge.replace(contract, codesWith(0));
    const wrong = await judge.calibrate(pieces);
    if (wrong !== undefined) throw new Error(`${contract} differs without a mutant in piece ${wrong}`);
    // What has killed one kills the next more often than not.
    const order = [...pieces];
    for (const [tried, { id, mutant }] of alive.entries()) {
      if (tried > 0 && tried % 25 === 0) onProgress(`${contract}: ${tried} tried, ${killed} killed`);
      if (fates.has(mutant)) continue;
      await judge.replace(contract, codesWith(id));
      const difference = await judge.firstDifference(order);
      if (difference === undefined) continue;
      fates.set(mutant, "killed");
      killed++;
      order.splice(order.indexOf(difference), 1);
      order.unshift(difference);
    }
    await restore();
    const left = alive
      .filter(({ mutant }) => !fates.has(mutant))
      .map(({ mutant }) => `${mutant.file.split("/").at(-1)}:${mutant.line}`);
    onProgress(`${contract}: ${killed} killed; left: ${left.join(" ")}`);
  }
}

/** Compiles a contract with all mutants that the compiler takes. */
function compile(
  input: CompilerInput,
  contract: CompiledName,
  sources: CompilerInput["sources"],
  mutants: readonly NumberedMutant[],
): { bytecode: string; refused: readonly NumberedMutant[] } {
  const file = Object.keys(sources).find((name) => name.endsWith(`/${contract}.sol`))!;
  const settings = { ...input.settings, optimizer: UNOPTIMISED };
  let left = mutants;
  const refused: NumberedMutant[] = [];
  for (;;) {
    const mutated = Object.fromEntries(
      Object.entries(sources).map(([name, { content }]) => {
        const here = left.filter(({ mutant }) => mutant.file === name);
        return [name, { content: withSwitches(name, Buffer.from(content), here) }];
      }),
    );
    const output = runCompiler(mutated, settings, { [file]: { [contract]: ["evm.bytecode.object"] } });
    const errors = (output.errors ?? []).filter(({ severity }) => severity === "error");
    if (errors.length === 0) {
      const { evm } = output.contracts![file]![contract] as { evm: { bytecode: { object: string } } };
      return { bytecode: evm.bytecode.object, refused };
    }
    // Each error lies inside of the switch of the mutant that it is about; of several, the innermost is meant.
    const bad = new Set(errors.map((error) => guilty(error, mutated)).filter((id) => id !== undefined));
    const dropped = left.filter(({ id }) => bad.has(id));
    if (dropped.length === 0) throw new Error(`${contract}: ${errors[0]!.formattedMessage}`);
    refused.push(...dropped);
    left = left.filter(({ id }) => !bad.has(id));
  }
}

/** The mutant whose switch is the last one to begin before an error. */
function guilty(
  {
    sourceLocation,
  }: { readonly sourceLocation?: { readonly file: string; readonly start: number; readonly end: number } },
  sources: CompilerInput["sources"],
): number | undefined {
  if (sourceLocation === undefined) return undefined;
  const text = Buffer.from(sources[sourceLocation.file]!.content).subarray(0, sourceLocation.end).toString();
  const found = [...text.matchAll(/activeMutant[0-9a-f]{8}\((\d+)\)/g)].at(-1);
  return found === undefined ? undefined : Number(found[1]);
}
