import { expect } from "chai";
import { concat, hexlify, toBeHex } from "ethers";
import type { MachineHarness } from "../../typechain/index.ts";
import { Random, runSeed } from "../support/random.ts";
import { connect } from "../support/baseChain.ts";

const { ethers } = await connect();

const MAX_U64 = 2n ** 64n - 1n;
const MAX_PRICE = 2n ** 39n - 1n;
const MAX_TIME = 2n ** 40n - 1n;

/** The one encoding of a value. */
function varint(value: bigint): string {
  const groups: number[] = [];
  for (; value > 0x7fn; value >>= 7n) groups.push(Number(value & 0x7fn) | 0x80);
  return hexlify(Uint8Array.from([...groups, Number(value)]));
}

describe("Varint: one encoding for each value", () => {
  let harness: MachineHarness;

  before(async () => {
    harness = await ethers.deployContract("MachineHarness");
  });

  it("reads every power of two and its neighbours", async () => {
    for (let bits = 0n; bits < 64n; bits++) {
      for (const value of [2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n]) {
        expect(await harness.varint(varint(value), MAX_U64), `${value}`).to.deep.equal([true, value]);
      }
    }
    expect(await harness.varint(varint(MAX_U64), MAX_U64)).to.deep.equal([true, MAX_U64]);
  });

  const malformed: [string, string][] = [
    ["nothing", "0x"],
    ["one group that goes on", "0x80"],
    ["nine groups that go on", `0x${"ff".repeat(9)}`],
    ["ten groups that go on", `0x${"ff".repeat(10)}`],
    ["eleven groups", `0x${"80".repeat(10)}01`],
    ["a zero with two groups", "0x8000"],
    ["a one with two groups", "0x8100"],
    ["a last group of zero after nine", `0x${"ff".repeat(9)}00`],
    ["the 65th bit", `0x${"80".repeat(9)}02`],
    ["all bits of ten groups", `0x${"ff".repeat(9)}7f`],
    ["a byte behind it", "0x0101"],
  ];
  for (const [name, bytes] of malformed) {
    it(`refuses ${name}`, async () => {
      const [valid] = await harness.varint(bytes, MAX_U64);
      expect(valid).to.equal(false);
    });
  }

  it("refuses what is above the maximum, and takes the maximum", async () => {
    for (const maximum of [0n, 1n, 127n, 128n, 2n ** 32n - 1n, MAX_PRICE, 2n ** 63n - 1n]) {
      expect(await harness.varint(varint(maximum), maximum)).to.deep.equal([true, maximum]);
      expect((await harness.varint(varint(maximum + 1n), maximum))[0]).to.equal(false);
    }
  });
});

describe("Framing: items of a payload", () => {
  let harness: MachineHarness;

  before(async () => {
    harness = await ethers.deployContract("MachineHarness");
  });

  /** What the length's bytes say at `offset` of a payload of `length` bytes. */
  async function frame(bytes: string, offset: number, length: number): Promise<[boolean, bigint, bigint, boolean]> {
    const { valid, start, end, available } = await harness.frameAt(bytes, 0, offset, length);
    return [valid, start, end, available];
  }

  it("finds items of one and of two bytes of length", async () => {
    expect(await frame("0x01", 0, 2)).to.deep.equal([true, 1n, 2n, true]);
    expect(await frame("0x80", 0, 129)).to.deep.equal([true, 1n, 129n, true]);
    expect(await frame("0xef", 0, 240)).to.deep.equal([true, 1n, 240n, true]);
    expect(await frame("0xf000", 0, 242)).to.deep.equal([true, 2n, 242n, true]);
    expect(await frame("0xf0ff", 0, 497)).to.deep.equal([true, 2n, 497n, true]);
    expect(await frame("0xf100", 0, 498)).to.deep.equal([true, 2n, 498n, true]);
    expect(await frame("0xff10", 0, 4098)).to.deep.equal([true, 2n, 4098n, true]);
    expect(await frame("0xffff05", 2, 8)).to.deep.equal([true, 3n, 8n, true]);
  });

  const errors: [string, string, number, number, bigint][] = [
    ["length zero", "0x00", 0, 10, 1n],
    ["an item that reaches behind the payload", "0x02", 0, 2, 1n],
    ["a length that is cut off", "0xf0", 0, 1, 1n],
    ["a length of 4097", "0xff11", 0, 5000, 2n],
    ["a length of 4335", "0xffff", 0, 20000, 2n],
    ["an item of two bytes of length that reaches behind the payload", "0xf000", 0, 241, 2n],
  ];
  for (const [name, bytes, offset, length, end] of errors) {
    it(`finds none for ${name}, and says which bytes show it`, async () => {
      const [valid, , actual, available] = await frame(bytes, offset, length);
      expect([valid, actual, available]).to.deep.equal([false, end, true]);
    });
  }

  it("says when the evidence ends before the length does", async () => {
    expect((await frame("0x", 0, 10))[3]).to.equal(false);
    expect((await frame("0xf0", 0, 10))[3]).to.equal(false);
  });
});

