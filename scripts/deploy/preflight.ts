import type { EIP1193Provider } from "@nomicfoundation/ignition-core";
import { isError } from "ethers";
import type { Hex } from "../../src/crypto/bytes.ts";
import { tokenAt } from "../../src/l1/Contracts.ts";
import type { L1Client } from "../../src/l1/L1Client.ts";
import { requireTimeToDefend, type TenorParameters } from "../../src/l1/parameters.ts";
import { CliError } from "../cli/CliError.ts";
import { DeployError } from "./DeployError.ts";
import { EndpointRefusal } from "./EndpointProvider.ts";
import { l1FeeUpperBound, plannedTransactions, type PlannedTransaction } from "./gas.ts";
import type { Journal } from "./Journal.ts";

/** What a deployment is about to do, and on what. */
export interface Preflight {
  readonly deployer: Hex;
  readonly genesisHash: string;
  readonly token: { readonly address: Hex | undefined; readonly symbol: string };
  /** What is left to do. */
  readonly transactions: readonly PlannedTransaction[];
  readonly gas: bigint;
  /** Wei per gas that is reckoned with. */
  readonly gasPrice: bigint;
  /** Wei. */
  readonly cost: bigint;
  readonly balance: bigint;
}

/** What is to be looked at. */
export interface Subject {
  readonly client: L1Client;
  readonly provider: EIP1193Provider;
  readonly parameters: TenorParameters;
  /** As the network's name has it; undefined if there is only an endpoint. */
  readonly network: { readonly chainId: number; readonly chainType: "l1" | "op" } | undefined;
  readonly deployer: Hex;
  /** What the collateral must call itself. */
  readonly symbol: string;
  readonly journal: Journal;
}

const DECIMALS = 6n;

/**
 * Creation code that counts the leading zeros of zero (EIP-7939) and returns the number as if it were a contract: PUSH0, CLZ, PUSH0,
 * MSTORE, PUSH1 32, PUSH0, RETURN.
 */
const COUNT_LEADING_ZEROS = "0x5f1e5f5260205ff3";

/**
 * Looks at everything that could make the deployment fail or be of no use, and sends nothing.
 *
 * @throws {@link CliError} `WRONG_CHAIN` or `PENDING_TRANSACTION`; {@link DeployError} `CHAIN_UNSUPPORTED`, `TOKEN_UNFIT` or
 * `FUNDS_SHORT`; DeadlineError `CHALLENGE_PERIOD_TOO_SHORT`; L1Error or HttpError if the endpoint does not answer.
 */
export async function preflight(subject: Subject): Promise<Preflight> {
  const { client, provider, parameters, deployer, journal } = subject;
  requireTimeToDefend(parameters);
  await requireChain(subject);
  await requireOsaka(provider);
  const token = await requireToken(subject);
  const genesis = (await provider.request({ method: "eth_getBlockByNumber", params: ["0x0", false] })) as {
    readonly hash: string;
  };
  await requireNothingPending(provider, deployer, journal);
  const { done } = journal;
  const transactions = plannedTransactions(parameters).filter(({ futureId }) => !done.has(futureId));
  const gas = transactions.reduce((sum, one) => sum + one.gas, 0n);
  const gasPrice = await priceOf(client);
  let cost = gas * gasPrice;
  if (parameters.chainType === "op") {
    const call = (to: Hex, data: Hex): Promise<string> =>
      provider.request({ method: "eth_call", params: [{ to, data }, "latest"] }) as Promise<string>;
    for (const { dataBytes } of transactions) cost += await l1FeeUpperBound(call, dataBytes);
  }
  const balance = await client.read("read the balance", () => client.provider.getBalance(deployer));
  if (balance < cost) {
    const message = "the deployer's account can't pay for what is left to do";
    throw new DeployError("FUNDS_SHORT", message, { fields: { account: deployer, balance, expected: cost, gasPrice } });
  }
  return { deployer, genesisHash: genesis.hash, token, transactions, gas, gasPrice, cost, balance };
}

