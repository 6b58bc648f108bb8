import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { chunkCommitment, chunkLevels, chunkRangePath } from "../../src/machine/ChunkTree.ts";
import { batchLeaf, messageLeaf, type BatchRecord, type Message } from "../../src/machine/Inputs.ts";
import { SequenceTree } from "../../src/machine/SequenceTree.ts";
import type { TreesHarness } from "../../typechain/index.ts";
import { anyHash, endAt, stateHash } from "../support/evidence.ts";
import { connect } from "../support/baseChain.ts";

const { ethers } = await connect();

const hex = (bytes: readonly Uint8Array[]): string[] => bytes.map(toHex);

/** Evidence without the narrow types of the values that it was made from, so that mutations of all kinds fit. */
interface RangeEvidence {
  commitment: string;
  length: number;
  lo: number;
  hi: number;
  chunks: Uint8Array;
  path: string[];
}

interface LeafEvidence {
  root: string;
  count: number;
  index: number;
  leaf: string;
  path: string[];
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.slice(2), "hex"));
const leafOf = (index: number): Uint8Array => bytesOf(anyHash(`leaf ${index}`));

/** Bytes without a pattern that chunks could share. */
function payloadOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 131 + (i >> 8) * 17 + 7) & 0xff);
}

async function deployHarness(): Promise<TreesHarness> {
  return ethers.deployContract("TreesHarness");
}

describe("Inputs: leaves and machine states in both languages", () => {
  it("hash a batch, a message and a machine state alike", async () => {
    const harness = await deployHarness();
    const record: BatchRecord = {
      dataKind: 1,
      commitment: leafOf(1),
      length: 2 ** 32 - 2,
      messagesRead: 2n ** 64n - 3n,
      l1Time: 2n ** 40n + 5n,
      l2Time: 2n ** 63n + 7n,
    };
    expect(await harness.batchLeaf({ ...record })).to.equal(toHex(batchLeaf(record)));

    const message: Message = {
      kind: 255,
      sender: leafOf(2).subarray(0, 20),
      l1Block: 2n ** 64n - 1n,
      l1Time: 2n ** 33n,
      payload: payloadOf(300),
    };
    const argument = { ...message, sender: toHex(message.sender) };
    expect(await harness.messageLeaf(argument)).to.equal(toHex(messageLeaf(message)));

    const state = endAt(2n ** 64n - 1n, {
      message: 2n ** 63n,
      offset: 2n ** 32n - 1n,
      items: 77n,
      part: 65535n,
      l2Time: 2n ** 40n,
    });
    expect(await harness.hashMachineState(state)).to.equal(stateHash(state));
  });
});

