import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { marketData } from "../../../scripts/cli/marketData.ts";
import { fromHex, toHex } from "../../../src/crypto/bytes.ts";
import {
  BLOB,
  blobProof,
  blobToCommitment,
  BLS_MODULUS,
  cellProofs,
  KzgError,
  openBlobAt,
  verifyOpening,
  versionedHash,
} from "../../../src/crypto/kzg.ts";
import {
  blobCount,
  BYTES_PER_BLOB,
  BYTES_PER_ELEMENT,
  elementPoint,
  fromBlobs,
  toBlobs,
} from "../../../src/machine/BlobPayload.ts";

const VECTORS = marketData("kzg", "verify_kzg_proof", "kzg-mainnet");

describe("KZG", () => {
  it("judges openings as Ethereum's official vectors do", function () {
    if (!existsSync(VECTORS)) {
      console.log(`no vectors at ${VECTORS}`);
      this.skip();
    }
    const seen = { true: 0, false: 0, null: 0 };
    for (const folder of readdirSync(VECTORS)) {
      const file = join(VECTORS, folder, readdirSync(join(VECTORS, folder))[0]!);
      const text = readFileSync(file, "utf8");
      const field = (name: string): Uint8Array => fromHex(new RegExp(`${name}: '(0x[0-9a-f]*)'`).exec(text)![1]!);
      const expected = /output: (true|false|null)/.exec(text)![1] as keyof typeof seen;
      let actual: string;
      try {
        actual = String(verifyOpening(field("commitment"), field("z"), field("y"), field("proof")));
      } catch (error) {
        expect(error).to.be.instanceOf(KzgError);
        actual = "null";
      }
      expect(actual, folder).to.equal(expected);
      seen[expected]++;
    }
    expect(seen).to.deep.equal({ true: 54, false: 48, null: 20 });
  });

  it("hashes the commitment of the zero polynomial as Ethereum does", () => {
    const commitment = blobToCommitment(new Uint8Array(BLOB));
    expect(toHex(commitment)).to.equal(`0xc0${"00".repeat(47)}`);
    expect(toHex(versionedHash(commitment))).to.equal(
      "0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014",
    );
    expect(blobProof(new Uint8Array(BLOB), commitment)).to.have.length(48);
  });

  it("commits to a blob that it has seen as to a new one, whatever was done with the first answer", () => {
    const [blob] = toBlobs(Uint8Array.of(4, 5, 6)) as [Uint8Array];
    const first = blobToCommitment(blob);
    const kept = Uint8Array.from(first);
    first.fill(0xee);
    const second = blobToCommitment(blob.slice());
    expect(toHex(second)).to.equal(toHex(kept));
    second.fill(0xee);
    expect(toHex(blobToCommitment(blob))).to.equal(toHex(kept));
    const { value, proof } = openBlobAt(blob, elementPoint(0));
    expect(verifyOpening(kept, elementPoint(0), value, proof)).to.equal(true);
    // The same array with another content is another blob.
    blob[1] = 7;
    expect(toHex(blobToCommitment(blob))).to.not.equal(toHex(kept));
  });

  it("opens what it has opened before as at first, and refuses what only reads like it", () => {
    const [blob] = toBlobs(Uint8Array.of(7, 8, 9)) as [Uint8Array];
    const point = elementPoint(1);
    const first = openBlobAt(blob, point);
    const [value, proof] = [first.value, first.proof].map(toHex);
    first.value.fill(0xee);
    first.proof.fill(0xee);
    const second = openBlobAt(blob.slice(), point.slice());
    expect([second.value, second.proof].map(toHex)).to.deep.equal([value, proof]);
    expect(toHex(openBlobAt(blob, elementPoint(2)).proof)).to.not.equal(proof);
    // The same bytes, parted elsewhere.
    const longer = new Uint8Array(BLOB + 1);
    longer.set(blob);
    longer[BLOB] = point[0]!;
    expect(() => openBlobAt(longer, point.subarray(1))).to.throw(KzgError);
  });

  it("makes 128 cell proofs of a blob", () => {
    const proofs = cellProofs(toBlobs(Uint8Array.of(1, 2, 3))[0]!);
    expect(proofs).to.have.length(128);
    for (const proof of proofs) expect(proof).to.have.length(48);
  });

  it("refuses what is no blob", () => {
    expect(() => blobToCommitment(new Uint8Array(BLOB - 1))).to.throw(KzgError);
    const beyond = new Uint8Array(BLOB);
    beyond.set(fromHex(`0x${BLS_MODULUS.toString(16)}`), 32);
    expect(() => blobToCommitment(beyond)).to.throw(KzgError);
  });
});

describe("BlobPayload", () => {
  const payloadOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 167 + 13) & 0xff);

  it("returns every payload that it takes", () => {
    for (const length of [1, 30, 31, 32, BYTES_PER_BLOB - 1, BYTES_PER_BLOB, BYTES_PER_BLOB + 1, 6 * BYTES_PER_BLOB]) {
      const payload = payloadOf(length);
      const blobs = toBlobs(payload);
      expect(blobs).to.have.length(blobCount(length));
      for (const blob of blobs) expect(blob).to.have.length(BLOB);
      expect(Buffer.from(fromBlobs(blobs, length)).equals(payload), String(length)).to.equal(true);
    }
  });

  it("gives no meaning to the highest byte of an element", () => {
    const payload = payloadOf(100);
    const [blob] = toBlobs(payload);
    for (let element = 0; element < 4; element++) blob![32 * element] = 0x73 - element;
    expect(fromBlobs([blob!], 100)).to.deep.equal(payload);
  });

  it("opens an element where its point says it is", () => {
    const payload = payloadOf(BYTES_PER_BLOB);
    const [blob] = toBlobs(payload);
    const commitment = blobToCommitment(blob!);
    for (const index of [0, 1, 2, 2048, 4095]) {
      const point = elementPoint(index);
      const { value, proof } = openBlobAt(blob!, point);
      expect(value[0]).to.equal(0);
      const start = index * BYTES_PER_ELEMENT;
      expect(value.subarray(1)).to.deep.equal(payload.subarray(start, start + BYTES_PER_ELEMENT));
      expect(verifyOpening(commitment, point, value, proof)).to.equal(true);
      expect(verifyOpening(commitment, elementPoint(index ^ 1), value, proof)).to.equal(false);
    }
  });
});
