import type { ChildObserver, Death } from "../../../scripts/devnet/Children.ts";

/** A line of a process's structured log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** What the processes of a devnet have logged, for tests that wait for it. */
export class LogBook implements ChildObserver {
  readonly deaths: Death[] = [];
  readonly #lines: { readonly name: string; readonly line: LogLine }[] = [];
  readonly #listeners = new Set<() => void>();

  died(death: Death): void {
    this.deaths.push(death);
    for (const listener of [...this.#listeners]) listener();
  }

  logged(name: string, text: string): void {
    if (!text.startsWith("{")) return;
    this.#lines.push({ name, line: JSON.parse(text) as LogLine });
    for (const listener of [...this.#listeners]) listener();
  }

  /** What a process has logged with that message. */
  all(name: string, message: string): LogLine[] {
    return this.#lines.filter(({ name: who, line }) => who === name && line.msg === message).map(({ line }) => line);
  }

  /** The first such line that fits, as soon as it is there. Fails if any process dies meanwhile. */
  async until(name: string, message: string, fits: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    for (;;) {
      const found = this.all(name, message).find(fits);
      if (found !== undefined) return found;
      const [death] = this.deaths;
      if (death !== undefined) throw new Error(`${death.name} has died: ${death.lastLines.join("\n")}`);
      await new Promise<void>((resolve) => {
        const listener = (): void => {
          this.#listeners.delete(listener);
          resolve();
        };
        this.#listeners.add(listener);
      });
    }
  }
}
