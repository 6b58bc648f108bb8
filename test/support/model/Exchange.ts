import { expect } from "chai";
import { concat, equalBytes, toHex } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { addressOf, recoverAddress, sign as signDigest } from "../../../src/crypto/secp256k1.ts";
import { deposit } from "../../../src/machine/AccountExecutor.ts";
import type { Execution, MachineConfig } from "../../../src/machine/Execution.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import type { Message } from "../../../src/machine/Inputs.ts";
import { ResultCode, resultName, type ResultName } from "../../../src/machine/ResultCodes.ts";
import { setMarket, setSigners } from "../../../src/machine/OracleExecutor.ts";
import { anchor, fixPrice, listMarket } from "../../../src/machine/SettlementExecutor.ts";
import { State } from "../../../src/machine/State.ts";
import type { TreeRoot } from "../../../src/machine/StateTree.ts";
import { executeTransaction } from "../../../src/machine/Step.ts";
import { domainSeparator } from "../../../src/machine/TypedData.ts";
import type {
  CancelAuth,
  Fill,
  OrderReference,
  OwnerAuth,
  Transaction,
  WireMakerOrder,
  WireOrder,
  WireTakerOrder,
} from "../../../src/machine/Wire.ts";
import { InvariantWatch } from "./invariants.ts";
import { FIRST_FUND_ACCOUNT, type AccountRecord, type ModelConfig, type ModelContext } from "./ModelState.ts";
import {
  marketPayload,
  signersPayload,
  signReport,
  smileOf,
  type MarketTerms,
  type OracleReport,
  type ReportSigner,
} from "./oracle.ts";
import { ReferenceModel } from "./ReferenceModel.ts";
import { signedDigest } from "./signing.ts";
import {
  differences,
  machineChangesInWords,
  machineInWords,
  modelChangesInWords,
  modelInWords,
} from "./stateInWords.ts";
import { depositPayload, listPayload, anchorPayload, fixPayload } from "../../../src/replay/payloads.ts";

/** Somebody who signs. */
export interface Signer {
  /** 20 bytes. */
  readonly address: Uint8Array;
  readonly sign: (digest: Uint8Array) => Uint8Array;
}

/** An address that depends on `name` alone. */
export function addressNamed(name: string): Uint8Array {
  return keccak256(new TextEncoder().encode(name)).slice(12);
}

/**
 * A signer whose signature says who signed which digest, so that runs of many thousand steps need no curve and a wrong
 * digest still has no signer.
 */
export function fakeSigner(name: string): Signer {
  const address = addressNamed(name);
  return { address, sign: (digest) => concat(address, digest, new Uint8Array(12)) };
}

