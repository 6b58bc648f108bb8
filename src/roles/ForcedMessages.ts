import { equalBytes, fromHex, type Hex } from "../crypto/bytes.ts";
import { MessageLog, type LoggedBatch, type LoggedMessage, type MessageSource } from "../derive/MessageLog.ts";
import type { L1Block, L1Receipt } from "../l1/L1Source.ts";
import { DATA_FORCED, MESSAGE_FORCED, type Message } from "../machine/Inputs.ts";

/** Where a message of one's own stands. */
export type ForcedState =
  /** No batch has read it, and it can't be forced in yet. */
  | { readonly kind: "waiting"; readonly seconds: bigint }
  /** No batch has read it, and anybody may force it in. */
  | { readonly kind: "due" }
  /** A batch of the sequencer has read it. */
  | { readonly kind: "read"; readonly batch: bigint }
  /** A forced batch has read it. */
  | { readonly kind: "forced"; readonly batch: bigint; readonly transactionHash: Hex };

/** A forced transaction of one account's. */
export interface ForcedMessage {
  readonly index: bigint;
  readonly payload: Uint8Array;
  readonly transactionHash: Hex;
  /** When it was enqueued, seconds. */
  readonly enqueuedAt: bigint;
  /** L1 time from which it may be forced in. */
  readonly earliest: bigint;
  readonly state: ForcedState;
}

/** What forcing needs of the inbox. */
export interface ForcedInbox extends MessageSource {
  /** Seconds. */
  forceDelay(): Promise<bigint>;
  enqueue(kind: number, payload: Uint8Array): Promise<L1Receipt>;
  forceInclude(
    messagesRead: bigint,
    message: Message,
    path: readonly Uint8Array[],
    messageCount: bigint,
  ): Promise<L1Receipt>;
}

/**
 * The forced path of one account: what it has enqueued and where each stands, from L1 alone. Nothing is kept, so a process that
 * was killed is followed by another one that sees the same.
 */
export class ForcedMessages {
  readonly #inbox: ForcedInbox;
  readonly #log: MessageLog;
  readonly #account: Uint8Array;
  #delay: bigint | undefined;
  #head: L1Block | undefined;

  /**
   * @param account Who enqueues: the authority of what is enqueued.
   * @param startBlock The block of the inbox's deployment, or an earlier one.
   */
  constructor(inbox: ForcedInbox, account: Hex, startBlock: number) {
    this.#inbox = inbox;
    this.#log = new MessageLog(inbox, startBlock);
    this.#account = fromHex(account, 20);
  }

  /** Messages of the inbox, of whoever. */
  get messages(): readonly LoggedMessage[] {
    return this.#log.messages;
  }

  /** Reads L1. @returns The account's own forced messages, in their order. */
  async sync(): Promise<ForcedMessage[]> {
    const delay = (this.#delay ??= await this.#inbox.forceDelay());
    const { timestamp: now } = (this.#head = await this.#log.sync());
    return this.#log.messages
      .filter(({ message: { kind, sender } }) => kind === MESSAGE_FORCED && equalBytes(sender, this.#account))
      .map(({ index, message, place }) => {
        const earliest = message.l1Time + delay;
        const reader = this.#log.readerOf(index);
        const unread =
          now < earliest ? { kind: "waiting" as const, seconds: earliest - now } : { kind: "due" as const };
        return {
          index,
          payload: message.payload,
          transactionHash: place.transactionHash,
          enqueuedAt: message.l1Time,
          earliest,
          state: reader === undefined ? unread : stateOf(reader),
        };
      });
  }

  /** Time of the block that was read last, seconds. */
  get now(): bigint | undefined {
    return this.#head?.timestamp;
  }

  /** Seconds for which a message waits before it can be forced in. */
  async forceDelay(): Promise<bigint> {
    return (this.#delay ??= await this.#inbox.forceDelay());
  }

  /** Enqueues a forced transaction. */
  enqueue(payload: Uint8Array): Promise<L1Receipt> {
    return this.#inbox.enqueue(MESSAGE_FORCED, payload);
  }

  /** Forces in all messages up to this one, which must be due. */
  include({ index }: ForcedMessage): Promise<L1Receipt> {
    const { message } = this.#log.messages[Number(index)]!;
    return this.#inbox.forceInclude(index + 1n, message, this.#log.pathOf(index), BigInt(this.#log.messages.length));
  }
}

/** Whether no batch has read it. */
export function isUnread({ state }: ForcedMessage): boolean {
  return state.kind === "waiting" || state.kind === "due";
}

function stateOf({ index, dataKind, place }: LoggedBatch): ForcedState {
  return dataKind === DATA_FORCED
    ? { kind: "forced", batch: index, transactionHash: place.transactionHash }
    : { kind: "read", batch: index };
}
