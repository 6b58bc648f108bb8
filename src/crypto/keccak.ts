import { keccak_256 } from "@noble/hashes/sha3.js";
import { createKeccak } from "hash-wasm";
import { pureCryptoForced, type CryptoBackend } from "./backend.ts";

/** Keccak-256 as the EVM computes it: 32 new bytes for each call. */
export type Keccak256 = (data: Uint8Array) => Uint8Array;

/** Keccak-256 in JavaScript alone: the fallback, and the reference in tests. */
export const pureKeccak256: Keccak256 = (data) => keccak_256(data);

/**
 * Keccak-256 in WebAssembly, or undefined where that is not to be had. One instance serves all calls: each call starts
 * it anew and finishes within itself, and JavaScript runs one call at a time.
 */
export async function loadWasmKeccak256(): Promise<Keccak256 | undefined> {
  try {
    const hasher = await createKeccak(256);
    return (data) => hasher.init().update(data).digest("binary");
  } catch {
    return undefined;
  }
}

const wasmKeccak256 = pureCryptoForced() ? undefined : await loadWasmKeccak256();

/** What {@link keccak256} runs on in this process. */
export const keccakBackend: CryptoBackend = wasmKeccak256 === undefined ? "pure" : "wasm";

/** Keccak-256 on the fastest implementation that this machine offers. */
export const keccak256: Keccak256 = wasmKeccak256 ?? pureKeccak256;
