import { sequencerView } from "../../src/poster/SequencerFeed.ts";
import { concat, toHex, writeU64, type Hex } from "../../src/crypto/bytes.ts";
import { addressOf, recoverAddress } from "../../src/crypto/secp256k1.ts";
import { keccak256 } from "../../src/crypto/keccak.ts";
import type { L1Block } from "../../src/l1/L1Source.ts";
import type { MachineConfig } from "../../src/machine/Execution.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import {
  DATA_CALLDATA,
  DATA_FORCED,
  MESSAGE_ANCHOR,
  MESSAGE_DEPOSIT,
  MESSAGE_FIX_PRICE,
  MESSAGE_FORCED,
  MESSAGE_LIST_MARKET,
  MESSAGE_SET_MARKET,
  MESSAGE_SET_SIGNERS,
  type Message,
} from "../../src/machine/Inputs.ts";
import { GENESIS_CURSOR } from "../../src/machine/MachineState.ts";
import { Machine } from "../../src/machine/Step.ts";
import { domainSeparator, type OrderTerms } from "../../src/machine/TypedData.ts";
import type { Transaction } from "../../src/machine/Wire.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import type {
  BatchCall,
  Market,
  Offer,
  PosterAccount,
  PosterL1,
  PostReceipt,
  PostRequest,
  SendAnswer,
  SignedPost,
} from "../../src/poster/PosterL1.ts";
import { SILENT, type Logger } from "../../src/roles/Logger.ts";
import { genesisCheckpoint, type Checkpoint } from "../../src/sequencer/DerivedState.ts";
import type { OrderOutcome } from "../../src/sequencer/Submission.ts";
import type { ExchangeEvent } from "../../src/sequencer/OrderRecord.ts";
import { MemoryJournal, type Journal } from "../../src/sequencer/Journal.ts";
import { withRecoverCache } from "../../src/sequencer/RecoverCache.ts";
import { Sequencer } from "../../src/sequencer/Sequencer.ts";
import { DEFAULT_OPTIONS, type SequencerOptions } from "../../src/sequencer/SequencerOptions.ts";
import type { Clock } from "../../src/sequencer/Clock.ts";
import type { SignedOrder } from "../../src/sequencer/SignedOrder.ts";
import { signOrder } from "../../src/sequencer/Signing.ts";
import {
  anchorPayload,
  depositPayload,
  fixPayload,
  listPayload,
  riskPayload,
  signersPayload,
} from "../../src/replay/payloads.ts";
import type { RiskTerms } from "../../src/market/types.ts";
import { batchOf } from "./batch.ts";
import { ORACLE } from "./oracle.ts";
import { PLAIN } from "./traffic/builders.ts";

/** A deterministic L1 for the sequencer's tests: the two sequences and the rules of the inbox, without a chain. */

export const BRIDGE = new Uint8Array(20).fill(0xb1);
export const SETTLEMENT = new Uint8Array(20).fill(0x5e);
export const DOMAIN = domainSeparator(31337n, new Uint8Array(20).fill(0x1b));
export const CONFIG: MachineConfig = withRecoverCache({
  domain: DOMAIN,
  bridge: BRIDGE,
  settlement: SETTLEMENT,
  recover: recoverAddress,
});

/** 10:00 UTC on day 20,000. */
export const START = 20_000n * 86_400n + 36_000n;
export const MARKET = 1;
/** 2 USD cents per tick, 0.1 contract per lot, strikes every 50, 100 and 500 USD, underlying at 3,000 USD. */
export const TICK = 200n;
export const LOT = 100_000n;
export const STEPS = [500_000n, 1_000_000n, 5_000_000n] as const;
export const SPOT = 30_000_000n;
/** 5 % to 500 %, a band of at least 20 USD, exposure of up to a hundred times the fund. */
export const RISK: RiskTerms = { minVol: 50_000, maxVol: 5_000_000, bandFloor: 200_000n, exposureMultiple: 100 };
export const CONTRACT = 1_000_000n;
export const USDC = 1_000_000n;

/** The private key of account `account`. */
export function keyOf(account: number): Uint8Array {
  return keccak256(new TextEncoder().encode(`account ${account}`));
}

/** The owner of account `account`. */
export function ownerOf(account: number): Uint8Array {
  return addressOf(keyOf(account));
}

/** A clock that tests set. */
export class TestClock implements Clock {
  time = START;
  now(): bigint {
    return this.time;
  }
}

/** The inbox and its blocks: each action mines one at the clock's time, each transaction that is sent too. */
export class FakeL1 implements PosterL1 {
  readonly log = new InputLog();
  readonly clock: TestClock;
  readonly maxPast = DEFAULT_OPTIONS.maxPast;
  readonly maxFuture = DEFAULT_OPTIONS.maxFuture;
  /** Seconds by which blocks are later than the clock. */
  delay = 12n;
  /** Called before a batch is mined with what mines it: tests slip something in, or throw. */
  beforeMining: (mine: () => void) => void = () => {};
  /** The endpoint has no receipts. */
  loseReceipt = false;
  readonly sent: BatchCall[] = [];
  readonly #signed = new Map<Hex, PostRequest>();
  readonly #receipts = new Map<Hex, PostReceipt>();
  /** Hashes of the account's transactions, by nonce. */
  readonly #mined: Hex[] = [];
  #height = 0;
  #signatures = 0n;

