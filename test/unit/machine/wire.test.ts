import { expect } from "chai";
import fc from "fast-check";
import { toHex } from "../../../src/crypto/bytes.ts";
import { revokeKeyDigest, setModeDigest } from "../../../src/machine/TypedData.ts";
import { encodeVarint, Reader } from "../../../src/machine/Varint.ts";
import { frameAt } from "../../../src/machine/Framing.ts";
import { decodeTransaction, type Transaction } from "../../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { Random } from "../../../src/market/random.ts";

const RUNS = { numRuns: 300, seed: 7 };
const MAX_U64 = 2n ** 64n - 1n;
const MAX_TIME = 2n ** 40n - 1n;
const BASE = 20_000n * 86_400n + 1234n;

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u8 = fc.integer({ min: 0, max: 255 });
const u64 = fc.bigInt({ min: 0n, max: MAX_U64 });
const nonce = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });
const u39 = fc.bigInt({ min: 0n, max: 2n ** 39n - 1n });
const lots = fc.bigInt({ min: 0n, max: 10n ** 12n });
const time = (base: bigint): fc.Arbitrary<bigint> => fc.bigInt({ min: base, max: MAX_TIME });

function order(base: bigint, maker: boolean): fc.Arbitrary<object> {
  const keyed = fc.oneof(
    fc.constant({ keyIndex: 0, keyEpoch: 0 }),
    fc.record({ keyIndex: fc.integer({ min: 1, max: 4 }), keyEpoch: u32 }),
  );
  const common = fc.record({
    stored: fc.constant(false),
    account: u32,
    nonce,
    flags: maker ? fc.integer({ min: 0, max: 63 }) : fc.integer({ min: 0, max: 31 }).map((flags) => flags * 2),
    lots,
    feeTicks: u39,
    deadline: fc.oneof(
      time(base),
      fc.bigInt({ min: base / 60n + 1n, max: MAX_TIME / 60n }).map((minute) => minute * 60n),
    ),
    signature,
  });
  const priced = maker
    ? fc.record({
        market: u8,
        day: fc.integer({ min: Number(base / 86_400n), max: 65_535 }),
        strikeSteps: u39,
        put: fc.boolean(),
        limitTicks: u39,
      })
    : fc.record({ slippageTicks: u39 });
  const parts: fc.Arbitrary<object>[] = [common, keyed, priced];
  return fc.tuple(...parts).map((all) => Object.assign({}, ...all) as object);
}

/** The fill that fills the taker's order in whole. */
function whole(fill: object): object {
  const { taker } = fill as { taker: { lots: bigint } };
  return { ...fill, lots: taker.lots };
}

const reference = fc.record({ stored: fc.constant(true), account: u32, nonce });

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const u40 = fc.bigInt({ min: 0n, max: MAX_TIME });

/** Signers as a bitmap, with as many signatures as it has bits. */
const reportSignatures = fc.integer({ min: 0, max: 0xffff }).chain((signers) => {
  const length = signers.toString(2).replaceAll("0", "").length;
  return fc.record({
    signers: fc.constant(signers),
    signatures: fc.array(signature, { minLength: length, maxLength: length }),
  });
});

const reportedCurves = fc
  .uniqueArray(fc.integer({ min: 0, max: 65_535 }), { maxLength: 16 })
  .map((days) => days.sort((a, b) => a - b))
  .chain((days) => {
    const curve = fc.record({ a: i64, b: i64, rho: i64, m: i64, sigma: i64, refTau: u32.map(BigInt) });
    return fc.tuple(...days.map((day) => fc.record({ day: fc.constant(day), forward: u64, curve })));
  });

