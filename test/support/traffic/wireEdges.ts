import { concat } from "../../../src/crypto/bytes.ts";
import {
  FRACTION,
  FUND_ACCOUNTS,
  LEAST_LOT,
  MAX_ITEM,
  MAX_KEYS,
  MAX_NONCE,
  MAX_PRICE,
  MAX_QUANTITY,
  MAX_SETTLE,
  MAX_TIME,
  MINUTE,
  MODE_STANDARD,
} from "../../../src/machine/Constants.ts";
import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { SCOPE_ALL } from "../../../src/machine/Slots.ts";
import { encodeVarint } from "../../../src/machine/Varint.ts";
import {
  TX_BID,
  TX_CANCEL,
  TX_CANCEL_ALL,
  TX_COLLECT_FEES,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FILL,
  TX_FUND_BID,
  TX_REVOKE_KEY,
  TX_SET_KEY,
  TX_SET_MODE,
  TX_SETTLE,
  TX_START_AUCTION,
  TX_TRANSFER,
  TX_WITHDRAW,
} from "../../../src/machine/Wire.ts";
import { encodeItem } from "../../../src/machine/WireEncoding.ts";
import { batchOf } from "../batch.ts";
import { runEdge, type Edge } from "./settlementEdges.ts";
import { preparedRoot, signerAddress, START, START_DAY } from "./world.ts";

/** Transactions as bytes: each field at its bound, and one beyond; and every other thing that makes bytes malformed. */

/** Bytes that are a transaction or are none. */
interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly isWellFormed: boolean;
}

/** Samples in one log, as items or as forced messages, with the step that each of them is. */
export interface WireEdges extends Edge {
  readonly samples: readonly Sample[];
}

/** What a field may hold and what it may not, by name; the first of them is plain. */
interface Field {
  readonly good: readonly (readonly [string, readonly number[]])[];
  readonly bad: readonly (readonly [string, readonly number[]])[];
}

const MAX_U64 = 2n ** 64n - 1n;
const MAX_ACCOUNT = 2n ** 32n - 1n;
const MAX_LOTS = MAX_QUANTITY / LEAST_LOT;

const v = (value: bigint): number[] => encodeVarint(value);
/** A varint with the bits of `value` above 64, which no encoder writes. */
const wide = (value: bigint): number[] => {
  const groups: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    groups.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    if (rest <= 0x7fn) return groups;
  }
};

function number(most: bigint, least = 0n, plain = 3n): Field {
  return {
    good: [
      ["plain", v(plain)],
      ["the least", v(least)],
      ["the most", v(most)],
    ],
    bad: [
      ["more", wide(most + 1n)],
      ["a longer encoding", [Number(plain) | 0x80, 0]],
      ["eleven bytes", [...Array<number>(10).fill(0x80), 1]],
      ...(least > 0n ? [["less", v(least - 1n)] as const] : []),
    ],
  };
}

function byte(most: number, least = 0): Field {
  const good: [string, number[]][] = [
    ["plain", [least]],
    ["the most", [most]],
  ];
  const more: [string, number[]][] = most < 255 ? [["more", [most + 1]]] : [];
  return { good, bad: least > 0 ? [...more, ["less", [least - 1]]] : more };
}

function raw(length: number): Field {
  return { good: [["plain", Array<number>(length).fill(0x21)]], bad: [] };
}

const account = number(MAX_ACCOUNT);
const nonce = number(MAX_NONCE);
const amount = number(MAX_U64);
const time = number(MAX_TIME - START);
const owner = [nonce, time, raw(64)];
const canceller = [byte(MAX_KEYS), time, raw(64)];
const fraction = number(FRACTION, 1n);
const keyIndex = byte(MAX_KEYS, 1);
const scope = byte(SCOPE_ALL, 1);
const market: Field = {
  good: [
    ["plain", [1]],
    ["the last", [255]],
  ],
  bad: [],
};

/** Flags, and what they bring with them. */
function flags(isMaker: boolean): Field {
  const epoch = v(0xffffffffn);
  const put: readonly [string, number[]] = ["a put", [0x40]];
  const sell: readonly [string, number[]] = ["a sale", [0x01]];
  const immediate: readonly [string, number[]] = ["immediate or cancel", [0x04]];
  return {
    good: [
      ["plain", [0]],
      ["all but those of the maker", [0x3e]],
      ["the first key", [0x80, 1, 0]],
      ["the last key and epoch", [0x80, MAX_KEYS, ...epoch]],
      ...(isMaker ? [put, sell, immediate] : []),
    ],
    bad: [
      ["no key", [0x80, 0, 0]],
      ["a key beyond the last", [0x80, MAX_KEYS + 1, 0]],
      ["an epoch beyond the last", [0x80, 1, ...v(0x100000000n)]],
      ...(isMaker ? [] : [put, sell, immediate]),
    ],
  };
}

