import { MaxUint256, solidityPacked, type BytesLike } from "ethers";
import type { TreeRoot } from "../../src/machine/StateTree.ts";
import type { Bridge } from "../../typechain/index.ts";
import type { KnownAssertion } from "./assertions.ts";
import type { Connection } from "./baseChain.ts";
import { deployBridge, type BridgeFixture } from "./l1.ts";
import { confirmState, stateWith, withdrawalWitness, type MadeWithdrawal } from "./withdrawals.ts";

export const USDC = 10n ** 6n;
export const DEPOSIT = 1000n * USDC;

/** A bridge in whose confirmed state there are withdrawals. */
export interface WithdrawalFixture extends BridgeFixture {
  withdrawals: MadeWithdrawal[];
  root: TreeRoot;
  assertion: KnownAssertion;
}

/** The scenes of the bridge's tests. */
export interface BridgeScenes {
  fundedFixture: () => Promise<BridgeFixture>;
  openFixture: () => Promise<BridgeFixture>;
  withdrawalFixture: () => Promise<WithdrawalFixture>;
}

/** Makes the scenes on a network. */
export function bridgeScenes(connection: Connection): BridgeScenes {
  /** A bridge; Alice and Bob have tokens and have approved it. */
  async function fundedFixture(): Promise<BridgeFixture> {
    const fixture = await deployBridge(connection);
    const { token, bridge, alice, bob } = fixture;
    for (const signer of [alice, bob]) {
      await token.mint(signer, 10n * DEPOSIT);
      await token.connect(signer).approve(bridge, MaxUint256);
    }
    return fixture;
  }

  /** Alice has opened account 1. */
  async function openFixture(): Promise<BridgeFixture> {
    const fixture = await fundedFixture();
    await fixture.bridge.connect(fixture.alice).open(fixture.alice, DEPOSIT);
    return fixture;
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

  return { fundedFixture, openFixture, withdrawalFixture };
}

/** The payload of a deposit message. */
export function depositPayload(account: number, owner: string, amount: bigint): string {
  return solidityPacked(["uint32", "address", "uint128"], [account, owner, amount]);
}

/** Pays a withdrawal out. */
export const finalize = (
  bridge: Bridge,
  assertion: KnownAssertion,
  root: TreeRoot,
  number: bigint,
  witness?: BytesLike,
) => bridge.finalizeWithdrawal(number, assertion, witness ?? withdrawalWitness(root, number));
