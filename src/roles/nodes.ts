import { AccountsClient } from "../l1/AccountsClient.ts";
import { BridgeClient } from "../l1/BridgeClient.ts";
import { ChainClient } from "../l1/ChainClient.ts";
import { deploymentGenesis, machineConfig, type Deployment } from "../l1/deployment.ts";
import { GameClient } from "../l1/GameClient.ts";
import { InboxClient } from "../l1/InboxClient.ts";
import type { L1Client } from "../l1/L1Client.ts";
import { SettlementClient } from "../l1/SettlementClient.ts";
import { Challenger, type ChallengerOptions } from "./Challenger.ts";
import { Follower, type FollowerOptions } from "./Follower.ts";
import { Keeper, type KeeperOptions } from "./Keeper.ts";
import { Proposer, type ProposerOptions } from "./Proposer.ts";

/** The roles put together for a deployment: what scripts and tests start. */

/** What the follower of a role reads and keeps besides L1. */
type NodeOptions = Pick<FollowerOptions, "blobs" | "checkpoints">;

/** A follower on an endpoint; the connection needs no key. */
export function makeFollower(
  client: L1Client,
  deployment: Deployment,
  options: Pick<FollowerOptions, "logger" | "observer" | "blobs" | "checkpoints" | "checkpointSteps"> = {},
): Follower {
  const { addresses, startBlock } = deployment;
  return new Follower({
    inbox: new InboxClient(client, addresses.inbox),
    bridge: new BridgeClient(client, addresses.bridge),
    config: machineConfig(deployment),
    genesis: deploymentGenesis(deployment),
    startBlock,
    ...options,
  });
}

/** A proposer with a follower of its own; the connection's key holds the stake. */
export function makeProposer(
  client: L1Client,
  deployment: Deployment,
  { checkpoints, blobs, ...options }: Pick<ProposerOptions, "logger" | "timer"> & NodeOptions = {},
): Proposer {
  const { logger } = options;
  const follower = makeFollower(client, deployment, {
    ...(logger === undefined ? {} : { logger }),
    ...(blobs === undefined ? {} : { blobs }),
    ...(checkpoints === undefined ? {} : { checkpoints }),
  });
  const chain = new ChainClient(client, deployment.addresses.chain);
  return new Proposer({ follower, chain, startBlock: deployment.startBlock, ...options });
}

/** A challenger with a follower of its own. A watchtower's connection needs no key; others' keys hold a stake. */
export function makeChallenger(
  client: L1Client,
  deployment: Deployment,
  { checkpoints, blobs, ...options }: ChallengerChoices & NodeOptions,
): Challenger {
  const { logger } = options;
  const follower = makeFollower(client, deployment, {
    ...(logger === undefined ? {} : { logger }),
    ...(blobs === undefined ? {} : { blobs }),
    ...(checkpoints === undefined ? {} : { checkpoints }),
  });
  return makeChallengerOn(follower, client, deployment, options);
}

/** What is chosen of a challenger, beside where it stands. */
type ChallengerChoices = Omit<ChallengerOptions, "follower" | "chain" | "game" | "startBlock">;

/** A challenger on a follower that somebody else watches too. */
export function makeChallengerOn(
  follower: Follower,
  client: L1Client,
  { addresses, startBlock }: Deployment,
  options: ChallengerChoices,
): Challenger {
  const chain = new ChainClient(client, addresses.chain);
  const game = new GameClient(client, addresses.game);
  return new Challenger({ follower, chain, game, startBlock, ...options });
}

/** A keeper on a follower that somebody else watches too; the connection's key pays for its calls. */
export function makeKeeperOn(
  follower: Follower,
  client: L1Client,
  deployment: Deployment,
  options: Omit<KeeperOptions, "follower" | "settlement" | "funds" | "startBlock">,
): Keeper {
  const settlement = new SettlementClient(client, deployment.addresses.settlement);
  const funds = new AccountsClient(client, deployment);
  return new Keeper({ follower, settlement, funds, startBlock: deployment.startBlock, ...options });
}
