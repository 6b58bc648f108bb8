import type { ContractRunner, JsonRpcProvider, TransactionRequest } from "ethers";
import { comparePricing, deployPricing, edgeCases } from "../../test/support/pricing/twin.ts";
import { Random } from "../../test/support/random.ts";
import type { Processes } from "../fork/Processes.ts";
import { answerOf, replaceCode, startChain } from "./chain.ts";
import type { Judge } from "./Judge.ts";

const SEED = 20_261_122;
/** Random points of each function, besides every edge. */
const POINTS = 1_000;

/** The contract through which the pricing libraries are called. */
export const PRICING_CONTRACTS = ["PricingHarness"] as const;

type PricingContract = (typeof PRICING_CONTRACTS)[number];

/** A call of the harness, and what it answered. */
interface RecordedCall {
  readonly data: string;
  readonly answer: string;
}

/** Computes prices where the last digit shows: every edge, and random points of each function. */
export class PricingJudge implements Judge<PricingContract> {
  readonly #provider: JsonRpcProvider;
  readonly #address: string;
  readonly #calls: readonly RecordedCall[];

  private constructor(provider: JsonRpcProvider, address: string, calls: readonly RecordedCall[]) {
    this.#provider = provider;
    this.#address = address;
    this.#calls = calls;
  }

  /** Deploys, and records what the contracts as they are answer. Fails where TypeScript computes anything else. */
  static async start(processes: Processes): Promise<PricingJudge> {
    const { connection, provider } = await startChain(processes);
    const harness = await deployPricing(connection);
    const address = await harness.getAddress();
    const calls: RecordedCall[] = [];
    const recorder: ContractRunner = {
      provider,
      async call({ data }: TransactionRequest): Promise<string> {
        const answer = await provider.call({ to: address, data: data! });
        calls.push({ data: data!, answer });
        return answer;
      },
    };
    const twin = harness.connect(recorder);
    await edgeCases(twin);
    await comparePricing(twin, new Random(SEED), POINTS);
    return new PricingJudge(provider, address, calls);
  }

  get corpus(): string {
    return `${this.#calls.length} recorded calls, in which both languages agree: every edge, and ${POINTS} random points of each function`;
  }

  async deployedCodes(_contract: PricingContract, bytecode: string): Promise<readonly string[]> {
    return [await this.#provider.call({ data: `0x${bytecode}` })];
  }

  replace(_contract: PricingContract, [code]: readonly string[]): Promise<() => Promise<void>> {
    return replaceCode(this.#provider, this.#address, code!);
  }

  piecesThrough(): Promise<readonly number[]> {
    return Promise.resolve([...this.#calls.keys()]);
  }

  calibrate(calls: readonly number[]): Promise<number | undefined> {
    return this.firstDifference(calls);
  }

  async firstDifference(calls: readonly number[]): Promise<number | undefined> {
    for (const call of calls) {
      const { data, answer } = this.#calls[call]!;
      if ((await answerOf(this.#provider, this.#address, data)) !== answer) return call;
    }
    return undefined;
  }
}