  constructor(clock: TestClock) {
    this.clock = clock;
  }

  get now(): bigint {
    return this.clock.time + this.delay;
  }

  enqueue(kind: number, sender: Uint8Array, payload: Uint8Array): void {
    this.#height++;
    const message: Message = { kind, sender, l1Block: this.log.messageCount, l1Time: this.now, payload };
    this.log.appendMessage(message);
  }

  deposit(account: number, amount: bigint): void {
    this.depositFor(account, account, amount);
  }

  /** A deposit to an account of the owner of another. */
  depositFor(account: number, owner: number, amount: bigint): void {
    this.enqueue(MESSAGE_DEPOSIT, BRIDGE, depositPayload(account, ownerOf(owner), amount));
  }

  listMarket(market = MARKET): void {
    this.enqueue(MESSAGE_LIST_MARKET, SETTLEMENT, listPayload(market, { tick: TICK, lot: LOT, steps: STEPS }));
  }

  setSigners(threshold = ORACLE.threshold, addresses: readonly Uint8Array[] = ORACLE.addresses): void {
    this.enqueue(MESSAGE_SET_SIGNERS, SETTLEMENT, signersPayload(threshold, addresses));
  }

  setMarket(market = MARKET, risk: RiskTerms = RISK): void {
    this.enqueue(MESSAGE_SET_MARKET, SETTLEMENT, riskPayload(market, risk));
  }

  anchor(price: bigint, market = MARKET, time = this.now): void {
    this.enqueue(MESSAGE_ANCHOR, SETTLEMENT, anchorPayload(market, price, time));
  }

  fixPrice(day: number, price: bigint, market = MARKET): void {
    this.enqueue(MESSAGE_FIX_PRICE, SETTLEMENT, fixPayload(market, day, price));
  }

  /** Sends a transaction through L1 in the name of `account`'s owner. */
  forced(account: number, transaction: Transaction): void {
    this.enqueue(MESSAGE_FORCED, ownerOf(account), encodeTransaction(transaction, 0n));
  }

  /** Somebody forces all messages in. */
  forceInclude(): void {
    const last = this.#lastRecordTime();
    const l2Time = last > this.now ? last : this.now;
    this.#append(DATA_FORCED, new Uint8Array(0), this.log.messageCount, l2Time);
  }

