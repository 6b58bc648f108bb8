import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { bridgeAt, chainAt, inboxAt, settlementAt, tokenAt } from "../../src/l1/Contracts.ts";
import { BYTES_PER_BLOB, toBlobs } from "../../src/machine/BlobPayload.ts";
import { messageLeaf } from "../../src/machine/Inputs.ts";
import { SequenceTree } from "../../src/machine/SequenceTree.ts";
import { rootHash, witnessItem, type TreeRoot } from "../../src/machine/StateTree.ts";
import { withdrawalKey } from "../../src/machine/Slots.ts";
import { Asserter } from "../../test/support/assertions.ts";
import { appendBlobBatch } from "../../test/support/blobs.ts";
import { BTC } from "../../test/support/traffic/world.ts";
import type { SimulatedL1 } from "./SimulatedL1.ts";
import { RECIPIENT } from "./state.ts";
import type { Measurement } from "./table.ts";

/**
 * The operations on L1 as they are in the long run: no counter is zero, and no word is written for the first time but those that
 * every such operation writes.
 */

const USDC = 1_000_000n;
const MAX_UINT256 = 2n ** 256n - 1n;
const ZERO_HASH = `0x${"0".repeat(64)}`;

/** Batches in blobs, by what they are called and how many they take. */
const BLOB_BATCHES = [
  ["batch, 1 blob", 1],
  ["batch, 3 blobs", 3],
  ["batch, 6 blobs", 6],
] as const;

/** Phase of the feed, and what its aggregator answers: BTC at 40,000 USD and a little more each round. */
const PHASE = 6;
const ANSWER = 4_000_000_000_000n;
const SECONDS_PER_ROUND = 600;

