import type { Hex } from "../crypto/bytes.ts";
import type { Divergence } from "../game/Lie.ts";
import type { Logger } from "./Logger.ts";

/** A wrong assertion with all that is certain about what is wrong with it. */
export interface Lie {
  readonly assertion: Hex;
  readonly parent: Hex;
  readonly staker: Hex;
  readonly claimed: { readonly endStateHash: Hex; readonly historyRoot: Hex };
  /** Undefined: its parent is wrong already, so that its range starts from a state that does not exist. */
  readonly expected: { readonly endStateHash: Hex; readonly historyRoot: Hex } | undefined;
  /** Where its first wrong step is. */
  readonly firstWrong: Divergence | undefined;
}

/** What people must know of. Times are L1's, in seconds. */
export type Alarm =
  /** Somebody has made a wrong assertion. If it is under a right one, its rival must exist at `answerBy`. */
  | { readonly type: "wrong assertion"; readonly lie: Lie; readonly answerBy: bigint | undefined }
  /** The first wrong step of a wrong assertion is open to view. */
  | { readonly type: "wrong step"; readonly lie: Lie }
  /** A wrong assertion has no right rival, and from `answerBy` on it may be too late for one. */
  | { readonly type: "answer missing"; readonly game: Hex; readonly answerBy: bigint; readonly now: bigint }
  /** A move of the right side has been due for longer than a reaction may take. */
  | { readonly type: "moves overdue"; readonly game: Hex; readonly since: bigint; readonly now: bigint }
  /** A wrong assertion's time has reached the challenge period. */
  | { readonly type: "wrong assertion winning"; readonly assertion: Hex; readonly now: bigint }
  /** The contract refuses a move for a reason that is no race: software and chain disagree. */
  | { readonly type: "move refused"; readonly game: Hex; readonly move: string; readonly error: string }
  /** This account cannot send: it has no ether for gas or stake, or a transaction has been pending for longer than a reaction may take. */
  | { readonly type: "cannot send"; readonly reason: "no funds" | "transaction pending" }
  /** The right chain is lost; the error says how. */
  | { readonly type: "chain lost"; readonly error: string; readonly fields: Readonly<Record<string, unknown>> };

/** Where alarms go. A sink never throws. */
export interface AlarmSink {
  raise(alarm: Alarm): void;
  /** Delivers what is still to be delivered, at the end of every round. */
  deliver?(): Promise<void>;
}

/** Writes alarms to the log. */
export class LogSink implements AlarmSink {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  raise(alarm: Alarm): void {
    this.#logger.error(alarmToJson(alarm), `alarm: ${alarm.type}`);
  }
}

/** How a webhook is called. */
export interface WebhookOptions {
  /** Longest time that an answer may take. Default 5000. */
  readonly timeoutMilliseconds?: number;
  readonly logger: Logger;
}

/** Alarms that wait for a webhook that does not answer; older ones are dropped for newer ones. */
const MOST_WAITING = 100;

/**
 * Posts alarms to a URL as JSON. One that cannot be delivered is logged and tried again in the next round: it neither stops the
 * watch nor holds a move up, for it is called after the moves of a round.
 */
export class WebhookSink implements AlarmSink {
  readonly #url: string;
  readonly #timeout: number;
  readonly #logger: Logger;
  #waiting: Alarm[] = [];

  constructor(url: string, { timeoutMilliseconds = 5000, logger }: WebhookOptions) {
    this.#url = url;
    this.#timeout = timeoutMilliseconds;
    this.#logger = logger;
  }

  raise(alarm: Alarm): void {
    this.#waiting = [...this.#waiting, alarm].slice(-MOST_WAITING);
  }

  async deliver(): Promise<void> {
    while (this.#waiting.length > 0) {
      try {
        const response = await fetch(this.#url, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(alarmToJson(this.#waiting[0]!)),
          signal: AbortSignal.timeout(this.#timeout),
        });
        // The body is not of interest, but an unread one keeps the connection.
        await response.body?.cancel();
        if (!response.ok) {
          this.#logger.error({ status: response.status }, "the webhook refused an alarm");
          return;
        }
      } catch (error) {
        this.#logger.error({ err: error }, "the webhook does not answer");
        return;
      }
      this.#waiting.shift();
    }
  }
}

/** An alarm as plain JSON: large integers are decimal strings, bytes hex. */
export function alarmToJson(alarm: Alarm): Record<string, unknown> {
  const text = JSON.stringify(alarm, (_key, value: unknown) => {
    if (typeof value === "bigint") return value.toString();
    return value instanceof Uint8Array ? `0x${Buffer.from(value).toString("hex")}` : value;
  });
  return JSON.parse(text) as Record<string, unknown>;
}

/** Raises each alarm once, by a key that says what it is about. After a restart what still holds is raised again. */
export class AlarmBoard {
  readonly #sinks: readonly AlarmSink[];
  readonly #raised = new Set<string>();
  #fresh: Alarm[] = [];

  constructor(sinks: readonly AlarmSink[]) {
    this.#sinks = sinks;
  }

  /** Whether the alarm with this key was raised. */
  has(key: string): boolean {
    return this.#raised.has(key);
  }

  /** Raises an alarm unless that was done. */
  raise(key: string, alarm: Alarm): void {
    if (this.#raised.has(key)) return;
    this.#raised.add(key);
    this.#fresh.push(alarm);
    for (const sink of this.#sinks) sink.raise(alarm);
  }

  /** The alarms since the last call. */
  take(): readonly Alarm[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }

  /** Has the sinks deliver what they have. */
  async deliver(): Promise<void> {
    await Promise.all(this.#sinks.map(async (sink) => sink.deliver?.()));
  }
}
