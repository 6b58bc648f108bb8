import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { messageLeaf, type Message } from "../../src/machine/Inputs.ts";
import { SequenceTree } from "../../src/machine/SequenceTree.ts";
import type { RollupInbox } from "../../typechain/index.ts";
import type { Connection } from "./baseChain.ts";
import { deployInbox, INBOX_PARAMETERS, type InboxFixture } from "./l1.ts";

/** The arguments of `forceInclude`. */
export interface ForceArguments {
  messagesRead: number;
  evidence: { kind: number; sender: string; l1Block: bigint; l1Time: bigint; payloadHash: string };
  path: string[];
}

/** The scenes of the inbox's tests, and what they read from it. */
export interface InboxScenes {
  inboxFixture: () => Promise<InboxFixture>;
  pendingFixture: () => Promise<InboxFixture>;
  messagesOf: (inbox: RollupInbox) => Promise<Message[]>;
  forceArguments: (inbox: RollupInbox, messagesRead: number) => Promise<ForceArguments>;
}

/** Makes the scenes on a network. */
export function inboxScenes(connection: Connection): InboxScenes {
  const { ethers, networkHelpers } = connection;
  const { time } = networkHelpers;

  const inboxFixture = async (): Promise<InboxFixture> => deployInbox(connection);

  /** The messages of an inbox as a node reads them from its events. */
  async function messagesOf(inbox: RollupInbox): Promise<Message[]> {
    const events = await inbox.queryFilter(inbox.filters.MessageEnqueued());
    return Promise.all(
      events.map(async ({ args, blockNumber }) => ({
        kind: Number(args.kind),
        sender: fromHex(args.sender.toLowerCase()),
        l1Block: BigInt(blockNumber),
        l1Time: BigInt((await ethers.provider.getBlock(blockNumber))!.timestamp),
        payload: fromHex(args.payload),
      })),
    );
  }

  /** What `forceInclude` takes to read all messages up to `messagesRead`. */
  async function forceArguments(inbox: RollupInbox, messagesRead: number): Promise<ForceArguments> {
    const messages = await messagesOf(inbox);
    const tree = new SequenceTree();
    for (const message of messages) tree.append(messageLeaf(message));
    const index = messagesRead - 1;
    const { kind, sender, l1Block, l1Time, payload } = messages[index]!;
    return {
      messagesRead,
      evidence: { kind, sender: toHex(sender), l1Block, l1Time, payloadHash: ethers.keccak256(payload) },
      path: tree
        .path(index)
        .slice(0, 31 - Math.clz32(index ^ messages.length))
        .map(toHex),
    };
  }

  /** An inbox with five messages that may be forced, three of which have been read. */
  async function pendingFixture(): Promise<InboxFixture> {
    const fixture = await inboxFixture();
    const { inbox, alice, sequencer } = fixture;
    for (let i = 0; i < 5; i++) await inbox.connect(alice).enqueue(2, Uint8Array.of(i));
    await inbox.connect(sequencer).appendBatch(0, 3, await time.latest(), "0x");
    await time.increase(INBOX_PARAMETERS.forceDelay);
    return fixture;
  }

  return { inboxFixture, pendingFixture, messagesOf, forceArguments };
}
