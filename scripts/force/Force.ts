import { equalBytes, type Hex } from "../../src/crypto/bytes.ts";
import { DeriveError } from "../../src/derive/DeriveError.ts";
import { isContractError, L1Error } from "../../src/l1/L1Error.ts";
import { isUnread, type ForcedMessage, type ForcedMessages } from "../../src/roles/ForcedMessages.ts";
import { CliError } from "../cli/CliError.ts";
import type { ForceReport } from "./ForceReport.ts";

/** What the script works with. */
export interface ForceParts {
  readonly forced: ForcedMessages;
  readonly account: Hex;
  readonly hasPending: () => Promise<boolean>;
  readonly report: ForceReport;
  /** Waits until it is time for another look at L1. */
  readonly pause: () => Promise<void>;
}

/** Enqueues forced transactions and sees them through. Nothing is kept between two looks at L1. */
export class Force {
  readonly #parts: ForceParts;
  /** Transactions of this process that force messages in. */
  readonly #own = new Set<Hex>();

  constructor(parts: ForceParts) {
    this.#parts = parts;
  }

  /**
   * Enqueues a transaction, unless the same one waits already or may be on its way, which a process that was killed can't know.
   *
   * @param again Whether it is meant to be there twice.
   */
  async enqueue(what: string, payload: Uint8Array, again: boolean): Promise<ForcedMessage> {
    const { forced, account, report, hasPending } = this.#parts;
    const waiting = (await forced.sync()).find((message) => isUnread(message) && equalBytes(message.payload, payload));
    if (waiting !== undefined && !again) {
      throw new CliError(
        "ALREADY_ENQUEUED",
        'the same transaction waits already: "resume" sees it through, --again adds one',
        {
          fields: { index: waiting.index, earliest: waiting.earliest },
        },
      );
    }
    if (await hasPending()) {
      throw new CliError(
        "PENDING_TRANSACTION",
        "a transaction of the account is not mined yet; wait for it, then resume",
        {
          fields: { account },
        },
      );
    }
    report.plan(what, account, payload, await forced.forceDelay());
    const { transactionHash } = await forced.enqueue(payload);
    for (;;) {
      const message = (await forced.sync()).find((candidate) => candidate.transactionHash === transactionHash);
      if (message !== undefined) {
        report.enqueued(message);
        return message;
      }
      // The endpoint has shown the receipt, and is behind it again.
      report.trouble("the endpoint does not show the message yet", { transactionHash });
      await this.#parts.pause();
    }
  }

  /**
   * Looks at the account's messages, forces in what is due, and goes on until all of those that `isMeant` accepts are read, if
   * it may wait.
   *
   * @returns Whether they are.
   */
  async follow(isMeant: (message: ForcedMessage) => boolean, watch: boolean): Promise<boolean> {
    const { report, pause } = this.#parts;
    let refused = 0;
    for (;;) {
      const messages = await this.#look(isMeant, watch);
      const unread = messages?.filter(isUnread);
      if (unread?.length === 0) return true;
      const due = unread?.findLast(({ state }) => state.kind === "due");
      if (due !== undefined) {
        if (await this.#include(due)) {
          refused = 0;
          continue;
        }
        // Somebody was faster, and the next look shows it; or the endpoint is behind.
        if (++refused > 1 && !watch) return false;
        if (refused === 1) continue;
      } else if (!watch) {
        return false;
      }
      if (messages?.length === 0) report.trouble("the message is gone: L1 was reorganised", {});
      await pause();
    }
  }

  /** The messages that are meant, or undefined if L1 could not be read and it is worth trying again. */
  async #look(isMeant: (message: ForcedMessage) => boolean, watch: boolean): Promise<ForcedMessage[] | undefined> {
    const { forced, report } = this.#parts;
    try {
      const messages = (await forced.sync()).filter(isMeant);
      for (const message of messages) report.state(message, this.#own);
      return messages;
    } catch (error) {
      if (!watch || !isPassing(error)) throw error;
      report.trouble("L1 can't be read", { code: error.code });
      return undefined;
    }
  }

  /** @returns Whether it was forced in; if not, somebody was faster or the endpoint's clock is behind. */
  async #include(message: ForcedMessage): Promise<boolean> {
    try {
      const { transactionHash } = await this.#parts.forced.include(message);
      this.#own.add(transactionHash);
      return true;
    } catch (error) {
      const isRace =
        isContractError(error, "NothingToForce", "ForceTooEarly") ||
        (error instanceof L1Error && error.code === "FAILED_ON_CHAIN");
      if (!isRace) throw error;
      return false;
    }
  }
}

/** What may be over at the next look. */
function isPassing(error: unknown): error is L1Error | DeriveError {
  return error instanceof DeriveError || (error instanceof L1Error && error.code === "UNAVAILABLE");
}
