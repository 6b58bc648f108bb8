import { expect } from "chai";
import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { chunkCommitment, chunkLevels } from "../../src/machine/ChunkTree.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { DATA_CALLDATA, messageLeaf } from "../../src/machine/Inputs.ts";
import { SequenceTree } from "../../src/machine/SequenceTree.ts";
import { bytes32Text } from "../support/evidence.ts";
import { deployInbox, INBOX_PARAMETERS, type InboxFixture } from "../support/l1.ts";
import { inboxScenes } from "../support/inboxScenes.ts";
import { connect } from "../support/baseChain.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const { inboxFixture, pendingFixture, messagesOf, forceArguments } = inboxScenes(connection);

/** A new account, with a delegation to a contract that calls whatever it is told to. */
async function delegate(funder: HardhatEthersSigner, name: string) {
  const relay = await ethers.deployContract("Relay");
  const wallet = new ethers.Wallet(ethers.id(name), ethers.provider);
  await funder.sendTransaction({ to: wallet.address, value: 10n ** 18n });
  const nonce = (await wallet.getNonce()) + 1;
  const authorization = await wallet.authorize({ address: await relay.getAddress(), nonce });
  await wallet.sendTransaction({ type: 4, to: wallet.address, authorizationList: [authorization] });
  expect(ethers.dataLength(await ethers.provider.getCode(wallet.address))).to.equal(23);
  return { wallet, relay };
}

