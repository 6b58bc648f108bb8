import { writeU256 } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";

/** EIP-712 digests of everything that users sign: docs/specification.md, section 3. */

const text = new TextEncoder();

/** Hash of an EIP-712 type. */
export function typeHash(type: string): Uint8Array {
  return keccak256(text.encode(type));
}

const ORDER_TYPE =
  "Order(uint32 account,uint8 market,uint16 expiryDay,uint64 strike,bool isPut,bool isSell,uint64 quantity,uint64 limitPrice,uint64 maxFee,uint64 nonce,uint64 deadline,bool fillOrKill,bool immediateOrCancel,bool postOnly,bool reduceOnly,bool forcible,uint8 keyIndex,uint32 keyEpoch)";
const WITHDRAW_TYPE = "Withdraw(uint32 account,uint64 amount,address recipient,uint64 nonce,uint64 deadline)";
const TRANSFER_TYPE = "Transfer(uint32 from,uint32 to,uint64 amount,uint64 nonce,uint64 deadline)";
const SET_KEY_TYPE =
  "SetKey(uint32 account,uint8 index,address key,uint8 scope,uint64 expiry,uint64 budget,uint64 nonce,uint64 deadline)";
const REVOKE_KEY_TYPE = "RevokeKey(uint32 account,uint8 index,uint64 nonce,uint64 deadline)";
const CANCEL_TYPE = "Cancel(uint32 account,uint64 nonce,uint64 deadline)";
const CANCEL_ALL_TYPE = "CancelAll(uint32 account,uint64 floor,uint64 deadline)";

const SET_MODE_TYPE = "SetMode(uint32 account,uint8 mode,uint64 nonce,uint64 deadline)";
const BID_TYPE = "Bid(uint32 account,uint32 bidder,uint32 fraction,uint64 limit,uint64 nonce,uint64 deadline)";
const ORACLE_REPORT_TYPE = "OracleReport(uint8 market,uint64 time,uint64 spot,bytes curves)";

const DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";

const ORDER_TYPE_HASH = typeHash(ORDER_TYPE);
const WITHDRAW_TYPE_HASH = typeHash(WITHDRAW_TYPE);
const TRANSFER_TYPE_HASH = typeHash(TRANSFER_TYPE);
const SET_KEY_TYPE_HASH = typeHash(SET_KEY_TYPE);
const REVOKE_KEY_TYPE_HASH = typeHash(REVOKE_KEY_TYPE);
const CANCEL_TYPE_HASH = typeHash(CANCEL_TYPE);
const CANCEL_ALL_TYPE_HASH = typeHash(CANCEL_ALL_TYPE);
const SET_MODE_TYPE_HASH = typeHash(SET_MODE_TYPE);
const BID_TYPE_HASH = typeHash(BID_TYPE);
const ORACLE_REPORT_TYPE_HASH = typeHash(ORACLE_REPORT_TYPE);

/** The terms of an order that its owner signs. Units: docs/specification.md, section 1. */
export interface OrderTerms {
  readonly account: number;
  readonly market: number;
  readonly expiryDay: number;
  readonly strike: bigint;
  readonly isPut: boolean;
  readonly isSell: boolean;
  readonly quantity: bigint;
  readonly limitPrice: bigint;
  readonly maxFee: bigint;
  readonly nonce: bigint;
  readonly deadline: bigint;
  readonly fillOrKill: boolean;
  readonly immediateOrCancel: boolean;
  readonly postOnly: boolean;
  readonly reduceOnly: boolean;
  readonly forcible: boolean;
}

/** A value of at most 32 bytes: a number, a truth value, an address or a hash. */
export type Word = bigint | number | boolean | Uint8Array;

/** The domain separator of one deployment: name "Tenor", version "1". */
export function domainSeparator(chainId: bigint, verifyingContract: Uint8Array): Uint8Array {
  return hashWords([
    typeHash(DOMAIN_TYPE),
    keccak256(text.encode("Tenor")),
    keccak256(text.encode("1")),
    chainId,
    verifyingContract,
  ]);
}

/**
 * Digest of an order. The key is part of what is signed, so that whoever fills cannot choose another one, or a later epoch.
 *
 * @param keyIndex 0 for the owner.
 * @param keyEpoch 0 for the owner.
 */
export function orderDigest(domain: Uint8Array, order: OrderTerms, keyIndex: number, keyEpoch: number): Uint8Array {
  return structDigest(domain, [
    ORDER_TYPE_HASH,
    order.account,
    order.market,
    order.expiryDay,
    order.strike,
    order.isPut,
    order.isSell,
    order.quantity,
    order.limitPrice,
    order.maxFee,
    order.nonce,
    order.deadline,
    order.fillOrKill,
    order.immediateOrCancel,
    order.postOnly,
    order.reduceOnly,
    order.forcible,
    keyIndex,
    keyEpoch,
  ]);
}

