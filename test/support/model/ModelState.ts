import { toHex } from "../../../src/crypto/bytes.ts";
import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import type { OwnerAuth } from "../../../src/machine/Wire.ts";
import {
  excesses,
  NO_CURVE,
  viewOf,
  type CurveRecord,
  type Excesses,
  type ExpiryView,
  type MarketMarks,
} from "./MarginModel.ts";
import { signedDigest, type SigningDomain } from "./signing.ts";
import {
  demand,
  expiryName,
  larger,
  marketName,
  parseSeries,
  Refusal,
  refuse,
  SECONDS_PER_DAY,
  slotName,
  smaller,
  ZERO_ADDRESS,
  type Holdings,
} from "./words.ts";

/** The state of the reference model, and what every transaction does with it: docs/specification.md, sections 2 and 6.1. */

export interface AccountRecord {
  readonly owner: string;
  readonly floor: bigint;
  /** 0 collateralised, 1 standard margin. */
  readonly mode: number;
  /** When the running auction began; 0 if there is none. */
  readonly auction: bigint;
  readonly cash: bigint;
  readonly debt: bigint;
  readonly positions: Holdings;
}

export interface OrderRecord {
  readonly nonce: bigint;
  /** Undefined for a spent nonce. */
  readonly terms: OrderTermsRecord | undefined;
}

export interface OrderTermsRecord {
  readonly series: string;
  readonly sell: boolean;
  readonly fillOrKill: boolean;
  readonly immediateOrCancel: boolean;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  readonly forcible: boolean;
  readonly keyIndex: number;
  readonly keyEpoch: number;
  readonly deadline: bigint;
  readonly limit: bigint;
  readonly quantity: bigint;
  readonly maxFee: bigint;
  readonly filled: bigint;
  readonly accrued: bigint;
}

export interface KeyRecord {
  readonly address: string;
  readonly scope: number;
  readonly expiry: bigint;
  readonly budget: bigint;
  readonly epoch: number;
}

export interface MarketRecord extends MarketMarks {
  readonly tick: bigint;
  readonly lot: bigint;
  readonly steps: readonly [bigint, bigint, bigint];
  readonly anchorTime: bigint;
  readonly exposureMultiple: bigint;
  /** Short quantity of all accounts in standard mode. */
  readonly exposure: bigint;
  /** Lowest and highest spot of the last report's minute, and of the minute before. */
  readonly low: bigint;
  readonly high: bigint;
  readonly lowBefore: bigint;
  readonly highBefore: bigint;
}

export interface ExpiryRecord {
  readonly price: bigint;
  readonly shorts: number;
  readonly final: boolean;
  readonly owed: bigint;
  readonly received: bigint;
  readonly credited: bigint;
  readonly paid: bigint;
  readonly forward: bigint;
  readonly curveSpot: bigint;
  readonly curveTime: bigint;
  readonly curve: CurveRecord;
}

export interface WithdrawalRecord {
  readonly account: number;
  readonly recipient: string;
  readonly amount: bigint;
}

export interface GlobalsRecord {
  readonly withdrawals: bigint;
  readonly fees: bigint;
  readonly fund: bigint;
}

export interface SignersRecord {
  readonly threshold: number;
  readonly addresses: readonly string[];
}

/** What a transaction is judged with. */
export interface ModelContext {
  readonly now: bigint;
  readonly l1Time: bigint;
  /** Address in hex of the L1 sender of a forced transaction. */
  readonly sender: string | undefined;
}

/** What one deployment fixes. */
export interface ModelConfig extends SigningDomain {
  readonly bridge: string;
  readonly settlement: string;
  readonly feeRecipient: string;
  readonly recover: (digest: Uint8Array, signature: Uint8Array) => Uint8Array | undefined;
}

export const NO_EXPIRY: ExpiryRecord = {
  price: 0n,
  shorts: 0,
  final: false,
  owed: 0n,
  received: 0n,
  credited: 0n,
  paid: 0n,
  forward: 0n,
  curveSpot: 0n,
  curveTime: 0n,
  curve: NO_CURVE,
};

/** First account of the insurance fund, and how many it has. */
export const FIRST_FUND_ACCOUNT = 4_294_967_280;
export const FUND_ACCOUNT_COUNT = 16;
/** How old a spot may be: for everything but liquidation, and for that. */
export const SPOT_AGE = 120n;
export const LIQUIDATION_AGE = 900n;
const NONCES_AHEAD = 1_073_741_824n;

