import { getCreateAddress, type Signer } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { interfaceOf, loadArtifact, type ContractName } from "./Artifacts.ts";
import { translateError } from "./ContractErrors.ts";
import {
  accountExecutorArguments,
  bridgeArguments,
  chainArguments,
  fillExecutorArguments,
  gameArguments,
  inboxArguments,
  liquidationExecutorArguments,
  oracleExecutorArguments,
  proverArguments,
  settlementArguments,
  settlementExecutorArguments,
  timelockArguments,
  type Argument,
  type DeploymentValues,
} from "./constructors.ts";
import { DEPLOYED_AS, type Deployment } from "./deployment.ts";
import { genesisStateRoot, requireTimeToDefend, type TenorParameters } from "./parameters.ts";

type Value = bigint | string | readonly string[];

/** Transactions between the first one (the timelock's; a test token comes before) and the game's. */
const TRANSACTIONS_BEFORE_GAME = 12;

/**
 * Deploys everything, one transaction after another, from `signer`, which keeps no right in anything. For tests and
 * demonstrations, which send nothing else in between: the game's address follows from the nonce of `signer`. Public
 * deployments go through the Ignition modules, which resume after a failure.
 *
 * @throws DeadlineError `CHALLENGE_PERIOD_TOO_SHORT`: no contract knows what defenders can do, so this is where it is asked.
 */
export async function deployTenor(signer: Signer, parameters: TenorParameters): Promise<Deployment> {
  requireTimeToDefend(parameters);
  let startBlock: number | undefined;
  const hashes: Partial<Record<ContractName, Hex>> = {};
  const deploy = async (name: ContractName, args: readonly Argument<Value>[]): Promise<Hex> => {
    // Not by a factory, which reads all of the code and writes it out again.
    const data = `${loadArtifact(name).bytecode}${interfaceOf(name).encodeDeploy(args).slice(2)}`;
    try {
      const receipt = (await (await signer.sendTransaction({ data })).wait())!;
      startBlock ??= receipt.blockNumber;
      hashes[name] = receipt.hash as Hex;
      return receipt.contractAddress as Hex;
    } catch (error) {
      throw translateError(error, `deploy ${name}`);
    }
  };

  const token = parameters.token === "test" ? await deploy("TestUsdc", []) : parameters.token;
  const nonce = (await signer.getNonce()) + TRANSACTIONS_BEFORE_GAME;
  const values: DeploymentValues<Value> = { ...parameters, genesisStateRoot: genesisStateRoot(parameters) };
  const expectedGame = getCreateAddress({ from: await signer.getAddress(), nonce });
  const timelock = await deploy("TimelockController", timelockArguments(values));
  const inbox = await deploy("RollupInbox", inboxArguments(values, { timelock }));
  const chain = await deploy("StateCommitmentChain", chainArguments<Value>(values, { inbox, game: expectedGame }));
  const bridge = await deploy("Bridge", bridgeArguments<Value>({ token, inbox, chain }));
  const settlement = await deploy("OptionsSettlement", settlementArguments<Value>({ inbox, timelock }));
  const marginEngine = await deploy("MarginEngine", []);
  const accountArguments = accountExecutorArguments(values, { inbox, bridge, marginEngine });
  const accountExecutor = await deploy("AccountExecutor", accountArguments);
  const fillExecutor = await deploy("FillExecutor", fillExecutorArguments(values, { inbox, marginEngine }));
  const settlementExecutor = await deploy("SettlementExecutor", settlementExecutorArguments<Value>({ settlement }));
  const oracleExecutor = await deploy("OracleExecutor", oracleExecutorArguments(values, { inbox, settlement }));
  const liquidationArguments = liquidationExecutorArguments(values, { inbox, marginEngine });
  const liquidationExecutor = await deploy("LiquidationExecutor", liquidationArguments);
  const executors = { accountExecutor, fillExecutor, settlementExecutor, oracleExecutor, liquidationExecutor };
  const prover = await deploy("OneStepProver", proverArguments<Value>(executors));
  const game = await deploy("BisectionGame", gameArguments<Value>(values, { chain, inbox, prover }));
  return {
    chainId: parameters.chainId,
    chainType: parameters.chainType,
    startBlock: startBlock ?? 0,
    feeRecipient: parameters.feeRecipient,
    addresses: { token, timelock, inbox, chain, bridge, settlement, marginEngine, ...executors, prover, game },
    creations: Object.fromEntries(Object.entries(DEPLOYED_AS).map(([name, contract]) => [name, hashes[contract]!])),
  };
}
