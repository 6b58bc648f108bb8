import { keccak256 } from "../crypto/keccak.ts";
import { concat, fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import { loadArtifact, type ContractName } from "./Artifacts.ts";
import { DEPLOYED_AS } from "./deployment.ts";

/**
 * The fault proof: the prover, the executors in its order, and the margin engine that they call. Whoever has their code knows which
 * steps can be proven.
 */
export const PROVER_CONTRACTS = [
  "OneStepProver",
  "AccountExecutor",
  "FillExecutor",
  "SettlementExecutor",
  "OracleExecutor",
  "LiquidationExecutor",
  "MarginEngine",
] as const satisfies readonly ContractName[];

/** Hashes of what a deployment puts on chain, which are the same for every deployment of the same source. */
export interface CodeHashes {
  /** Of the hashes of {@link PROVER_CONTRACTS}, one behind the other. */
  readonly prover: Hex;
  /** keccak256 of each contract's runtime code with zeros for the immutables. */
  readonly contracts: Readonly<Record<string, Hex>>;
}

/** The hashes of the contracts as they are built. */
export function codeHashes(): CodeHashes {
  const names: readonly ContractName[] = ["GameDeployer", ...Object.values(DEPLOYED_AS)];
  const contracts = Object.fromEntries(names.map((name) => [name, codeHash(loadArtifact(name).deployedBytecode)]));
  return { prover: proverHash(contracts), contracts };
}

/** keccak256 of a runtime code. */
export function codeHash(code: Hex): Hex {
  return toHex(keccak256(fromHex(code)));
}

/** The hash of the fault proof, from the hashes of its contracts. */
export function proverHash(contracts: Readonly<Record<string, Hex>>): Hex {
  return toHex(keccak256(concat(...PROVER_CONTRACTS.map((name) => fromHex(contracts[name]!, 32)))));
}
