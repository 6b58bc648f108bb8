import type { MachineConfig } from "../machine/Execution.ts";
import type { TreeRoot } from "../machine/StateTree.ts";
import {
  MARKETS,
  type DepositEvent,
  type FundEvent,
  type MarketEvent,
  type ObservationEvent,
  type OrderEvent,
} from "../market/types.ts";
import { genesisCheckpoint, type L1View } from "../sequencer/DerivedState.ts";
import type { OrderOutcome } from "../sequencer/Submission.ts";
import type { Journal } from "../sequencer/Journal.ts";
import { Sequencer } from "../sequencer/Sequencer.ts";
import { DEFAULT_OPTIONS, type SequencerOptions } from "../sequencer/SequencerOptions.ts";
import type { Logger } from "../roles/Logger.ts";
import type { Clock } from "../sequencer/Clock.ts";
import { signOrder } from "../sequencer/Signing.ts";
import { AuctionBidder } from "./AuctionBidder.ts";
import { chooseStandard, giveToFund } from "./accountSteps.ts";
import { Ledger } from "./Ledger.ts";
import { ReplayError } from "./ReplayError.ts";
import { ReplayOracle } from "./ReplayOracle.ts";
import { ReplayCounter, type ReplayCounts } from "./ReplayCounts.ts";
import { Traders, type TraderAccount } from "./Traders.ts";

/** What a replay needs of L1. All times in seconds. */
export interface ReplayL1 {
  /** The inputs as far as they have been derived. */
  readonly view: L1View;
  /** Opens an account with a deposit (1e-6 USDC); its number. */
  open(account: TraderAccount, amount: bigint, time: bigint): Promise<number>;
  /** A round of the market's feed (1e-4 USD), relayed as an anchor. */
  round(market: number, price: bigint, time: bigint): Promise<void>;
  /** Fixes the settlement price of an expiry from the feed's rounds. */
  fixPrice(market: number, day: number, time: bigint): Promise<void>;
  /** Puts the sequencer's sealed batches on L1 and derives what is new there. */
  post(sequencer: Sequencer, time: bigint): Promise<void>;
}

/** What a replay is made of. */
export interface ReplayOptions {
  /** With a memory for signers (`withRecoverCache`). */
  readonly config: MachineConfig;
  readonly genesis: TreeRoot;
  readonly l1: ReplayL1;
  readonly journal: Journal;
  readonly logger: Logger;
  /** Age in seconds at which a batch is sealed and posted; below the inbox's bound. Default 420. */
  readonly batchAge?: bigint;
}

/** What an order may pay at most for each contract: 5 basis points of the underlying, above the taker's three. */
const MAX_FEE_DIVISOR = 2_000n;
/** Life of an immediate order from the L2 time of the batch it gets into, seconds. */
const IMMEDIATE_LIFE = 60n;
/** Rounds of settlement after a price has been fixed: debtors, creditors, claims. */
const SETTLEMENT_ROUNDS = 3;
/** A replay's batches are long, and so are its oracle's pauses: seconds at which a transaction brings a newer report. */
const REPLAY_SPOT_AGE = 20n;
/** At which the spot is renewed while nobody trades: marks are good for liquidation for twice as long. */
const REPLAY_HEARTBEAT = 450n;
/** And at which a report brings newer smiles. */
const REPLAY_CURVE_AGE = 600n;
/** A batch is ended when the spot has moved by one part in so many, 0.5 %. */
const MOVE_DIVISOR = 200n;

/**
 * Runs a stream of market events through a sequencer and an L1: signs the orders, submits them, moves time, posts batches,
 * relays rounds and has expiries fixed and settled.
 */
