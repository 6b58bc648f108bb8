import type { ContractTransaction, Provider, Signer, TransactionReceipt } from "ethers";
import { translateError } from "./ContractErrors.ts";
import { atLeast, atMost, marketFees, MAX_FEE_PER_GAS, outbids, raised, type Fees } from "./fees.ts";
import { L1Error } from "./L1Error.ts";

/** How an account sends. */
export interface SenderOptions {
  /** Longest time to wait until a transaction is mined, all replacements included. Default 600,000. */
  readonly miningTimeoutMilliseconds?: number;
  /** Time without being mined after which a transaction is sent again at a higher price. Default 60,000. */
  readonly replaceAfterMilliseconds?: number;
  /** Time between two looks for a receipt. Default 1,000. */
  readonly pollMilliseconds?: number;
  /** Most that a gas may cost, wei. Default 1,000 gwei. */
  readonly maxFeePerGas?: bigint;
}

/** One call with its nonce, under all the prices that were offered for it. */
interface Attempt {
  readonly action: string;
  readonly request: ContractTransaction & { readonly nonce: number; readonly gasLimit: bigint; readonly type: 2 };
  /** The last offer. */
  fees: Fees;
  /** When it was made, by this process's clock. */
  offeredAt: number;
  readonly hashes: string[];
  /** Whether the endpoint says that the nonce is used. */
  isUsed: boolean;
  /** Why the last offer was refused. */
  refusal?: L1Error;
}

/** The protocol's cap on the gas of a transaction. */
const GAS_CAP = 1n << 24n;

/**
 * Sends an account's transactions and sees each one through: one that is not mined for its price is offered again at the market's,
 * at least an eighth higher, up to a cap.
 *
 * SAFETY: whatever is sent under one nonce is the same call with the same gas limit, so it does not matter which of them is
 * mined, and nothing that this process has not sent itself is ever replaced.
 */
export class TransactionSender {
  readonly #provider: Provider;
  readonly #signer: Signer;
  readonly #options: Required<SenderOptions>;
  /** First offers are made one after another, so that no two calls get the same nonce. */
  #queue: Promise<unknown> = Promise.resolve();
  /** What was sent and not seen mined, also if nobody waits for it any more. */
  readonly #unmined = new Set<Attempt>();

