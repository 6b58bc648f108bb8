import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { ForkError } from "./ForkError.ts";
import type { Processes } from "./Processes.ts";

const require = createRequire(import.meta.url);
/** How npm's packages of anvil name processors. */
const PROCESSORS: Readonly<Record<string, string>> = { x64: "amd64" };

/** Flags of the chain that plays the base chain: it mines when it is told to, and its first block has that time, in seconds since 1970. */
export function baseChainFlags(time: number): readonly string[] {
  // Its accounts are not those of Hardhat's simulator, so that nobody of the suites has a role in the third parties' contracts.
  return [
    "--timestamp",
    String(time),
    "--no-mining",
    "--mnemonic-seed-unsafe",
    "1",
    "--accounts",
    "2",
    "--prune-history",
  ];
}

/** An anvil of this process's own, on a free port of the loopback interface. */
export class Anvil {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /**
   * Starts a chain. It ends with `processes`.
   *
   * @param flags What it is told besides the address and the rules, which are those of Osaka.
   * @param port Zero: any that is free.
   * @throws {@link ForkError} `ANVIL_MISSING` or `ANVIL_STOPPED`.
   */
  static async start(flags: readonly string[], processes: Pick<Processes, "add">, port = 0): Promise<Anvil> {
    const args = ["--host", "127.0.0.1", "--port", String(port), "--hardfork", "osaka", ...flags];
    const child = processes.add(spawn(anvilBinary(), args, { stdio: ["ignore", "pipe", "pipe"] }));
    let printed = "";
    const url = await new Promise<string>((resolve, reject) => {
      const stopped = (cause?: unknown): void =>
        reject(new ForkError("ANVIL_STOPPED", "anvil ended before it listened", { cause, fields: { printed } }));
      child.once("error", stopped).once("exit", stopped);
      for (const stream of [child.stdout, child.stderr]) {
        // Also reads what comes later, which would block anvil otherwise.
        stream.on("data", (part: Buffer) => {
          if (printed.length < 10_000) printed += part.toString();
          const address = /Listening on (127\.0\.0\.1:\d+)/.exec(printed)?.[1];
          if (address !== undefined) resolve(`http://${address}`);
        });
      }
    });
    return new Anvil(url);
  }
}

/**
 * The executable that npm installed for this platform. It is started itself and not through the package's script, so that
 * there is one process to end.
 *
 * @throws {@link ForkError} `ANVIL_MISSING`.
 */
export function anvilBinary(platform: string = process.platform, arch: string = process.arch): string {
  const name = `@foundry-rs/anvil-${platform}-${PROCESSORS[arch] ?? arch}`;
  const file = platform === "win32" ? "anvil.exe" : "anvil";
  try {
    return createRequire(require.resolve("@foundry-rs/anvil/package.json")).resolve(`${name}/bin/${file}`);
  } catch (cause) {
    const message = "npm installed no anvil for this platform; set FORK_URL to fork another node";
    throw new ForkError("ANVIL_MISSING", message, { cause, fields: { package: name } });
  }
}