const oracleReport = fc
  .record({
    type: fc.constant(0x20),
    market: u8,
    time: u40,
    spot: u64,
    curves: reportedCurves,
    signed: reportSignatures,
    earlier: fc.option(fc.tuple(fc.record({ time: u40, spot: u64, curvesHash: bytesOf(32) }), reportSignatures), {
      nil: undefined,
    }),
  })
  .map(({ signed, earlier, ...report }) => ({
    ...report,
    ...signed,
    earlier: earlier === undefined ? undefined : { ...earlier[0], ...earlier[1] },
  }));

function transactions(base: bigint, forced: boolean): Record<string, fc.Arbitrary<object>> {
  const owner = forced ? fc.constant(undefined) : fc.record({ nonce, deadline: time(base), signature });
  const cancel = forced
    ? fc.constant(undefined)
    : fc.record({ keyIndex: fc.integer({ min: 0, max: 4 }), deadline: time(base), signature });
  const type = <T extends number>(value: T): fc.Arbitrary<T> => fc.constant(value);
  const fraction = fc.bigInt({ min: 1n, max: 10n ** 9n });
  const fill = (maker: fc.Arbitrary<object>, taker: fc.Arbitrary<object>): fc.Arbitrary<object> =>
    fc.record({ type: type(0x10), maker, taker, lots });
  const [maker, taker] = [order(base, true), order(base, false)];
  return {
    Withdraw: fc.record({ type: type(1), account: u32, amount: u64, payee: u8, auth: owner }),
    Transfer: fc.record({ type: type(2), from: u32, to: u32, amount: u64, auth: owner }),
    SetKey: fc.record({
      type: type(3),
      account: u32,
      index: u8,
      address: fc.uint8Array({ minLength: 20, maxLength: 20 }),
      scope: u8,
      expiry: time(0n),
      budget: u64,
      auth: owner,
    }),
    RevokeKey: fc.record({ type: type(4), account: u32, index: u8, auth: owner }),
    Cancel: fc.record({ type: type(5), account: u32, nonce, auth: cancel }),
    CancelAll: fc.record({ type: type(6), account: u32, floor: nonce, auth: cancel }),
    CollectFees: fc.record({ type: type(7) }),
    Settle: fc.record({
      type: type(8),
      market: u8,
      day: fc.integer({ min: 0, max: 65_535 }),
      accounts: fc.array(u32, { minLength: 1, maxLength: 32 }),
    }),
    SetMode: fc.record({ type: type(9), account: u32, mode: fc.integer({ min: 0, max: 1 }), auth: owner }),
    StartAuction: fc.record({ type: type(0x0a), account: u32 }),
    EndAuction: fc.record({ type: type(0x0b), account: u32 }),
    Bid: fc.record({ type: type(0x0c), account: u32, bidder: u32, fraction, limit: u64, auth: owner }),
    FundBid: fc.record({ type: type(0x0d), account: u32, fund: fc.integer({ min: 0, max: 15 }), fraction }),
    CollectFund: fc.record({ type: type(0x0e), fund: fc.integer({ min: 0, max: 15 }) }),
    OracleReport: oracleReport,
    "Fill of two new orders": fill(maker, taker),
    "Fill of a taker's whole order": fill(maker, taker).map(whole),
    ...(forced
      ? {}
      : {
          "Fill with a stored maker": fill(reference, taker),
          "Fill of a taker's whole order with a stored maker": fill(reference, taker).map(whole),
          "Fill with a stored taker": fill(maker, reference),
          "Fill of two stored orders": fill(reference, reference),
        }),
  };
}

