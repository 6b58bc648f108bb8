import { keccak256, TypedDataEncoder, type TypedDataField } from "ethers";
import { fromHex, readU128, readU32, readU64, toHex } from "../../../src/crypto/bytes.ts";
import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import type { CancelAuth, OrderReference, OwnerAuth, Transaction, WireOrder } from "../../../src/machine/Wire.ts";

/**
 * The exchange as docs/specification.md says it, a second time: plain maps of plain records, names instead of packed
 * numbers, brute force instead of sweeps. Nothing here comes from the machine but the types of decoded transactions, so
 * that a mistake has to be made twice to go unseen.
 */

export interface Series {
  readonly market: number;
  readonly day: number;
  readonly strike: bigint;
  readonly put: boolean;
}

export interface AccountRecord {
  readonly owner: string;
  readonly floor: bigint;
  readonly cash: bigint;
  readonly debt: bigint;
  /** Quantity by {@link seriesName}. */
  readonly positions: ReadonlyMap<string, bigint>;
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

export interface MarketRecord {
  readonly tick: bigint;
  readonly lot: bigint;
  readonly steps: readonly [bigint, bigint, bigint];
  readonly anchor: bigint;
  readonly anchorTime: bigint;
}

export interface ExpiryRecord {
  readonly price: bigint;
  readonly shorts: number;
  readonly final: boolean;
  readonly owed: bigint;
  readonly received: bigint;
  readonly credited: bigint;
  readonly paid: bigint;
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

/** What a transaction is judged with. */
export interface ModelContext {
  readonly now: bigint;
  readonly l1Time: bigint;
  /** Address in hex of the L1 sender of a forced transaction. */
  readonly sender: string | undefined;
}

/** What one deployment fixes. */
export interface ModelConfig {
  readonly chainId: bigint;
  readonly inbox: string;
  readonly bridge: string;
  readonly settlement: string;
  readonly feeRecipient: string;
  readonly recover: (digest: Uint8Array, signature: Uint8Array) => Uint8Array | undefined;
}

const ZERO = "0x0000000000000000000000000000000000000000";
const LARGEST_PRICE = 549_755_813_887n;
const LARGEST_QUANTITY = 1_000_000_000_000_000n;
const SECONDS_PER_DAY = 86_400n;
const WINDOW = 1_073_741_824n;
const FLAGS = { sell: 1, fillOrKill: 2, immediateOrCancel: 4, postOnly: 8, reduceOnly: 16, forcible: 32 } as const;

const field = (list: string): TypedDataField[] =>
  list.split(",").map((entry) => {
    const [type, name] = entry.split(" ") as [string, string];
    return { type, name };
  });

/** The types that users sign, for any EIP-712 library. */
export const SIGNED_TYPES: Readonly<Record<string, TypedDataField[]>> = {
  Order: field(
    "uint32 account,uint8 market,uint16 expiryDay,uint64 strike,bool isPut,bool isSell,uint64 quantity,uint64 limitPrice,uint64 maxFee,uint64 nonce,uint64 deadline,bool fillOrKill,bool immediateOrCancel,bool postOnly,bool reduceOnly,bool forcible,uint8 keyIndex,uint32 keyEpoch",
  ),
  Withdraw: field("uint32 account,uint64 amount,address recipient,uint64 nonce,uint64 deadline"),
  Transfer: field("uint32 from,uint32 to,uint64 amount,uint64 nonce,uint64 deadline"),
  SetKey: field(
    "uint32 account,uint8 index,address key,uint8 scope,uint64 expiry,uint64 budget,uint64 nonce,uint64 deadline",
  ),
  RevokeKey: field("uint32 account,uint8 index,uint64 nonce,uint64 deadline"),
  Cancel: field("uint32 account,uint64 nonce,uint64 deadline"),
  CancelAll: field("uint32 account,uint64 floor,uint64 deadline"),
};

/** The EIP-712 digest of `value`, by an implementation that the project did not write. */
export function signedDigest(
  config: Pick<ModelConfig, "chainId" | "inbox">,
  type: string,
  value: Record<string, unknown>,
): Uint8Array {
  const name = `${config.chainId} ${config.inbox}`;
  const known = `${name} ${type} ${Object.entries(value).join()}`;
  const digest = digests.get(known);
  if (digest !== undefined) return digest;
  let domain = domainHashes.get(name);
  if (domain === undefined) {
    const fields = { name: "Tenor", version: "1", chainId: config.chainId, verifyingContract: config.inbox };
    domainHashes.set(name, (domain = TypedDataEncoder.hashDomain(fields).slice(2)));
  }
  let encoder = encoders.get(type);
  if (encoder === undefined) encoders.set(type, (encoder = TypedDataEncoder.from({ [type]: SIGNED_TYPES[type]! })));
  const fresh = fromHex(keccak256(`0x1901${domain}${encoder.hash(value).slice(2)}`));
  if (digests.size > 10_000) digests.clear();
  digests.set(known, fresh);
  return fresh;
}

const digests = new Map<string, Uint8Array>();
const domainHashes = new Map<string, string>();
const encoders = new Map<string, TypedDataEncoder>();

/** A refusal with its result name; never leaves the model. */
class Refusal extends Error {
  readonly result: ResultName;
  constructor(result: ResultName) {
    super(result);
    this.result = result;
  }
}

function refuse(result: ResultName): never {
  throw new Refusal(result);
}

function demand(condition: boolean, otherwise: ResultName): void {
  if (!condition) refuse(otherwise);
}

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

/** A series in words. */
export function seriesName(series: Series): string {
  return `${series.market}/${series.day}/${series.strike}/${series.put ? "P" : "C"}`;
}

/** The series of {@link seriesName}. */
export function parseSeries(name: string): Series {
  const [market, day, strike, type] = name.split("/") as [string, string, string, string];
  return { market: Number(market), day: Number(day), strike: BigInt(strike), put: type === "P" };
}

/** What one contract pays at `price`. */
export function payoffOf(series: Series, price: bigint): bigint {
  if (series.put) return series.strike > price ? series.strike - price : 0n;
  return price > series.strike ? price - series.strike : 0n;
}

/** The instant of an expiry day. */
export function instantOf(day: number): bigint {
  return BigInt(day) * SECONDS_PER_DAY + 8n * 3600n;
}

/**
 * The requirement by brute force: the value of each (market, day) at price 0, at every strike, at the ceiling and at
 * `extra` prices in between, which must never matter.
 */
export function bruteRequirement(
  positions: ReadonlyMap<string, bigint>,
  anchorOf: (market: number) => bigint,
  extra: (ceiling: bigint) => readonly bigint[] = () => [],
): bigint {
  const groups = new Map<string, { series: Series; quantity: bigint }[]>();
  for (const [name, quantity] of positions) {
    const series = parseSeries(name);
    const group = `${series.market}/${series.day}`;
    groups.set(group, [...(groups.get(group) ?? []), { series, quantity }]);
  }
  let sum = 0n;
  for (const held of groups.values()) {
    const anchor = anchorOf(held[0]!.series.market);
    const strikes = held.map(({ series }) => series.strike);
    const ceilings = held.filter(({ series, quantity }) => !series.put && quantity < 0n);
    const ceiling = [3n * anchor, ...ceilings.map(({ series }) => series.strike + anchor)].reduce((a, b) =>
      a > b ? a : b,
    );
    let worst = 0n;
    const scanned = strikes.filter((strike) => strike < ceiling);
    for (const price of [0n, ...scanned, ceiling, ...extra(ceiling)]) {
      const value = held.reduce((total, { series, quantity }) => total + quantity * payoffOf(series, price), 0n);
      if (value < worst) worst = value;
    }
    const loss = -worst;
    sum += loss / 10_000n + (loss % 10_000n > 0n ? 1n : 0n);
  }
  return sum;
}

/** The exchange of the specification. */
export class ReferenceModel {
  readonly config: ModelConfig;
  readonly accounts = new Table<AccountRecord>();
  readonly orders = new Table<OrderRecord>();
  readonly keys = new Table<KeyRecord>();
  readonly markets = new Table<MarketRecord>();
  readonly expiries = new Table<ExpiryRecord>();
  readonly claims = new Table<{ readonly amount: bigint }>();
  readonly withdrawals = new Table<WithdrawalRecord>();
  readonly globals = new Table<GlobalsRecord>();

