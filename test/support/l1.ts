import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { Bridge, GameMock, RollupInbox, StateCommitmentChain, TestUsdc } from "../../typechain/index.ts";
import { collateral, type Connection } from "./baseChain.ts";
import { anyHash } from "./evidence.ts";

/** Parameters of the inbox in tests: short times, little room. */
export const INBOX_PARAMETERS = {
  forceDelay: 3600n,
  maxPast: 600n,
  maxFuture: 60n,
  rate: 100n,
  burst: 10_000n,
};

/** Parameters of the chain of assertions in tests. */
export const CHAIN_PARAMETERS = {
  genesisStateRoot: anyHash("genesis state"),
  challengePeriod: 7200n,
  minParentAge: 300n,
  historyHeight: 4n,
  stake: 10n ** 18n,
};

/** An inbox and who deals with it. */
export interface InboxFixture {
  inbox: RollupInbox;
  owner: HardhatEthersSigner;
  sequencer: HardhatEthersSigner;
  alice: HardhatEthersSigner;
  bob: HardhatEthersSigner;
  carol: HardhatEthersSigner;
  treasury: HardhatEthersSigner;
}

/** An inbox and a chain of assertions about it, with a dispute game that says what it is told to. */
export interface ChainFixture extends InboxFixture {
  game: GameMock;
  chain: StateCommitmentChain;
}

/** All that a bridge needs, and the bridge. */
export interface BridgeFixture extends ChainFixture {
  token: TestUsdc;
  bridge: Bridge;
}

/** Deploys an inbox. */
export async function deployInbox(
  { ethers }: Connection,
  parameters: Partial<typeof INBOX_PARAMETERS> = {},
): Promise<InboxFixture> {
  const [owner, sequencer, alice, bob, carol, treasury] = await ethers.getSigners();
  const inbox = await ethers.deployContract("RollupInbox", [
    { owner: owner!.address, ...INBOX_PARAMETERS, ...parameters },
    sequencer!.address,
  ]);
  return {
    inbox,
    owner: owner!,
    sequencer: sequencer!,
    alice: alice!,
    bob: bob!,
    carol: carol!,
    treasury: treasury!,
  };
}

/** Deploys an inbox and a chain of assertions. */
export async function deployChain(
  connection: Connection,
  parameters: Partial<typeof CHAIN_PARAMETERS> = {},
): Promise<ChainFixture> {
  const fixture = await deployInbox(connection);
  const { ethers } = connection;
  const game = await ethers.deployContract("GameMock");
  const chain = await ethers.deployContract("StateCommitmentChain", [
    {
      inbox: fixture.inbox,
      game,
      treasury: fixture.treasury.address,
      ...CHAIN_PARAMETERS,
      ...parameters,
    },
  ]);
  return { ...fixture, game, chain };
}

/** Deploys everything up to the bridge. */
export async function deployBridge(
  connection: Connection,
  parameters: Partial<typeof CHAIN_PARAMETERS> = {},
): Promise<BridgeFixture> {
  const fixture = await deployChain(connection, parameters);
  const token = await collateral(connection);
  const bridge = await connection.ethers.deployContract("Bridge", [token, fixture.inbox, fixture.chain]);
  return { ...fixture, token, bridge };
}
