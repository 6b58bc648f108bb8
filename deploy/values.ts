import type {
  ContractFuture,
  IgnitionModuleBuilder,
  ModuleParameterRuntimeValue,
} from "@nomicfoundation/ignition-core";
import type { DeploymentParameters, SolidityParameterType } from "@nomicfoundation/ignition-core";
import type { DeploymentValues } from "../src/l1/constructors.ts";
import { deploymentValues } from "../src/l1/deployTenor.ts";
import type { TenorParameters } from "../src/l1/parameters.ts";

/** What stands in a module for a value that the deployment fills in: a parameter, or a contract's address. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of all types stand in one list of arguments.
export type Placeholder = ModuleParameterRuntimeValue<any> | ContractFuture<string>;

/** The parameters as Ignition knows them; those of all modules are global, so that none is given twice. */
export function values(m: IgnitionModuleBuilder): DeploymentValues<Placeholder> {
  return {
    chainId: m.getParameter("chainId"),
    sequencer: m.getParameter("sequencer"),
    treasury: m.getParameter("treasury"),
    timelockProposers: m.getParameter("timelockProposers"),
    timelockExecutors: m.getParameter("timelockExecutors"),
    timelockAdmin: m.getParameter("timelockAdmin"),
    timelockDelaySeconds: m.getParameter("timelockDelaySeconds"),
    forceDelaySeconds: m.getParameter("forceDelaySeconds"),
    maxPastSeconds: m.getParameter("maxPastSeconds"),
    maxFutureSeconds: m.getParameter("maxFutureSeconds"),
    rateBytesPerSecond: m.getParameter("rateBytesPerSecond"),
    burstBytes: m.getParameter("burstBytes"),
    challengePeriodSeconds: m.getParameter("challengePeriodSeconds"),
    minParentAgeSeconds: m.getParameter("minParentAgeSeconds"),
    historyHeight: m.getParameter("historyHeight"),
    stakeWei: m.getParameter("stakeWei"),
    sectionBits: m.getParameter("sectionBits"),
    refundPriceCapWei: m.getParameter("refundPriceCapWei"),
    genesisStateRoot: m.getParameter("genesisStateRoot"),
    game: m.getParameter("game"),
  };
}

/**
 * A file of parameters as Ignition takes it, with what follows: the genesis state root, and the game's address from the
 * deployer and the nonce with which it begins. A deployment that is resumed is given the nonce that it began with.
 */
export function ignitionParameters(parameters: TenorParameters, deployer: string, nonce: number): DeploymentParameters {
  const all = { ...deploymentValues(parameters, deployer, nonce), token: parameters.token } as unknown as Record<
    string,
    SolidityParameterType
  >;
  return { $global: all };
}
