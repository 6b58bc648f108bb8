import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../../src/crypto/bytes.ts";
import { makePosition } from "../../../src/machine/Positions.ts";
import {
  GLOBALS_KEY,
  accountKey,
  claimKey,
  expiryKey,
  isSpent,
  keyKey,
  marketKey,
  orderKey,
  spentOrder,
  withdrawalKey,
  type Slot,
} from "../../../src/machine/Slots.ts";
import { decodeSlot, encodeSlot, SlotError } from "../../../src/machine/SlotCodec.ts";
import { keyToBigint } from "../../../src/machine/StateTree.ts";

const RUNS = { numRuns: 200, seed: 19 };
const uint = (bits: number): fc.Arbitrary<bigint> => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const nat = (bits: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: 2 ** bits - 1 });
const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
const quantity = fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }).filter((value) => value !== 0n);
const positions = fc
  .uniqueArray(fc.tuple(uint(64), quantity), { maxLength: 64, selector: ([series]) => series })
  .map((list) => list.sort(([a], [b]) => (a < b ? -1 : 1)).map(([series, size]) => makePosition(series, size)));

/** Every kind with its arbitrary content, its length, and its content written by hand. */
const kinds: { kind: number; slot: fc.Arbitrary<object>; length: number; widths: number[] }[] = [
  {
    kind: 1,
    slot: fc.record({
      owner: address,
      floor: uint(64),
      mode: fc.constantFrom(0, 1),
      auction: uint(40),
      cash: uint(128),
      debt: uint(128),
      positions,
    }),
    length: 66,
    widths: [20, 8, 1, 5, 16, 16],
  },
  {
    kind: 2,
    slot: fc.record({
      nonce: uint(64),
      series: uint(64),
      flags: nat(8),
      keyIndex: nat(8),
      keyEpoch: nat(32),
      deadline: uint(40),
      limitPrice: uint(64),
      quantity: uint(64),
      filled: uint(64),
      maxFee: uint(64),
      feeAccrued: uint(128),
    }),
    length: 75,
    widths: [8, 8, 1, 1, 4, 5, 8, 8, 8, 8, 16],
  },
  {
    kind: 3,
    slot: fc.record({ address, scope: nat(8), expiry: uint(40), budget: uint(64), epoch: nat(32) }),
    length: 38,
    widths: [20, 1, 5, 8, 4],
  },
  {
    kind: 4,
    slot: fc.record({
      tick: uint(32),
      lot: uint(64),
      steps: fc.tuple(uint(64), uint(64), uint(64)),
      anchor: uint(64),
      anchorTime: uint(40),
      minVol: uint(32),
      maxVol: uint(32),
      bandFloor: uint(64),
      exposureMultiple: uint(32),
      exposure: uint(128),
      spot: uint(64),
      spotTime: uint(40),
      low: uint(64),
      high: uint(64),
      lowBefore: uint(64),
      highBefore: uint(64),
    }),
    length: 130,
    widths: [4, 8, 8, 8, 8, 8, 5, 4, 4, 8, 4, 16, 8, 5, 8, 8, 8, 8],
  },
  {
    kind: 5,
    slot: fc.record({
      price: uint(64),
      shorts: nat(32),
      final: fc.boolean(),
      owed: uint(128),
      received: uint(128),
      credited: uint(128),
      paid: uint(128),
      forward: uint(64),
      curveSpot: uint(64),
      curveTime: uint(40),
      curve: fc.record({ a: int64, b: int64, rho: int64, m: int64, sigma: int64, refTau: uint(32) }),
    }),
    length: 142,
    widths: [8, 4, 1, 16, 16, 16, 16, 8, 8, 5, 8, 8, 8, 8, 8, 4],
  },
  { kind: 6, slot: fc.record({ amount: uint(128) }), length: 16, widths: [16] },
  {
    kind: 7,
    slot: fc.record({ account: nat(32), recipient: address, amount: uint(128) }),
    length: 40,
    widths: [4, 20, 16],
  },
  {
    kind: 8,
    slot: fc.record({ withdrawals: uint(64), fees: uint(128), fund: uint(128) }),
    length: 40,
    widths: [8, 16, 16],
  },
  {
    kind: 9,
    slot: fc.record({ threshold: nat(8), addresses: fc.array(address, { minLength: 3, maxLength: 3 }) }),
    length: 61,
    widths: [1, 20, 20, 20],
  },
];

