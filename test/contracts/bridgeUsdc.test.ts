import { expect } from "chai";
import { MaxUint256 } from "ethers";
import { connect, realUsdc } from "../support/baseChain.ts";
import { DEPOSIT, finalize, USDC } from "../support/bridgeScenes.ts";
import { deployChain } from "../support/l1.ts";
import { confirmState, stateWith } from "../support/withdrawals.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;

describe("Bridge with USDC itself", () => {
  /** Alice has opened account 1; two withdrawals are confirmed, one of hers and one of Bob's. */
  async function usdcFixture() {
    const fixture = await deployChain(connection);
    const { alice, bob, carol } = fixture;
    const token = await realUsdc(connection);
    const bridge = await ethers.deployContract("Bridge", [token, fixture.inbox, fixture.chain]);
    await token.mint(alice, 10n * DEPOSIT);
    await token.connect(alice).approve(bridge, MaxUint256);
    await bridge.connect(alice).open(alice, DEPOSIT);
    const root = stateWith([
      { number: 0n, account: 1, recipient: alice.address, amount: 10n * USDC },
      { number: 1n, account: 1, recipient: bob.address, amount: 20n * USDC },
    ]);
    const assertion = await confirmState(connection, fixture, carol, root);
    return { ...fixture, token, bridge, root, assertion };
  }

  it("is six decimals, and pays in and out what it says", async () => {
    const { bridge, token, alice, bob, root, assertion } = await networkHelpers.loadFixture(usdcFixture);
    expect(await token.decimals()).to.equal(6);
    expect(await token.balanceOf(bridge)).to.equal(DEPOSIT);
    const before = await token.balanceOf(bob);
    await finalize(bridge, assertion, root, 1n);
    expect((await token.balanceOf(bob)) - before).to.equal(20n * USDC);
    await bridge.connect(alice).deposit(1, alice, DEPOSIT);
    expect(await bridge.accounted()).to.equal(2n * DEPOSIT - 20n * USDC);
  });

  it("while Circle has paused it, nothing goes in or out, and nothing is lost", async () => {
    const { bridge, token, alice, root, assertion } = await networkHelpers.loadFixture(usdcFixture);
    await token.pause();
    await expect(bridge.connect(alice).deposit(1, alice, DEPOSIT)).to.be.revertedWith("Pausable: paused");
    await expect(finalize(bridge, assertion, root, 0n)).to.be.revertedWith("Pausable: paused");
    expect(await bridge.isFinalized(0)).to.equal(false);
    await token.unpause();
    await finalize(bridge, assertion, root, 0n);
    await bridge.connect(alice).deposit(1, alice, DEPOSIT);
  });

  it("a blacklisted recipient holds up nobody, and is paid when Circle takes him off the list", async () => {
    const { bridge, token, alice, bob, root, assertion } = await networkHelpers.loadFixture(usdcFixture);
    await token.blacklist(bob);
    await expect(finalize(bridge, assertion, root, 1n)).to.be.revertedWith("Blacklistable: account is blacklisted");
    await finalize(bridge.connect(alice), assertion, root, 0n);
    await token.unBlacklist(bob);
    await finalize(bridge, assertion, root, 1n);
  });

  it("if Circle blacklists the bridge, everything stands still until it is taken off the list", async () => {
    const { bridge, token, alice, root, assertion } = await networkHelpers.loadFixture(usdcFixture);
    await token.blacklist(bridge);
    for (const call of [
      () => bridge.connect(alice).deposit(1, alice, 1),
      () => finalize(bridge, assertion, root, 0n),
    ]) {
      await expect(call()).to.be.revertedWith("Blacklistable: account is blacklisted");
    }
    expect(await bridge.accounted()).to.equal(DEPOSIT);
    await token.unBlacklist(bridge);
    await finalize(bridge, assertion, root, 0n);
  });
});
