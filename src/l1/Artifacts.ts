import { readFileSync } from "node:fs";
import { Interface, type InterfaceAbi } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { L1Error } from "./L1Error.ts";
import "./quickHash.ts";

/** What the compiler left of a contract. */
export interface Artifact {
  readonly abi: InterfaceAbi & readonly unknown[];
  /** What deploys it, without the constructor's arguments. */
  readonly bytecode: Hex;
  /** What is deployed, with zeros for the immutables. */
  readonly deployedBytecode: Hex;
  /** Where the immutables stand in it, by their number in the compiler's syntax tree. */
  readonly immutableReferences?: Readonly<Record<string, readonly CodeRange[]>>;
  /** Name of the build's files. */
  readonly buildInfoId?: string;
}

/** Bytes of a code. */
export interface CodeRange {
  readonly start: number;
  readonly length: number;
}

/** Source files of the contracts that this module speaks to, by contract name. */
const SOURCES = {
  RollupInbox: "contracts/inbox/RollupInbox.sol",
  StateCommitmentChain: "contracts/rollup/StateCommitmentChain.sol",
  Bridge: "contracts/bridge/Bridge.sol",
  OptionsSettlement: "contracts/settlement/OptionsSettlement.sol",
  BisectionGame: "contracts/game/BisectionGame.sol",
  OneStepProver: "contracts/prover/OneStepProver.sol",
  MarginEngine: "contracts/prover/MarginEngine.sol",
  AccountExecutor: "contracts/prover/AccountExecutor.sol",
  FillExecutor: "contracts/prover/FillExecutor.sol",
  SettlementExecutor: "contracts/prover/SettlementExecutor.sol",
  OracleExecutor: "contracts/prover/OracleExecutor.sol",
  LiquidationExecutor: "contracts/prover/LiquidationExecutor.sol",
  TestUsdc: "contracts/test/TestUsdc.sol",
  GameDeployer: "contracts/deploy/GameDeployer.sol",
  TimelockController: "@openzeppelin/contracts/governance/TimelockController.sol",
} as const;

export type ContractName = keyof typeof SOURCES;

/** All contracts that this module speaks to. */
export const CONTRACT_NAMES = Object.keys(SOURCES) as readonly ContractName[];

const ROOT = new URL("../../artifacts/", import.meta.url);
const cache = new Map<ContractName, Artifact>();

const interfaces = new Map<ContractName, Interface>();

/**
 * The contract's interface, made once: parsing an ABI takes longer than most calls.
 *
 * @throws {@link L1Error} as {@link loadArtifact}.
 */
export function interfaceOf(name: ContractName): Interface {
  let known = interfaces.get(name);
  if (known === undefined) interfaces.set(name, (known = new Interface(loadArtifact(name).abi)));
  return known;
}

/**
 * The artifact that `hardhat build` has written.
 *
 * @throws {@link L1Error} `ARTIFACT` if it is missing or is not one.
 */
export function loadArtifact(name: ContractName): Artifact {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const file = new URL(`${SOURCES[name]}/${name}.json`, ROOT);
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new L1Error("ARTIFACT", "no artifact; run `npm run build`", { fields: { name, file: file.pathname }, cause });
  }
  const artifact = parsed as Partial<Artifact>;
  const { abi, bytecode, deployedBytecode } = artifact;
  if (!Array.isArray(abi) || typeof bytecode !== "string" || typeof deployedBytecode !== "string") {
    throw new L1Error("ARTIFACT", "file is not an artifact", { fields: { name, file: file.pathname } });
  }
  cache.set(name, artifact as Artifact);
  return artifact as Artifact;
}

/** A node of the compiler's syntax tree, as much as is looked at here. */
interface SyntaxNode {
  readonly id: number;
  readonly name?: string;
  readonly nodeType: string;
  readonly mutability?: string;
  readonly nodes?: readonly SyntaxNode[];
}

const immutables = new Map<string, ReadonlyMap<string, string>>();

/**
 * The names of all immutables of the build that an artifact is of, by their number in the compiler's syntax tree. Two contracts
 * may have immutables of one name, but no number.
 *
 * @throws {@link L1Error} `ARTIFACT` if the build's output is missing.
 */
export function immutableNames({ buildInfoId = "" }: Artifact): ReadonlyMap<string, string> {
  const known = immutables.get(buildInfoId);
  if (known !== undefined) return known;
  const file = new URL(`build-info/${buildInfoId}.output.json`, ROOT);
  const names = new Map<string, string>();
  const visit = (node: SyntaxNode): void => {
    if (node.nodeType === "VariableDeclaration" && node.mutability === "immutable") {
      names.set(String(node.id), node.name!);
    }
    // Immutables are members of contracts, and those of source units.
    node.nodes?.forEach(visit);
  };
  try {
    const { output } = JSON.parse(readFileSync(file, "utf8")) as {
      output: { sources: Record<string, { ast: SyntaxNode }> };
    };
    for (const { ast } of Object.values(output.sources)) visit(ast);
  } catch (cause) {
    throw new L1Error("ARTIFACT", "no build output; run `npm run build`", { fields: { file: file.pathname }, cause });
  }
  immutables.set(buildInfoId, names);
  return names;
}
