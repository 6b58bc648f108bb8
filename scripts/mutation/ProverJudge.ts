import { AbiCoder, id, type JsonRpcProvider } from "ethers";
import { toHex } from "../../src/crypto/bytes.ts";
import type { Processes } from "../fork/Processes.ts";
import { AuditError } from "../audit/AuditError.ts";
import type { AuditedName } from "../audit/compiled.ts";
import { deployProver } from "../../test/support/proverScene.ts";
import { BRIDGE, INBOX, SETTLEMENT } from "../../test/support/traffic/world.ts";
import type { ProverHarness } from "../../typechain/contracts/test/ProverHarness.js";
import { answerOf, replaceCode, startChain } from "./chain.ts";
import { makeCorpus, type CorpusCall } from "./corpus.ts";
import type { Judge } from "./Judge.ts";

/** Contracts that a step runs through. */
export const PROVER_CONTRACTS = [
  ...(["OneStepProver", "AccountExecutor", "FillExecutor", "SettlementExecutor", "OracleExecutor"] as const),
  ...(["LiquidationExecutor", "MarginEngine"] as const),
] as const satisfies readonly AuditedName[];

/** One of {@link PROVER_CONTRACTS}. */
type ProverContract = (typeof PROVER_CONTRACTS)[number];

/** Runs steps on a chain on which the code of any of the prover's contracts can be replaced. */
export class ProverJudge implements Judge<ProverContract> {
  readonly #provider: JsonRpcProvider;
  readonly #harness: ProverHarness;
  readonly #address: string;
  readonly #addresses: Readonly<Record<ProverContract, string>>;
  readonly #calls: readonly CorpusCall[];
  readonly #chainId: bigint;
  /** Verdicts of the contracts as they are. */
  readonly #expected: readonly (readonly string[])[] = [];

  private constructor(
    provider: JsonRpcProvider,
    harness: ProverHarness,
    address: string,
    addresses: Readonly<Record<ProverContract, string>>,
    chainId: bigint,
  ) {
    this.#provider = provider;
    this.#harness = harness;
    this.#address = address;
    this.#addresses = addresses;
    this.#chainId = chainId;
    this.#calls = makeCorpus(harness, chainId);
  }

  /**
   * Deploys, and has the contracts as they are judge the whole corpus.
   *
   * @throws {@link AuditError} `COMPILER` if they do not agree with the machine in TypeScript.
   */
  static async start(processes: Processes): Promise<ProverJudge> {
    const { connection, provider } = await startChain(processes);
    const { prover, harness, chainId } = await deployProver(connection);
    const fills = await prover.FILL_EXECUTOR();
    const engineData = await provider.call({ to: fills, data: id("MARGIN_ENGINE()").slice(0, 10) });
    const addresses = {
      OneStepProver: await prover.getAddress(),
      AccountExecutor: await prover.ACCOUNT_EXECUTOR(),
      FillExecutor: fills,
      SettlementExecutor: await prover.SETTLEMENT_EXECUTOR(),
      OracleExecutor: await prover.ORACLE_EXECUTOR(),
      LiquidationExecutor: await prover.LIQUIDATION_EXECUTOR(),
      MarginEngine: AbiCoder.defaultAbiCoder().decode(["address"], engineData)[0] as string,
    };
    const judge = new ProverJudge(provider, harness, await harness.getAddress(), addresses, chainId);
    await judge.#record();
    return judge;
  }

  get corpus(): string {
    const steps = this.#calls.reduce((sum, { count }) => sum + count, 0);
    return `${steps} recorded steps, on which the contracts agree with the machine`;
  }

  async deployedCodes(contract: ProverContract, bytecode: string): Promise<readonly string[]> {
    const { MarginEngine: engine } = this.#addresses;
    const [inbox, bridge, settlement] = [toHex(INBOX), toHex(BRIDGE), toHex(SETTLEMENT)];
    const executors = PROVER_CONTRACTS.slice(1, -1).map((name) => this.#addresses[name]);
    const values: Readonly<Record<ProverContract, readonly (string | bigint)[]>> = {
      OneStepProver: executors,
      AccountExecutor: [this.#chainId, inbox, bridge, engine],
      FillExecutor: [this.#chainId, inbox, engine],
      SettlementExecutor: [settlement],
      OracleExecutor: [this.#chainId, inbox, settlement],
      LiquidationExecutor: [this.#chainId, inbox, engine],
      MarginEngine: [],
    };
    const types = values[contract].map((value) => (typeof value === "bigint" ? "uint256" : "address"));
    const args = AbiCoder.defaultAbiCoder().encode(types, values[contract]);
    return [await this.#provider.call({ data: `0x${bytecode}${args.slice(2)}` })];
  }

  replace(contract: ProverContract, [code]: readonly string[]): Promise<() => Promise<void>> {
    return replaceCode(this.#provider, this.#addresses[contract], code!);
  }

  async piecesThrough(contract: ProverContract): Promise<readonly number[]> {
    // An invalid instruction in its place changes every verdict that it has a part in.
    const restore = await this.replace(contract, ["0xfe"]);
    const found: number[] = [];
    for (let i = 0; i < this.#calls.length; i++) if (await this.#differs(i)) found.push(i);
    await restore();
    return found;
  }

  calibrate(calls: readonly number[]): Promise<number | undefined> {
    return this.firstDifference(calls);
  }

  async firstDifference(calls: readonly number[]): Promise<number | undefined> {
    for (const call of calls) if (await this.#differs(call)) return call;
    return undefined;
  }

  async #differs(call: number): Promise<boolean> {
    const verdicts = await this.#verdicts(call);
    const expected = this.#expected[call]!;
    return verdicts === undefined || verdicts.some((verdict, i) => verdict !== expected[i]);
  }

  /** What is said of each step: hash, kind and result, or the error's name. Undefined if the call itself fails. */
  async #verdicts(call: number): Promise<readonly string[] | undefined> {
    const result = await answerOf(this.#provider, this.#address, this.#calls[call]!.data);
    if (result === undefined) return undefined;
    const [verdicts] = this.#harness.interface.decodeFunctionResult("stepMany", result);
    return (verdicts as unknown as Verdict[]).map(({ accepted, postHash, outcome, code, revertData }) =>
      accepted ? `${postHash} ${outcome} ${code}` : revertData.slice(0, 10),
    );
  }

  async #record(): Promise<void> {
    const expected = this.#expected as (readonly string[])[];
    for (const [i, { expected: hashes }] of this.#calls.entries()) {
      const verdicts = await this.#verdicts(i);
      const agrees =
        verdicts?.length === hashes.length &&
        verdicts.every((verdict, n) =>
          hashes[n] === undefined ? verdict.length === 10 : verdict.startsWith(hashes[n]),
        );
      if (!agrees) throw new AuditError("COMPILER", "the contracts differ from the machine", { fields: { call: i } });
      expected.push(verdicts);
    }
  }
}

interface Verdict {
  readonly accepted: boolean;
  readonly postHash: string;
  readonly outcome: bigint;
  readonly code: bigint;
  readonly revertData: string;
}
