import { trackTransaction, wipe, type ArtifactResolver, type EIP1193Provider } from "@nomicfoundation/ignition-core";
import { EndpointRefusal } from "./EndpointProvider.ts";
import type { Journal } from "./Journal.ts";

/** What was done about something that an earlier run has left. */
export type Recovery = (what: "sent again" | "found" | "given up" | "wiped", futureId: string, nonce?: number) => void;

/**
 * Brings Ignition's journal to where it can go on by itself, whenever the process before was killed.
 *
 * Ignition notes that it is about to send, sends, and notes the hash; killed in between, it does not know whether it has sent. The
 * outbox does: what is in it is sent again, which does nothing if it is there already, and Ignition is told the hash. What is
 * not in it was never signed, and is forgotten, so that Ignition begins it anew.
 *
 * SAFETY: whatever is given up here can at worst be mined after all, as a contract that nothing refers to.
 */
export async function recover(
  journal: Journal,
  resolver: ArtifactResolver,
  provider: EIP1193Provider,
  report: Recovery,
): Promise<void> {
  for (const { futureId, nonce } of journal.lost) {
    const signed = journal.outbox.last(nonce);
    const isOut = signed !== undefined && (await isThere(provider, signed.hash));
    if (signed !== undefined && (isOut || (await isTaken(provider, signed.raw)))) {
      await trackTransaction(journal.folder, signed.hash, provider);
      report(isOut ? "found" : "sent again", futureId, nonce);
    } else {
      await wipe(journal.folder, resolver, futureId);
      report("given up", futureId, nonce);
    }
  }
  // A future that has failed, or waited too long, is begun anew: what made it fail may be over.
  for (const futureId of journal.failed) {
    await wipe(journal.folder, resolver, futureId);
    report("wiped", futureId);
  }
}

async function isThere(provider: EIP1193Provider, hash: string): Promise<boolean> {
  return ((await provider.request({ method: "eth_getTransactionByHash", params: [hash] })) as unknown) !== null;
}

/** Whether the endpoint takes a signed transaction. It does not if the nonce is used, or if it pays too little by now. */
async function isTaken(provider: EIP1193Provider, raw: string): Promise<boolean> {
  try {
    await provider.request({ method: "eth_sendRawTransaction", params: [raw] });
    return true;
  } catch (error) {
    if (error instanceof EndpointRefusal) return false;
    throw error;
  }
}
