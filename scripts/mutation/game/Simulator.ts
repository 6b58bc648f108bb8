import { JsonRpcProvider } from "ethers";
import { Anvil } from "../../fork/Anvil.ts";
import type { Processes } from "../../fork/Processes.ts";
import { AuditError } from "../../audit/AuditError.ts";
import type { L1Call, RawLog, Recording } from "./recording.ts";

/** Unoptimised code is large. Hardhat's accounts are these, too. */
const FLAGS = [
  ...["--gas-limit", String(10n ** 15n), "--no-request-size-limit", "--disable-code-size-limit"],
  ...["--accounts", "20", "--base-fee", "0"],
];
/** What a call may take: three times a transaction of L1, since it is unoptimised code; a mutant in a loop without end takes all of it. */
const CALL_GAS = `0x${(3n * 2n ** 24n).toString(16)}`;
/** Returns the balance of the address that it is called with: PUSH0 CALLDATALOAD BALANCE PUSH0 MSTORE PUSH1 32 PUSH0 RETURN. */
const BALANCE_CODE = "0x5f35315f5260205ff3";
/** Where that code is. */
export const BALANCES = `0x${"ba1a".repeat(10)}`;

/** What a call has done. */
export interface Outcome {
  readonly accepted: boolean;
  /** What it returned, or the error that it failed with. */
  readonly data: string;
  readonly logs: readonly RawLog[];
}

/** A copy of L1 on which sequences of calls are tried, none of which leaves anything behind. */
export class Simulator {
  readonly provider: JsonRpcProvider;
  /** The last block; what is tried is in the next one. */
  readonly head: { readonly number: number; readonly hash: string };

  private constructor(provider: JsonRpcProvider, head: { number: number; hash: string }) {
    this.provider = provider;
    this.head = head;
  }

  /** Makes the blocks of a recording on a chain of its own. */
  static async start(recording: Recording, processes: Processes): Promise<Simulator> {
    const start = recording.blocks[0]!.time;
    const { url } = await Anvil.start([...FLAGS, "--timestamp", String(start)], processes);
    const provider = new JsonRpcProvider(url, 31_337, { staticNetwork: true, batchMaxCount: 1 });
    await provider.send("anvil_autoImpersonateAccount", [true]);
    await provider.send("evm_setAutomine", [false]);
    const known = new Set<string>();
    for (const { time, calls } of recording.blocks) {
      const sent: { hash: string; accepted: boolean }[] = [];
      for (const { from, to, data, value, accepted } of calls) {
        if (!known.has(from)) await provider.send("anvil_setBalance", [from, `0x${(10n ** 24n).toString(16)}`]);
        known.add(from);
        const call = { from, to, data, value, gas: CALL_GAS, gasPrice: "0x0" };
        sent.push({ hash: (await provider.send("eth_sendTransaction", [call])) as string, accepted });
      }
      await provider.send("evm_setNextBlockTimestamp", [time]);
      await provider.send("evm_mine", []);
      for (const { hash, accepted } of sent) {
        const { status } = (await provider.send("eth_getTransactionReceipt", [hash])) as { status: string };
        if ((status === "0x1") === accepted) continue;
        throw new AuditError("REPLAY", "a transaction of the set-up does something else on the copy", {
          fields: { hash },
        });
      }
    }
    await provider.send("anvil_setCode", [BALANCES, BALANCE_CODE]);
    const { number, hash } = (await provider.send("eth_getBlockByNumber", ["latest", false])) as {
      number: string;
      hash: string;
    };
    return new Simulator(provider, { number: Number(number), hash });
  }

  /** Tries calls, one after the other, at a base fee in wei. */
  async run(calls: readonly L1Call[], baseFee: bigint): Promise<readonly Outcome[]> {
    const quantity = (value: bigint | number): string => `0x${value.toString(16)}`;
    const [number, gasPrice] = [quantity(this.head.number + 1), quantity(baseFee)];
    const blockStateCalls = calls.map(({ from, to, data, value, time }) => ({
      blockOverrides: { number, time: quantity(time), baseFeePerGas: gasPrice },
      calls: [{ from, to, data, value, gas: CALL_GAS, gasPrice }],
    }));
    // With validation a base fee of zero is one, without it every base fee is zero.
    const options = { validation: baseFee > 0n, blockStateCalls };
    const blocks = (await this.provider.send("eth_simulateV1", [options, "latest"])) as readonly RawSimulatedBlock[];
    return blocks
      .flatMap((block) => block.calls)
      .map(({ status, returnData, logs, error }) => ({
        accepted: status === "0x1",
        data: status === "0x1" ? returnData : (error?.data ?? returnData),
        logs: logs.map(({ address, topics, data }) => ({ address, topics, data })),
      }));
  }
}

interface RawSimulatedBlock {
  readonly calls: readonly {
    readonly status: string;
    readonly returnData: string;
    readonly logs: readonly RawLog[];
    readonly error?: { readonly data?: string };
  }[];
}