function deadline(): Field {
  const inMinutes = (minutes: bigint): number[] => v(2n * minutes + 1n);
  const inSeconds = (seconds: bigint): number[] => v(2n * seconds);
  const last = MAX_TIME / MINUTE - START / MINUTE;
  return {
    good: [
      ["plain", inMinutes(5n)],
      ["now", inMinutes(0n)],
      ["a second", inSeconds(1n)],
      ["a second less than a minute", inSeconds(59n)],
      ["a second more", inSeconds(61n)],
      ["the last minute", inMinutes(last)],
      ["the last second", inSeconds(MAX_TIME - START)],
    ],
    bad: [
      ["a minute in seconds", inSeconds(60n)],
      ["now in seconds", inSeconds(0n)],
      ["a minute too late", inMinutes(last + 1n)],
      ["a second too late", inSeconds(MAX_TIME - START + 1n)],
      ["as late as fits", inMinutes(MAX_TIME)],
    ],
  };
}

/** In units of the market: the most of them are malformed as well, since they are more than the machine has in 1e-4 USD or 1e-6 contract. */
const units = (most: bigint, plain = 3n): Field => {
  const { good, bad } = number(most, 0n, plain);
  return { good: good.slice(0, 2), bad };
};
const price = units(MAX_PRICE);
const tail = [units(MAX_LOTS), price, deadline(), raw(64)];
const day = number(BigInt(0xffff - START_DAY));
const maker = [account, nonce, flags(true), market, day, price, price, ...tail];
const reference = [account, nonce];
const takerTail = [price, units(MAX_LOTS, 5n), ...tail.slice(1)];
const taker = [account, nonce, flags(false), ...takerTail];
const immediateTaker = [account, nonce, ...takerTail];
/** The quantity of a fill: not the whole of the taker's order, which says so by its type. */
const lots: Field = { ...units(MAX_LOTS), bad: [...units(MAX_LOTS).bad, ["all of the taker's", v(5n)]] };

const TRANSACTIONS: readonly (readonly [name: string, type: number, fields: readonly Field[]])[] = [
  ["withdrawal", TX_WITHDRAW, [account, amount, byte(MAX_KEYS), ...owner]],
  ["transfer", TX_TRANSFER, [account, account, amount, ...owner]],
  ["key", TX_SET_KEY, [account, keyIndex, raw(20), scope, number(MAX_TIME), amount, ...owner]],
  ["revocation", TX_REVOKE_KEY, [account, keyIndex, ...owner]],
  ["cancellation", TX_CANCEL, [account, nonce, ...canceller]],
  ["cancellation of all", TX_CANCEL_ALL, [account, nonce, ...canceller]],
  ["collection of fees", TX_COLLECT_FEES, []],
  ["mode", TX_SET_MODE, [account, byte(MODE_STANDARD), ...owner]],
  ["start of an auction", TX_START_AUCTION, [account]],
  ["end of an auction", TX_END_AUCTION, [account]],
  ["bid", TX_BID, [account, account, fraction, amount, ...owner]],
  ["bid of the fund", TX_FUND_BID, [account, byte(FUND_ACCOUNTS - 1), fraction]],
  ["collection for the fund", TX_COLLECT_FUND, [byte(FUND_ACCOUNTS - 1)]],
  ["fill", TX_FILL, [...maker, ...taker, lots]],
  ["fill of a stored maker", TX_FILL + 1, [...reference, ...taker, lots]],
  ["fill of a stored taker", TX_FILL + 2, [...maker, ...reference, units(MAX_LOTS)]],
  ["fill of two stored", TX_FILL + 3, [...reference, ...reference, number(MAX_LOTS)]],
  ["fill of a whole taker", TX_FILL + 4, [...maker, ...taker]],
  ["fill of a whole taker by a stored maker", TX_FILL + 5, [...reference, ...taker]],
  ["immediate fill", TX_FILL + 8, [...maker, ...immediateTaker, lots]],
  ["immediate fill by a stored maker", TX_FILL + 9, [...reference, ...immediateTaker, lots]],
  ["immediate fill of a whole taker", TX_FILL + 12, [...maker, ...immediateTaker]],
  ["immediate fill of a whole taker by a stored maker", TX_FILL + 13, [...reference, ...immediateTaker]],
];