describe("ChunkTree: commitment to the bytes of a payload", () => {
  const lengths = [0, 1, 255, 256, 257, 512, 513, 768, 1024, 1025, 1280, 1792, 2048, 2049, 2304, 4096, 5000];

  it("commits alike in both languages, whatever the length", async () => {
    const harness = await deployHarness();
    for (const length of lengths) {
      const payload = payloadOf(length);
      expect(await harness.commit(payload), `${length} bytes`).to.equal(toHex(chunkCommitment(chunkLevels(payload))));
    }
  });

  it("accepts the path of every range of every tree of up to 9 chunks", async () => {
    const harness = await deployHarness();
    for (let chunks = 1; chunks <= 9; chunks++) {
      const payload = payloadOf(chunks * 256 - 100);
      const levels = chunkLevels(payload);
      const commitment = toHex(chunkCommitment(levels));
      for (let lo = 0; lo < chunks; lo++) {
        for (let hi = lo; hi < chunks; hi++) {
          const bytes = payload.subarray(lo * 256, (hi + 1) * 256);
          const path = hex(chunkRangePath(levels, lo, hi));
          await harness.verifyRange(commitment, payload.length, lo, hi, bytes, path);
        }
      }
    }
  });

  describe("starting from a valid range", () => {
    const payload = payloadOf(7 * 256 + 9);
    const levels = chunkLevels(payload);
    const valid: RangeEvidence = {
      commitment: toHex(chunkCommitment(levels)),
      length: payload.length,
      lo: 3,
      hi: 4,
      chunks: payload.slice(3 * 256, 5 * 256),
      path: hex(chunkRangePath(levels, 3, 4)),
    };
    const flipped = Uint8Array.from(valid.chunks);
    flipped[300]! ^= 1;
    const swapped = [valid.path[1]!, valid.path[0]!, ...valid.path.slice(2)];
    const mutations: [what: string, change: Partial<RangeEvidence>, error: string][] = [
      ["another commitment", { commitment: anyHash("other") }, "ChunkCommitmentMismatch"],
      ["the zero commitment", { commitment: ethers.ZeroHash }, "ChunkCommitmentMismatch"],
      ["a changed byte", { chunks: flipped }, "ChunkCommitmentMismatch"],
      ["siblings swapped", { path: swapped }, "ChunkCommitmentMismatch"],
      ["a shifted range", { lo: 4, hi: 5 }, "ChunkPathLengthMismatch"],
      ["a byte short", { chunks: valid.chunks.subarray(1) }, "ChunkBytesMismatch"],
      ["a byte more", { chunks: payload.subarray(3 * 256, 5 * 256 + 1) }, "ChunkBytesMismatch"],
      ["no bytes", { chunks: new Uint8Array() }, "ChunkBytesMismatch"],
      ["a sibling missing", { path: valid.path.slice(0, -1) }, "ChunkPathLengthMismatch"],
      ["a sibling too many", { path: [...valid.path, anyHash("more")] }, "ChunkPathLengthMismatch"],
      ["no path", { path: [] }, "ChunkPathLengthMismatch"],
      ["ends swapped", { lo: 4, hi: 3 }, "ChunkRangeInvalid"],
      ["a range behind the end", { lo: 3, hi: 8 }, "ChunkRangeInvalid"],
      ["a range far behind the end", { lo: 3, hi: 2 ** 52 }, "ChunkRangeInvalid"],
      ["a length with fewer chunks", { length: 4 * 256 }, "ChunkRangeInvalid"],
      ["a length that cuts the range", { length: 5 * 256 - 1 }, "ChunkBytesMismatch"],
      ["a length with another shape of tree", { length: 5 * 256 }, "ChunkPathLengthMismatch"],
      ["an empty payload", { length: 0, lo: 0, hi: 0 }, "ChunkRangeInvalid"],
    ];
    for (const [what, change, error] of mutations) {
      it(`refuses ${what}: ${error}`, async () => {
        const harness = await deployHarness();
        const { commitment, length, lo, hi, chunks, path } = { ...valid, ...change };
        await expect(harness.verifyRange(commitment, length, lo, hi, chunks, path)).to.be.revertedWithCustomError(
          harness,
          error,
        );
      });
    }

    it("refuses the largest integers as ends", async () => {
      const harness = await deployHarness();
      const { commitment, length, chunks, path } = valid;
      await expect(
        harness.verifyRange(commitment, length, 0, ethers.MaxUint256, chunks, path),
      ).to.be.revertedWithCustomError(harness, "ChunkRangeInvalid");
    });

    it("refuses an inner node as a chunk, and a chunk as an inner node", async () => {
      const harness = await deployHarness();
      const pair = payload.subarray(0, 512);
      const [level0] = chunkLevels(pair);
      const children = Uint8Array.from([...level0![0]!, ...level0![1]!]);
      const commitment = chunkCommitment(chunkLevels(pair));
      await expect(harness.verifyRange(commitment, 64, 0, 0, children, [])).to.be.revertedWithCustomError(
        harness,
        "ChunkCommitmentMismatch",
      );
    });
  });
});

