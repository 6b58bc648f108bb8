import { JsonRpcProvider } from "ethers";
import { network } from "hardhat";
import type { Connection } from "../../test/support/baseChain.ts";
import { Anvil } from "../fork/Anvil.ts";
import type { Processes } from "../fork/Processes.ts";

/** Unoptimised code is large, and evidence too. */
const FLAGS = ["--gas-limit", String(10n ** 15n), "--no-request-size-limit", "--disable-code-size-limit"];
/** What a call may take; a mutant in a loop without end takes all of it, in some seconds. */
const CALL_GAS = `0x${(4n * 10n ** 9n).toString(16)}`;

/** A chain on which calls are judged whose code can be replaced. */
export interface JudgeChain {
  readonly connection: Connection;
  readonly provider: JsonRpcProvider;
}

/** Starts one. It ends with `processes`. */
export async function startChain(processes: Processes): Promise<JudgeChain> {
  const { url } = await Anvil.start(FLAGS, processes);
  const connection = await network.create({ network: "anvil", override: { url } });
  const { chainId } = await connection.ethers.provider.getNetwork();
  return { connection, provider: new JsonRpcProvider(url, chainId, { staticNetwork: true, batchMaxCount: 1 }) };
}

/** What a contract answers to calldata, and undefined if it reverts or takes too much. */
export async function answerOf(provider: JsonRpcProvider, to: string, data: string): Promise<string | undefined> {
  return await provider.send("eth_call", [{ to, data, gas: CALL_GAS }, "latest"]).then(
    (value: unknown) => value as string,
    () => undefined,
  );
}

/** Puts code in the place of a contract's, and returns what puts the old one back. */
export async function replaceCode(
  provider: JsonRpcProvider,
  address: string,
  code: string,
): Promise<() => Promise<void>> {
  const before = await provider.getCode(address);
  await provider.send("anvil_setCode", [address, code]);
  return async () => {
    await provider.send("anvil_setCode", [address, before]);
  };
}
