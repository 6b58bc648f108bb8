import type { Logger } from "./Logger.ts";

/** What is wrong with a service, for as long as it is. Each alarm is logged when it comes and when it goes. */
export class Health<Alarm extends string> {
  readonly #logger: Logger;
  readonly #raised = new Map<Alarm, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Raises or clears an alarm. @param reason Undefined if all is well. */
  set(alarm: Alarm, reason: string | undefined, fields: object = {}): void {
    const isRaised = this.#raised.has(alarm);
    if (reason === undefined) {
      if (this.#raised.delete(alarm)) this.#logger.info({ alarm }, "alarm is over");
      return;
    }
    this.#raised.set(alarm, reason);
    if (!isRaised) this.#logger.error({ alarm, ...fields }, reason);
  }

  /** Whether the alarm is raised. */
  has(alarm: Alarm): boolean {
    return this.#raised.has(alarm);
  }

  /** What is wrong; empty if the service is healthy. */
  get reasons(): { readonly alarm: Alarm; readonly reason: string }[] {
    return [...this.#raised].map(([alarm, reason]) => ({ alarm, reason }));
  }
}
