import type { EventFragment, Interface, Log, Result } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import type { L1Client } from "./L1Client.ts";
import { L1Error } from "./L1Error.ts";
import type { L1Block } from "./L1Source.ts";

/** What every contract's client says of L1 itself, and of the account that it sends from. */
export abstract class ContractClient {
  protected readonly client: L1Client;
  protected readonly contractAddress: Hex;

  constructor(client: L1Client, contractAddress: Hex) {
    this.client = client;
    this.contractAddress = contractAddress;
  }

  head(): Promise<L1Block> {
    return this.client.head();
  }

  block(number: number): Promise<L1Block | undefined> {
    return this.client.block(number);
  }

  address(): Promise<Hex> {
    return this.client.address();
  }

  hasPending(): Promise<boolean> {
    return this.client.hasPending();
  }
}

/** An interface's events by the hash that their logs begin with, which the library computes anew each time that it looks for one. */
const events = new WeakMap<Interface, ReadonlyMap<string, EventFragment>>();

/** What a log says. */
export interface DecodedLog {
  /** The event's. */
  readonly name: string;
  readonly args: Result;
}

/** A log that the contract's ABI must be able to read. @throws {@link L1Error} `INCONSISTENT` */
export function decodeLog(abi: Interface, log: Log): DecodedLog {
  const fields = { address: log.address, blockNumber: log.blockNumber, logIndex: log.index };
  const fragment = eventsByTopic(abi).get(log.topics[0]?.toLowerCase() ?? "");
  if (fragment === undefined) {
    throw new L1Error("INCONSISTENT", "the endpoint returned a log of an unknown event", { fields });
  }
  try {
    return { name: fragment.name, args: abi.decodeEventLog(fragment, log.data, log.topics) };
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new L1Error("INCONSISTENT", "the endpoint returned a log that does not decode", { fields, cause });
  }
}

function eventsByTopic(abi: Interface): ReadonlyMap<string, EventFragment> {
  let known = events.get(abi);
  if (known === undefined) {
    const byTopic = new Map<string, EventFragment>();
    abi.forEachEvent((fragment) => byTopic.set(fragment.topicHash, fragment));
    events.set(abi, (known = byTopic));
  }
  return known;
}
