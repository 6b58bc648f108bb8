import { readFileSync } from "node:fs";
import type { InterfaceAbi } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { L1Error } from "./L1Error.ts";

/** What the compiler left of a contract. */
export interface Artifact {
  readonly abi: InterfaceAbi & readonly unknown[];
  readonly bytecode: Hex;
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
  TimelockController: "@openzeppelin/contracts/governance/TimelockController.sol",
} as const;

export type ContractName = keyof typeof SOURCES;

/** All contracts that this module speaks to. */
export const CONTRACT_NAMES = Object.keys(SOURCES) as readonly ContractName[];

const ROOT = new URL("../../artifacts/", import.meta.url);
const cache = new Map<ContractName, Artifact>();

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
  if (!Array.isArray(artifact.abi) || typeof artifact.bytecode !== "string") {
    throw new L1Error("ARTIFACT", "file is not an artifact", { fields: { name, file: file.pathname } });
  }
  cache.set(name, artifact as Artifact);
  return artifact as Artifact;
}