  constructor(provider: Provider, signer: Signer, options: SenderOptions = {}) {
    this.#provider = provider;
    this.#signer = signer;
    this.#options = {
      miningTimeoutMilliseconds: options.miningTimeoutMilliseconds ?? 600_000,
      replaceAfterMilliseconds: options.replaceAfterMilliseconds ?? 60_000,
      pollMilliseconds: options.pollMilliseconds ?? 1_000,
      maxFeePerGas: options.maxFeePerGas ?? MAX_FEE_PER_GAS,
    };
  }

  /**
   * Signs and sends a transaction, and waits until it or a dearer copy of it is mined. A refusal is found before anything is sent.
   *
   * @throws {@link L1Error} `NOT_MINED` if that takes too long, `NONCE_USED` if another transaction of the account took its place,
   * `FAILED_ON_CHAIN`, or what the first offer was refused for.
   */
  async send(action: string, transaction: Promise<ContractTransaction>): Promise<TransactionReceipt> {
    const first = this.#queue.then(() => this.#ask(action, () => this.#start(action, transaction)));
    this.#queue = first.catch(() => undefined);
    const attempt = await first;
    const receipt = await this.#follow(attempt);
    this.#unmined.delete(attempt);
    return requireSuccess(receipt, action);
  }

  /**
   * Whether a transaction of the account is not mined yet, as far as the endpoint knows, or this process, for endpoints forget
   * what pays too little. One that {@link send} has given up is offered again here from time to time, for it keeps all that
   * come after it back.
   */
  async hasPending(): Promise<boolean> {
    const [pending, mined] = await this.#ask("read the nonce", () =>
      Promise.all([this.#signer.getNonce("pending"), this.#signer.getNonce("latest")]),
    );
    for (const attempt of this.#unmined) {
      if (attempt.request.nonce < mined) this.#unmined.delete(attempt);
      else if (this.#isOverdue(attempt)) await this.#offerAgain(attempt);
    }
    return pending > mined || this.#unmined.size > 0;
  }

  async #start(action: string, transaction: Promise<ContractTransaction>): Promise<Attempt> {
    const call = await transaction;
    const gasLimit = withMargin(await this.#signer.estimateGas(call));
    const nonces = [...this.#unmined].map((attempt) => attempt.request.nonce + 1);
    const nonce = Math.max(await this.#signer.getNonce("pending"), ...nonces);
    // Above the cap the market may still come down to it.
    const fees = atMost(await marketFees(this.#provider), this.#options.maxFeePerGas);
    const request = { ...call, nonce, gasLimit, type: 2 } as const;
    const { hash } = await this.#signer.sendTransaction({ ...request, ...fees });
    const attempt = { action, request, fees, offeredAt: Date.now(), hashes: [hash], isUsed: false };
    this.#unmined.add(attempt);
    return attempt;
  }

  async #follow(attempt: Attempt): Promise<TransactionReceipt> {
    const { action, request } = attempt;
    const deadline = Date.now() + this.#options.miningTimeoutMilliseconds;
    for (;;) {
      const receipt = await this.#receiptOf(attempt);
      if (receipt !== undefined) return receipt;
      const left = deadline - Date.now();
      if (left <= 0) {
        throw new L1Error("NOT_MINED", "the transaction is pending for too long", {
          fields: { action, nonce: request.nonce, transactionHash: attempt.hashes.at(-1), ...attempt.fees },
          cause: attempt.refusal,
        });
      }
      if (this.#isOverdue(attempt)) {
        // By now its receipt would be there.
        if (attempt.isUsed) {
          this.#unmined.delete(attempt);
          throw nonceUsed(attempt);
        }
        await this.#offerAgain(attempt);
      } else {
        await sleep(Math.min(this.#options.pollMilliseconds, left));
      }
    }
  }

  #isOverdue({ offeredAt }: Attempt): boolean {
    return Date.now() - offeredAt >= this.#options.replaceAfterMilliseconds;
  }

  /** Offers more for what is pending or, at the cap, the same once more. Failures leave the earlier offers where they are. */
  async #offerAgain(attempt: Attempt): Promise<void> {
    attempt.offeredAt = Date.now();
    try {
      let offer = atLeast(await marketFees(this.#provider), raised(attempt.fees));
      for (;;) {
        const highest = atMost(offer, this.#options.maxFeePerGas);
        const isHigher = outbids(highest, attempt.fees);
        // Kept though it may be refused: the next one has to be higher than this one.
        if (isHigher) attempt.fees = highest;
        try {
          const { hash } = await this.#signer.sendTransaction({ ...attempt.request, ...attempt.fees });
          if (!attempt.hashes.includes(hash)) attempt.hashes.push(hash);
          return;
        } catch (error) {
          if (!isHigher || translateError(error, attempt.action).code !== "REPLACEMENT_UNDERPRICED") throw error;
          offer = raised(highest);
        }
      }
    } catch (error) {
      // The endpoint's failures pass, and until then one of the earlier offers may be mined.
      attempt.refusal = translateError(error, attempt.action);
      attempt.isUsed = attempt.refusal.code === "NONCE_USED";
    }
  }

  async #receiptOf({ action, hashes }: Attempt): Promise<TransactionReceipt | undefined> {
    for (const hash of hashes.toReversed()) {
      const receipt = await this.#ask(action, () => this.#provider.getTransactionReceipt(hash));
      if (receipt !== null) return receipt;
    }
    return undefined;
  }

  async #ask<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw translateError(error, action);
    }
  }
}

/** Others may change the state between the estimate and the block, and what runs out of gas is lost with its fee. */
function withMargin(estimate: bigint): bigint {
  const limit = estimate + estimate / 5n;
  return limit < GAS_CAP ? limit : GAS_CAP;
}

function requireSuccess(receipt: TransactionReceipt, action: string): TransactionReceipt {
  if (receipt.status !== 0) return receipt;
  throw new L1Error("FAILED_ON_CHAIN", "the transaction was mined and failed", {
    fields: { action, transactionHash: receipt.hash, gasUsed: receipt.gasUsed },
  });
}

function nonceUsed({ action, request, hashes }: Attempt): L1Error {
  return new L1Error("NONCE_USED", "another transaction of the account has used the nonce", {
    fields: { action, nonce: request.nonce, hashes: [...hashes] },
  });
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
