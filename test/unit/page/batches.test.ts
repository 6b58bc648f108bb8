import { expect } from "chai";
import { concat } from "../../../src/crypto/bytes.ts";
import { DATA_BLOBS, DATA_CALLDATA, DATA_FORCED, type Batch } from "../../../src/machine/Inputs.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { FORM_MAKER_STORED, FORM_TAKER_STORED, TX_COLLECT_FEES, TX_FILL } from "../../../src/machine/Wire.ts";
import { batchRows, contentOf, costsOf, type ReadBatch } from "../../../src/page/batches.ts";
import type { BatchRow } from "../../../src/page/Overview.ts";

const TIME = 1_900_000_000n;
const COMMITMENT = new Uint8Array(32).fill(7);

function batchOf(payload: Uint8Array, commitment = COMMITMENT): Batch {
  const times = { l1Time: TIME, l2Time: TIME };
  return {
    record: { dataKind: DATA_CALLDATA, commitment, length: payload.length, messagesRead: 0n, ...times },
    payload,
  };
}

/** Two orders that are stored already, filled against each other. */
const FILL = encodeItem(
  encodeTransaction(
    {
      type: TX_FILL,
      maker: { stored: true, account: 1, nonce: 2n },
      taker: { stored: true, account: 3, nonce: 4n },
      lots: 5n,
    },
    TIME,
  ),
);
const FEES = encodeItem(encodeTransaction({ type: TX_COLLECT_FEES }, TIME));

describe("what is in a payload", () => {
  it("is a fill of that form", () => expect(FILL[1]).to.equal(TX_FILL | FORM_MAKER_STORED | FORM_TAKER_STORED));

  for (const [what, payload, expected] of [
    ["nothing", new Uint8Array(0), { items: 0, fills: 0 }],
    ["fills and others", concat(FILL, FEES, FILL), { items: 3, fills: 2 }],
    ["an item that is no transaction", concat(encodeItem(Uint8Array.of(0xfe, 1)), FILL), { items: 2, fills: 1 }],
    ["a fill with a byte too much", encodeItem(concat(FILL.subarray(1), Uint8Array.of(0))), { items: 1, fills: 0 }],
    ["garbage behind it, of which nothing counts", concat(FILL, new Uint8Array(1), FILL), { items: 1, fills: 1 }],
    ["an item that is cut off", concat(FILL, FILL.subarray(0, 3)), { items: 1, fills: 1 }],
  ] as const) {
    it(`counts ${what}`, () => expect(contentOf(batchOf(payload))).to.deep.equal(expected));
  }
});

describe("the table of batches", () => {
  const read = (index: bigint, changes: Partial<ReadBatch> = {}): ReadBatch => ({
    index,
    dataKind: DATA_CALLDATA,
    commitment: COMMITMENT,
    length: 10,
    messages: 1n,
    time: TIME,
    cost: undefined,
    ...changes,
  });

  it("says of each how it came, and what is in it if this node has read the same batch", () => {
    const rows = batchRows(
      [
        read(3n, { dataKind: DATA_BLOBS }),
        read(2n, { commitment: new Uint8Array(32) }),
        read(1n, { dataKind: DATA_FORCED }),
      ],
      (index) => (index === 3n ? undefined : batchOf(FILL)),
    );
    expect(rows.map(({ index, kind, content }) => [index, kind, content?.fills])).to.deep.equal([
      [3n, "blobs", undefined],
      [2n, "calldata", undefined],
      [1n, "forced", 1],
    ]);
  });

  const row = (time: bigint, wei: bigint | undefined, fills?: number): BatchRow => ({
    index: 0n,
    kind: "calldata",
    time,
    bytes: 1,
    messages: 0n,
    content: fills === undefined ? undefined : { items: fills, fills },
    cost: wei === undefined ? undefined : { execution: wei - 1n, blobs: 1n },
  });

  it("adds up what they have cost: by batch, by day at their rate, and by fill", () => {
    const rows = [row(TIME + 43_200n, 30n, 4), row(TIME + 21_600n, 20n, 1), row(TIME, 10n, 0)];
    expect(costsOf(rows)).to.deep.equal({
      batches: 3,
      span: 43_200n,
      total: 60n,
      perBatch: 20n,
      // In half a day two batches have come after the first.
      perDay: 100n,
      perFill: 12n,
    });
  });

  it("leaves out what is not known", () => {
    expect(costsOf([])).to.equal(undefined);
    expect(costsOf([row(TIME, undefined, 1)])).to.equal(undefined);
    expect(costsOf([row(TIME, 10n, 0)])).to.deep.include({ perBatch: 10n, perDay: undefined, perFill: undefined });
    const rows = [row(TIME + 86_400n, 30n, 3), row(TIME + 10n, undefined, 100), row(TIME, 10n)];
    expect(costsOf(rows)).to.deep.include({ batches: 2, total: 40n, perDay: 30n, perFill: 10n });
  });
});