describe("SequenceTree: append-only sequence kept as a frontier", () => {
  it("has the same root in both languages after every append", async () => {
    const harness = await deployHarness();
    const twin = new SequenceTree();
    expect(await harness.root()).to.equal(toHex(twin.root()));
    for (let i = 0; i < 70; i++) {
      await harness.append(leafOf(i));
      twin.append(leafOf(i));
      expect(await harness.root(), `${i + 1} leaves`).to.equal(toHex(twin.root()));
    }
  });

  it("writes one word for each append", async () => {
    const harness = await deployHarness();
    for (let i = 0; i < 33; i++) {
      const transaction = await harness.append(leafOf(i));
      const trace = (await ethers.provider.send("debug_traceTransaction", [
        transaction.hash,
        { disableMemory: true, disableStack: true },
      ])) as { structLogs: { op: string }[] };
      // The harness keeps the count in a word of its own.
      expect(trace.structLogs.filter(({ op }) => op === "SSTORE").length, `append ${i}`).to.equal(2);
    }
  });

  it("accepts the path of every leaf of every tree of up to 17 leaves", async () => {
    const harness = await deployHarness();
    const twin = new SequenceTree();
    for (let count = 1; count <= 17; count++) {
      twin.append(leafOf(count - 1));
      for (let index = 0; index < count; index++) {
        await harness.verify(twin.root(), count, index, leafOf(index), hex(twin.path(index)));
      }
    }
  });

  describe("starting from a valid leaf", () => {
    const twin = new SequenceTree();
    for (let i = 0; i < 11; i++) twin.append(leafOf(i));
    const valid: LeafEvidence = {
      root: toHex(twin.root()),
      count: 11,
      index: 6,
      leaf: toHex(leafOf(6)),
      path: hex(twin.path(6)),
    };
    const mutations: [what: string, change: Partial<LeafEvidence>, error: string][] = [
      ["another root", { root: anyHash("other") }, "SequenceRootMismatch"],
      ["another leaf", { leaf: anyHash("other") }, "SequenceRootMismatch"],
      ["another index", { index: 7 }, "SequenceRootMismatch"],
      ["another count of the same height", { count: 12 }, "SequenceRootMismatch"],
      ["another height", { count: 17 }, "SequencePathLengthMismatch"],
      ["the index behind the end", { index: 11 }, "SequenceIndexInvalid"],
      ["an empty sequence", { count: 0, index: 0, path: [] }, "SequenceIndexInvalid"],
      ["a sibling missing", { path: valid.path.slice(1) }, "SequencePathLengthMismatch"],
      ["a sibling too many", { path: [...valid.path, ethers.ZeroHash] }, "SequencePathLengthMismatch"],
      ["a changed sibling", { path: [anyHash("other"), ...valid.path.slice(1)] }, "SequenceRootMismatch"],
      ["siblings swapped", { path: [valid.path[1]!, valid.path[0]!, ...valid.path.slice(2)] }, "SequenceRootMismatch"],
      ["a missing leaf as a leaf of zero", { index: 11, count: 12, leaf: ethers.ZeroHash }, "SequenceRootMismatch"],
    ];
    for (const [what, change, error] of mutations) {
      it(`refuses ${what}: ${error}`, async () => {
        const harness = await deployHarness();
        const { root, count, index, leaf, path } = { ...valid, ...change };
        await expect(harness.verify(root, count, index, leaf, path)).to.be.revertedWithCustomError(harness, error);
      });
    }
  });

  it("accepts a path against the frontier at exactly the levels whose word covers the leaf", async () => {
    const harness = await deployHarness();
    const later = new SequenceTree();
    for (let i = 0; i < 32; i++) later.append(leafOf(i));
    for (let count = 1; count <= 20; count++) {
      await harness.append(leafOf(count - 1));
      for (let index = 0; index < count; index++) {
        const live = 31 - Math.clz32(index ^ count);
        for (let level = 0; level <= 5; level++) {
          const path = hex(later.path(index)).slice(0, level);
          // The word of a level covers the last complete subtree that is a left child.
          let covered = 0;
          for (let subtree = 0; (subtree + 1) * 2 ** level <= count; subtree += 2) covered = subtree + 1;
          const covers = covered > 0 && Math.floor(index / 2 ** level) === covered - 1;
          if (level === live) expect(covers, "the live word covers the leaf").to.equal(true);
          const call = harness.verifyAgainstFrontier(index, leafOf(index), path);
          if (covers) await call;
          else await expect(call).to.be.revertedWithCustomError(harness, "FrontierLevelInvalid");
        }
      }
    }
  });

  it("keeps a path of n siblings good for 2^n further leaves", async () => {
    const index = 9;
    for (const count of [10, 11, 12, 16, 24]) {
      const twin = new SequenceTree();
      for (let i = 0; i < 64; i++) twin.append(leafOf(i));
      const live = 31 - Math.clz32(index ^ count);
      const path = hex(twin.path(index)).slice(0, live);
      const harness = await deployHarness();
      for (let i = 0; i < count; i++) await harness.append(leafOf(i));
      for (let more = 0; more <= 2 ** live; more++) {
        await harness.verifyAgainstFrontier(index, leafOf(index), path);
        await harness.append(leafOf(count + more));
      }
    }
  });

  it("refuses a wrong leaf, a wrong sibling and an index behind the end against the frontier", async () => {
    const harness = await deployHarness();
    const twin = new SequenceTree();
    for (let i = 0; i < 6; i++) {
      await harness.append(leafOf(i));
      twin.append(leafOf(i));
    }
    const path = hex(twin.path(2)).slice(0, 2);
    await harness.verifyAgainstFrontier(2, leafOf(2), path);
    const refused = async (index: number, leaf: Uint8Array, siblings: string[], error: string): Promise<void> =>
      expect(harness.verifyAgainstFrontier(index, leaf, siblings)).to.be.revertedWithCustomError(harness, error);
    await refused(2, leafOf(3), path, "FrontierNodeMismatch");
    await refused(3, leafOf(2), path, "FrontierNodeMismatch");
    await refused(2, leafOf(2), [path[0]!, anyHash("other")], "FrontierNodeMismatch");
    await refused(6, leafOf(6), [], "SequenceIndexInvalid");
    await refused(
      2,
      leafOf(2),
      Array.from({ length: 65 }, () => ethers.ZeroHash),
      "FrontierLevelInvalid",
    );
  });
});
