import { expect } from "chai";
import { network } from "hardhat";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { BytesLike } from "ethers";
import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { accountKey, withdrawalKey } from "../../src/machine/Slots.ts";
import { contentHash, leafHash, rootHash, witnessItem, type TreeRoot } from "../../src/machine/StateTree.ts";
import type { Bridge } from "../../typechain/index.ts";
import { Asserter, type KnownAssertion } from "../support/assertions.ts";
import { anyHash } from "../support/evidence.ts";
import { deployBridge, type BridgeFixture } from "../support/l1.ts";
import { confirmState, stateWith, withdrawalWitness, type MadeWithdrawal } from "../support/withdrawals.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const USDC = 10n ** 6n;
const DEPOSIT = 1000n * USDC;
const MAX_TOTAL = 2n ** 96n - 1n;
const MAX_AMOUNT = 2n ** 64n - 1n;

/** A bridge; Alice and Bob have tokens and have approved it. */
async function fundedFixture(): Promise<BridgeFixture> {
  const fixture = await deployBridge(connection);
  const { token, bridge, alice, bob } = fixture;
  for (const signer of [alice, bob]) {
    await token.mint(signer, 10n * DEPOSIT);
    await token.connect(signer).approve(bridge, ethers.MaxUint256);
  }
  return fixture;
}

/** Alice has opened account 1. */
async function openFixture(): Promise<BridgeFixture> {
  const fixture = await fundedFixture();
  await fixture.bridge.connect(fixture.alice).open(fixture.alice, DEPOSIT);
  return fixture;
}

interface WithdrawalFixture extends BridgeFixture {
  withdrawals: MadeWithdrawal[];
  root: TreeRoot;
  assertion: KnownAssertion;
}

/** Deposits by Alice and Bob, and a confirmed state with withdrawals of both. */
async function withdrawalFixture(): Promise<WithdrawalFixture> {
  const fixture = await openFixture();
  const { bridge, alice, bob, carol } = fixture;
  await bridge.connect(bob).open(bob, DEPOSIT);
  const withdrawals = [
    { number: 0n, account: 1, recipient: alice.address, amount: 10n * USDC },
    { number: 1n, account: 2, recipient: bob.address, amount: 20n * USDC },
    { number: 2n, account: 1, recipient: alice.address, amount: 30n * USDC },
    { number: 255n, account: 1, recipient: carol.address, amount: 1n },
    { number: 256n, account: 1, recipient: carol.address, amount: 2n },
    { number: 2n ** 56n - 1n, account: 1, recipient: alice.address, amount: 3n },
    { number: 300n, account: 2, recipient: bob.address, amount: 5000n * USDC },
  ];
  const root = stateWith(withdrawals);
  const assertion = await confirmState(connection, fixture, carol, root);
  return { ...fixture, withdrawals, root, assertion };
}

/** The payload of a deposit message. */
function depositPayload(account: number, owner: string, amount: bigint): string {
  return ethers.solidityPacked(["uint32", "address", "uint128"], [account, owner, amount]);
}

const finalize = (bridge: Bridge, assertion: KnownAssertion, root: TreeRoot, number: bigint, witness?: BytesLike) =>
  bridge.finalizeWithdrawal(number, assertion, witness ?? withdrawalWitness(root, number));

async function signPermit(fixture: BridgeFixture, signer: HardhatEthersSigner, value: bigint, deadline: bigint) {
  const { token, bridge } = fixture;
  const domain = {
    name: await token.name(),
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await token.getAddress(),
  };
  const types = {
    Permit: ["address owner", "address spender", "uint256 value", "uint256 nonce", "uint256 deadline"].map((field) => {
      const [type, name] = field.split(" ");
      return { type: type!, name: name! };
    }),
  };
  const nonce = await token.nonces(signer);
  const message = { owner: signer.address, spender: await bridge.getAddress(), value, nonce, deadline };
  return ethers.Signature.from(await signer.signTypedData(domain, types, message));
}

