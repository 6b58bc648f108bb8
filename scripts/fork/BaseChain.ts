import { readFileSync, writeFileSync } from "node:fs";

/** A chain that is forked, and the third parties' contracts on it. */
export interface BaseChain {
  readonly url: string;
  /** The block behind which the forks begin. */
  readonly block: number;
  /** Circle's token, behind its proxy. */
  readonly usdc: string;
  /** Chainlink's ETH/USD proxy. */
  readonly feed: string;
  readonly weth: string;
  readonly link: string;
  /** How many of the rounds of the file of real rounds the feed has. */
  readonly realRounds: number;
}

/** Name of the environment variable with the file in which the suites find the chain that they run on. */
export const BASE_CHAIN_VARIABLE = "TENOR_BASE_CHAIN";

/** Contracts of the public network. */
export const MAINNET = {
  usdc: "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
  feed: "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
  weth: "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
  link: "0x514910771AF9Ca656af840dff83E8264EcF986CA",
} as const;

/** Writes the description of a chain for {@link readBaseChain}. */
export function writeBaseChain(file: string, chain: BaseChain): void {
  writeFileSync(file, JSON.stringify(chain));
}

/** The chain that this process's simulators fork; undefined if they begin with nothing. */
export function readBaseChain(): BaseChain | undefined {
  const file = process.env[BASE_CHAIN_VARIABLE];
  return file === undefined ? undefined : (JSON.parse(readFileSync(file, "utf8")) as BaseChain);
}
