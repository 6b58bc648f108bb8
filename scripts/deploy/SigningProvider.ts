import type { EIP1193Provider, RequestArguments } from "@nomicfoundation/ignition-core";
import { toQuantity, Transaction } from "ethers";
import type { Hex } from "../../src/crypto/bytes.ts";
import { MAX_SUGGESTED_TIP } from "../../src/l1/fees.ts";
import type { TransactionSigner } from "../../src/l1/TransactionSigner.ts";
import { DeployError } from "./DeployError.ts";
import type { Outbox } from "./Outbox.ts";

/** A transaction as Ignition asks for it. */
interface Asked {
  readonly to?: Hex;
  readonly value: string;
  readonly data: Hex;
  readonly nonce: string;
  readonly gas: string;
  readonly maxFeePerGas?: string;
  readonly maxPriorityFeePerGas?: string;
}

/**
 * An endpoint with one account that somebody else signs for: a key from the keystore, or a process that keeps it. Ignition itself
 * knows only endpoints that sign.
 */
export class SigningProvider implements EIP1193Provider {
  readonly #provider: EIP1193Provider;
  readonly #signer: TransactionSigner;
  readonly #chainId: bigint;
  readonly #outbox: Outbox;

  constructor(provider: EIP1193Provider, signer: TransactionSigner, chainId: bigint, outbox: Outbox) {
    this.#provider = provider;
    this.#signer = signer;
    this.#chainId = chainId;
    this.#outbox = outbox;
  }

  async request({ method, params = [] }: RequestArguments): Promise<unknown> {
    if (method === "eth_accounts") return [await this.#signer.address()];
    if (method === "eth_maxPriorityFeePerGas") return this.#tip(await this.#provider.request({ method, params }));
    if (method !== "eth_sendTransaction") return this.#provider.request({ method, params });
    return this.#send((params as readonly Asked[])[0]!);
  }

  /** What the endpoint suggests, within reason: Ignition offers it as it is, and it is paid as offered. */
  #tip(suggested: unknown): unknown {
    const isTooMuch = typeof suggested === "string" && BigInt(suggested) > MAX_SUGGESTED_TIP;
    return isTooMuch ? toQuantity(MAX_SUGGESTED_TIP) : suggested;
  }

  async #send({ to, value, data, nonce, gas, maxFeePerGas, maxPriorityFeePerGas }: Asked): Promise<Hex> {
    if (maxFeePerGas === undefined || maxPriorityFeePerGas === undefined) {
      throw new DeployError("CHAIN_UNSUPPORTED", "the chain has no fee market (EIP-1559)");
    }
    const raw = await this.#signer.sign({
      type: 2,
      chainId: this.#chainId,
      nonce: Number(nonce),
      to: to ?? null,
      value: BigInt(value),
      data,
      gasLimit: BigInt(gas),
      maxFeePerGas: BigInt(maxFeePerGas),
      maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas),
    });
    const hash = Transaction.from(raw).hash as Hex;
    // INVARIANT: what was sent is on the disk before it is sent, so that whoever goes on after a crash can find it.
    this.#outbox.put({ nonce: Number(nonce), hash, raw });
    await this.#provider.request({ method: "eth_sendRawTransaction", params: [raw] });
    return hash;
  }
}
