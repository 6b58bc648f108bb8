import type { JournalWithdrawal } from "./Journal.ts";
import type { ExchangeLimits } from "./SequencerOptions.ts";
import { termsDigest, type SignedOrder } from "./SignedOrder.ts";

/** Seconds for which a trader is promised that an order that was taken out of the book is not filled. */
export const WITHDRAWAL_PROMISE = 3_600n;
/** Seconds by which the wall clock may be set back while an order is remembered. */
const CLOCK_STEP = 60n;
/** Seconds: orders that end within the same ten are forgotten together. */
const BUCKET = 10;

/**
 * What signers have taken back, by themselves or by the limits that they have set, for as long as it must not be filled: of each
 * order the digest of what was signed. The order itself may be forgotten meanwhile.
 *
 * Remembered is an order until its promise is kept or its deadline is over, whichever is first. Both are judged by the L2 time of
 * the batch that would fill it. INVARIANT: the batch into which an order comes is younger than `maxBatchAge`, for an older one is sealed
 * before anything is submitted; so beyond that age no batch is left that the promise or the deadline is about.
 */
export class WithdrawnOrders {
  readonly #limits: Pick<ExchangeLimits, "maxBatchAge" | "maxWithdrawnOrders">;
  /** By account, then by digest: when it ends. Seconds are small integers here, which take no memory of their own. */
  readonly #accounts = new Map<number, Map<string, number>>();
  /** By their end, then by account. */
  readonly #buckets = new Map<number, Map<number, string[]>>();
  #now = 0n;
  /** The last end that was looked for. */
  #passed = 0;

  constructor(limits: Pick<ExchangeLimits, "maxBatchAge" | "maxWithdrawnOrders">) {
    this.#limits = limits;
  }

  /** The present, seconds. */
  get now(): bigint {
    return this.#now;
  }

  /** Lets time pass, seconds, and forgets what has ended. @returns Whether anything has. */
  pass(now: bigint): boolean {
    this.#now = now;
    const due = Math.floor(Number(now) / BUCKET) * BUCKET;
    if (due <= this.#passed) return false;
    this.#passed = due;
    let hasEnded = false;
    for (const [until, accounts] of this.#buckets) {
      if (until > due) continue;
      hasEnded = true;
      this.#buckets.delete(until);
      for (const [account, keys] of accounts) this.#forget(account, keys, until);
    }
    return hasEnded;
  }

  /**
   * Whether this very order was taken back. INVARIANT: it does not matter under which of its signer's signatures it comes again, nor
   * what else came under its nonce meanwhile, for the receipt of a withdrawal names nothing but what was signed.
   */
  has(signed: SignedOrder): boolean {
    const keys = this.#accounts.get(signed.terms.account);
    return keys?.has(keyOf(termsDigest(signed))) ?? false;
  }

  /** Remembers an order that is taken back now. @returns What a journal needs for {@link restore}. */
  add(signed: SignedOrder): JournalWithdrawal {
    const { account, deadline } = signed.terms;
    const promised = this.#now + WITHDRAWAL_PROMISE;
    const last = (deadline < promised ? deadline : promised) + this.#limits.maxBatchAge + CLOCK_STEP;
    const until = BigInt((Math.floor(Number(last) / BUCKET) + 1) * BUCKET);
    const withdrawal = { until, digest: termsDigest(signed), account };
    this.restore(withdrawal);
    return withdrawal;
  }

  /** Remembers what was taken back before. */
  restore({ until, digest, account }: JournalWithdrawal): void {
    let keys = this.#accounts.get(account);
    if (keys === undefined) this.#accounts.set(account, (keys = new Map<string, number>()));
    const end = Number(until);
    let accounts = this.#buckets.get(end);
    if (accounts === undefined) this.#buckets.set(end, (accounts = new Map<number, string[]>()));
    const key = keyOf(digest);
    keys.set(key, end);
    const bucket = accounts.get(account);
    if (bucket === undefined) accounts.set(account, [key]);
    else bucket.push(key);
  }

  /**
   * When an account may have more orders that rest, seconds: undefined if it may now. What rests already can always be taken back, so
   * an account can exceed the limit by the orders of its ring.
   */
  fullUntil(account: number): bigint | undefined {
    if ((this.#accounts.get(account)?.size ?? 0) < this.#limits.maxWithdrawnOrders) return undefined;
    let first: number | undefined;
    for (const [until, accounts] of this.#buckets) {
      if ((first === undefined || until < first) && accounts.has(account)) first = until;
    }
    return first === undefined ? undefined : BigInt(first);
  }

  #forget(account: number, ended: readonly string[], until: number): void {
    const keys = this.#accounts.get(account)!;
    // One that was remembered anew, after a restart from a journal without it, ends later.
    for (const key of ended) if (keys.get(key) === until) keys.delete(key);
    if (keys.size === 0) this.#accounts.delete(account);
  }
}

/** A byte of memory for each of the digest's. */
function keyOf(digest: Uint8Array): string {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).toString("latin1");
}