/** Digest of a withdrawal of `amount` to `recipient`. */
export function withdrawDigest(
  domain: Uint8Array,
  account: number,
  amount: bigint,
  recipient: Uint8Array,
  nonce: bigint,
  deadline: bigint,
): Uint8Array {
  return structDigest(domain, [WITHDRAW_TYPE_HASH, account, amount, recipient, nonce, deadline]);
}

/** Digest of a transfer. */
export function transferDigest(
  domain: Uint8Array,
  from: number,
  to: number,
  amount: bigint,
  nonce: bigint,
  deadline: bigint,
): Uint8Array {
  return structDigest(domain, [TRANSFER_TYPE_HASH, from, to, amount, nonce, deadline]);
}

/** Digest of a new session key or payee. */
export function setKeyDigest(
  domain: Uint8Array,
  account: number,
  index: number,
  address: Uint8Array,
  scope: number,
  expiry: bigint,
  budget: bigint,
  nonce: bigint,
  deadline: bigint,
): Uint8Array {
  return structDigest(domain, [SET_KEY_TYPE_HASH, account, index, address, scope, expiry, budget, nonce, deadline]);
}

/** Digest of a revocation. */
export function revokeKeyDigest(
  domain: Uint8Array,
  account: number,
  index: number,
  nonce: bigint,
  deadline: bigint,
): Uint8Array {
  return structDigest(domain, [REVOKE_KEY_TYPE_HASH, account, index, nonce, deadline]);
}

/** Digest of the cancellation of order `nonce`. */
export function cancelDigest(domain: Uint8Array, account: number, nonce: bigint, deadline: bigint): Uint8Array {
  return structDigest(domain, [CANCEL_TYPE_HASH, account, nonce, deadline]);
}

/** Digest of the cancellation of all orders below `floor`. */
export function cancelAllDigest(domain: Uint8Array, account: number, floor: bigint, deadline: bigint): Uint8Array {
  return structDigest(domain, [CANCEL_ALL_TYPE_HASH, account, floor, deadline]);
}

/** Digest of a change of an account's margin mode. */
export function setModeDigest(
  domain: Uint8Array,
  account: number,
  mode: number,
  nonce: bigint,
  deadline: bigint,
): Uint8Array {
  return structDigest(domain, [SET_MODE_TYPE_HASH, account, mode, nonce, deadline]);
}

/** Digest of a bid of `bidder` for `fraction` (1e-9) of `account`, at most `limit` (1e-6 USDC) for the whole of it. */
export function bidDigest(
  domain: Uint8Array,
  account: number,
  bidder: number,
  fraction: bigint,
  limit: bigint,
  nonce: bigint,
  deadline: bigint,
): Uint8Array {
  return structDigest(domain, [BID_TYPE_HASH, account, bidder, fraction, limit, nonce, deadline]);
}

/** Digest of an oracle report; `curvesHash` is keccak256 of the packed curves. */
export function oracleReportDigest(
  domain: Uint8Array,
  market: number,
  time: bigint,
  spot: bigint,
  curvesHash: Uint8Array,
): Uint8Array {
  return structDigest(domain, [ORACLE_REPORT_TYPE_HASH, market, time, spot, curvesHash]);
}

/** Digest of a structure: the hash of its type, then its fields. */
export function structDigest(domain: Uint8Array, words: readonly Word[]): Uint8Array {
  const bytes = new Uint8Array(66);
  bytes[0] = 0x19;
  bytes[1] = 0x01;
  bytes.set(domain, 2);
  bytes.set(hashWords(words), 34);
  return keccak256(bytes);
}

/** keccak256 of the words as `abi.encode` lays them out: numbers right-aligned, addresses padded on the left. */
function hashWords(words: readonly Word[]): Uint8Array {
  const bytes = new Uint8Array(32 * words.length);
  words.forEach((word, i) => {
    const end = 32 * (i + 1);
    if (word instanceof Uint8Array) bytes.set(word, end - word.length);
    else if (typeof word === "bigint") writeU256(bytes, end - 32, word);
    else if (typeof word === "boolean") bytes[end - 1] = word ? 1 : 0;
    else {
      bytes[end - 1] = word;
      bytes[end - 2] = word >>> 8;
      bytes[end - 3] = word >>> 16;
      bytes[end - 4] = word >>> 24;
    }
  });
  return keccak256(bytes);
}