describe("RollupInbox", () => {
  describe("deployment", () => {
    const [low, high] = [ethers.ZeroAddress, ethers.getAddress("0x".padEnd(42, "f"))];
    const bounds: [name: keyof typeof INBOX_PARAMETERS, minimum: bigint, maximum: bigint][] = [
      ["forceDelay", 60n, 7n * 86400n],
      ["maxPast", 0n, 86400n],
      ["maxFuture", 0n, 3600n],
      ["rate", 1n, 2n ** 24n],
      ["burst", 8192n, 2n ** 24n],
    ];
    for (const [name, minimum, maximum] of bounds) {
      it(`bounds ${name}`, async () => {
        const { inbox } = await networkHelpers.loadFixture(inboxFixture);
        for (const value of [minimum, maximum]) {
          const { inbox: at } = await deployInbox(connection, { [name]: value });
          expect((await at.parameters())[name]).to.equal(value);
        }
        for (const value of [minimum - 1n, maximum + 1n]) {
          if (value < 0n) continue;
          await expect(deployInbox(connection, { [name]: value }))
            .to.be.revertedWithCustomError(inbox, "ParameterOutOfBounds")
            .withArgs(bytes32Text(name), value, minimum, maximum);
        }
      });
    }

    it("needs an owner, but no sequencer", async () => {
      const { inbox, owner } = await networkHelpers.loadFixture(inboxFixture);
      const parameters = { owner: low, ...INBOX_PARAMETERS };
      await expect(ethers.deployContract("RollupInbox", [parameters, low]))
        .to.be.revertedWithCustomError(inbox, "ParameterOutOfBounds")
        .withArgs(bytes32Text("owner"), 0, 1, high);
      const without = await ethers.deployContract("RollupInbox", [{ ...parameters, owner: owner.address }, low]);
      expect(await without.sequencer()).to.equal(low);
    });

    it("starts empty", async () => {
      const { inbox, owner, sequencer } = await networkHelpers.loadFixture(inboxFixture);
      const empty = toHex(new SequenceTree().root());
      expect(await inbox.batchCount()).to.equal(0);
      expect(await inbox.messageCount()).to.equal(0);
      expect(await inbox.messagesRead()).to.equal(0);
      expect(await inbox.lastL2Time()).to.equal(0);
      expect(await inbox.batchesRoot()).to.equal(empty);
      expect(await inbox.messagesRoot()).to.equal(empty);
      expect(await inbox.sequencer()).to.equal(sequencer.address);
      expect(await inbox.availableBytes()).to.equal(INBOX_PARAMETERS.burst);
      expect((await inbox.parameters()).owner).to.equal(owner.address);
    });
  });

  describe("enqueue", () => {
    it("numbers messages and binds sender, block and time to each", async () => {
      const { inbox, alice, bob } = await networkHelpers.loadFixture(inboxFixture);
      await expect(inbox.connect(alice).enqueue(2, "0xabcd"))
        .to.emit(inbox, "MessageEnqueued")
        .withArgs(0, 2, alice.address, "0xabcd");
      await expect(inbox.connect(bob).enqueue(255, "0x")).to.emit(inbox, "MessageEnqueued").withArgs(1, 255, bob, "0x");
      const tree = new SequenceTree();
      for (const message of await messagesOf(inbox)) tree.append(messageLeaf(message));
      expect(await inbox.messageCount()).to.equal(2);
      expect(await inbox.messagesRoot()).to.equal(toHex(tree.root()));
    });

    it("takes any kind from anybody: the machine judges the sender, who cannot be forged", async () => {
      const { inbox, alice } = await networkHelpers.loadFixture(inboxFixture);
      const relay = await ethers.deployContract("Relay");
      const data = inbox.interface.encodeFunctionData("enqueue", [1, "0x01"]);
      for (let kind = 0; kind <= 6; kind++) await inbox.connect(alice).enqueue(kind, "0x");
      await expect(relay.connect(alice).relay(inbox, data))
        .to.emit(inbox, "MessageEnqueued")
        .withArgs(7, 1, relay, "0x01");
    });

    it("takes a message from a constructor in the name of the contract that comes to be", async () => {
      const { inbox, alice } = await networkHelpers.loadFixture(inboxFixture);
      const address = ethers.getCreateAddress({ from: alice.address, nonce: await alice.getNonce() });
      const data = inbox.interface.encodeFunctionData("enqueue", [2, "0x01"]);
      await ethers.deployContract("ConstructorCaller", [inbox, data], alice);
      const [message] = await messagesOf(inbox);
      expect(toHex(message!.sender)).to.equal(address.toLowerCase());
    });

    it("takes a message in the name of an account with an EIP-7702 delegation, calling itself or directly", async () => {
      const { inbox, owner } = await networkHelpers.loadFixture(inboxFixture);
      const { wallet, relay } = await delegate(owner, "delegating trader");
      const data = inbox.interface.encodeFunctionData("enqueue", [2, "0x01"]);
      const itself = relay.interface.encodeFunctionData("relay", [await inbox.getAddress(), data]);
      // Whoever else calls its code speaks in its name as well: that is what the delegation says.
      await wallet.sendTransaction({ to: wallet.address, data: itself });
      await wallet.sendTransaction({ to: await inbox.getAddress(), data });
      await owner.sendTransaction({ to: wallet.address, data: itself });
      const senders = (await messagesOf(inbox)).map(({ sender }) => toHex(sender));
      expect(senders).to.deep.equal(Array<string>(3).fill(wallet.address.toLowerCase()));
    });

    it("takes 4096 bytes and not one more", async () => {
      const { inbox } = await networkHelpers.loadFixture(inboxFixture);
      await inbox.enqueue(2, new Uint8Array(4096));
      await expect(inbox.enqueue(2, new Uint8Array(4097)))
        .to.be.revertedWithCustomError(inbox, "PayloadTooLong")
        .withArgs(4097, 4096);
    });
  });

  describe("appendBatch", () => {
    it("commits to the payload, to what it reads and to both times", async () => {
      const { inbox, alice, sequencer } = await networkHelpers.loadFixture(inboxFixture);
      await inbox.connect(alice).enqueue(2, "0x01");
      const payload = Uint8Array.from({ length: 700 }, (_, i) => i % 251);
      const commitment = toHex(chunkCommitment(chunkLevels(payload)));
      const now = BigInt(await time.latest()) + 10n;
      await time.setNextBlockTimestamp(now);
      await expect(inbox.connect(sequencer).appendBatch(0, 1, now - 600n, payload))
        .to.emit(inbox, "BatchAppended")
        .withArgs(0, DATA_CALLDATA, commitment, 700, 1, now - 600n);
      expect(await inbox.batchCount()).to.equal(1);
      expect(await inbox.messagesRead()).to.equal(1);
      expect(await inbox.lastL2Time()).to.equal(now - 600n);
    });

    it("takes an empty batch", async () => {
      const { inbox, sequencer } = await networkHelpers.loadFixture(inboxFixture);
      await expect(inbox.connect(sequencer).appendBatch(0, 0, await time.latest(), "0x"))
        .to.emit(inbox, "BatchAppended")
        .withArgs(0, DATA_CALLDATA, ethers.ZeroHash, 0, 0, anyValue);
    });

    describe("starting from a valid batch", () => {
      interface Batch {
        expectedIndex: bigint;
        messagesRead: bigint;
        l2Time: bigint;
        payload: string;
      }
      /** Four messages, two of them read; then a valid second batch. */
      async function validBatch(): Promise<InboxFixture & { now: bigint; last: bigint; batch: Batch }> {
        const fixture = await inboxFixture();
        const { inbox, alice, sequencer } = fixture;
        for (let i = 0; i < 4; i++) await inbox.connect(alice).enqueue(2, "0x");
        const last = BigInt(await time.latest()) + 2n;
        await inbox.connect(sequencer).appendBatch(0, 2, last, "0x");
        const now = last + 100n;
        return {
          ...fixture,
          now,
          last,
          batch: { expectedIndex: 1n, messagesRead: 3n, l2Time: now, payload: "0x0102" },
        };
      }
      type Context = Awaited<ReturnType<typeof validBatch>>;
      const send = async (context: Context, change: Partial<Batch> & { from?: keyof InboxFixture }) => {
        const { from = "sequencer", ...changes } = change;
        const { expectedIndex, messagesRead, l2Time, payload } = { ...context.batch, ...changes };
        await time.setNextBlockTimestamp(context.now);
        const signer = context[from as "sequencer"];
        return context.inbox.connect(signer).appendBatch(expectedIndex, messagesRead, l2Time, payload);
      };

      const accepted: [what: string, change: (context: Context) => Partial<Batch>][] = [
        ["as it is", () => ({})],
        ["reading nothing new", () => ({ messagesRead: 2n })],
        ["reading everything", () => ({ messagesRead: 4n })],
        ["at the last batch's L2 time", ({ last }) => ({ l2Time: last })],
        ["at the latest L2 time", ({ now }) => ({ l2Time: now + 60n })],
        ["with all bytes that the bucket holds", () => ({ payload: `0x${"11".repeat(10_000)}` })],
      ];
      for (const [what, change] of accepted) {
        it(`takes it ${what}`, async () => {
          const context = await networkHelpers.loadFixture(validBatch);
          await send(context, change(context));
          expect(await context.inbox.batchCount()).to.equal(2);
        });
      }

      const refused: [
        what: string,
        change: (context: Context) => Partial<Batch> & { from?: keyof InboxFixture },
        error: string,
        values: (context: Context) => unknown[],
      ][] = [
        ["from anybody else", () => ({ from: "alice" }), "NotSequencer", (c) => [c.alice.address, c.sequencer.address]],
        ["from the owner", () => ({ from: "owner" }), "NotSequencer", (c) => [c.owner.address, c.sequencer.address]],
        ["a second time", () => ({ expectedIndex: 0n }), "BatchIndexMismatch", () => [1, 0]],
        ["too early in order", () => ({ expectedIndex: 2n }), "BatchIndexMismatch", () => [1, 2]],
        ["unreading a message", () => ({ messagesRead: 1n }), "MessagesReadFalls", () => [1, 2]],
        ["reading what is not there", () => ({ messagesRead: 5n }), "MessagesReadBeyondEnd", () => [5, 4]],
        [
          "reading more than a word counts",
          () => ({ messagesRead: 2n ** 64n - 1n }),
          "MessagesReadBeyondEnd",
          () => [2n ** 64n - 1n, 4],
        ],
        [
          "before the last batch's L2 time",
          ({ last }) => ({ l2Time: last - 1n }),
          "L2TimeOutOfBounds",
          (c) => [c.last - 1n, c.last, c.now + 60n],
        ],
        [
          "a second too far ahead",
          ({ now }) => ({ l2Time: now + 61n }),
          "L2TimeOutOfBounds",
          (c) => [c.now + 61n, c.last, c.now + 60n],
        ],
        [
          "at the end of time",
          () => ({ l2Time: 2n ** 64n - 1n }),
          "L2TimeOutOfBounds",
          (c) => [2n ** 64n - 1n, c.last, c.now + 60n],
        ],
        ["beyond the bucket", () => ({ payload: `0x${"00".repeat(10_001)}` }), "RateExceeded", () => [10_001, 10_000]],
      ];
      for (const [what, change, error, values] of refused) {
        it(`refuses it ${what}: ${error}`, async () => {
          const context = await networkHelpers.loadFixture(validBatch);
          await expect(send(context, change(context)))
            .to.be.revertedWithCustomError(context.inbox, error)
            .withArgs(...values(context));
        });
      }

      it("refuses an L2 time more than ten minutes behind L1, to the second", async () => {
        const context = await networkHelpers.loadFixture(validBatch);
        context.now += 3600n;
        const earliest = context.now - 600n;
        await expect(send(context, { l2Time: earliest - 1n }))
          .to.be.revertedWithCustomError(context.inbox, "L2TimeOutOfBounds")
          .withArgs(earliest - 1n, earliest, context.now + 60n);
        context.now += 1n;
        await send(context, { l2Time: earliest + 1n });
      });
    });

    it("lets the bucket fill at the rate and not beyond the burst", async () => {
      const { inbox, sequencer } = await networkHelpers.loadFixture(inboxFixture);
      const { rate, burst } = INBOX_PARAMETERS;
      const send = async (index: number, length: bigint, at: bigint) => {
        await time.setNextBlockTimestamp(at);
        return inbox.connect(sequencer).appendBatch(index, 0, at, new Uint8Array(Number(length)));
      };
      const start = BigInt(await time.latest()) + 1000n;
      await send(0, burst, start);
      await expect(send(1, 3n * rate + 1n, start + 3n))
        .to.be.revertedWithCustomError(inbox, "RateExceeded")
        .withArgs(3n * rate + 1n, 3n * rate);
      await send(1, 3n * rate, start + 4n);
      expect(await inbox.availableBytes()).to.equal(rate);
      await send(2, rate, start + 5n);
      await expect(send(3, burst + 1n, start + 100_000n))
        .to.be.revertedWithCustomError(inbox, "RateExceeded")
        .withArgs(burst + 1n, burst);
      await networkHelpers.mine();
      expect(await inbox.availableBytes()).to.equal(burst);
    });

    describe("only directly from an account without code", () => {
      const batch: [number, number, number, string] = [0, 0, 0, "0x0102"];

      it("refuses a contract that is the sequencer", async () => {
        const { inbox, owner, alice } = await networkHelpers.loadFixture(inboxFixture);
        const relay = await ethers.deployContract("Relay");
        await inbox.connect(owner).setSequencer(relay);
        const data = inbox.interface.encodeFunctionData("appendBatch", batch);
        await expect(relay.connect(alice).relay(inbox, data))
          .to.be.revertedWithCustomError(inbox, "NotTopLevel")
          .withArgs(await relay.getAddress(), alice.address);
      });

      it("refuses a constructor", async () => {
        const { inbox, owner, alice } = await networkHelpers.loadFixture(inboxFixture);
        const nonce = (await alice.getNonce()) + 1;
        const address = ethers.getCreateAddress({ from: alice.address, nonce });
        await inbox.connect(owner).setSequencer(address);
        await alice.sendTransaction({ to: alice.address });
        const data = inbox.interface.encodeFunctionData("appendBatch", batch);
        await expect(ethers.deployContract("ConstructorCaller", [inbox, data], alice))
          .to.be.revertedWithCustomError(inbox, "NotTopLevel")
          .withArgs(address, alice.address);
      });

      it("refuses a sequencer that calls through another contract", async () => {
        const { inbox, sequencer } = await networkHelpers.loadFixture(inboxFixture);
        const relay = await ethers.deployContract("Relay");
        const data = inbox.interface.encodeFunctionData("appendBatch", batch);
        await expect(relay.connect(sequencer).relay(inbox, data))
          .to.be.revertedWithCustomError(inbox, "NotSequencer")
          .withArgs(await relay.getAddress(), sequencer.address);
      });

      it("refuses an account with an EIP-7702 delegation, calling itself or directly", async () => {
        const { inbox, owner } = await networkHelpers.loadFixture(inboxFixture);
        const { wallet, relay } = await delegate(owner, "delegating sequencer");
        await inbox.connect(owner).setSequencer(wallet.address);
        const data = inbox.interface.encodeFunctionData("appendBatch", batch);
        const itself = relay.interface.encodeFunctionData("relay", [await inbox.getAddress(), data]);
        for (const transaction of [
          { to: wallet.address, data: itself },
          { to: await inbox.getAddress(), data },
        ]) {
          await expect(wallet.sendTransaction({ ...transaction, gasLimit: 500_000 }))
            .to.be.revertedWithCustomError(inbox, "SequencerHasCode")
            .withArgs(wallet.address);
        }
      });
    });
  });

  describe("sequencer", () => {
    it("is replaced by the owner alone", async () => {
      const { inbox, owner, sequencer, bob } = await networkHelpers.loadFixture(inboxFixture);
      for (const wrong of [sequencer, bob]) {
        await expect(inbox.connect(wrong).setSequencer(bob))
          .to.be.revertedWithCustomError(inbox, "NotOwner")
          .withArgs(wrong.address, owner.address);
      }
      await expect(inbox.connect(owner).setSequencer(bob))
        .to.emit(inbox, "SequencerChanged")
        .withArgs(sequencer.address, bob.address);
      await expect(inbox.connect(sequencer).appendBatch(0, 0, 0, "0x")).to.be.revertedWithCustomError(
        inbox,
        "NotSequencer",
      );
      await inbox.connect(bob).appendBatch(0, 0, await time.latest(), "0x");
    });

    it("revokes itself at once, after which messages can still be forced", async () => {
      const { inbox, owner, sequencer, carol } = await networkHelpers.loadFixture(pendingFixture);
      await expect(inbox.connect(owner).revokeSequencer())
        .to.be.revertedWithCustomError(inbox, "NotSequencer")
        .withArgs(owner.address, sequencer.address);
      await expect(inbox.connect(sequencer).revokeSequencer())
        .to.emit(inbox, "SequencerChanged")
        .withArgs(sequencer.address, ethers.ZeroAddress);
      await expect(inbox.connect(sequencer).appendBatch(1, 3, 0, "0x")).to.be.revertedWithCustomError(
        inbox,
        "NotSequencer",
      );
      const { messagesRead, evidence, path } = await forceArguments(inbox, 5);
      await inbox.connect(carol).forceInclude(messagesRead, evidence, path);
      expect(await inbox.messageCount()).to.equal(5);
    });

    it("is replaced through a timelock like any other owner's act", async () => {
      const { inbox, timelock, delay, alice, bob, sequencer } = await networkHelpers.loadFixture(timelockFixture);
      const data = inbox.interface.encodeFunctionData("setSequencer", [bob.address]);
      const call = [await inbox.getAddress(), 0, data, ethers.ZeroHash, ethers.ZeroHash] as const;
      await timelock.connect(alice).schedule(...call, delay);
      await expect(timelock.connect(alice).execute(...call)).to.be.revertedWithCustomError(
        timelock,
        "TimelockUnexpectedOperationState",
      );
      expect(await inbox.sequencer()).to.equal(sequencer.address);
      await time.increase(delay);
      await timelock.connect(alice).execute(...call);
      expect(await inbox.sequencer()).to.equal(bob.address);
    });
  });

  it("can be rebuilt from its events and their blocks alone", async () => {
    const { inbox, sequencer, alice, bob } = await networkHelpers.loadFixture(inboxFixture);
    const log = new InputLog();
    for (let round = 0; round < 12; round++) {
      await inbox.connect(alice).enqueue(round % 6, new Uint8Array(round * 7));
      if (round % 2 === 0) await inbox.connect(bob).enqueue(2, "0x0102");
      if (round % 3 === 0) {
        const payload = new Uint8Array(round * 100);
        await inbox
          .connect(sequencer)
          .appendBatch(await inbox.batchCount(), await inbox.messageCount(), await time.latest(), payload);
      } else if (round % 4 === 1) {
        await time.increase(INBOX_PARAMETERS.forceDelay);
        const read = Number(await inbox.messagesRead()) + 1;
        const { messagesRead, evidence, path } = await forceArguments(inbox, read);
        await inbox.forceInclude(messagesRead, evidence, path);
      }
    }

    for (const message of await messagesOf(inbox)) log.appendMessage(message);
    for (const event of await inbox.queryFilter(inbox.filters.BatchAppended())) {
      const { dataKind, commitment, payloadLength, messagesRead, l2Time } = event.args;
      const transaction = await event.getTransaction();
      const payload =
        Number(dataKind) === DATA_CALLDATA
          ? (inbox.interface.decodeFunctionData("appendBatch", transaction.data)[3] as string)
          : "0x";
      expect(toHex(chunkCommitment(chunkLevels(fromHex(payload))))).to.equal(commitment);
      const record = {
        dataKind: Number(dataKind),
        commitment: fromHex(commitment),
        length: Number(payloadLength),
        messagesRead,
        l1Time: BigInt((await event.getBlock()).timestamp),
        l2Time,
      };
      log.appendBatch({ record, payload: fromHex(payload) });
    }
    const { batchCount, messageCount, batchesRoot, messagesRoot } = log.context(0n);
    expect(await inbox.batchCount()).to.equal(batchCount);
    expect(await inbox.messageCount()).to.equal(messageCount);
    expect(await inbox.batchesRoot()).to.equal(toHex(batchesRoot));
    expect(await inbox.messagesRoot()).to.equal(toHex(messagesRoot));
  });
});

async function timelockFixture() {
  const { alice, bob, sequencer } = await inboxFixture();
  const delay = 30n * 86400n;
  const timelock = await ethers.deployContract("TimelockController", [
    delay,
    [alice.address],
    [alice.address],
    ethers.ZeroAddress,
  ]);
  const inbox = await ethers.deployContract("RollupInbox", [
    { owner: timelock, ...INBOX_PARAMETERS },
    sequencer.address,
  ]);
  return { inbox, timelock, delay, alice, bob, sequencer };
}
