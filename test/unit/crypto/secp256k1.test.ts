import { secp256k1 as noble } from "@noble/curves/secp256k1.js";
import { expect } from "chai";
import { computeAddress, Signature, SigningKey } from "ethers";
import { concat, equalBytes, fromHex, readU256, toHex, writeU256 } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import {
  addressOf,
  loadNativeSecp256k1,
  pureSecp256k1,
  recoverAddress,
  Secp256k1Error,
  secp256k1Backend,
  sign,
  signaturesOver,
  type Signatures,
} from "../../../src/crypto/secp256k1.ts";
import { connect } from "../../support/baseChain.ts";

const N = noble.Point.CURVE().n;
const P = noble.Point.CURVE().p;
const HALF_N = N / 2n;
const TOP_BIT = 1n << 255n;

/** 32 bytes that depend on `label` and `index` alone: random enough, and the same in every run. */
function seeded(label: string, index: number): Uint8Array {
  return keccak256(new TextEncoder().encode(`${label} ${String(index)}`));
}

function word(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  writeU256(bytes, 0, value);
  return bytes;
}

function compact(r: bigint, s: bigint, yParity = 0): Uint8Array {
  return concat(word(r), word(s | (yParity === 1 ? TOP_BIT : 0n)));
}

/** The smallest x at or above `from` that is (or is not) the x of a point. */
function nextX(from: bigint, onCurve: boolean): bigint {
  for (let x = from; ; x++) {
    let found = true;
    try {
      noble.Point.fromBytes(concat(Uint8Array.of(2), word(x)));
    } catch {
      found = false;
    }
    if (found === onCurve) return x;
  }
}

interface HostileCase {
  readonly name: string;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  /** Whether a signer comes out; who it is, the precompile says. */
  readonly signer: boolean;
}

function hostileCases(): HostileCase[] {
  const digest = seeded("digest", 0);
  const key = seeded("key", 0);
  const good = sign(digest, key);
  const r = readU256(good, 0);
  const yParity = good[32]! >>> 7;
  const s = readU256(good, 32) & (TOP_BIT - 1n);

  // With k known, the digest s·k mod n makes the recovered key r⁻¹(s·R − e·G) the point at infinity.
  const k = readU256(seeded("nonce", 0), 0) % N;
  const point = noble.Point.BASE.multiply(k).toAffine();
  const infinity = (1234567n * k) % N;

  return [
    { name: "an honest signature", digest, signature: good, signer: true },
    { name: "the other parity: another key", digest, signature: compact(r, s, 1 - yParity), signer: true },
    { name: "another digest: another key", digest: seeded("digest", 1), signature: good, signer: true },
    { name: "the digest zero", digest: word(0n), signature: good, signer: true },
    { name: "a digest equal to the order", digest: word(N), signature: good, signer: true },
    { name: "a digest above the order", digest: word(2n ** 256n - 1n), signature: good, signer: true },
    { name: "r zero", digest, signature: compact(0n, s), signer: false },
    { name: "r zero with odd parity", digest, signature: compact(0n, s, 1), signer: false },
    { name: "r one, an x of the curve", digest, signature: compact(1n, s), signer: true },
    { name: "r that is no x of the curve", digest, signature: compact(nextX(r, false), s), signer: false },
    { name: "r just below the order, on the curve", digest, signature: compact(nextX(N - 20n, true), s), signer: true },
    { name: "r equal to the order", digest, signature: compact(N, s), signer: false },
    { name: "r just above the order, on the curve", digest, signature: compact(nextX(N + 1n, true), s), signer: false },
    { name: "r equal to the field's prime", digest, signature: compact(P, s), signer: false },
    { name: "r with all bits set", digest, signature: compact(2n ** 256n - 1n, s), signer: false },
    { name: "s zero", digest, signature: compact(r, 0n), signer: false },
    { name: "s zero with odd parity", digest, signature: compact(r, 0n, 1), signer: false },
    { name: "s one", digest, signature: compact(r, 1n), signer: true },
    { name: "s of half the order, the last one accepted", digest, signature: compact(r, HALF_N, 1), signer: true },
    { name: "s one above half the order", digest, signature: compact(r, HALF_N + 1n), signer: false },
    { name: "s with every bit below the top", digest, signature: compact(r, TOP_BIT - 1n), signer: false },
    {
      // Its top bit reads as the parity, and what is left is another, low s.
      name: "the high s of an honest signature: another key",
      digest,
      signature: concat(word(r), word(N - s)),
      signer: true,
    },
    { name: "all zero", digest, signature: new Uint8Array(64), signer: false },
    { name: "all ones", digest, signature: new Uint8Array(64).fill(0xff), signer: false },
    {
      name: "a key at infinity",
      digest: word(infinity),
      signature: compact(point.x % N, 1234567n, Number(point.y & 1n)),
      signer: false,
    },
    {
      name: "the same with the other parity: a key",
      digest: word(infinity),
      signature: compact(point.x % N, 1234567n, Number(1n - (point.y & 1n))),
      signer: true,
    },
  ];
}

