import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { StateCommitmentChain } from "../../typechain/index.ts";
import { knownAssertion, type KnownAssertion } from "../support/assertions.ts";
import { anyHash, stateHash } from "../support/evidence.ts";
import { CHAIN_PARAMETERS, deployInbox } from "../support/l1.ts";
import { chainScenes, setTime, type ChainContext } from "../support/chainScenes.ts";
import { connect } from "../support/baseChain.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;
const { contextOf, genesisFixture, assertedFixture, rivalsFixture } = chainScenes(connection);

const { stake, challengePeriod } = CHAIN_PARAMETERS;

describe("StateCommitmentChain: stakes", () => {
  describe("stakes", () => {
    it("move along under one's latest assertion, without a further payment", async () => {
      const { chain, asserter, alice, first } = await networkHelpers.loadFixture(assertedFixture);
      await asserter.prepare(first.id);
      const call = await asserter.arguments(first.id, alice);
      await expect(asserter.send(alice, { ...call, value: stake }))
        .to.be.revertedWithCustomError(chain, "StakeMismatch")
        .withArgs(stake, 0);
      await asserter.send(alice, call);
      expect(await ethers.provider.getBalance(chain)).to.equal(stake);
      expect(await chain.latestOf(alice)).to.equal(knownAssertion(call).id);
    });

    it("stand behind one branch only", async () => {
      const { chain, asserter, alice, genesis, first } = await networkHelpers.loadFixture(assertedFixture);
      const rival = await asserter.arguments(genesis, alice, "wrong");
      for (const value of [0n, stake]) {
        await expect(asserter.send(alice, { ...rival, value }))
          .to.be.revertedWithCustomError(chain, "StakeInUse")
          .withArgs(alice.address, first.id);
      }
    });

    it("are free for another branch once somebody has gone on from the latest assertion", async () => {
      const { chain, asserter, alice, bob, genesis, first } = await networkHelpers.loadFixture(assertedFixture);
      await asserter.assert(bob, first.id);
      const second = await asserter.assert(alice, genesis, "wrong");
      expect(await chain.latestOf(alice)).to.equal(second.id);
      expect(await ethers.provider.getBalance(chain)).to.equal(2n * stake);
    });

    const refusals: [what: string, act: (context: ChainContext & { first: KnownAssertion }) => Promise<void>][] = [
      ["while the assertion stands alone at the end", async () => {}],
      [
        "while it has only a sibling",
        async ({ asserter, bob, genesis }) => void (await asserter.assert(bob, genesis, "wrong")),
      ],
      ["when its age has passed but nobody has confirmed it", async () => void (await time.increase(challengePeriod))],
    ];
    for (const [what, act] of refusals) {
      it(`cannot be withdrawn ${what}`, async () => {
        const context = await networkHelpers.loadFixture(assertedFixture);
        await act(context);
        const { chain, alice, first } = context;
        await expect(chain.connect(alice).withdrawStake(alice))
          .to.be.revertedWithCustomError(chain, "StakeInUse")
          .withArgs(alice.address, first.id);
      });
    }

    const withdraw = async (
      chain: ChainContext["chain"],
      staker: HardhatEthersSigner,
      recipient: HardhatEthersSigner,
    ) => {
      const withdrawal = chain.connect(staker).withdrawStake(recipient);
      await expect(withdrawal).to.emit(chain, "StakeWithdrawn").withArgs(staker.address, recipient.address, stake);
      await expect(withdrawal).to.changeEtherBalances(ethers, [chain, recipient], [-stake, stake]);
      await expect(chain.connect(staker).withdrawStake(recipient))
        .to.be.revertedWithCustomError(chain, "NoStake")
        .withArgs(staker.address);
    };

    it("come back once the latest assertion is confirmed, once, to whom the staker says", async () => {
      const { chain, asserter, alice, carol, first } = await networkHelpers.loadFixture(assertedFixture);
      await asserter.confirmInTime(first);
      await withdraw(chain, alice, carol);
    });

    it("come back once somebody else has gone on from the latest assertion", async () => {
      const { chain, asserter, alice, bob, first } = await networkHelpers.loadFixture(assertedFixture);
      await asserter.assert(bob, first.id);
      await withdraw(chain, alice, alice);
      expect(await ethers.provider.getBalance(chain)).to.equal(stake);
    });

    it("have to be paid again after a withdrawal", async () => {
      const { chain, asserter, alice, first } = await networkHelpers.loadFixture(assertedFixture);
      await asserter.confirmInTime(first);
      await chain.connect(alice).withdrawStake(alice);
      await asserter.prepare(first.id);
      const call = await asserter.arguments(first.id, alice);
      expect(call.value).to.equal(stake);
      await expect(asserter.send(alice, { ...call, value: 0n })).to.be.revertedWithCustomError(chain, "StakeMismatch");
      await asserter.send(alice, call);
    });

    it("refuse the zero address, and a recipient that takes no ether, which can name another", async () => {
      const { chain, asserter, genesis, owner } = await networkHelpers.loadFixture(genesisFixture);
      const relay = await ethers.deployContract("Relay");
      await asserter.prepare(genesis);
      const { parent, end, historyRoot, lastLeafPath, expectedTarget, l1BlockNumber, l1BlockHash } =
        await asserter.arguments(genesis, owner);
      const call = chain.interface.encodeFunctionData("assertState", [
        parent,
        end,
        historyRoot,
        lastLeafPath,
        expectedTarget,
        l1BlockNumber,
        l1BlockHash,
      ]);
      await relay.relay(chain, call, { value: stake });
      await time.increase(challengePeriod);
      await chain.confirm(parent, stateHash(end), historyRoot);
      await relay.setRefuses(true);
      const withdrawTo = (recipient: string) =>
        relay.relay(chain, chain.interface.encodeFunctionData("withdrawStake", [recipient]));
      await expect(withdrawTo(await relay.getAddress()))
        .to.be.revertedWithCustomError(chain, "TransferFailed")
        .withArgs(await relay.getAddress(), stake);
      await expect(withdrawTo(ethers.ZeroAddress)).to.be.revertedWithCustomError(chain, "RecipientZero");
      await expect(withdrawTo(owner.address)).to.changeEtherBalance(ethers, chain, -stake);
    });

    it("cannot be withdrawn twice by re-entering", async () => {
      const { chain, asserter, alice, genesis, owner } = await networkHelpers.loadFixture(genesisFixture);
      const relay = await ethers.deployContract("Relay");
      await asserter.prepare(genesis);
      const valid = await asserter.arguments(genesis, owner);
      const call = chain.interface.encodeFunctionData("assertState", [
        valid.parent,
        valid.end,
        valid.historyRoot,
        valid.lastLeafPath,
        valid.expectedTarget,
        valid.l1BlockNumber,
        valid.l1BlockHash,
      ]);
      await relay.relay(chain, call, { value: stake });
      // Somebody else's stake is there to be robbed.
      await asserter.assert(alice, knownAssertion(valid).id);
      const withdrawal = chain.interface.encodeFunctionData("withdrawStake", [await relay.getAddress()]);
      await relay.setCallback(chain, withdrawal);
      await expect(relay.relay(chain, withdrawal)).to.be.revertedWithCustomError(chain, "TransferFailed");
      await relay.setCallback(ethers.ZeroAddress, "0x");
      await relay.relay(chain, withdrawal);
      expect(await ethers.provider.getBalance(chain)).to.equal(stake);
    });

    it("come back to an honest staker whose assertion was the second", async () => {
      const { chain, asserter, game, alice, bob, first, second } = await networkHelpers.loadFixture(rivalsFixture);
      await setTime(game, second, challengePeriod);
      await asserter.confirm(second);
      await withdraw(chain, bob, bob);
      await expect(chain.connect(alice).withdrawStake(alice))
        .to.be.revertedWithCustomError(chain, "StakeInUse")
        .withArgs(alice.address, first.id);
    });
  });

  describe("sweep", () => {
    it("sends all stakes of a family but one to the treasury, once", async () => {
      const { chain, asserter, game, treasury, carol, genesis, first } =
        await networkHelpers.loadFixture(rivalsFixture);
      await asserter.assert(carol, genesis, "wrong in another way");
      await expect(chain.sweep(genesis)).to.be.revertedWithCustomError(chain, "NothingToSweep").withArgs(genesis);
      await setTime(game, first, challengePeriod);
      await asserter.confirm(first);
      const { closedAt } = await chain.escrowOf(genesis);
      expect(closedAt).to.equal(await time.latest());
      await time.setNextBlockTimestamp(closedAt + challengePeriod - 1n);
      await expect(chain.sweep(genesis))
        .to.be.revertedWithCustomError(chain, "SweepTooEarly")
        .withArgs(closedAt + challengePeriod - 1n, closedAt + challengePeriod);
      await time.setNextBlockTimestamp(closedAt + challengePeriod);
      const swept = chain.connect(carol).sweep(genesis);
      await expect(swept)
        .to.emit(chain, "EscrowSwept")
        .withArgs(genesis, 2n * stake);
      await expect(swept).to.changeEtherBalances(ethers, [chain, treasury], [-2n * stake, 2n * stake]);
      await expect(chain.sweep(genesis)).to.be.revertedWithCustomError(chain, "NothingToSweep");
    });

    it("refuses a family without rivals, and one that is not there", async () => {
      const { chain, asserter, genesis, first } = await networkHelpers.loadFixture(assertedFixture);
      await asserter.confirmInTime(first);
      for (const parent of [genesis, first.id, anyHash("nobody")]) {
        await expect(chain.sweep(parent)).to.be.revertedWithCustomError(chain, "NothingToSweep").withArgs(parent);
      }
    });

    it("leaves a losing family two generations deep with what its stakers can still withdraw", async () => {
      const { chain, asserter, game, alice, bob, carol, owner, genesis, first, second } =
        await networkHelpers.loadFixture(rivalsFixture);
      // Below the losing assertion: two rivals, one of whose stakers went on from it.
      const below = await asserter.assert(carol, second.id, "wrong");
      await asserter.assert(owner, second.id, "wrong in another way");
      await asserter.assert(carol, below.id, "wrong");
      await setTime(game, first, challengePeriod);
      await asserter.confirm(first);
      await time.increase(challengePeriod);
      await chain.sweep(genesis);
      await chain.connect(bob).withdrawStake(bob);
      await chain.connect(alice).withdrawStake(alice);
      await expect(chain.sweep(second.id)).to.be.revertedWithCustomError(chain, "NothingToSweep");
      for (const staker of [carol, owner]) {
        await expect(chain.connect(staker).withdrawStake(staker)).to.be.revertedWithCustomError(chain, "StakeInUse");
      }
      expect(await ethers.provider.getBalance(chain)).to.equal(stake);
    });

    it("does not hold up anybody when the treasury refuses ether", async () => {
      const relay = await ethers.deployContract("Relay");
      await relay.setRefuses(true);
      const fixture = await deployInbox(connection);
      const game = await ethers.deployContract("GameMock");
      const chain = await ethers.deployContract("StateCommitmentChain", [
        { inbox: fixture.inbox, game, treasury: relay, ...CHAIN_PARAMETERS },
      ]);
      const { asserter, alice, bob, genesis } = await contextOf({ ...fixture, game, chain });
      const first = await asserter.assert(alice, genesis);
      await asserter.assert(bob, genesis, "wrong");
      await setTime(game, first, challengePeriod);
      await asserter.confirm(first);
      await time.increase(challengePeriod);
      await expect(chain.sweep(genesis)).to.be.revertedWithCustomError(chain, "TransferFailed");
      await chain.connect(alice).withdrawStake(alice);
      await relay.setRefuses(false);
      await chain.sweep(genesis);
    });
  });

  describe("payRefund", () => {
    /** Alice's assertion has won against Bob's, and the game may pay. */
    async function closedFixture(): Promise<ChainContext & { byGame: StateCommitmentChain }> {
      const context = await rivalsFixture();
      await setTime(context.game, context.first, challengePeriod);
      await context.asserter.confirm(context.first);
      const address = await context.game.getAddress();
      await networkHelpers.setBalance(address, 10n ** 18n);
      return { ...context, byGame: context.chain.connect(await ethers.getImpersonatedSigner(address)) };
    }

    it("pays out of the stakes that were lost, and no more; the rest goes to the treasury", async () => {
      const { chain, byGame, genesis, carol, treasury, alice } = await networkHelpers.loadFixture(closedFixture);
      const part = stake / 3n;
      await expect(byGame.payRefund(genesis, carol, part))
        .to.emit(chain, "RefundPaid")
        .withArgs(genesis, carol.address, part);
      await time.increase(challengePeriod);
      const id = await networkHelpers.takeSnapshot();
      await expect(chain.sweep(genesis)).to.changeEtherBalance(ethers, treasury, stake - part);
      await expect(byGame.payRefund(genesis, carol, 1n)).to.changeEtherBalance(ethers, carol, 0n);
      await id.restore();
      await expect(byGame.payRefund(genesis, carol, stake)).to.changeEtherBalance(ethers, carol, stake - part);
      await expect(chain.sweep(genesis)).to.be.revertedWithCustomError(chain, "NothingToSweep");
      await chain.connect(alice).withdrawStake(alice);
      expect(await ethers.provider.getBalance(chain)).to.equal(0);
    });

    it("is the game's alone, and pays nothing while the family is open", async () => {
      const { chain, byGame, genesis, alice, carol } = await networkHelpers.loadFixture(closedFixture);
      await expect(chain.connect(alice).payRefund(genesis, alice, 1n))
        .to.be.revertedWithCustomError(chain, "NotGame")
        .withArgs(alice.address);
      await expect(byGame.payRefund(genesis, ethers.ZeroAddress, 1n)).to.be.revertedWithCustomError(
        chain,
        "RecipientZero",
      );
      await expect(byGame.payRefund(anyHash("open"), carol, 1n)).to.changeEtherBalance(ethers, carol, 0n);
    });
  });
});
