import { expect } from "chai";
import { BeaconBlobSource } from "../../../src/blob/BeaconBlobSource.ts";
import { BlobSourceError } from "../../../src/blob/BlobSourceError.ts";
import { FirstOf } from "../../../src/blob/FirstOf.ts";
import { HttpBlobArchive } from "../../../src/blob/HttpBlobArchive.ts";
import { fromHex, toHex } from "../../../src/crypto/bytes.ts";
import { BLOB, blobToCommitment } from "../../../src/crypto/kzg.ts";
import type { BlobSource } from "../../../src/derive/BlobSource.ts";
import type { L1Block } from "../../../src/l1/L1Source.ts";
import { toBlobs } from "../../../src/machine/BlobPayload.ts";
import { hashOfBlob } from "../../support/blobs.ts";
import { everythingSaid, failure } from "../../support/failure.ts";
import { sendJson, serve, type TestServer } from "../../support/http.ts";

const GENESIS = 1_606_824_023n;
const SLOT = 4_000_001n;
const BLOCK: L1Block = { number: 17, hash: `0x${"b7".repeat(32)}`, timestamp: GENESIS + 12n * SLOT };

/** Three blobs with their hashes. */
function someBlobs(): { blob: Uint8Array; hash: Uint8Array }[] {
  return [1, 2, 3].map((byte) => {
    const blob = toBlobs(Uint8Array.of(byte, byte))[0]!;
    return { blob, hash: hashOfBlob(blob) };
  });
}

type Answers = Record<string, { readonly status?: number; readonly body?: unknown } | "silence" | "hang up">;

