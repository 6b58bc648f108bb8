import { ZeroAddress } from "ethers";

/** Bounds of answers, as of the ETH/USD aggregator: 1 and 10^13, in 1e-8 USD. */
const ANSWERS = [1n, 10n ** 13n] as const;

/** The calls that bring USDC to its present version, one after another, with one owner of all roles. */
export function usdcSetUp(owner: string): readonly (readonly [method: string, args: readonly unknown[]])[] {
  return [
    ["initialize", ["USD Coin", "USDC", "USD", 6, owner, owner, owner, owner]],
    ["initializeV2", ["USD Coin"]],
    ["initializeV2_1", [owner]],
    ["initializeV2_2", [[], "USDC"]],
  ];
}

/** What an aggregator of ETH/USD is constructed with, if it pays its oracles nothing and nobody validates its answers. */
export function aggregatorArguments(linkToken: string): readonly unknown[] {
  return [linkToken, 0, 1, ZeroAddress, ...ANSWERS, 8, "ETH / USD"];
}

/** The arguments of `changeOracles` with which one account alone answers, as often as it likes. */
export function soleOracle(oracle: string): [string[], string[], string[], number, number, number] {
  return [[], [oracle], [oracle], 1, 1, 0];
}
