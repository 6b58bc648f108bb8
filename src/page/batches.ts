import { equalBytes } from "../crypto/bytes.ts";
import { frameAt } from "../machine/Framing.ts";
import { DATA_BLOBS, DATA_FORCED, type Batch } from "../machine/Inputs.ts";
import { decodeTransaction, TX_FILL } from "../machine/Wire.ts";
import type { BatchContent, BatchCost, BatchKind, BatchRow, CostSummary } from "./Overview.ts";

/** A batch as L1 has it. */
export interface ReadBatch {
  readonly index: bigint;
  readonly dataKind: number;
  readonly commitment: Uint8Array;
  readonly length: number;
  readonly messages: bigint;
  readonly time: bigint;
  readonly cost: BatchCost | undefined;
}

const DAY = 86_400n;

/** The rows of the table. @param inputs The batches that this node has, by index; those of another chain's branch do not count. */
export function batchRows(
  batches: readonly ReadBatch[],
  inputs: (index: bigint) => Batch | undefined,
): readonly BatchRow[] {
  return batches.map(({ index, dataKind, commitment, length: bytes, messages, time, cost }) => {
    const batch = inputs(index);
    const isSame = batch !== undefined && equalBytes(batch.record.commitment, commitment);
    const content = isSame ? contentOf(batch) : undefined;
    return { index, kind: kindOf(dataKind), time, bytes, messages, content, cost };
  });
}

/** Batches do not change, and one is shown in many rounds. */
const counted = new WeakMap<Batch, BatchContent>();

/** Counts a payload's items, up to where its framing breaks off. */
export function contentOf(batch: Batch): BatchContent {
  const known = counted.get(batch);
  if (known !== undefined) return known;
  const { payload, record } = batch;
  let [items, fills] = [0, 0];
  for (let offset = 0; offset < payload.length;) {
    const frame = frameAt(payload, offset);
    if (frame === undefined) break;
    items++;
    const transaction = decodeTransaction(payload.subarray(frame.start, frame.end), record.l2Time, false);
    if (transaction?.type === TX_FILL) fills++;
    offset = frame.end;
  }
  const content = { items, fills };
  counted.set(batch, content);
  return content;
}

/** What the batches have cost, as far as that is known. @param rows The newest first. */
export function costsOf(rows: readonly BatchRow[]): CostSummary | undefined {
  const paid = rows.flatMap(({ cost, time, content }) =>
    cost === undefined ? [] : [{ wei: cost.execution + cost.blobs, time, content }],
  );
  const [newest, oldest] = [paid[0], paid.at(-1)];
  if (newest === undefined || oldest === undefined) return undefined;
  const span = newest.time - oldest.time;
  const total = paid.reduce((sum, { wei }) => sum + wei, 0n);
  // Of the oldest one it is not known how long the next took to come after it, so it counts for no time.
  const perDay = span > 0n ? ((total - oldest.wei) * DAY) / span : undefined;
  // What a fill costs is the cost of the batches of which the fills are known.
  const known = paid.filter(({ content }) => content !== undefined);
  const fills = known.reduce((sum, { content }) => sum + content!.fills, 0);
  const perFill = fills > 0 ? known.reduce((sum, { wei }) => sum + wei, 0n) / BigInt(fills) : undefined;
  return { batches: paid.length, span, total, perBatch: total / BigInt(paid.length), perDay, perFill };
}

function kindOf(dataKind: number): BatchKind {
  if (dataKind === DATA_FORCED) return "forced";
  return dataKind === DATA_BLOBS ? "blobs" : "calldata";
}
