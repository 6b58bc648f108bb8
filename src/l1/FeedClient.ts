import { dataLength, dataSlice, fromTwos, Interface, toBigInt } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import type { FeedReader, FeedRound } from "../settlement/roundEvidence.ts";
import { isRevert } from "./ContractErrors.ts";
import type { L1Client } from "./L1Client.ts";
import { L1Error } from "./L1Error.ts";
import type { FeedAnswer } from "./L1Source.ts";

const WORD = 32;
const ROUND_MASK = (1n << 64n) - 1n;
const abi = new Interface([
  "function decimals() view returns (uint8)",
  "function phaseId() view returns (uint16)",
  "function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)",
  "function getRoundData(uint80) view returns (uint80, int256, uint256, uint256, uint80)",
]);

/** The words of a round. */
interface RoundWords {
  readonly id: bigint;
  readonly answer: bigint;
  readonly startedAt: bigint;
  readonly updatedAt: bigint;
  readonly answeredInRound: bigint;
}

/**
 * A Chainlink price feed proxy, read as OptionsSettlement reads it: what fails there is missing here, words are not decoded by
 * their types, and an answer that is cut short is none. Whatever else goes wrong is the endpoint's, and an error.
 */
export class FeedClient {
  readonly #client: L1Client;
  readonly #address: Hex;

  constructor(client: L1Client, address: Hex) {
    this.#client = client;
    this.#address = address;
  }

  /** Decimals of its answers after that block; undefined if it does not say. */
  async decimals(block: number): Promise<number | undefined> {
    const [decimals] = (await this.#words(block, "decimals", [], 1)) ?? [];
    return decimals === undefined ? undefined : Number(decimals);
  }

  /** Its last answer after that block; undefined if it has none. */
  async latest(block: number): Promise<FeedAnswer | undefined> {
    const round = await this.#round(block, "latestRoundData", []);
    return round && { round: round.id, answer: round.answer, updatedAt: round.updatedAt };
  }

  /** Its rounds after that block, for the search for evidence. */
  reader(block: number): FeedReader {
    return {
      phase: async () => {
        const [phase] = (await this.#words(block, "phaseId", [], 1)) ?? [];
        if (phase !== undefined) return Number(phase);
        throw new L1Error("REVERTED", "the feed does not say its phase", { fields: { feed: this.#address, block } });
      },
      latestRound: async () => ((await this.latest(block))?.round ?? 0n) & ROUND_MASK,
      getRound: (phase, number) => this.#getRound(block, phase, number),
    };
  }

  async #getRound(block: number, phase: number, number: bigint): Promise<FeedRound | undefined> {
    const base = BigInt(phase) << 64n;
    const round = await this.#round(block, "getRoundData", [base | number]);
    if (round === undefined) return undefined;
    const { id, startedAt, updatedAt, answeredInRound } = round;
    if (round.answer === 0n && startedAt === 0n && updatedAt === 0n) return undefined;
    // R1: a round under another id is there, and does not count.
    const answer = id === (base | number) ? round.answer : 0n;
    return { answer, updatedAt, answeredInRound: answeredInRound - base };
  }

  async #round(block: number, method: string, args: readonly bigint[]): Promise<RoundWords | undefined> {
    const words = await this.#words(block, method, args, 5);
    if (words === undefined) return undefined;
    const [id, answer, startedAt, updatedAt, answeredInRound] = words as [bigint, bigint, bigint, bigint, bigint];
    return { id, answer: fromTwos(answer, 256), startedAt, updatedAt, answeredInRound };
  }

  /** The first `count` words of an answer; undefined if the call fails on chain or answers less. */
  async #words(
    block: number,
    method: string,
    args: readonly bigint[],
    count: number,
  ): Promise<readonly bigint[] | undefined> {
    const call = { to: this.#address, data: abi.encodeFunctionData(method, args), blockTag: block };
    let data: string;
    try {
      data = await this.#client.read("read a price feed", () => this.#client.provider.call(call));
    } catch (error) {
      // SAFETY: taken for a missing round, an endpoint's failure would look like a feed that is dead.
      if (isRevert(error)) return undefined;
      throw error;
    }
    if (dataLength(data) < count * WORD) return undefined;
    return Array.from({ length: count }, (_, i) => toBigInt(dataSlice(data, i * WORD, (i + 1) * WORD)));
  }
}
