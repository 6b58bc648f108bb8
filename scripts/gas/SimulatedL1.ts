import { network } from "hardhat";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { HDNodeWallet, type ContractTransactionReceipt, type TransactionResponse } from "ethers";
import { fromHex } from "../../src/crypto/bytes.ts";
import { TenorError } from "../../src/errors.ts";
import type { Deployment } from "../../src/l1/deployment.ts";
import { deployTenor } from "../../src/l1/deployTenor.ts";
import { readParameters, type TenorParameters } from "../../src/l1/parameters.ts";
import type { Measurement, Operation } from "./table.ts";

/** A simulated L1, as Hardhat connects to it. */
export type Connection = Awaited<ReturnType<typeof network.create>>;

/** 2026-03-02 12:00:00 UTC. */
const GENESIS_TIME = 1_772_452_800;

/** The rules that an L1 runs by: today's, or those of the next fork as far as the simulator has them. */
export type Rules = "today" | "next fork";

/** New state costs so much by the next rules that a deployment exceeds the simulator's usual caps. */
const OVERRIDES = {
  today: {},
  "next fork": { hardfork: "amsterdam", blockGasLimit: 1_000_000_000, transactionGasCap: false },
} as const;

/**
 * A simulated L1 on which every run makes the same blocks: each transaction gets a block one second after the last. So all hashes,
 * and with them the price of calldata, are the same on every machine.
 */
export async function connect(rules: Rules): Promise<Connection> {
  const initialDate = new Date(GENESIS_TIME * 1000);
  const connection = await network.create({ override: { initialDate, ...OVERRIDES[rules] } });
  const { provider, networkHelpers } = connection;
  const request = provider.request.bind(provider);
  provider.request = async (call) => {
    if (call.method === "eth_sendTransaction" || call.method === "eth_sendRawTransaction") {
      await networkHelpers.time.setNextBlockTimestamp((await networkHelpers.time.latest()) + 1);
    }
    return (await request(call)) as unknown;
  };
  return connection;
}

/** What a transaction costs whatever it executes, by its calldata (EIP-7623; by the next rules all bytes cost the same). */
export function floorOf(data: Uint8Array, rules: Rules): number {
  if (rules === "next fork") return 21_000 + 64 * data.length;
  const zeros = data.reduce((sum, byte) => sum + (byte === 0 ? 1 : 0), 0);
  return 21_000 + 10 * (4 * data.length - 3 * zeros);
}

/** A simulated L1 with Tenor deployed. */
export class SimulatedL1 {
  readonly connection: Connection;
  readonly signers: readonly HardhatEthersSigner[];
  readonly parameters: TenorParameters;
  readonly deployment: Deployment;
  readonly #rules: Rules;

  private constructor(
    rules: Rules,
    connection: Connection,
    signers: readonly HardhatEthersSigner[],
    parameters: TenorParameters,
    deployment: Deployment,
  ) {
    this.#rules = rules;
    this.connection = connection;
    this.signers = signers;
    this.parameters = parameters;
    this.deployment = deployment;
  }

  /** Starts a chain and deploys with the local parameters; the first signer proposes to the timelock. */
  static async start(rules: Rules): Promise<SimulatedL1> {
    const connection = await connect(rules);
    const signers = await connection.ethers.getSigners();
    const local = readParameters(new URL("../../deploy/parameters/local.json", import.meta.url));
    const timelockProposers = [signers[0]!.address as `0x${string}`];
    const parameters = { ...local, timelockProposers };
    const deployment = await deployTenor(signers[0]!, parameters);
    return new SimulatedL1(rules, connection, signers, parameters, deployment);
  }

  /** Stops the chain. */
  async stop(): Promise<void> {
    await this.connection.close();
  }

  /** Time of the latest block. */
  now(): Promise<number> {
    return this.connection.networkHelpers.time.latest();
  }

  /** The sequencer by its key, which the simulator tells everybody: it takes blobs only in transactions that are signed already. */
  sequencerWallet(): HDNodeWallet {
    return HDNodeWallet.fromPhrase(
      "test test test test test test test test test test test junk",
      undefined,
      "m/44'/60'/0'/0/1",
    ).connect(this.connection.ethers.provider);
  }

  /** What a transaction that somebody has sent used. */
  async measure(operation: Operation, sending: Promise<TransactionResponse>): Promise<Measurement> {
    const sent = await sending;
    const receipt = (await sent.wait()) as ContractTransactionReceipt | null;
    if (receipt?.status !== 1) throw new TenorError("GAS", "a measured transaction failed", { fields: { operation } });
    const data = fromHex(sent.data);
    return { operation, gas: Number(receipt.gasUsed), bytes: data.length, floor: floorOf(data, this.#rules) };
  }

  /** Sends calldata to a contract from the last signer and measures that. */
  call(operation: Operation, to: string, data: string): Promise<Measurement> {
    return this.measure(operation, this.signers.at(-1)!.sendTransaction({ to, data }));
  }
}