/** A map whose writes wait until they are committed. */
class Table<V> {
  readonly #committed = new Map<string, V>();
  readonly #pending = new Map<string, V | undefined>();
  /** Names written since this was last cleared. */
  readonly changed = new Set<string>();

  get(key: string): V | undefined {
    return this.#pending.has(key) ? this.#pending.get(key) : this.#committed.get(key);
  }
  set(key: string, value: V | undefined): void {
    this.#pending.set(key, value);
  }
  commit(): void {
    for (const [key, value] of this.#pending) {
      this.changed.add(key);
      if (value === undefined) this.#committed.delete(key);
      else this.#committed.set(key, value);
    }
    this.#pending.clear();
  }
  rollback(): void {
    this.#pending.clear();
  }
  entries(): IterableIterator<[string, V]> {
    return this.#committed.entries();
  }
}

/** A new account of `owner`. */
export function emptyAccount(owner: string, mode = 0): AccountRecord {
  return { owner, floor: 0n, mode, auction: 0n, cash: 0n, debt: 0n, positions: new Map() };
}

/** Plain maps of plain records. */
export class ModelState {
  readonly config: ModelConfig;
  readonly accounts = new Table<AccountRecord>();
  readonly orders = new Table<OrderRecord>();
  readonly keys = new Table<KeyRecord>();
  readonly markets = new Table<MarketRecord>();
  readonly expiries = new Table<ExpiryRecord>();
  readonly claims = new Table<{ readonly amount: bigint }>();
  readonly withdrawals = new Table<WithdrawalRecord>();
  readonly globals = new Table<GlobalsRecord>();
  readonly signers = new Table<SignersRecord>();

  constructor(config: ModelConfig) {
    this.config = config;
    this.globals.set("", { withdrawals: 0n, fees: 0n, fund: 0n });
    this.accounts.set("0", emptyAccount(config.feeRecipient));
    for (let i = 0; i < FUND_ACCOUNT_COUNT; i++)
      this.accounts.set(String(FIRST_FUND_ACCOUNT + i), emptyAccount(ZERO_ADDRESS, 1));
    this.#commit();
  }

  /** Runs a transaction; a refusal leaves everything as it was. */
  atomically(run: () => void): ResultName {
    try {
      run();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      for (const table of this.#tables()) table.rollback();
      return error.result;
    }
    this.#commit();
    return "OK";
  }

  #tables(): Table<unknown>[] {
    const { accounts, orders, keys, markets, expiries, claims, withdrawals, globals, signers } = this;
    return [accounts, orders, keys, markets, expiries, claims, withdrawals, globals, signers] as Table<unknown>[];
  }

  #commit(): void {
    for (const table of this.#tables()) table.commit();
  }

  /** The account, which must be there. */
  account(id: number): AccountRecord {
    return this.accounts.get(String(id)) ?? refuse("AccountUnknown");
  }

  /** Uses up a nonce. */
  spendNonce(account: number, nonce: bigint): void {
    const slot = this.orders.get(slotName(account, nonce));
    if (slot !== undefined) {
      demand(slot.nonce <= nonce, "NonceRetired");
      demand(slot.nonce !== nonce, "NonceUsed");
    }
    this.orders.set(slotName(account, nonce), { nonce, terms: undefined });
  }

  /** Refuses a nonce outside the account's window. */
  demandWindow(account: AccountRecord, nonce: bigint): void {
    demand(account.floor <= nonce && nonce < account.floor + NONCES_AHEAD, "NonceOutOfWindow");
  }

  /** A session key that may do what is asked. */
  useKey(now: bigint, account: number, index: number, scopes: number, epoch?: number): KeyRecord {
    const key = this.keys.get(`${account}/${index}`);
    if (key === undefined || key.address === ZERO_ADDRESS || key.expiry < now || (key.scope & scopes) === 0)
      refuse("KeyInvalid");
    if (epoch !== undefined) demand(key.epoch === epoch, "KeyInvalid");
    return key;
  }

  /** Adds cash to an account; what it owes comes first and goes to the fund. */
  credit(id: number, amount: bigint): void {
    const account = this.account(id);
    const repaid = smaller(account.debt, amount);
    const [debt, cash] = [account.debt - repaid, account.cash + amount - repaid];
    this.accounts.set(String(id), { ...account, debt, cash });
    this.changeGlobals({ fund: repaid });
  }

