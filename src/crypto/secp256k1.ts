import { createRequire } from "node:module";
import type * as Addon from "secp256k1";
import { secp256k1 as noble } from "@noble/curves/secp256k1.js";
import { TenorError } from "../errors.ts";
import { pureCryptoForced, type CryptoBackend } from "./backend.ts";
import { compareBytes, fromHex, isZero } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";

/** What this module refuses by throwing: misuse by the caller. A signature that is merely wrong is a value. */
export type Secp256k1ErrorCode = "LENGTH" | "PRIVATE_KEY" | "SIGNING";

/** A misuse of the signature functions. */
export class Secp256k1Error extends TenorError<Secp256k1ErrorCode> {
  override readonly name = "Secp256k1Error";
}

/**
 * The curve operations that an implementation supplies. Their arguments have been checked: lengths are right, private
 * keys are private keys, and `r` and `s` lie in range.
 */
export interface Secp256k1 {
  /** What does the work. */
  readonly backend: CryptoBackend;
  /** The 64 bytes x ‖ y of the public key that made `r ‖ s` over `digest`, or undefined if there is none. */
  readonly recover: (digest: Uint8Array, rs: Uint8Array, yParity: number) => Uint8Array | undefined;
  /** `r ‖ s` with the nonce of RFC 6979 and s in the lower half, and the recovery number. */
  readonly sign: (digest: Uint8Array, privateKey: Uint8Array) => { readonly rs: Uint8Array; readonly recovery: number };
  /** Whether 32 bytes are a private key: neither zero nor at or above the group order. */
  readonly isPrivateKey: (bytes: Uint8Array) => boolean;
  /** The 64 bytes x ‖ y of the public key. */
  readonly publicKey: (privateKey: Uint8Array) => Uint8Array;
}

