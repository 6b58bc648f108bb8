import { spawn, type ChildProcess } from "node:child_process";
import { expect } from "chai";

/** A line of JSON that a script has written. */
export type ScriptEvent = Readonly<Record<string, unknown>>;

/** What a script has ended with. */
export interface ScriptEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A script of this repository as a process of its own. */
export class ScriptProcess {
  readonly end: Promise<ScriptEnd>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #stdout = "";
  #stderr = "";
  #hasEnded = false;

  /** @param env What it finds in its environment besides what this process has, or does not find, if it is undefined. */
  constructor(script: string, args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
    const child = spawn(process.execPath, [script, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    this.#child = child;
    child.stdout.on("data", (part: Buffer) => {
      this.#stdout += part.toString();
      this.#tell();
    });
    child.stderr.on("data", (part: Buffer) => (this.#stderr += part.toString()));
    this.end = new Promise((resolve, reject) => {
      child.once("error", reject).once("close", (code) => {
        this.#hasEnded = true;
        this.#tell();
        resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  /** The lines of JSON so far. */
  get events(): readonly ScriptEvent[] {
    const lines = this.#stdout.split("\n").slice(0, -1);
    return lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as ScriptEvent);
  }

  /** The first line with that event or log message, as soon as it is there. Fails if the script ends without it. */
  async until(name: string): Promise<ScriptEvent> {
    for (;;) {
      const found = this.events.find(({ event, msg }) => event === name || msg === name);
      if (found !== undefined) return found;
      if (this.#hasEnded) expect.fail(`the script ended without "${name}": ${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => {
        const listener = (): void => {
          this.#listeners.delete(listener);
          resolve();
        };
        this.#listeners.add(listener);
      });
    }
  }

  /** Ends it as a crash would, or as it is asked to, and waits until it is gone. */
  async kill(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<ScriptEnd> {
    this.#child.kill(signal);
    return this.end;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
