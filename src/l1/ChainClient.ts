import type { Log, Result } from "ethers";
import type { StateCommitmentChain } from "../../typechain/index.ts";
import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import type { MachineState } from "../machine/MachineState.ts";
import { chainAt } from "./Contracts.ts";
import { ContractClient, decodeLog } from "./ContractClient.ts";
import { placeOf, type L1Client } from "./L1Client.ts";
import type {
  AssertionCall,
  AssertionRecord,
  ChainEvent,
  ChainParameters,
  ChainSource,
  ChainWriter,
  L1Receipt,
} from "./L1Source.ts";

const ZERO_HASH = `0x${"00".repeat(32)}`;

/** The StateCommitmentChain, typed. */
export class ChainClient extends ContractClient implements ChainSource, ChainWriter {
  readonly contract: StateCommitmentChain;
  readonly #topics: readonly string[];

  constructor(client: L1Client, address: Hex) {
    super(client, address);
    this.contract = chainAt(address, client.runner);
    const { interface: abi } = this.contract;
    this.#topics = [abi.getEvent("AssertionCreated").topicHash, abi.getEvent("AssertionConfirmed").topicHash];
  }

  async chainParameters(): Promise<ChainParameters> {
    const raw = await this.client.read("read the chain's parameters", () => this.contract.parameters());
    return {
      challengePeriod: raw.challengePeriod,
      minParentAge: raw.minParentAge,
      historyHeight: Number(raw.historyHeight),
      stake: raw.stake,
      genesisStateRoot: fromHex(raw.genesisStateRoot),
    };
  }

  async chainEvents(from: number, to: number): Promise<readonly ChainEvent[]> {
    const logs = await this.client.logs(this.contractAddress, this.#topics, from, to);
    return logs.map((log) => this.#decode(log));
  }

  async assertionRecord(id: Uint8Array, blockNumber?: number): Promise<AssertionRecord> {
    const at = blockNumber === undefined ? {} : { blockTag: blockNumber };
    const raw = await this.client.read("read an assertion", () => this.contract.assertionOf(id, at));
    return {
      createdAt: raw.createdAt,
      childTarget: raw.childTarget,
      childCount: Number(raw.childCount),
      isOverflow: raw.isOverflow,
      isConfirmed: raw.isConfirmed,
      hasConfirmedChild: raw.hasConfirmedChild,
    };
  }

  async assertState(call: AssertionCall): Promise<L1Receipt> {
    const account = await this.address();
    const [latest, { stake }] = await Promise.all([
      this.client.read("read the stake", () => this.contract.latestOf(account)),
      this.chainParameters(),
    ]);
    const transaction = this.contract.assertState.populateTransaction(
      call.parent,
      { ...call.end, stateRoot: toHex(call.end.stateRoot) },
      call.historyRoot,
      call.lastLeafPath.map(toHex),
      call.expectedTarget,
      call.l1Block.number,
      call.l1Block.hash,
      { value: latest === ZERO_HASH ? stake : 0n },
    );
    return this.client.send("assert a state", transaction);
  }

  confirm(parent: Uint8Array, endStateHash: Uint8Array, historyRoot: Uint8Array): Promise<L1Receipt> {
    const transaction = this.contract.confirm.populateTransaction(parent, endStateHash, historyRoot);
    return this.client.send("confirm an assertion", transaction);
  }

  /** Pays the stake of the signing account back. */
  withdrawStake(recipient: Hex): Promise<L1Receipt> {
    return this.client.send("withdraw the stake", this.contract.withdrawStake.populateTransaction(recipient));
  }

  #decode(log: Log): ChainEvent {
    const event = decodeLog(this.contract.interface, log);
    const { args } = event;
    const ids = { id: bytesOf(args, "id"), parent: bytesOf(args, "parent") };
    if (event.name === "AssertionConfirmed") return { ...placeOf(log), type: "confirmed", ...ids };
    return {
      ...placeOf(log),
      type: "created",
      ...ids,
      staker: args.getValue("staker") as Hex,
      end: toMachineState(args.getValue("end") as Result),
      historyRoot: bytesOf(args, "historyRoot"),
      target: args.getValue("target") as bigint,
      childTarget: args.getValue("childTarget") as bigint,
    };
  }
}

function bytesOf(args: Result, name: string): Uint8Array {
  return fromHex(args.getValue(name) as string);
}

function toMachineState(raw: Result): MachineState {
  const number = (name: string): bigint => raw.getValue(name) as bigint;
  return {
    stateRoot: bytesOf(raw, "stateRoot"),
    batch: number("batch"),
    message: number("message"),
    offset: Number(number("offset")),
    items: Number(number("items")),
    part: Number(number("part")),
    l2Time: number("l2Time"),
  };
}
