import { Contract, isCallException, type ContractRunner } from "ethers";
import type { Hex } from "../../src/crypto/bytes.ts";
import type { FeedReader } from "../../src/settlement/roundEvidence.ts";
import { feedArtifact } from "../demo/feedArtifact.ts";

/** Decimals of the feeds, as of Chainlink's USD feeds. */
export const FEED_DECIMALS = 8;
/** From 1e-4 USD to the feed's unit. */
export const FEED_SCALE = 10_000n;
/** Their only phase. */
export const FEED_PHASE = 1;

const ROUND_MASK = (1n << 64n) - 1n;

/** A price feed of a devnet. */
export class Feed implements FeedReader {
  readonly contract: Contract;

  constructor(address: Hex, runner: ContractRunner) {
    this.contract = new Contract(address, feedArtifact().abi, runner);
  }

  async phase(): Promise<number> {
    return Number(await this.contract.getFunction("phaseId")());
  }

  async latestRound(): Promise<bigint> {
    return ((await this.contract.getFunction("latestRoundData")()) as readonly bigint[])[0]! & ROUND_MASK;
  }

  /** The newest price, 1e-4 USD. */
  async price(): Promise<bigint> {
    return ((await this.contract.getFunction("latestRoundData")()) as readonly bigint[])[1]! / FEED_SCALE;
  }

  async getRound(phase: number, round: bigint): ReturnType<FeedReader["getRound"]> {
    try {
      const id = (BigInt(phase) << 64n) | round;
      const answer = (await this.contract.getFunction("getRoundData")(id)) as readonly bigint[];
      return { answer: answer[1]!, updatedAt: answer[3]!, answeredInRound: answer[4]! & ROUND_MASK };
    } catch (error) {
      if (isCallException(error)) return undefined;
      throw error;
    }
  }
}
