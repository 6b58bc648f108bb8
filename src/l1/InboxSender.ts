import { isError, type ContractTransaction, type Signer, type TransactionResponse } from "ethers";
import type { RollupInbox } from "../../typechain/index.ts";
import type { Hex } from "../crypto/bytes.ts";
import { inboxAt } from "./Contracts.ts";
import { translateError } from "./ContractErrors.ts";
import { atLeast, marketFees, MAX_FEE_PER_GAS, raised, type Fees } from "./fees.ts";
import type { BatchReceipt, BatchToAppend, InboxWriter, PendingBatch } from "./InboxWriter.ts";
import type { L1Client } from "./L1Client.ts";
import { L1Error } from "./L1Error.ts";

/** How the sequencer's account sends. */
export interface InboxSenderOptions {
  /** Longest time to wait for a transaction before the poster looks again. Default 60,000. */
  readonly patienceMilliseconds?: number;
  /** Most that a gas may cost, wei. Default 1,000 gwei. */
  readonly maxFeePerGas?: bigint;
}

/** Gas of a batch without its payload, with room to spare. */
const BASE_GAS = 250_000n;
/** Gas of one byte of payload: the larger floor of the calldata schedules, and hashing. */
const GAS_PER_BYTE = 70n;

/** The inbox for the batch poster: sends with the nonce that it is told, and outbids whatever is pending there. */
export class InboxSender implements InboxWriter {
  readonly #contract: RollupInbox;
  readonly #client: L1Client;
  readonly #signer: Signer;
  readonly #patience: number;
  readonly #maxFee: bigint;
  /** What this process has offered last, by nonce. */
  #offered: { readonly nonce: number; readonly fees: Fees } | undefined;

  /** @param signer The sequencer's account, which sends nothing else. */
  constructor(client: L1Client, signer: Signer, address: Hex, options: InboxSenderOptions = {}) {
    this.#client = client;
    this.#signer = signer;
    this.#contract = inboxAt(address, signer);
    this.#patience = options.patienceMilliseconds ?? 60_000;
    this.#maxFee = options.maxFeePerGas ?? MAX_FEE_PER_GAS;
  }

  batchCount(): Promise<bigint> {
    return this.#read(() => this.#contract.batchCount());
  }

  messagesRead(): Promise<bigint> {
    return this.#read(() => this.#contract.messagesRead());
  }

  messageCount(): Promise<bigint> {
    return this.#read(() => this.#contract.messageCount());
  }

  lastL2Time(): Promise<bigint> {
    return this.#read(() => this.#contract.lastL2Time());
  }

  async l1Time(): Promise<bigint> {
    return (await this.#client.head()).timestamp;
  }

  availableBytes(): Promise<bigint> {
    return this.#read(() => this.#contract.availableBytes());
  }

  nonce(): Promise<number> {
    return this.#read(() => this.#signer.getNonce("latest"));
  }

  /** @throws {@link L1Error} `REVERTED` if the inbox would refuse the batch now; `FEE_CAP` if it would cost too much. */
  async appendBatch(batch: BatchToAppend, nonce: number): Promise<PendingBatch> {
    const { expectedIndex, messagesRead, l2Time, payload } = batch;
    const args = [expectedIndex, messagesRead, l2Time, payload] as const;
    // A refusal that can be known costs nothing.
    await this.#read(() => this.#contract.appendBatch.staticCall(...args, { blockTag: "latest" }));
    const call = await this.#contract.appendBatch.populateTransaction(...args);
    const gasLimit = BASE_GAS + GAS_PER_BYTE * BigInt(payload.length);
    const sent = await this.#outbid({ ...call, nonce, gasLimit });
    return { hash: sent.hash, wait: () => this.#wait(sent) };
  }

  /** Sends at the market's price, at least an eighth above what is known to be pending; higher while that is refused. */
  async #outbid(transaction: ContractTransaction & { nonce: number }): Promise<TransactionResponse> {
    const { nonce } = transaction;
    let fees = await this.#read(() => marketFees(this.#client.provider));
    if (this.#offered?.nonce === nonce) fees = atLeast(fees, raised(this.#offered.fees));
    for (;;) {
      if (fees.maxFeePerGas > this.#maxFee) {
        throw new L1Error("FEE_CAP", "the transaction would cost more than is allowed", {
          fields: { nonce, ...fees, maximum: this.#maxFee },
        });
      }
      try {
        const sent = await this.#signer.sendTransaction({ ...transaction, ...fees, type: 2 });
        this.#offered = { nonce, fees };
        return sent;
      } catch (error) {
        const failure = translateError(error, "append a batch");
        if (failure.code !== "REPLACEMENT_UNDERPRICED") throw failure;
        fees = raised(fees);
      }
    }
  }

  async #wait(sent: TransactionResponse): Promise<BatchReceipt | undefined> {
    try {
      const receipt = await sent.wait(1, this.#patience);
      return receipt === null ? undefined : { succeeded: true, gasUsed: receipt.gasUsed };
    } catch (error) {
      if (isError(error, "TIMEOUT") || isError(error, "TRANSACTION_REPLACED")) return undefined;
      const receipt = isError(error, "CALL_EXCEPTION") ? error.receipt : undefined;
      if (receipt === null || receipt === undefined) throw translateError(error, "wait for a batch");
      return { succeeded: false, gasUsed: receipt.gasUsed };
    }
  }

  #read<T>(call: () => Promise<T>): Promise<T> {
    return this.#client.read("append a batch", call);
  }
}