describe("varints", () => {
  const read = (bytes: number[], maximum = MAX_U64): bigint | undefined => {
    const reader = new Reader(Uint8Array.from(bytes));
    const value = reader.varint(maximum);
    return reader.finished ? value : undefined;
  };

  it("come back as they were, in the fewest bytes", () => {
    fc.assert(
      fc.property(u64, (value) => {
        const bytes = encodeVarint(value);
        expect(read(bytes)).to.equal(value);
        expect(bytes).to.have.length(Math.max(1, Math.ceil(value.toString(2).length / 7)));
      }),
      RUNS,
    );
  });

  it("are right at every power of two and next to it", () => {
    for (let bits = 0n; bits <= 64n; bits++) {
      for (const value of [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n]) {
        if (value > MAX_U64) continue;
        expect(read(encodeVarint(value)), String(value)).to.equal(value);
        if (value > 0n) expect(read(encodeVarint(value), value - 1n), `${value} above the maximum`).to.equal(undefined);
        expect(read(encodeVarint(value), value)).to.equal(value);
      }
    }
  });

  it("have one encoding for each value", () => {
    for (let length = 1; length <= 9; length++) {
      const padded = [...Array<number>(length).fill(0x80), 0];
      expect(read(padded), `zero in ${length + 1} bytes`).to.equal(undefined);
      expect(read([...Array<number>(length).fill(0xff), 0]), `padded to ${length + 1} bytes`).to.equal(undefined);
    }
  });

  const refused: [string, number[]][] = [
    ["nothing", []],
    ["a continuation and nothing behind it", [0x80]],
    ["nine continuations and nothing behind them", Array<number>(9).fill(0xff)],
    ["2^64", [...Array<number>(9).fill(0x80), 2]],
    ["more than 64 bits in ten bytes", [...Array<number>(9).fill(0xff), 0x7f]],
    ["eleven bytes", [...Array<number>(10).fill(0x80), 1]],
    ["ten continuations", Array<number>(10).fill(0xff)],
  ];
  for (const [name, bytes] of refused) it(`are refused: ${name}`, () => expect(read(bytes)).to.equal(undefined));
});

