import { concat } from "../../../src/crypto/bytes.ts";
import { ELEMENTS_PER_BLOB } from "../../../src/crypto/kzg.ts";
import { BYTES_PER_BLOB } from "../../../src/machine/BlobPayload.ts";
import { MAX_ITEM } from "../../../src/machine/Constants.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { Machine, type ProvenStep, type StepInput, type StepKind } from "../../../src/machine/Step.ts";
import { encodeItem } from "../../../src/machine/WireEncoding.ts";
import { Random } from "../../../src/market/random.ts";
import { RandomTraffic } from "./RandomTraffic.ts";
import { INBOX, preparedRoot, START, testConfig } from "./world.ts";

/**
 * Steps of random traffic in blobs: items of `elements` field elements in all, among them one that lies in two blobs, and one step at
 * least of the other kinds that come up often.
 */
export function randomBlobSteps(
  chainId: bigint,
  seed: number,
  elements: number,
): { log: InputLog; steps: readonly ProvenStep[] } {
  const log = new InputLog();
  const machine = new Machine(testConfig(chainId, INBOX), log, preparedRoot(), { ...GENESIS_CURSOR, l2Time: START });
  const traffic = new RandomTraffic(new Random(seed), machine, log);
  traffic.inBlobs = true;
  const steps: ProvenStep[] = [];
  const missing = new Set<StepKind>(["message", "framing error", "next batch"]);
  let [left, hasCrossed] = [elements, false];
  while (left > 0 || missing.size > 0 || !hasCrossed) {
    const prefix = hasCrossed ? new Uint8Array(0) : filler(BYTES_PER_BLOB - 20);
    traffic.prefix = prefix;
    traffic.appendBatch(4);
    while (!machine.finished(log.batchCount)) {
      const isFiller = machine.cursor.offset < prefix.length;
      const step = machine.provenStep(log.batchCount);
      const isCrossing = crosses(step.input);
      hasCrossed ||= isCrossing;
      const isItem = step.kind === "item" && !isFiller && (left > 0 || isCrossing);
      if (!missing.delete(step.kind) && !isItem) continue;
      left -= sizeOf(step.input);
      steps.push(step);
    }
  }
  return { log, steps: [...steps, machine.provenStep(log.batchCount)] };
}

/** Items that are no transactions, of `size` bytes in all, the last one shorter than the others. */
function filler(size: number): Uint8Array {
  const count = Math.ceil(size / (MAX_ITEM + 2));
  const last = size - (count - 1) * (MAX_ITEM + 2);
  const items = Array.from({ length: count }, (_, i) => new Uint8Array(i + 1 < count ? MAX_ITEM : last - 2).fill(0xff));
  return concat(...items.map(encodeItem));
}

function sizeOf({ chunks }: StepInput): number {
  return chunks === undefined ? 0 : chunks.high - chunks.low + 1;
}

function crosses({ chunks }: StepInput): boolean {
  if (chunks === undefined) return false;
  return Math.floor(chunks.low / ELEMENTS_PER_BLOB) !== Math.floor(chunks.high / ELEMENTS_PER_BLOB);
}
