import { DAY, WIRE_FEE, WIRE_QUANTITY } from "./Constants.ts";
import { encodeReport } from "./OracleReports.ts";
import { encodeVarint } from "./Varint.ts";
import {
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
  type OrderReference,
  type OwnerAuth,
  type Transaction,
  type WireMakerOrder,
  type WireOrder,
} from "./Wire.ts";

/** The writing half of the wire format, docs/specification.md, section 3; the machine itself only reads. */

/**
 * The bytes of a transaction: the inverse of `decodeTransaction`. Values must be representable: quantities in
 * multiples of 1e-3 contract, maximum fees in cents, times not before `timeBase`, to which they are relative.
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
  const order = (value: WireOrder | WireMakerOrder | OrderReference): void => {
    varint(value.account);
    varint(value.nonce);
    if (value.stored) return;
    const put = "put" in value && value.put;
    out.push(value.flags | (put ? WIRE_PUT : 0) | (value.keyIndex === 0 ? 0 : WIRE_KEYED));
    if (value.keyIndex !== 0) {
      out.push(value.keyIndex);
      varint(value.keyEpoch);
    }
    if ("market" in value) {
      out.push(value.market);
      varint(BigInt(value.day) - timeBase / DAY);
      varint(value.strikeSteps);
    }
    varint(value.quantity / WIRE_QUANTITY);
    varint(value.limitTicks);
    varint(value.maxFee / WIRE_FEE);
    varint(value.deadline - timeBase);
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
    case TX_FILL:
      out.push(TX_FILL | (tx.maker.stored ? 1 : 0) | (tx.taker.stored ? 2 : 0));
      order(tx.maker);
      order(tx.taker);
      varint(tx.quantity / WIRE_QUANTITY);
  }
}

/** The length prefix of an item, docs/specification.md, section 3. */
export function encodeItem(item: Uint8Array): Uint8Array {
  const prefix = encodeVarint(BigInt(item.length));
  const bytes = new Uint8Array(prefix.length + item.length);
  bytes.set(prefix);
  bytes.set(item, prefix.length);
  return bytes;
}
