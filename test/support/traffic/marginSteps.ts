import { concat } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { sign } from "../../../src/crypto/secp256k1.ts";
import {
  FRACTION,
  FUND_ACCOUNT,
  FUND_ACCOUNTS,
  MODE_COLLATERALISED,
  MODE_STANDARD,
  SPOT_MAX_AGE,
} from "../../../src/machine/Constants.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { MESSAGE_FORCED, MESSAGE_SET_MARKET, MESSAGE_SET_SIGNERS, type Message } from "../../../src/machine/Inputs.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { requirements, type Requirements } from "../../../src/machine/Margin.ts";
import { hasMark, mark, viewOf, type ExpiryView } from "../../../src/machine/Marks.ts";
import { packCurves, type ReportedCurve } from "../../../src/machine/OracleReports.ts";
import { packSeries } from "../../../src/machine/Positions.ts";
import {
  accountKey,
  emptyAccount,
  EMPTY_EXPIRY,
  EMPTY_GLOBALS,
  expiryKey,
  GLOBALS_KEY,
  keyKey,
  KIND_KEY,
  marketKey,
  SCOPE_TRADE,
  SIGNERS_KEY,
  type Account,
  type Expiry,
  type Market,
} from "../../../src/machine/Slots.ts";
import { get, set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import { bidDigest, oracleReportDigest, setModeDigest } from "../../../src/machine/TypedData.ts";
import {
  TX_BID,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FILL,
  TX_FUND_BID,
  TX_ORACLE_REPORT,
  TX_SET_MODE,
  TX_SETTLE,
  TX_START_AUCTION,
  type OracleReport,
  type Transaction,
} from "../../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import type { Random } from "../../../src/market/random.ts";
import { batchOf } from "../batch.ts";
import {
  anchorMessage,
  fixPriceMessage,
  makerOrder,
  PLAIN,
  takerOrder,
  transferOf,
  withdrawal,
  type Draft,
} from "./builders.ts";
import { BTC, ETH, INBOX, privateKey, SETTLEMENT, signerAddress, START, testConfig } from "./world.ts";

/** Random traffic of an exchange with marks: reports, both margin modes, auctions. */

/** Accounts 1 to ACCOUNTS trade; most are on standard margin from the beginning. */
const ACCOUNTS = 10;
/** Account numbers whose keys the oracle signs with. */
const ORACLE = [201, 202, 203] as const;
const THRESHOLD = 2;
const MARKETS: ReadonlyMap<number, Market> = new Map([
  [1, BTC],
  [2, ETH],
]);
const PARAMETERS = { minVol: 50_000n, maxVol: 5_000_000n, bandFloor: 50_000n };
const CASH = 30_000_000_000n;

/** The state in which the traffic begins. */
function beginning(random: Random): TreeRoot {
  let root = genesisRoot(signerAddress(0));
  root = set(root, GLOBALS_KEY, { ...EMPTY_GLOBALS, fund: 20_000_000_000n });
  for (const [id, market] of MARKETS) {
    const exposureMultiple = id === 1 ? 1_000n : 3n;
    root = set(root, marketKey(id), { ...market, anchorTime: START - 60n, ...PARAMETERS, exposureMultiple });
  }
  for (let id = 1; id <= ACCOUNTS; id++) {
    const mode = id % 4 === 1 ? MODE_COLLATERALISED : MODE_STANDARD;
    const cash = id > ACCOUNTS - 2 ? 100n * CASH : CASH / BigInt(1 + random.uint(4));
    root = set(root, accountKey(id), { ...emptyAccount(signerAddress(id)), mode, cash });
    root = set(root, keyKey(id, 1), {
      ...{ kind: KIND_KEY, address: signerAddress(id, 1), scope: SCOPE_TRADE, expiry: START + 10n ** 7n },
      ...{ budget: CASH, epoch: 1 },
    });
  }
  return root;
}

/** What makes the inputs. */
class MarginTraffic {
  readonly random: Random;
  readonly machine: Machine;
  readonly log: InputLog;
  readonly #nonces = new Map<number, bigint>();
  #now = START;
  /** The way the spot goes: 1 or −1. */
  #trend = 1;

  constructor(random: Random, machine: Machine, log: InputLog) {
    this.random = random;
    this.machine = machine;
    this.log = log;
  }

  /** Some items in one batch, and before them sometimes messages. */
  appendBatch(): void {
    const { random } = this;
    const leap = random.bool(0.01) ? 90_000 : random.bool(0.08) ? 4_000 : random.bool(0.2) ? 700 : 40;
    this.#now += BigInt(random.uint(leap));
    for (const message of this.#messages()) this.log.appendMessage(message);
    const items: Transaction[] = random.bool(0.75) ? [...MARKETS.keys()].map((id) => this.#report(id)) : [];
    for (const market of MARKETS.keys()) {
      const accounts = Array.from({ length: ACCOUNTS }, (_, i) => i + 1);
      if (random.bool(0.05))
        items.push({ type: TX_SETTLE, market, day: this.#days(-1 - random.uint(3))[0]!, accounts });
    }
    for (let i = 1 + random.uint(5); i > 0; i--) items.push(this.#transaction());
    const payload = concat(...items.map((tx) => encodeItem(encodeTransaction(tx, this.#now))));
    const times = {
      messagesRead: this.log.messageCount,
      l1Time: this.#now - BigInt(random.uint(30)),
      l2Time: this.#now,
    };
    this.log.appendBatch(batchOf(payload, times));
  }

  #messages(): readonly Message[] {
    const { random } = this;
    const sent = { sender: SETTLEMENT, l1Block: 1_000n, l1Time: this.#now };
    const messages: Message[] = [];
    const all = concat(Uint8Array.of(THRESHOLD), ...ORACLE.map((i) => signerAddress(i)));
    const unset = get(this.machine.state.root, SIGNERS_KEY) === undefined;
    if (unset && random.bool(0.3)) messages.push({ ...sent, kind: MESSAGE_SET_SIGNERS, payload: all });
    for (const id of MARKETS.keys()) {
      if (random.bool(0.6)) messages.push(anchorMessage(sent, id, this.#spot(id), this.#now));
    }
    for (const day of this.#days(-3)) {
      if (random.bool(0.05)) {
        const id = this.#someMarket();
        messages.push(fixPriceMessage(sent, id, day, (this.#spot(id) / 1_000n) * 1_000n));
      }
    }
    if (random.bool(0.04)) {
      const count = random.uint(4);
      const addresses = [...ORACLE].slice(0, count).map((i) => signerAddress(random.bool(0.1) ? 201 : i));
      const payload = concat(Uint8Array.of(random.bool(0.9) ? Math.min(count, THRESHOLD) : 9), ...addresses);
      messages.push({ ...sent, kind: MESSAGE_SET_SIGNERS, payload });
      if (random.bool(0.9)) messages.push({ ...sent, kind: MESSAGE_SET_SIGNERS, payload: all });
    }
    if (random.bool(0.05)) {
      const payload = new Uint8Array(random.bool(0.9) ? 21 : 20);
      const view = new DataView(payload.buffer);
      view.setUint8(0, random.bool(0.8) ? 1 : 9);
      view.setUint32(1, random.bool(0.9) ? 50_000 : 9_999);
      view.setUint32(5, 5_000_000);
      view.setBigUint64(9, 50_000n);
      if (payload.length === 21) view.setUint32(17, random.bool(0.9) ? 500 : 1_001);
      messages.push({ ...sent, kind: MESSAGE_SET_MARKET, payload });
    }
    if (random.bool(0.1)) {
      const account = this.#someAccount();
      const tx: Transaction = random.bool(0.5)
        ? { type: TX_SET_MODE, account, mode: random.uint(2), auth: undefined }
        : { ...this.#bid(), auth: undefined };
      const signer = tx.type === TX_BID ? tx.bidder : account;
      const payload = encodeTransaction(tx, 0n);
      const sender = signerAddress(random.bool(0.9) ? signer : 250);
      messages.push({ ...sent, kind: MESSAGE_FORCED, sender, payload });
    }
    return messages;
  }

  #transaction(): Transaction {
    const { random } = this;
    const account = this.#someAccount();
    const owner = { nonce: this.#nonce(account), deadline: this.#now + 100n };
    const signing = { domain: this.machine.config.domain };
    const auctioned = Array.from({ length: ACCOUNTS }, (_, i) => i + 1).some((id) => this.#account(id).auction !== 0n);
    // Where something is up for auction, half of what comes is about that.
    const dice = auctioned && random.bool(0.5) ? 54 + random.uint(18) : random.uint(100);
    if (dice < 46) return this.#fill();
    if (dice < 54) return { type: TX_START_AUCTION, account: this.#weakest() };
    if (dice < 58) return { type: TX_END_AUCTION, account: this.#weakest() };
    if (dice < 66) return this.#bid();
    if (dice < 72)
      return { type: TX_FUND_BID, account: this.#weakest(), fund: this.#someFund(), fraction: this.#fraction() };
    if (dice < 75) return { type: TX_COLLECT_FUND, fund: this.#someFund() };
    if (dice < 80) {
      const mode = random.uint(2);
      const digest = setModeDigest(signing.domain, account, mode, owner.nonce, owner.deadline);
      const auth = { ...owner, signature: sign(digest, privateKey(random.bool(0.9) ? account : 77)) };
      return { type: TX_SET_MODE, account, mode, auth };
    }
    if (dice < 86) {
      const { cash } = this.#account(account);
      const share = (cash * BigInt(1 + random.uint(99))) / 100n + 1n;
      const excess = this.#excess(account).initial;
      return withdrawal(signing, account, excess > 0n && random.bool(0.7) ? excess : share, 0, owner);
    }
    if (dice < 89)
      return transferOf(signing, account, this.#someAccount(), this.#account(account).cash / 2n + 1n, owner);
    if (dice < 94) {
      const accounts = Array.from({ length: 1 + random.uint(4) }, () =>
        random.bool(0.9) ? this.#someAccount() : FUND_ACCOUNT + this.#someFund(),
      );
      return { type: TX_SETTLE, market: this.#someMarket(), day: this.#days(-2)[random.uint(3)]!, accounts };
    }
    return this.#report(random.bool(0.95) ? this.#someMarket() : 9);
  }

  /** A report: mostly a small move, sometimes a jump with or without confirmation, sometimes wrong in one way. */
  #report(market: number): OracleReport {
    const { random } = this;
    const last = this.#spot(market);
    const range = random.bool(0.1) ? 400 : random.bool(0.5) ? 80 : 10;
    if (random.bool(0.1)) this.#trend = -this.#trend;
    let spot = (last * BigInt(1_000 + this.#trend * random.uint(range + 1))) / 1_000n;
    if (random.bool(0.02)) spot = random.bool(0.5) ? 0n : 1n << 39n;
    const late = random.bool(0.05) ? 200 : 20;
    let time = this.#now - BigInt(random.uint(late));
    if (random.bool(0.02)) time = this.#now + 5n;
    const curves = this.#days(random.bool(0.98) ? 0 : -1)
      .filter(() => random.bool(0.9))
      .map((day) => this.#curve(day, spot));
    const signed = { market, time, spot, curves, ...this.#sign(market, time, spot, keccak256(packCurves(curves))) };
    if (random.bool(0.6)) return { type: TX_ORACLE_REPORT, ...signed, earlier: undefined };
    const before = time - BigInt(random.bool(0.8) ? 60 + random.uint(100) : random.uint(700));
    const near = (spot * BigInt(900 + random.uint(200))) / 1_000n;
    const curvesHash = new Uint8Array(32).fill(7);
    const earlier = { time: before, spot: near, curvesHash, ...this.#sign(market, before, near, curvesHash) };
    return { type: TX_ORACLE_REPORT, ...signed, earlier };
  }

  #curve(day: number, spot: bigint): ReportedCurve {
    const { random } = this;
    const forward = (spot * BigInt(random.bool(0.98) ? 991 + random.uint(19) : 400)) / 1_000n;
    const milli = 10n ** 9n;
    const curve = {
      a: BigInt(random.uint(20)) * milli,
      b: BigInt(random.uint(200)) * milli,
      rho: BigInt(random.uint(1_800) - 900) * milli,
      m: BigInt(random.uint(200) - 100) * milli,
      sigma: BigInt(random.bool(0.99) ? 1 + random.uint(300) : 0) * milli,
      refTau: BigInt(86_400 * (1 + random.uint(9))),
    };
    return { day, forward, curve };
  }

  #sign(
    market: number,
    time: bigint,
    spot: bigint,
    curvesHash: Uint8Array,
  ): { signers: number; signatures: Uint8Array[] } {
    const { random } = this;
    const digest = oracleReportDigest(this.machine.config.domain, market, time, spot, curvesHash);
    const signers = random.bool(0.96) ? [3, 5, 6, 7][random.uint(4)]! : random.uint(16);
    const named = [0, 1, 2, 3].filter((i) => ((signers >> i) & 1) === 1);
    return { signers, signatures: named.map((i) => sign(digest, privateKey(random.bool(0.98) ? 201 + i : 99))) };
  }

  #fill(): Transaction {
    const { random } = this;
    const [maker, taker] = [this.#someAccount(), this.#someAccount()];
    const id = this.#someMarket();
    const { tick, lot, steps } = MARKETS.get(id)!;
    const expiryDay = this.#days()[random.uint(3)]!;
    const unit = steps[2];
    const strike = ((this.#spot(id) * BigInt(850 + random.uint(300))) / 1_000n / unit) * unit + unit;
    const isPut = random.bool(0.5);
    const quantity = lot * BigInt(1 + random.uint(random.bool(0.5) ? 20 : 200));
    const near =
      (this.#mark(id, expiryDay, packSeries(id, expiryDay, strike, isPut)) * BigInt(800 + random.uint(400))) / 1_000n;
    const limitPrice = (near / tick) * tick + tick;
    const keyIndex = random.bool(0.1) ? 1 : 0;
    const makerSells = random.bool(0.5);
    const draft = (account: number, isSell: boolean): Draft => ({
      ...{ account, market: id, expiryDay, strike, isPut, isSell, quantity, limitPrice, maxFee: 10_000_000n },
      ...{ nonce: this.#nonce(account), deadline: this.#now + 100n, ...PLAIN, forcible: true },
      ...{ keyIndex, keyEpoch: keyIndex },
    });
    const signing = { domain: this.machine.config.domain };
    return {
      type: TX_FILL,
      maker: makerOrder(signing, draft(maker, makerSells), MARKETS.get(id)!),
      taker: takerOrder(signing, draft(taker, !makerSells), MARKETS.get(id)!, limitPrice),
      lots: quantity / lot,
    };
  }

  #bid(): Transaction & { type: typeof TX_BID } {
    const { random } = this;
    const account = this.#weakest();
    const bidder = random.bool(0.6) ? ACCOUNTS - random.uint(2) : this.#someAccount();
    const fraction = this.#fraction();
    const limit = random.bool(0.8) ? 10n ** 14n : 1n;
    const [nonce, deadline] = [this.#nonce(bidder), this.#now + 100n];
    const digest = bidDigest(this.machine.config.domain, account, bidder, fraction, limit, nonce, deadline);
    const signature = sign(digest, privateKey(random.bool(0.95) ? bidder : 99));
    return { type: TX_BID, account, bidder, fraction, limit, auth: { nonce, deadline, signature } };
  }

  #fraction(): bigint {
    const { random } = this;
    return random.bool(0.5) ? FRACTION : BigInt(1 + random.uint(10 ** random.uint(10)));
  }

  /** An account in auction, or the one that is nearest to it, or any. */
  #weakest(): number {
    const { random } = this;
    if (random.bool(0.05)) return random.bool(0.5) ? FUND_ACCOUNT : this.#someAccount();
    const ids = Array.from({ length: ACCOUNTS }, (_, i) => i + 1);
    const auctioned = ids.filter((id) => this.#account(id).auction !== 0n);
    if (auctioned.length > 0 && random.bool(0.7)) return random.pick(auctioned);
    const marginal = ids.filter((id) => {
      const { mode, positions } = this.#account(id);
      return mode === MODE_STANDARD && positions.length > 0;
    });
    const health = new Map(marginal.map((id) => [id, this.#excess(id).maintenance]));
    marginal.sort((x, y) => (health.get(x)! < health.get(y)! ? -1 : 1));
    return marginal[0] ?? this.#someAccount();
  }

  #account(id: number): Account {
    return get(this.machine.state.root, accountKey(id)) as Account;
  }

  /** Excess of an account on standard margin, as if what was reported last had been reported now. */
  #excess(id: number): Requirements {
    const { cash, debt, positions } = this.#account(id);
    const needed = requirements(positions, (expiry) => this.#view(expiry));
    return { initial: cash - debt - needed.initial, maintenance: cash - debt - needed.maintenance };
  }

  #view(id: number): ExpiryView {
    const market = get(this.machine.state.root, marketKey(id >>> 16)) as Market;
    const expiry = (get(this.machine.state.root, expiryKey(id)) as Expiry | undefined) ?? EMPTY_EXPIRY;
    return viewOf(id, { ...market, spotTime: this.#now }, { ...expiry, curveTime: this.#now }, this.#now, SPOT_MAX_AGE);
  }

  #mark(id: number, day: number, series: bigint): bigint {
    const view = this.#view((id << 16) | day);
    return hasMark(view) ? mark(view, series) : MARKETS.get(id)!.anchor / 50n;
  }

  #spot(id: number): bigint {
    const market = (get(this.machine.state.root, marketKey(id)) as Market | undefined) ?? BTC;
    return market.spot === 0n ? market.anchor : market.spot;
  }

  /** Three expiry days: the next ones, or some that begin `from` days before them. */
  #days(from = 0): readonly number[] {
    const next = Number((this.#now - 28_800n) / 86_400n) + 1 + from;
    return [next, next + 1, next + 2];
  }

  #someMarket(): number {
    return this.random.bool(0.7) ? 1 : 2;
  }

  #someAccount(): number {
    return 1 + this.random.uint(ACCOUNTS);
  }

  /** Mostly one of the first, so that what a bid brings meets what is there. */
  #someFund(): number {
    return this.random.uint(this.random.bool(0.9) ? 3 : FUND_ACCOUNTS);
  }

  #nonce(account: number): bigint {
    const nonce = (this.#nonces.get(account) ?? 0n) + 1n;
    this.#nonces.set(account, nonce);
    return nonce;
  }
}

/** Steps of that traffic, all of whose inputs are in the log. */
export function marginSteps(chainId: bigint, random: Random, count: number): { log: InputLog; steps: ProvenStep[] } {
  const log = new InputLog();
  const machine = new Machine(testConfig(chainId, INBOX), log, beginning(random), { ...GENESIS_CURSOR, l2Time: START });
  const traffic = new MarginTraffic(random, machine, log);
  const steps: ProvenStep[] = [];
  while (steps.length < count) {
    traffic.appendBatch();
    while (!machine.finished(log.batchCount)) steps.push(machine.provenStep(log.batchCount));
  }
  return { log, steps };
}
