import {
  FUND_ACCOUNT,
  FUND_DRAW,
  MAX_PRICE,
  MAX_QUANTITY,
  MAX_SETTLE,
  MODE_STANDARD,
} from "../../../src/machine/Constants.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import type { Message } from "../../../src/machine/Inputs.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { makePosition, packSeries, type Position } from "../../../src/machine/Positions.ts";
import {
  accountKey,
  claimKey,
  emptyAccount,
  EMPTY_EXPIRY,
  EMPTY_GLOBALS,
  expiryKey,
  GLOBALS_KEY,
  KIND_CLAIM,
  marketKey,
  type Account,
  type Expiry,
} from "../../../src/machine/Slots.ts";
import { set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import { TX_SETTLE } from "../../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { batchOf } from "../batch.ts";
import { anchorMessage, fixPriceMessage, listMarketMessage } from "./builders.ts";
import { EdgeLog } from "./EdgeLog.ts";
import { BTC, INBOX, SETTLEMENT, signerAddress, START, START_DAY, testConfig } from "./world.ts";

/** What random traffic hardly ever meets in settlement. */

const USDC = 1_000_000n;
const MARKET = 1;
const [SHORT, LONG] = [1, 2];
const STRIKE = 40_000_000n;
/** What the one short of the expiry owes: a contract that ends 1,000 USD in the money. */
const OWED = 1_000n * USDC;

/** The anchor's, before a message has come. */
const ANCHOR_TIME = START - 60n;

const SENT = { sender: SETTLEMENT, l1Block: 1n, l1Time: START };

/** The expiry of the edges, and its key. */
export const EDGE_EXPIRY_ID = (MARKET << 16) | START_DAY;
export const EDGE_EXPIRY = expiryKey(EDGE_EXPIRY_ID);

/** Steps of one story. */
export interface Edge {
  readonly log: InputLog;
  readonly steps: readonly ProvenStep[];
  /** The state after them. */
  readonly root: TreeRoot;
}

/** The short is settled and lacks `shortfall`; then the long. */
export interface ShortfallEdge extends Edge {
  readonly fund: bigint;
  readonly shortfall: bigint;
  /** What the fund has to add. */
  readonly draw: bigint;
  /** What the long has to get. */
  readonly paid: bigint;
}

/** Shortfalls on both sides of what the fund may be drawn by, for funds of several sizes. */
export function shortfallEdges(chainId: bigint): readonly ShortfallEdge[] {
  return [0n, 1n, 2n, 801n * USDC, 10_000n * USDC].flatMap((fund) => {
    const most = fund / FUND_DRAW;
    const shortfalls = new Set([0n, 1n, most - 1n, most, most + 1n, OWED].filter((x) => x >= 0n && x <= OWED));
    return [...shortfalls].map((shortfall) => {
      const draw = shortfall < most ? shortfall : most;
      const settle = { type: TX_SETTLE, market: MARKET, day: START_DAY, accounts: [SHORT, LONG] } as const;
      // Two parts need the room of two items.
      const payload = new Uint8Array(128);
      payload.set(encodeItem(encodeTransaction(settle, START)));
      const log = new InputLog();
      log.appendBatch(batchOf(payload, { messagesRead: 0n, l1Time: START, l2Time: START }));
      const edge = runEdge(chainId, expired(OWED - shortfall, fund), log);
      return { ...edge, fund, shortfall, draw, paid: OWED - shortfall + draw };
    });
  });
}

/** A price is fixed twice. */
export interface PriceEdge extends Edge {
  readonly price: bigint;
  readonly shorts: number;
  readonly isValid: boolean;
}

/** Prices on and off the tick, at and beyond their bounds, of an expiry with a short and of one without. */
export function priceEdges(chainId: bigint): readonly PriceEdge[] {
  const { tick } = BTC;
  const last = (MAX_PRICE / tick) * tick;
  const prices = [0n, 1n, tick - 1n, tick, tick + 1n, last, MAX_PRICE, MAX_PRICE + 1n, last + tick];
  return prices.flatMap((price) =>
    [0, 1].map((shorts) => {
      const log = new InputLog();
      for (let i = 0; i < 2; i++) log.appendMessage(fixPriceMessage(SENT, MARKET, START_DAY, price));
      log.appendBatch(batchOf(new Uint8Array(0), { messagesRead: 2n, l1Time: START, l2Time: START }, 0));
      const isValid = price > 0n && price <= MAX_PRICE && price % tick === 0n;
      return {
        ...runEdge(chainId, set(expired(0n, 0n), EDGE_EXPIRY, { ...EMPTY_EXPIRY, shorts }), log),
        price,
        shorts,
        isValid,
      };
    }),
  );
}

/** Three are long and share what their debtor has, which does not divide: the rest is left for the fund. */
export interface DustEdge extends Edge {
  readonly received: bigint;
  /** What each of the three gets. */
  readonly share: bigint;
}

/** Shortfalls whose shares leave nothing, one unit and two units. */
export function dustEdges(chainId: bigint): readonly DustEdge[] {
  return [0n, 1n, 2n, 1_000_000n, 1_000_001n, 1_000_002n].map((received) => {
    const longs = [LONG, LONG + 1, LONG + 2];
    let root = expired(received, 0n);
    const series = packSeries(MARKET, START_DAY, STRIKE, false);
    for (const [id, quantity] of [[SHORT, -3_000_000n], ...longs.map((id) => [id, 1_000_000n] as const)] as const) {
      const account = { ...emptyAccount(signerAddress(id)), positions: [makePosition(series, quantity)] };
      root = set(root, accountKey(id), { ...account, cash: id === SHORT ? received : 0n });
    }
    const log = new InputLog();
    // The first creditor is early and has a claim; the others come when the debtor has been settled.
    const accounts = [LONG, SHORT, ...longs];
    const payload = new Uint8Array(64 * accounts.length);
    payload.set(encodeItem(encodeTransaction({ type: TX_SETTLE, market: MARKET, day: START_DAY, accounts }, START)));
    log.appendBatch(batchOf(payload, { messagesRead: 0n, l1Time: START, l2Time: START }));
    return { ...runEdge(chainId, root, log), received, share: received / 3n };
  });
}

/** Messages of the settlement contract with something at its bound or beyond. */
export interface MessageEdge extends Edge {
  readonly name: string;
  readonly isValid: boolean;
}

/** Grids of a market at their bounds, and every message a byte short and a byte long. */
export function messageEdges(chainId: bigint): readonly MessageEdge[] {
  const grid = { tick: 100n, lot: 1_000n, steps: [100n, 100n, 100n] as [bigint, bigint, bigint] };
  const most = (MAX_PRICE / 100n) * 100n;
  const listed = (name: string, change: Partial<typeof grid>, isValid: boolean): [string, Message, boolean] => {
    return [name, listMarketMessage(SENT, 9, { ...grid, ...change }), isValid];
  };
  const cases: [string, Message, boolean][] = [
    listed("a plain grid", {}, true),
    listed("the largest lot", { lot: MAX_QUANTITY }, true),
    listed("a larger lot", { lot: MAX_QUANTITY + 1_000n }, false),
    listed("no lot", { lot: 0n }, false),
    listed("no tick", { tick: 0n }, false),
    listed("no first step", { steps: [0n, 100n, 100n] }, false),
    listed("no second step", { steps: [100n, 0n, 100n] }, false),
    listed("no third step", { steps: [100n, 100n, 0n] }, false),
    listed("the largest third step", { steps: [100n, 100n, most] }, true),
    listed("a larger third step", { steps: [100n, 100n, most + 100n] }, false),
    listed("a second step that is no multiple", { steps: [200n, 300n, 400n] }, false),
    listed("a third step that is no multiple of the second", { steps: [100n, 200n, 300n] }, true),
  ];
  const anchored = (name: string, price: bigint, time: bigint, isValid: boolean): void => {
    cases.push([name, anchorMessage(SENT, MARKET, price, time), isValid]);
  };
  anchored("an anchor of nothing", 0n, START, false);
  anchored("an anchor of the smallest price", 1n, START, true);
  anchored("an anchor of the largest price", MAX_PRICE, START, true);
  anchored("an anchor of a larger price", MAX_PRICE + 1n, START, false);
  anchored("an anchor of the last one's time", BTC.anchor, ANCHOR_TIME, true);
  anchored("an anchor of a second before", BTC.anchor, ANCHOR_TIME - 1n, false);
  cases.push(["an anchor of no market", anchorMessage(SENT, 9, BTC.anchor, START), false]);
  cases.push(["a price of no market", fixPriceMessage(SENT, 9, START_DAY, BTC.tick), false]);
  const whole = [
    listMarketMessage(SENT, 9, grid),
    anchorMessage(SENT, MARKET, BTC.anchor, START),
    fixPriceMessage(SENT, MARKET, START_DAY, BTC.tick),
  ];
  for (const message of whole) {
    const { payload, kind } = message;
    const [short, long] = [payload.slice(0, -1), Uint8Array.of(...payload, 0)];
    cases.push([`kind ${kind}`, message, true]);
    cases.push([`kind ${kind}, by another`, { ...message, sender: INBOX }, false]);
    cases.push([`kind ${kind}, a byte short`, { ...message, payload: short }, false]);
    cases.push([`kind ${kind}, a byte long`, { ...message, payload: long }, false]);
  }
  return cases.map(([name, message, isValid]) => {
    const log = new InputLog();
    log.appendMessage(message);
    log.appendBatch(batchOf(new Uint8Array(0), { messagesRead: 1n, l1Time: START, l2Time: START }, 0));
    return { ...runEdge(chainId, set(expired(0n, 0n), EDGE_EXPIRY, EMPTY_EXPIRY), log), name, isValid };
  });
}

/** Stories of {@link settleEdges}, of which the account or what is written besides has to be right. */
export const SETTLED = {
  whole: "the last position of an account in auction",
  part: "one position of two of an account in auction",
  claim: "a gain of one unit before the last short",
  share: "a gain of one unit after the last short",
  fund: "a loss of the fund's first account",
  other: "a loss of the last account that is not the fund's",
} as const;

/** Settlements of single accounts, and Settles of every length that none has. */
export function settleEdges(chainId: bigint): EdgeLog {
  const edges = new EdgeLog(chainId);
  const settle = (id: number, count = 1): Uint8Array => {
    const accounts = Array.from({ length: count }, () => id);
    return encodeTransaction({ type: TX_SETTLE, market: MARKET, day: START_DAY, accounts }, START);
  };
  const plain = set(expired(OWED, 0n), marketKey(MARKET), { ...BTC, exposure: 1_000_000n });
  const expiry = { ...EMPTY_EXPIRY, shorts: 1, price: STRIKE + 10_000_000n };
  const held = (quantity: bigint, strike = STRIKE, day = START_DAY): Position =>
    makePosition(packSeries(MARKET, day, strike, false), quantity);
  const add = (name: string, id: number, fields: Partial<Account>, of: Partial<Expiry> = {}): void => {
    const account = { ...emptyAccount(signerAddress(1)), ...fields };
    const root = set(set(plain, accountKey(id), account), EDGE_EXPIRY, { ...expiry, ...of });
    edges.addItem(name, "OK", root, START, settle(id));
  };
  const auctioned = { mode: MODE_STANDARD, auction: START - 600n, cash: OWED };
  const short = held(-1_000_000n);
  add(SETTLED.whole, SHORT, { ...auctioned, positions: [short] });
  add(SETTLED.part, SHORT, { ...auctioned, positions: [short, held(1_000_000n, STRIKE, START_DAY + 1)] });
  // A thousandth of a contract that ends a tenth of a cent in the money.
  const unit = [held(1_000n, expiry.price - 10n)];
  add(SETTLED.claim, LONG, { positions: unit });
  add(SETTLED.share, LONG, { positions: unit }, { shorts: 0, final: true, owed: 2n, received: 2n });
  add(SETTLED.fund, FUND_ACCOUNT, { positions: [short] });
  add(SETTLED.other, FUND_ACCOUNT - 1, { positions: [short] });

  const nobody = 99;
  const claim = { kind: KIND_CLAIM, amount: 1n } as const;
  const claimed = set(plain, claimKey(EDGE_EXPIRY_ID, nobody), claim);
  const paid = set(claimed, EDGE_EXPIRY, { ...expiry, shorts: 0, final: true, owed: 1n, received: 1n });
  edges.addItem("a claim of nobody", "AccountUnknown", paid, START, settle(nobody));
  edges.addItem("an account of nobody", "AccountUnknown", plain, START, settle(nobody));

  edges.addItem("as many accounts as may be", "OK", plain, START, settle(SHORT, MAX_SETTLE));
  edges.addItem("one more", "Malformed", plain, START, settle(SHORT, MAX_SETTLE + 1));
  const one = settle(SHORT);
  for (let length = 1; length < one.length; length++) {
    edges.addItem(`${length} of ${one.length} bytes`, "Malformed", plain, START, one.slice(0, length));
  }
  edges.addItem("a byte too many", "Malformed", plain, START, Uint8Array.of(...one, 0));
  return edges;
}

/** Runs the inputs of a story from a state on. */
export function runEdge(chainId: bigint, root: TreeRoot, log: InputLog): Edge {
  const machine = new Machine(testConfig(chainId, INBOX), log, root, { ...GENESIS_CURSOR, l2Time: START });
  const steps: ProvenStep[] = [];
  while (!machine.finished(log.batchCount)) steps.push(machine.provenStep(log.batchCount));
  return { log, steps, root: machine.state.root };
}

/** One is short and one long of a contract that has ended in the money, and there is a fund. */
function expired(cash: bigint, fund: bigint): TreeRoot {
  let root = set(genesisRoot(signerAddress(0)), GLOBALS_KEY, { ...EMPTY_GLOBALS, fund });
  root = set(root, marketKey(MARKET), { ...BTC, anchorTime: ANCHOR_TIME });
  root = set(root, EDGE_EXPIRY, { ...EMPTY_EXPIRY, shorts: 1, price: STRIKE + 10_000_000n });
  const series = packSeries(MARKET, START_DAY, STRIKE, false);
  for (const [id, quantity, amount] of [
    [SHORT, -1_000_000n, cash],
    [LONG, 1_000_000n, 0n],
  ] as const) {
    const account = { ...emptyAccount(signerAddress(id)), cash: amount, positions: [makePosition(series, quantity)] };
    root = set(root, accountKey(id), account);
  }
  return root;
}