  constructor(config: ModelConfig) {
    this.config = config;
    this.globals.set("", { withdrawals: 0n, fees: 0n, fund: 0n });
    this.accounts.set("0", { owner: config.feeRecipient, floor: 0n, cash: 0n, debt: 0n, positions: new Map() });
    this.#commit();
  }

  /** Executes a decoded transaction; `part` selects the account of a Settle. */
  apply(transaction: Transaction | undefined, context: ModelContext, part = 0): ResultName {
    return this.#atomically(() => {
      if (transaction === undefined) refuse("Malformed");
      switch (transaction.type) {
        case 0x01:
          return this.#withdraw(context, transaction);
        case 0x02:
          return this.#transfer(context, transaction);
        case 0x03:
          return this.#setKey(context, transaction);
        case 0x04:
          return this.#revokeKey(context, transaction);
        case 0x05:
          return this.#cancel(context, transaction);
        case 0x06:
          return this.#cancelAll(context, transaction);
        case 0x07:
          return this.#collectFees();
        case 0x08:
          return this.#settle(transaction.market, transaction.day, transaction.accounts[part]!);
        case 0x10:
          return this.#fill(context, transaction);
      }
    });
  }

  /** Executes a message that is not a Forced one. */
  applyMessage(kind: number, sender: string, payload: Uint8Array): ResultName {
    return this.#atomically(() => {
      switch (kind) {
        case 1:
          return this.#deposit(sender, payload);
        case 3:
          return this.#listMarket(sender, payload);
        case 4:
          return this.#anchor(sender, payload);
        case 5:
          return this.#fixPrice(sender, payload);
        default:
          return refuse("UnknownKind");
      }
    });
  }

  requirementOf(account: AccountRecord): bigint {
    return bruteRequirement(account.positions, (market) => this.markets.get(String(market))!.anchor);
  }

  excessOf(account: AccountRecord): bigint {
    return account.cash - account.debt - this.requirementOf(account);
  }

  // --- section 6.1 ---

  #atomically(run: () => void): ResultName {
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
    return [
      this.accounts,
      this.orders,
      this.keys,
      this.markets,
      this.expiries,
      this.claims,
      this.withdrawals,
      this.globals,
    ] as Table<unknown>[];
  }

  #commit(): void {
    for (const table of this.#tables()) table.commit();
  }

  #spendNonce(account: number, nonce: bigint): void {
    const slot = this.orders.get(slotName(account, nonce));
    if (slot !== undefined) {
      demand(slot.nonce <= nonce, "NonceRetired");
      demand(slot.nonce !== nonce, "NonceUsed");
    }
    this.orders.set(slotName(account, nonce), { nonce, terms: undefined });
  }

  #demandWindow(account: AccountRecord, nonce: bigint): void {
    demand(account.floor <= nonce && nonce < account.floor + WINDOW, "NonceOutOfWindow");
  }

  #useKey(now: bigint, account: number, index: number, scopes: number, epoch?: number): KeyRecord {
    const key = this.keys.get(`${account}/${index}`);
    if (key === undefined || key.address === ZERO || key.expiry < now || (key.scope & scopes) === 0)
      refuse("KeyInvalid");
    if (epoch !== undefined) demand(key.epoch === epoch, "KeyInvalid");
    return key;
  }

  /** Adds cash to an account; what it owes comes first and goes to the fund. */
  #credit(id: number, amount: bigint): void {
    const account = this.accounts.get(String(id)) ?? refuse("AccountUnknown");
    const repaid = account.debt < amount ? account.debt : amount;
    this.accounts.set(String(id), {
      ...account,
      debt: account.debt - repaid,
      cash: account.cash + amount - repaid,
    });
    this.#changeGlobals({ fund: repaid });
  }

  #changeGlobals(by: { fees?: bigint; fund?: bigint; withdrawals?: bigint }): void {
    const before = this.globals.get("")!;
    if (!by.fees && !by.fund && !by.withdrawals) return;
    this.globals.set("", {
      withdrawals: before.withdrawals + (by.withdrawals ?? 0n),
      fees: before.fees + (by.fees ?? 0n),
      fund: before.fund + (by.fund ?? 0n),
    });
  }

  #signerOf(type: string, value: Record<string, unknown>, signature: Uint8Array): string | undefined {
    const signer = this.config.recover(signedDigest(this.config, type, value), signature);
    return signer === undefined ? undefined : toHex(signer);
  }

  // --- section 6.2 ---

  #deposit(sender: string, payload: Uint8Array): void {
    demand(sender === this.config.bridge, "WrongSender");
    demand(payload.length === 40, "Malformed");
    const [id, owner, amount] = [readU32(payload, 0), toHex(payload.slice(4, 24)), readU128(payload, 24)];
    demand(amount < 1n << 64n, "Malformed");
    demand(amount > 0n, "AmountZero");
    const account = this.accounts.get(String(id));
    if (account === undefined) {
      this.accounts.set(String(id), { owner, floor: 0n, cash: 0n, debt: 0n, positions: new Map() });
    } else demand(account.owner === owner, "OwnerMismatch");
    this.#credit(id, amount);
  }

  /** The account, once its owner has signed or sent; `before` runs between the nonce and the account. */
  #authorize<T>(
    context: ModelContext,
    id: number,
    auth: OwnerAuth | undefined,
    type: string,
    value: (account: AccountRecord, between: T) => Record<string, unknown>,
    before: () => T,
  ): { account: AccountRecord; between: T } {
    if (auth !== undefined) {
      demand(auth.deadline >= context.now, "Expired");
      this.#spendNonce(id, auth.nonce);
    }
    const between = before();
    const account = this.accounts.get(String(id)) ?? refuse("AccountUnknown");
    if (auth === undefined) {
      demand(account.owner === context.sender, "NotOwner");
      return { account, between };
    }
    this.#demandWindow(account, auth.nonce);
    const signed = { ...value(account, between), nonce: auth.nonce, deadline: auth.deadline };
    demand(this.#signerOf(type, signed, auth.signature) === account.owner, "BadSignature");
    return { account, between };
  }

  #pay(id: number, account: AccountRecord, amount: bigint): void {
    demand(account.debt === 0n, "AccountInDebt");
    demand(account.cash >= amount, "InsufficientCash");
    const after = { ...account, cash: account.cash - amount };
    demand(this.excessOf(after) >= 0n, "InsufficientMargin");
    this.accounts.set(String(id), after);
  }

  #withdraw(context: ModelContext, tx: Extract<Transaction, { type: 0x01 }>): void {
    demand(tx.amount > 0n, "AmountZero");
    demand(tx.payee <= 4, "Malformed");
    const { account, between } = this.#authorize(
      context,
      tx.account,
      tx.auth,
      "Withdraw",
      (opened, payee) => ({ account: tx.account, amount: tx.amount, recipient: payee ?? opened.owner }),
      () => (tx.payee === 0 ? undefined : this.#useKey(context.now, tx.account, tx.payee, 4).address),
    );
    this.#pay(tx.account, account, tx.amount);
    const number = this.globals.get("")!.withdrawals;
    this.#changeGlobals({ withdrawals: 1n });
    this.withdrawals.set(String(number), {
      account: tx.account,
      recipient: between ?? account.owner,
      amount: tx.amount,
    });
  }

  #transfer(context: ModelContext, tx: Extract<Transaction, { type: 0x02 }>): void {
    demand(tx.amount > 0n, "AmountZero");
    const { account } = this.#authorize(
      context,
      tx.from,
      tx.auth,
      "Transfer",
      () => ({ from: tx.from, to: tx.to, amount: tx.amount }),
      () => undefined,
    );
    this.#pay(tx.from, account, tx.amount);
    this.#credit(tx.to, tx.amount);
  }

  #setKey(context: ModelContext, tx: Extract<Transaction, { type: 0x03 }>): void {
    const address = toHex(tx.address);
    demand([1, 2, 3, 4].includes(tx.index) && address !== ZERO && tx.scope > 0 && tx.scope < 8, "Malformed");
    this.#authorize(
      context,
      tx.account,
      tx.auth,
      "SetKey",
      () => ({
        account: tx.account,
        index: tx.index,
        key: address,
        scope: tx.scope,
        expiry: tx.expiry,
        budget: tx.budget,
      }),
      () => undefined,
    );
    const name = `${tx.account}/${tx.index}`;
    const epoch = ((this.keys.get(name)?.epoch ?? 0) + 1) % 2 ** 32;
    this.keys.set(name, { address, scope: tx.scope, expiry: tx.expiry, budget: tx.budget, epoch });
  }

  #revokeKey(context: ModelContext, tx: Extract<Transaction, { type: 0x04 }>): void {
    demand([1, 2, 3, 4].includes(tx.index), "Malformed");
    this.#authorize(
      context,
      tx.account,
      tx.auth,
      "RevokeKey",
      () => ({ account: tx.account, index: tx.index }),
      () => undefined,
    );
    const name = `${tx.account}/${tx.index}`;
    const key = this.keys.get(name);
    if (key === undefined || key.address === ZERO) refuse("KeyInvalid");
    this.keys.set(name, { address: ZERO, scope: 0, expiry: 0n, budget: 0n, epoch: (key.epoch + 1) % 2 ** 32 });
  }

  /** The account whose owner or key signed a cancellation. */
  #authorizeCancel(
    context: ModelContext,
    id: number,
    auth: CancelAuth | undefined,
    type: string,
    value: Record<string, unknown>,
    check: (account: AccountRecord) => void,
  ): AccountRecord {
    const key =
      auth === undefined || auth.keyIndex === 0 ? undefined : this.#useKey(context.now, id, auth.keyIndex, 1 | 2);
    const account = this.accounts.get(String(id)) ?? refuse("AccountUnknown");
    if (auth === undefined) demand(account.owner === context.sender, "NotOwner");
    check(account);
    if (auth === undefined) return account;
    const signer = this.#signerOf(type, { ...value, deadline: auth.deadline }, auth.signature);
    demand(signer === (key?.address ?? account.owner), "BadSignature");
    return account;
  }

  #cancel(context: ModelContext, tx: Extract<Transaction, { type: 0x05 }>): void {
    if (tx.auth !== undefined) demand(tx.auth.deadline >= context.now, "Expired");
    const slot = this.orders.get(slotName(tx.account, tx.nonce));
    if (slot !== undefined) {
      demand(slot.nonce <= tx.nonce, "NonceRetired");
      demand(slot.nonce !== tx.nonce || slot.terms !== undefined, "NonceUsed");
    }
    this.orders.set(slotName(tx.account, tx.nonce), { nonce: tx.nonce, terms: undefined });
    const value = { account: tx.account, nonce: tx.nonce };
    this.#authorizeCancel(context, tx.account, tx.auth, "Cancel", value, (account) =>
      this.#demandWindow(account, tx.nonce),
    );
  }

  #cancelAll(context: ModelContext, tx: Extract<Transaction, { type: 0x06 }>): void {
    if (tx.auth !== undefined) demand(tx.auth.deadline >= context.now, "Expired");
    const value = { account: tx.account, floor: tx.floor };
    const account = this.#authorizeCancel(context, tx.account, tx.auth, "CancelAll", value, () => undefined);
    demand(tx.floor > account.floor && tx.floor <= account.floor + WINDOW, "FloorInvalid");
    this.accounts.set(String(tx.account), { ...account, floor: tx.floor });
  }

  #collectFees(): void {
    const { fees } = this.globals.get("")!;
    demand(fees > 0n, "NothingToCollect");
    this.#changeGlobals({ fees: -fees });
    this.#credit(0, fees);
  }

  // --- section 6.3 ---

  #fill(context: ModelContext, tx: Extract<Transaction, { type: 0x10 }>): void {
    const makerSlot = this.#openOrder(tx.maker);
    const place = tx.maker.stored ? parseSeries(makerSlot!.series) : tx.maker;
    demand(context.l1Time < instantOf(place.day), "SeriesExpired");
    const market = this.markets.get(String(place.market)) ?? refuse("MarketUnknown");
    demand(market.anchor !== 0n, "AnchorMissing");
    let makerTerms = makerSlot;
    if (!tx.maker.stored) {
      const strike = tx.maker.strikeSteps * market.steps[0];
      demand(strike <= LARGEST_PRICE, "Malformed");
      const series = seriesName({ market: place.market, day: place.day, strike, put: tx.maker.put });
      makerTerms = this.#convert(tx.maker, market, series, (tx.maker.flags & FLAGS.sell) !== 0);
    }
    const price = makerTerms!.limit;
    const trade = { series: makerTerms!.series, market, price, quantity: tx.quantity };
    const maker = this.#side(context, trade, tx.maker, makerSlot, makerTerms!, true);

    const takerSlot = this.#openOrder(tx.taker);
    demand(tx.taker.account !== tx.maker.account, "SelfTrade");
    let takerTerms = takerSlot;
    if (tx.taker.stored) {
      demand(takerSlot!.series === trade.series, "SeriesMismatch");
      demand(takerSlot!.sell !== makerTerms!.sell, "SideMismatch");
    } else takerTerms = this.#convert(tx.taker, market, trade.series, !makerTerms!.sell);
    const taker = this.#side(context, trade, tx.taker, takerSlot, takerTerms!, false);

    const name = `${place.market}/${place.day}`;
    const expiry = this.expiries.get(name) ?? NO_EXPIRY;
    demand(expiry.price === 0n, "PriceFixed");
    this.expiries.set(name, { ...expiry, shorts: expiry.shorts + maker.shorts + taker.shorts });
    const fees = maker.fee + taker.fee;
    this.#changeGlobals({ fund: fees / 5n, fees: fees - fees / 5n });
  }

  /** Terms of the slot that holds this nonce; undefined for a nonce that is new. */
  #openOrder(order: WireOrder | OrderReference): OrderTermsRecord | undefined {
    const slot = this.orders.get(slotName(order.account, order.nonce));
    if (order.stored) {
      demand(slot?.nonce === order.nonce && slot.terms !== undefined, "OrderUnknown");
      return slot!.terms;
    }
    if (slot === undefined || slot.nonce < order.nonce) return undefined;
    demand(slot.nonce === order.nonce, "NonceRetired");
    demand(slot.terms !== undefined, "NonceUsed");
    return slot.terms;
  }

  #convert(order: WireOrder, market: MarketRecord, series: string, sell: boolean): OrderTermsRecord {
    const limit = order.limitTicks * market.tick;
    demand(limit <= LARGEST_PRICE, "Malformed");
    const has = (flag: number): boolean => Math.floor(order.flags / flag) % 2 === 1;
    return {
      series,
      sell,
      fillOrKill: has(FLAGS.fillOrKill),
      immediateOrCancel: has(FLAGS.immediateOrCancel),
      postOnly: has(FLAGS.postOnly),
      reduceOnly: has(FLAGS.reduceOnly),
      forcible: has(FLAGS.forcible),
      keyIndex: order.keyIndex,
      keyEpoch: order.keyEpoch,
      deadline: order.deadline,
      limit,
      quantity: order.quantity,
      maxFee: order.maxFee,
      filled: 0n,
      accrued: 0n,
    };
  }

  #side(
    context: ModelContext,
    trade: { series: string; market: MarketRecord; price: bigint; quantity: bigint },
    wire: WireOrder | OrderReference,
    slot: OrderTermsRecord | undefined,
    terms: OrderTermsRecord,
    maker: boolean,
  ): { shorts: number; fee: bigint } {
    const { market, price, quantity } = trade;
    const series = parseSeries(trade.series);
    if (!wire.stored && slot !== undefined) {
      const fixed = (order: OrderTermsRecord): string => describe({ ...order, filled: 0n, accrued: 0n });
      demand(fixed(slot) === fixed(terms), "NonceUsed");
    }
    const order = slot ?? terms;
    // 4
    demand(quantity !== 0n && quantity % market.lot === 0n, "QuantityInvalid");
    demand(order.quantity !== 0n && order.quantity % market.lot === 0n, "QuantityInvalid");
    demand(order.limit !== 0n && order.limit % market.tick === 0n, "PriceInvalid");
    demand(context.sender === undefined || order.forcible, "NotForcible");
    demand(order.deadline >= context.now, "Expired");
    demand(order.filled + quantity <= order.quantity, "Overfill");
    demand(!order.fillOrKill || quantity === order.quantity, "FillOrKillViolated");
    demand(maker || !order.postOnly, "PostOnlyTakes");
    if (order.immediateOrCancel) demand(!maker && order.deadline <= context.now + 120n, "ImmediateRests");
    if (!maker) demand(order.sell ? order.limit <= price : order.limit >= price, "LimitViolated");
    // 5
    const byUnderlying = (maker ? 10n : 30n) * market.anchor * quantity;
    const byPremium = 12_500n * price * quantity;
    const accrued = order.accrued + (byUnderlying < byPremium ? byUnderlying : byPremium);
    const filled = order.filled + quantity;
    demand(accrued <= order.maxFee * filled * 100_000n, "FeeAboveMaximum");
    const fee = roundUp(accrued, 1_000_000_000n) - roundUp(order.accrued, 1_000_000_000n);
    this.orders.set(slotName(wire.account, wire.nonce), { nonce: wire.nonce, terms: { ...order, filled, accrued } });
    const paid = (price * quantity) / 10_000n;
    const signer = wire.stored || slot !== undefined ? undefined : this.#orderSigner(wire, series, order);
    const isNew = !wire.stored && slot === undefined;
    // 6
    if (order.keyIndex !== 0) {
      const key = this.#useKey(context.now, wire.account, order.keyIndex, 1, order.keyEpoch);
      if (isNew) demand(signer === key.address, "BadSignature");
      if (order.sell && !series.put) demand(context.now <= market.anchorTime + SECONDS_PER_DAY, "AnchorStale");
      const most = series.put ? series.strike : market.anchor;
      const perUnit = most > price ? most - price : 0n;
      const loss = (order.sell ? roundUp(perUnit * quantity, 10_000n) : paid) + fee;
      demand(loss <= key.budget, "BudgetExceeded");
      this.keys.set(`${wire.account}/${order.keyIndex}`, { ...key, budget: key.budget - loss });
    }
    // 7
    const account = this.accounts.get(String(wire.account)) ?? refuse("AccountUnknown");
    this.#demandWindow(account, wire.nonce);
    if (order.keyIndex === 0 && isNew) demand(signer === account.owner, "BadSignature");
    demand(account.debt === 0n, "AccountInDebt");
    // 8
    const old = account.positions.get(trade.series) ?? 0n;
    const next = order.sell ? old - quantity : old + quantity;
    const flips = (old > 0n && next < 0n) || (old < 0n && next > 0n);
    if (order.reduceOnly) demand(!flips && size(next) < size(old), "ReduceOnlyGrows");
    const positions = new Map(account.positions);
    if (next === 0n) positions.delete(trade.series);
    else positions.set(trade.series, next);
    if (flips || size(next) > size(old)) {
      const tenor = instantOf(series.day) - context.l1Time;
      const days = (count: bigint): bigint => count * SECONDS_PER_DAY;
      const step = tenor <= days(8n) ? market.steps[0] : tenor <= days(40n) ? market.steps[1] : market.steps[2];
      const onGrid = series.strike > 0n && series.strike % market.tick === 0n && series.strike % step === 0n;
      demand(onGrid && tenor <= days(400n), "SeriesOffGrid");
      demand(size(next) <= LARGEST_QUANTITY, "PositionLimit");
      demand(positions.size <= 64, "PositionCap");
      demand(new Set([...positions.keys()].map(expiryName)).size <= 8, "ExpiryCap");
    }
    const bare = [...positions].some(([name, held]) => {
      const other = parseSeries(name);
      return other.market === series.market && other.day === series.day && !other.put && held < 0n;
    });
    if (order.sell && !series.put && bare) {
      demand(context.now <= market.anchorTime + SECONDS_PER_DAY, "AnchorStale");
    }
    // 9
    const cash = account.cash + (order.sell ? paid : -paid) - fee;
    demand(cash >= 0n, "InsufficientCash");
    const after = { ...account, cash, positions };
    demand(this.excessOf(after) >= 0n, "InsufficientMargin");
    this.accounts.set(String(wire.account), after);
    const name = `${series.market}/${series.day}`;
    return { shorts: Number(isShortIn(after, name)) - Number(isShortIn(account, name)), fee };
  }

  #orderSigner(wire: WireOrder, series: Series, order: OrderTermsRecord): string | undefined {
    return this.#signerOf(
      "Order",
      {
        account: wire.account,
        market: series.market,
        expiryDay: series.day,
        strike: series.strike,
        isPut: series.put,
        isSell: order.sell,
        quantity: order.quantity,
        limitPrice: order.limit,
        maxFee: order.maxFee,
        nonce: wire.nonce,
        deadline: order.deadline,
        fillOrKill: order.fillOrKill,
        immediateOrCancel: order.immediateOrCancel,
        postOnly: order.postOnly,
        reduceOnly: order.reduceOnly,
        forcible: order.forcible,
        keyIndex: order.keyIndex,
        keyEpoch: order.keyEpoch,
      },
      wire.signature,
    );
  }

  // --- section 6.5 ---

  #listMarket(sender: string, payload: Uint8Array): void {
    demand(sender === this.config.settlement, "WrongSender");
    demand(payload.length === 37, "Malformed");
    const [market, tick, lot] = [payload[0]!, BigInt(readU32(payload, 1)), readU64(payload, 5)];
    const [first, second, third] = [readU64(payload, 13), readU64(payload, 21), readU64(payload, 29)];
    demand(market > 0 && tick > 0n && tick % 100n === 0n, "MarketInvalid");
    demand(lot > 0n && lot % 1000n === 0n && lot <= LARGEST_QUANTITY, "MarketInvalid");
    demand(first > 0n && first % tick === 0n, "MarketInvalid");
    demand(second > 0n && third > 0n && second % first === 0n && third % first === 0n, "MarketInvalid");
    demand(third <= LARGEST_PRICE, "MarketInvalid");
    demand(this.markets.get(String(market)) === undefined, "MarketExists");
    this.markets.set(String(market), { tick, lot, steps: [first, second, third], anchor: 0n, anchorTime: 0n });
  }

  #anchor(sender: string, payload: Uint8Array): void {
    demand(sender === this.config.settlement, "WrongSender");
    demand(payload.length === 14, "Malformed");
    const [market, price, time] = [payload[0]!, readU64(payload, 1), bigEndian(payload.subarray(9))];
    demand(price > 0n && price <= LARGEST_PRICE, "PriceInvalid");
    const before = this.markets.get(String(market)) ?? refuse("MarketUnknown");
    demand(time >= before.anchorTime, "AnchorOutdated");
    this.markets.set(String(market), { ...before, anchor: price, anchorTime: time });
  }

  #fixPrice(sender: string, payload: Uint8Array): void {
    demand(sender === this.config.settlement, "WrongSender");
    demand(payload.length === 11, "Malformed");
    const [market, day, price] = [payload[0]!, Number(bigEndian(payload.subarray(1, 3))), readU64(payload, 3)];
    demand(price > 0n && price <= LARGEST_PRICE, "PriceInvalid");
    const { tick } = this.markets.get(String(market)) ?? refuse("MarketUnknown");
    demand(price % tick === 0n, "PriceInvalid");
    const name = `${market}/${day}`;
    const expiry = this.expiries.get(name) ?? NO_EXPIRY;
    demand(expiry.price === 0n, "PriceFixed");
    this.expiries.set(name, { ...expiry, price, final: expiry.shorts === 0 });
  }

  #settle(market: number, day: number, id: number): void {
    const name = `${market}/${day}`;
    const expiry = this.expiries.get(name);
    if (expiry === undefined || expiry.price === 0n) refuse("PriceNotFixed");
    const claimName = `${name}/${id}`;
    const claim = this.claims.get(claimName);
    if (claim !== undefined) {
      demand(expiry.final, "ClaimNotReady");
      this.claims.set(claimName, undefined);
      this.#payOut(name, id, claim.amount);
      this.#sweep(name);
      return;
    }
    const account = this.accounts.get(String(id)) ?? refuse("AccountUnknown");
    const held = [...account.positions].filter(([series]) => expiryName(series) === name);
    demand(held.length > 0, "NothingToSettle");
    const total = held.reduce(
      (sum, [series, quantity]) => sum + quantity * payoffOf(parseSeries(series), expiry.price),
      0n,
    );
    if (total % 10_000n !== 0n) throw new Error(`the net amount ${total} is not exact`);
    const net = total / 10_000n;
    const positions = new Map([...account.positions].filter(([series]) => expiryName(series) !== name));
    const wasShort = isShortIn(account, name);
    this.accounts.set(String(id), { ...account, positions });
    if (net < 0n) {
      const paidIn = account.cash < -net ? account.cash : -net;
      this.accounts.set(String(id), {
        ...account,
        positions,
        cash: account.cash - paidIn,
        debt: account.debt - net - paidIn,
      });
      this.#changeExpiry(name, { owed: -net, received: paidIn });
    }
    if (net > 0n && expiry.final) this.#payOut(name, id, net);
    if (net > 0n && !expiry.final) this.claims.set(claimName, { amount: net });
    if (wasShort) {
      const shorts = expiry.shorts - 1;
      this.expiries.set(name, { ...this.expiries.get(name)!, shorts, final: shorts === 0 });
      const { owed, received } = this.expiries.get(name)!;
      if (shorts === 0 && owed > received) {
        const half = this.globals.get("")!.fund / 2n;
        const draw = owed - received < half ? owed - received : half;
        this.#changeGlobals({ fund: -draw });
        this.#changeExpiry(name, { received: draw });
      }
    }
    this.#sweep(name);
  }

  #changeExpiry(name: string, by: Partial<Record<"owed" | "received" | "credited" | "paid", bigint>>): void {
    const before = this.expiries.get(name)!;
    this.expiries.set(name, {
      ...before,
      owed: before.owed + (by.owed ?? 0n),
      received: before.received + (by.received ?? 0n),
      credited: before.credited + (by.credited ?? 0n),
      paid: before.paid + (by.paid ?? 0n),
    });
  }

  #payOut(name: string, id: number, amount: bigint): void {
    const { owed, received } = this.expiries.get(name)!;
    const due = received === owed ? amount : (amount * received) / owed;
    this.#credit(id, due);
    this.#changeExpiry(name, { credited: amount, paid: due });
  }

  #sweep(name: string): void {
    const expiry = this.expiries.get(name)!;
    if (!expiry.final || expiry.credited !== expiry.owed) return;
    const swept = expiry.received - expiry.paid;
    this.#changeExpiry(name, { received: -swept });
    this.#changeGlobals({ fund: swept });
  }
}

