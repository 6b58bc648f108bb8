import { toHex } from "../../src/crypto/bytes.ts";
import type { OneStepProver, ProverHarness } from "../../typechain/index.ts";
import type { Connection } from "./baseChain.ts";
import { BRIDGE, INBOX, SETTLEMENT } from "./traffic/world.ts";

/** A prover for the deployment of the tests, and the harness that runs many steps in one call. */
export interface ProverScene {
  prover: OneStepProver;
  harness: ProverHarness;
  chainId: bigint;
}

/** Deploys the executors, the prover and its harness. */
export async function deployProver({ ethers }: Connection): Promise<ProverScene> {
  const { chainId } = await ethers.provider.getNetwork();
  const [inbox, bridge, settlement] = [toHex(INBOX), toHex(BRIDGE), toHex(SETTLEMENT)];
  const accounts = await ethers.deployContract("AccountExecutor", [chainId, inbox, bridge]);
  const fills = await ethers.deployContract("FillExecutor", [chainId, inbox]);
  const settlements = await ethers.deployContract("SettlementExecutor", [settlement]);
  const prover = await ethers.deployContract("OneStepProver", [accounts, fills, settlements]);
  const harness = await ethers.deployContract("ProverHarness", [prover]);
  return { prover, harness, chainId };
}