/** The content as section 2.2's table lists it, field by field. */
function byTable(slot: Record<string, unknown>, widths: readonly number[]): string {
  const { curve, ...plain } = slot as Record<string, unknown> & { curve?: Record<string, bigint> };
  const values = [...Object.values(plain), ...Object.values(curve ?? {})].flat().slice(0, widths.length);
  const fields = values.map((value, i) => {
    if (value instanceof Uint8Array) return toHex(value).slice(2);
    return BigInt.asUintN(8 * widths[i]!, BigInt(value as bigint | number | boolean))
      .toString(16)
      .padStart(2 * widths[i]!, "0");
  });
  const held = (slot.positions ?? []) as { series: bigint; quantity: bigint }[];
  const words = held.map(
    ({ series, quantity: size }) =>
      series.toString(16).padStart(16, "0") + "0".repeat(16) + BigInt.asUintN(128, size).toString(16).padStart(32, "0"),
  );
  return `0x${fields.join("")}${words.join("")}`;
}

describe("slots", () => {
  for (const { kind, slot, length, widths } of kinds) {
    it(`kind ${kind}: both directions, byte by byte as in the specification`, () => {
      fc.assert(
        fc.property(slot, (fields) => {
          const value = { kind, ...fields } as Slot;
          const bytes = encodeSlot(value);
          expect(toHex(bytes)).to.equal(byTable(fields as Record<string, unknown>, widths));
          expect(decodeSlot(kind, bytes)).to.deep.equal(value);
        }),
        RUNS,
      );
    });

    it(`kind ${kind}: another length is refused`, () => {
      expect(() => decodeSlot(kind, new Uint8Array(length - 1))).to.throw(SlotError);
      expect(() => decodeSlot(kind, new Uint8Array(length + 1))).to.throw(SlotError);
      expect(() => decodeSlot(kind, new Uint8Array(0))).to.throw(SlotError);
    });
  }

  it("of unknown kinds are refused", () => {
    for (const kind of [0, 10, 255]) expect(() => decodeSlot(kind, new Uint8Array(40))).to.throw(SlotError);
  });

  it("of an expiry whose flag is neither 0 nor 1 are refused", () => {
    const bytes = new Uint8Array(142);
    bytes[12] = 2;
    expect(() => decodeSlot(5, bytes)).to.throw(SlotError);
  });

  it("of an account with 65 positions are refused", () => {
    expect(() => decodeSlot(1, new Uint8Array(66 + 32 * 65))).to.throw(SlotError);
  });

  it("whose numbers do not fit do not encode", () => {
    expect(() => encodeSlot({ ...spentOrder(1n), filled: 2n ** 64n })).to.throw();
  });

  it("have keys of kind and id, and no two things share one", () => {
    const key = (kind: bigint, id: bigint): bigint => kind * 2n ** 56n + id;
    fc.assert(
      fc.property(nat(32), uint(63), nat(8), nat(16), uint(56), (account, nonce, small, day, number) => {
        const id = BigInt(account);
        expect(keyToBigint(accountKey(account))).to.equal(key(1n, id));
        expect(keyToBigint(orderKey(account, nonce))).to.equal(key(2n, id * 1024n + (nonce % 1024n)));
        expect(keyToBigint(keyKey(account, small))).to.equal(key(3n, id * 256n + BigInt(small)));
        expect(keyToBigint(marketKey(small))).to.equal(key(4n, BigInt(small)));
        const expiry = small * 65_536 + day;
        expect(keyToBigint(expiryKey(expiry))).to.equal(key(5n, BigInt(expiry)));
        expect(keyToBigint(claimKey(expiry, account))).to.equal(key(6n, BigInt(expiry) * 2n ** 32n + id));
        expect(keyToBigint(withdrawalKey(number))).to.equal(key(7n, number));
      }),
      RUNS,
    );
    expect(keyToBigint(GLOBALS_KEY)).to.equal(key(8n, 0n));
  });

  it("of spent nonces hold the nonce and nothing else", () => {
    expect(isSpent(spentOrder(5n))).to.equal(true);
    expect(toHex(encodeSlot(spentOrder(5n)))).to.equal(`0x${"0".repeat(15)}5${"00".repeat(67)}`);
  });
});
