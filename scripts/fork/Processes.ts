import type { ChildProcess } from "node:child_process";

/** The processes that this one has started, none of which may outlive it. */
export class Processes {
  readonly #running = new Map<ChildProcess, Promise<void>>();
  #exitCode: number | undefined;

  /** Ends them when this process is told to end, then itself, and also when it ends for whatever reason. */
  constructor() {
    process.once("exit", () => {
      for (const child of this.#running.keys()) child.kill("SIGKILL");
    });
    for (const [signal, number] of [
      ["SIGINT", 2],
      ["SIGTERM", 15],
      ["SIGHUP", 1],
    ] as const) {
      process.once(signal, () => {
        this.#exitCode = 128 + number;
        void this.end().then(() => process.exit(128 + number));
      });
    }
  }

  /** What this process ends with, if a signal has told it to. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Takes charge of a process that has just been started. */
  add<Child extends ChildProcess>(child: Child): Child {
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));
    this.#running.set(
      child,
      ended.then(() => void this.#running.delete(child)),
    );
    return child;
  }

  /** Ends all that still run, and waits until they have. */
  async end(): Promise<void> {
    for (const child of this.#running.keys()) child.kill("SIGKILL");
    await Promise.all(this.#running.values());
  }
}
