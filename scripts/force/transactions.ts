import { isAddress } from "ethers";
import { fromHex, toHex, type Hex } from "../../src/crypto/bytes.ts";
import {
  DAY,
  MAX_AMOUNT,
  MAX_ITEM,
  MAX_KEYS,
  MAX_NONCE,
  MAX_SETTLE,
  MAX_TIME,
  MODE_COLLATERALISED,
  MODE_STANDARD,
} from "../../src/machine/Constants.ts";
import { SCOPE_CANCEL, SCOPE_PAYEE, SCOPE_TRADE } from "../../src/machine/Slots.ts";
import * as Wire from "../../src/machine/Wire.ts";
import { usage } from "../cli/CliError.ts";

/** Words of a command line as transactions, and transactions as words. */

const USDC_DIGITS = 6;
const SCOPES: Readonly<Record<string, number>> = { trade: SCOPE_TRADE, cancel: SCOPE_CANCEL, payee: SCOPE_PAYEE };
const MODES: Readonly<Record<string, number>> = { collateralised: MODE_COLLATERALISED, standard: MODE_STANDARD };

/** A number of an account. */
export function account(text: string): number {
  return Number(integer("account", text, 0xffffffffn));
}

/** An amount of USDC with up to six decimals, in 1e-6. */
export function usdc(text: string): bigint {
  const [, whole, fraction = ""] = /^([0-9]+)(?:\.([0-9]{1,6}))?$/.exec(text) ?? [];
  if (whole === undefined) throw usage("an amount is a number of USDC with at most six decimals", { amount: text });
  return integer("amount", whole + fraction.padEnd(USDC_DIGITS, "0"), MAX_AMOUNT);
}

/** The number of a session key or payee. */
export function keyIndex(text: string, least: 0 | 1 = 1): number {
  const index = Number(integer("key index", text, BigInt(MAX_KEYS)));
  if (index < least) throw usage("keys are numbered from 1 to 4", { index });
  return index;
}

/** The nonce of an order, or a floor of nonces. */
export function nonce(text: string): bigint {
  return integer("nonce", text, MAX_NONCE);
}

/** The number of a market. */
export function market(text: string): number {
  return Number(integer("market", text, 0xffn));
}

/** An expiry day: `2026-03-27`, or days since 1970. */
export function day(text: string): number {
  if (/^[0-9]+$/.test(text)) return Number(integer("day", text, 0xffffn));
  const days = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) / 1000 / Number(DAY) : NaN;
  // A day that a month does not have would be one of the next month.
  if (Number.isNaN(days) || dayOf(days) !== text) {
    throw usage("a day is YYYY-MM-DD, or a number of days since 1970", { day: text });
  }
  return Number(integer("day", String(days), 0xffffn));
}

/** A time: ISO 8601, or seconds since 1970. */
export function time(text: string): bigint {
  const milliseconds = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : NaN;
  const seconds = /^[0-9]+$/.test(text) ? text : String(Math.floor(milliseconds / 1000));
  return integer("time", seconds, MAX_TIME);
}

/** An address, checked against its capitals if it has some. */
export function address(text: string): Hex {
  if (!isAddress(text)) throw usage("it is not an address", { address: text });
  return text as Hex;
}

/** What a key may do: `trade`, `cancel`, `payee`, with commas between. */
export function scope(text: string): number {
  return text.split(",").reduce((bits, word) => {
    const bit = SCOPES[word];
    if (bit === undefined) throw usage(`a scope is one or more of ${Object.keys(SCOPES).join(", ")}`, { scope: text });
    return bits | bit;
  }, 0);
}

/** A margin mode. */
export function mode(text: string): number {
  const number = MODES[text];
  if (number === undefined) throw usage(`a mode is one of ${Object.keys(MODES).join(", ")}`, { mode: text });
  return number;
}

/** The accounts of a Settle. */
export function accounts(texts: readonly string[]): number[] {
  if (texts.length > MAX_SETTLE) throw usage("too many accounts for one transaction", { most: MAX_SETTLE });
  return texts.map(account);
}