  /** Adds to what is global; zeros change nothing. */
  changeGlobals(by: { fees?: bigint; fund?: bigint; withdrawals?: bigint }): void {
    const before = this.globals.get("")!;
    if (!by.fees && !by.fund && !by.withdrawals) return;
    this.globals.set("", {
      withdrawals: before.withdrawals + (by.withdrawals ?? 0n),
      fees: before.fees + (by.fees ?? 0n),
      fund: before.fund + (by.fund ?? 0n),
    });
  }

  /** The insurance fund's cash. */
  fund(): bigint {
    return this.globals.get("")!.fund;
  }

  /** Who signed, as an address in hex. */
  signerOf(digest: Uint8Array, signature: Uint8Array): string | undefined {
    const signer = this.config.recover(digest, signature);
    return signer === undefined ? undefined : toHex(signer);
  }

  /** The account, once its owner has signed or sent; `before` runs between the nonce and the account. */
  authorize<T>(
    context: ModelContext,
    id: number,
    auth: OwnerAuth | undefined,
    type: string,
    value: (account: AccountRecord, between: T) => Record<string, unknown>,
    before: () => T,
  ): { account: AccountRecord; between: T } {
    if (auth !== undefined) {
      demand(auth.deadline >= context.now, "Expired");
      this.spendNonce(id, auth.nonce);
    }
    const between = before();
    const account = this.account(id);
    this.demandOwner(context, account, auth, type, value(account, between));
    return { account, between };
  }

  /** Refuses unless the account's owner has sent the transaction, or signed it with a nonce of the window. */
  demandOwner(
    context: ModelContext,
    account: AccountRecord,
    auth: OwnerAuth | undefined,
    type: string,
    value: Record<string, unknown>,
  ): void {
    if (auth === undefined) {
      demand(account.owner === context.sender, "NotOwner");
      return;
    }
    this.demandWindow(account, auth.nonce);
    const signed = { ...value, nonce: auth.nonce, deadline: auth.deadline };
    const signer = this.signerOf(signedDigest(this.config, type, signed), auth.signature);
    demand(signer === account.owner, "BadSignature");
  }

  // --- margin ---

  /** All that the charge of one expiry depends on. */
  view(expiry: string, now: bigint, spotAge: bigint): ExpiryView {
    const market = this.markets.get(marketName(expiry))!;
    return viewOf(market, this.expiries.get(expiry) ?? NO_EXPIRY, Number(expiry.split("/")[1]), now, spotAge);
  }

  /** The views of the expiries in which there are positions. */
  views(positions: Holdings, now: bigint, spotAge: bigint): Map<string, ExpiryView> {
    return new Map([...positions.keys()].map(expiryName).map((name) => [name, this.view(name, now, spotAge)]));
  }

  /** Initial and maintenance excess of an account, by its mode. */
  excessesOf(account: AccountRecord, now: bigint, spotAge = SPOT_AGE): Excesses {
    return excesses(account, this.views(account.positions, now, spotAge));
  }

  /** Refuses a collateralised account with short calls whose market's anchor is older than a day. */
  demandFreshAnchors({ mode, positions }: AccountRecord, now: bigint): void {
    if (mode === 1) return;
    for (const [name, quantity] of positions) {
      const { anchorTime } = this.markets.get(marketName(name))!;
      const isShortCall = quantity < 0n && !parseSeries(name).put;
      if (isShortCall) demand(now <= anchorTime + SECONDS_PER_DAY, "AnchorStale");
    }
  }

  /** Adds to the short quantity that accounts in standard mode hold in a market; says how much there is then. */
  changeExposure(market: string, change: bigint): void {
    if (change === 0n) return;
    const before = this.markets.get(market)!;
    this.markets.set(market, { ...before, exposure: before.exposure + change });
  }

  /** Refuses when a market's exposure at the higher of its spot and its anchor is more than its multiple of the fund. */
  demandCap(market: string): void {
    const { exposure, spot, anchor, exposureMultiple } = this.markets.get(market)!;
    demand(exposure * larger(spot, anchor) <= exposureMultiple * this.fund() * 10_000n, "ExposureCap");
  }

  /** Adds to the number of accounts that are short in an expiry. */
  changeShorts(expiry: string, change: number): void {
    if (change === 0) return;
    const before = this.expiries.get(expiry) ?? NO_EXPIRY;
    this.expiries.set(expiry, { ...before, shorts: before.shorts + change });
  }
}
