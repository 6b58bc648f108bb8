/** A chain that the scripts of this folder know by name. */
export interface NetworkSpec {
  readonly chainId: number;
  readonly chainType: "l1" | "op";
  /** Its endpoint, where that is the same for everybody. */
  readonly url?: string;
  /** Configuration variable with the endpoint, where everybody has another one. */
  readonly urlVariable?: string;
}

/**
 * The networks of `--network`, here and in `hardhat.config.ts`. One without an endpoint is Hardhat's simulator in the script's own
 * process: a rehearsal of which nothing remains.
 */
export const NETWORKS: Readonly<Record<string, NetworkSpec>> = {
  local: { chainId: 31_337, chainType: "l1" },
  localOp: { chainId: 31_337, chainType: "op" },
  anvil: { chainId: 31_337, chainType: "l1", url: "http://127.0.0.1:8545" },
  sepolia: { chainId: 11_155_111, chainType: "l1", urlVariable: "TENOR_SEPOLIA_URL" },
  opSepolia: { chainId: 11_155_420, chainType: "op", urlVariable: "TENOR_OP_SEPOLIA_URL" },
  mainnet: { chainId: 1, chainType: "l1", urlVariable: "TENOR_MAINNET_URL" },
};
