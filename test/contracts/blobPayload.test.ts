import { expect } from "chai";
import { concat, toHex } from "../../src/crypto/bytes.ts";
import { BLS_MODULUS, FIELD_ELEMENT, G1_POINT, versionedHash } from "../../src/crypto/kzg.ts";
import {
  blobsCommitment,
  BYTES_PER_BLOB,
  BYTES_PER_ELEMENT,
  commitToBlobs,
  elementPoint,
  openRange,
  toBlobs,
} from "../../src/machine/BlobPayload.ts";
import { Random } from "../../src/market/random.ts";
import type { TreesHarness } from "../../typechain/index.ts";
import { connect } from "../support/baseChain.ts";
import { anyHash } from "../support/evidence.ts";
import { runSeed } from "../support/random.ts";

const connection = await connect();
const { ethers } = connection;

const SEED = runSeed();

/** The arguments of `verifyRange`. */
interface RangeEvidence {
  commitment: string;
  length: number;
  lo: number | bigint;
  hi: number | bigint;
  elements: Uint8Array;
  proof: Uint8Array;
}

describe("BlobPayload: a payload in the field elements of blobs", () => {
  let harness: TreesHarness;

  before(async () => {
    harness = await ethers.deployContract("TreesHarness");
  });

  it("opens an element at the same point in both languages", async () => {
    const random = new Random(SEED);
    console.log(`      seed ${SEED}`);
    for (const index of [0, 1, 2, 2048, 4094, 4095, ...Array.from({ length: 50 }, () => random.uint(4096))]) {
      expect(await harness.elementPoint(index), String(index)).to.equal(BigInt(toHex(elementPoint(index))));
    }
  });

  it("takes the 31 low bytes of each element, whatever the highest one says", async () => {
    for (const count of [0, 1, 2, 31, 32, 33, 134]) {
      const elements = Uint8Array.from({ length: 32 * count + (count % 3) }, (_, i) => (i * 167 + 13) & 0xff);
      const expected = Array.from({ length: count }, (_, i) => elements.subarray(32 * i + 1, 32 * i + 32));
      expect(await harness.payloadOf(elements), `${count} elements`).to.equal(toHex(concat(...expected)));
    }
  });

  it("commits to versioned hashes as the twin does, in their order", async () => {
    const hashes = [1, 2, 3, 4, 5, 6].map((i) => new Uint8Array(32).fill(i * 40).fill(1, 0, 1));
    for (let count = 1; count <= hashes.length; count++) {
      const some = hashes.slice(0, count);
      expect(await harness.blobsCommitment(some)).to.equal(toHex(blobsCommitment(some)));
    }
  });

  it("refuses a versioned hash of what is no KZG commitment", async () => {
    for (const version of [0, 2, 0x81]) {
      const hash = new Uint8Array(32).fill(0x33).fill(version, 0, 1);
      const known = new Uint8Array(32).fill(1);
      await expect(harness.blobsCommitment([known, hash]))
        .to.be.revertedWithCustomError(harness, "BlobVersionUnknown")
        .withArgs(toHex(hash));
    }
  });

  describe("starting from a valid range", () => {
    const payload = Uint8Array.from({ length: BYTES_PER_BLOB + 500 }, (_, i) => (i * 211 + (i >> 8)) & 0xff);
    const FIRST = BYTES_PER_BLOB / BYTES_PER_ELEMENT;
    /** Elements 4095 of the first blob and 0 and 1 of the second. */
    let valid: RangeEvidence;
    let other: RangeEvidence;

    before(() => {
      valid = rangeOf(payload, FIRST - 1, FIRST + 1);
      other = rangeOf(payload.toReversed(), FIRST - 1, FIRST + 1);
    });

    const mutations: [what: string, change: (valid: RangeEvidence) => Partial<RangeEvidence>, error: string][] = [
      ["another commitment", () => ({ commitment: anyHash("other") }), "BlobsCommitmentMismatch"],
      ["a wrong versioned hash", ({ proof }) => ({ proof: flip(proof, 5) }), "BlobsCommitmentMismatch"],
      ["the versioned hashes swapped", ({ proof }) => ({ proof: swap(proof, 0, 32, 32) }), "BlobsCommitmentMismatch"],
      ["a versioned hash of another version", ({ proof }) => ({ proof: proof.with(32, 2) }), "BlobVersionUnknown"],
      [
        "the versioned hashes of other blobs, with all that belongs to them",
        () => ({ proof: other.proof, elements: other.elements }),
        "BlobsCommitmentMismatch",
      ],
      [
        "a foreign KZG commitment",
        ({ proof }) => ({ proof: replace(proof, 64, other.proof.subarray(64, 112)) }),
        "BlobCommitmentMismatch",
      ],
      ["the KZG commitments swapped", ({ proof }) => ({ proof: swap(proof, 64, 112, 48) }), "BlobCommitmentMismatch"],
      ["a wrong proof", ({ proof }) => ({ proof: flip(proof, 160 + 20) }), "ElementNotProven"],
      ["a proof that is no point", ({ proof }) => ({ proof: proof.slice().fill(0xff, 160, 208) }), "ElementNotProven"],
      ["two proofs swapped", ({ proof }) => ({ proof: swap(proof, 208, 256, 48) }), "ElementNotProven"],
      [
        "the point at infinity as proof",
        ({ proof }) => ({ proof: proof.slice().fill(0, 256, 304).fill(0xc0, 256, 257) }),
        "ElementNotProven",
      ],
      ["a changed byte", ({ elements }) => ({ elements: flip(elements, 40) }), "ElementNotProven"],
      [
        "another highest byte, which has no meaning and is proven all the same",
        ({ elements }) => ({ elements: elements.with(32, 1) }),
        "ElementNotProven",
      ],
      [
        "an element that is not below the modulus, but equal to the right one",
        ({ elements }) => ({ elements: plusModulus(elements, 2) }),
        "ElementNotProven",
      ],
      ["two elements swapped", ({ elements }) => ({ elements: swap(elements, 32, 64, 32) }), "ElementNotProven"],
      [
        "the neighbouring elements with their proofs",
        ({ lo, hi }) => ({ lo: Number(lo) + 1, hi: Number(hi) + 1 }),
        "BlobProofLengthMismatch",
      ],
      [
        "the neighbouring elements in one blob with their proofs",
        ({ proof, elements }) => ({
          ...{ lo: FIRST + 1, hi: FIRST + 2, elements: elements.subarray(32) },
          proof: concat(proof.subarray(0, 64), proof.subarray(112, 160), proof.subarray(208)),
        }),
        "ElementNotProven",
      ],
      ["an element missing", ({ elements }) => ({ elements: elements.subarray(32) }), "ElementBytesMismatch"],
      ["an element more", ({ elements }) => ({ elements: more(elements, FIELD_ELEMENT) }), "ElementBytesMismatch"],
      ["a byte of an element missing", ({ elements }) => ({ elements: elements.slice(0, -1) }), "ElementBytesMismatch"],
      ["no elements", () => ({ elements: new Uint8Array() }), "ElementBytesMismatch"],
      ["a proof missing", ({ proof }) => ({ proof: proof.slice(0, -G1_POINT) }), "BlobProofLengthMismatch"],
      ["a proof more", ({ proof }) => ({ proof: more(proof, G1_POINT) }), "BlobProofLengthMismatch"],
      ["a byte of a proof missing", ({ proof }) => ({ proof: proof.slice(0, -1) }), "BlobProofLengthMismatch"],
      ["no proof", () => ({ proof: new Uint8Array() }), "BlobProofLengthMismatch"],
      ["a length with a blob less", () => ({ length: BYTES_PER_BLOB }), "ElementRangeInvalid"],
      ["a length with a blob more", () => ({ length: 2 * BYTES_PER_BLOB + 1 }), "BlobProofLengthMismatch"],
      ["a range behind the payload", ({ lo }) => ({ lo, hi: FIRST + 17 }), "ElementRangeInvalid"],
      ["a range backwards", ({ lo, hi }) => ({ lo: hi, hi: lo }), "ElementRangeInvalid"],
      ["the largest integer as its end", () => ({ hi: ethers.MaxUint256 }), "ElementRangeInvalid"],
    ];

    it("takes it as it is", async () => {
      await verify(valid);
    });

    for (const [what, change, error] of mutations) {
      it(`refuses ${what}: ${error}`, async () => {
        await expect(verify({ ...valid, ...change(valid) })).to.be.revertedWithCustomError(harness, error);
      });
    }

    it("names the element that is not proven by its number in the batch", async () => {
      await expect(verify({ ...valid, elements: flip(valid.elements, 70) }))
        .to.be.revertedWithCustomError(harness, "ElementNotProven")
        .withArgs(FIRST + 1);
    });

    it("takes a zero blob, and refuses anything else in it", async () => {
      const zeros = rangeOf(new Uint8Array(100), 1, 2);
      expect(toHex(zeros.proof.subarray(-G1_POINT))).to.equal(`0xc0${"00".repeat(47)}`);
      await verify(zeros);
      const forged = verify({ ...zeros, elements: zeros.elements.with(63, 1) });
      await expect(forged).to.be.revertedWithCustomError(harness, "ElementNotProven");
    });

    it("never takes a starved call of the precompile for an answer", async () => {
      const { commitment, length, lo, hi, elements, proof } = rangeOf(payload.subarray(0, 40), 0, 1);
      const arguments_ = [commitment, length, lo, hi, elements, proof] as const;
      const enough = await harness.verifyElements.estimateGas(...arguments_);
      const limits = Array.from({ length: 60 }, (_, i) => enough - BigInt(i) * 2_000n);
      let refused = 0;
      for (const gasLimit of limits) {
        await harness.verifyElements(...arguments_, { gasLimit }).catch(() => refused++);
      }
      expect(refused).to.equal(limits.length - 1);
    });

    const verify = ({ commitment, length, lo, hi, elements, proof }: RangeEvidence): Promise<void> =>
      harness.verifyElements(commitment, length, lo, hi, elements, proof);
  });
});

function rangeOf(payload: Uint8Array, lo: number, hi: number): RangeEvidence {
  const blobs = commitToBlobs(toBlobs(payload));
  const commitment = toHex(blobsCommitment(blobs.commitments.map(versionedHash)));
  return { commitment, length: payload.length, lo, hi, ...openRange(blobs, lo, hi) };
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes[at]! ^ 1);
}

function more(bytes: Uint8Array, size: number): Uint8Array {
  return concat(bytes, bytes.subarray(-size));
}

function replace(bytes: Uint8Array, at: number, by: Uint8Array): Uint8Array {
  const replaced = bytes.slice();
  replaced.set(by, at);
  return replaced;
}

function swap(bytes: Uint8Array, a: number, b: number, size: number): Uint8Array {
  return replace(replace(bytes, a, bytes.subarray(b, b + size)), b, bytes.subarray(a, a + size));
}

/** Another encoding of element `index`, which is not canonical. */
function plusModulus(elements: Uint8Array, index: number): Uint8Array {
  const value = BigInt(toHex(elements.subarray(32 * index, 32 * index + 32))) + BLS_MODULUS;
  return replace(elements, 32 * index, Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
}