/** Recovers the signer of {@link fakeSigner}. */
export function fakeRecover(digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined {
  return equalBytes(signature.subarray(20, 52), digest) ? signature.slice(0, 20) : undefined;
}

/** A signer on the curve. */
export function realSigner(name: string): Signer {
  const key = keccak256(new TextEncoder().encode(`key of ${name}`));
  return { address: addressOf(key), sign: (digest) => signDigest(digest, key) };
}

export const START_DAY = 20_000;
/** 09:00 UTC of the first day. */
export const START = BigInt(START_DAY) * 86_400n + 32_400n;
export const USD = 10_000n;
export const USDC = 1_000_000n;
export const CONTRACT = 1_000_000n;
/** A fee limit that never binds. */
export const ANY_FEE = 100_000n * USD;
/** What a maker asks or bids unless a test says otherwise, in ticks. */
const LIMIT_TICKS = 10_000n;

/** One deployment, for the machine and for the model. */
export interface Deployment {
  readonly machine: MachineConfig;
  readonly model: ModelConfig;
  readonly feeRecipient: Uint8Array;
}

/** A deployment. With `real`, signatures are recovered on the curve. */
export function deploymentFor({ real = false, chainId = 31_337n, inbox = "inbox" } = {}): Deployment {
  const recover = real ? recoverAddress : fakeRecover;
  const [bridge, settlement, feeRecipient] = [addressNamed("bridge"), addressNamed("settlement"), addressNamed("fees")];
  const inboxAddress = addressNamed(inbox);
  return {
    machine: { domain: domainSeparator(chainId, inboxAddress), bridge, settlement, recover },
    model: {
      chainId,
      inbox: toHex(inboxAddress),
      bridge: toHex(bridge),
      settlement: toHex(settlement),
      feeRecipient: toHex(feeRecipient),
      recover,
    },
    feeRecipient,
  };
}

/** What a test says of an order; the rest has defaults that fill. */
export interface OrderWish {
  readonly account: number;
  readonly signer: Signer;
  readonly sell?: boolean;
  readonly market?: number;
  readonly day?: number;
  /** USD. */
  readonly strike?: number;
  readonly put?: boolean;
  /** In millionths of a contract. */
  readonly quantity?: bigint;
  /** The maker's limit, in ticks of 0.01 USD. */
  readonly limitTicks?: bigint;
  /** How much worse a taker's own limit is, in ticks; default 0. */
  readonly slippageTicks?: bigint;
  readonly maxFee?: bigint;
  readonly nonce?: bigint;
  readonly deadline?: bigint;
  readonly flags?: number;
  readonly keyIndex?: number;
  readonly keyEpoch?: number;
}

/** The oracles of tests. */
export const ORACLES: readonly Signer[] = [0, 1, 2].map((i) => fakeSigner(`oracle ${i}`));

const DEFAULT_TERMS: MarketTerms = { minVol: 100_000, maxVol: 3_000_000, bandFloor: 2n * USD, exposureMultiple: 20 };

const MESSAGES: Readonly<Record<number, (execution: Execution, message: Message) => ResultCode>> = {
  1: deposit,
  3: listMarket,
  4: anchor,
  5: fixPrice,
  6: setSigners,
  7: setMarket,
};

/** Machine and model side by side; each call runs on both, and everything is compared after it. */
export class Exchange {
  readonly deployment: Deployment;
  readonly state: State;
  readonly model: ReferenceModel;
  readonly watch: InvariantWatch;
  /** Every result so far. */
  readonly seen = new Set<ResultName>();
  now = START;
  l1Time = START;
  #nonce = 1n;

  constructor(deployment = deploymentFor()) {
    this.deployment = deployment;
    this.state = new State(genesisRoot(deployment.feeRecipient));
    this.model = new ReferenceModel(deployment.model);
    this.watch = new InvariantWatch(this.model);
    this.compare("genesis");
  }

  /** Moves both clocks forward. */
  wait(seconds: bigint | number): void {
    this.now += BigInt(seconds);
    this.l1Time += BigInt(seconds);
  }

  /** Moves both clocks to `time`. */
  waitUntil(time: bigint): void {
    this.wait(time - this.now);
  }

  nextNonce(): bigint {
    return this.#nonce++;
  }

  account(id: number): AccountRecord {
    const account = this.model.accounts.get(String(id));
    if (account === undefined) throw new Error(`no account ${id}`);
    return account;
  }

  /** Initial excess of an account, 1e-6 USDC. */
  excess(id: number): bigint {
    return this.model.excessesOf(this.account(id), this.now).initial;
  }

  // --- running ---

  /** Runs a transaction on both sides. */
  run(transaction: Transaction | undefined, sender?: Uint8Array, part = 0): ResultName {
    const execution = this.#execution(sender);
    return this.#both(
      `transaction type ${transaction?.type ?? "none"}`,
      () => executeTransaction(execution, transaction, part),
      (context) => this.model.apply(transaction, context, part),
      sender,
      transaction,
    );
  }

  /** Runs a message of OptionsSettlement or the Bridge on both sides. */
  message(kind: number, sender: Uint8Array, payload: Uint8Array): ResultName {
    const message: Message = { kind, sender, payload, l1Block: 1n, l1Time: this.l1Time };
    const executor = MESSAGES[kind] ?? ((): ResultCode => ResultCode.UnknownKind);
    const execution = this.#execution(sender);
    if (kind === 1) this.watch.expectDeposit(payload);
    return this.#both(
      `message ${kind}`,
      () => executor(execution, message),
      () => this.model.applyMessage(kind, toHex(sender), payload),
      sender,
      undefined,
    );
  }

  #execution(sender: Uint8Array | undefined): Execution {
    return { config: this.deployment.machine, state: this.state, now: this.now, l1Time: this.l1Time, sender };
  }

  #both(
    what: string,
    machine: () => ResultCode,
    model: (context: ModelContext) => ResultName,
    sender: Uint8Array | undefined,
    transaction: Transaction | undefined,
  ): ResultName {
    const before = this.state.root;
    this.state.begin(false);
    const code = machine();
    if (code !== ResultCode.OK) this.state.root = before;
    const context = { now: this.now, l1Time: this.l1Time, sender: sender === undefined ? undefined : toHex(sender) };
    const expected = model(context);
    expect(resultName(code), `${what}: machine against model`).to.equal(expected);
    this.seen.add(expected);
    this.compareChanges(what, before);
    this.watch.after(before, this.state.root, expected, transaction, context);
    return expected;
  }

  /** Fails unless what changed since `before` is the same in both states. */
  compareChanges(what: string, before: TreeRoot): void {
    const machine = machineChangesInWords(before, this.state.root);
    const model = modelChangesInWords(this.model, machine.keys());
    // What the model wrote and the machine did not must have kept its value.
    const unchanged = [...model.keys()].filter((name) => !machine.has(name));
    const found = differences(machine, new Map([...model].filter(([name]) => machine.has(name))));
    if (found.length > 0) expect.fail(`states differ after ${what}:\n${found.join("\n")}`);
    if (unchanged.length > 0) this.compare(what);
  }

  /** Fails unless both states are the same. */
  compare(what: string): void {
    const [machine, model] = [machineInWords(this.state.root), modelInWords(this.model)];
    const found = differences(machine, model);
    if (found.length > 0) expect.fail(`states differ after ${what}:\n${found.join("\n")}`);
  }

  // --- messages ---

  deposit(account: number, owner: Uint8Array, amount: bigint, sender = this.deployment.machine.bridge): ResultName {
    return this.message(1, sender, depositPayload(account, owner, amount));
  }

  /** Lists a market with a tick of 0.01 USD, a lot of 0.001 and strikes of 10, 50 and 100 USD. */
  list(market: number, grid: Partial<MarketGrid> = {}, sender = this.deployment.machine.settlement): ResultName {
    return this.message(3, sender, listPayload(market, { ...DEFAULT_GRID, ...grid }));
  }

  anchor(market: number, usd: number, time = this.now, sender = this.deployment.machine.settlement): ResultName {
    return this.message(4, sender, anchorPayload(market, BigInt(Math.round(usd * 10_000)), time));
  }

  fixPrice(market: number, day: number, usd: number, sender = this.deployment.machine.settlement): ResultName {
    return this.message(5, sender, fixPayload(market, day, BigInt(Math.round(usd * 10_000))));
  }

  setSigners(
    threshold = 2,
    signers: readonly Signer[] = ORACLES,
    sender = this.deployment.machine.settlement,
  ): ResultName {
    const addresses = signers.map(({ address }) => address);
    return this.message(6, sender, signersPayload(threshold, addresses));
  }

  /** Gives a market vols of 10 % to 300 %, a band floor of 2 USD and exposure of 20 funds. */
  setMarket(market: number, terms: Partial<MarketTerms> = {}, sender = this.deployment.machine.settlement): ResultName {
    return this.message(7, sender, marketPayload(market, { ...DEFAULT_TERMS, ...terms }));
  }

  // --- transactions ---

  settle(market: number, day: number, ...accounts: number[]): ResultName[] {
    return accounts.map((_, part) => this.run({ type: 0x08, market, day, accounts }, undefined, part));
  }

  sign(signer: Signer, type: string, value: Record<string, unknown>): Uint8Array {
    return signer.sign(signedDigest(this.deployment.model, type, value));
  }

  withdraw(
    account: number,
    signer: Signer,
    amount: bigint,
    wish: Partial<OwnerWish> & { payee?: number } = {},
  ): ResultName {
    const payee = wish.payee ?? 0;
    const key = this.model.keys.get(`${account}/${payee}`);
    const recipient = payee === 0 ? toHex(signer.address) : (key?.address ?? toHex(new Uint8Array(20)));
    const auth = this.auth(signer, "Withdraw", { account, amount, recipient }, wish);
    return this.run({ type: 0x01, account, amount, payee, auth });
  }

  transfer(from: number, signer: Signer, to: number, amount: bigint, wish: Partial<OwnerWish> = {}): ResultName {
    return this.run({ type: 0x02, from, to, amount, auth: this.auth(signer, "Transfer", { from, to, amount }, wish) });
  }

  setKey(
    account: number,
    signer: Signer,
    index: number,
    key: Uint8Array,
    { scope = 7, expiry = this.now + 1_000_000n, budget = 10n ** 15n, ...wish }: Partial<OwnerWish & KeyWish> = {},
  ): ResultName {
    const auth = this.auth(signer, "SetKey", { account, index, key: toHex(key), scope, expiry, budget }, wish);
    return this.run({ type: 0x03, account, index, address: key, scope, expiry, budget, auth });
  }

  revokeKey(account: number, signer: Signer, index: number, wish: Partial<OwnerWish> = {}): ResultName {
    return this.run({ type: 0x04, account, index, auth: this.auth(signer, "RevokeKey", { account, index }, wish) });
  }

  cancel(account: number, signer: Signer, nonce: bigint, keyIndex = 0, deadline = this.now + 60n): ResultName {
    const signature = this.sign(signer, "Cancel", { account, nonce, deadline });
    return this.run({ type: 0x05, account, nonce, auth: { keyIndex, deadline, signature } satisfies CancelAuth });
  }

  cancelAll(account: number, signer: Signer, floor: bigint, keyIndex = 0, deadline = this.now + 60n): ResultName {
    const signature = this.sign(signer, "CancelAll", { account, floor, deadline });
    return this.run({ type: 0x06, account, floor, auth: { keyIndex, deadline, signature } satisfies CancelAuth });
  }

  collectFees(): ResultName {
    return this.run({ type: 0x07 });
  }

  // --- marks, margin, liquidation ---

  /** A report of a market with one smile for all of `days`, signed by the first two oracles. */
  reported(market: number, usd: number, wish: Partial<ReportWish> = {}): OracleReport {
    const { time = this.now, vol = 0.6, days = [START_DAY + 3], earlier, signers = [0, 1], basis = 1 } = wish;
    const dollars = (value: number): bigint => BigInt(Math.round(value * 10_000));
    const curves = days.map((day) => {
      const left = (BigInt(day) * 24n + 8n) * 3600n - time;
      return { day, forward: dollars(usd * basis), curve: smileOf(vol, left > 0n ? left : 1n) };
    });
    const chosen = signers.map((index): ReportSigner => [index, (ORACLES[index] ?? ORACLES[0]!).sign]);
    return signReport(this.deployment.model, { market, time, spot: dollars(usd), curves }, chosen, earlier);
  }

  report(market: number, usd: number, wish: Partial<ReportWish> = {}): ResultName {
    return this.run(this.reported(market, usd, wish));
  }

  setMode(account: number, signer: Signer, mode: number, wish: Partial<OwnerWish> = {}): ResultName {
    return this.run({ type: 0x09, account, mode, auth: this.auth(signer, "SetMode", { account, mode }, wish) });
  }

  startAuction(account: number): ResultName {
    return this.run({ type: 0x0a, account });
  }

  endAuction(account: number): ResultName {
    return this.run({ type: 0x0b, account });
  }

  bid(account: number, bidder: number, signer: Signer, wish: Partial<OwnerWish & BidWish> = {}): ResultName {
    const { fraction = 1_000_000_000n, limit = 2n ** 64n - 1n } = wish;
    const auth = this.auth(signer, "Bid", { account, bidder, fraction, limit }, wish);
    return this.run({ type: 0x0c, account, bidder, fraction, limit, auth });
  }

  fundBid(account: number, fund = 0, fraction = 1_000_000_000n): ResultName {
    return this.run({ type: 0x0d, account, fund, fraction });
  }

  /** Gives the insurance fund cash, as anybody may. */
  endow(amount: bigint, fund = 0): void {
    expect(this.deposit(FIRST_FUND_ACCOUNT + fund, new Uint8Array(20), amount)).to.equal("OK");
    expect(this.run({ type: 0x0e, fund })).to.equal("OK");
  }

  auth(signer: Signer, type: string, value: Record<string, unknown>, wish: Partial<OwnerWish>): OwnerAuth {
    const { nonce = this.nextNonce(), deadline = this.now + 60n } = wish;
    return { nonce, deadline, signature: this.sign(signer, type, { ...value, nonce, deadline }) };
  }

  /** A signed maker's order. */
  maker(wish: OrderWish): WireMakerOrder {
    const { market = 1, day = START_DAY + 3, strike = 2000, put = false } = wish;
    const step = this.model.markets.get(String(market))?.steps[0] ?? 100_000n;
    const strikeUnits = BigInt(Math.round(strike * 10_000));
    const limitTicks = wish.limitTicks ?? LIMIT_TICKS;
    return {
      ...this.#order(wish, wish.sell ?? false, limitTicks),
      market,
      day,
      strikeSteps: strikeUnits / step,
      put,
      limitTicks,
    };
  }

  /** A signed taker's order against a maker who wishes `sell` or not. */
  taker(wish: OrderWish): WireTakerOrder {
    const { sell = false, limitTicks = LIMIT_TICKS, slippageTicks = 0n } = wish;
    const order = this.#order(wish, sell, sell ? limitTicks - slippageTicks : limitTicks + slippageTicks);
    return { ...order, flags: order.flags & ~1, slippageTicks };
  }

  #order(wish: OrderWish, sell: boolean, limitTicks: bigint): WireOrder {
    const { market = 1, day = START_DAY + 3, strike = 2000, put = false, quantity = CONTRACT } = wish;
    const { maxFee = ANY_FEE, nonce = this.nextNonce(), deadline = this.now + 3600n } = wish;
    const { flags = 0, keyIndex = 0, keyEpoch = 0, account } = wish;
    const { tick, lot } = this.model.markets.get(String(market)) ?? { tick: 100n, lot: 1000n };
    const has = (bit: number): boolean => (flags & bit) !== 0;
    const signature = this.sign(wish.signer, "Order", {
      account,
      market,
      expiryDay: day,
      strike: BigInt(Math.round(strike * 10_000)),
      isPut: put,
      isSell: sell,
      quantity,
      limitPrice: limitTicks * tick,
      maxFee,
      nonce,
      deadline,
      fillOrKill: has(2),
      immediateOrCancel: has(4),
      postOnly: has(8),
      reduceOnly: has(16),
      forcible: has(32),
      keyIndex,
      keyEpoch,
    });
    return {
      stored: false,
      account,
      nonce,
      flags: (flags & ~1) | (sell ? 1 : 0),
      keyIndex,
      keyEpoch,
      lots: quantity / lot,
      feeTicks: maxFee / tick,
      deadline,
      signature,
    };
  }

  fill(
    maker: WireMakerOrder | OrderReference,
    taker: WireTakerOrder | OrderReference,
    quantity: bigint = CONTRACT,
    sender?: Uint8Array,
  ): ResultName {
    const lot = this.model.markets.get(String(maker.stored ? 1 : maker.market))?.lot ?? 1000n;
    const tx: Fill = { type: 0x10, maker, taker, lots: quantity / lot };
    return this.run(tx, sender);
  }

  /** Two new orders that trade: `seller` sells to `buyer`, the seller being the maker. */
  trade(seller: Partial<OrderWish> & Who, buyer: Partial<OrderWish> & Who, wish: Partial<OrderWish> = {}): ResultName {
    const quantity = wish.quantity ?? CONTRACT;
    return this.fill(
      this.maker({ ...wish, ...seller, sell: true }),
      this.taker({ ...wish, ...buyer, sell: false }),
      quantity,
    );
  }
}

export interface Who {
  readonly account: number;
  readonly signer: Signer;
}

export interface OwnerWish {
  readonly nonce: bigint;
  readonly deadline: bigint;
}

/** What a test says of a bid. */
export interface BidWish {
  readonly fraction: bigint;
  readonly limit: bigint;
}

/** What a test says of a report. */
export interface ReportWish {
  readonly time: bigint;
  readonly vol: number;
  readonly days: readonly number[];
  /** Forward for a spot of 1. */
  readonly basis: number;
  /** Numbers of the signers. */
  readonly signers: readonly number[];
  readonly earlier: OracleReport["earlier"];
}

export interface KeyWish {
  readonly scope: number;
  readonly expiry: bigint;
  readonly budget: bigint;
}

export interface MarketGrid {
  readonly tick: number;
  readonly lot: bigint;
  readonly steps: readonly [bigint, bigint, bigint];
}

export const DEFAULT_GRID: MarketGrid = { tick: 100, lot: 1000n, steps: [10n * USD, 50n * USD, 100n * USD] };

export function reference(order: { account: number; nonce: bigint }): OrderReference {
  return { stored: true, account: order.account, nonce: order.nonce };
}
