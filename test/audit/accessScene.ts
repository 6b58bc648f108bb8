import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { toHex } from "../../src/crypto/bytes.ts";
import type { Deployment } from "../../src/l1/deployment.ts";
import { GameScene } from "../support/game/GameScene.ts";

/** Everybody whom a contract could take for somebody: people, and the contracts themselves. */
export const ROLES = [
  ...(["deployer", "sequencer", "proposer", "treasury", "staker", "liar", "stranger"] as const),
  ...(["timelock", "inbox", "chain", "game", "bridge", "settlement"] as const),
] as const;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** A deployment in use: a right assertion and a wrong one, whose game the right one's maker has begun. */
export interface AccessScene {
  readonly scene: GameScene;
  readonly deployment: Deployment;
  readonly roles: Readonly<Record<Role, HardhatEthersSigner>>;
  /** The assertion whose children the game is about. */
  readonly game: string;
}

/** Deploys, asserts twice, and makes the first move. */
export async function launchAccessScene(): Promise<AccessScene> {
  const scene = await GameScene.launch({ historyHeight: 4n, sectionBits: 2n });
  const { world } = scene;
  const { deployment, connection, parameters } = world;
  const { ethers, networkHelpers } = connection;
  const [deployer, sequencer, , , , staker, liar, , stranger] = world.signers;
  await scene.assert(staker!, scene.honest);
  await scene.assert(liar!, await scene.wrongFrom(5, "liar"));
  await scene.game(staker!).play([{ type: "record inputs", game: scene.parent }]);
  const signerOf = (address: string): Promise<HardhatEthersSigner> => ethers.getImpersonatedSigner(address);
  const { timelock, inbox, chain, game, bridge, settlement } = deployment.addresses;
  const roles = {
    ...{ deployer: deployer!, sequencer: sequencer!, staker: staker!, liar: liar!, stranger: stranger! },
    proposer: await signerOf(parameters.timelockProposers[0]!),
    treasury: await signerOf(parameters.treasury),
    timelock: await signerOf(timelock),
    inbox: await signerOf(inbox),
    chain: await signerOf(chain),
    game: await signerOf(game),
    bridge: await signerOf(bridge),
    settlement: await signerOf(settlement),
  };
  for (const { address } of Object.values(roles)) await networkHelpers.setBalance(address, 10n ** 20n);
  return { scene, deployment, roles, game: toHex(scene.parent) };
}
