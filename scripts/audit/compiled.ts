import { readFileSync } from "node:fs";
import type { JsonFragment } from "ethers";
import { AuditError } from "./AuditError.ts";

/** What is known of a contract after `hardhat build`. */
export interface CompiledContract {
  readonly name: string;
  readonly abi: readonly JsonFragment[];
  readonly bytecode: string;
  readonly deployedBytecode: string;
  /** What the compiler calls the source file. */
  readonly inputSourceName: string;
  readonly buildInfoId: string;
}

/** Source files by the names that the compiler knows them by, and what they were compiled with. */
export interface CompilerInput {
  readonly language: "Solidity";
  readonly sources: Readonly<Record<string, { readonly content: string }>>;
  readonly settings: CompilerSettings;
}

/** The settings that matter here. */
export interface CompilerSettings {
  readonly evmVersion: string;
  readonly viaIR: boolean;
  readonly optimizer: Readonly<Record<string, unknown>>;
  readonly remappings: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The contracts of a deployment but for the token, and what deploys the game, with their source files. */
export const AUDITED = {
  RollupInbox: "contracts/inbox",
  StateCommitmentChain: "contracts/rollup",
  BisectionGame: "contracts/game",
  Bridge: "contracts/bridge",
  OptionsSettlement: "contracts/settlement",
  OneStepProver: "contracts/prover",
  MarginEngine: "contracts/prover",
  AccountExecutor: "contracts/prover",
  FillExecutor: "contracts/prover",
  SettlementExecutor: "contracts/prover",
  OracleExecutor: "contracts/prover",
  LiquidationExecutor: "contracts/prover",
  TimelockController: "@openzeppelin/contracts/governance",
  GameDeployer: "contracts/deploy",
} as const;

/** One of {@link AUDITED}. */
export type AuditedName = keyof typeof AUDITED;

/** All of them. */
export const AUDITED_NAMES = Object.keys(AUDITED) as readonly AuditedName[];

/** What only tests deploy, to call libraries by themselves. */
const HARNESSES = { PricingHarness: "contracts/test" } as const;

/** A contract whose compiler output can be read. */
export type CompiledName = AuditedName | keyof typeof HARNESSES;

const ARTIFACTS = new URL("../../artifacts/", import.meta.url);

/**
 * Reads what the compiler has left of a contract.
 *
 * @throws {@link AuditError} `CONTRACT_MISSING`.
 */
export function readCompiled(name: CompiledName): CompiledContract {
  const artifact = readJson(`${{ ...AUDITED, ...HARNESSES }[name]}/${name}.sol/${name}.json`) as Omit<
    CompiledContract,
    "name"
  >;
  return { ...artifact, name };
}

/** Reads what a contract was compiled from. */
export function readInput({ buildInfoId }: Pick<CompiledContract, "buildInfoId">): CompilerInput {
  return (readJson(`build-info/${buildInfoId}.json`) as { readonly input: CompilerInput }).input;
}

function readJson(path: string): unknown {
  const file = new URL(path, ARTIFACTS);
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new AuditError("CONTRACT_MISSING", "no artifact; run `npm run build`", {
      fields: { file: file.pathname },
      cause,
    });
  }
}