export const NO_EXPIRY: ExpiryRecord = {
  price: 0n,
  shorts: 0,
  final: false,
  owed: 0n,
  received: 0n,
  credited: 0n,
  paid: 0n,
};

/** The ring slot of a nonce. */
export function slotName(account: number, nonce: bigint): string {
  return `${account}/${nonce % 1024n}`;
}

/** market/day of a series' name. */
export function expiryName(series: string): string {
  return series.split("/").slice(0, 2).join("/");
}

/** Whether an account is short anything of an expiry. */
export function isShortIn(account: Pick<AccountRecord, "positions">, expiry: string): boolean {
  return [...account.positions].some(([series, quantity]) => expiryName(series) === expiry && quantity < 0n);
}

/** A record in words, field by field in alphabetical order; maps too. */
export function describe(record: Readonly<Record<string, unknown>>): string {
  return Object.keys(record)
    .sort()
    .map((key) => {
      const value = record[key];
      if (!(value instanceof Map)) return `${key}=${String(value)}`;
      const entries = [...(value as Map<string, bigint>)].map(([name, amount]) => `${name}:${amount}`);
      return `${key}=[${entries.sort().join(" ")}]`;
    })
    .join(" ");
}

function roundUp(value: bigint, unit: bigint): bigint {
  return value / unit + (value % unit === 0n ? 0n : 1n);
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function bigEndian(bytes: Uint8Array): bigint {
  return BigInt(toHex(bytes));
}
