import type { Hex } from "../crypto/bytes.ts";
import type { L1Client } from "./L1Client.ts";
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
