import { NETWORKS } from "../../deploy/networks.ts";
import { urlFrom } from "../cli/configuration.ts";

/** An endpoint to work on. */
export interface Place {
  readonly url: string;
  /** Whether the chain lives in this process and ends with it. */
  readonly isRehearsal: boolean;
  /** Ends a chain that lives in this process. */
  readonly close: () => Promise<void>;
}

/**
 * The endpoint that the command line names: by its URL, else by a network's name. A network without an endpoint is a simulated chain
 * that is started here.
 *
 * @throws CliError `VARIABLE_UNSET` or `USAGE`.
 */
export async function placeOf(network: string | undefined, rpcUrl: string | undefined): Promise<Place> {
  const { url, urlVariable } = (network === undefined ? undefined : NETWORKS[network]) ?? {};
  if (rpcUrl !== undefined || urlVariable !== undefined) {
    return lasting(await urlFrom(rpcUrl, urlVariable ?? "TENOR_L1_URL"));
  }
  if (url !== undefined) return lasting(url);
  const { network: simulator } = await import("hardhat");
  const server = await simulator.createServer(network, "127.0.0.1");
  const { address, port } = await server.listen();
  return { url: `http://${address}:${port}`, isRehearsal: true, close: () => server.close() };
}

function lasting(url: string): Place {
  return { url, isRehearsal: false, close: () => Promise.resolve() };
}