describe("sources of blobs", () => {
  let blobs: ReturnType<typeof someBlobs>;
  let server: TestServer;
  /** By path without its query; what is not here is 404. */
  let answers: Answers;

  before(() => {
    blobs = someBlobs();
  });

  beforeEach(async () => {
    answers = {
      "/eth/v1/beacon/genesis": { body: { data: { genesis_time: String(GENESIS) } } },
      "/eth/v1/config/spec": { body: { data: { SECONDS_PER_SLOT: "12" } } },
    };
    server = await serve((request, response) => {
      const answer = answers[new URL(request.url!, "http://localhost").pathname] ?? { status: 404, body: {} };
      if (answer === "silence") return;
      if (answer === "hang up") response.destroy();
      else if (answer.body instanceof Uint8Array) response.writeHead(answer.status ?? 200).end(answer.body);
      else sendJson(response, answer.body, answer.status);
    });
  });

  afterEach(() => server.close());

  const NEWER = `/eth/v1/beacon/blobs/${SLOT}`;
  const OLDER = `/eth/v1/beacon/blob_sidecars/${SLOT}`;
  const beacon = (): BeaconBlobSource => new BeaconBlobSource(server.url, { timeoutMilliseconds: 2_000 });
  const sidecar = (blob: Uint8Array, committed = blob): unknown => ({
    blob: toHex(blob),
    kzg_commitment: toHex(blobToCommitment(committed)),
  });

  describe("a consensus client", () => {
    it("is asked for the slot of the block's time and for that hash alone", async () => {
      const [{ blob, hash }] = blobs as [(typeof blobs)[0]];
      answers[NEWER] = { body: { data: [toHex(blob)] } };
      const source = beacon();
      expect(await source.blob(hash, BLOCK)).to.deep.equal(blob);
      await source.blob(hash, BLOCK);
      const asked = `GET ${NEWER}?versioned_hashes=${toHex(hash)}`;
      expect(server.requests.slice(-2)).to.deep.equal([asked, asked]);
      expect(server.requests, "slots are read once").to.have.length(4);
    });

    it("may give all blobs of the block", async () => {
      answers[NEWER] = { body: { data: blobs.map(({ blob }) => toHex(blob)) } };
      for (const { blob, hash } of blobs) expect(await beacon().blob(hash, BLOCK)).to.deep.equal(blob);
    });

    it("may count its slots in milliseconds, or be told of them", async () => {
      answers[`/eth/v1/beacon/blobs/${2n * SLOT}`] = { body: { data: [toHex(blobs[0]!.blob)] } };
      answers["/eth/v1/config/spec"] = { body: { data: { SECONDS_PER_SLOT: "12", SLOT_DURATION_MS: "6000" } } };
      expect(await beacon().blob(blobs[0]!.hash, BLOCK)).to.deep.equal(blobs[0]!.blob);
      const slots = { genesisTime: GENESIS, secondsPerSlot: 6n };
      const count = server.requests.length;
      expect(await new BeaconBlobSource(server.url, { slots }).blob(blobs[0]!.hash, BLOCK)).not.to.equal(undefined);
      expect(server.requests).to.have.length(count + 1);
    });

    it("has nothing for a time that no slot has", async () => {
      for (const timestamp of [BLOCK.timestamp + 1n, GENESIS - 12n]) {
        expect(await beacon().blob(blobs[0]!.hash, { ...BLOCK, timestamp })).to.equal(undefined);
      }
    });

    it("is asked for the L1 block by its hash if it has no slots", async () => {
      delete answers["/eth/v1/config/spec"];
      answers[`/eth/v1/beacon/blobs/${BLOCK.hash}`] = { body: { data: [toHex(blobs[0]!.blob)] } };
      expect(await beacon().blob(blobs[0]!.hash, BLOCK)).to.deep.equal(blobs[0]!.blob);
    });

    it("of the older kind gives sidecars, once for all blobs of a block", async () => {
      answers[OLDER] = { body: { data: blobs.map(({ blob }) => sidecar(blob)) } };
      const source = beacon();
      const found = await Promise.all(blobs.map(({ hash }) => source.blob(hash, BLOCK)));
      expect(found).to.deep.equal(blobs.map(({ blob }) => blob));
      expect(server.requests.filter((request) => request === `GET ${OLDER}`)).to.have.length(1);
    });

    it("that has forgotten the block, or never had it, has nothing", async () => {
      expect(await beacon().blob(blobs[0]!.hash, BLOCK)).to.equal(undefined);
      answers[NEWER] = { body: { data: [] } };
      expect(await beacon().blob(blobs[0]!.hash, BLOCK)).to.equal(undefined);
      delete answers[NEWER];
      answers[OLDER] = { body: { data: [sidecar(blobs[1]!.blob)] } };
      expect(await beacon().blob(blobs[0]!.hash, BLOCK)).to.equal(undefined);
      answers[OLDER] = { status: 410, body: {} };
      expect(await beacon().blob(blobs[0]!.hash, BLOCK)).to.equal(undefined);
    });

    it("is asked again for a block that it did not have at first", async () => {
      const source = beacon();
      expect(await source.blob(blobs[0]!.hash, BLOCK)).to.equal(undefined);
      answers[OLDER] = { body: { data: [sidecar(blobs[0]!.blob)] } };
      expect(await source.blob(blobs[0]!.hash, BLOCK)).to.deep.equal(blobs[0]!.blob);
    });

    it("is caught when it gives another blob", async () => {
      const [one, other] = blobs as [(typeof blobs)[0], (typeof blobs)[0]];
      const changed = one.blob.slice();
      changed[77]! ^= 1;
      const beyond = new Uint8Array(BLOB).fill(0xff);
      for (const wrong of [other.blob, changed, beyond]) {
        answers[NEWER] = { body: { data: [toHex(wrong)] } };
        expect((await failure(() => beacon().blob(one.hash, BLOCK))).code).to.equal("WRONG_BLOB");
      }
      delete answers[NEWER];
      for (const wrong of [other.blob, changed, beyond]) {
        answers[OLDER] = { body: { data: [sidecar(wrong, one.blob)] } };
        expect((await failure(() => beacon().blob(one.hash, BLOCK))).code).to.equal("WRONG_BLOB");
      }
    });

    it("is caught when it gives what is no answer", async () => {
      const { hash, blob } = blobs[0]!;
      const data = [
        null,
        {},
        "0x",
        ["0x"],
        [7],
        [toHex(blob).slice(0, -2)],
        [toHex(blob).slice(2)],
        [`${toHex(blob)}0g`],
      ];
      const bodies: unknown[] = [...data.map((list) => ({ data: list })), null, 7, Buffer.from("<html>")];
      bodies.push({ data: Array.from({ length: 73 }, () => "0x") });
      for (const body of bodies) {
        answers[NEWER] = { body };
        expect((await failure(() => beacon().blob(hash, BLOCK))).code).to.equal("ANSWER_MALFORMED");
      }
      answers["/eth/v1/config/spec"] = { body: { data: { SECONDS_PER_SLOT: "0" } } };
      expect((await failure(() => beacon().blob(hash, BLOCK))).code).to.equal("ANSWER_MALFORMED");
      answers["/eth/v1/config/spec"] = { body: { data: { SECONDS_PER_SLOT: "12" } } };
      answers["/eth/v1/beacon/genesis"] = { body: { data: { genesis_time: "-1" } } };
      expect((await failure(() => beacon().blob(hash, BLOCK))).code).to.equal("ANSWER_MALFORMED");
    });

    it("is given up in time, at a length, and without a word of its URL but the host", async () => {
      const url = `${server.url.replace("http://", "http://user:secret@")}/?key=secret`;
      const faults: Answers = {
        silence: "silence",
        hang: "hang up",
        busy: { status: 503, body: {} },
        moved: { status: 302, body: {} },
        long: { body: Buffer.alloc(20_000_000, 0x20) },
      };
      for (const [name, fault] of Object.entries(faults)) {
        answers[NEWER] = fault;
        const error = await failure(() =>
          new BeaconBlobSource(url, { timeoutMilliseconds: name === "long" ? 5_000 : 2_000 }).blob(
            blobs[0]!.hash,
            BLOCK,
          ),
        );
        expect(error.code, name).to.equal("SOURCE_UNAVAILABLE");
        expect(everythingSaid(error)).to.include(new URL(server.url).host).and.not.include("secret");
      }
    });
  });

  describe("somebody's archive", () => {
    const archive = (): HttpBlobArchive => new HttpBlobArchive(server.url, 300);

    it("gives a blob by its hash", async () => {
      const { blob, hash } = blobs[0]!;
      answers[`/blobs/${toHex(hash)}`] = { body: blob };
      expect(await archive().blob(hash, BLOCK)).to.deep.equal(blob);
      expect(await archive().blob(blobs[1]!.hash, BLOCK)).to.equal(undefined);
    });

    it("is caught when it gives another one", async () => {
      const { blob, hash } = blobs[0]!;
      const long = new Uint8Array(BLOB + 1);
      long.set(blob);
      for (const body of [blobs[1]!.blob, blob.subarray(1), long, new Uint8Array(0)]) {
        answers[`/blobs/${toHex(hash)}`] = { body };
        expect((await failure(() => archive().blob(hash, BLOCK))).code).to.equal("WRONG_BLOB");
      }
    });

    it("is given up in time", async () => {
      const path = `/blobs/${toHex(blobs[0]!.hash)}`;
      for (const fault of ["silence", "hang up", { status: 500, body: {} }] as const) {
        answers[path] = fault;
        expect((await failure(() => archive().blob(blobs[0]!.hash, BLOCK))).code).to.equal("SOURCE_UNAVAILABLE");
      }
    });
  });

  describe("the first of several", () => {
    /** A source that gives one blob, or fails. */
    const source = (
      has?: (typeof blobs)[0],
      code?: "WRONG_BLOB" | "SOURCE_UNAVAILABLE",
    ): BlobSource & { asked: number } => ({
      asked: 0,
      async blob(hash) {
        this.asked++;
        if (code !== undefined) throw new BlobSourceError(code, "on purpose", { fields: { source: code } });
        return toHex(hash) === toHex(has?.hash ?? new Uint8Array(32)) ? has?.blob : undefined;
      },
    });

    it("passes over who lies, fails or has nothing", async () => {
      const [none, liar, silent, good] = [
        source(),
        source(undefined, "WRONG_BLOB"),
        source(undefined, "SOURCE_UNAVAILABLE"),
        source(blobs[0]),
      ];
      const first = new FirstOf([none, liar, silent, good]);
      expect(await first.blob(blobs[0]!.hash, BLOCK)).to.deep.equal(blobs[0]!.blob);
      expect([none.asked, liar.asked, silent.asked, good.asked]).to.deep.equal([1, 1, 1, 1]);
    });

    it("says what all have said if one has failed and none has it; nothing if none has failed", async () => {
      const first = new FirstOf([
        source(undefined, "WRONG_BLOB"),
        new FirstOf([source(undefined, "SOURCE_UNAVAILABLE")]),
      ]);
      const error = await failure(() => first.blob(blobs[0]!.hash, BLOCK));
      expect(error.code).to.equal("NO_SOURCE");
      expect(JSON.stringify(error.toJSON())).to.include("WRONG_BLOB").and.include("SOURCE_UNAVAILABLE");
      expect(await new FirstOf([source(), source()]).blob(blobs[0]!.hash, BLOCK)).to.equal(undefined);
    });

    it("asks once for what several want at a time, and keeps the last few", async () => {
      const [a, b, c] = blobs.map((blob) => source(blob));
      const first = new FirstOf([a!, b!, c!], 2);
      const hashes = blobs.map(({ hash }) => hash);
      await Promise.all([first.blob(hashes[0]!, BLOCK), first.blob(hashes[0]!, BLOCK)]);
      await first.blob(hashes[1]!, BLOCK);
      await first.blob(hashes[0]!, BLOCK);
      expect(a!.asked).to.equal(2);
      await first.blob(hashes[2]!, BLOCK);
      await first.blob(hashes[0]!, BLOCK);
      expect(a!.asked, "used after the other one").to.equal(3);
      await first.blob(hashes[1]!, BLOCK);
      expect(a!.asked, "gone").to.equal(4);
    });

    it("asks again for what was not there", async () => {
      const late = source();
      const first = new FirstOf([late]);
      expect(await first.blob(blobs[0]!.hash, BLOCK)).to.equal(undefined);
      expect(await first.blob(blobs[0]!.hash, BLOCK)).to.equal(undefined);
      expect(late.asked).to.equal(2);
    });

    it("lets an error through that no source is meant to have", async () => {
      const broken: BlobSource = { blob: () => Promise.reject(new RangeError("a mistake")) };
      const seen = await new FirstOf([broken])
        .blob(fromHex(`0x${"01".repeat(32)}`), BLOCK)
        .catch((error: unknown) => error);
      expect(seen).to.be.instanceOf(RangeError);
    });
  });
});