/** Deposits, messages, batches, assertions, withdrawals and prices; `state` is what the withdrawals are proven against. */
export async function measureOperations(l1: SimulatedL1, state: TreeRoot): Promise<Measurement[]> {
  const { networkHelpers, ethers } = l1.connection;
  const { addresses } = l1.deployment;
  const [deployer, sequencer, staker, rival, , alice, bob, anyone] = l1.signers as Tuple8<(typeof l1.signers)[0]>;
  const token = tokenAt(addresses.token, deployer);
  const bridge = bridgeAt(addresses.bridge, alice);
  const inbox = inboxAt(addresses.inbox, alice);
  const batches = inboxAt(addresses.inbox, sequencer);
  const chain = chainAt(addresses.chain, staker);
  const asserter = new Asserter(l1.connection, { inbox, sequencer, chain });
  const payload = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 1 + (i % 255));

  for (const owner of [alice, bob]) {
    await token.mint(owner, 1_000_000n * USDC);
    await token.connect(owner).approve(bridge, MAX_UINT256);
    await bridge.connect(owner).open(owner, 1000n * USDC);
  }
  await token.mint(RECIPIENT, USDC);
  // 35 messages and 33 batches: the next message reads two words of the frontier, the next batch one. The average is one.
  for (let i = 0; i < 33; i++) await inbox.enqueue(2, Uint8Array.of(i));
  for (let i = 0; i < 33; i++) await batches.appendBatch(i, i, await l1.now(), "0x");

  const measurements: Measurement[] = [];
  const steady = await networkHelpers.takeSnapshot();
  const measure = async (...measuring: Parameters<SimulatedL1["measure"]>): Promise<void> => {
    measurements.push(await l1.measure(...measuring));
  };

  await measure("deposit", bridge.deposit(1, alice, 123_456_789n));
  await steady.restore();
  await measure("open an account", bridge.open(alice, 123_456_789n));
  await steady.restore();
  await measure("forced message", inbox.enqueue(2, payload(100)));
  await steady.restore();
  await measure("batch, 1 kB calldata", batches.appendBatch(33, 33, await l1.now(), payload(1024)));
  await steady.restore();
  await measure("batch, empty", batches.appendBatch(33, 33, await l1.now(), "0x"));
  for (const [name, count] of BLOB_BATCHES) {
    await steady.restore();
    const full = toBlobs(payload(count * BYTES_PER_BLOB));
    const call = { index: 33, messagesRead: 33, l2Time: await l1.now(), length: count * BYTES_PER_BLOB };
    await measure(name, appendBlobBatch(l1.sequencerWallet(), inbox, call, full));
  }

  await steady.restore();
  for (let i = 35; i < 300; i++) await inbox.enqueue(2, Uint8Array.of(i & 0xff));
  await measure("force inclusion", forceInclusion());

  await steady.restore();
  const first = await asserter.assert(staker, await chain.genesis());
  await asserter.prepare(first.id);
  const child = await asserter.arguments(first.id, staker);
  const rivalChild = await asserter.arguments(first.id, rival, "with a new stake");
  await measure("assertion", asserter.send(staker, child));
  await measure("assertion, new stake", asserter.send(rival, rivalChild));

  await steady.restore();
  const only = await asserter.assert(staker, await chain.genesis(), "state", { stateRoot: toHex(rootHash(state)) });
  await networkHelpers.time.increase(l1.parameters.challengePeriodSeconds);
  await measure("confirm", asserter.confirm(only));
  const withdraw = (number: bigint): ReturnType<typeof bridge.finalizeWithdrawal> =>
    bridge.connect(anyone).finalizeWithdrawal(number, only, toHex(witnessItem(state, withdrawalKey(number))));
  await withdraw(500n);
  await measure("withdrawal, finalize", withdraw(501n));

  await steady.restore();
  await measure("fix price", fixPrice());
  return measurements;

  /** Forces the 251st of 300 messages in: eight siblings lead to the frontier. */
  async function forceInclusion(): ReturnType<typeof inbox.forceInclude> {
    const tree = new SequenceTree();
    const index = 250;
    const events = await inbox.queryFilter(inbox.filters.MessageEnqueued());
    const messages = await Promise.all(
      events.map(async (event) => ({
        kind: Number(event.args.kind),
        sender: fromHex(event.args.sender.toLowerCase()),
        l1Block: BigInt(event.blockNumber),
        l1Time: BigInt((await event.getBlock()).timestamp),
        payload: fromHex(event.args.payload),
      })),
    );
    for (const message of messages) tree.append(messageLeaf(message));
    const forced = messages[index]!;
    await networkHelpers.time.increase(l1.parameters.forceDelaySeconds);
    const path = tree.path(index).slice(0, 31 - Math.clz32(index ^ messages.length));
    const evidence = { ...forced, sender: toHex(forced.sender), payloadHash: ethers.keccak256(forced.payload) };
    return inbox.forceInclude(index + 1, evidence, path.map(toHex));
  }

  /**
   * Fixes the price of the day after one that was fixed; both prices are in one word of storage. The feed answers every ten minutes, so
   * the window has three rounds and one that reaches into it.
   */
  async function fixPrice(): ReturnType<typeof settlement.fixPrice> {
    const settlement = settlementAt(addresses.settlement, anyone);
    const feed = await ethers.deployContract("PhasedFeed", [8, PHASE], deployer);
    const timelock = await ethers.getContractAt("TimelockController", addresses.timelock, deployer);
    const { tick, lot, steps } = BTC;
    const listing = settlement.interface.encodeFunctionData("listMarket", [
      1,
      await feed.getAddress(),
      tick,
      lot,
      [...steps],
      PHASE,
    ]);
    const call = [addresses.settlement, 0, listing, ZERO_HASH, ZERO_HASH] as const;
    const delay = l1.parameters.timelockDelaySeconds;
    await timelock.schedule(...call, delay);
    await networkHelpers.time.increase(delay);
    await timelock.execute(...call);

    const today = Math.floor((await l1.now()) / 86_400);
    const day = today + 1 + ((4 - ((today + 1) % 4)) % 4);
    const start = day * 86_400;
    const rounds = Array.from({ length: 300 }, (_, i) => ({
      answer: ANSWER + BigInt(i) * 1_000_000n,
      updatedAt: start + i * SECONDS_PER_ROUND,
      answeredIn: i + 1,
    }));
    for (let i = 0; i < rounds.length; i += 100) await feed.load(PHASE, rounds.slice(i, i + 100));
    const fix = (expiryDay: number): ReturnType<typeof settlement.fixPrice> => {
      const windowStart = expiryDay * 86_400 + 28_800 - 1800;
      const before = BigInt(Math.floor((windowStart - 1 - start) / SECONDS_PER_ROUND)) + 1n;
      return settlement.fixPrice(1, expiryDay, [before]);
    };
    await networkHelpers.time.increaseTo(start + 86_400 + 28_800 + 3600);
    await fix(day);
    return fix(day + 1);
  }
}

type Tuple8<T> = readonly [T, T, T, T, T, T, T, T];
