import { existsSync, readFileSync } from "node:fs";
import { marketData } from "../cli/marketData.ts";

/** A round of an aggregator; its number is its place in the list, from 1. */
export interface FeedAnswer {
  readonly answer: bigint;
  /** Seconds since 1970. */
  readonly updatedAt: number;
  /** Number of the round in which the answer was computed. */
  readonly answeredIn: number;
}

/** Phase of the ETH/USD proxy to which the rounds of the file belong. */
export const REAL_PHASE = 6;
/** All rounds of that phase from its first on. */
export const ROUNDS_FILE = marketData("chainlink", "chainlink_mainnet_eth_usd_phase6.csv");

/** The rounds of ETH/USD in the order of their numbers; undefined if the file is not there. */
export function readRealRounds(): FeedAnswer[] | undefined {
  if (!existsSync(ROUNDS_FILE)) return undefined;
  const [, ...lines] = readFileSync(ROUNDS_FILE, "utf8").trim().split("\n");
  return lines.map((line, index) => {
    const [id, answer, , updated, answeredIn] = line.split(",");
    if (BigInt(id!) !== ((BigInt(REAL_PHASE) << 64n) | BigInt(index + 1))) {
      throw new Error(`${ROUNDS_FILE}: a round is left out before ${id}`);
    }
    const answeredInRound = Number(BigInt(answeredIn!) & (2n ** 64n - 1n));
    return { answer: BigInt(answer!), updatedAt: Number(updated), answeredIn: answeredInRound };
  });
}
