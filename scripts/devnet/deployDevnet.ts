import { Contract, ContractFactory, JsonRpcProvider, Wallet, type ContractTransactionResponse } from "ethers";
import type { Hex } from "../../src/crypto/bytes.ts";
import { toHex } from "../../src/crypto/bytes.ts";
import { interfaceOf } from "../../src/l1/Artifacts.ts";
import { bridgeAt, settlementAt, tokenAt } from "../../src/l1/Contracts.ts";
import { deployTenor } from "../../src/l1/deployTenor.ts";
import type { Deployment } from "../../src/l1/deployment.ts";
import { readParameters, type TenorParameters } from "../../src/l1/parameters.ts";
import { DemoMarket } from "../../src/market/demoMarket.ts";
import { MARKETS, USDC } from "../../src/market/types.ts";
import { REPLAY_SIGNERS } from "../../src/replay/ReplayOracle.ts";
import { feedArtifact } from "../demo/feedArtifact.ts";
import { addressOfName, DEPOSITS, keyOf, type DevnetName } from "./accounts.ts";
import { FEED_DECIMALS, FEED_PHASE, FEED_SCALE } from "./Feeds.ts";
import type { DevnetWorld } from "./World.ts";

/** Times of a devnet in seconds: a day's waiting in minutes. */
const TIMES = {
  timelockDelaySeconds: 0n,
  forceDelaySeconds: 120n,
  challengePeriodSeconds: 300n,
  reactionSeconds: 15n,
  censorshipSeconds: 60n,
  minParentAgeSeconds: 20n,
} as const;

/** The times that its defenders are told. */
export const DEVNET_TIMES = { reaction: 15, censorship: 60, margin: 15 } as const;

const NONE = `0x${"00".repeat(32)}`;

/** The parameters of a devnet. @param overrides In place of its own. */
function devnetParameters(overrides: Partial<TenorParameters> = {}): TenorParameters {
  return {
    ...readParameters(new URL("../../deploy/parameters/local.json", import.meta.url)),
    ...TIMES,
    sequencer: addressOfName("sequencer"),
    feeRecipient: addressOfName("admin"),
    treasury: addressOfName("admin"),
    timelockProposers: [addressOfName("admin")],
    ...overrides,
  };
}

/**
 * Deploys everything on a chain that mines each transaction at once: contracts, feeds, markets with their first prices, the oracle's
 * signers, and the accounts of {@link DEPOSITS} with their money.
 */
export async function deployDevnet(url: string, parameters = devnetParameters()): Promise<DevnetWorld> {
  const provider = new JsonRpcProvider(url, undefined, { staticNetwork: true, cacheTimeout: -1, batchMaxCount: 1 });
  // The chain mines at once.
  provider.pollingInterval = 20;
  try {
    const wallet = (name: DevnetName): Wallet => new Wallet(keyOf(name), provider);
    const admin = wallet("admin");
    const deployment = await deployTenor(admin, parameters);
    const feeds = await deployFeeds(wallet("feeds"));
    await listMarkets(admin, deployment, feeds);
    const settlement = settlementAt(deployment.addresses.settlement, wallet("keeper"));
    for (const { id } of MARKETS) await mined(settlement.relayAnchor(id));
    const accounts: Partial<Record<DevnetName, number>> = {};
    for (const [name, amount] of Object.entries(DEPOSITS) as [DevnetName, bigint][]) {
      accounts[name] = await openAccount(wallet(name), deployment, amount * USDC);
    }
    return { deployment, feeds, accounts, born: Math.floor(Date.now() / 1_000) };
  } finally {
    provider.destroy();
  }
}

/** A feed for each market, with its first round. */
async function deployFeeds(owner: Wallet): Promise<Record<number, Hex>> {
  const { abi, bytecode } = feedArtifact();
  const feeds: Record<number, Hex> = {};
  const { timestamp } = (await owner.provider!.getBlock("latest"))!;
  for (const spec of MARKETS) {
    const feed = await new ContractFactory(abi, bytecode, owner).deploy(FEED_DECIMALS, FEED_PHASE);
    await feed.waitForDeployment();
    const answer = new DemoMarket(spec, 0).index * FEED_SCALE;
    const round = { answer, updatedAt: timestamp, answeredIn: 1n };
    await mined((feed as Contract).getFunction("load")(FEED_PHASE, [round]) as Promise<ContractTransactionResponse>);
    feeds[spec.id] = (await feed.getAddress()) as Hex;
  }
  return feeds;
}

/** Lists the markets, gives them their risk parameters and names the oracle, through the timelock, which has no delay here. */
async function listMarkets(admin: Wallet, { addresses }: Deployment, feeds: Record<number, Hex>): Promise<void> {
  const { interface: abi } = settlementAt(addresses.settlement, admin);
  const calls = MARKETS.flatMap(({ id, tick, lot, strikeSteps, risk }) => [
    abi.encodeFunctionData("listMarket", [
      id,
      feeds[id]!,
      tick,
      lot,
      [...strikeSteps] as [bigint, bigint, bigint],
      FEED_PHASE,
    ]),
    abi.encodeFunctionData("setMarket", [id, risk.minVol, risk.maxVol, risk.bandFloor, risk.exposureMultiple]),
  ]);
  const { threshold, addresses: signers } = REPLAY_SIGNERS;
  calls.push(abi.encodeFunctionData("setSigners", [threshold, signers.map((signer) => toHex(signer))]));
  const timelock = new Contract(addresses.timelock, interfaceOf("TimelockController"), admin);
  const batch = [calls.map(() => addresses.settlement), calls.map(() => 0n), calls, NONE, NONE] as const;
  await mined(timelock.getFunction("scheduleBatch")(...batch, 0n) as Promise<ContractTransactionResponse>);
  await mined(timelock.getFunction("executeBatch")(...batch) as Promise<ContractTransactionResponse>);
}

/** @param amount 1e-6 USDC. @returns The account's number. */
async function openAccount(owner: Wallet, { addresses }: Deployment, amount: bigint): Promise<number> {
  const [token, bridge] = [tokenAt(addresses.token, owner), bridgeAt(addresses.bridge, owner)];
  await mined(token.mint(owner.address, 2n * amount));
  await mined(token.approve(addresses.bridge, amount));
  await mined(bridge.open(owner.address, amount));
  return Number(await bridge.accountCount());
}

async function mined(transaction: Promise<ContractTransactionResponse>): Promise<void> {
  await (await transaction).wait();
}