describe("Bridge", () => {
  describe("deployment", () => {
    it("knows its token, inbox and chain, and starts empty", async () => {
      const { bridge, token, inbox, chain } = await networkHelpers.loadFixture(fundedFixture);
      expect(await bridge.token()).to.equal(await token.getAddress());
      expect(await bridge.inbox()).to.equal(await inbox.getAddress());
      expect(await bridge.chain()).to.equal(await chain.getAddress());
      expect(await bridge.accounted()).to.equal(0);
      expect(await bridge.accountCount()).to.equal(0);
      expect(await bridge.ownerOf(0)).to.equal(ethers.ZeroAddress);
    });

    it("refuses what is not a contract, another number of decimals, and a chain of another inbox", async () => {
      const { bridge, token, inbox, chain, alice } = await networkHelpers.loadFixture(fundedFixture);
      const deploy = (...parts: [unknown, unknown, unknown]) => ethers.deployContract("Bridge", parts as string[]);
      for (const parts of [
        [alice.address, inbox, chain],
        [token, alice.address, chain],
        [token, inbox, alice.address],
      ] as [unknown, unknown, unknown][]) {
        await expect(deploy(...parts))
          .to.be.revertedWithCustomError(bridge, "NotAContract")
          .withArgs(alice.address);
      }
      const eighteen = await ethers.deployContract("EighteenDecimalsToken");
      await expect(deploy(eighteen, inbox, chain))
        .to.be.revertedWithCustomError(bridge, "DecimalsMismatch")
        .withArgs(18, 6);
      const { inbox: other } = await deployBridge(connection);
      await expect(deploy(token, other, chain))
        .to.be.revertedWithCustomError(bridge, "InboxMismatch")
        .withArgs(await inbox.getAddress(), await other.getAddress());
    });
  });

  describe("deposits", () => {
    it("number accounts from 1 and send what the machine credits", async () => {
      const { bridge, token, inbox, alice, bob } = await networkHelpers.loadFixture(fundedFixture);
      expect(await bridge.connect(alice).open.staticCall(alice, DEPOSIT)).to.equal(1);
      const opened = bridge.connect(alice).open(alice, DEPOSIT);
      await expect(opened).to.emit(bridge, "AccountOpened").withArgs(1, alice.address);
      await expect(opened).to.emit(bridge, "Deposited").withArgs(1, alice.address, DEPOSIT, 0);
      await expect(opened)
        .to.emit(inbox, "MessageEnqueued")
        .withArgs(0, 1, await bridge.getAddress(), depositPayload(1, alice.address, DEPOSIT));
      await expect(opened).to.changeTokenBalances(ethers, token, [alice, bridge], [-DEPOSIT, DEPOSIT]);

      // Bob pays for an account of Alice's, and into it.
      await expect(bridge.connect(bob).open(alice, 5n)).to.emit(bridge, "AccountOpened").withArgs(2, alice.address);
      await expect(bridge.connect(bob).deposit(2, alice, 7n))
        .to.emit(inbox, "MessageEnqueued")
        .withArgs(2, 1, await bridge.getAddress(), depositPayload(2, alice.address, 7n));
      expect(await bridge.accountCount()).to.equal(2);
      expect(await bridge.ownerOf(2)).to.equal(alice.address);
      expect(await bridge.accounted()).to.equal(DEPOSIT + 12n);
    });

    const refused: [
      what: string,
      act: (fixture: BridgeFixture) => Promise<unknown>,
      error: string,
      values: (fixture: BridgeFixture) => unknown[],
    ][] = [
      ["open with nothing", ({ bridge, alice }) => bridge.connect(alice).open(alice, 0), "AmountZero", () => []],
      [
        "open for nobody",
        ({ bridge, alice }) => bridge.connect(alice).open(ethers.ZeroAddress, 1),
        "AddressZero",
        () => [],
      ],
      ["deposit nothing", ({ bridge, alice }) => bridge.connect(alice).deposit(1, alice, 0), "AmountZero", () => []],
      [
        "deposit to the fee account",
        ({ bridge, alice }) => bridge.connect(alice).deposit(0, ethers.ZeroAddress, 1),
        "AccountUnknown",
        () => [0],
      ],
      [
        "deposit to an account that is not there",
        ({ bridge, alice }) => bridge.connect(alice).deposit(2, alice, 1),
        "AccountUnknown",
        () => [2],
      ],
      [
        "deposit to an account of another owner",
        ({ bridge, bob }) => bridge.connect(bob).deposit(1, bob, 1),
        "OwnerMismatch",
        ({ alice, bob }) => [1, bob.address, alice.address],
      ],
      [
        "deposit more than the machine credits",
        ({ bridge, alice }) => bridge.connect(alice).deposit(1, alice, MAX_AMOUNT + 1n),
        "AmountTooLarge",
        () => [MAX_AMOUNT + 1n, MAX_AMOUNT],
      ],
      [
        "open with more than the machine credits",
        ({ bridge, alice }) => bridge.connect(alice).open(alice, 2n ** 128n - 1n),
        "AmountTooLarge",
        () => [2n ** 128n - 1n, MAX_AMOUNT],
      ],
    ];
    for (const [what, act, error, values] of refused) {
      it(`cannot ${what}: ${error}`, async () => {
        const fixture = await networkHelpers.loadFixture(openFixture);
        await expect(act(fixture))
          .to.be.revertedWithCustomError(fixture.bridge, error)
          .withArgs(...values(fixture));
      });
    }

    it("deposit the largest amount", async () => {
      const { bridge, token, alice } = await networkHelpers.loadFixture(openFixture);
      await token.mint(alice, MAX_AMOUNT);
      await bridge.connect(alice).deposit(1, alice, MAX_AMOUNT);
      expect(await bridge.accounted()).to.equal(DEPOSIT + MAX_AMOUNT);
    });

    it("reach the total exactly, and no further", async () => {
      const { bridge, token, alice } = await networkHelpers.loadFixture(openFixture);
      await token.mint(alice, 2n);
      // The first word: account count 1 above the total. 2^32 of the largest deposits would be needed to get there.
      await networkHelpers.setStorageAt(await bridge.getAddress(), 0, (1n << 96n) | (MAX_TOTAL - 1n));
      expect([await bridge.accounted(), await bridge.accountCount()]).to.deep.equal([MAX_TOTAL - 1n, 1n]);
      await expect(bridge.connect(alice).deposit(1, alice, 2))
        .to.be.revertedWithCustomError(bridge, "TotalTooLarge")
        .withArgs(MAX_TOTAL + 1n, MAX_TOTAL);
      await bridge.connect(alice).deposit(1, alice, 1);
      expect(await bridge.accounted()).to.equal(MAX_TOTAL);
    });

    it("need tokens and an allowance", async () => {
      const { bridge, token, alice, carol } = await networkHelpers.loadFixture(openFixture);
      await expect(bridge.connect(carol).open(carol, 1)).to.be.revertedWithCustomError(
        token,
        "ERC20InsufficientAllowance",
      );
      await expect(bridge.connect(alice).deposit(1, alice, 10n * DEPOSIT)).to.be.revertedWithCustomError(
        token,
        "ERC20InsufficientBalance",
      );
    });

    it("never reach a stranger after a reorganisation of L1 has given the number away", async () => {
      const { bridge, alice, bob } = await networkHelpers.loadFixture(fundedFixture);
      const snapshot = await networkHelpers.takeSnapshot();
      await bridge.connect(alice).open(alice, DEPOSIT);
      await snapshot.restore();
      await bridge.connect(bob).open(bob, DEPOSIT);
      await expect(bridge.connect(alice).deposit(1, alice, DEPOSIT))
        .to.be.revertedWithCustomError(bridge, "OwnerMismatch")
        .withArgs(1, alice.address, bob.address);
    });

    it("do not count tokens that are sent to the bridge's address", async () => {
      const { bridge, token, alice } = await networkHelpers.loadFixture(openFixture);
      await token.connect(alice).transfer(bridge, 5n);
      expect(await bridge.accounted()).to.equal(DEPOSIT);
      await bridge.connect(alice).deposit(1, alice, 7n);
      expect(await bridge.accounted()).to.equal(DEPOSIT + 7n);
    });

    describe("with a permit", () => {
      const deadline = 2n ** 40n;

      it("need no approval", async () => {
        const fixture = await networkHelpers.loadFixture(fundedFixture);
        const { bridge, token, carol } = fixture;
        await token.mint(carol, 10n);
        const first = await signPermit(fixture, carol, 4n, deadline);
        await bridge.connect(carol).openWithPermit(carol, 4n, deadline, first.v, first.r, first.s);
        const second = await signPermit(fixture, carol, 6n, deadline);
        await bridge.connect(carol).depositWithPermit(1, carol, 6n, deadline, second.v, second.r, second.s);
        expect(await bridge.accounted()).to.equal(10);
        expect(await token.allowance(carol, bridge)).to.equal(0);
      });

      it("survive somebody else's using the permit first", async () => {
        const fixture = await networkHelpers.loadFixture(fundedFixture);
        const { bridge, token, bob, carol } = fixture;
        await token.mint(carol, 4n);
        const { v, r, s } = await signPermit(fixture, carol, 4n, deadline);
        await token.connect(bob).permit(carol, bridge, 4n, deadline, v, r, s);
        await bridge.connect(carol).openWithPermit(carol, 4n, deadline, v, r, s);
        expect(await bridge.accounted()).to.equal(4);
      });

      it("fail without a valid one and without an allowance", async () => {
        const fixture = await networkHelpers.loadFixture(openFixture);
        const { bridge, token, carol } = fixture;
        await token.mint(carol, 4n);
        const { v, r, s } = await signPermit(fixture, carol, 3n, deadline);
        await expect(bridge.connect(carol).openWithPermit(carol, 4n, deadline, v, r, s)).to.be.revertedWithCustomError(
          token,
          "ERC20InsufficientAllowance",
        );
      });

      it("cannot spend another's permit", async () => {
        const fixture = await networkHelpers.loadFixture(openFixture);
        const { bridge, token, bob, carol } = fixture;
        await token.mint(carol, 4n);
        await token.connect(bob).approve(bridge, 0);
        const { v, r, s } = await signPermit(fixture, carol, 4n, deadline);
        await expect(bridge.connect(bob).openWithPermit(bob, 4n, deadline, v, r, s)).to.be.revertedWithCustomError(
          token,
          "ERC20InsufficientAllowance",
        );
        expect(await token.balanceOf(carol)).to.equal(4);
      });
    });
  });

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
      await token.setBlocked(bob, true);
      await expect(finalize(bridge, assertion, root, 1n)).to.be.revertedWithCustomError(token, "Blocked");
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

  describe("tokens that misbehave", () => {
    type HostileName = "FeeToken" | "FalseToken" | "LazyToken" | "ShrinkingToken" | "SilentToken" | "CallbackToken";

    async function hostileBridge(name: HostileName) {
      const fixture = await deployBridge(connection);
      const token = await ethers
        .deployContract("CallbackToken")
        .then(async (callback) =>
          name === "CallbackToken" ? callback : callback.attach(await ethers.deployContract(name)),
        );
      const hostile = await ethers.getContractAt("CallbackToken", await token.getAddress());
      const bridge = await ethers.deployContract("Bridge", [hostile, fixture.inbox, fixture.chain]);
      const { alice } = fixture;
      await hostile.mint(alice, 10n * DEPOSIT);
      await hostile.connect(alice).approve(bridge, ethers.MaxUint256);
      return { ...fixture, hostile, bridge };
    }

    const refused: [name: HostileName, what: string, error: string, values: unknown[] | undefined][] = [
      ["FeeToken", "takes a fee", "ReceivedMismatch", [DEPOSIT - DEPOSIT / 100n, DEPOSIT]],
      ["FalseToken", "returns false", "SafeERC20FailedOperation", undefined],
      ["LazyToken", "moves nothing", "ReceivedMismatch", [0n, DEPOSIT]],
    ];
    for (const [name, what, error, values] of refused) {
      it(`is refused when it ${what}: ${error}`, async () => {
        const { bridge, hostile, alice } = await hostileBridge(name);
        const opened = expect(bridge.connect(alice).open(alice, DEPOSIT)).to.be.revertedWithCustomError(bridge, error);
        await (values === undefined ? opened.withArgs(await hostile.getAddress()) : opened.withArgs(...values));
      });
    }

    it("is refused when the bridge's balance falls: ReceivedMismatch", async () => {
      const { bridge, hostile, alice } = await hostileBridge("ShrinkingToken");
      await hostile.mint(bridge, DEPOSIT);
      await expect(bridge.connect(alice).open(alice, DEPOSIT))
        .to.be.revertedWithCustomError(bridge, "ReceivedMismatch")
        .withArgs(0, DEPOSIT);
    });

    it("is taken when it works and merely returns nothing", async () => {
      const fixture = await hostileBridge("SilentToken");
      const { bridge, hostile, alice, carol } = fixture;
      await bridge.connect(alice).open(alice, DEPOSIT);
      const root = stateWith([{ number: 0n, account: 1, recipient: carol.address, amount: 5n }]);
      const assertion = await confirmState(connection, { ...fixture, token: fixture.token }, carol, root);
      await finalize(bridge, assertion, root, 0n);
      expect(await hostile.balanceOf(carol)).to.equal(5);
    });

    describe("and call back", () => {
      async function callbackFixture() {
        const fixture = await hostileBridge("CallbackToken");
        const { bridge, alice, carol } = fixture;
        await bridge.connect(alice).open(alice, DEPOSIT);
        const root = stateWith([
          { number: 0n, account: 1, recipient: carol.address, amount: 5n },
          { number: 1n, account: 1, recipient: carol.address, amount: 7n },
        ]);
        const assertion = await confirmState(connection, fixture, carol, root);
        return { ...fixture, root, assertion };
      }
      type CallbackFixture = Awaited<ReturnType<typeof callbackFixture>>;

      const calls: [what: string, data: (f: CallbackFixture) => string][] = [
        ["open", ({ bridge, alice }) => bridge.interface.encodeFunctionData("open", [alice.address, 1])],
        ["deposit", ({ bridge, alice }) => bridge.interface.encodeFunctionData("deposit", [1, alice.address, 1])],
        [
          "openWithPermit",
          ({ bridge, alice }) =>
            bridge.interface.encodeFunctionData("openWithPermit", [
              alice.address,
              1,
              0,
              27,
              ethers.ZeroHash,
              ethers.ZeroHash,
            ]),
        ],
        [
          "depositWithPermit",
          ({ bridge, alice }) =>
            bridge.interface.encodeFunctionData("depositWithPermit", [
              1,
              alice.address,
              1,
              0,
              27,
              ethers.ZeroHash,
              ethers.ZeroHash,
            ]),
        ],
        [
          "the same withdrawal",
          ({ bridge, assertion, root }) =>
            bridge.interface.encodeFunctionData("finalizeWithdrawal", [0, assertion, withdrawalWitness(root, 0n)]),
        ],
        [
          "another withdrawal",
          ({ bridge, assertion, root }) =>
            bridge.interface.encodeFunctionData("finalizeWithdrawal", [1, assertion, withdrawalWitness(root, 1n)]),
        ],
        [
          "transferClaim",
          ({ bridge, alice }) =>
            bridge.interface.encodeFunctionData("transferClaim", [0, alice.address, alice.address]),
        ],
      ];
      for (const [what, data] of calls) {
        it(`cannot enter ${what} from a deposit or a withdrawal`, async () => {
          const fixture = await networkHelpers.loadFixture(callbackFixture);
          const { bridge, hostile, alice, assertion, root } = fixture;
          await hostile.setCallback(bridge, data(fixture));
          for (const call of [
            () => bridge.connect(alice).deposit(1, alice, 1),
            () => finalize(bridge.connect(alice), assertion, root, 0n),
          ]) {
            await expect(call()).to.be.revertedWithCustomError(bridge, "ReentrancyGuardReentrantCall");
          }
          await hostile.setCallback(ethers.ZeroAddress, "0x");
          await finalize(bridge, assertion, root, 0n);
        });
      }
    });
  });
});
