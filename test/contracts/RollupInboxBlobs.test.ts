import { expect } from "chai";
import type { Wallet } from "ethers";
import { toHex } from "../../src/crypto/bytes.ts";
import { BLOB } from "../../src/crypto/kzg.ts";
import { blobsCommitment, BYTES_PER_BLOB, MAX_BLOBS, toBlobs } from "../../src/machine/BlobPayload.ts";
import { batchLeaf, DATA_BLOBS } from "../../src/machine/Inputs.ts";
import { SequenceTree } from "../../src/machine/SequenceTree.ts";
import { connect } from "../support/baseChain.ts";
import { appendBlobBatch, blobWallet, hashOfBlob, sendWithBlobs, type BlobBatchArguments } from "../support/blobs.ts";
import { deployInbox, type InboxFixture } from "../support/l1.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

/** Six blobs and a little more. */
const BURST = 800_000n;

interface BlobFixture extends InboxFixture {
  wallet: Wallet;
}

/** An inbox with room for six blobs, whose sequencer can send them; four messages, and a first batch that reads two of them. */
async function blobFixture(): Promise<BlobFixture> {
  const fixture = await deployInbox(connection, { burst: BURST });
  const wallet = await blobWallet(connection);
  const { inbox, owner, alice } = fixture;
  await inbox.connect(owner).setSequencer(wallet);
  for (let i = 0; i < 4; i++) await inbox.connect(alice).enqueue(2, "0x");
  await inbox.connect(wallet).appendBatch(0, 2, await time.latest(), "0x");
  return { ...fixture, wallet };
}

const payloadOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 167 + (i >> 8)) & 0xff);

