import { readFileSync } from "node:fs";
import { equalBytes, fromHex, readU32, readU64, readU8, toHex, type Hex } from "../../src/crypto/bytes.ts";
import type { LoggedMessage } from "../../src/derive/MessageLog.ts";
import { MESSAGE_LIST_MARKET } from "../../src/machine/Inputs.ts";
import { recover } from "../../src/machine/Signatures.ts";
import { orderDigest, type OrderTerms } from "../../src/machine/TypedData.ts";
import { TX_FILL, type Fill } from "../../src/machine/Wire.ts";
import {
  rangeRefusal,
  toWireMaker,
  toWireTaker,
  wireRefusal,
  type MarketGrid,
  type SignedOrder,
} from "../../src/sequencer/SignedOrder.ts";
import { usage } from "../cli/CliError.ts";

/** Two signed orders and how much of them is filled. */
export interface FillFile {
  readonly maker: SignedOrder;
  readonly taker: SignedOrder;
  /** 1e-6 contract. */
  readonly quantity: bigint;
}

const NUMBERS = ["account", "market", "expiryDay"] as const satisfies readonly (keyof OrderTerms)[];
const BIGINTS = [
  "strike",
  "quantity",
  "limitPrice",
  "maxFee",
  "nonce",
  "deadline",
] as const satisfies readonly (keyof OrderTerms)[];
const FLAGS = ["isPut", "isSell", "fillOrKill", "immediateOrCancel", "postOnly", "reduceOnly", "forcible"] as const;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads `{ "maker": order, "taker": order, "quantity": "1000000" }`. An order has the fields of the signed EIP-712 type `Order` in its units,
 * with whole numbers as JSON numbers or decimal strings, flags that may be left out if they are false, and `signature`.
 */
export function readFillFile(file: string): FillFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw usage("there is no such file, or it is not JSON", { file, reason: (cause as { code?: unknown }).code });
  }
  const { maker, taker, quantity } = fieldsOf(parsed, "the file");
  return {
    maker: orderOf(maker, "maker"),
    taker: orderOf(taker, "taker"),
    quantity: wholeOf(quantity, "quantity"),
  };
}

/** The fill as a forced transaction. `settlement` is who lists markets, `messages` what the inbox has. */
export function toFill(file: FillFile, settlement: Hex, messages: readonly LoggedMessage[], now: bigint): Fill {
  const { maker, taker, quantity } = file;
  const grid = gridOf(maker.terms.market, settlement, messages);
  for (const [side, order] of Object.entries({ maker, taker })) {
    const refusal = rangeRefusal(order) ?? wireRefusal(order, grid, now);
    if (refusal !== undefined) throw usage(`the ${side}'s order can't be filled`, { ...refusal });
    if (!order.terms.forcible) throw usage(`the ${side}'s order is not signed for a forced fill`, { side });
  }
  const [a, b] = [maker.terms, taker.terms];
  const isSame = a.market === b.market && a.expiryDay === b.expiryDay && a.strike === b.strike && a.isPut === b.isPut;
  if (!isSame || a.isSell === b.isSell) throw usage("the orders are not two sides of one series");
  return { type: TX_FILL, maker: toWireMaker(maker, grid), taker: toWireTaker(taker, grid), quantity };
}

/** Who has signed an order, in a given domain. */
export function signerOf(domain: Uint8Array, { terms, keyIndex, keyEpoch, signature }: SignedOrder): Hex | undefined {
  const signer = recover(orderDigest(domain, terms, keyIndex, keyEpoch), signature);
  return signer === undefined ? undefined : toHex(signer);
}

/** The grid of a market, as it was listed first; later messages about the same market are refused by the machine. */
function gridOf(market: number, settlement: Hex, messages: readonly LoggedMessage[]): MarketGrid {
  const by = fromHex(settlement, 20);
  for (const { message } of messages) {
    const { kind, sender, payload } = message;
    if (kind !== MESSAGE_LIST_MARKET || !equalBytes(sender, by) || payload.length !== 37) continue;
    if (readU8(payload, 0) !== market) continue;
    return {
      tick: BigInt(readU32(payload, 1)),
      steps: [readU64(payload, 13), readU64(payload, 21), readU64(payload, 29)],
    };
  }
  throw usage("the market of the orders is not listed", { market });
}

function orderOf(value: unknown, side: string): SignedOrder {
  const fields = fieldsOf(value, side);
  const known = new Set<string>([...NUMBERS, ...BIGINTS, ...FLAGS, "keyIndex", "keyEpoch", "signature"]);
  const unknown = Object.keys(fields).find((name) => !known.has(name));
  if (unknown !== undefined) throw usage("an order has a field that is none", { side, field: unknown });
  const numbers = NUMBERS.map((name) => [name, Number(wholeOf(fields[name], `${side}.${name}`))]);
  const bigints = BIGINTS.map((name) => [name, wholeOf(fields[name], `${side}.${name}`)]);
  const flags = FLAGS.map((name) => [name, flagOf(fields[name], `${side}.${name}`)]);
  const { signature, keyIndex = 0, keyEpoch = 0 } = fields;
  if (typeof signature !== "string" || !/^0x[0-9a-fA-F]{128}$/.test(signature)) {
    throw usage("a signature has 64 bytes", { side });
  }
  return {
    terms: Object.fromEntries([...numbers, ...bigints, ...flags]) as OrderTerms,
    keyIndex: Number(wholeOf(keyIndex, `${side}.keyIndex`)),
    keyEpoch: Number(wholeOf(keyEpoch, `${side}.keyEpoch`)),
    signature: fromHex(signature, 64),
  };
}

function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw usage("it is not an object", { what });
}

function wholeOf(value: unknown, field: string): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "string" && /^[0-9]{1,20}$/.test(value)) return BigInt(value);
  throw usage("it is not a whole number", { field });
}

function flagOf(value: unknown, field: string): boolean {
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw usage("it is neither true nor false", { field });
}