async function requireChain({ client, parameters, network }: Subject): Promise<void> {
  const chainId = await client.chainId();
  const expected = parameters.chainId;
  if (network !== undefined && BigInt(network.chainId) !== expected) {
    const fields = { parameter: "chainId", value: expected, expected: network.chainId };
    throw new CliError("WRONG_CHAIN", "the parameters are for another chain than the network", { fields });
  }
  if (network !== undefined && network.chainType !== parameters.chainType) {
    const fields = { parameter: "chainType", value: parameters.chainType, expected: network.chainType };
    throw new CliError("WRONG_CHAIN", "the parameters are for another type of chain than the network", { fields });
  }
  if (chainId !== expected) {
    throw new CliError("WRONG_CHAIN", "the endpoint serves another chain", { fields: { chainId, expected } });
  }
}

/**
 * Refuses a chain without the instructions that the compiler was told to use. Everything could be deployed there, and then no step be
 * proven: the executors count leading zeros, and no constructor does.
 *
 * @throws {@link DeployError} `CHAIN_UNSUPPORTED`.
 */
export async function requireOsaka(provider: EIP1193Provider): Promise<void> {
  const call = { method: "eth_call", params: [{ data: COUNT_LEADING_ZEROS }, "latest"] };
  let answer: unknown;
  try {
    answer = await provider.request(call);
  } catch (error) {
    if (!(error instanceof EndpointRefusal)) throw error;
    answer = error.message;
  }
  if (typeof answer === "string" && /^0x0*100$/.test(answer)) return;
  throw new DeployError("CHAIN_UNSUPPORTED", "the chain does not execute CLZ, which the contracts use to prove steps", {
    fields: { answer, expected: "the instructions of Osaka; of Karst, on an OP Stack chain" },
  });
}

async function requireToken({ client, parameters, symbol: expected }: Subject): Promise<Preflight["token"]> {
  const { token: address } = parameters;
  if (address === "test") return { address: undefined, symbol: "tUSDC" };
  const { code, decimals, symbol } = await client.read("read the token", async () => {
    const token = tokenAt(address, client.runner);
    return {
      code: await client.provider.getCode(address),
      decimals: await answerOf(token.decimals()),
      symbol: await answerOf(token.symbol()),
    };
  });
  const unfit = (message: string, fields: Readonly<Record<string, unknown>>): DeployError =>
    new DeployError("TOKEN_UNFIT", message, { fields: { parameter: "token", value: address, ...fields } });
  if (code === "0x") {
    throw unfit("there is no contract at the token's address", { expected: "an ERC-20 token of six decimals" });
  }
  if (decimals !== DECIMALS) throw unfit("the token has not six decimals", { decimals, expected: DECIMALS });
  if (symbol !== expected) throw unfit("the token calls itself otherwise", { symbol, expected });
  return { address, symbol };
}

/** What a contract answers; undefined if it has no such function, or answers with something else. */
async function answerOf<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isError(error, "CALL_EXCEPTION") || isError(error, "BAD_DATA")) return undefined;
    throw error;
  }
}

/** A transaction that somebody else has sent from the account could take a nonce that Ignition counts on. */
async function requireNothingPending(provider: EIP1193Provider, deployer: Hex, journal: Journal): Promise<void> {
  const count = async (block: string): Promise<number> =>
    Number(await provider.request({ method: "eth_getTransactionCount", params: [deployer, block] }));
  const [mined, pending] = [await count("latest"), await count("pending")];
  for (let nonce = mined; nonce < pending; nonce++) {
    if (journal.outbox.last(nonce) !== undefined) continue;
    throw new CliError("PENDING_TRANSACTION", "a transaction of the deployer's account is not mined yet", {
      fields: { account: deployer, nonce },
    });
  }
}

async function priceOf(client: L1Client): Promise<bigint> {
  const { maxFeePerGas } = await client.read("read the fees", () => client.provider.getFeeData());
  if (maxFeePerGas !== null) return maxFeePerGas;
  throw new DeployError("CHAIN_UNSUPPORTED", "the chain has no fee market (EIP-1559)");
}