/** Items of a batch. */
export function itemEdges(chainId: bigint): WireEdges {
  const samples: Sample[] = TRANSACTIONS.flatMap(([name, type, fields]) => samplesOf(name, type, fields));
  for (const form of [6, 7, 10, 11, 14, 15]) {
    const bytes = concat(Uint8Array.of(TX_FILL + form), plainOf([...reference, ...reference]));
    samples.push({ name: `a fill of form ${form}`, bytes, isWellFormed: false });
  }
  const settle = (name: string, length: number, isWellFormed: boolean): Sample => {
    return { name: `settlement of ${name}`, bytes: Uint8Array.of(TX_SETTLE, ...new Uint8Array(length)), isWellFormed };
  };
  samples.push(
    settle("nobody", 3, false),
    settle("one account", 7, true),
    settle("an account and a half", 9, false),
    settle("more than may be", 3 + 4 * (MAX_SETTLE + 1), false),
    { name: "the last form of a fill and one more", bytes: Uint8Array.of(0x1e), isWellFormed: false },
    { name: "no type", bytes: Uint8Array.of(0), isWellFormed: false },
    { name: "the type before reports", bytes: Uint8Array.of(0x1f), isWellFormed: false },
    { name: "the type behind reports", bytes: Uint8Array.of(0x21), isWellFormed: false },
    { name: "the largest item", bytes: new Uint8Array(MAX_ITEM).fill(0xff), isWellFormed: false },
    { name: "the largest short item", bytes: new Uint8Array(239).fill(0xff), isWellFormed: false },
    { name: "the smallest long item", bytes: new Uint8Array(240).fill(0xff), isWellFormed: false },
  );
  const log = new InputLog();
  // Room for an item each, behind which nothing is an item.
  const padding = new Uint8Array(64 * samples.length);
  const payload = concat(...samples.map(({ bytes }) => encodeItem(bytes)), padding);
  log.appendBatch(batchOf(payload, { messagesRead: 0n, l1Time: START, l2Time: START }));
  return { ...runEdge(chainId, preparedRoot(), log), samples };
}

/** The same from L1, where nothing is signed but the orders, and times count from 1970. */
export function forcedEdges(chainId: bigint): WireEdges {
  const unsigned = TRANSACTIONS.filter(([, type]) => type < TX_FILL).map(
    ([name, type, fields]) =>
      [name, type, [owner, canceller].reduce((rest, auth) => withoutEnd(rest, auth), fields)] as const,
  );
  const samples = unsigned.flatMap(([name, type, fields]) => samplesOf(name, type, fields));
  for (const [name, type, fields] of TRANSACTIONS) {
    if (type < TX_FILL) continue;
    const bytes = concat(Uint8Array.of(type), plainOf(fields));
    // Stored orders are the sequencer's to name.
    samples.push({ name, bytes, isWellFormed: ((type - TX_FILL) & 3) === 0 });
  }
  const log = new InputLog();
  for (const { bytes } of samples) {
    const sent = { l1Block: 1n, l1Time: START, sender: signerAddress(3) };
    log.appendMessage({ ...sent, kind: MESSAGE_FORCED, payload: bytes });
  }
  const read = { messagesRead: log.messageCount, l1Time: START, l2Time: START };
  log.appendBatch(batchOf(new Uint8Array(0), read, 0));
  return { ...runEdge(chainId, preparedRoot(), log), samples };
}

/** One with all plain, each field otherwise, a byte too few and one too many. */
function samplesOf(name: string, type: number, fields: readonly Field[]): readonly Sample[] {
  const at = (i: number, value: readonly number[]): Uint8Array =>
    Uint8Array.of(type, ...fields.flatMap(({ good }, j) => (j === i ? value : good[0]![1])));
  const plain = at(-1, []);
  const samples: Sample[] = [
    { name: `${name}, plain`, bytes: plain, isWellFormed: true },
    { name: `${name}, a byte too many`, bytes: concat(plain, Uint8Array.of(0)), isWellFormed: false },
  ];
  if (fields.length > 0)
    samples.push({ name: `${name}, a byte too few`, bytes: plain.slice(0, -1), isWellFormed: false });
  for (const [i, { good, bad }] of fields.entries()) {
    for (const [what, value] of good.slice(1))
      samples.push({ name: `${name}, field ${i}: ${what}`, bytes: at(i, value), isWellFormed: true });
    for (const [what, value] of bad)
      samples.push({ name: `${name}, field ${i}: ${what}`, bytes: at(i, value), isWellFormed: false });
  }
  return samples;
}

function plainOf(fields: readonly Field[]): Uint8Array {
  return Uint8Array.from(fields.flatMap(({ good }) => good[0]![1]));
}

/** The fields without those of a signature at their end. */
function withoutEnd(fields: readonly Field[], end: readonly Field[]): readonly Field[] {
  const start = fields.length - end.length;
  return start >= 0 && end.every((field, i) => fields[start + i] === field) ? fields.slice(0, start) : fields;
}
