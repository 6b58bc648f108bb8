import { recoverAddress } from "../../src/crypto/secp256k1.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import type { Batch } from "../../src/machine/Inputs.ts";
import { domainSeparator } from "../../src/machine/TypedData.ts";
import { Flow } from "../../src/market/flow.ts";
import { streamTape } from "../../src/market/streamTape.ts";
import type { MarketEvent } from "../../src/market/types.ts";
import type { MemoryL1 } from "../../src/replay/MemoryL1.ts";
import { fieldBytes, fillBytes, payloadStats, type PayloadStats } from "../../src/replay/PayloadStats.ts";
import { replayTapeInMemory } from "../../src/replay/tapeReplay.ts";
import { withRecoverCache } from "../../src/sequencer/RecoverCache.ts";

/** Bytes that a tape's trades take in batches. */
export interface TapeBytes {
  readonly prints: number;
  readonly rejected: number;
  readonly rejectedBy: Readonly<Record<string, number>>;
  readonly stats: PayloadStats;
  /** Bytes of fills with their orders. */
  readonly fillBytes: number;
  readonly perMakerOrder: number;
  readonly perTakerOrder: number;
  readonly perNewOrder: number;
  readonly perFillRecord: number;
  /** If no order had been refused: the tape's orders and fills at these averages, for each print. */
  readonly perPrint: number;
  /** The same for each fill, if every maker's order were filled three times. */
  readonly perFillOfThree: number;
}

/** Fills of a maker's order in {@link TapeBytes.perFillOfThree}. */
const FILLS_PER_MAKER = 3;

/** Replays a tape through the sequencer, without an L1, and adds up the bytes of the batches. */
export async function measureTape(file: string, limit: number): Promise<TapeBytes> {
  const config = withRecoverCache({
    domain: domainSeparator(31_337n, new Uint8Array(20).fill(1)),
    bridge: new Uint8Array(20).fill(2),
    settlement: new Uint8Array(20).fill(3),
    recover: recoverAddress,
  });
  const flow = new Flow();
  const genesis = genesisRoot(new Uint8Array(20).fill(9));
  const { l1, replay } = (await replayTapeInMemory(config, genesis, events(flow, file, limit)))!;
  const stats = payloadStats(batchesOf(l1));
  const { prints, fills, makerOrders, takerOrders } = flow.summary();
  const { rejected, rejectedBy } = replay.counts;

  const perMakerOrder = fieldBytes(stats, "maker's order: ") / stats.makerOrders;
  const perTakerOrder = fieldBytes(stats, "taker's order: ") / stats.takerOrders;
  const recordBytes = fieldBytes(stats, "fill: ");
  const perFillRecord = recordBytes / stats.fills;
  const orderBytes = perMakerOrder * makerOrders + perTakerOrder * takerOrders;
  const references = "fill: reference to a ";
  const perReference =
    fieldBytes(stats, references) / Math.max(1, 2 * stats.fills - stats.makerOrders - stats.takerOrders);
  // Each fill shows its maker's order anew or refers to it, and likewise its taker's.
  const side = (newShare: number, order: number): number => newShare * order + (1 - newShare) * perReference;
  const bareRecord = (recordBytes - fieldBytes(stats, references)) / stats.fills;
  return {
    prints,
    rejected,
    rejectedBy,
    stats,
    fillBytes: fillBytes(stats),
    perMakerOrder,
    perTakerOrder,
    perNewOrder: (fillBytes(stats) - recordBytes) / (stats.makerOrders + stats.takerOrders),
    perFillRecord,
    perPrint: (orderBytes + perFillRecord * fills) / prints,
    perFillOfThree:
      side(1 / FILLS_PER_MAKER, perMakerOrder) + side(stats.takerOrders / stats.fills, perTakerOrder) + bareRecord,
  };
}

async function* events(flow: Flow, file: string, limit: number): AsyncGenerator<MarketEvent> {
  let left = limit;
  for await (const print of streamTape(file, () => undefined)) {
    if (left-- <= 0) break;
    yield* flow.push(print);
  }
  yield* flow.end();
}

function* batchesOf(l1: MemoryL1): Generator<Batch> {
  for (let index = 0n; index < l1.view.batchCount; index++) yield l1.view.batch(index);
}
