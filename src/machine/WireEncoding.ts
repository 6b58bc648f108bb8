import { DAY, MINUTE } from "./Constants.ts";
import { LONG_ITEM } from "./Framing.ts";
import { encodeReport } from "./OracleReports.ts";
import { encodeVarint } from "./Varint.ts";
import {
  FLAG_IMMEDIATE_OR_CANCEL,
  FORM_MAKER_STORED,
  FORM_TAKER_IMMEDIATE,
  FORM_TAKER_STORED,
  FORM_TAKER_WHOLE,
  TX_BID,
  TX_CANCEL,
  TX_CANCEL_ALL,
  TX_COLLECT_FEES,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FILL,
  TX_FUND_BID,
  TX_ORACLE_REPORT,
  TX_REVOKE_KEY,
  TX_SET_KEY,
  TX_SET_MODE,
  TX_SETTLE,
  TX_START_AUCTION,
  TX_TRANSFER,
  TX_WITHDRAW,
  WIRE_KEYED,
  WIRE_PUT,
  type CancelAuth,
  type Fill,
  type OrderReference,
  type OwnerAuth,
  type Transaction,
  type WireMakerOrder,
  type WireOrder,
  type WireTakerOrder,
} from "./Wire.ts";

/** The writing half of the wire format, docs/specification.md, section 3; the machine itself only reads. */

/**
 * The bytes of a transaction: the inverse of `decodeTransaction`. Values must be in range, and times not before `timeBase`, to
 * which they are relative.
 *
 * @throws VarintError if one is not.
 */
export function encodeTransaction(transaction: Transaction, timeBase: bigint): Uint8Array {
  const out: number[] = [];
  writeTransaction(out, transaction, timeBase);
  return Uint8Array.from(out);
}

function writeTransaction(out: number[], tx: Transaction, timeBase: bigint): void {
  const varint = (value: bigint | number): number => out.push(...encodeVarint(BigInt(value)));
  const ownerAuth = (auth: OwnerAuth | undefined): void => {
    if (auth === undefined) return;
    varint(auth.nonce);
    varint(auth.deadline - timeBase);
    out.push(...auth.signature);
  };
  const cancelAuth = (auth: CancelAuth | undefined): void => {
    if (auth === undefined) return;
    out.push(auth.keyIndex);
    varint(auth.deadline - timeBase);
    out.push(...auth.signature);
  };
  const order = (value: WireMakerOrder | WireTakerOrder | OrderReference): void => {
    varint(value.account);
    varint(value.nonce);
    if (value.stored) return;
    const isMaker = "market" in value;
    const put = isMaker && value.put;
    const wireFlags = value.flags | (put ? WIRE_PUT : 0) | (value.keyIndex === 0 ? 0 : WIRE_KEYED);
    if (isMaker || !isImmediate(value)) out.push(wireFlags);
    if (value.keyIndex !== 0) {
      out.push(value.keyIndex);
      varint(value.keyEpoch);
    }
    if (isMaker) {
      out.push(value.market);
      varint(BigInt(value.day) - timeBase / DAY);
      varint(value.strikeSteps);
      varint(value.limitTicks);
    } else {
      varint(value.slippageTicks);
    }
    varint(value.lots);
    varint(value.feeTicks);
    varint(encodeOrderDeadline(value.deadline, timeBase));
    out.push(...value.signature);
  };
  switch (tx.type) {
    case TX_WITHDRAW:
      out.push(tx.type);
      varint(tx.account);
      varint(tx.amount);
      out.push(tx.payee);
      ownerAuth(tx.auth);
      return;
    case TX_TRANSFER:
      out.push(tx.type);
      varint(tx.from);
      varint(tx.to);
      varint(tx.amount);
      ownerAuth(tx.auth);
      return;
    case TX_SET_KEY:
      out.push(tx.type);
      varint(tx.account);
      out.push(tx.index, ...tx.address, tx.scope);
      varint(tx.expiry);
      varint(tx.budget);
      ownerAuth(tx.auth);
      return;
    case TX_REVOKE_KEY:
      out.push(tx.type);
      varint(tx.account);
      out.push(tx.index);
      ownerAuth(tx.auth);
      return;
    case TX_CANCEL:
      out.push(tx.type);
      varint(tx.account);
      varint(tx.nonce);
      cancelAuth(tx.auth);
      return;
    case TX_CANCEL_ALL:
      out.push(tx.type);
      varint(tx.account);
      varint(tx.floor);
      cancelAuth(tx.auth);
      return;
    case TX_COLLECT_FEES:
      out.push(tx.type);
      return;
    case TX_SETTLE:
      out.push(tx.type, tx.market, tx.day >>> 8, tx.day & 0xff);
      for (const account of tx.accounts)
        out.push(account >>> 24, (account >>> 16) & 255, (account >>> 8) & 255, account & 255);
      return;
    case TX_SET_MODE:
      out.push(tx.type);
      varint(tx.account);
      out.push(tx.mode);
      ownerAuth(tx.auth);
      return;
    case TX_START_AUCTION:
    case TX_END_AUCTION:
      out.push(tx.type);
      varint(tx.account);
      return;
    case TX_BID:
      out.push(tx.type);
      varint(tx.account);
      varint(tx.bidder);
      varint(tx.fraction);
      varint(tx.limit);
      ownerAuth(tx.auth);
      return;
    case TX_FUND_BID:
      out.push(tx.type);
      varint(tx.account);
      out.push(tx.fund);
      varint(tx.fraction);
      return;
    case TX_COLLECT_FUND:
      out.push(tx.type, tx.fund);
      return;
    case TX_ORACLE_REPORT:
      out.push(tx.type, ...encodeReport(tx));
      return;
    case TX_FILL: {
      const form = formOf(tx);
      out.push(TX_FILL | form);
      order(tx.maker);
      order(tx.taker);
      if ((form & FORM_TAKER_WHOLE) === 0) varint(tx.lots);
    }
  }
}

/** The bits of a fill's type, FORM_ of Wire. */
export function formOf({ maker, taker, lots }: Fill): number {
  const form = maker.stored ? FORM_MAKER_STORED : 0;
  if (taker.stored) return form | FORM_TAKER_STORED;
  return form | (taker.lots === lots ? FORM_TAKER_WHOLE : 0) | (isImmediate(taker) ? FORM_TAKER_IMMEDIATE : 0);
}

/** Whether a taker's flags are said by the type. */
function isImmediate({ flags, keyIndex }: WireOrder): boolean {
  return flags === FLAG_IMMEDIATE_OR_CANCEL && keyIndex === 0;
}

/** The varint of an order's deadline: odd in minutes, even in seconds. */
export function encodeOrderDeadline(deadline: bigint, timeBase: bigint): bigint {
  const inMinutes = deadline % MINUTE === 0n;
  return inMinutes ? 2n * (deadline / MINUTE - timeBase / MINUTE) + 1n : 2n * (deadline - timeBase);
}

/** An item with the length in front of it, docs/specification.md, section 3. It has 1 to `MAX_ITEM` bytes. */
export function encodeItem(item: Uint8Array): Uint8Array {
  const rest = item.length - LONG_ITEM;
  const prefix = rest < 0 ? [item.length] : [LONG_ITEM + (rest >>> 8), rest & 0xff];
  const bytes = new Uint8Array(prefix.length + item.length);
  bytes.set(prefix);
  bytes.set(item, prefix.length);
  return bytes;
}
