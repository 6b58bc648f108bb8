import { recoverAddress } from "../../src/crypto/secp256k1.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import type { Batch } from "../../src/machine/Inputs.ts";
import { domainSeparator } from "../../src/machine/TypedData.ts";
import { streamFlow } from "../../src/market/flow.ts";
import { streamTape } from "../../src/market/streamTape.ts";
import type { MemoryL1 } from "../../src/replay/MemoryL1.ts";
import { fillBytes, payloadStats, type PayloadStats } from "../../src/replay/PayloadStats.ts";
import { replayTapeInMemory } from "../../src/replay/tapeReplay.ts";
import { withRecoverCache } from "../../src/sequencer/RecoverCache.ts";

/** Bytes that a tape's trades take in batches. */
export interface TapeBytes {
  readonly prints: number;
  readonly rejected: number;
  readonly stats: PayloadStats;
  /** Bytes of fills with their orders. */
  readonly fillBytes: number;
  readonly perNewOrder: number;
  readonly perFillRecord: number;
}

/** Replays a tape through the sequencer, without an L1, and adds up the bytes of the batches. */
export async function measureTape(file: string, limit: number): Promise<TapeBytes> {
  const config = withRecoverCache({
    domain: domainSeparator(31_337n, new Uint8Array(20).fill(1)),
    bridge: new Uint8Array(20).fill(2),
    settlement: new Uint8Array(20).fill(3),
    recover: recoverAddress,
  });
  let prints = 0;
  const rows = counted(
    streamTape(file, () => undefined),
    limit,
    () => prints++,
  );
  const { l1, replay } = (await replayTapeInMemory(config, genesisRoot(new Uint8Array(20).fill(9)), streamFlow(rows)))!;
  const stats = payloadStats(batchesOf(l1));
  const share = (prefix: string): number =>
    Object.entries(stats.fields).reduce((sum, [name, bytes]) => (name.startsWith(prefix) ? sum + bytes : sum), 0);
  return {
    prints,
    rejected: replay.counts.rejected,
    stats,
    fillBytes: fillBytes(stats),
    perNewOrder: share("order: ") / stats.newOrders,
    perFillRecord: share("fill: ") / stats.fills,
  };
}

async function* counted<T>(rows: AsyncIterable<T>, limit: number, count: () => void): AsyncGenerator<T> {
  let left = limit;
  for await (const row of rows) {
    if (left-- <= 0) return;
    count();
    yield row;
  }
}

function* batchesOf(l1: MemoryL1): Generator<Batch> {
  for (let index = 0n; index < l1.view.batchCount; index++) yield l1.view.batch(index);
}
