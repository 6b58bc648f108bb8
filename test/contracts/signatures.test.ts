import { expect } from "chai";
import { keccak256, SigningKey, toBeHex, toUtf8Bytes, computeAddress, type Signature } from "ethers";
import type { MachineHarness } from "../../typechain/index.ts";
import { connect } from "../support/baseChain.ts";

const { ethers } = await connect();

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FIELD = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;
const PARITY = 1n << 255n;
const ZERO = "0x0000000000000000000000000000000000000000";

/** r and yParity · 2^255 + s. */
interface Compact {
  r: string;
  yParityAndS: string;
}

function compact(signature: Signature): Compact {
  return { r: signature.r, yParityAndS: signature.yParityAndS };
}

describe("Signatures: who signed a digest", () => {
  const key = new SigningKey(toBeHex(0xc0ffee, 32));
  const digest = keccak256(toUtf8Bytes("digest"));
  const good = compact(key.sign(digest));
  const [r, s] = [BigInt(good.r), BigInt(good.yParityAndS) & (PARITY - 1n)];
  const parity = BigInt(good.yParityAndS) & PARITY;
  let harness: MachineHarness;

  before(async () => {
    harness = await ethers.deployContract("MachineHarness");
  });

  it("names the signer, for either parity", async () => {
    const parities = new Set<boolean>();
    for (let i = 0; i < 12; i++) {
      const message = keccak256(toUtf8Bytes(`message ${i}`));
      const signature = compact(key.sign(message));
      parities.add(BigInt(signature.yParityAndS) >= PARITY);
      expect(await harness.recover(message, signature)).to.equal(computeAddress(key.publicKey));
    }
    expect(parities.size).to.equal(2);
  });

  const hostile: { name: string; r: bigint; word: bigint }[] = [
    { name: "all zeros", r: 0n, word: 0n },
    { name: "r zero", r: 0n, word: parity | s },
    { name: "s zero", r, word: parity },
    { name: "s zero with the other parity", r, word: parity ^ PARITY },
    { name: "s just below 2^255", r, word: parity | (PARITY - 1n) },
    { name: "s just above half the order", r, word: parity | (ORDER / 2n + 1n) },
    { name: "s of all ones", r, word: 2n ** 256n - 1n },
    { name: "r the order", r: ORDER, word: parity | s },
    { name: "r above the order", r: ORDER + 1n, word: parity | s },
    { name: "r the field's prime", r: FIELD, word: parity | s },
    { name: "r of all ones", r: 2n ** 256n - 1n, word: parity | s },
    { name: "r that is no x of the curve", r: 5n, word: 1n },
  ];
  for (const { name, r: badR, word } of hostile) {
    it(`finds nobody for ${name}`, async () => {
      const signature = { r: toBeHex(badR, 32), yParityAndS: toBeHex(word, 32) };
      expect(await harness.recover(digest, signature)).to.equal(ZERO);
    });
  }

  it("accepts s of exactly half the order", async () => {
    const half = { r: toBeHex(r, 32), yParityAndS: toBeHex(ORDER / 2n, 32) };
    expect(await harness.recover(digest, half)).to.not.equal(ZERO);
  });

  it("finds somebody else for another digest or the other parity", async () => {
    const signer = computeAddress(key.publicKey);
    expect(await harness.recover(keccak256(digest), good)).to.not.equal(signer);
    const other = { r: good.r, yParityAndS: toBeHex((parity ^ PARITY) | s, 32) };
    expect(await harness.recover(digest, other)).to.not.equal(signer);
  });

  it("has no room for the malleable twin: its high bit is taken for a parity", async () => {
    for (const word of [ORDER - s, (ORDER - s) ^ PARITY]) {
      const twin = { r: good.r, yParityAndS: toBeHex(word, 32) };
      expect(await harness.recover(digest, twin)).to.not.equal(computeAddress(key.publicKey));
    }
  });

  it("never says nobody for lack of gas: every amount of gas gives the signer or a revert", async () => {
    const signer = computeAddress(key.publicKey);
    const { recovered, starved, bare } = await harness.recoverStarved(digest, good, signer, 600, 12_000, 7);
    expect(recovered, "calls with enough gas").to.be.greaterThan(0n);
    expect(starved + bare, "calls with too little").to.be.greaterThan(400n);
  });
});
