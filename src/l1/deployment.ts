import { readFileSync, writeFileSync } from "node:fs";
import { isAddress, isHexString } from "ethers";
import { fromHex, type Hex } from "../crypto/bytes.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { genesisRoot } from "../machine/Genesis.ts";
import { recover } from "../machine/Signatures.ts";
import type { TreeRoot } from "../machine/StateTree.ts";
import { domainSeparator } from "../machine/TypedData.ts";
import type { ContractName } from "./Artifacts.ts";
import { L1Error } from "./L1Error.ts";
import type { DeployedContracts } from "./constructors.ts";
import type { ChainType } from "./parameterSpecs.ts";

/** Where the contracts are. */
type Addresses = DeployedContracts<Hex>;

/** What a node needs to know of a deployment, beside an L1 endpoint. */
export interface Deployment {
  readonly chainId: bigint;
  /** A chain of the OP Stack carries no blobs, so nobody may offer any. Absent: `l1`. */
  readonly chainType?: ChainType;
  /** Block in which the first contract was deployed, or an earlier one. */
  readonly startBlock: number;
  /** Owner of account 0: the genesis state follows from it. */
  readonly feeRecipient: Hex;
  readonly addresses: Addresses;
  /** Hashes of the transactions that created the contracts, which show by what code; without them nobody can verify the deployment. */
  readonly creations?: Readonly<Partial<Record<DeployedName, Hex>>>;
}

/** What stands at each address but the token's, which is somebody else's. */
export const DEPLOYED_AS = {
  timelock: "TimelockController",
  inbox: "RollupInbox",
  chain: "StateCommitmentChain",
  bridge: "Bridge",
  settlement: "OptionsSettlement",
  marginEngine: "MarginEngine",
  accountExecutor: "AccountExecutor",
  fillExecutor: "FillExecutor",
  settlementExecutor: "SettlementExecutor",
  oracleExecutor: "OracleExecutor",
  liquidationExecutor: "LiquidationExecutor",
  prover: "OneStepProver",
  game: "BisectionGame",
} as const satisfies Readonly<Record<Exclude<keyof Addresses, "token">, ContractName>>;

/** The contracts that are deployed. */
export type DeployedName = keyof typeof DEPLOYED_AS;

const CONTRACTS: readonly (keyof Addresses)[] = ["token", ...(Object.keys(DEPLOYED_AS) as DeployedName[])];

/** What the machine of a deployment runs with. */
export function machineConfig({ chainId, addresses }: Deployment): MachineConfig {
  return {
    domain: domainSeparator(chainId, fromHex(addresses.inbox, 20)),
    bridge: fromHex(addresses.bridge, 20),
    settlement: fromHex(addresses.settlement, 20),
    recover,
  };
}

/** The state of a deployment before its first input. */
export function deploymentGenesis({ feeRecipient }: Deployment): TreeRoot {
  return genesisRoot(fromHex(feeRecipient, 20));
}

/** Writes a deployment file. */
export function writeDeployment(file: string | URL, deployment: Deployment): void {
  writeFileSync(file, `${JSON.stringify({ ...deployment, chainId: Number(deployment.chainId) }, undefined, 2)}\n`);
}

/**
 * Reads a deployment file.
 *
 * @throws {@link L1Error} `FILE_MALFORMED`.
 */
export function readDeployment(file: string | URL): Deployment {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new L1Error("FILE_MALFORMED", "there is no such deployment file, or it is not JSON", {
      fields: { file: String(file) },
      cause,
    });
  }
  const { chainId, chainType, startBlock, feeRecipient, addresses, creations } = (parsed ?? {}) as Record<
    string,
    unknown
  >;
  const valid =
    Number.isSafeInteger(chainId) &&
    (chainType === undefined || chainType === "l1" || chainType === "op") &&
    Number.isSafeInteger(startBlock) &&
    isAddress(feeRecipient) &&
    CONTRACTS.every((name) => isAddress((addresses as Record<string, unknown> | undefined)?.[name])) &&
    (creations === undefined || Object.values(creations ?? [undefined]).every((hash) => isHexString(hash, 32)));
  if (!valid) {
    throw new L1Error("FILE_MALFORMED", "file is not a deployment", { fields: { file: String(file), parsed } });
  }
  return {
    chainId: BigInt(chainId as number),
    ...(chainType === undefined ? {} : { chainType }),
    startBlock: startBlock as number,
    feeRecipient: feeRecipient as Hex,
    addresses: addresses as Addresses,
    ...(creations === undefined ? {} : { creations: creations as Readonly<Record<string, Hex>> }),
  };
}
