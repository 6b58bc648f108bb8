import { expect } from "chai";
import {
  BytesError,
  compareBytes,
  concat,
  equalBytes,
  fromHex,
  isZero,
  readU128,
  readU16,
  readU256,
  readU32,
  readU64,
  readU8,
  toHex,
  writeU128,
  writeU16,
  writeU256,
  writeU32,
  writeU64,
  writeU8,
} from "../../../src/crypto/bytes.ts";

type Reader = (bytes: Uint8Array, offset: number) => bigint;
type Writer = (target: Uint8Array, offset: number, value: bigint) => void;

const WIDTHS: [width: number, read: Reader, write: Writer][] = [
  [1, (b, o) => BigInt(readU8(b, o)), (t, o, v) => writeU8(t, o, Number(v))],
  [2, (b, o) => BigInt(readU16(b, o)), (t, o, v) => writeU16(t, o, Number(v))],
  [4, (b, o) => BigInt(readU32(b, o)), (t, o, v) => writeU32(t, o, Number(v))],
  [8, readU64, writeU64],
  [16, readU128, writeU128],
  [32, readU256, writeU256],
];

describe("bytes", () => {
  describe("hexadecimal", () => {
    it("goes to text and back", () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
      expect(fromHex(toHex(bytes))).to.deep.equal(bytes);
      expect(toHex(bytes.subarray(250))).to.equal("0xfafbfcfdfeff");
      expect(toHex(new Uint8Array())).to.equal("0x");
      expect(fromHex("0x")).to.deep.equal(new Uint8Array());
      expect(fromHex("0xAbCd", 2)).to.deep.equal(Uint8Array.of(0xab, 0xcd));
    });

    it("gives memory of its own", () => {
      const bytes = fromHex("0x010203");
      expect(bytes.buffer.byteLength).to.equal(3);
      expect(Buffer.isBuffer(bytes)).to.equal(false);
    });

    for (const hex of ["", "0", "0x0", "00", "0X00", "0x0g", "0x 0", "0x00 ", "0x00\n", " 0x00", "0x-1", "0x00zz"]) {
      it(`refuses ${JSON.stringify(hex)}`, () => {
        expect(() => fromHex(hex))
          .to.throw(BytesError)
          .with.property("code", "HEX_MALFORMED");
      });
    }

    it("refuses another length than the one asked for", () => {
      expect(() => fromHex("0x0001", 3))
        .to.throw(BytesError)
        .that.deep.includes({ code: "HEX_LENGTH", fields: { actual: 2, expected: 3 } });
    });
  });

  describe("whole strings", () => {
    it("joins", () => {
      expect(concat()).to.deep.equal(new Uint8Array());
      expect(concat(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).to.deep.equal(Uint8Array.of(1, 2, 3));
    });

    it("compares for equality", () => {
      expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).to.equal(true);
      expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).to.equal(false);
      expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).to.equal(false);
      expect(isZero(new Uint8Array(3))).to.equal(true);
      expect(isZero(Uint8Array.of(0, 0, 1))).to.equal(false);
    });

    it("orders as big-endian numbers", () => {
      expect(compareBytes(Uint8Array.of(1, 255), Uint8Array.of(2, 0))).to.be.lessThan(0);
      expect(compareBytes(Uint8Array.of(2, 1), Uint8Array.of(2, 0))).to.be.greaterThan(0);
      expect(compareBytes(Uint8Array.of(2, 0), Uint8Array.of(2, 0))).to.equal(0);
      expect(() => compareBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).to.throw(BytesError);
    });
  });

  for (const [width, read, write] of WIDTHS) {
    describe(`unsigned ${String(width * 8)}-bit numbers`, () => {
      const maximum = (1n << BigInt(width * 8)) - 1n;
      const pattern = BigInt(`0x${"f1e2d3c4b5a69788796a5b4c3d2e1f00".repeat(2).slice(0, width * 2)}`);

      for (const value of [0n, 1n, 0x7fn, maximum >> 1n, (maximum >> 1n) + 1n, maximum - 1n, maximum, pattern]) {
        it(`writes and reads ${String(value)}, most significant byte first`, () => {
          const bytes = new Uint8Array(width + 5).fill(0xee);
          write(bytes, 3, value);
          const expected = value.toString(16).padStart(width * 2, "0");
          expect(toHex(bytes)).to.equal(`0xeeeeee${expected}eeee`);
          expect(read(bytes, 3)).to.equal(value);
          expect(read(bytes.subarray(3), 0)).to.equal(value);
        });
      }

      it("refuses values that do not fit, and leaves the bytes alone", () => {
        const bytes = new Uint8Array(width);
        for (const value of [-1n, maximum + 1n]) {
          expect(() => write(bytes, 0, value))
            .to.throw(BytesError)
            .with.property("code", "OUT_OF_RANGE");
        }
        expect(isZero(bytes)).to.equal(true);
      });

      it("refuses to leave the bytes", () => {
        const bytes = new Uint8Array(width + 1);
        for (const offset of [-1, 2, 0.5, Number.NaN, Infinity]) {
          expect(() => read(bytes, offset))
            .to.throw(BytesError)
            .with.property("code", "OUT_OF_BOUNDS");
          expect(() => write(bytes, offset, 0n))
            .to.throw(BytesError)
            .with.property("code", "OUT_OF_BOUNDS");
        }
      });
    });
  }

  it("refuses numbers that are not whole", () => {
    for (const write of [writeU8, writeU16, writeU32]) {
      expect(() => write(new Uint8Array(4), 0, 1.5))
        .to.throw(BytesError)
        .with.property("code", "OUT_OF_RANGE");
      expect(() => write(new Uint8Array(4), 0, Number.NaN)).to.throw(BytesError);
    }
  });
});