describe("transactions on the wire", () => {
  for (const forced of [false, true]) {
    const base = forced ? 0n : BASE;
    for (const [name, arbitrary] of Object.entries(transactions(base, forced))) {
      const title = forced ? `forced ${name}` : name;
      it(`${title}: comes back as it was`, () => {
        fc.assert(
          fc.property(arbitrary, (transaction) => {
            const bytes = encodeTransaction(transaction as Transaction, base);
            expect(decodeTransaction(bytes, base, forced)).to.deep.equal(transaction);
          }),
          RUNS,
        );
      });

      it(`${title}: one byte short or long, or of no type, is malformed`, () => {
        fc.assert(
          fc.property(arbitrary, u8, (transaction, extra) => {
            const bytes = encodeTransaction(transaction as Transaction, base);
            expect(decodeTransaction(bytes.slice(0, -1), base, forced)).to.equal(undefined);
            expect(decodeTransaction(Uint8Array.of(...bytes, extra), base, forced)).to.equal(undefined);
            expect(decodeTransaction(Uint8Array.of(0x0f, ...bytes.slice(1)), base, forced)).to.equal(undefined);
          }),
          { ...RUNS, numRuns: 60 },
        );
      });
    }
  }

  it("a type in the place of another reads as one only where both have the same fields", () => {
    // So a RevokeKey of index 0 or 1 reads as a SetMode. What is signed names the type, and a forced one is the sender's own.
    const [revoke, mode] = [Uint8Array.of(4, 7, 1), Uint8Array.of(9, 7, 1)];
    expect(decodeTransaction(revoke, 0n, true)).to.deep.equal({ type: 4, account: 7, index: 1, auth: undefined });
    expect(decodeTransaction(mode, 0n, true)).to.deep.equal({ type: 9, account: 7, mode: 1, auth: undefined });
    const domain = new Uint8Array(32);
    expect(toHex(revokeKeyDigest(domain, 7, 1, 5n, 6n))).to.not.equal(toHex(setModeDigest(domain, 7, 1, 5n, 6n)));
  });

  it("whatever decodes encodes to the same bytes, so no transaction has two encodings", () => {
    const random = new Random(5);
    const samples = [false, true].flatMap((forced) =>
      Object.values(transactions(forced ? 0n : BASE, forced)).flatMap((arbitrary) =>
        fc.sample(arbitrary, { numRuns: 30, seed: 3 }).map((transaction) => ({
          forced,
          bytes: encodeTransaction(transaction as Transaction, forced ? 0n : BASE),
        })),
      ),
    );
    let decoded = 0;
    for (const { forced, bytes } of samples) {
      for (let i = 0; i < 40; i++) {
        const mutated = [...bytes];
        const at = random.uint(mutated.length);
        const kind = random.uint(4);
        if (kind === 0) mutated[at] = random.uint(256);
        else if (kind === 1) mutated[at] = mutated[at]! ^ (1 << random.uint(8));
        else if (kind === 2) mutated.splice(at, 1);
        else mutated.splice(at, 0, random.pick([0, 0x80, random.uint(256)]));
        const hostile = Uint8Array.from(mutated);
        const base = forced ? 0n : BASE;
        const transaction = decodeTransaction(hostile, base, forced);
        if (transaction === undefined) continue;
        decoded++;
        expect(toHex(encodeTransaction(transaction, base))).to.equal(toHex(hostile));
      }
    }
    expect(decoded).to.be.greaterThan(1000);
  });

  // Valid bytes of a Withdraw of account 1, amount 5, payee 0, nonce 9, deadline + 60; then one thing is wrong.
  const sig = Array<number>(64).fill(7);
  const five9 = [0x80, 0x80, 0x80, 0x80, 0x10];
  const makerHead = [0x10, 1, 2];
  const makerTail = [1, 3, 4, 5, 6, 7, 60, ...sig];
  const takerOrder = [2, 3, 0, 5, 6, 7, 60, ...sig];
  const bareOrder = [2, 3, 5, 6, 7, 60, ...sig];
  /** A maker's order whose deadline has this varint. */
  const due = (coded: bigint): number[] => [...makerHead, 0, 1, 3, 4, 5, 6, 7, ...encodeVarint(coded), ...sig];
  const minutes = MAX_TIME / 60n - BASE / 60n;
  const tooLarge = encodeVarint(2n ** 39n);
  const zeros = (count: number): number[] => Array<number>(count).fill(0);
  const report = [0x20, 1, ...zeros(13)];
  const curveOf = (day: number): number[] => [0, day, ...zeros(52)];
  const days = (count: number): number[] => Array.from({ length: count }, (_, i) => curveOf(i)).flat();
  const earlier = zeros(13 + 32);
  const table: [string, number[], boolean, boolean?][] = [
    ["a Withdraw", [1, 1, 5, 0, 9, 60, ...sig], true],
    ["an account of 33 bits", [1, ...five9, 5, 0, 9, 60, ...sig], false],
    ["an account in two bytes that needs one", [1, 0x81, 0, 5, 0, 9, 60, ...sig], false],
    ["a nonce of 2^63", [1, 1, 5, 0, ...encodeVarint(2n ** 63n), 60, ...sig], false],
    ["the largest nonce", [1, 1, 5, 0, ...encodeVarint(2n ** 63n - 1n), 60, ...sig], true],
    ["a deadline beyond 40 bits", [1, 1, 5, 0, 9, ...encodeVarint(MAX_TIME - BASE + 1n), ...sig], false],
    ["the last deadline", [1, 1, 5, 0, 9, ...encodeVarint(MAX_TIME - BASE), ...sig], true],
    ["a signed form in a forced message", [1, 1, 5, 0, 9, 60, ...sig], false, true],
    ["a forced form in a batch", [1, 1, 5, 0], false],
    ["a forced form in a message", [1, 1, 5, 0], true, true],
    ["no bytes", [], false],
    ["type 0", [0], false],
    ["type 0x0f", [0x0f], false],
    ["type 0x21", [0x21], false],
    ["a SetMode to standard margin", [9, 1, 1, 9, 60, ...sig], true],
    ["a SetMode to mode 2", [9, 1, 2, 9, 60, ...sig], false],
    ["a forced SetMode", [9, 1, 0], true, true],
    ["a forced SetMode to mode 2", [9, 1, 2], false, true],
    ["a forced SetMode with a signature", [9, 1, 0, 9, 60, ...sig], false, true],
    ["a StartAuction", [10, 1], true],
    ["a StartAuction in a message", [10, 1], true, true],
    ["a StartAuction of an account of 33 bits", [10, ...five9], false],
    ["an EndAuction", [11, 1], true],
    ["an EndAuction in a message", [11, 1], true, true],
    ["an EndAuction of nothing", [11], false],
    ["a Bid", [12, 1, 2, 5, 6, 9, 60, ...sig], true],
    ["a forced Bid", [12, 1, 2, 5, 6], true, true],
    ["a Bid for nothing", [12, 1, 2, 0, 6, 9, 60, ...sig], false],
    ["a Bid for a whole account", [12, 1, 2, ...encodeVarint(10n ** 9n), 6, 9, 60, ...sig], true],
    ["a Bid for more", [12, 1, 2, ...encodeVarint(10n ** 9n + 1n), 6, 9, 60, ...sig], false],
    ["a Bid with the largest limit", [12, 1, 2, 5, ...encodeVarint(MAX_U64), 9, 60, ...sig], true],
    ["a Bid by an account of 33 bits", [12, 1, ...five9, 5, 6, 9, 60, ...sig], false],
    ["a FundBid", [13, 1, 3, 5], true],
    ["a FundBid in a message", [13, 1, 3, 5], true, true],
    ["a FundBid of the last account", [13, 1, 15, 5], true],
    ["a FundBid of a seventeenth account", [13, 1, 16, 5], false],
    ["a FundBid for nothing", [13, 1, 3, 0], false],
    ["a FundBid for more than an account", [13, 1, 3, ...encodeVarint(10n ** 9n + 1n)], false],
    ["a CollectFund", [14, 3], true],
    ["a CollectFund in a message", [14, 3], true, true],
    ["a CollectFund of the last account", [14, 15], true],
    ["a CollectFund of a seventeenth account", [14, 16], false],
    ["a report without curves and signatures", [...report, 0, 0, 0, 0], true],
    ["the same in a message", [...report, 0, 0, 0, 0], true, true],
    ["a report with one curve and one signature", [...report, 1, ...curveOf(5), 0x80, 0, ...sig, 0], true],
    ["a report with a signature too many", [...report, 1, ...curveOf(5), 0x80, 0, ...sig, ...sig, 0], false],
    ["a report with a signature too few", [...report, 1, ...curveOf(5), 0x81, 0, ...sig, 0], false],
    ["a report with two days in order", [...report, 2, ...curveOf(5), ...curveOf(6), 0, 0, 0], true],
    ["a report with one day twice", [...report, 2, ...curveOf(5), ...curveOf(5), 0, 0, 0], false],
    ["a report with days out of order", [...report, 2, ...curveOf(6), ...curveOf(5), 0, 0, 0], false],
    ["a report of 16 days", [...report, 16, ...days(16), 0, 0, 0], true],
    ["a report of 17 days", [...report, 17, ...days(17), 0, 0, 0], false],
    ["a report that says 16 and brings 15", [...report, 16, ...days(15), 0, 0, 0], false],
    ["a report that confirms", [...report, 0, 0, 0, 1, ...earlier, 0, 1, ...sig], true],
    ["a report that confirms without signatures", [...report, 0, 0, 0, 1, ...earlier, 0, 0], true],
    ["a report that confirms and brings nothing", [...report, 0, 0, 0, 1], false],
    ["a report that confirms twice", [...report, 0, 0, 0, 2, ...earlier, 0, 0], false],
    ["a report that does not confirm and brings one", [...report, 0, 0, 0, 0, ...earlier, 0, 0], false],
    ["type 0x16", [0x16, ...makerHead.slice(1), 0, ...makerTail, 1, 2], false],
    ["type 0x17", [0x17, 1, 2, 3, 4], false],
    ["CollectFees", [7], true],
    ["CollectFees with a byte behind it", [7, 0], false],
    ["a Settle of no account", [8, 1, 0, 5], false],
    ["a Settle of 32", [8, 1, 0, 5, ...Array<number>(128).fill(1)], true],
    ["a Settle of 33", [8, 1, 0, 5, ...Array<number>(132).fill(1)], false],
    ["a Settle of an account and a half", [8, 1, 0, 5, 0, 0, 0, 1, 0, 0], false],
    ["a fill of two new orders", [...makerHead, 0, ...makerTail, ...takerOrder, 1], true],
    ["the same in a message", [...makerHead, 0, ...makerTail, ...takerOrder, 1], true, true],
    ["a keyed maker", [...makerHead, 0x80, 4, 0, ...makerTail, ...takerOrder, 1], true],
    ["key index 0 with the key's bit", [...makerHead, 0x80, 0, 0, ...makerTail, ...takerOrder, 1], false],
    ["key index 5", [...makerHead, 0x80, 5, 0, ...makerTail, ...takerOrder, 1], false],
    ["a key epoch of 33 bits", [...makerHead, 0x80, 1, ...five9, ...makerTail, ...takerOrder, 1], false],
    ["a taker that says put", [...makerHead, 0, ...makerTail, 2, 3, 0x40, ...takerOrder.slice(3), 1], false],
    ["a taker that says sell", [...makerHead, 0, ...makerTail, 2, 3, 0x01, ...takerOrder.slice(3), 1], false],
    ["a maker's put", [...makerHead, 0x40, ...makerTail, ...takerOrder, 1], true],
    ["a strike of 2^39", [...makerHead, 0, 1, 3, ...tooLarge, 5, 6, 7, 60, ...sig, ...takerOrder, 1], false],
    ["a limit of 2^39", [...makerHead, 0, 1, 3, 4, ...tooLarge, 6, 7, 60, ...sig, ...takerOrder, 1], false],
    ["a slippage of 2^39", [...makerHead, 0, ...makerTail, 2, 3, 0, ...tooLarge, 6, 7, 60, ...sig, 1], false],
    ["a taker's whole order", [0x14, 1, 2, 0, ...makerTail, ...takerOrder], true],
    ["a taker's whole order in a message", [0x14, 1, 2, 0, ...makerTail, ...takerOrder], true, true],
    ["a taker's whole order with its quantity", [0x14, 1, 2, 0, ...makerTail, ...takerOrder, 6], false],
    ["a taker's whole order as if it were a part", [...makerHead, 0, ...makerTail, ...takerOrder, 6], false],
    ["a taker's whole order with a stored maker", [0x15, 1, 2, ...takerOrder], true],
    ["the same in a message", [0x15, 1, 2, ...takerOrder], false, true],
    ["a stored maker with a taker's whole order as if it were a part", [0x11, 1, 2, ...takerOrder, 6], false],
    ["an immediate taker's order", [0x18, 1, 2, 0, ...makerTail, ...bareOrder, 1], true],
    ["the same in a message", [0x18, 1, 2, 0, ...makerTail, ...bareOrder, 1], true, true],
    ["an immediate taker's whole order", [0x1c, 1, 2, 0, ...makerTail, ...bareOrder], true],
    ["an immediate taker's order with a stored maker", [0x19, 1, 2, ...bareOrder, 1], true],
    ["an immediate taker's whole order with a stored maker", [0x1d, 1, 2, ...bareOrder], true],
    [
      "an immediate taker's flag in its byte",
      [...makerHead, 0, ...makerTail, 2, 3, 4, ...bareOrder.slice(2), 1],
      false,
    ],
    [
      "an immediate taker's flag with a key",
      [...makerHead, 0, ...makerTail, 2, 3, 0x84, 1, 1, ...bareOrder.slice(2), 1],
      true,
    ],
    ["type 0x1a", [0x1a, 1, 2, 0, ...makerTail, 1, 2, 3], false],
    ["type 0x1e", [0x1e, 1, 2, 0, ...makerTail, 1, 2], false],
    ["a deadline in seconds", [...due(2n), ...takerOrder, 1], true],
    ["a deadline in seconds that is a whole minute", [...due(2n * (60n - (BASE % 60n))), ...takerOrder, 1], false],
    ["the last deadline in seconds", [...due(2n * (MAX_TIME - BASE)), ...takerOrder, 1], true],
    ["a deadline in seconds behind it", [...due(2n * (MAX_TIME - BASE + 1n)), ...takerOrder, 1], false],
    ["the last deadline in minutes", [...due(2n * minutes + 1n), ...takerOrder, 1], true],
    ["a deadline in minutes behind it", [...due(2n * minutes + 3n), ...takerOrder, 1], false],
    [
      "an order beyond the largest quantity",
      [...makerHead, 0, 1, 3, 4, 5, ...encodeVarint(10n ** 12n + 1n), 7, 60, ...sig, ...takerOrder, 1],
      false,
    ],
    [
      "the last expiry day",
      [...makerHead, 0, 1, ...encodeVarint(45_535n), 4, 5, 6, 7, 60, ...sig, ...takerOrder, 1],
      true,
    ],
    [
      "a day behind the last",
      [...makerHead, 0, 1, ...encodeVarint(45_536n), 4, 5, 6, 7, 60, ...sig, ...takerOrder, 1],
      false,
    ],
    ["a maximum fee of 2^39", [...makerHead, 0, 1, 3, 4, 5, 6, ...tooLarge, 60, ...sig, ...takerOrder, 1], false],
    ["a fill beyond the largest quantity", [0x13, 1, 2, 3, 4, ...encodeVarint(10n ** 12n + 1n)], false],
    ["a fill of two stored orders", [0x13, 1, 2, 3, 4, 5], true],
    ["a fill of two stored orders in a message", [0x13, 1, 2, 3, 4, 5], false, true],
    ["a stored maker in a message", [0x11, 1, 2, ...takerOrder, 1], false, true],
  ];
  for (const [name, bytes, decodes, forced = false] of table) {
    it(`${decodes ? "takes" : "refuses"} ${name}`, () => {
      const transaction = decodeTransaction(Uint8Array.from(bytes), forced ? 0n : BASE, forced);
      expect(transaction !== undefined).to.equal(decodes);
    });
  }
});

describe("frames", () => {
  const item = (length: number): Uint8Array => encodeItem(new Uint8Array(length));

  it("lead from each item to the next", () => {
    for (const length of [1, 2, 127, 128, 239, 240, 241, 495, 496, 4095, 4096]) {
      const payload = Uint8Array.of(9, ...item(length), 9);
      const frame = frameAt(payload, 1)!;
      expect(frame.end - frame.start).to.equal(length);
      expect(frame.end).to.equal(payload.length - 1);
    }
  });

  const errors: [string, number[]][] = [
    ["a length of zero", [0, 1, 1]],
    ["a length above 4096", [0xff, 0x11, ...Array<number>(5000).fill(1)]],
    ["the largest length of all", [0xff, 0xff, ...Array<number>(5000).fill(1)]],
    ["a length that is cut off", [0xf0]],
    ["a long item that reaches beyond the payload", [0xf0, 0, ...Array<number>(239).fill(1)]],
    ["an item that reaches beyond the payload", [5, 1, 2, 3, 4]],
  ];
  for (const [name, bytes] of errors) {
    it(`break at ${name}`, () => expect(frameAt(Uint8Array.from(bytes), 0)).to.equal(undefined));
  }
});