export class Replay {
  readonly traders = new Traders();
  readonly sequencer: Sequencer;
  readonly #options: ReplayOptions;
  readonly #batchAge: bigint;
  readonly #clock: { time: bigint } & Clock;
  readonly #prices = new Map<number, bigint>();
  readonly #counter = new ReplayCounter();
  readonly #oracle: ReplayOracle;
  readonly #ledger: Ledger;
  readonly #liquidators: { readonly account: TraderAccount; readonly bidder: AuctionBidder }[] = [];
  /** Whether L1 has messages that the sequencer hasn't been told of. */
  #stale = false;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.#batchAge = options.batchAge ?? 420n;
    const clock = { time: 0n, now: (): bigint => clock.time };
    this.#clock = clock;
    this.#oracle = new ReplayOracle(options.config);
    this.#ledger = new Ledger(options.config.bridge);
    const settings: SequencerOptions = {
      ...DEFAULT_OPTIONS,
      maxBatchAge: this.#batchAge,
      spotAge: REPLAY_SPOT_AGE,
      curveAge: REPLAY_CURVE_AGE,
      heartbeat: REPLAY_HEARTBEAT,
    };
    this.sequencer = new Sequencer(
      options.config,
      settings,
      {
        clock,
        journal: options.journal,
        logger: options.logger,
        listener: (event) => {
          this.#counter.note(event);
        },
      },
      genesisCheckpoint(options.genesis),
      options.l1.view,
    );
  }

  /** Where the replay stands. */
  get counts(): ReplayCounts {
    return this.#counter.at(this.#clock.time, this.#ledger.checks);
  }

  /** The clock of the simulated world, seconds. */
  get time(): bigint {
    return this.#clock.time;
  }

  /** Carries out one event. Events must come in order of time. */
  async apply(event: MarketEvent): Promise<void> {
    await this.advanceTo(BigInt(event.time));
    switch (event.kind) {
      case "deposit":
        return await this.#deposit(event);
      case "fund":
        return await this.#fund(event);
      case "index": {
        const isFirst = !this.#prices.has(event.market);
        this.#prices.set(event.market, event.price);
        await this.#options.l1.round(event.market, event.price, this.#clock.time);
        this.#stale = true;
        // Without an anchor nothing trades; later rounds may wait for the next batch.
        if (isFirst) await this.flush();
        return;
      }
      case "observation":
        return await this.#observe(event);
      case "expiry":
        return await this.#settleExpiry(event.market, event.expiryDay);
      case "order":
        return await this.#place(event);
    }
  }

  /** Lets time pass: a batch that becomes too old on the way is sealed and posted at its time. */
  async advanceTo(time: bigint): Promise<void> {
    for (;;) {
      const { open } = this.sequencer.exchange;
      if (open === undefined || open.items.length === 0 || open.l2Time + this.#batchAge > time) break;
      this.#clock.time = later(this.#clock.time, open.l2Time + this.#batchAge);
      await this.flush();
    }
    this.#clock.time = later(this.#clock.time, time);
  }

  /** Seals and posts whatever is there, and takes over what is new on L1. */
  async flush(): Promise<void> {
    this.sequencer.seal();
    await this.#options.l1.post(this.sequencer, this.#clock.time);
    this.sequencer.sync(this.#options.l1.view);
    this.#stale = false;
    const difference = this.#ledger.difference(this.#options.l1.view, this.sequencer.exchange.builder.before);
    if (difference !== 0n) {
      throw new ReplayError("NOT_CONSERVED", "collateral is missing or made up", {
        fields: { difference, time: this.#clock.time },
      });
    }
  }

  /** Ends a replay: posts what is there, and one more batch for the messages that have come since. */
  async finish(): Promise<void> {
    await this.flush();
    this.#clock.time += 1n;
    this.sequencer.tick();
    await this.flush();
  }

  /** Makes the sequencer see the newest messages before something that depends on them. */
  async refresh(): Promise<void> {
    if (this.#stale) await this.flush();
  }

  async #settleExpiry(market: number, day: number): Promise<void> {
    await this.flush();
    await this.#options.l1.fixPrice(market, day, this.#clock.time);
    await this.flush();
    for (let i = 0; i < SETTLEMENT_ROUNDS; i++) {
      this.#clock.time += 1n;
      this.sequencer.tick();
    }
    await this.flush();
    this.#counter.expiriesSettled++;
  }

  async #deposit({ trader, amount, margin }: DepositEvent): Promise<void> {
    const account = this.traders.of(trader);
    // A replay may have opened all accounts beforehand.
    if (account.account !== undefined) return;
    account.account = await this.#options.l1.open(account, amount, this.#clock.time);
    account.wantsStandard = margin === "standard";
    if (trader.role === "liquidator") {
      this.#liquidators.push({ account, bidder: new AuctionBidder(this.#options.config, account) });
    }
    this.#stale = true;
  }

  async #fund({ trader, amount }: FundEvent): Promise<void> {
    await this.refresh();
    giveToFund(this.#options.config.domain, this.sequencer, this.traders.of(trader), amount, this.#clock.time);
  }

  /** Puts an account on standard margin that wants to be, once the sequencer has read its deposit. */
  async #chooseMargin(account: TraderAccount): Promise<void> {
    account.wantsStandard = false;
    if (this.sequencer.exchange.account(account.account!) === undefined) await this.refresh();
    chooseStandard(this.#options.config.domain, this.sequencer, account, this.#clock.time);
  }

  async #observe({ model }: ObservationEvent): Promise<void> {
    // A sequencer may have to be told of the market first.
    if (this.#stale && this.sequencer.exchange.open === undefined) await this.refresh();
    // L2 time stands still within a batch, so no newer report has a place in it.
    if (hasMoved(this.sequencer.exchange.state.openMarket(model.market)?.spot ?? 0n, model.spot)) await this.flush();
    for (const outcome of this.sequencer.submitReports(this.#oracle.observe(model, this.#clock.time))) {
      this.#counter.report(outcome);
    }
    for (const { account, bidder } of this.#liquidators) {
      if (account.wantsStandard) await this.#chooseMargin(account);
      for (const transaction of bidder.bids(this.sequencer.exchange)) {
        this.sequencer.submitMany([{ kind: "transaction", transaction }]);
      }
    }
  }

  async #place(event: OrderEvent): Promise<void> {
    // Only an open batch keeps its old messages; without one, the next reads all that there are.
    if (this.#stale && this.sequencer.exchange.open === undefined) await this.refresh();
    const account = this.traders.of(event.trader);
    if (account.account === undefined) {
      throw new ReplayError("ACCOUNT_MISSING", "an order comes before its account's deposit", {
        fields: { trader: event.trader, line: event.line },
      });
    }
    if (account.wantsStandard) await this.#chooseMargin(account);
    // An open batch without items gets the present time with its first one.
    const { open } = this.sequencer.exchange;
    const l2Time = open !== undefined && open.items.length > 0 ? open.l2Time : this.#clock.time;
    const price = this.#prices.get(event.series.market) ?? 0n;
    const { tick } = MARKETS.find(({ id }) => id === event.series.market)!;
    const maxFee = (price / MAX_FEE_DIVISOR / tick + 1n) * tick;
    const order = signOrder(
      this.#options.config.domain,
      {
        account: account.account,
        market: event.series.market,
        expiryDay: event.series.expiryDay,
        strike: event.series.strike,
        isPut: event.series.type === "put",
        isSell: event.side === "sell",
        quantity: event.quantity,
        limitPrice: event.limitPrice,
        maxFee,
        nonce: ++account.nonce,
        deadline: event.immediate ? l2Time + IMMEDIATE_LIFE : BigInt(event.expiresAt),
        fillOrKill: false,
        immediateOrCancel: event.immediate,
        postOnly: false,
        reduceOnly: false,
        forcible: false,
      },
      account.privateKey,
    );
    this.#counter.orders++;
    const [outcome] = this.sequencer.submitMany([{ kind: "order", order }]) as [OrderOutcome];
    if (!outcome.accepted) this.#counter.reject(outcome.refusal.reason);
    else if (event.immediate && outcome.remaining > 0n) this.#counter.unfilled++;
  }
}

function hasMoved(from: bigint, to: bigint): boolean {
  const move = to > from ? to - from : from - to;
  return from !== 0n && move * MOVE_DIVISOR >= from;
}

function later(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
