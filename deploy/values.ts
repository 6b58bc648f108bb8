import type {
  ContractFuture,
  DeploymentParameters,
  IgnitionModuleBuilder,
  ModuleParameterRuntimeValue,
  SolidityParameterType,
  StaticCallFuture,
} from "@nomicfoundation/ignition-core";
import { loadArtifact } from "../src/l1/Artifacts.ts";
import type { DeploymentValues } from "../src/l1/constructors.ts";
import { genesisStateRoot, requireTimeToDefend, type TenorParameters } from "../src/l1/parameters.ts";
import type { Hex } from "../src/crypto/bytes.ts";

/** What stands in a module for a value that the deployment fills in: a parameter, a contract's address, or what a contract says. */
export type Placeholder =
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- parameters of all types stand in one list of arguments.
  ModuleParameterRuntimeValue<any> | ContractFuture<string> | StaticCallFuture<string, string>;

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
  };
}

/**
 * A file of parameters as Ignition takes it, with what follows. The same file gives the same parameters, whoever deploys and
 * whenever it goes on.
 *
 * @param token The collateral, which is there by now.
 * @throws DeadlineError `CHALLENGE_PERIOD_TOO_SHORT`: no contract knows what defenders can do, so this is where it is asked.
 */
export function ignitionParameters(parameters: TenorParameters, token: Hex): DeploymentParameters {
  requireTimeToDefend(parameters);
  const all = {
    ...parameters,
    token,
    genesisStateRoot: genesisStateRoot(parameters),
    gameCreationCode: loadArtifact("BisectionGame").bytecode,
  };
  return { $global: all as unknown as Record<string, SolidityParameterType> };
}
