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

/** What is known of an interface, which the library computes anew each time. */
interface Known {
  /** Its events by the hash that their logs begin with. */
  readonly events: ReadonlyMap<string, EventFragment>;
  /** The last logs that were decoded, by what they say, the oldest first. */
  readonly logs: Map<string, DecodedLog>;
}

const known = new WeakMap<Interface, Known>();
/** How many logs: the moves of some disputes, which everybody who takes part in one reads again with each look at it. */
const REMEMBERED = 512;

/** What a log says. */
export interface DecodedLog {
  /** The event's. */
  readonly name: string;
  readonly args: Result;
}

/** A log that the contract's ABI must be able to read. @throws {@link L1Error} `INCONSISTENT` */
export function decodeLog(abi: Interface, log: Log): DecodedLog {
  const fields = { address: log.address, blockNumber: log.blockNumber, logIndex: log.index };
  const { events, logs } = knownOf(abi);
  const fragment = events.get(log.topics[0]?.toLowerCase() ?? "");
  if (fragment === undefined) {
    throw new L1Error("INCONSISTENT", "the endpoint returned a log of an unknown event", { fields });
  }
  const said = [...log.topics, log.data].join();
  let decoded = logs.get(said);
  if (decoded === undefined) {
    decoded = { name: fragment.name, args: argsOf(abi, fragment, log, fields) };
    logs.set(said, decoded);
    if (logs.size > REMEMBERED) logs.delete(logs.keys().next().value!);
  }
  return decoded;
}

function argsOf(abi: Interface, fragment: EventFragment, log: Log, fields: Readonly<Record<string, unknown>>): Result {
  try {
    return abi.decodeEventLog(fragment, log.data, log.topics);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    throw new L1Error("INCONSISTENT", "the endpoint returned a log that does not decode", { fields, cause });
  }
}

function knownOf(abi: Interface): Known {
  let entry = known.get(abi);
  if (entry === undefined) {
    const events = new Map<string, EventFragment>();
    abi.forEachEvent((fragment) => events.set(fragment.topicHash, fragment));
    known.set(abi, (entry = { events, logs: new Map() }));
  }
  return entry;
}
