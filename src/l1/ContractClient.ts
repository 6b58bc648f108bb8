import { isError, type Log, type LogDescription } from "ethers";
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

/** A log that the contract's ABI must be able to read. */
export function decodeLog(parse: () => LogDescription | null, log: Log): LogDescription {
  const fields = { address: log.address, blockNumber: log.blockNumber, logIndex: log.index };
  try {
    const event = parse();
    if (event !== null) return event;
  } catch (cause) {
    if (!isError(cause, "BUFFER_OVERRUN") && !(cause instanceof Error)) throw cause;
    throw new L1Error("INCONSISTENT", "the endpoint returned a log that does not decode", { fields, cause });
  }
  throw new L1Error("INCONSISTENT", "the endpoint returned a log of an unknown event", { fields });
}
