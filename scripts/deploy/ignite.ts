import {
  deploy,
  DeploymentResultType,
  ExecutionEventResultType,
  type Artifact,
  type ArtifactResolver,
  type DeployConfig,
  type DeploymentParameters,
  type DeploymentResult,
  type EIP1193Provider,
  type ExecutionEventListener,
  type IgnitionModule,
  type IgnitionModuleResult,
} from "@nomicfoundation/ignition-core";
import Tenor from "../../deploy/modules/Tenor.ts";
import Token from "../../deploy/modules/Token.ts";
import { ignitionParameters } from "../../deploy/values.ts";
import type { Hex } from "../../src/crypto/bytes.ts";
import { loadArtifact, type ContractName } from "../../src/l1/Artifacts.ts";
import { DEPLOYED_AS, type Deployment } from "../../src/l1/deployment.ts";
import { L1Error } from "../../src/l1/L1Error.ts";
import type { TenorParameters } from "../../src/l1/parameters.ts";
import { DeployError } from "./DeployError.ts";
import type { Journal } from "./Journal.ts";

/** How Ignition is run. */
export interface IgniteOptions {
  readonly provider: EIP1193Provider;
  readonly deployer: Hex;
  readonly journal: Journal;
  readonly config: Partial<DeployConfig>;
  /** Most that is offered for a gas, wei. */
  readonly maxFeePerGas: bigint;
  /** Hears of each contract that is there. */
  readonly onDeployed: (futureId: string, address: Hex) => void;
}

/** Number of Ignition's error when the account has sent something that is not Ignition's. */
const NONCE_MOVED_ON = 10_411;

/** The artifacts that `hardhat build` has written. */
export const ARTIFACTS: ArtifactResolver = {
  loadArtifact: (name) => Promise.resolve(loadArtifact(name as ContractName) as unknown as Artifact),
  // The sources are in this repository; a copy of the build's output beside each journal would be 20 MB.
  getBuildInfo: () => Promise.resolve(undefined),
};

/**
 * Deploys by the Ignition modules, or goes on with what the journal has.
 *
 * @throws {@link DeployError} `DEPLOYMENT_STOPPED` with Ignition's own words.
 */
export async function ignite(parameters: TenorParameters, options: IgniteOptions): Promise<Deployment> {
  const { token: given, chainId, chainType, feeRecipient } = parameters;
  // Ignition calls a module done when everything in the journal is, so this one is not run beside what another has begun.
  const deployed = options.journal.deployed.get(Token.results.token.id);
  const token = given === "test" ? (deployed ?? (await run(Token, {}, options)).token!) : given;
  const addresses = { token, ...(await run(Tenor, ignitionParameters(parameters, token), options)) };
  const startBlock = options.journal.firstBlock ?? 0;
  return {
    ...{ chainId, chainType, startBlock, feeRecipient },
    addresses: addresses as Deployment["addresses"],
    creations: creationsOf(options.journal),
  };
}

/** The transactions that have created the contracts: one each, and of the game the call of who deploys it. */
function creationsOf({ mined }: Journal): NonNullable<Deployment["creations"]> {
  const hashOf = (contract: string): Hex | undefined => {
    const ending = contract === "BisectionGame" ? "GameDeployer.deploy" : `#${contract}`;
    return [...mined].find(([id]) => id.endsWith(ending))?.[1];
  };
  const found = Object.entries(DEPLOYED_AS).flatMap(([name, contract]) => {
    const hash = hashOf(contract);
    return hash === undefined ? [] : [[name, hash] as const];
  });
  return Object.fromEntries(found);
}

/** The addresses by the names that the module gives its contracts. */
async function run(
  module: IgnitionModule<string, string, IgnitionModuleResult<string>>,
  deploymentParameters: DeploymentParameters,
  { provider, deployer, journal, config, maxFeePerGas, onDeployed }: IgniteOptions,
): Promise<Readonly<Record<string, Hex>>> {
  // Ignition looks first after what is pending, and puts that before the rest by comparing senders as text with one of all F. In
  // capitals this one comes before it, whatever it is; with small letters the rest would come first, and find nonces used.
  const sender = `0x${deployer.slice(2).toUpperCase()}`;
  const attempt = (): Promise<DeploymentResult> =>
    deploy({
      config,
      artifactResolver: ARTIFACTS,
      provider,
      executionEventListener: listener(onDeployed),
      deploymentDir: journal.folder,
      ignitionModule: module,
      deploymentParameters,
      accounts: [sender],
      defaultSender: sender,
      maxFeePerGasLimit: maxFeePerGas,
    });
  const result = await whileItGoesOn(journal, attempt);
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
    const { type, ...rest } = result;
    const fields = { folder: journal.folder, type, ...rest };
    throw new DeployError("DEPLOYMENT_STOPPED", "Ignition has stopped; the same command goes on", { fields });
  }
  const { contracts } = result;
  return Object.fromEntries(
    Object.entries(module.results).map(([name, future]) => [name, contracts[future.id]!.address as Hex]),
  );
}

/**
 * Tries again as long as only the account's other transactions are in the way and the journal gets longer. Ignition counts nonces from
 * those in its journal that it has not seen mined: it sees them mined and ends; from there on the account's own nonce counts.
 */
async function whileItGoesOn(journal: Journal, attempt: () => Promise<DeploymentResult>): Promise<DeploymentResult> {
  for (let length = journal.length; ; length = journal.length) {
    try {
      return await attempt();
    } catch (cause) {
      if ((cause as { number?: unknown }).number === NONCE_MOVED_ON && journal.length > length) continue;
      if (cause instanceof DeployError || cause instanceof L1Error) throw cause;
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new DeployError("DEPLOYMENT_STOPPED", said, { fields: { folder: journal.folder }, cause });
    }
  }
}

/** Ignition wants somebody who hears of everything; here it is only what is deployed. */
function listener(onDeployed: IgniteOptions["onDeployed"]): ExecutionEventListener {
  const heard: Partial<ExecutionEventListener> = {
    deploymentExecutionStateComplete: ({ futureId, result }) => {
      if (result.type === ExecutionEventResultType.SUCCESS) onDeployed(futureId, result.result as Hex);
      return Promise.resolve();
    },
  };
  return new Proxy(heard as ExecutionEventListener, {
    get: (target, name: keyof ExecutionEventListener) => target[name] ?? (() => Promise.resolve()),
  });
}
