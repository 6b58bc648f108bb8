import {
  FetchRequest,
  isHexString,
  JsonRpcProvider,
  Network,
  Wallet,
  type ContractRunner,
  type ContractTransaction,
  type Log,
  type Provider,
  type Signer,
  type TransactionReceipt,
} from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { boundedAnswers } from "./boundedAnswers.ts";
import { translateError } from "./ContractErrors.ts";
import { canSend } from "./JsonRpc.ts";
import { L1Error } from "./L1Error.ts";
import type { BlockSource, EventPlace, L1Block, L1Receipt } from "./L1Source.ts";
import { SignerAdapter } from "./SignerAdapter.ts";
import { TransactionSender, type SenderOptions } from "./TransactionSender.ts";
import type { TransactionSigner } from "./TransactionSigner.ts";
import "./quickHash.ts";

/** How the node reads L1, and sends to it. */
export interface L1ClientOptions extends SenderOptions {
  /** Blocks behind the endpoint's newest one at which the node stops reading. At most 200. Default 0. */
  readonly lag?: number;
  /** Most blocks in one request for logs. Default 2000. */
  readonly logRange?: number;
}

/** How an endpoint is connected to. */
export interface ConnectOptions extends L1ClientOptions {
  /** Longest time until an answer is complete. Default 30,000. */
  readonly timeoutMilliseconds?: number;
  /** Most bytes of an answer. Default 256 MiB: logs of many blocks that are full of messages. */
  readonly maxAnswer?: number;
}

/** See {@link ConnectOptions.maxAnswer}. */
const MAX_ANSWER = 1 << 28;

/** What a transaction carries. */
export interface MinedTransaction {
  readonly to: Hex | null;
  readonly data: Hex;
  /** Null while it is pending. */
  readonly blockHash: Hex | null;
  /** Versioned hashes of its blobs, none if it has no blobs. */
  readonly blobHashes: readonly Hex[];
}

/**
 * A connection to L1: blocks, logs and transactions. Every failure is an {@link L1Error}; nothing is retried but transactions that
 * are not mined for their price.
 */
export class L1Client implements BlockSource {
  readonly provider: Provider;
  readonly #signer: Signer | undefined;
  readonly #lag: number;
  readonly #logRange: number;
  readonly #sending: SenderOptions;
  #sender: TransactionSender | undefined;

  /** @param signer What transactions are signed with; a client without one only reads. */
  constructor(provider: Provider, signer?: Signer, options: L1ClientOptions = {}) {
    this.provider = provider;
    this.#signer = signer;
    this.#lag = options.lag ?? 0;
    this.#logRange = options.logRange ?? 2000;
    this.#sending = options;
  }

  /**
   * A client of a JSON-RPC endpoint, which is expected to serve the chain `chainId` (`checkDeployment` asks it). Answers are not
   * cached, since what derivation compares must be the endpoint's own words, and the library's silent retries are off.
   *
   * @param key A private key, or who else signs for the account; without it the client only reads.
   */
  static connect(url: string, chainId: bigint, key?: Hex | TransactionSigner, options: ConnectOptions = {}): L1Client {
    const { timeoutMilliseconds = 30_000, maxAnswer: maxBytes = MAX_ANSWER } = options;
    const request = new FetchRequest(url);
    request.getUrlFunc = boundedAnswers(url, { timeoutMilliseconds, maxBytes });
    request.setThrottleParams({ maxAttempts: 1 });
    const staticNetwork = Network.from(chainId);
    // Requests are not held back to be bundled: most of a node's requests come one after another.
    const provider = new JsonRpcProvider(request, staticNetwork, { cacheTimeout: -1, staticNetwork, batchMaxCount: 1 });
    if (key === undefined) return new L1Client(provider, undefined, options);
    const signer = typeof key === "string" ? new Wallet(key, provider) : new SignerAdapter(key, provider);
    return new L1Client(provider, signer, options);
  }

  /** Closes the connection. */
  close(): void {
    this.provider.destroy();
  }

  /** What contracts are called with. */
  get runner(): ContractRunner {
    return this.#signer ?? this.provider;
  }

  /** The endpoint's own chain id, whatever this client was told. */
  async chainId(): Promise<bigint> {
    const { provider } = this;
    if (!canSend(provider)) return (await this.read("read the chain id", () => provider.getNetwork())).chainId;
    return BigInt((await this.read("read the chain id", () => provider.send("eth_chainId", []))) as string);
  }

