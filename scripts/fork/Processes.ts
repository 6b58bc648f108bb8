import type { ChildProcess } from "node:child_process";

/** By what this process is told to end, and their numbers. */
const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
type Signal = keyof typeof SIGNALS;

/**
 * The processes that this one has started, none of which may outlive it: they end when this process is told to end, then it does itself, and
 * also when it ends for whatever reason.
 */
export class Processes {
  readonly #running = new Map<ChildProcess, Promise<void>>();
  #exitCode: number | undefined;

  /** What this process ends with, if a signal has told it to. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Takes charge of a process that has just been started. */
  add<Child extends ChildProcess>(child: Child): Child {
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));
    if (this.#running.size === 0) this.#listen();
    this.#running.set(
      child,
      ended.then(() => {
        this.#running.delete(child);
        if (this.#running.size === 0) this.#stopListening();
      }),
    );
    return child;
  }

  /** Ends all that still run, and waits until they have. */
  async end(): Promise<void> {
    for (const child of this.#running.keys()) child.kill("SIGKILL");
    await Promise.all(this.#running.values());
  }

  #listen(): void {
    process.on("exit", this.#onExit);
    for (const signal of Object.keys(SIGNALS) as Signal[]) process.on(signal, this.#onSignal);
  }

  #stopListening(): void {
    process.off("exit", this.#onExit);
    // A process that has been told to end is about to, by what the signal has begun.
    if (this.#exitCode !== undefined) return;
    for (const signal of Object.keys(SIGNALS) as Signal[]) process.off(signal, this.#onSignal);
  }

  readonly #onExit = (): void => {
    for (const child of this.#running.keys()) child.kill("SIGKILL");
  };

  readonly #onSignal = (signal: Signal): void => {
    const code = (this.#exitCode ??= 128 + SIGNALS[signal]);
    void this.end().then(() => process.exit(code));
  };
}
