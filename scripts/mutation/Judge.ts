import type { CompiledName } from "../audit/compiled.ts";
import type { Processes } from "../fork/Processes.ts";

/** Runs what was recorded on a chain on which the code of some contracts can be replaced, and says where it goes otherwise. */
export interface Judge<Name extends CompiledName = CompiledName> {
  /** What is recorded, in words. */
  readonly corpus: string;
  /** The codes that a contract's constructor leaves behind, one for each place where it is deployed. */
  deployedCodes(contract: Name, bytecode: string): Promise<readonly string[]>;
  /** Puts codes in the place of a contract's, and returns what puts the old ones back. */
  replace(contract: Name, codes: readonly string[]): Promise<() => Promise<void>>;
  /** Numbers of the pieces of the corpus in which a contract has a part. */
  piecesThrough(contract: Name): Promise<readonly number[]>;
  /**
   * Has the contract as it is now, compiled for mutants but without any, run the pieces, and takes for granted what depends on the compiler.
   * Gives the first piece that differs in anything else.
   */
  calibrate(pieces: readonly number[]): Promise<number | undefined>;
  /** The first of the pieces in which something differs. */
  firstDifference(pieces: readonly number[]): Promise<number | undefined>;
}

/** Some contracts whose mutants are judged together. */
export interface Subject<Name extends CompiledName = CompiledName> {
  readonly contracts: readonly Name[];
  /** Files of them that are mutated. */
  readonly scope: RegExp;
  /** Records on the contracts as they are. */
  start(processes: Processes): Promise<Judge<Name>>;
}