describe("secp256k1", () => {
  const implementations: [string, () => Signatures][] = [
    ["the chosen implementation", () => ({ backend: secp256k1Backend, recoverAddress, sign, addressOf })],
    ["pure JavaScript", () => signaturesOver(pureSecp256k1)],
    ["native code", () => signaturesOver(loadNativeSecp256k1()!)],
  ];

  /** What a contract computes: s ≤ n/2, then the precompile, whose empty or zero answer means "no signer". */
  let judge: (digest: Uint8Array, signature: Uint8Array) => Promise<string | undefined>;
  before(async () => {
    const { ethers } = await connect();
    judge = async (digest, signature) => {
      const yParityAndS = readU256(signature, 32);
      const s = yParityAndS & (TOP_BIT - 1n);
      if (s > HALF_N) return undefined;
      const v = 27n + (yParityAndS >> 255n);
      const data = toHex(concat(digest, word(v), signature.subarray(0, 32), word(s)));
      const answer = await ethers.provider.call({ to: "0x0000000000000000000000000000000000000001", data });
      return answer === "0x" || BigInt(answer) === 0n ? undefined : `0x${answer.slice(26)}`;
    };
  });

  for (const [name, load] of implementations) {
    describe(name, () => {
      let signatures: Signatures;
      before(() => {
        signatures = load();
      });

      const signer = (digest: Uint8Array, signature: Uint8Array): string | undefined => {
        const address = signatures.recoverAddress(digest, signature);
        return address === undefined ? undefined : toHex(address);
      };

      it("signs as ethers does, recovers the signer, and gives keys their address", () => {
        for (let i = 0; i < 40; i++) {
          const key = seeded("key", i);
          const digest = seeded("digest", i);
          const reference = new SigningKey(key).sign(digest);
          const signature = signatures.sign(digest, key);
          expect(toHex(signature)).to.equal(reference.compactSerialized);
          expect(Signature.from(toHex(signature)).serialized).to.equal(reference.serialized);
          const address = computeAddress(new SigningKey(key)).toLowerCase();
          expect(toHex(signatures.addressOf(key))).to.equal(address);
          expect(signer(digest, signature)).to.equal(address);
        }
      });

      for (const { name: hostile, digest, signature, signer: expected } of hostileCases()) {
        it(`judges as the contracts do: ${hostile}`, async () => {
          const verdict = await judge(digest, signature);
          expect(verdict !== undefined).to.equal(expected);
          expect(signer(digest, signature)).to.equal(verdict);
        });
      }

      it("finds the honest signer under no variation of an honest signature", () => {
        const [digest, key] = [seeded("digest", 0), seeded("key", 0)];
        const honest = toHex(signatures.addressOf(key));
        const variations = hostileCases().filter((hostile) => !hostile.name.startsWith("an honest signature"));
        for (const { name: hostile, signature } of variations) {
          if (equalBytes(signature, signatures.sign(digest, key))) continue;
          expect(signer(digest, signature), hostile).to.not.equal(honest);
        }
      });

      it("judges random bytes as the contracts do", async () => {
        let signers = 0;
        for (let i = 0; i < 120; i++) {
          const signature = concat(seeded("r", i), seeded("s", i));
          // Half of them with s in the lower half, so that the precompile gets its say.
          if (i % 2 === 0) signature[32]! &= 0xbf;
          const digest = seeded("message", i);
          const verdict = await judge(digest, signature);
          expect(signer(digest, signature), `signature ${String(i)}`).to.equal(verdict);
          if (verdict !== undefined) signers++;
        }
        expect(signers).to.be.greaterThan(20);
      });

      it("neither changes nor keeps its arguments, not even those that are Buffers", () => {
        const digest = seeded("digest", 3);
        const signature = Buffer.from(signatures.sign(digest, seeded("key", 3)));
        signature[32]! |= 0x80;
        const before = toHex(signature);
        const address = signatures.recoverAddress(digest, signature)!;
        const copy = toHex(address);
        signatures.recoverAddress(seeded("digest", 4), signature);
        expect(toHex(signature)).to.equal(before);
        expect(toHex(address)).to.equal(copy);
        expect(address.length).to.equal(20);
      });

      it("refuses arguments of the wrong length", () => {
        const [digest, key] = [seeded("digest", 0), seeded("key", 0)];
        const signature = signatures.sign(digest, key);
        const misuse = [
          () => signatures.recoverAddress(digest.subarray(1), signature),
          () => signatures.recoverAddress(digest, signature.subarray(1)),
          () => signatures.recoverAddress(digest, concat(signature, Uint8Array.of(0))),
          () => signatures.sign(digest.subarray(1), key),
          () => signatures.sign(digest, key.subarray(1)),
          () => signatures.addressOf(key.subarray(1)),
        ];
        for (const call of misuse) expect(call).to.throw(Secp256k1Error).with.property("code", "LENGTH");
      });

      it("refuses private keys outside the group, and does not put them into the error", () => {
        for (const key of [word(0n), word(N), word(2n ** 256n - 1n)]) {
          for (const call of [() => signatures.sign(seeded("digest", 0), key), () => signatures.addressOf(key)]) {
            expect(call)
              .to.throw(Secp256k1Error)
              .that.includes({ code: "PRIVATE_KEY" })
              .and.deep.includes({ fields: {} });
          }
        }
        const last = word(N - 1n);
        expect(toHex(signatures.addressOf(last))).to.equal(computeAddress(toHex(last)).toLowerCase());
      });
    });
  }

  it("knows the address of the key one", () => {
    expect(toHex(addressOf(word(1n)))).to.equal("0x7e5f4552091a69125d5dfcb7b8c2659029395bdf");
    expect(toHex(fromHex("0x7e5f4552091A69125d5dfCb7b8C2659029395Bdf"))).to.equal(toHex(addressOf(word(1n))));
  });

  it("runs on native code unless the pure implementation is asked for", () => {
    expect(secp256k1Backend).to.equal(process.env.TENOR_PURE_CRYPTO === "1" ? "pure" : "native");
  });
});
