import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ArchiveFolder } from "../../../src/blob/ArchiveFolder.ts";
import { BlobArchiver, confirmedBefore, type BlobArchiverOptions } from "../../../src/blob/BlobArchiver.ts";
import { BlobSourceError } from "../../../src/blob/BlobSourceError.ts";
import { toHex, type Hex } from "../../../src/crypto/bytes.ts";
import type { BatchAppended, ChainEvent, ChainSource, InboxEvent, L1Block } from "../../../src/l1/L1Source.ts";
import { toBlobs } from "../../../src/machine/BlobPayload.ts";
import { DATA_BLOBS, DATA_CALLDATA } from "../../../src/machine/Inputs.ts";
import { MemoryBlobs } from "../../support/blobs.ts";
import { failure } from "../../support/failure.ts";

/** An L1 whose blocks may have one batch each, in calldata or blobs. */
class Chain {
  branch = 0;
  readonly blocks: { readonly branch: number; readonly hashes: readonly Uint8Array[] | undefined }[] = [];

  mine(...hashes: Uint8Array[]): this {
    this.blocks.push({ branch: this.branch, hashes: hashes.length === 0 ? undefined : hashes });
    return this;
  }

  at(number: number): L1Block {
    const hash: Hex = `0x${this.blocks[number]!.branch.toString(16)}${number.toString(16).padStart(63, "0")}`;
    return { number, hash, timestamp: 1000n + 12n * BigInt(number) };
  }

  get inbox(): BlobArchiverOptions["inbox"] {
    return {
      head: () => Promise.resolve(this.at(this.blocks.length - 1)),
      block: (number) => Promise.resolve(this.blocks[number] === undefined ? undefined : this.at(number)),
      inboxEvents: (from, to) => Promise.resolve(this.#events(from, to)),
      batchBlobHashes: ({ blockNumber }) => Promise.resolve(this.blocks[blockNumber]!.hashes!),
    };
  }

  #events(from: number, to: number): InboxEvent[] {
    return this.blocks.slice(from, to + 1).map(({ hashes }, i): BatchAppended => {
      const { number, hash } = this.at(from + i);
      const place = { blockNumber: number, blockHash: hash, transactionHash: "0x", logIndex: 0 } as const;
      const dataKind = hashes === undefined ? DATA_CALLDATA : DATA_BLOBS;
      const record = { index: BigInt(number), commitment: new Uint8Array(32), length: 1, messagesRead: 0n, l2Time: 0n };
      return { ...place, type: "batch", dataKind, ...record };
    });
  }
}

