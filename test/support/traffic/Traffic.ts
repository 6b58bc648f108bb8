import type { Random } from "../../../src/market/random.ts";
import { MESSAGE_FORCED, type Message } from "../../../src/machine/Inputs.ts";
import type { InputLog } from "../../../src/machine/InputLog.ts";
import { dayOf, expiryOf, marketOf } from "../../../src/machine/Positions.ts";
import {
  accountKey,
  expiryKey,
  expiryTime,
  keyKey,
  orderKey,
  type Account,
  type Expiry,
  type Key,
  type Market,
  type Order,
} from "../../../src/machine/Slots.ts";
import { get } from "../../../src/machine/StateTree.ts";
import type { Machine } from "../../../src/machine/Step.ts";
import { TX_COLLECT_FEES, type Transaction } from "../../../src/machine/Wire.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import {
  anchorMessage,
  depositMessage,
  fixPriceMessage,
  makerOrder,
  PLAIN,
  takerOrder,
  type Draft,
} from "./builders.ts";
import { FULL_ACCOUNT, BRIDGE, BTC, ETH, ORDINARY, SETTLEMENT, signerAddress, START, START_DAY } from "./world.ts";

/** What a recipe makes: items of a batch, or messages of L1. */
export interface Produce {
  readonly items?: readonly (Transaction | Uint8Array)[];
  readonly messages?: readonly Message[];
}

/** What the recipes of random traffic know: the state, the time, and what they made before. */
export class Traffic {
  readonly random: Random;
  readonly machine: Machine;
  readonly log: InputLog;
  /** L1 time of the next batch. */
  l1Time = START;
  #l1Block = 1_000n;
  #batchTime = START;
  readonly #nonces = new Map<number, bigint>();
  /** Orders that were posted with something left to fill. */
  readonly resting: Draft[] = [];

  constructor(random: Random, machine: Machine, log: InputLog) {
    this.random = random;
    this.machine = machine;
    this.log = log;
  }

  get domain(): Uint8Array {
    return this.machine.config.domain;
  }

  /** L2 time of the batch being made: what deadlines are measured from. */
  get batchTime(): bigint {
    return this.#batchTime;
  }

  /** Time passes, mostly by seconds, sometimes by hours; anchors are mostly kept fresh. */
  protected advance(): void {
    const { random } = this;
    const leap = random.bool(0.02) ? 40_000 : random.bool(0.1) ? 4_000 : 30;
    this.l1Time += BigInt(random.uint(leap));
    this.#l1Block += 1n;
    const l2Time = this.l1Time - BigInt(random.uint(200));
    this.#batchTime = l2Time > this.#batchTime ? l2Time : this.#batchTime;
    if (leap !== 30 && random.bool(0.8)) {
      for (const [id, market] of [
        [1, BTC],
        [2, ETH],
      ] as const) {
        const price = (market.anchor * BigInt(900 + random.uint(200))) / 1000n;
        this.log.appendMessage(anchorMessage(this.sent(SETTLEMENT), id, price, this.l1Time));
      }
    }
    for (const { market, day } of this.openExpiries()) {
      if (expiryTime(day) + 60n < this.l1Time && random.bool(0.7)) {
        const tick = market === 1 ? BTC.tick : ETH.tick;
        const anchor = market === 1 ? BTC.anchor : ETH.anchor;
        const price = ((anchor * BigInt(700 + random.uint(600))) / 1000n / tick) * tick;
        this.log.appendMessage(fixPriceMessage(this.sent(SETTLEMENT), market, day, price));
      }
    }
  }