  /** What `RollupInbox.appendBatch` does; the error's name if it reverts. */
  append({ index, messagesRead, l2Time, payload }: BatchCall): string | undefined {
    if (index !== this.log.batchCount) return "BatchIndexMismatch";
    if (messagesRead < this.#lastRead()) return "MessagesReadFalls";
    if (messagesRead > this.log.messageCount) return "MessagesReadBeyondEnd";
    if (l2Time < this.#lastRecordTime() || l2Time < this.now - this.maxPast || l2Time > this.now + this.maxFuture) {
      return "L2TimeOutOfBounds";
    }
    this.#append(DATA_CALLDATA, payload, messagesRead, l2Time);
    return undefined;
  }

  /** The newest block. */
  get head(): L1Block {
    return { number: this.#height, hash: numbered(this.#height), timestamp: this.now };
  }

  async address(): Promise<Hex> {
    return toHex(ownerOf(0));
  }
  async account(): Promise<PosterAccount> {
    return { nonce: this.#mined.length, balance: 10n ** 20n, maySend: true, availableBytes: 1n << 24n };
  }
  async pendingNonce(): Promise<number> {
    return this.#mined.length;
  }
  async market(): Promise<Market> {
    return { baseFee: 10n ** 9n, tip: 10n ** 8n, blobBaseFee: 10n ** 9n };
  }
  async batchCountAt(): Promise<bigint> {
    return 0n;
  }
  async sign(request: PostRequest, _offer: Offer): Promise<SignedPost> {
    const raw = new Uint8Array(32);
    writeU64(raw, 0, this.#signatures++);
    this.#signed.set(toHex(raw), request);
    return { hash: toHex(raw), raw };
  }

  async send(raw: Uint8Array): Promise<SendAnswer> {
    const hash = toHex(raw);
    const { nonce, batch } = this.#signed.get(hash)!;
    if (nonce < this.#mined.length) return "nonce used";
    if (batch !== undefined) this.sent.push(batch);
    let isMined = false;
    const mine = (): void => {
      this.#mine(hash);
      isMined = true;
    };
    this.beforeMining(mine);
    if (!isMined) mine();
    return "accepted";
  }

  async receipt(hash: Hex): Promise<PostReceipt | undefined> {
    return this.loseReceipt ? undefined : this.#receipts.get(hash);
  }
  async userOfNonce(nonce: number): Promise<Hex | undefined> {
    return this.#mined[nonce];
  }

  /** Takes back the last `depth` batches, but none that is final. */
  takeBack(depth: bigint): void {
    const { batchCount, messageCount } = this.log;
    const { finalizedBatches } = sequencerView(this.log, this.head.timestamp);
    const left = batchCount - depth;
    this.truncate(left > finalizedBatches ? left : finalizedBatches, messageCount);
  }

  /** Takes back all batches and messages from these counts on. */
  truncate(batchCount: bigint, messageCount: bigint): void {
    this.#height++;
    this.log.truncate(batchCount, messageCount);
  }

  #mine(hash: Hex): void {
    const { nonce, batch } = this.#signed.get(hash)!;
    if (nonce !== this.#mined.length) throw new Error("the fake pool has no room for gaps");
    this.#mined.push(hash);
    const succeeded = batch === undefined || this.append(batch) === undefined;
    const { number: blockNumber, hash: blockHash, timestamp: time } = this.head;
    const gas = { gasUsed: 60_000n, gasPrice: 10n ** 9n, blobGasUsed: 0n, blobGasPrice: 0n };
    this.#receipts.set(hash, { hash, blockNumber, blockHash, time, succeeded, ...gas });
  }

  #append(dataKind: number, payload: Uint8Array, messagesRead: bigint, l2Time: bigint): void {
    this.#height++;
    this.log.appendBatch(batchOf(payload, { messagesRead, l1Time: this.now, l2Time }, dataKind));
  }

  #lastRead(): bigint {
    const { batchCount } = this.log;
    return batchCount === 0n ? 0n : this.log.batch(batchCount - 1n).record.messagesRead;
  }

  #lastRecordTime(): bigint {
    const { batchCount } = this.log;
    return batchCount === 0n ? 0n : this.log.batch(batchCount - 1n).record.l2Time;
  }
}

/** A hash that stands for a number. */
function numbered(number: number): Hex {
  const bytes = new Uint8Array(8);
  writeU64(bytes, 0, BigInt(number));
  return toHex(keccak256(concat(bytes)));
}

export const GENESIS = genesisCheckpoint(genesisRoot(ownerOf(0)));

/** A sequencer over a {@link FakeL1}, with what it told its listener. */
export interface Harness {
  readonly clock: TestClock;
  readonly l1: FakeL1;
  readonly journal: Journal;
  readonly events: ExchangeEvent[];
  sequencer: Sequencer;
  /** Starts another sequencer on the same journal, as after a kill; from genesis or from a state that is final. */
  restart(from?: Checkpoint): void;
}

export interface HarnessOptions extends Partial<SequencerOptions> {
  readonly accounts?: number;
  readonly cash?: bigint;
  readonly journal?: Journal;
  readonly logger?: Logger;
  /** Whether L1 has named the oracle and the market's risk parameters. */
  readonly oracle?: boolean;
}

/** A market with an anchor and funded accounts 1 to n. */
export function harness(options: HarnessOptions = {}): Harness {
  const { accounts = 4, cash = 1_000_000n * USDC, journal = new MemoryJournal(), logger = SILENT } = options;
  const { oracle = false, ...rest } = options;
  const clock = new TestClock();
  const l1 = new FakeL1(clock);
  l1.listMarket();
  if (oracle) {
    l1.setSigners();
    l1.setMarket();
  }
  l1.anchor(SPOT);
  for (let account = 1; account <= accounts; account++) l1.deposit(account, cash);
  const events: ExchangeEvent[] = [];
  const start = (from: Checkpoint = GENESIS): Sequencer =>
    new Sequencer(
      CONFIG,
      { ...DEFAULT_OPTIONS, ...rest },
      { clock, journal, logger, listener: (event) => events.push(event) },
      from,
      l1.log,
    );
  const result: Harness = {
    clock,
    l1,
    journal,
    events,
    sequencer: start(),
    restart(from) {
      result.sequencer = start(from);
    },
  };
  return result;
}

/** Terms of a call struck at the money that expires in about three days, unless told otherwise. */
export function terms(account: number, nonce: bigint, change: Partial<OrderTerms> = {}): OrderTerms {
  return {
    account,
    market: MARKET,
    expiryDay: 20_003,
    strike: SPOT,
    isPut: false,
    isSell: false,
    quantity: CONTRACT,
    limitPrice: 500_000n,
    maxFee: 100_000n,
    nonce,
    deadline: START + 3_600n,
    ...PLAIN,
    ...change,
  };
}

/** The order, signed by its account's owner. */
export function order(account: number, nonce: bigint, change: Partial<OrderTerms> = {}): SignedOrder {
  return signOrder(DOMAIN, terms(account, nonce, change), keyOf(account));
}

/** Submits one order. */
export function place(h: Harness, signed: SignedOrder): OrderOutcome {
  return h.sequencer.submitMany([{ kind: "order", order: signed }])[0] as OrderOutcome;
}

/** The state root that a fresh machine reaches over everything that L1 has. */
export function replayRoot(log: InputLog): Uint8Array {
  const machine = new Machine(CONFIG, log, GENESIS.root, GENESIS_CURSOR);
  while (!machine.finished(log.batchCount)) machine.step(log.batchCount);
  return machine.state.hash();
}

/** A generator of pseudo-random numbers: the same for the same seed. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
