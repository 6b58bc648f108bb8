import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { deployBridge, type BridgeFixture } from "../support/l1.ts";
import { confirmState, stateWith, withdrawalWitness } from "../support/withdrawals.ts";
import { bridgeScenes, depositPayload, finalize, DEPOSIT } from "../support/bridgeScenes.ts";
import { connect, expectTokenRefuses, permitVersion, weth } from "../support/baseChain.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;
const { fundedFixture, openFixture } = bridgeScenes(connection);

const MAX_TOTAL = 2n ** 96n - 1n;
const MAX_AMOUNT = 2n ** 64n - 1n;

async function signPermit(fixture: BridgeFixture, signer: HardhatEthersSigner, value: bigint, deadline: bigint) {
  const { token, bridge } = fixture;
  const domain = {
    name: await token.name(),
    version: await permitVersion(connection, token),
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
      await expect(deploy(await weth(connection), inbox, chain))
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
      await expectTokenRefuses(bridge.connect(carol).open(carol, 1), token, "ERC20InsufficientAllowance");
      const tooMuch = (await token.balanceOf(alice)) + 1n;
      await expectTokenRefuses(bridge.connect(alice).deposit(1, alice, tooMuch), token, "ERC20InsufficientBalance");
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
        const sent = bridge.connect(carol).openWithPermit(carol, 4n, deadline, v, r, s);
        await expectTokenRefuses(sent, token, "ERC20InsufficientAllowance");
      });

      it("cannot spend another's permit", async () => {
        const fixture = await networkHelpers.loadFixture(openFixture);
        const { bridge, token, bob, carol } = fixture;
        await token.mint(carol, 4n);
        await token.connect(bob).approve(bridge, 0);
        const { v, r, s } = await signPermit(fixture, carol, 4n, deadline);
        const sent = bridge.connect(bob).openWithPermit(bob, 4n, deadline, v, r, s);
        await expectTokenRefuses(sent, token, "ERC20InsufficientAllowance");
        expect(await token.balanceOf(carol)).to.equal(4);
      });
    });
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
      const assertion = await confirmState(connection, fixture, carol, root);
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