describe("BlobArchiver", () => {
  let path: string;
  let folder: ArchiveFolder;
  let chain: Chain;
  let network: MemoryBlobs;

  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "tenor-archiver-"));
    folder = await ArchiveFolder.open(path);
    chain = new Chain();
    network = new MemoryBlobs();
  });

  afterEach(() => rm(path, { recursive: true, force: true }));

  const blob = (byte: number): Uint8Array => toBlobs(Uint8Array.of(byte))[0]!;
  const archiver = (options: Partial<BlobArchiverOptions> = {}): BlobArchiver =>
    new BlobArchiver({
      inbox: chain.inbox,
      source: network,
      folder,
      deployment: "1:0x01",
      startBlock: 0,
      unsettled: 4,
      ...options,
    });

  it("goes on where it was, and asks for nothing twice", async () => {
    const [a, b, c] = [1, 2, 3].map((byte) => network.keep(blob(byte)));
    chain.mine(a!, b!).mine().mine(a!);
    expect(await archiver().round()).to.deep.equal({ block: 2, stored: 2, missing: 0 });
    chain.mine(c!).mine();
    const second = archiver();
    expect(await second.round()).to.deep.equal({ block: 4, stored: 1, missing: 0 });
    expect(await second.round()).to.deep.equal({ block: 4, stored: 0, missing: 0 });
    expect(network.asked.map(({ hash }) => hash)).to.deep.equal([a, b, c].map((hash) => toHex(hash!)));
  });

  it("keeps the others when one is missing, and has it as soon as somebody does, also after a restart", async () => {
    const [a, b] = [network.keep(blob(1)), network.keep(blob(2))];
    network.forget(a);
    chain.mine(a, b);
    for (let i = 0; i < 20; i++) chain.mine();
    expect(await archiver().round()).to.deep.equal({ block: 20, stored: 1, missing: 1 });
    const next = archiver();
    expect(await next.round()).to.include({ stored: 0, missing: 1 });
    network.keep(blob(1));
    expect(await next.round()).to.include({ stored: 1, missing: 0 });
    expect(await folder.blob(a)).to.deep.equal(blob(1));
  });

  it("takes a source that fails for one that does not have the blob", async () => {
    const a = network.keep(blob(1));
    chain.mine(a);
    const broken = { blob: () => Promise.reject(new BlobSourceError("WRONG_BLOB", "on purpose")) };
    expect(await archiver({ source: broken }).round()).to.include({ stored: 0, missing: 1 });
    const mistaken = { blob: () => Promise.reject(new RangeError("a mistake")) };
    expect(
      await archiver({ source: mistaken })
        .round()
        .catch((error: unknown) => error),
    ).to.be.instanceOf(RangeError);
  });

  it("reads replaced blocks again, and gives up what only they had", async () => {
    const [a, b] = [network.keep(blob(1)), network.keep(blob(2))];
    network.forget(a);
    chain.mine().mine().mine(a);
    const one = archiver();
    expect(await one.round()).to.include({ stored: 0, missing: 1 });
    chain.blocks.length = 2;
    chain.branch = 1;
    chain.mine(b).mine();
    expect(await one.round()).to.deep.equal({ block: 3, stored: 1, missing: 0 });
  });

  it("starts anew in a folder that has followed another inbox, and keeps what is there", async () => {
    const a = network.keep(blob(1));
    chain.mine(a).mine();
    await archiver().round();
    expect(await archiver({ deployment: "1:0x02" }).round()).to.deep.equal({ block: 1, stored: 0, missing: 0 });
    expect(JSON.parse(await readFile(join(path, "cursor.json"), "utf8"))).to.include({
      deployment: "1:0x02",
      block: 1,
    });
  });

  it("does not guess what a damaged cursor means", async () => {
    chain.mine();
    for (const text of [
      "",
      "{",
      "null",
      "[]",
      '{"deployment":"1:0x01","block":"3","missing":[]}',
      '{"deployment":"1:0x01","block":3,"missing":[{}]}',
    ]) {
      await writeFile(join(path, "cursor.json"), text);
      expect((await failure(() => archiver().round())).code, text).to.equal("CURSOR_MALFORMED");
    }
  });

  it("knows before which time all is confirmed: when the parent of the last confirmed assertion was made", async () => {
    const [genesis, first] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
    const place = { blockNumber: 1, blockHash: "0x", transactionHash: "0x", logIndex: 0 } as const;
    const confirmed = (id: Uint8Array, parent: Uint8Array): ChainEvent => ({ ...place, type: "confirmed", id, parent });
    let events: ChainEvent[] = [];
    const source = {
      head: () => Promise.resolve({ number: 9, hash: "0x", timestamp: 9n }),
      chainEvents: () => Promise.resolve(events),
      assertionRecord: (id: Uint8Array) => Promise.resolve({ createdAt: id === first ? 500n : 100n }),
    } as unknown as ChainSource;
    expect(await confirmedBefore(source, 0)).to.equal(0n);
    events = [confirmed(first, genesis)];
    expect(await confirmedBefore(source, 0)).to.equal(100n);
    events.push(confirmed(new Uint8Array(32).fill(2), first));
    expect(await confirmedBefore(source, 0)).to.equal(500n);
  });
});
