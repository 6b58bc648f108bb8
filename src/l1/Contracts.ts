import { Contract, type BaseContract, type ContractRunner } from "ethers";
import type {
  AccountExecutor,
  BisectionGame,
  Bridge,
  FillExecutor,
  LiquidationExecutor,
  OneStepProver,
  OptionsSettlement,
  OracleExecutor,
  RollupInbox,
  SettlementExecutor,
  StateCommitmentChain,
  TestUsdc,
  TimelockController,
} from "../../typechain/index.ts";
import type { Hex } from "../crypto/bytes.ts";
import { interfaceOf, type ContractName } from "./Artifacts.ts";

/** Typed handles on the deployed contracts. The types are TypeChain's; the ABIs are read from the artifacts. */

export const inboxAt = (address: Hex, runner: ContractRunner): RollupInbox => at("RollupInbox", address, runner);

export const chainAt = (address: Hex, runner: ContractRunner): StateCommitmentChain =>
  at("StateCommitmentChain", address, runner);

export const gameAt = (address: Hex, runner: ContractRunner): BisectionGame => at("BisectionGame", address, runner);

export const bridgeAt = (address: Hex, runner: ContractRunner): Bridge => at("Bridge", address, runner);

export const settlementAt = (address: Hex, runner: ContractRunner): OptionsSettlement =>
  at("OptionsSettlement", address, runner);

export const proverAt = (address: Hex, runner: ContractRunner): OneStepProver => at("OneStepProver", address, runner);

/** The judges of the families of transactions. */
interface Executors {
  readonly AccountExecutor: AccountExecutor;
  readonly FillExecutor: FillExecutor;
  readonly SettlementExecutor: SettlementExecutor;
  readonly OracleExecutor: OracleExecutor;
  readonly LiquidationExecutor: LiquidationExecutor;
}

export const executorAt = <Name extends keyof Executors>(
  name: Name,
  address: Hex,
  runner: ContractRunner,
): Executors[Name] => new Contract(address, interfaceOf(name), runner) as unknown as Executors[Name];

export const timelockAt = (address: Hex, runner: ContractRunner): TimelockController =>
  at("TimelockController", address, runner);

/** The collateral, of which only the ERC-20 part may be used on a public network. */
export const tokenAt = (address: Hex, runner: ContractRunner): TestUsdc => at("TestUsdc", address, runner);

function at<T extends BaseContract>(name: ContractName, address: Hex, runner: ContractRunner): T {
  return new Contract(address, interfaceOf(name), runner) as unknown as T;
}
