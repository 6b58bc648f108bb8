import { Interface } from "ethers";
import { fromHex, toHex, type Hex } from "../../src/crypto/bytes.ts";
import { loadArtifact, type ContractName } from "../../src/l1/Artifacts.ts";
import { DEPLOYED_AS } from "../../src/l1/deployment.ts";
import type { TenorParameters } from "../../src/l1/parameters.ts";

/** A transaction of the deployment. */
export interface PlannedTransaction {
  /** Id of Ignition's future. */
  readonly futureId: string;
  readonly contract: ContractName;
  /** Bytes of code that it puts on chain. */
  readonly codeBytes: number;
  /** Bytes of its data. */
  readonly dataBytes: number;
  /** Most gas that it is reckoned to use. */
  readonly gas: bigint;
}

/** A transaction, the creation of a contract, and each byte of its code (EIP-2). */
const CREATION_GAS = 53_000n;
const CODE_BYTE_GAS = 200n;
/** Bytes of data: zero and other (EIP-2028), each word of a creation code (EIP-3860). */
const ZERO_BYTE_GAS = 4n;
const BYTE_GAS = 16n;
const WORD_GAS = 2n;
/** What a constructor executes, a new word of storage included; and what a role of the timelock takes. */
const EXECUTION_GAS = 250_000n;
const ROLE_GAS = 60_000n;
/** Bytes of a constructor's arguments, at most. */
const ARGUMENTS = 512;

/** Modules of the contracts: parts of the ids by which Ignition's journal knows them. */
const MODULES = {
  timelock: "Governance",
  inbox: "Inputs",
  settlement: "Inputs",
  chain: "Custody",
  bridge: "Custody",
  marginEngine: "Proof",
  accountExecutor: "Proof",
  fillExecutor: "Proof",
  settlementExecutor: "Proof",
  oracleExecutor: "Proof",
  liquidationExecutor: "Proof",
  prover: "Proof",
} as const satisfies Partial<Record<keyof typeof DEPLOYED_AS, string>>;

/** All transactions of a deployment with what they cost. */
export function plannedTransactions(parameters: TenorParameters): readonly PlannedTransaction[] {
  const { token, timelockProposers, timelockExecutors } = parameters;
  const roles = BigInt(2 * timelockProposers.length + timelockExecutors.length + 2);
  const contracts = (Object.entries(MODULES) as [keyof typeof MODULES, string][]).map(([name, module]) =>
    creation(module, DEPLOYED_AS[name], name === "timelock" ? roles * ROLE_GAS : 0n),
  );
  const game = creation("Dispute", "BisectionGame", CREATION_GAS);
  return [
    ...(token === "test" ? [creation("Token", "TestUsdc")] : []),
    creation("Custody", "GameDeployer"),
    ...contracts,
    { ...game, futureId: "Dispute#Custody~GameDeployer.deploy" },
  ];
}

function creation(module: string, contract: ContractName, more = 0n): PlannedTransaction {
  const { bytecode, deployedBytecode } = loadArtifact(contract);
  const code = fromHex(bytecode);
  const zeros = BigInt(code.filter((byte) => byte === 0).length);
  const data = zeros * ZERO_BYTE_GAS + (BigInt(code.length) - zeros + BigInt(ARGUMENTS)) * BYTE_GAS;
  const codeBytes = (deployedBytecode.length - 2) / 2;
  const words = BigInt(Math.ceil((code.length + ARGUMENTS) / 32)) * WORD_GAS;
  const gas = CREATION_GAS + data + words + BigInt(codeBytes) * CODE_BYTE_GAS + EXECUTION_GAS + more;
  return { futureId: `${module}#${contract}`, contract, codeBytes, dataBytes: code.length + ARGUMENTS, gas };
}

/** A predeployed contract of OP Stack chains: what a transaction costs besides its gas, for its bytes on Ethereum. */
const GAS_PRICE_ORACLE: Hex = "0x420000000000000000000000000000000000000F";
const ORACLE = new Interface(["function getL1FeeUpperBound(uint256 unsignedTxSize) view returns (uint256)"]);

/** Wei, at most, that a transaction of so many bytes costs an OP chain's users for Ethereum. */
export async function l1FeeUpperBound(
  call: (to: Hex, data: Hex) => Promise<string>,
  dataBytes: number,
): Promise<bigint> {
  const answer = await call(GAS_PRICE_ORACLE, ORACLE.encodeFunctionData("getL1FeeUpperBound", [dataBytes]) as Hex);
  return ORACLE.decodeFunctionResult("getL1FeeUpperBound", toHex(fromHex(answer)))[0] as bigint;
}