  async head(): Promise<L1Block> {
    const newest = await this.read("read the newest block", () => this.provider.getBlockNumber());
    const number = Math.max(0, newest - this.#lag);
    const block = await this.block(number);
    if (block === undefined) {
      throw new L1Error("INCONSISTENT", "the endpoint does not know its own newest block", { fields: { number } });
    }
    return block;
  }

  async block(number: number): Promise<L1Block | undefined> {
    const block = await this.read("read a block", () => this.provider.getBlock(number));
    const hash = block?.hash;
    if (block === null || typeof hash !== "string") return undefined;
    if (block.number !== number) {
      throw new L1Error("INCONSISTENT", "the endpoint returned another block than was asked for", {
        fields: { asked: number, returned: block.number },
      });
    }
    return { number, hash: hash as Hex, timestamp: BigInt(block.timestamp) };
  }

  /** The logs of one contract in the blocks `from` to `to`, both included, in order. */
  async logs(address: Hex, topics: readonly string[], from: number, to: number): Promise<readonly Log[]> {
    const all: Log[] = [];
    for (let first = from; first <= to; first += this.#logRange) {
      const last = Math.min(to, first + this.#logRange - 1);
      const filter = { address, topics: [[...topics]], fromBlock: first, toBlock: last };
      const logs = await this.read("read logs", () => this.provider.getLogs(filter));
      for (const log of logs) {
        const foreign = log.address.toLowerCase() !== address.toLowerCase() || log.removed;
        if (foreign || log.blockNumber < first || log.blockNumber > last || !topics.includes(log.topics[0]!)) {
          throw new L1Error("INCONSISTENT", "the endpoint returned a log that was not asked for", {
            fields: { address: log.address, blockNumber: log.blockNumber, first, last },
          });
        }
      }
      all.push(...logs);
    }
    return all.sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index);
  }

  /**
   * What a mined transaction carries, and where.
   *
   * INVARIANT: every transaction that L1 takes is read. The endpoint's own words are taken where they can be had, since the library
   * refuses what L1 only skips (an authorization that nobody has signed), and not every provider keeps the blobs' hashes.
   */
  async transaction(transactionHash: Hex): Promise<MinedTransaction> {
    const { provider } = this;
    const transaction = await this.read("read a transaction", () =>
      canSend(provider)
        ? (provider.send("eth_getTransactionByHash", [transactionHash]) as Promise<unknown>)
        : provider.getTransaction(transactionHash),
    );
    if (transaction === null || typeof transaction !== "object") {
      throw new L1Error("INCONSISTENT", "the endpoint does not know a transaction whose log it returned", {
        fields: { transactionHash },
      });
    }
    const fields = transaction as Readonly<Record<string, unknown>>;
    const data = fields.input ?? fields.data;
    const [to, blockHash] = [fields.to ?? null, fields.blockHash ?? null];
    const blobHashes: unknown = fields.blobVersionedHashes ?? [];
    if (
      !isHexString(data) ||
      !(to === null || isHexString(to, 20)) ||
      !(blockHash === null || isHexString(blockHash, 32)) ||
      !(Array.isArray(blobHashes) && blobHashes.every((hash) => isHexString(hash, 32)))
    ) {
      throw new L1Error("INCONSISTENT", "the endpoint returned a transaction that is none", {
        fields: { transactionHash },
      });
    }
    return { to: to, data: data, blockHash: blockHash, blobHashes };
  }

  /** The address that signs. */
  async address(): Promise<Hex> {
    return (await this.#requireSigner().getAddress()) as Hex;
  }

  /** Runs a read of a contract or of the endpoint; its failure becomes an {@link L1Error}. */
  async read<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw translateError(error, action);
    }
  }

  /** {@link TransactionSender.hasPending}. */
  async hasPending(): Promise<boolean> {
    return await this.#requireSender().hasPending();
  }

  /** {@link TransactionSender.send}. */
  async send(action: string, transaction: Promise<ContractTransaction>): Promise<L1Receipt> {
    return toReceipt(await this.#requireSender().send(action, transaction));
  }

  #requireSigner(): Signer {
    if (this.#signer === undefined) throw new L1Error("NO_SIGNER", "this client has no key and only reads");
    return this.#signer;
  }

  #requireSender(): TransactionSender {
    return (this.#sender ??= new TransactionSender(this.provider, this.#requireSigner(), this.#sending));
  }
}

/** Where a log stands. */
export function placeOf(log: Log): EventPlace {
  return {
    blockNumber: log.blockNumber,
    blockHash: log.blockHash as Hex,
    transactionHash: log.transactionHash as Hex,
    logIndex: log.index,
  };
}

function toReceipt(receipt: TransactionReceipt): L1Receipt {
  return {
    transactionHash: receipt.hash as Hex,
    blockNumber: receipt.blockNumber,
    blockHash: receipt.blockHash as Hex,
    gasUsed: receipt.gasUsed,
    gasPrice: receipt.gasPrice,
  };
}
