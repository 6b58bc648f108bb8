import { recoverAddress } from "../crypto/secp256k1.ts";

/**
 * Who signed `digest` with the compact `signature` (r ‖ yParity · 2^255 + s): 20 bytes, or undefined if nobody did, which
 * includes a high s, values out of range and the zero address.
 */
export type Recover = (digest: Uint8Array, signature: Uint8Array) => Uint8Array | undefined;

/** Recovery on secp256k1, as the EVM's precompile does it. */
export const recover: Recover = recoverAddress;