  /** Block and time of a message from `sender`. */
  sent(sender: Uint8Array): Pick<Message, "sender" | "l1Block" | "l1Time"> {
    return { sender, l1Block: this.#l1Block, l1Time: this.l1Time };
  }

  /** A forced transaction of `sender`. */
  forced(sender: Uint8Array, transaction: Transaction | Uint8Array): Produce {
    const payload = transaction instanceof Uint8Array ? transaction : encodeTransaction(transaction, 0n);
    return { messages: [{ ...this.sent(sender), kind: MESSAGE_FORCED, payload }] };
  }

  /** A nonce that the account has not used. */
  nonce(account: number): bigint {
    const floor = this.account(account)?.floor ?? 0n;
    const last = this.#nonces.get(account) ?? 0n;
    const nonce = (last > floor ? last : floor) + 1n;
    this.#nonces.set(account, nonce);
    return nonce;
  }

  /** A time at which a fresh deadline ends. */
  deadline(): bigint {
    return this.l1Time + 1_000n + BigInt(this.random.uint(5_000));
  }

  /** An ordinary account. */
  someAccount(other = -1): number {
    for (;;) {
      const account = 1 + this.random.uint(ORDINARY);
      if (account !== other) return account;
    }
  }

  account(id: number): Account | undefined {
    return get(this.machine.state.root, accountKey(id)) as Account | undefined;
  }

  key(account: number, index: number): Key | undefined {
    return get(this.machine.state.root, keyKey(account, index)) as Key | undefined;
  }

  order(account: number, nonce: bigint): Order | undefined {
    const slot = get(this.machine.state.root, orderKey(account, nonce)) as Order | undefined;
    return slot?.nonce === nonce ? slot : undefined;
  }

  /** (market, day) pairs in which somebody of the traffic may hold positions and that have no price yet. */
  openExpiries(): { market: number; day: number }[] {
    return this.#expiries().filter(({ market, day }) => this.#expiry(market, day)?.price === 0n);
  }

  /** (market, day) pairs whose price is known. */
  fixedExpiries(): { market: number; day: number }[] {
    return this.#expiries().filter(({ market, day }) => (this.#expiry(market, day)?.price ?? 0n) > 0n);
  }

  /** Accounts with positions of an expiry, or with a claim on it. */
  holders(market: number, day: number): number[] {
    const expiry = (market << 16) | day;
    const ids = [...Array.from({ length: ORDINARY }, (_, i) => i + 1), 40, 41, 43, 44];
    return ids.filter((id) => this.account(id)?.positions.some((position) => position.expiry === expiry));
  }

  /** Grid terms of the market. */
  market(id: number): Market {
    return id === 2 ? ETH : BTC;
  }

  /** A draft of a limit order of an ordinary series near the money. */
  draft(account: number, overrides: Partial<Draft> = {}): Draft {
    const { random } = this;
    const id = overrides.market ?? 1 + random.uint(2);
    const market = this.market(id);
    const today = Number(this.l1Time / 86_400n);
    const step = id === 1 ? 1_250_000n : 100_000n;
    const strike = (market.anchor / step + BigInt(random.uint(7)) - 3n) * step;
    return {
      account,
      market: id,
      expiryDay: today + 1 + random.uint(3),
      strike,
      isPut: random.bool(0.5),
      isSell: random.bool(0.5),
      quantity: market.lot * BigInt(1 + random.uint(8)),
      limitPrice: market.tick * BigInt(10 + random.uint(3_000)),
      maxFee: 10_000_000n,
      nonce: overrides.nonce ?? this.nonce(account),
      deadline: this.deadline(),
      ...PLAIN,
      keyIndex: 0,
      keyEpoch: 0,
      ...overrides,
    };
  }

  /** The draft of a taker that crosses `maker`. */
  crossing(account: number, maker: Draft, overrides: Partial<Draft> = {}): Draft {
    const isSell = !maker.isSell;
    return this.draft(account, {
      market: maker.market,
      expiryDay: maker.expiryDay,
      strike: maker.strike,
      isPut: maker.isPut,
      isSell,
      limitPrice: maker.limitPrice,
      ...overrides,
    });
  }

  /** The fill of two new orders; the quantity defaults to the smaller one. */
  fill(maker: Draft, taker: Draft, quantity?: bigint, impostors: { maker?: number; taker?: number } = {}): Transaction {
    const market = this.market(maker.market);
    const smaller = maker.quantity < taker.quantity ? maker.quantity : taker.quantity;
    for (const draft of [maker, taker]) if (draft.quantity > smaller) this.resting.push(draft);
    return {
      type: 0x10,
      maker: makerOrder(signing(this.domain, impostors.maker), maker, market),
      taker: takerOrder(signing(this.domain, impostors.taker), taker, market, maker.limitPrice),
      lots: (quantity ?? smaller) / market.lot,
    };
  }

  #expiries(): { market: number; day: number }[] {
    const found = new Set<number>([(1 << 16) | START_DAY]);
    const ids = [...Array.from({ length: ORDINARY }, (_, i) => i + 1), FULL_ACCOUNT, 41, 43, 44];
    for (const id of ids) for (const { series } of this.account(id)?.positions ?? []) found.add(expiryOf(series));
    return [...found].map((expiry) => ({ market: marketOf(expiry), day: dayOf(expiry) }));
  }

  #expiry(market: number, day: number): Expiry | undefined {
    return get(this.machine.state.root, expiryKey((market << 16) | day)) as Expiry | undefined;
  }
}

/** Deposit of the Bridge to an account of the traffic. */
export function depositTo(traffic: Traffic, account: number, amount: bigint): Produce {
  return { messages: [depositMessage(traffic.sent(BRIDGE), account, signerAddress(account), amount)] };
}

/** CollectFees. */
export const COLLECT_FEES: Transaction = { type: TX_COLLECT_FEES };

function signing(domain: Uint8Array, impostor: number | undefined): { domain: Uint8Array; impostor?: number } {
  return impostor === undefined ? { domain } : { domain, impostor };
}
