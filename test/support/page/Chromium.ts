import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const QUIET = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-dev-shm-usage",
  "--hide-scrollbars",
  // The page's own clock: it goes on as soon as nothing is under way, so that nobody waits for seconds to pass.
  "--virtual-time-budget=3000",
];
const LONGEST_MILLISECONDS = 120_000;
const MOST_BYTES = 64 * 2 ** 20;

/** How a page is looked at. */
export interface Look {
  readonly dark?: boolean;
  /** Width and height of the window. */
  readonly size?: readonly [number, number];
}

/** A real browser, that leaves nothing behind. */
export class Chromium {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** The one that TENOR_CHROMIUM names, or the system's; undefined if there is none. */
  static find(): Chromium | undefined {
    const path = [process.env.TENOR_CHROMIUM, "/usr/bin/chromium"].find(
      (candidate) => candidate !== undefined && candidate !== "" && existsSync(candidate),
    );
    return path === undefined ? undefined : new Chromium(path);
  }

  /** The document after its scripts have run, as HTML. */
  async dom(url: string): Promise<string> {
    return await this.#open(["--dump-dom", url]);
  }

  /** Takes a picture. */
  async screenshot(url: string, file: string, { dark = false, size: [width, height] = [1280, 1600] }: Look = {}) {
    const theme = dark ? ["--blink-settings=preferredColorScheme=0"] : ["--blink-settings=preferredColorScheme=1"];
    await this.#open([`--screenshot=${file}`, `--window-size=${width},${height}`, ...theme, url]);
  }

  async #open(args: readonly string[]): Promise<string> {
    const profile = mkdtempSync(join(tmpdir(), "tenor-browser-"));
    try {
      const options = { timeout: LONGEST_MILLISECONDS, killSignal: "SIGKILL", maxBuffer: MOST_BYTES } as const;
      return (await run(this.#path, [...QUIET, `--user-data-dir=${profile}`, ...args], options)).stdout;
    } finally {
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}
