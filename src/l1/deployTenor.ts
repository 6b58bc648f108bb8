import { ContractFactory, type Signer } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { loadArtifact, type ContractName } from "./Artifacts.ts";
import { translateError } from "./ContractErrors.ts";
import {
  accountExecutorArguments,
  bridgeArguments,
  chainArguments,
  fillExecutorArguments,
  inboxArguments,
  proverArguments,
  settlementArguments,
  settlementExecutorArguments,
  timelockArguments,
  type Argument,
  type DeploymentValues,
} from "./constructors.ts";
import type { Deployment } from "./deployment.ts";
import { genesisStateRoot, type TenorParameters } from "./parameters.ts";

type Value = bigint | string | readonly string[];

/** The parameters as the constructors take them. */
export function deploymentValues(parameters: TenorParameters): DeploymentValues<Value> {
  return { ...parameters, genesisStateRoot: genesisStateRoot(parameters) };
}

/**
 * Deploys everything, one transaction after another, from `signer`, which keeps no right in anything. For tests and
 * demonstrations; public deployments go through the Ignition modules, which resume after a failure.
 */
export async function deployTenor(signer: Signer, parameters: TenorParameters): Promise<Deployment> {
  const values = deploymentValues(parameters);
  let startBlock: number | undefined;
  const deploy = async (name: ContractName, args: readonly Argument<Value>[]): Promise<Hex> => {
    const { abi, bytecode } = loadArtifact(name);
    try {
      const contract = await new ContractFactory(abi, bytecode, signer).deploy(...args);
      const receipt = await contract.deploymentTransaction()?.wait();
      startBlock ??= receipt?.blockNumber;
      return (await contract.getAddress()) as Hex;
    } catch (error) {
      throw translateError(error, `deploy ${name}`);
    }
  };

  const token = parameters.token === "test" ? await deploy("TestUsdc", []) : parameters.token;
  const timelock = await deploy("TimelockController", timelockArguments(values));
  const inbox = await deploy("RollupInbox", inboxArguments(values, { timelock }));
  const chain = await deploy("StateCommitmentChain", chainArguments(values, { inbox }));
  const bridge = await deploy("Bridge", bridgeArguments<Value>({ token, inbox, chain }));
  const settlement = await deploy("OptionsSettlement", settlementArguments<Value>({ inbox, timelock }));
  const accountExecutor = await deploy("AccountExecutor", accountExecutorArguments(values, { inbox, bridge }));
  const fillExecutor = await deploy("FillExecutor", fillExecutorArguments(values, { inbox }));
  const settlementExecutor = await deploy("SettlementExecutor", settlementExecutorArguments<Value>({ settlement }));
  const executors = { accountExecutor, fillExecutor, settlementExecutor };
  const prover = await deploy("OneStepProver", proverArguments<Value>(executors));
  return {
    chainId: parameters.chainId,
    startBlock: startBlock ?? 0,
    feeRecipient: parameters.feeRecipient,
    addresses: { token, timelock, inbox, chain, bridge, settlement, ...executors, prover },
  };
}