/** A forced transaction as it stands in the inbox. */
export function raw(text: string): { bytes: Uint8Array; transaction: Wire.Transaction } {
  if (!/^0x([0-9a-fA-F]{2})+$/.test(text)) throw usage("it is not a string of bytes in hexadecimal digits");
  const bytes = fromHex(text);
  if (bytes.length > MAX_ITEM)
    throw usage("it is longer than a message may be", { length: bytes.length, most: MAX_ITEM });
  const transaction = Wire.decodeTransaction(bytes, 0n, true);
  if (transaction === undefined) {
    throw usage("it is not a forced transaction: the machine would pass it over as Malformed", {
      length: bytes.length,
    });
  }
  return { bytes, transaction };
}

function integer(name: string, text: string, most: bigint): bigint {
  if (!/^[0-9]{1,30}$/.test(text)) throw usage(`the ${name} is not what it should be`, { [name]: text });
  const value = BigInt(text);
  if (value > most) throw usage(`the ${name} is too large`, { [name]: text, most });
  return value;
}

/** What a forced transaction does, in one sentence. */
export function describe(tx: Wire.Transaction): string {
  switch (tx.type) {
    case Wire.TX_WITHDRAW:
      return `withdraw ${money(tx.amount)} from account ${tx.account} to its ${tx.payee === 0 ? "owner" : `payee ${tx.payee}`}`;
    case Wire.TX_TRANSFER:
      return `transfer ${money(tx.amount)} from account ${tx.from} to account ${tx.to}`;
    case Wire.TX_SET_KEY: {
      const may = Object.keys(SCOPES).filter((name) => (tx.scope & SCOPES[name]!) !== 0);
      const until = new Date(Number(tx.expiry) * 1000);
      const end = Number.isNaN(until.getTime()) ? `second ${tx.expiry}` : until.toISOString();
      return (
        `let ${toHex(tx.address)} (key ${tx.index} of account ${tx.account}) ${may.join(", ")} until ${end}, ` +
        `with a budget of ${money(tx.budget)}`
      );
    }
    case Wire.TX_REVOKE_KEY:
      return `revoke key ${tx.index} of account ${tx.account}`;
    case Wire.TX_CANCEL:
      return `cancel the order of account ${tx.account} with nonce ${tx.nonce}`;
    case Wire.TX_CANCEL_ALL:
      return `cancel all orders of account ${tx.account} with nonces below ${tx.floor}`;
    case Wire.TX_COLLECT_FEES:
      return "credit the collected fees to account 0";
    case Wire.TX_SETTLE:
      return `settle market ${tx.market}, expiry ${dayOf(tx.day)}, for account${tx.accounts.length > 1 ? "s" : ""} ${tx.accounts.join(", ")}`;
    case Wire.TX_SET_MODE:
      return `put account ${tx.account} on ${tx.mode === MODE_STANDARD ? "standard" : "collateralised"} margin`;
    case Wire.TX_START_AUCTION:
      return `start an auction of account ${tx.account}`;
    case Wire.TX_END_AUCTION:
      return `end the auction of account ${tx.account}`;
    case Wire.TX_BID:
      return `bid for account ${tx.account} as account ${tx.bidder}`;
    case Wire.TX_FUND_BID:
      return `have the fund bid for account ${tx.account}`;
    case Wire.TX_COLLECT_FUND:
      return `collect what account ${tx.fund} of the fund has left over`;
    case Wire.TX_ORACLE_REPORT:
      return `bring an oracle report of market ${tx.market}`;
    case Wire.TX_FILL: {
      const [maker, taker] = [tx.maker, tx.taker];
      const sells = !maker.stored && (maker.flags & Wire.FLAG_SELL) !== 0;
      return `fill ${tx.lots} ${tx.lots === 1n ? "lot" : "lots"}, account ${maker.account} ${sells ? "selling" : "buying"} and account ${taker.account} on the other side`;
    }
  }
}

function money(amount: bigint): string {
  const digits = String(amount).padStart(USDC_DIGITS + 1, "0");
  const fraction = digits.slice(-USDC_DIGITS).replace(/0+$/, "");
  return `${digits.slice(0, -USDC_DIGITS)}${fraction === "" ? "" : `.${fraction}`} USDC`;
}

function dayOf(number: number): string {
  return new Date(number * Number(DAY) * 1000).toISOString().slice(0, 10);
}
