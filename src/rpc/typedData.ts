import { structDigest, typeHash, type Word } from "../machine/TypedData.ts";

/**
 * What is signed under the domain of a deployment but never read by the machine: logins and receipts (docs/api.md). Their types differ
 * from those of docs/specification.md, section 3, so none of these signatures is good for anything there.
 */

/** The types, as wallets need them. */
export const RPC_TYPES = {
  Login: "Login(uint32 account,uint8 keyIndex,bytes32 challenge,uint64 deadline)",
  OrderReceipt: "OrderReceipt(uint64 sequence,bytes32 order,uint64 time)",
  FillReceipt:
    "FillReceipt(uint64 sequence,uint64 makerSequence,uint32 maker,uint64 makerNonce,uint64 takerSequence,uint32 taker,uint64 takerNonce,uint64 series,uint64 price,uint64 quantity,uint64 lots,uint64 batch,uint64 batchesOnL1,bytes32 batchesRoot,uint64 messagesRead,bytes32 messagesRoot,uint64 postedBefore,uint64 time)",
  WithdrawalReceipt:
    "WithdrawalReceipt(uint64 sequence,uint64 orderSequence,bytes32 order,uint32 account,uint64 nonce,uint64 until,uint64 batch,uint64 batchesOnL1,bytes32 batchesRoot,uint64 messagesRead,bytes32 messagesRoot,uint64 postedBefore,uint64 time)",
} as const;

const TYPE_HASHES = {
  Login: typeHash(RPC_TYPES.Login),
  OrderReceipt: typeHash(RPC_TYPES.OrderReceipt),
  FillReceipt: typeHash(RPC_TYPES.FillReceipt),
  WithdrawalReceipt: typeHash(RPC_TYPES.WithdrawalReceipt),
};

/** What a client signs to log in. */
export interface LoginTerms {
  readonly account: number;
  /** 0: the owner; 1 to 4: that session key. */
  readonly keyIndex: number;
  /** 32 bytes that the server has drawn. */
  readonly challenge: Uint8Array;
  /** Seconds. */
  readonly deadline: bigint;
}

/** Digest of a login. */
export function loginDigest(domain: Uint8Array, { account, keyIndex, challenge, deadline }: LoginTerms): Uint8Array {
  return structDigest(domain, [TYPE_HASHES.Login, account, keyIndex, challenge, deadline]);
}

/** Digest of a receipt with these fields, in the order of its type. */
export function receiptDigest(
  domain: Uint8Array,
  type: "OrderReceipt" | "FillReceipt" | "WithdrawalReceipt",
  fields: readonly Word[],
): Uint8Array {
  return structDigest(domain, [TYPE_HASHES[type], ...fields]);
}
