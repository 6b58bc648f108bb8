import { SigningKey, Transaction, computeAddress, getAddress, type TransactionLike } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import type { Fees } from "./fees.ts";

/** Why there is no signature. */
export type SignerErrorCode =
  /** What should be a private key is none. */
  | "KEY_MALFORMED"
  /** The signer did not answer, or not in time. */
  | "SIGNER_UNAVAILABLE"
  /** The signer does not sign this. */
  | "SIGNER_REFUSED"
  /** The signer's answer is not a signed transaction. */
  | "SIGNATURE_MALFORMED"
  /** What the signer has signed is not what it was asked to sign: `fields.differing` names the fields. */
  | "SIGNATURE_OF_OTHER"
  /** Somebody else has signed than was asked to. */
  | "SIGNATURE_BY_OTHER"
  /** The signer has no account, or several and nobody said which. */
  | "ACCOUNT_UNCLEAR";

/** See {@link SignerErrorCode}. No error has a key in it, or more of a signer's URL than the host. */
export class SignerError extends TenorError<SignerErrorCode> {
  override readonly name = "SignerError";
}

/** What a fee-market transaction (type 2, EIP-1559) says, its access list being empty. */
export interface UnsignedFeeTransaction extends Fees {
  readonly type: 2;
  readonly chainId: bigint;
  readonly nonce: number;
  /** Null for the creation of a contract. */
  readonly to: Hex | null;
  /** Wei. */
  readonly value: bigint;
  readonly data: Hex;
  readonly gasLimit: bigint;
}

/** What a blob transaction (type 3, EIP-4844) says. Its blobs travel beside it and are signed by their hashes alone. */
export interface UnsignedBlobTransaction extends Omit<UnsignedFeeTransaction, "type" | "to"> {
  readonly type: 3;
  readonly to: Hex;
  /** Wei per unit of blob gas. */
  readonly maxFeePerBlobGas: bigint;
  /** 32 bytes each, 1 at least. */
  readonly blobVersionedHashes: readonly Hex[];
}

/** What a {@link TransactionSigner} is asked to sign. */
export type UnsignedTransaction = UnsignedFeeTransaction | UnsignedBlobTransaction;

/** Who signs for an account: a key in this process, or another process that keeps the key. */
export interface TransactionSigner {
  /** The account, with the capitals of its checksum. */
  address(): Promise<Hex>;
  /**
   * The transaction with its signature, serialized as blocks contain it; a blob transaction is without its blobs.
   *
   * @throws {@link SignerError}
   */
  sign(unsigned: UnsignedTransaction): Promise<Hex>;
}

/** A private key in the memory of this process. */
export class LocalSigner implements TransactionSigner {
  readonly #key: SigningKey;
  readonly #address: Hex;

  /**
   * @param privateKey 32 bytes, with or without `0x`.
   * @throws {@link SignerError} `KEY_MALFORMED`, which does not show what was given.
   */
  constructor(privateKey: string) {
    const digits = privateKey.trim().replace(/^0x/i, "");
    try {
      this.#key = new SigningKey(/^[0-9a-f]{64}$/i.test(digits) ? `0x${digits}` : "");
      this.#address = computeAddress(this.#key) as Hex;
    } catch {
      // SAFETY: the library's own error might say what it was given, so it is not passed on as the cause.
      throw new SignerError(
        "KEY_MALFORMED",
        "a private key has 64 hexadecimal digits and lies within the curve's order",
      );
    }
  }

  address(): Promise<Hex> {
    return Promise.resolve(this.#address);
  }

  sign(unsigned: UnsignedTransaction): Promise<Hex> {
    const transaction = Transaction.from(toLibrary(unsigned));
    transaction.signature = this.#key.sign(transaction.unsignedHash);
    return Promise.resolve(transaction.serialized as Hex);
  }
}

/**
 * Passes what another process has signed, if it is what it was asked to sign and `account` has signed it.
 *
 * INVARIANT: of the answer only the signature is believed. It has to make the transaction that was asked for into the very
 * bytes of the answer, so no field and nothing beside the fields can be another.
 *
 * @throws {@link SignerError}
 */
export function requireSignatureOf(unsigned: UnsignedTransaction, account: Hex, signed: string): Hex {
  const [asked, answered] = [Transaction.from(toLibrary(unsigned)), parse(signed)];
  const differing = differingFields(asked, answered);
  asked.signature = answered.signature;
  if (differing.length > 0 || asked.serialized !== signed.toLowerCase()) {
    throw new SignerError("SIGNATURE_OF_OTHER", "the signer has signed another transaction than it was asked to", {
      fields: { account, differing },
    });
  }
  if (asked.from !== getAddress(account)) {
    throw new SignerError("SIGNATURE_BY_OTHER", "the signer has signed with another key than it was asked to", {
      fields: { account, signedBy: asked.from },
    });
  }
  return asked.serialized as Hex;
}

function parse(signed: string): Transaction {
  try {
    const transaction = Transaction.from(signed);
    if (transaction.signature !== null) return transaction;
  } catch {
    // What the library says of it is of no use to anybody, and of any length.
  }
  throw new SignerError("SIGNATURE_MALFORMED", "the signer's answer is not a signed transaction", {
    fields: { length: signed.length },
  });
}

const COMPARED = [
  "type",
  "chainId",
  "nonce",
  "to",
  "value",
  "data",
  "gasLimit",
  "maxFeePerGas",
  "maxPriorityFeePerGas",
  "maxFeePerBlobGas",
  "blobVersionedHashes",
  "accessList",
] as const satisfies readonly (keyof Transaction)[];

function differingFields(asked: Transaction, answered: Transaction): string[] {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part));
  return COMPARED.filter((name) => text(asked[name]) !== text(answered[name]));
}

function toLibrary(unsigned: UnsignedTransaction): TransactionLike {
  const { type, chainId, nonce, to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = unsigned;
  const fields = {
    type,
    chainId,
    nonce,
    to,
    value,
    data,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas,
    accessList: [],
  };
  if (unsigned.type === 2) return fields;
  const { maxFeePerBlobGas, blobVersionedHashes } = unsigned;
  return { ...fields, maxFeePerBlobGas, blobVersionedHashes: [...blobVersionedHashes] };
}