describe("RollupInbox: batches in blobs", () => {
  for (const count of [1, 2, MAX_BLOBS]) {
    it(`commits to the versioned hashes of ${count} and to the length`, async () => {
      const { inbox, wallet } = await networkHelpers.loadFixture(blobFixture);
      const payload = payloadOf(count === 2 ? BYTES_PER_BLOB + 1 : count * BYTES_PER_BLOB);
      const blobs = toBlobs(payload);
      expect(blobs).to.have.length(count);
      const hashes = blobs.map(hashOfBlob);
      const rootBefore = new SequenceTree();
      const first = (await inbox.queryFilter(inbox.filters.BatchAppended()))[0]!;
      const l1Time = async (block: number): Promise<bigint> =>
        BigInt((await ethers.provider.getBlock(block))!.timestamp);
      const { messagesRead, l2Time } = first.args;
      const empty = { dataKind: 1, commitment: new Uint8Array(32), length: 0 };
      rootBefore.append(batchLeaf({ ...empty, messagesRead, l2Time, l1Time: await l1Time(first.blockNumber) }));

      const now = BigInt(await time.latest()) + 10n;
      await time.setNextBlockTimestamp(now);
      const call = { index: 1, messagesRead: 3, l2Time: now - 5n, length: payload.length };
      const sent = await appendBlobBatch(wallet, inbox, call, blobs);
      const commitment = blobsCommitment(hashes);
      await expect(sent)
        .to.emit(inbox, "BatchAppended")
        .withArgs(1, DATA_BLOBS, toHex(commitment), payload.length, 3, now - 5n);
      const record = { dataKind: DATA_BLOBS, commitment, length: payload.length, messagesRead: 3n, l1Time: now };
      rootBefore.append(batchLeaf({ ...record, l2Time: now - 5n }));
      expect(await inbox.batchesRoot()).to.equal(toHex(rootBefore.root()));
      expect(await inbox.messagesRead()).to.equal(3);
      expect(await inbox.lastL2Time()).to.equal(now - 5n);
      expect(await inbox.availableBytes(), "a blob counts whole").to.equal(BURST - BigInt(count * BLOB));
    });
  }

  it("says nothing of what the blobs hold: also zeros, and bytes that are no payload's", async () => {
    const { inbox, wallet } = await networkHelpers.loadFixture(blobFixture);
    const zeros = new Uint8Array(131_072);
    const full = Uint8Array.from({ length: 131_072 }, (_, i) => (i % 32 === 0 ? 0x72 : i % 251));
    const call = { index: 1, messagesRead: 2, l2Time: await time.latest(), length: BYTES_PER_BLOB + 1 };
    await expect(appendBlobBatch(wallet, inbox, call, [full, zeros])).to.emit(inbox, "BatchAppended");
  });

  describe("starting from a valid batch of one blob", () => {
    type Context = BlobFixture & { now: bigint };
    type Change = Partial<BlobBatchArguments> & { blobs?: readonly Uint8Array[] };
    const blobs = (count: number): Uint8Array[] =>
      Array.from({ length: count }, (_, i) => toBlobs(payloadOf(50 + i))[0]!);

    async function validBatch(): Promise<Context> {
      const fixture = await blobFixture();
      return { ...fixture, now: BigInt(await time.latest()) + 10n };
    }

    async function send({ inbox, wallet, now }: Context, change: Change): Promise<unknown> {
      const { blobs: sent = blobs(1), ...changes } = change;
      await time.setNextBlockTimestamp(now);
      const call = { index: 1, messagesRead: 3, l2Time: now, length: 100, ...changes };
      return appendBlobBatch(wallet, inbox, call, sent);
    }

    const accepted: [what: string, change: Change][] = [
      ["as it is", {}],
      ["with one byte", { length: 1 }],
      ["with all that a blob carries", { length: BYTES_PER_BLOB }],
      ["with a byte in a second blob", { length: BYTES_PER_BLOB + 1, blobs: blobs(2) }],
    ];
    for (const [what, change] of accepted) {
      it(`takes it ${what}`, async () => {
        const context = await networkHelpers.loadFixture(validBatch);
        await send(context, change);
        expect(await context.inbox.batchCount()).to.equal(2);
      });
    }

    const maximum = MAX_BLOBS * BYTES_PER_BLOB;
    const refused: [what: string, change: Change, error: string, values: (context: Context) => unknown[]][] = [
      ["without a payload", { length: 0 }, "BlobPayloadLengthInvalid", () => [0, maximum]],
      ["with more than six carry", { length: maximum + 1 }, "BlobPayloadLengthInvalid", () => [maximum + 1, maximum]],
      ["with a blob too few", { length: BYTES_PER_BLOB + 1 }, "BlobCountMismatch", () => [1, 2]],
      ["with a blob too many", { blobs: blobs(2) }, "BlobCountMismatch", () => [2, 1]],
      ["with two blobs too many", { length: BYTES_PER_BLOB, blobs: blobs(3) }, "BlobCountMismatch", () => [3, 1]],
      ["a second time", { index: 0 }, "BatchIndexMismatch", () => [1, 0]],
      ["too early in order", { index: 2 }, "BatchIndexMismatch", () => [1, 2]],
      ["unreading a message", { messagesRead: 1 }, "MessagesReadFalls", () => [1, 2]],
      ["reading what is not there", { messagesRead: 5 }, "MessagesReadBeyondEnd", () => [5, 4]],
    ];
    for (const [what, change, error, values] of refused) {
      it(`refuses it ${what}: ${error}`, async () => {
        const context = await networkHelpers.loadFixture(validBatch);
        await expect(send(context, change))
          .to.be.revertedWithCustomError(context.inbox, error)
          .withArgs(...values(context));
      });
    }

    it("refuses an L2 time beyond its bounds", async () => {
      const context = await networkHelpers.loadFixture(validBatch);
      const { inbox, now } = context;
      await expect(send(context, { l2Time: now + 61n })).to.be.revertedWithCustomError(inbox, "L2TimeOutOfBounds");
    });

    it("refuses it beyond the bucket: RateExceeded", async () => {
      const context = await networkHelpers.loadFixture(validBatch);
      await send(context, { length: (MAX_BLOBS - 1) * BYTES_PER_BLOB + 1, blobs: blobs(MAX_BLOBS) });
      const later = { ...context, now: context.now + 1n };
      const left = BURST - BigInt(MAX_BLOBS * BLOB) + (await context.inbox.parameters()).rate;
      expect(left).to.be.below(BLOB);
      await expect(send(later, { index: 2, length: 1 }))
        .to.be.revertedWithCustomError(context.inbox, "RateExceeded")
        .withArgs(BLOB, left);
    });

    it("refuses it from anybody else", async () => {
      const { inbox, owner, wallet, alice } = await networkHelpers.loadFixture(validBatch);
      await inbox.connect(owner).setSequencer(alice);
      const data = inbox.interface.encodeFunctionData("appendBlobBatch", [1, 3, await time.latest(), 100]);
      await expect(sendWithBlobs(wallet, await inbox.getAddress(), data, blobs(1)))
        .to.be.revertedWithCustomError(inbox, "NotSequencer")
        .withArgs(wallet.address, alice.address);
    });

    it("refuses a transaction without blobs", async () => {
      const { inbox, owner, alice } = await networkHelpers.loadFixture(validBatch);
      await inbox.connect(owner).setSequencer(alice);
      await expect(inbox.connect(alice).appendBlobBatch(1, 3, await time.latest(), 100))
        .to.be.revertedWithCustomError(inbox, "BlobCountMismatch")
        .withArgs(0, 1);
    });

    it("refuses a contract that is the sequencer", async () => {
      const { inbox, owner, wallet } = await networkHelpers.loadFixture(validBatch);
      const relay = await ethers.deployContract("Relay");
      await inbox.connect(owner).setSequencer(relay);
      const call = inbox.interface.encodeFunctionData("appendBlobBatch", [1, 3, await time.latest(), 100]);
      const data = relay.interface.encodeFunctionData("relay", [await inbox.getAddress(), call]);
      await expect(sendWithBlobs(wallet, await relay.getAddress(), data, blobs(1)))
        .to.be.revertedWithCustomError(inbox, "NotTopLevel")
        .withArgs(await relay.getAddress(), wallet.address);
    });
  });
});
