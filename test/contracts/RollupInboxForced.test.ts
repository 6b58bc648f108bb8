import { expect } from "chai";
import { DATA_FORCED } from "../../src/machine/Inputs.ts";
import type { RollupInbox } from "../../typechain/index.ts";
import { INBOX_PARAMETERS } from "../support/l1.ts";
import { inboxScenes, type ForceArguments } from "../support/inboxScenes.ts";
import { connect } from "../support/baseChain.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const { inboxFixture, pendingFixture, forceArguments } = inboxScenes(connection);

describe("RollupInbox: forced messages", () => {
  describe("forceInclude", () => {
    const force = (inbox: RollupInbox, { messagesRead, evidence, path }: ForceArguments) =>
      inbox.forceInclude(messagesRead, evidence, path);

    it("lets anybody read old messages, all of them or a part", async () => {
      const { inbox, carol } = await networkHelpers.loadFixture(pendingFixture);
      for (const [batch, messagesRead] of [
        [1, 4],
        [2, 5],
      ] as const) {
        const now = BigInt(await time.latest()) + 5n;
        await time.setNextBlockTimestamp(now);
        await expect(force(inbox.connect(carol), await forceArguments(inbox, messagesRead)))
          .to.emit(inbox, "BatchAppended")
          .withArgs(batch, DATA_FORCED, ethers.ZeroHash, 0, messagesRead, now);
        expect(await inbox.messagesRead()).to.equal(messagesRead);
        expect(await inbox.lastL2Time()).to.equal(now);
      }
    });

    it("keeps L2 time when the last batch was ahead of L1", async () => {
      const { inbox, sequencer, carol } = await networkHelpers.loadFixture(pendingFixture);
      const now = BigInt(await time.latest()) + 5n;
      await time.setNextBlockTimestamp(now);
      await inbox.connect(sequencer).appendBatch(1, 3, now + 60n, "0x");
      await force(inbox.connect(carol), await forceArguments(inbox, 4));
      expect(await inbox.lastL2Time()).to.equal(now + 60n);
    });

    it("cannot be outdated by a sequencer that appends batches in front of it", async () => {
      const { inbox, sequencer, carol } = await networkHelpers.loadFixture(pendingFixture);
      const prepared = await forceArguments(inbox, 5);
      for (let index = 1; index <= 3; index++) {
        await inbox.connect(sequencer).appendBatch(index, 3, await time.latest(), "0x");
      }
      await inbox.connect(sequencer).appendBatch(4, 4, await time.latest(), "0x");
      await force(inbox.connect(carol), prepared);
      expect(await inbox.messagesRead()).to.equal(5);
    });

    it("is outdated by further messages only in numbers that double", async () => {
      const { inbox, alice } = await networkHelpers.loadFixture(inboxFixture);
      for (let i = 0; i < 9; i++) await inbox.connect(alice).enqueue(2, Uint8Array.of(i));
      await time.increase(INBOX_PARAMETERS.forceDelay);
      // 5 xor 9 = 0b1100: the path has three siblings and stays good for eight more messages.
      const prepared = await forceArguments(inbox, 6);
      expect(prepared.path.length).to.equal(3);
      for (let i = 0; i < 8; i++) await inbox.connect(alice).enqueue(2, "0x");
      await force(inbox, prepared);
    });

    it("leaves the bucket as it is", async () => {
      const { inbox, sequencer } = await networkHelpers.loadFixture(pendingFixture);
      await inbox.connect(sequencer).appendBatch(1, 3, await time.latest(), new Uint8Array(10_000));
      await force(inbox, await forceArguments(inbox, 5));
      expect(await inbox.availableBytes()).to.equal(INBOX_PARAMETERS.rate);
    });

    it("leaves the sequencer able to go on with the next index", async () => {
      const { inbox, sequencer } = await networkHelpers.loadFixture(pendingFixture);
      await force(inbox, await forceArguments(inbox, 5));
      await expect(inbox.connect(sequencer).appendBatch(1, 5, await time.latest(), "0x"))
        .to.be.revertedWithCustomError(inbox, "BatchIndexMismatch")
        .withArgs(2, 1);
      await inbox.connect(sequencer).appendBatch(2, 5, await time.latest(), "0x");
    });

    it("waits for the delay, to the second", async () => {
      const { inbox, alice } = await networkHelpers.loadFixture(inboxFixture);
      await inbox.connect(alice).enqueue(2, "0x");
      const prepared = await forceArguments(inbox, 1);
      const earliest = prepared.evidence.l1Time + INBOX_PARAMETERS.forceDelay;
      await time.setNextBlockTimestamp(earliest - 1n);
      await expect(force(inbox, prepared))
        .to.be.revertedWithCustomError(inbox, "ForceTooEarly")
        .withArgs(earliest - 1n, earliest);
      await time.setNextBlockTimestamp(earliest);
      await force(inbox, prepared);
    });

    const mutations: [what: string, change: (valid: ForceArguments) => Partial<ForceArguments>, error: string][] = [
      ["a message that is read already", () => ({ messagesRead: 3 }), "NothingToForce"],
      ["no message", () => ({ messagesRead: 0 }), "NothingToForce"],
      ["more messages than there are", () => ({ messagesRead: 6 }), "MessagesReadBeyondEnd"],
      ["another message's number", () => ({ messagesRead: 5 }), "FrontierLevelInvalid"],
      ["another kind", (v) => ({ evidence: { ...v.evidence, kind: 1 } }), "FrontierNodeMismatch"],
      ["another sender", (v) => ({ evidence: { ...v.evidence, sender: ethers.ZeroAddress } }), "FrontierNodeMismatch"],
      ["another block", (v) => ({ evidence: { ...v.evidence, l1Block: 1n } }), "FrontierNodeMismatch"],
      [
        "an earlier time",
        (v) => ({ evidence: { ...v.evidence, l1Time: v.evidence.l1Time - 1n } }),
        "FrontierNodeMismatch",
      ],
      ["a time that wraps", (v) => ({ evidence: { ...v.evidence, l1Time: 2n ** 64n - 1n } }), "ForceTooEarly"],
      [
        "another payload",
        (v) => ({ evidence: { ...v.evidence, payloadHash: ethers.ZeroHash } }),
        "FrontierNodeMismatch",
      ],
      ["a changed sibling", (v) => ({ path: [ethers.ZeroHash, ...v.path.slice(1)] }), "FrontierNodeMismatch"],
      ["a sibling missing", (v) => ({ path: v.path.slice(1) }), "FrontierLevelInvalid"],
      ["a sibling too many", (v) => ({ path: [...v.path, ethers.ZeroHash] }), "FrontierLevelInvalid"],
    ];
    for (const [what, change, error] of mutations) {
      it(`refuses ${what}: ${error}`, async () => {
        const { inbox } = await networkHelpers.loadFixture(pendingFixture);
        const valid = await forceArguments(inbox, 4);
        await expect(force(inbox, { ...valid, ...change(valid) })).to.be.revertedWithCustomError(inbox, error);
        await force(inbox, valid);
      });
    }

    it("refuses the same call a second time", async () => {
      const { inbox } = await networkHelpers.loadFixture(pendingFixture);
      const valid = await forceArguments(inbox, 4);
      await force(inbox, valid);
      await expect(force(inbox, valid)).to.be.revertedWithCustomError(inbox, "NothingToForce").withArgs(4, 4);
    });
  });
});
