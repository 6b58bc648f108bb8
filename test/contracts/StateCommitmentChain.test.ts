import { expect } from "chai";
import { knownAssertion, type AssertArguments, type KnownAssertion } from "../support/assertions.ts";
import { anyHash, assertionId, bytes32Text, endAt, historyOf, stateHash } from "../support/evidence.ts";
import { CHAIN_PARAMETERS, deployChain, deployInbox } from "../support/l1.ts";
import { chainScenes, setTime, type ChainContext } from "../support/chainScenes.ts";
import { connect } from "../support/baseChain.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const { genesisFixture, readyFixture, assertedFixture, rivalsFixture } = chainScenes(connection);

const { stake, challengePeriod, minParentAge } = CHAIN_PARAMETERS;

describe("StateCommitmentChain", () => {
  describe("deployment", () => {
    const bounds: [
      name: "challengePeriod" | "minParentAge" | "historyHeight" | "stake",
      minimum: bigint,
      maximum: bigint,
    ][] = [
      ["challengePeriod", 60n, 60n * 86400n],
      ["historyHeight", 1n, 26n],
      ["stake", 1n, 10_000n * 10n ** 18n],
      ["minParentAge", 0n, challengePeriod],
    ];
    for (const [name, minimum, maximum] of bounds) {
      it(`bounds ${name}`, async () => {
        const { chain } = await networkHelpers.loadFixture(genesisFixture);
        const deploy = (value: bigint) =>
          deployChain(connection, { ...(name === "challengePeriod" ? { minParentAge: 0n } : {}), [name]: value });
        for (const value of [minimum, maximum]) {
          const { chain: at } = await deploy(value);
          expect((await at.parameters())[name]).to.equal(value);
        }
        for (const value of [minimum - 1n, maximum + 1n]) {
          if (value < 0n) continue;
          await expect(deploy(value))
            .to.be.revertedWithCustomError(chain, "ParameterOutOfBounds")
            .withArgs(bytes32Text(name), value, minimum, maximum);
        }
      });
    }

    it("bounds minParentAge to a day when the challenge period is longer", async () => {
      const { chain } = await networkHelpers.loadFixture(genesisFixture);
      const parameters = { challengePeriod: 5n * 86400n, minParentAge: 86401n };
      await expect(deployChain(connection, parameters))
        .to.be.revertedWithCustomError(chain, "ParameterOutOfBounds")
        .withArgs(bytes32Text("minParentAge"), 86401, 0, 86400);
    });

    it("needs an inbox, a game, a treasury and a genesis state", async () => {
      const { chain, inbox, treasury, alice } = await networkHelpers.loadFixture(genesisFixture);
      const valid = {
        inbox: await inbox.getAddress(),
        game: alice.address,
        treasury: treasury.address,
        ...CHAIN_PARAMETERS,
      };
      const deploy = (change: Partial<typeof valid>) =>
        ethers.deployContract("StateCommitmentChain", [{ ...valid, ...change }]);
      await deploy({});
      await expect(deploy({ inbox: alice.address })).to.be.revertedWithCustomError(chain, "NotAContract");
      const zero = ethers.ZeroAddress;
      for (const change of [{ game: zero }, { treasury: zero }, { genesisStateRoot: ethers.ZeroHash }]) {
        await expect(deploy(change)).to.be.revertedWithCustomError(chain, "ParameterOutOfBounds");
      }
    });

    it("starts from a confirmed genesis assertion", async () => {
      const { chain, genesis } = await networkHelpers.loadFixture(genesisFixture);
      const start = endAt(0n, { stateRoot: CHAIN_PARAMETERS.genesisStateRoot });
      expect(genesis).to.equal(assertionId(ethers.ZeroHash, stateHash(start), ethers.ZeroHash));
      expect(await chain.isConfirmed(genesis)).to.equal(true);
      expect(await chain.latestConfirmed()).to.equal(genesis);
      const { childTarget, isConfirmed, childCount, isFirstChild, isOverflow } = await chain.assertionOf(genesis);
      expect({ childTarget, isConfirmed, childCount, isFirstChild, isOverflow }).to.deep.equal({
        childTarget: 1n,
        isConfirmed: true,
        childCount: 0n,
        isFirstChild: false,
        isOverflow: false,
      });
    });

    it("makes the first range of all batches that are there", async () => {
      const fixture = await deployInbox(connection);
      for (let index = 0; index < 3; index++) {
        await fixture.inbox.connect(fixture.sequencer).appendBatch(index, 0, await time.latest(), "0x");
      }
      const chain = await ethers.deployContract("StateCommitmentChain", [
        { inbox: fixture.inbox, game: fixture.alice, treasury: fixture.treasury, ...CHAIN_PARAMETERS },
      ]);
      expect((await chain.assertionOf(await chain.genesis())).childTarget).to.equal(3);
    });
  });

  describe("assertState", () => {
    it("makes an assertion out of its content, takes the stake and fixes the next range", async () => {
      const { chain, asserter, alice, genesis, valid } = await networkHelpers.loadFixture(readyFixture);
      await asserter.fillInbox(5n);
      const { id, end } = knownAssertion(valid);
      const created = asserter.send(alice, valid);
      await expect(created)
        .to.emit(chain, "AssertionCreated")
        .withArgs(id, genesis, alice.address, Object.values(end), valid.historyRoot, 1, 5);
      await expect(created).to.emit(chain, "StakeDeposited").withArgs(alice.address, stake);
      await expect(created).to.changeEtherBalance(ethers, chain, stake);
      const now = await time.latest();
      const child = await chain.assertionOf(id);
      const expected = {
        createdAt: BigInt(now),
        childTarget: 5n,
        firstChildAt: 0n,
        secondChildAt: 0n,
        childCount: 0n,
        isFirstChild: true,
        isOverflow: false,
        isConfirmed: false,
        hasConfirmedChild: false,
      };
      for (const [field, value] of Object.entries(expected)) {
        expect(child[field as keyof typeof expected], field).to.equal(value);
      }
      expect(child.length).to.equal(Object.keys(expected).length);
      const parent = await chain.assertionOf(genesis);
      expect([parent.firstChildAt, parent.secondChildAt, parent.childCount]).to.deep.equal([BigInt(now), 0n, 1n]);
      expect(await chain.latestOf(alice)).to.equal(id);
    });

    it("makes the next range one batch long at least", async () => {
      const { chain, first } = await networkHelpers.loadFixture(assertedFixture);
      expect((await chain.assertionOf(first.id)).childTarget).to.equal(2);
    });

    it("tells siblings from first children, and notes when the second came", async () => {
      const { chain, asserter, carol, genesis, first, second } = await networkHelpers.loadFixture(rivalsFixture);
      const before = await chain.assertionOf(genesis);
      const third = await asserter.assert(carol, genesis, "wrong in another way");
      const after = await chain.assertionOf(genesis);
      expect(before.secondChildAt).to.equal((await chain.assertionOf(second.id)).createdAt);
      expect(before.secondChildAt - before.firstChildAt).to.be.greaterThan(1000);
      expect([after.firstChildAt, after.secondChildAt, after.childCount]).to.deep.equal([
        before.firstChildAt,
        before.secondChildAt,
        3n,
      ]);
      expect((await chain.assertionOf(first.id)).isFirstChild).to.equal(true);
      expect((await chain.assertionOf(second.id)).isFirstChild).to.equal(false);
      expect((await chain.assertionOf(third.id)).isFirstChild).to.equal(false);
    });

    it("holds siblings to the same range, whatever batches come between", async () => {
      const { chain, asserter, bob, genesis } = await networkHelpers.loadFixture(assertedFixture);
      await asserter.fillInbox(7n);
      const call = await asserter.arguments(genesis, bob, "wrong");
      expect(call.expectedTarget).to.equal(1);
      await asserter.send(bob, call);
      expect((await chain.assertionOf(knownAssertion(call).id)).childTarget).to.equal(7);
    });

    describe("starting from a valid call", () => {
      type Change = (valid: AssertArguments) => Partial<AssertArguments>;
      /** Another end state with the history that belongs to it. */
      const endingIn = (valid: AssertArguments, fields: Partial<AssertArguments["end"]>): Partial<AssertArguments> => {
        const end = { ...valid.end, ...fields };
        const { root, lastLeafPath } = historyOf([stateHash(end)], Number(CHAIN_PARAMETERS.historyHeight));
        return { end, historyRoot: root, lastLeafPath };
      };
      const mutations: [what: string, change: Change, error: string][] = [
        ["an unknown parent", () => ({ parent: anyHash("nobody") }), "AssertionUnknown"],
        ["no parent", () => ({ parent: ethers.ZeroHash }), "AssertionUnknown"],
        ["another target", (v) => ({ expectedTarget: v.expectedTarget + 1n }), "TargetMismatch"],
        ["another L1 block hash", () => ({ l1BlockHash: anyHash("reorganised") }), "L1BlockMismatch"],
        ["another L1 block number", (v) => ({ l1BlockNumber: v.l1BlockNumber - 1n }), "L1BlockMismatch"],
        ["a future L1 block", (v) => ({ l1BlockNumber: v.l1BlockNumber + 9n }), "L1BlockMismatch"],
        [
          "a future L1 block and no hash",
          (v) => ({ l1BlockNumber: v.l1BlockNumber + 9n, l1BlockHash: ethers.ZeroHash }),
          "L1BlockMismatch",
        ],
        ["an end beyond the target", (v) => endingIn(v, { batch: 2n }), "EndBeyondTarget"],
        ["an end at an offset of the target's batch", (v) => endingIn(v, { offset: 1n }), "EndInsideBatch"],
        ["an end at an item of the target's batch", (v) => endingIn(v, { items: 1n }), "EndInsideBatch"],
        ["an end at a part of the target's batch", (v) => endingIn(v, { part: 1n }), "EndInsideBatch"],
        ["another history root", () => ({ historyRoot: anyHash("other") }), "HistoryRootMismatch"],
        ["an end that is not the last leaf", (v) => ({ end: { ...v.end, l2Time: 9n } }), "HistoryRootMismatch"],
        [
          "a changed sibling",
          (v) => ({ lastLeafPath: [anyHash("other"), ...v.lastLeafPath.slice(1)] }),
          "HistoryRootMismatch",
        ],
        ["a path one level short", (v) => ({ lastLeafPath: v.lastLeafPath.slice(1) }), "HistoryPathLengthMismatch"],
        [
          "a path one level long",
          (v) => ({ lastLeafPath: [...v.lastLeafPath, ethers.ZeroHash] }),
          "HistoryPathLengthMismatch",
        ],
        ["no stake", () => ({ value: 0n }), "StakeMismatch"],
        ["a wei short", () => ({ value: stake - 1n }), "StakeMismatch"],
        ["a wei more", () => ({ value: stake + 1n }), "StakeMismatch"],
      ];
      for (const [what, change, error] of mutations) {
        it(`refuses ${what}: ${error}`, async () => {
          const { chain, asserter, alice, valid } = await networkHelpers.loadFixture(readyFixture);
          const call = { ...valid, ...change(valid) };
          await expect(asserter.send(alice, call)).to.be.revertedWithCustomError(chain, error);
          await asserter.send(alice, valid);
        });
      }

      it("refuses a history whose last leaf is an inner node of another height", async () => {
        const { chain, asserter, alice, valid } = await networkHelpers.loadFixture(readyFixture);
        const lower = historyOf([anyHash("first"), stateHash(valid.end)], 3);
        const call = { ...valid, historyRoot: lower.root, lastLeafPath: lower.lastLeafPath };
        await expect(asserter.send(alice, call)).to.be.revertedWithCustomError(chain, "HistoryPathLengthMismatch");
      });

      it("refuses it with an L1 block older than 256", async () => {
        const { chain, asserter, alice, valid } = await networkHelpers.loadFixture(readyFixture);
        await networkHelpers.mine(256);
        await expect(asserter.send(alice, valid))
          .to.be.revertedWithCustomError(chain, "L1BlockMismatch")
          .withArgs(ethers.ZeroHash, valid.l1BlockHash);
      });

      it("refuses it a second time, first thing, from anybody and with any evidence", async () => {
        const { chain, asserter, alice, bob, valid } = await networkHelpers.loadFixture(readyFixture);
        await asserter.send(alice, valid);
        const { id } = knownAssertion(valid);
        const stale = { ...valid, lastLeafPath: [], expectedTarget: 0n, l1BlockHash: ethers.ZeroHash, value: 0n };
        for (const [who, call] of [
          [alice, valid],
          [bob, valid],
          [bob, stale],
        ] as const) {
          await expect(asserter.send(who, call)).to.be.revertedWithCustomError(chain, "AssertionExists").withArgs(id);
        }
      });

      it("refuses it until the inbox has the whole range", async () => {
        const { chain, asserter, alice, first } = await networkHelpers.loadFixture(assertedFixture);
        await time.increase(minParentAge);
        const call = await asserter.arguments(first.id, alice);
        await expect(asserter.send(alice, call)).to.be.revertedWithCustomError(chain, "RangeIncomplete").withArgs(1, 2);
      });

      it("refuses it while the parent is too young, to the second", async () => {
        const { chain, asserter, alice, first } = await networkHelpers.loadFixture(assertedFixture);
        await asserter.fillInbox(2n);
        const call = await asserter.arguments(first.id, alice);
        const earliest = (await chain.assertionOf(first.id)).createdAt + minParentAge;
        await time.setNextBlockTimestamp(earliest - 1n);
        await expect(asserter.send(alice, call))
          .to.be.revertedWithCustomError(chain, "ParentTooYoung")
          .withArgs(earliest - 1n, earliest);
        await time.setNextBlockTimestamp(earliest);
        await asserter.send(alice, call);
      });
    });

    describe("with a range of more steps than a history holds", () => {
      const overflowing = { batch: 1n, offset: 40n, items: 3n, part: 2n };
      /** An overflow assertion about two batches. */
      async function overflowFixture(): Promise<ChainContext & { overflow: KnownAssertion }> {
        const context = await genesisFixture();
        const first = await context.asserter.assert(context.alice, context.genesis);
        return { ...context, overflow: await context.asserter.assert(context.alice, first.id, "half", overflowing) };
      }

      it("keeps the target for the children", async () => {
        const { chain, asserter, overflow } = await networkHelpers.loadFixture(overflowFixture);
        await asserter.fillInbox(6n);
        const { childTarget, isOverflow } = await chain.assertionOf(overflow.id);
        expect([childTarget, isOverflow]).to.deep.equal([2n, true]);
      });

      it("lets a child follow at once, which may overflow again or finish", async () => {
        const { chain, asserter, alice, overflow } = await networkHelpers.loadFixture(overflowFixture);
        const again = await asserter.arguments(overflow.id, alice, "three quarters", { ...overflowing, offset: 90n });
        await asserter.send(alice, again);
        const { id } = knownAssertion(again);
        expect((await chain.assertionOf(id)).isOverflow).to.equal(true);
        const last = await asserter.arguments(id, alice);
        expect(last.expectedTarget).to.equal(2);
        await asserter.send(alice, last);
        expect((await chain.assertionOf(knownAssertion(last).id)).childTarget).to.equal(3);
      });
    });

    describe("closed families", () => {
      it("refuses a sibling once a child is confirmed", async () => {
        const { chain, asserter, bob, genesis, first } = await networkHelpers.loadFixture(assertedFixture);
        await asserter.confirmInTime(first);
        const call = await asserter.arguments(genesis, bob, "wrong");
        await expect(asserter.send(bob, call)).to.be.revertedWithCustomError(chain, "FamilyClosed").withArgs(genesis);
      });

      it("refuses a further sibling once one of several children is confirmed, before and after the sweep", async () => {
        const { chain, asserter, game, carol, genesis, second } = await networkHelpers.loadFixture(rivalsFixture);
        await setTime(game, second, challengePeriod);
        await asserter.confirm(second);
        const call = await asserter.arguments(genesis, carol, "late");
        await expect(asserter.send(carol, call)).to.be.revertedWithCustomError(chain, "FamilyClosed").withArgs(genesis);
        await time.increase(challengePeriod);
        await chain.sweep(genesis);
        await expect(asserter.send(carol, call)).to.be.revertedWithCustomError(chain, "FamilyClosed").withArgs(genesis);
      });

      it("refuses a sibling once the only child has had the challenge period, to the second", async () => {
        const { chain, asserter, bob, genesis, first } = await networkHelpers.loadFixture(assertedFixture);
        const { createdAt } = await chain.assertionOf(first.id);
        const call = await asserter.arguments(genesis, bob, "wrong");
        await time.setNextBlockTimestamp(createdAt + challengePeriod);
        await expect(asserter.send(bob, call)).to.be.revertedWithCustomError(chain, "FamilyClosed").withArgs(genesis);
        await asserter.confirm(first);
      });

      it("takes a sibling one second before that", async () => {
        const { chain, asserter, bob, genesis, first } = await networkHelpers.loadFixture(assertedFixture);
        const { createdAt } = await chain.assertionOf(first.id);
        const call = await asserter.arguments(genesis, bob, "wrong");
        await time.setNextBlockTimestamp(createdAt + challengePeriod - 1n);
        await asserter.send(bob, call);
        await expect(asserter.confirm(first)).to.be.revertedWithCustomError(chain, "TimeTooShort");
      });
    });

    describe("after a reorganisation of L1", () => {
      it("is refused when the inbox's past has changed under the parent", async () => {
        const { chain, asserter, alice, genesis } = await networkHelpers.loadFixture(genesisFixture);
        await asserter.prepare(genesis);
        const snapshot = await networkHelpers.takeSnapshot();
        await asserter.fillInbox(4n);
        const first = knownAssertion(await asserter.arguments(genesis, alice));
        await asserter.assert(alice, genesis);
        await asserter.prepare(first.id);
        const call = await asserter.arguments(first.id, alice);
        expect(call.expectedTarget).to.equal(4);

        // The other branch: the parent is the same by content, but was made when the inbox had fewer batches.
        await snapshot.restore();
        await asserter.assert(alice, genesis);
        await asserter.fillInbox(4n);
        await time.increase(minParentAge);
        expect((await chain.assertionOf(first.id)).createdAt).not.to.equal(0);
        await expect(asserter.send(alice, call)).to.be.revertedWithCustomError(chain, "TargetMismatch").withArgs(2, 4);
        // The inbox's order may have changed with the target unchanged: then the block hash tells.
        await expect(asserter.send(alice, { ...call, expectedTarget: 2n })).to.be.revertedWithCustomError(
          chain,
          "L1BlockMismatch",
        );
      });
    });
  });

  describe("confirm", () => {
    it("takes an assertion without a rival once it is as old as the challenge period, to the second", async () => {
      const { chain, asserter, genesis, first } = await networkHelpers.loadFixture(assertedFixture);
      const ready = (await chain.assertionOf(first.id)).createdAt + challengePeriod;
      await time.setNextBlockTimestamp(ready - 1n);
      await expect(asserter.confirm(first))
        .to.be.revertedWithCustomError(chain, "TimeTooShort")
        .withArgs(challengePeriod - 1n, challengePeriod);
      await time.setNextBlockTimestamp(ready);
      await expect(asserter.confirm(first)).to.emit(chain, "AssertionConfirmed").withArgs(first.id, genesis);
      expect(await chain.isConfirmed(first.id)).to.equal(true);
      expect(await chain.latestConfirmed()).to.equal(first.id);
      expect((await chain.assertionOf(genesis)).hasConfirmedChild).to.equal(true);
    });

    it("takes a chain of assertions in order", async () => {
      const { chain, asserter, alice, first } = await networkHelpers.loadFixture(assertedFixture);
      const second = await asserter.assert(alice, first.id);
      const third = await asserter.assert(alice, second.id);
      await time.increase(challengePeriod);
      await expect(asserter.confirm(third))
        .to.be.revertedWithCustomError(chain, "ParentNotConfirmed")
        .withArgs(second.id);
      for (const assertion of [first, second, third]) await asserter.confirm(assertion);
      expect(await chain.latestConfirmed()).to.equal(third.id);
    });

    it("refuses what is confirmed already, and what nobody has asserted", async () => {
      const { chain, asserter, first } = await networkHelpers.loadFixture(assertedFixture);
      await asserter.confirmInTime(first);
      await expect(asserter.confirm(first)).to.be.revertedWithCustomError(chain, "AlreadyConfirmed").withArgs(first.id);
      const other = { ...first, endStateHash: anyHash("other") };
      await expect(asserter.confirm(other)).to.be.revertedWithCustomError(chain, "AssertionUnknown");
    });

    it("cannot take a wrong parent for the right one", async () => {
      const { chain, asserter, first, second } = await networkHelpers.loadFixture(rivalsFixture);
      await time.increase(challengePeriod);
      await expect(asserter.confirm({ ...first, parent: second.id })).to.be.revertedWithCustomError(
        chain,
        "AssertionUnknown",
      );
    });

    describe("of a family with rivals", () => {
      it("adds the game's time to that before the second one came, whatever the assertions' age", async () => {
        const { chain, asserter, game, genesis, first, second } = await networkHelpers.loadFixture(rivalsFixture);
        await time.increase(challengePeriod * 10n);
        const { firstChildAt, secondChildAt } = await chain.assertionOf(genesis);
        const alone = secondChildAt - firstChildAt;
        for (const [assertion, own] of [
          [first, alone],
          [second, 0n],
        ] as const) {
          await expect(asserter.confirm(assertion))
            .to.be.revertedWithCustomError(chain, "TimeTooShort")
            .withArgs(own, challengePeriod);
        }
        await setTime(game, first, challengePeriod - alone - 1n);
        await expect(asserter.confirm(first))
          .to.be.revertedWithCustomError(chain, "TimeTooShort")
          .withArgs(challengePeriod - 1n, challengePeriod);
        await setTime(game, second, challengePeriod - 1n);
        await expect(asserter.confirm(second)).to.be.revertedWithCustomError(chain, "TimeTooShort");
        await setTime(game, second, challengePeriod);
        await expect(asserter.confirm(second)).to.emit(chain, "AssertionConfirmed");
      });

      it("confirms one of two that both reach the period", async () => {
        const { chain, asserter, game, genesis, first, second } = await networkHelpers.loadFixture(rivalsFixture);
        await setTime(game, first, 2n ** 64n - 1n);
        await setTime(game, second, 2n ** 64n - 1n);
        await asserter.confirm(first);
        await expect(asserter.confirm(second))
          .to.be.revertedWithCustomError(chain, "SiblingConfirmed")
          .withArgs(genesis);
      });

      it("never confirms below a losing assertion", async () => {
        const { chain, asserter, game, bob, first, second } = await networkHelpers.loadFixture(rivalsFixture);
        const below = await asserter.assert(bob, second.id, "wrong");
        await setTime(game, first, challengePeriod);
        await setTime(game, below, 2n ** 64n - 1n);
        await asserter.confirm(first);
        await time.increase(challengePeriod * 10n);
        await expect(asserter.confirm(below))
          .to.be.revertedWithCustomError(chain, "ParentNotConfirmed")
          .withArgs(second.id);
      });
    });
  });

  it("takes no ether by itself", async () => {
    const { chain, alice } = await networkHelpers.loadFixture(genesisFixture);
    await expect(alice.sendTransaction({ to: chain, value: 1n })).to.be.revertedWithoutReason(ethers);
  });
});
