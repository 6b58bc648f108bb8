import { sign } from "../../../src/crypto/secp256k1.ts";
import {
  MESSAGE_ANCHOR,
  MESSAGE_DEPOSIT,
  MESSAGE_FIX_PRICE,
  MESSAGE_LIST_MARKET,
  type Message,
} from "../../../src/machine/Inputs.ts";
import {
  cancelAllDigest,
  cancelDigest,
  orderDigest,
  revokeKeyDigest,
  setKeyDigest,
  setModeDigest,
  transferDigest,
  withdrawDigest,
  type OrderTerms,
} from "../../../src/machine/TypedData.ts";
import {
  TX_CANCEL,
  TX_CANCEL_ALL,
  TX_REVOKE_KEY,
  TX_SET_KEY,
  TX_SET_MODE,
  TX_TRANSFER,
  TX_WITHDRAW,
  type Cancel,
  type CancelAll,
  type RevokeKey,
  type SetKey,
  type SetMode,
  type Transfer,
  type WireMakerOrder,
  type WireTakerOrder,
  type Withdraw,
} from "../../../src/machine/Wire.ts";
import type { Market } from "../../../src/machine/Slots.ts";
import { toWireMaker, toWireTaker, type SignedOrder } from "../../../src/sequencer/SignedOrder.ts";
import { privateKey, signerAddress } from "./world.ts";
import { depositPayload, listPayload, anchorPayload, fixPayload } from "../../../src/replay/payloads.ts";

/** An order in the machine's terms, with who signs it. */
export interface Draft extends OrderTerms {
  /** 0 is the owner. */
  readonly keyIndex: number;
  readonly keyEpoch: number;
}

/** A limit order that may rest, and that nobody may force. */
export const PLAIN = {
  fillOrKill: false,
  immediateOrCancel: false,
  postOnly: false,
  reduceOnly: false,
  forcible: false,
} as const;

/** What every builder needs to sign. */
export interface Signing {
  readonly domain: Uint8Array;
  /** Signs with this account's key instead of the right one. */
  readonly impostor?: number;
}

/** The order as a maker posts it, signed. */
export function makerOrder(signing: Signing, draft: Draft, market: Market): WireMakerOrder {
  return toWireMaker(signedOrder(signing, draft), market);
}

/** The order as a taker posts it, signed; its side and series are the maker's, and `price` the maker's limit. */
export function takerOrder(signing: Signing, draft: Draft, market: Market, price: bigint): WireTakerOrder {
  return toWireTaker(signedOrder(signing, draft), market, price);
}

function signedOrder(signing: Signing, draft: Draft): SignedOrder {
  const { keyIndex, keyEpoch } = draft;
  const key = privateKey(signing.impostor ?? draft.account, keyIndex);
  const signature = sign(orderDigest(signing.domain, draft, keyIndex, keyEpoch), key);
  return { terms: draft, keyIndex, keyEpoch, signature };
}

/** What an owner's signature covers besides the fields; undefined for a forced transaction. */
export type OwnerTerms = { readonly nonce: bigint; readonly deadline: bigint } | undefined;

/** What a cancellation's signature covers besides the fields; undefined for a forced transaction. */
export type CancelTerms = { readonly keyIndex: number; readonly deadline: bigint } | undefined;

export function withdrawal(
  signing: Signing,
  account: number,
  amount: bigint,
  payee: number,
  terms: OwnerTerms,
): Withdraw {
  const recipient = payee === 0 ? signerAddress(account) : signerAddress(account, payee);
  const auth = ownerAuth(signing, account, terms, ({ nonce, deadline }) =>
    withdrawDigest(signing.domain, account, amount, recipient, nonce, deadline),
  );
  return { type: TX_WITHDRAW, account, amount, payee, auth };
}

export function transferOf(signing: Signing, from: number, to: number, amount: bigint, terms: OwnerTerms): Transfer {
  const auth = ownerAuth(signing, from, terms, ({ nonce, deadline }) =>
    transferDigest(signing.domain, from, to, amount, nonce, deadline),
  );
  return { type: TX_TRANSFER, from, to, amount, auth };
}

export function keySetting(
  signing: Signing,
  fields: Pick<SetKey, "account" | "index" | "address" | "scope" | "expiry" | "budget">,
  terms: OwnerTerms,
): SetKey {
  const { account, index, address, scope, expiry, budget } = fields;
  const auth = ownerAuth(signing, account, terms, ({ nonce, deadline }) =>
    setKeyDigest(signing.domain, account, index, address, scope, expiry, budget, nonce, deadline),
  );
  return { type: TX_SET_KEY, ...fields, auth };
}

export function revocation(signing: Signing, account: number, index: number, terms: OwnerTerms): RevokeKey {
  const auth = ownerAuth(signing, account, terms, ({ nonce, deadline }) =>
    revokeKeyDigest(signing.domain, account, index, nonce, deadline),
  );
  return { type: TX_REVOKE_KEY, account, index, auth };
}

export function modeSetting(signing: Signing, account: number, mode: number, terms: OwnerTerms): SetMode {
  const auth = ownerAuth(signing, account, terms, ({ nonce, deadline }) =>
    setModeDigest(signing.domain, account, mode, nonce, deadline),
  );
  return { type: TX_SET_MODE, account, mode, auth };
}

export function cancellation(signing: Signing, account: number, nonce: bigint, terms: CancelTerms): Cancel {
  const auth = terms && {
    ...terms,
    signature: sign(
      cancelDigest(signing.domain, account, nonce, terms.deadline),
      privateKey(signing.impostor ?? account, terms.keyIndex),
    ),
  };
  return { type: TX_CANCEL, account, nonce, auth };
}

export function cancellationOfAll(signing: Signing, account: number, floor: bigint, terms: CancelTerms): CancelAll {
  const auth = terms && {
    ...terms,
    signature: sign(
      cancelAllDigest(signing.domain, account, floor, terms.deadline),
      privateKey(signing.impostor ?? account, terms.keyIndex),
    ),
  };
  return { type: TX_CANCEL_ALL, account, floor, auth };
}

function ownerAuth(
  signing: Signing,
  account: number,
  terms: OwnerTerms,
  digest: (terms: { nonce: bigint; deadline: bigint }) => Uint8Array,
): Withdraw["auth"] {
  return terms && { ...terms, signature: sign(digest(terms), privateKey(signing.impostor ?? account)) };
}

type Sent = Pick<Message, "sender" | "l1Block" | "l1Time">;

export function depositMessage(sent: Sent, account: number, owner: Uint8Array, amount: bigint): Message {
  return { ...sent, kind: MESSAGE_DEPOSIT, payload: depositPayload(account, owner, amount) };
}

export function listMarketMessage(sent: Sent, id: number, terms: Pick<Market, "tick" | "lot" | "steps">): Message {
  return { ...sent, kind: MESSAGE_LIST_MARKET, payload: listPayload(id, terms) };
}

export function anchorMessage(sent: Sent, id: number, price: bigint, time: bigint): Message {
  return { ...sent, kind: MESSAGE_ANCHOR, payload: anchorPayload(id, price, time) };
}

export function fixPriceMessage(sent: Sent, id: number, day: number, price: bigint): Message {
  return { ...sent, kind: MESSAGE_FIX_PRICE, payload: fixPayload(id, day, price) };
}
