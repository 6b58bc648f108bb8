import type { Hex } from "../crypto/bytes.ts";
import type { Deployment } from "./deployment.ts";
import { bridgeAt, chainAt, inboxAt, tokenAt } from "./Contracts.ts";
import type { L1Client } from "./L1Client.ts";

/** Seconds and bytes: the inbox's rules. */
export interface InboxRules {
  /** After so many seconds a message may be forced in. */
  readonly forceDelay: bigint;
  /** By so many seconds a batch may be older than its block, or ahead of it. */
  readonly maxPast: bigint;
  readonly maxFuture: bigint;
  /** Bytes that the inbox takes at once, blobs counted whole. */
  readonly burst: bigint;
}

/** Collateral of the Bridge, 1e-6 USDC. */
export interface Collateral {
  /** What the token says. */
  readonly held: bigint;
  /** Deposits less payments. */
  readonly accounted: bigint;
}

const ZERO_HASH = `0x${"00".repeat(32)}`;

/** What the accounts of a deployment's roles have, and which of them the contracts know. Without a block: at the newest one. */
export class AccountsClient {
  readonly #client: L1Client;
  readonly #addresses: Deployment["addresses"];

  constructor(client: L1Client, { addresses }: Pick<Deployment, "addresses">) {
    this.#client = client;
    this.#addresses = addresses;
  }

  /** Who may append batches. */
  async sequencer(block?: number): Promise<Hex> {
    const inbox = inboxAt(this.#addresses.inbox, this.#client.provider);
    return (await this.#client.read("read the sequencer", () => inbox.sequencer(at(block)))) as Hex;
  }

  async inboxRules(): Promise<InboxRules> {
    const inbox = inboxAt(this.#addresses.inbox, this.#client.provider);
    const rules = await this.#client.read("read the inbox's parameters", () => inbox.parameters());
    const { forceDelay, maxPast, maxFuture, burst } = rules;
    return { forceDelay, maxPast, maxFuture, burst };
  }

  /** Wei. */
  balance(account: Hex, block?: number): Promise<bigint> {
    return this.#client.read("read a balance", () => this.#client.provider.getBalance(account, block ?? "latest"));
  }

  /** Whether an account has a stake in the chain's contract. */
  async hasStake(account: Hex, block?: number): Promise<boolean> {
    const chain = chainAt(this.#addresses.chain, this.#client.provider);
    return (await this.#client.read("read a stake", () => chain.latestOf(account, at(block)))) !== ZERO_HASH;
  }

  async collateral(block?: number): Promise<Collateral> {
    const { bridge, token } = this.#addresses;
    const { provider } = this.#client;
    const [held, accounted] = await this.#client.read("read the collateral", () =>
      Promise.all([
        tokenAt(token, provider).balanceOf(bridge, at(block)),
        bridgeAt(bridge, provider).accounted(at(block)),
      ]),
    );
    return { held, accounted };
  }

  /** What a transaction pays for gas now, wei. */
  async gasPrice(): Promise<bigint> {
    const fees = await this.#client.read("read the fees", () => this.#client.provider.getFeeData());
    return fees.gasPrice ?? fees.maxFeePerGas ?? 0n;
  }
}

function at(block: number | undefined): { readonly blockTag: number | "latest" } {
  return { blockTag: block ?? "latest" };
}