describe("Wire: fills", () => {
  const SIGNATURE = `0x${"5a".repeat(64)}`;
  const BASE = 1_772_452_800n;
  let harness: MachineHarness;

  before(async () => {
    harness = await ethers.deployContract("MachineHarness");
  });

  interface Fields {
    account?: bigint;
    nonce?: bigint;
    flags?: number;
    key?: [number, bigint];
    day?: bigint;
    strike?: bigint;
    /** The limit of a maker, the slippage of a taker. */
    price?: bigint;
    lots?: bigint;
    fee?: bigint;
    deadline?: bigint;
  }

  function order(fields: Fields, isMaker: boolean): string {
    const { account = 7n, nonce = 9n, flags = 0, key, day = 3n, strike = 40n } = fields;
    const { price = 11n, lots = 5n, fee = 13n, deadline = 17n } = fields;
    return concat([
      varint(account),
      varint(nonce),
      toBeHex(flags, 1),
      ...(key === undefined ? [] : [toBeHex(key[0], 1), varint(key[1])]),
      ...(isMaker ? ["0x02", varint(day), varint(strike)] : []),
      ...[price, lots, fee, deadline].map(varint),
      SIGNATURE,
    ]);
  }

  /** Of a part of both orders. */
  const fill = (maker: Fields, taker: Fields, lots = 4n): string =>
    concat(["0x10", order(maker, true), order(taker, false), varint(lots)]);

  it("reads both orders", async () => {
    const item = fill({ flags: 0xff, key: [4, 77n] }, { account: 8n, flags: 0x3e });
    const { valid, transaction } = await harness.decodeFill(item, BASE, false);
    expect(valid).to.equal(true);
    const { maker, taker, lots } = transaction;
    expect([maker.account, maker.nonce, maker.flags, maker.keyIndex, maker.keyEpoch]).to.deep.equal([
      7n,
      9n,
      0x3fn,
      4n,
      77n,
    ]);
    expect([maker.market, maker.day, maker.strikeSteps, maker.put]).to.deep.equal([2n, BASE / 86400n + 3n, 40n, true]);
    expect([maker.limitTicks, maker.lots, maker.feeTicks]).to.deep.equal([11n, 5n, 13n]);
    expect(maker.deadline, "17: the eighth minute after that of the batch").to.equal((BASE / 60n + 8n) * 60n);
    expect([taker.slippageTicks, taker.limitTicks, taker.lots]).to.deep.equal([11n, 0n, 5n]);
    expect([taker.account, taker.flags, taker.keyIndex, taker.stored]).to.deep.equal([8n, 0x3en, 0n, false]);
    expect(lots).to.equal(4n);
    expect(concat([maker.signature.r, maker.signature.yParityAndS])).to.equal(SIGNATURE);
  });

  it("reads references, of the maker and of the taker", async () => {
    const reference = concat([varint(3n), varint(2n ** 63n - 1n)]);
    const both = await harness.decodeFill(concat(["0x13", reference, reference, varint(5n)]), BASE, false);
    expect([both.valid, both.transaction.maker.stored, both.transaction.taker.stored]).to.deep.equal([
      true,
      true,
      true,
    ]);
    expect(both.transaction.taker.nonce).to.equal(2n ** 63n - 1n);
    const maker = await harness.decodeFill(concat(["0x11", reference, order({}, false), varint(4n)]), BASE, false);
    expect([maker.valid, maker.transaction.maker.stored, maker.transaction.taker.stored]).to.deep.equal([
      true,
      true,
      false,
    ]);
    const taker = await harness.decodeFill(concat(["0x12", order({}, true), reference, varint(5n)]), BASE, false);
    expect([taker.valid, taker.transaction.maker.stored, taker.transaction.taker.stored]).to.deep.equal([
      true,
      false,
      true,
    ]);
  });

  it("reads a fill of the taker's whole order, whose quantity is the order's", async () => {
    const maker = order({}, true);
    const taker = order({ lots: 77n }, false);
    const reference = concat([varint(3n), varint(4n)]);
    for (const [item, forced, valid] of [
      [concat(["0x14", maker, taker]), false, true],
      [concat(["0x14", maker, taker]), true, true],
      [concat(["0x15", reference, taker]), false, true],
      [concat(["0x15", reference, taker]), true, false],
      [concat(["0x14", maker, taker, varint(77n)]), false, false],
      [concat(["0x10", maker, taker, varint(77n)]), false, false],
    ] as const) {
      const decoded = await harness.decodeFill(item, forced ? 0n : BASE, forced);
      expect(decoded.valid, item.slice(0, 4)).to.equal(valid);
      if (valid) expect(decoded.transaction.lots).to.equal(77n);
    }
  });

  it("reads a taker's order whose flags the type says", async () => {
    const maker = order({}, true);
    const reference = concat([varint(3n), varint(4n)]);
    const rest = [11n, 77n, 13n, 17n].map(varint);
    const bare = concat([varint(8n), varint(9n), ...rest, SIGNATURE]);
    const keyed = order({ flags: 0x84, key: [1, 1n], lots: 77n }, false);
    for (const [item, forced, valid] of [
      [concat(["0x18", maker, bare, varint(5n)]), false, true],
      [concat(["0x18", maker, bare, varint(5n)]), true, true],
      [concat(["0x18", maker, bare, varint(77n)]), false, false],
      [concat(["0x1c", maker, bare]), false, true],
      [concat(["0x19", reference, bare, varint(5n)]), false, true],
      [concat(["0x1d", reference, bare]), false, true],
      [concat(["0x1d", reference, bare]), true, false],
      [concat(["0x14", maker, order({ flags: 0x04, lots: 77n }, false)]), false, false],
      [concat(["0x14", maker, order({ flags: 0x06, lots: 77n }, false)]), false, true],
      [concat(["0x14", maker, keyed]), false, true],
      [concat(["0x16", maker, reference]), false, false],
      [concat(["0x1a", maker, reference, varint(5n)]), false, false],
    ] as const) {
      const decoded = await harness.decodeFill(item, forced ? 0n : BASE, forced);
      expect(decoded.valid, item.slice(0, 4)).to.equal(valid);
      const { flags, keyIndex } = decoded.transaction.taker;
      if (valid && Number(item.slice(0, 4)) >= 0x18) expect([flags, keyIndex]).to.deep.equal([4n, 0n]);
    }
  });

  it("counts deadlines from the batch's time in seconds, and from its minute in minutes", async () => {
    const base = BASE + 59n;
    const times: [bigint, bigint][] = [
      [0n, base],
      [1n, BASE],
      [3n, BASE + 60n],
      [4n, base + 2n],
      [240n, base + 120n],
    ];
    for (const [coded, deadline] of times) {
      const { valid, transaction } = await harness.decodeFill(fill({ deadline: coded }, {}), base, false);
      expect([valid, transaction.maker.deadline], `${coded}`).to.deep.equal([true, deadline]);
    }
    // The second behind it is a whole minute.
    expect((await harness.decodeFill(fill({ deadline: 2n }, {}), base, false)).valid).to.equal(false);
  });

  it("takes no references from a forced transaction, whose times are absolute", async () => {
    const reference = concat([varint(3n), varint(4n)]);
    const item = concat(["0x12", order({}, true), reference, varint(5n)]);
    expect((await harness.decodeFill(item, 0n, true)).valid).to.equal(false);
    const { valid, transaction } = await harness.decodeFill(
      fill({ day: 65535n, deadline: 2n * MAX_TIME }, {}),
      0n,
      true,
    );
    expect([valid, transaction.maker.day, transaction.maker.deadline]).to.deep.equal([true, 65535n, MAX_TIME]);
  });

  const day = BASE / 86400n;
  const malformed: [string, string][] = [
    ["a taker that says sell", fill({}, { flags: 0x01 })],
    ["a taker that says put", fill({}, { flags: 0x40 })],
    ["key index 0", fill({ flags: 0x80, key: [0, 1n] }, {})],
    ["key index 5", fill({ flags: 0x80, key: [5, 1n] }, {})],
    ["a key epoch of 33 bits", fill({ flags: 0x80, key: [1, 2n ** 32n] }, {})],
    ["an account of 33 bits", fill({ account: 2n ** 32n }, {})],
    ["a nonce of 64 bits", fill({ nonce: 2n ** 63n }, {})],
    ["a day behind the last", fill({ day: 65536n - day }, {})],
    ["a strike above the largest price", fill({ strike: MAX_PRICE + 1n }, {})],
    ["a limit above the largest price", fill({ price: MAX_PRICE + 1n }, {})],
    ["a slippage above the largest price", fill({}, { price: MAX_PRICE + 1n })],
    ["an order of more lots than there may be", fill({ lots: 10n ** 12n + 1n }, {})],
    ["a fill of more lots than there may be", fill({}, {}, 10n ** 12n + 1n)],
    ["a maximum fee above the largest price", fill({ fee: MAX_PRICE + 1n }, {})],
    ["a deadline in seconds behind the last time", fill({ deadline: 2n * (MAX_TIME - BASE + 1n) }, {})],
    [
      "a deadline in minutes behind the last time",
      fill({ deadline: 2n * (MAX_TIME / 60n - BASE / 60n + 1n) + 1n }, {}),
    ],
    ["a deadline beyond what a varint of one may say", fill({ deadline: 2n * MAX_TIME + 2n }, {})],
    ["a deadline in seconds that is a whole minute", fill({ deadline: 2n * 60n }, {})],
    ["a taker's whole order as if it were a part", fill({}, {}, 5n)],
    ["a byte behind the end", concat([fill({}, {}), "0x00"])],
    ["a byte too few", fill({}, {}).slice(0, -2)],
    ["nothing behind the type", "0x10"],
  ];
  for (const [name, item] of malformed) {
    it(`refuses ${name}`, async () => {
      expect((await harness.decodeFill(item, BASE, false)).valid).to.equal(false);
    });
  }

  it("takes every value at its bound", async () => {
    const bounds: Fields = {
      account: 2n ** 32n - 1n,
      nonce: 2n ** 63n - 1n,
      flags: 0x80,
      key: [1, 2n ** 32n - 1n],
      day: 65535n - day,
      strike: MAX_PRICE,
      price: MAX_PRICE,
      lots: 10n ** 12n,
      fee: MAX_PRICE,
      deadline: 2n * (MAX_TIME - BASE),
    };
    expect((await harness.decodeFill(fill(bounds, {}, 10n ** 12n), BASE, false)).valid).to.equal(true);
    const { day: _day, strike: _strike, ...taker } = bounds;
    expect((await harness.decodeFill(fill({}, taker), BASE, false)).valid).to.equal(true);
    const lastMinute = 2n * (MAX_TIME / 60n - BASE / 60n) + 1n;
    expect((await harness.decodeFill(fill({ deadline: lastMinute }, {}), BASE, false)).valid).to.equal(true);
  });

  it("has an answer for every string of bytes", async () => {
    const seed = runSeed();
    const random = new Random(seed);
    const good = fill({ flags: 0x81, key: [1, 1n] }, {});
    for (let i = 0; i < 60; i++) {
      const length = random.chance(0.1) ? 4095 : random.integer(0, 300);
      const noise = hexlify(Uint8Array.from({ length }, () => random.integer(0, 255)));
      const item = random.chance(0.5)
        ? concat([toBeHex(random.integer(0x10, 0x1d), 1), noise])
        : concat([good.slice(0, 2 + 2 * random.integer(1, 150)), noise]);
      // Neither reverts nor, with random bytes for signatures, depends on luck: the length has to be right to the byte.
      await harness.decodeFill(item, random.chance(0.5) ? BASE : MAX_U64, random.chance(0.5));
    }
  });
});
