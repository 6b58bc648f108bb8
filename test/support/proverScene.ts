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
  const engine = await ethers.deployContract("MarginEngine");
  const accounts = await ethers.deployContract("AccountExecutor", [chainId, inbox, bridge, engine]);
  const fills = await ethers.deployContract("FillExecutor", [chainId, inbox, engine]);
  const settlements = await ethers.deployContract("SettlementExecutor", [settlement]);
  const reports = await ethers.deployContract("OracleExecutor", [chainId, inbox, settlement]);
  const auctions = await ethers.deployContract("LiquidationExecutor", [chainId, inbox, engine]);
  const executors = [accounts, fills, settlements, reports, auctions] as const;
  const prover = await ethers.deployContract("OneStepProver", [...executors]);
  const harness = await ethers.deployContract("ProverHarness", [prover]);
  return { prover, harness, chainId };
}
