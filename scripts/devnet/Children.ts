import { spawn, type ChildProcess } from "node:child_process";
import { appendFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CliError } from "../cli/CliError.ts";

/** How a process has ended. */
export interface Exit {
  readonly name: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** How a process has ended that should not have. */
export interface Death extends Exit {
  /** What it has said last. */
  readonly lastLines: readonly string[];
}

/** Who is told what becomes of the processes. */
export interface ChildObserver {
  /** One has ended by itself. */
  died(death: Death): void;
  /** One has logged a line. */
  logged?(name: string, line: string): void;
}

/** What a process is started with. */
export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Where its log goes. */
  readonly logFile: string;
}

/** Time that processes have to end by themselves. */
const GRACE_MILLISECONDS = 30_000;
/** Lines that are kept of a log, for when its process dies. */
const KEPT_LINES = 5;

/** The processes of a devnet: each logs to a file, and none outlives this one. */
export class Children {
  readonly #observer: ChildObserver;
  readonly #running = new Map<ChildProcess, Promise<Exit>>();
  #isEnding = false;

  constructor(observer: ChildObserver) {
    this.#observer = observer;
    process.once("exit", () => {
      for (const child of this.#running.keys()) child.kill("SIGKILL");
    });
  }

  /** Takes charge of a process that has just been started. */
  add<Child extends ChildProcess>(child: Child, name = "anvil", lastLines: readonly string[] = []): Child {
    const ended = new Promise<Exit>((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#running.delete(child);
        if (!this.#isEnding) this.#observer.died({ name, code, signal, lastLines });
        resolve({ name, code, signal });
      };
      child.once("error", () => end(null, null)).once("close", end);
    });
    this.#running.set(child, ended);
    return child;
  }

  /** Starts a script as a process of its own, and waits until its log has a line with those words. */
  async start(
    name: string,
    script: URL,
    args: readonly string[],
    until: string,
    options: ChildOptions,
  ): Promise<string> {
    const { env = {}, logFile } = options;
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", fileURLToPath(script), ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    const lines: string[] = [];
    this.add(child, name, lines);
    return await new Promise((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr]) {
        let rest = "";
        stream.on("data", (part: Buffer) => {
          appendFileSync(logFile, part);
          const all = (rest + part.toString()).split("\n");
          rest = all.pop()!;
          for (const line of all) {
            lines.push(line);
            if (lines.length > KEPT_LINES) lines.shift();
            this.#observer.logged?.(name, line);
            if (line.includes(until)) resolve(line);
          }
        });
      }
      child.once("close", () => {
        // What it said is shown where its death is.
        reject(new CliError("PROCESS_ENDED", `${name} ended before it was ready`, { fields: { name } }));
      });
    });
  }

  /** Has all end by themselves, and ends those that do not. @returns How they ended. */
  async end(): Promise<Exit[]> {
    this.#isEnding = true;
    const all = [...this.#running];
    for (const [child] of all) child.kill("SIGTERM");
    const grace = setTimeout(() => {
      for (const [child] of all) child.kill("SIGKILL");
    }, GRACE_MILLISECONDS);
    const exits = await Promise.all(all.map(([, ended]) => ended));
    clearTimeout(grace);
    return exits;
  }
}