const ORDER = fromHex("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
const HALF_ORDER = fromHex("0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");

/** The curve in JavaScript alone: the fallback, and the reference in tests. */
export const pureSecp256k1: Secp256k1 = {
  backend: "pure",
  recover(digest, rs, yParity) {
    const recovered = new Uint8Array(65);
    recovered[0] = yParity;
    recovered.set(rs, 1);
    try {
      const point = noble.Signature.fromBytes(recovered, "recovered").recoverPublicKey(digest);
      return point.toBytes(false).subarray(1);
    } catch {
      return undefined;
    }
  },
  sign(digest, privateKey) {
    const recovered = noble.sign(digest, privateKey, { prehash: false, lowS: true, format: "recovered" });
    return { rs: recovered.subarray(1), recovery: recovered[0]! };
  },
  isPrivateKey: (bytes) => noble.utils.isValidSecretKey(bytes),
  publicKey: (privateKey) => noble.getPublicKey(privateKey, false).subarray(1),
};

/** The curve in native code, or undefined where the addon does not load. */
export function loadNativeSecp256k1(): Secp256k1 | undefined {
  let addon: typeof Addon;
  try {
    // The package's main module falls back to a slow implementation without a word; its bindings fail instead.
    addon = createRequire(import.meta.url)("secp256k1/bindings.js") as typeof Addon;
  } catch {
    return undefined;
  }
  const recovered = new Uint8Array(65);
  return {
    backend: "native",
    recover(digest, rs, yParity) {
      try {
        addon.ecdsaRecover(rs, yParity, digest, false, recovered);
      } catch {
        return undefined;
      }
      return recovered.slice(1);
    },
    sign(digest, privateKey) {
      const { signature, recid } = addon.ecdsaSign(digest, privateKey);
      return { rs: signature, recovery: recid };
    },
    isPrivateKey: (bytes) => addon.privateKeyVerify(bytes),
    publicKey: (privateKey) => addon.publicKeyCreate(privateKey, false).subarray(1),
  };
}

/** Signatures as the contracts judge them. */
export interface Signatures {
  /** What does the work. */
  readonly backend: CryptoBackend;
  /**
   * The address that signed `digest`, or undefined where the contracts would find no signer.
   *
   * A signature is 64 bytes after EIP-2098: r, then s with the parity of y in its top bit. The contracts first require
   * s ≤ n/2, then call the `ecrecover` precompile with v = 27 + parity. So there is no signer if s is zero or in the
   * upper half, if r is zero, not below n or not an x of the curve, or if the key comes out as the point at infinity.
   *
   * @throws {@link Secp256k1Error} `LENGTH` if an argument has the wrong length.
   */
  readonly recoverAddress: (digest: Uint8Array, signature: Uint8Array) => Uint8Array | undefined;
  /**
   * Signs with the nonce of RFC 6979, so that the same inputs always give the same 64 bytes after EIP-2098.
   *
   * @throws {@link Secp256k1Error} `LENGTH` or `PRIVATE_KEY`.
   */
  readonly sign: (digest: Uint8Array, privateKey: Uint8Array) => Uint8Array;
  /**
   * The address of a private key: the last 20 bytes of the hash of its public key.
   *
   * @throws {@link Secp256k1Error} `LENGTH` or `PRIVATE_KEY`.
   */
  readonly addressOf: (privateKey: Uint8Array) => Uint8Array;
}

/** The signature functions over one implementation of the curve: the rules are here, the arithmetic there. */
export function signaturesOver(curve: Secp256k1): Signatures {
  const rs = new Uint8Array(64);
  const r = rs.subarray(0, 32);
  const s = rs.subarray(32);
  return {
    backend: curve.backend,
    recoverAddress(digest, signature) {
      requireLength("digest", digest, 32);
      requireLength("signature", signature, 64);
      // A copy, since the caller's signature keeps its top bit. (`slice` of a Buffer would not copy.)
      rs.set(signature);
      const yParity = rs[32]! >>> 7;
      rs[32]! &= 0x7f;
      if (isZero(r) || compareBytes(r, ORDER) >= 0) return undefined;
      if (isZero(s) || compareBytes(s, HALF_ORDER) > 0) return undefined;
      const publicKey = curve.recover(digest, rs, yParity);
      if (publicKey === undefined) return undefined;
      const address = addressOfPublicKey(publicKey);
      // SAFETY: the contracts read the zero address as "no signer", and no account may be owned by it.
      return isZero(address) ? undefined : address;
    },
    sign(digest, privateKey) {
      requireLength("digest", digest, 32);
      requirePrivateKey(curve, privateKey);
      const { rs: plain, recovery } = curve.sign(digest, privateKey);
      // A recovery number of 2 or 3 says that r overflowed the order. `ecrecover` cannot express it; nobody has met it.
      if (recovery > 1) throw new Secp256k1Error("SIGNING", "signature has no compact form", { fields: { recovery } });
      const signature = Uint8Array.from(plain);
      signature[32]! |= recovery << 7;
      return signature;
    },
    addressOf(privateKey) {
      requirePrivateKey(curve, privateKey);
      return addressOfPublicKey(curve.publicKey(privateKey));
    },
  };
}

const signatures = signaturesOver((pureCryptoForced() ? undefined : loadNativeSecp256k1()) ?? pureSecp256k1);

/** What the functions below run on in this process. */
export const secp256k1Backend: CryptoBackend = signatures.backend;

/** {@inheritDoc Signatures.recoverAddress} */
export const recoverAddress = signatures.recoverAddress;

/** {@inheritDoc Signatures.sign} */
export const sign = signatures.sign;

/** {@inheritDoc Signatures.addressOf} */
export const addressOf = signatures.addressOf;

function addressOfPublicKey(publicKey: Uint8Array): Uint8Array {
  return keccak256(publicKey).slice(12);
}

function requirePrivateKey(curve: Secp256k1, privateKey: Uint8Array): void {
  requireLength("privateKey", privateKey, 32);
  if (!curve.isPrivateKey(privateKey)) {
    throw new Secp256k1Error("PRIVATE_KEY", "private key is zero or not below the group order");
  }
}

function requireLength(argument: string, bytes: Uint8Array, expected: number): void {
  if (bytes.length !== expected) {
    throw new Secp256k1Error("LENGTH", "argument has the wrong length", {
      fields: { argument, actual: bytes.length, expected },
    });
  }
}
