import { JsonRpcProvider, Wallet, type ContractTransactionReceipt, type TransactionRequest } from "ethers";
import { network } from "hardhat";
import { TenorError } from "../../src/errors.ts";

/** What can go wrong on the local L1. */
export type LocalL1ErrorCode = "TRANSACTION_REVERTED" | "TRANSACTION_LOST";

/** A transaction of the demo that the local L1 did not carry out. */
export class LocalL1Error extends TenorError<LocalL1ErrorCode> {
  override readonly name = "LocalL1Error";
}

/** Enough for every transaction of the demo, below the protocol's cap of 2^24. */
const GAS_LIMIT = 16_000_000n;

/**
 * A local L1: Hardhat's simulator behind a JSON-RPC endpoint on a free port of the loopback interface. Its clock is the
 * demo's: the next block gets the time that {@link setTime} asked for.
 */
export class LocalL1 {
  readonly url: string;
  readonly provider: JsonRpcProvider;
  readonly chainId: bigint;
  readonly #close: () => Promise<void>;
  readonly #nonces = new Map<string, number>();
  /** Time of the last block, seconds. */
  #time: bigint;

  private constructor(
    url: string,
    provider: JsonRpcProvider,
    chainId: bigint,
    time: bigint,
    close: () => Promise<void>,
  ) {
    this.url = url;
    this.provider = provider;
    this.chainId = chainId;
    this.#time = time;
    this.#close = close;
  }

  /** Starts a chain whose clock begins at `startTime`, in seconds. */
  static async start(startTime: number): Promise<LocalL1> {
    const server = await network.createServer(
      {
        override: {
          initialDate: new Date(startTime * 1000),
          loggingEnabled: false,
          initialBaseFeePerGas: 0,
          allowBlocksWithSameTimestamp: true,
        },
      },
      "127.0.0.1",
    );
    const { address, port } = await server.listen();
    const url = `http://${address}:${port}`;
    const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 });
    // The chain mines at once; asking every few seconds, as the library would, costs minutes.
    provider.pollingInterval = 10;
    const { chainId } = await provider.getNetwork();
    const block = await provider.getBlock("latest");
    return new LocalL1(url, provider, chainId, BigInt(block?.timestamp ?? startTime), async () => {
      provider.destroy();
      await server.close();
    });
  }

  /** Stops the chain. */
  async stop(): Promise<void> {
    await this.#close();
  }

  /** Time of the last block, seconds. */
  get time(): bigint {
    return this.#time;
  }

  /** A wallet of this chain with plenty of ETH. */
  async wallet(privateKey: string): Promise<Wallet> {
    const wallet = new Wallet(privateKey, this.provider);
    await this.provider.send("hardhat_setBalance", [wallet.address, "0x3635c9adc5dea00000000"]);
    return wallet;
  }

  /** Makes the next block carry `time`, or the time of the last block if that is later. */
  async setTime(time: bigint): Promise<void> {
    const next = time > this.#time ? time : this.#time;
    await this.provider.send("evm_setNextBlockTimestamp", [Number(next)]);
    this.#time = next;
  }

  /** Takes over the clock after others have had blocks mined. */
  async refreshTime(): Promise<void> {
    this.#time = BigInt((await this.provider.getBlock("latest"))!.timestamp);
  }

  /** Lets time pass since the last block, whoever mines blocks meanwhile, and mines an empty one. */
  async pass(seconds: bigint): Promise<void> {
    await this.provider.send("evm_increaseTime", [Number(seconds)]);
    await this.provider.send("evm_mine", []);
    await this.refreshTime();
  }

  /** Mines an empty block at `time`. */
  async mineAt(time: bigint): Promise<void> {
    await this.setTime(time);
    await this.provider.send("evm_mine", []);
  }

  /**
   * Sends a transaction in a block of its own at `time`, or at the earliest possible later moment, and returns its
   * receipt.
   *
   * @throws {@link LocalL1Error}
   */
  async send(wallet: Wallet, request: TransactionRequest, time = this.#time): Promise<ContractTransactionReceipt> {
    await this.setTime(time);
    const nonce = this.#nonces.get(wallet.address) ?? (await wallet.getNonce());
    const signed = await wallet.signTransaction({
      ...request,
      type: 2,
      nonce,
      chainId: this.chainId,
      gasLimit: GAS_LIMIT,
      maxFeePerGas: 10n ** 10n,
      maxPriorityFeePerGas: 0n,
    });
    let hash: string;
    try {
      hash = (await this.provider.send("eth_sendRawTransaction", [signed])) as string;
    } catch (cause) {
      this.#nonces.delete(wallet.address);
      throw new LocalL1Error("TRANSACTION_REVERTED", "the local L1 refused a transaction", {
        cause,
        fields: { to: request.to, data: String(request.data).slice(0, 10) },
      });
    }
    this.#nonces.set(wallet.address, nonce + 1);
    const receipt = await this.provider.getTransactionReceipt(hash);
    if (receipt?.status !== 1) {
      throw new LocalL1Error("TRANSACTION_LOST", "a transaction was not mined at once", { fields: { hash } });
    }
    return receipt as ContractTransactionReceipt;
  }
}
