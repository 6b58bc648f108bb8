import type { MachineConfig } from "../machine/Execution.ts";
import type { Recover } from "../machine/Signatures.ts";

/** The configuration with a memory for signers: one for all the machines of a process, so that each signature is recovered once. */
export function withRecoverCache(config: MachineConfig, entries?: number): MachineConfig {
  return { ...config, recover: memoizeRecover(config.recover, entries) };
}

/**
 * Remembers who signed what, so that a signature that was checked when an order came in costs nothing when the machine checks
 * it again. The least recently used entry goes first.
 *
 * SAFETY: the key is the digest and the signature in full, so an answer is never that of another pair; lengths are what the
 * underlying function requires, and it is asked whenever they are not 32 and 64.
 *
 * @param entries Most answers that are kept; one takes about 250 bytes.
 */
export function memoizeRecover(recover: Recover, entries = 65_536): Recover {
  const cache = new Map<string, Uint8Array | undefined>();
  return (digest, signature) => {
    if (digest.length !== 32 || signature.length !== 64) return recover(digest, signature);
    const key = latin1(digest) + latin1(signature);
    if (cache.has(key)) {
      const known = cache.get(key);
      cache.delete(key);
      cache.set(key, known);
      return known;
    }
    const signer = recover(digest, signature);
    cache.set(key, signer);
    if (cache.size > entries) cache.delete(cache.keys().next().value!);
    return signer;
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
