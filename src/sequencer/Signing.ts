import { sign } from "../crypto/secp256k1.ts";
import {
  bidDigest,
  cancelAllDigest,
  cancelDigest,
  orderDigest,
  revokeKeyDigest,
  setKeyDigest,
  setModeDigest,
  transferDigest,
  withdrawDigest,
  type OrderTerms,
} from "../machine/TypedData.ts";
import {
  TX_BID,
  TX_CANCEL,
  TX_CANCEL_ALL,
  TX_REVOKE_KEY,
  TX_SET_KEY,
  TX_SET_MODE,
  TX_TRANSFER,
  TX_WITHDRAW,
  type Bid,
  type Cancel,
  type CancelAll,
  type RevokeKey,
  type SetKey,
  type SetMode,
  type Transfer,
  type Withdraw,
} from "../machine/Wire.ts";
import type { SignedOrder } from "./SignedOrder.ts";

/** Signs what traders submit, as a wallet would. `domain` is the EIP-712 domain separator; private keys have 32 bytes. */

/** The session key that signs; absent for the owner. */
export interface SessionKey {
  readonly index: number;
  readonly epoch: number;
}

/** Fields of a transaction without its type and authority. */
type Fields<Tx> = Omit<Tx, "type" | "auth">;

/** What the owner's transactions need besides their fields. */
export interface OwnerTerms {
  readonly nonce: bigint;
  /** Seconds. */
  readonly deadline: bigint;
}

/** Signs an order. */
export function signOrder(
  domain: Uint8Array,
  terms: OrderTerms,
  privateKey: Uint8Array,
  key: SessionKey = { index: 0, epoch: 0 },
): SignedOrder {
  const signature = sign(orderDigest(domain, terms, key.index, key.epoch), privateKey);
  return { terms, keyIndex: key.index, keyEpoch: key.epoch, signature };
}

/** Signs a withdrawal. `recipient` is the owner, or the address of the payee that the fields name. */
export function signWithdraw(
  domain: Uint8Array,
  tx: Fields<Withdraw>,
  recipient: Uint8Array,
  { nonce, deadline }: OwnerTerms,
  privateKey: Uint8Array,
): Withdraw {
  const signature = sign(withdrawDigest(domain, tx.account, tx.amount, recipient, nonce, deadline), privateKey);
  return { ...tx, type: TX_WITHDRAW, auth: { nonce, deadline, signature } };
}

/** Signs a transfer. */
export function signTransfer(
  domain: Uint8Array,
  tx: Fields<Transfer>,
  { nonce, deadline }: OwnerTerms,
  privateKey: Uint8Array,
): Transfer {
  const signature = sign(transferDigest(domain, tx.from, tx.to, tx.amount, nonce, deadline), privateKey);
  return { ...tx, type: TX_TRANSFER, auth: { nonce, deadline, signature } };
}

/** Signs a new session key or payee. */
export function signSetKey(
  domain: Uint8Array,
  tx: Fields<SetKey>,
  { nonce, deadline }: OwnerTerms,
  privateKey: Uint8Array,
): SetKey {
  const { account, index, address, scope, expiry, budget } = tx;
  const digest = setKeyDigest(domain, account, index, address, scope, expiry, budget, nonce, deadline);
  return { ...tx, type: TX_SET_KEY, auth: { nonce, deadline, signature: sign(digest, privateKey) } };
}

/** Signs a revocation. */
export function signRevokeKey(
  domain: Uint8Array,
  tx: Fields<RevokeKey>,
  { nonce, deadline }: OwnerTerms,
  privateKey: Uint8Array,
): RevokeKey {
  const signature = sign(revokeKeyDigest(domain, tx.account, tx.index, nonce, deadline), privateKey);
  return { ...tx, type: TX_REVOKE_KEY, auth: { nonce, deadline, signature } };
}

/** Signs a change of the margin mode. */
export function signSetMode(
  domain: Uint8Array,
  tx: Fields<SetMode>,
  { nonce, deadline }: OwnerTerms,
  privateKey: Uint8Array,
): SetMode {
  const signature = sign(setModeDigest(domain, tx.account, tx.mode, nonce, deadline), privateKey);
  return { ...tx, type: TX_SET_MODE, auth: { nonce, deadline, signature } };
}

/** Signs a bid, as the owner of the bidder's account. */
export function signBid(
  domain: Uint8Array,
  tx: Fields<Bid>,
  { nonce, deadline }: OwnerTerms,
  privateKey: Uint8Array,
): Bid {
  const { account, bidder, fraction, limit } = tx;
  const signature = sign(bidDigest(domain, account, bidder, fraction, limit, nonce, deadline), privateKey);
  return { ...tx, type: TX_BID, auth: { nonce, deadline, signature } };
}

/** Signs the cancellation of one order, as the owner (key index 0) or a session key. */
export function signCancel(
  domain: Uint8Array,
  tx: Fields<Cancel>,
  deadline: bigint,
  privateKey: Uint8Array,
  keyIndex = 0,
): Cancel {
  const signature = sign(cancelDigest(domain, tx.account, tx.nonce, deadline), privateKey);
  return { ...tx, type: TX_CANCEL, auth: { keyIndex, deadline, signature } };
}

/** Signs the cancellation of all orders below a floor, as the owner (key index 0) or a session key. */
export function signCancelAll(
  domain: Uint8Array,
  tx: Fields<CancelAll>,
  deadline: bigint,
  privateKey: Uint8Array,
  keyIndex = 0,
): CancelAll {
  const signature = sign(cancelAllDigest(domain, tx.account, tx.floor, deadline), privateKey);
  return { ...tx, type: TX_CANCEL_ALL, auth: { keyIndex, deadline, signature } };
}
