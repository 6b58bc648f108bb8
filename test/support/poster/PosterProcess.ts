import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

const CHILD = fileURLToPath(new URL("./poster-child.ts", import.meta.url));

/** How a process has ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The poster as a process of its own. */
export class PosterProcess {
  readonly ended: Promise<Ending>;
  readonly #child: ChildProcess;
  #output = "";

  /** @param killAt Step and index at which it kills itself. */
  constructor(args: readonly string[], killAt = "") {
    const env = { ...process.env, KILL_AT: killAt };
    this.#child = spawn(process.execPath, [CHILD, ...args], { env, stdio: ["ignore", "ignore", "pipe"] });
    this.#child.stderr!.on("data", (part: Buffer) => (this.#output += part.toString()));
    const kill = (): void => void this.#child.kill("SIGKILL");
    process.once("exit", kill);
    this.ended = new Promise((resolve) =>
      this.#child.once("close", (code, signal) => {
        process.off("exit", kill);
        resolve({ code, signal });
      }),
    );
  }

  /** What it has logged. */
  get output(): string {
    return this.#output;
  }

  /** Waits until it has logged something. */
  async logged(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#output);
      if (found !== null) return found;
      const more = new Promise<"more">((resolve) => this.#child.stderr!.once("data", () => resolve("more")));
      const next = await Promise.race([more, this.ended]);
      if (next !== "more" && !pattern.test(this.#output)) throw new Error(`it ended: ${this.#output.slice(-2_000)}`);
    }
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
