import { expect } from "chai";
import type { BytesLike } from "ethers";
import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { accountKey, withdrawalKey } from "../../src/machine/Slots.ts";
import { contentHash, leafHash, rootHash, witnessItem } from "../../src/machine/StateTree.ts";
import { Asserter, type KnownAssertion } from "../support/assertions.ts";
import { anyHash } from "../support/evidence.ts";
import { confirmState, stateWith, withdrawalWitness } from "../support/withdrawals.ts";
import {
  bridgeScenes,
  depositPayload,
  finalize,
  DEPOSIT,
  USDC,
  type WithdrawalFixture,
} from "../support/bridgeScenes.ts";
import { blockAccount, connect, expectTokenRefuses } from "../support/baseChain.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;
const { openFixture, withdrawalFixture } = bridgeScenes(connection);

describe("Bridge: withdrawals and claims", () => {
  describe("withdrawals", () => {
    it("are paid to the recipient against a confirmed state, whoever calls", async () => {
      const { bridge, token, bob, alice, carol, assertion, root } = await networkHelpers.loadFixture(withdrawalFixture);
      const paid = finalize(bridge.connect(carol), assertion, root, 1n);
      await expect(paid)
        .to.emit(bridge, "WithdrawalFinalized")
        .withArgs(1, bob.address, bob.address, 2, 20n * USDC);
      await expect(paid).to.changeTokenBalances(ethers, token, [bridge, bob, alice], [-20n * USDC, 20n * USDC, 0]);
      expect(await bridge.isFinalized(1)).to.equal(true);
      expect(await bridge.isFinalized(0)).to.equal(false);
      expect(await bridge.accounted()).to.equal(2n * DEPOSIT - 20n * USDC);
    });

    it("are marked one by one, in every word of the bitmap", async () => {
      const { bridge, assertion, root, withdrawals } = await networkHelpers.loadFixture(withdrawalFixture);
      const payable = withdrawals.filter(({ amount }) => amount <= DEPOSIT);
      for (const [index, { number }] of payable.entries()) {
        await finalize(bridge, assertion, root, number);
        for (const [other, withdrawal] of payable.entries()) {
          expect(await bridge.isFinalized(withdrawal.number)).to.equal(other <= index);
        }
      }
    });

    it("are paid once: neither again, nor against another confirmed state that holds them", async () => {
      const fixture = await networkHelpers.loadFixture(withdrawalFixture);
      const { bridge, carol, assertion, root, withdrawals } = fixture;
      await finalize(bridge, assertion, root, 0n);
      await expect(finalize(bridge, assertion, root, 0n))
        .to.be.revertedWithCustomError(bridge, "AlreadyFinalized")
        .withArgs(0);
      const laterRoot = stateWith(withdrawals, 50);
      const later = await confirmState(connection, fixture, carol, laterRoot);
      await expect(finalize(bridge, later, laterRoot, 0n)).to.be.revertedWithCustomError(bridge, "AlreadyFinalized");
      await finalize(bridge, later, laterRoot, 1n);
      // An older confirmed state serves as well as the latest.
      await finalize(bridge, assertion, root, 2n);
    });

    describe("starting from a valid one", () => {
      type Arguments = { number: bigint; assertion: KnownAssertion; witness: BytesLike };
      const witnessOf = (f: WithdrawalFixture, number: bigint): Uint8Array => withdrawalWitness(f.root, number);
      const changed = (bytes: Uint8Array, at: number, by = 1): Uint8Array => {
        const copy = Uint8Array.from(bytes);
        copy[at < 0 ? bytes.length + at : at]! ^= by;
        return copy;
      };
      const mutations: [what: string, change: (f: WithdrawalFixture) => Partial<Arguments>, error: string][] = [
        ["another number's witness", (f) => ({ witness: witnessOf(f, 2n) }), "WitnessRootMismatch"],
        ["another number", () => ({ number: 2n }), "WitnessRootMismatch"],
        ["a number above 56 bits", () => ({ number: 2n ** 56n + 1n }), "WithdrawalNumberTooLarge"],
        ["the largest number", () => ({ number: 2n ** 64n - 1n }), "WithdrawalNumberTooLarge"],
        [
          "a withdrawal that is not there",
          (f) => ({ number: 3n, witness: withdrawalWitness(f.root, 3n) }),
          "WithdrawalUnknown",
        ],
        ["an account's slot", (f) => ({ witness: witnessItem(f.root, accountKey(1)) }), "WitnessRootMismatch"],
        ["a greater amount", (f) => ({ witness: changed(witnessOf(f, 1n), -1) }), "WitnessRootMismatch"],
        ["another recipient", (f) => ({ witness: changed(witnessOf(f, 1n), -20) }), "WitnessRootMismatch"],
        ["a changed sibling", (f) => ({ witness: changed(witnessOf(f, 1n), 10) }), "WitnessRootMismatch"],
        // The path parts at bits 4 and 5 first, by the kinds of the slots.
        ["a smaller bit", (f) => ({ witness: changed(witnessOf(f, 1n), 1, 4 ^ 3) }), "WitnessRootMismatch"],
        ["a bit twice", (f) => ({ witness: changed(witnessOf(f, 1n), 1, 4 ^ 5) }), "WitnessBitInvalid"],
        ["an unknown form", () => ({ witness: "0x0004" }), "WitnessFormUnknown"],
        [
          "a terminal node whose prefix reaches beyond its bit",
          () => ({ witness: ethers.concat(["0x000300", "0x8000000000000000", anyHash("left"), anyHash("right")]) }),
          "WitnessPrefixInvalid",
        ],
        ["no witness", () => ({ witness: "0x" }), "WitnessTooShort"],
        ["a witness one byte short", (f) => ({ witness: witnessOf(f, 1n).slice(0, -1) }), "WitnessTooShort"],
        [
          "a witness one byte long",
          (f) => ({ witness: Uint8Array.from([...witnessOf(f, 1n), 0]) }),
          "WitnessNotUsedUp",
        ],
        [
          "two witnesses",
          (f) => ({ witness: Uint8Array.from([...witnessOf(f, 1n), ...witnessOf(f, 2n)]) }),
          "WitnessNotUsedUp",
        ],
        [
          "the content alone",
          (f) => ({ witness: Uint8Array.from([0, ...witnessOf(f, 1n).slice(-43)]) }),
          "WitnessRootMismatch",
        ],
        [
          "another parent",
          (f) => ({ assertion: { ...f.assertion, parent: anyHash("other") } }),
          "AssertionNotConfirmed",
        ],
        [
          "another history",
          (f) => ({ assertion: { ...f.assertion, historyRoot: anyHash("other") } }),
          "AssertionNotConfirmed",
        ],
        [
          "another state root",
          (f) => ({ assertion: { ...f.assertion, end: { ...f.assertion.end, stateRoot: anyHash("other") } } }),
          "AssertionNotConfirmed",
        ],
        [
          "another cursor",
          (f) => ({ assertion: { ...f.assertion, end: { ...f.assertion.end, batch: 9n } } }),
          "AssertionNotConfirmed",
        ],
        ["more than there is", (f) => ({ number: 300n, witness: witnessOf(f, 300n) }), "TotalTooSmall"],
      ];
      for (const [what, change, error] of mutations) {
        it(`refuses ${what}: ${error}`, async () => {
          const fixture = await networkHelpers.loadFixture(withdrawalFixture);
          const { bridge } = fixture;
          const valid = { number: 1n, assertion: fixture.assertion, witness: witnessOf(fixture, 1n) };
          const { number, assertion, witness } = { ...valid, ...change(fixture) };
          await expect(bridge.finalizeWithdrawal(number, assertion, witness)).to.be.revertedWithCustomError(
            bridge,
            error,
          );
          await bridge.finalizeWithdrawal(valid.number, valid.assertion, valid.witness);
        });
      }
    });

    it("are not paid from a slot of a length that no machine writes", async () => {
      const fixture = await networkHelpers.loadFixture(openFixture);
      const { bridge, alice } = fixture;
      const content = ethers.concat([depositPayload(1, alice.address, 5n), "0x00"]);
      const asserter = new Asserter(connection, fixture);
      const stateRoot = toHex(leafHash(withdrawalKey(0n), contentHash(fromHex(content))));
      const assertion = await asserter.assert(alice, await fixture.chain.genesis(), "forged", { stateRoot });
      await asserter.confirmInTime(assertion);
      const witness = ethers.concat(["0x0000", ethers.toBeHex(41, 2), content]);
      await expect(bridge.finalizeWithdrawal(0, assertion, witness))
        .to.be.revertedWithCustomError(bridge, "SlotLengthInvalid")
        .withArgs(7, 41, 40);
    });

    it("are not paid against an assertion that is not confirmed, or has lost", async () => {
      const fixture = await networkHelpers.loadFixture(openFixture);
      const { bridge, chain, game, alice, bob } = fixture;
      const asserter = new Asserter(connection, fixture);
      const root = stateWith([{ number: 0n, account: 1, recipient: alice.address, amount: 5n }]);
      const forged = stateWith([{ number: 0n, account: 1, recipient: bob.address, amount: DEPOSIT }]);
      const genesis = await chain.genesis();
      const right = await asserter.assert(alice, genesis, "right", { stateRoot: toHex(rootHash(root)) });
      const wrong = await asserter.assert(bob, genesis, "wrong", { stateRoot: toHex(rootHash(forged)) });
      const refusedBoth = async (): Promise<void> => {
        for (const [assertion, state] of [
          [right, root],
          [wrong, forged],
        ] as const) {
          if (await chain.isConfirmed(assertion.id)) continue;
          await expect(finalize(bridge, assertion, state, 0n))
            .to.be.revertedWithCustomError(bridge, "AssertionNotConfirmed")
            .withArgs(assertion.id);
        }
      };
      await refusedBoth();
      await game.setTime(right.parent, right.historyRoot, 10n ** 9n);
      await asserter.confirm(right);
      await refusedBoth();
      await finalize(bridge, right, root, 0n);
    });

    it("to an address that the token refuses hold up nobody else, and come out by handing the claim on", async () => {
      const { bridge, token, alice, bob, carol, assertion, root } = await networkHelpers.loadFixture(withdrawalFixture);
      await blockAccount(connection, token, bob.address);
      await expectTokenRefuses(finalize(bridge, assertion, root, 1n), token, "Blocked");
      expect(await bridge.isFinalized(1)).to.equal(false);
      await expect(finalize(bridge, assertion, root, 0n)).to.changeTokenBalance(ethers, token, alice, 10n * USDC);
      await bridge.connect(bob).transferClaim(1, bob, carol);
      await expect(finalize(bridge, assertion, root, 1n)).to.changeTokenBalance(ethers, token, carol, 20n * USDC);
    });

    it("ignore donations: they neither add to what can be paid nor take from it", async () => {
      const { bridge, token, alice, bob, assertion, root } = await networkHelpers.loadFixture(withdrawalFixture);
      await token.mint(bridge, 10_000n * USDC);
      await expect(finalize(bridge, assertion, root, 300n))
        .to.be.revertedWithCustomError(bridge, "TotalTooSmall")
        .withArgs(2n * DEPOSIT, 5000n * USDC);
      await bridge.connect(alice).deposit(1, alice, 3000n * USDC);
      await expect(finalize(bridge, assertion, root, 300n)).to.changeTokenBalance(ethers, token, bob, 5000n * USDC);
      expect(await bridge.accounted()).to.equal(0);
    });
  });

  describe("claims", () => {
    it("go on from owner to owner, also before the withdrawal exists, and the last one is paid", async () => {
      const { bridge, token, alice, bob, carol, assertion, root } = await networkHelpers.loadFixture(withdrawalFixture);
      expect(await bridge.claimOwnerOf(0, alice)).to.equal(alice.address);
      await expect(bridge.connect(alice).transferClaim(0, alice, bob))
        .to.emit(bridge, "ClaimTransferred")
        .withArgs(0, alice.address, alice.address, bob.address);
      await bridge.connect(bob).transferClaim(0, alice, carol);
      await bridge.connect(alice).transferClaim(99, alice, carol);
      expect(await bridge.claimOwnerOf(0, alice)).to.equal(carol.address);
      const paid = finalize(bridge, assertion, root, 0n);
      await expect(paid)
        .to.emit(bridge, "WithdrawalFinalized")
        .withArgs(0, alice.address, carol.address, 1, 10n * USDC);
      await expect(paid).to.changeTokenBalances(ethers, token, [alice, bob, carol], [0, 0, 10n * USDC]);
    });

    it("may come back to the first owner", async () => {
      const { bridge, alice, bob } = await networkHelpers.loadFixture(withdrawalFixture);
      await bridge.connect(alice).transferClaim(0, alice, bob);
      await bridge.connect(bob).transferClaim(0, alice, alice);
      await expect(bridge.connect(bob).transferClaim(0, alice, bob)).to.be.revertedWithCustomError(
        bridge,
        "NotClaimOwner",
      );
      await bridge.connect(alice).transferClaim(0, alice, bob);
    });

    it("are kept by number and recipient: nobody hands on what he would not be paid", async () => {
      const { bridge, token, alice, bob, carol, assertion, root } = await networkHelpers.loadFixture(withdrawalFixture);
      // Bob claims to be the recipient of Alice's withdrawal: his claim is another one, and worth nothing.
      await bridge.connect(bob).transferClaim(0, bob, carol);
      await expect(finalize(bridge, assertion, root, 0n)).to.changeTokenBalances(
        ethers,
        token,
        [alice, carol],
        [10n * USDC, 0],
      );
    });

    const refused: [
      what: string,
      act: (f: WithdrawalFixture) => Promise<unknown>,
      error: string,
      values: (f: WithdrawalFixture) => unknown[],
    ][] = [
      [
        "by anybody but the owner",
        ({ bridge, alice, bob }) => bridge.connect(bob).transferClaim(0, alice, bob),
        "NotClaimOwner",
        ({ alice, bob }) => [bob.address, alice.address],
      ],
      [
        "by one who has handed it on already",
        async ({ bridge, alice, bob, carol }) => {
          await bridge.connect(alice).transferClaim(0, alice, bob);
          return bridge.connect(alice).transferClaim(0, alice, carol);
        },
        "NotClaimOwner",
        ({ alice, bob }) => [alice.address, bob.address],
      ],
      [
        "to the zero address",
        ({ bridge, alice }) => bridge.connect(alice).transferClaim(0, alice, ethers.ZeroAddress),
        "AddressZero",
        () => [],
      ],
      [
        "of the zero address",
        ({ bridge, alice }) => bridge.connect(alice).transferClaim(0, ethers.ZeroAddress, alice),
        "NotClaimOwner",
        ({ alice }) => [alice.address, ethers.ZeroAddress],
      ],
      [
        "of a number above 56 bits",
        ({ bridge, alice }) => bridge.connect(alice).transferClaim(2n ** 56n, alice, alice),
        "WithdrawalNumberTooLarge",
        () => [2n ** 56n, 2n ** 56n - 1n],
      ],
      [
        "once it is paid",
        async ({ bridge, alice, bob, assertion, root }) => {
          await finalize(bridge, assertion, root, 0n);
          return bridge.connect(alice).transferClaim(0, alice, bob);
        },
        "AlreadyFinalized",
        () => [0],
      ],
    ];
    for (const [what, act, error, values] of refused) {
      it(`are not handed on ${what}: ${error}`, async () => {
        const fixture = await networkHelpers.loadFixture(withdrawalFixture);
        await expect(act(fixture))
          .to.be.revertedWithCustomError(fixture.bridge, error)
          .withArgs(...values(fixture));
      });
    }
  });
});
