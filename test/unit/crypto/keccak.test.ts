import { expect } from "chai";
import { keccak256 as ethersKeccak256 } from "ethers";
import { toHex } from "../../../src/crypto/bytes.ts";
import {
  keccak256,
  keccakBackend,
  loadWasmKeccak256,
  pureKeccak256,
  type Keccak256,
} from "../../../src/crypto/keccak.ts";

/** Around the 136-byte block of Keccak-256, and around the 16 KiB buffer of the WebAssembly module. */
const LENGTHS = [0, 1, 31, 32, 64, 74, 135, 136, 137, 271, 272, 273, 4096, 16383, 16384, 16385, 131072];

describe("keccak256", () => {
  const implementations: [string, () => Promise<Keccak256>][] = [
    ["the chosen implementation", async () => keccak256],
    ["pure JavaScript", async () => pureKeccak256],
    [
      "WebAssembly",
      async () => {
        const wasm = await loadWasmKeccak256();
        expect(wasm, "WebAssembly is part of every Node that this project supports").to.not.equal(undefined);
        return wasm!;
      },
    ],
  ];

  for (const [name, load] of implementations) {
    describe(name, () => {
      let hash: Keccak256;
      before(async () => {
        hash = await load();
      });

      for (const length of LENGTHS) {
        it(`agrees with ethers on ${String(length)} bytes`, () => {
          const data = Uint8Array.from({ length }, (_, i) => (i * 7 + length) & 0xff);
          expect(toHex(hash(data))).to.equal(ethersKeccak256(data));
        });
      }

      it("agrees with ethers on every length up to 300 bytes", () => {
        const data = Uint8Array.from({ length: 300 }, (_, i) => (i * 31) & 0xff);
        for (let length = 0; length <= data.length; length++) {
          const part = data.subarray(0, length);
          expect(toHex(hash(part))).to.equal(ethersKeccak256(part));
        }
      });

      it("hashes a view into a larger buffer, and a Buffer", () => {
        const data = Uint8Array.from({ length: 100 }, (_, i) => i);
        expect(toHex(hash(data.subarray(10, 84)))).to.equal(ethersKeccak256(data.slice(10, 84)));
        expect(toHex(hash(Buffer.from(data)))).to.equal(ethersKeccak256(data));
      });

      it("returns new bytes each time and leaves the input alone", () => {
        const data = Uint8Array.of(1, 2, 3);
        const first = hash(data);
        const copy = Uint8Array.from(first);
        const second = hash(Uint8Array.of(4));
        expect(first).to.deep.equal(copy);
        expect(first).to.not.deep.equal(second);
        expect(data).to.deep.equal(Uint8Array.of(1, 2, 3));
        expect(first.length).to.equal(32);
      });
    });
  }

  it("gives the known hash of nothing", () => {
    expect(toHex(keccak256(new Uint8Array()))).to.equal(
      "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
    );
  });

  it("runs on WebAssembly unless the pure implementation is asked for", () => {
    expect(keccakBackend).to.equal(process.env.TENOR_PURE_CRYPTO === "1" ? "pure" : "wasm");
  });
});
