import { CommanderError, type Command } from "commander";
import { readFileSync } from "node:fs";
import { snapshotsCommand } from "../../scripts/audit/options.ts";
import { benchCommand } from "../../scripts/bench/options.ts";
import { archiveCommand } from "../../scripts/blob-archive/options.ts";
import { coverageCommand } from "../../scripts/coverage/options.ts";
import { demoCommand } from "../../scripts/demo/options.ts";
import { deployCommand } from "../../scripts/deploy/options.ts";
import { devnetCommand } from "../../scripts/devnet/options.ts";
import { forceCommand } from "../../scripts/force/options.ts";
import { forkCommand } from "../../scripts/fork/options.ts";
import { gasCommand } from "../../scripts/gas/options.ts";
import { mutationCommand } from "../../scripts/mutation/options.ts";
import { ROLES } from "../../scripts/node/roles.ts";
import { posterCommand } from "../../scripts/poster/options.ts";
import { proverHashCommand } from "../../scripts/prover/options.ts";
import { statusCommand } from "../../scripts/status/options.ts";
import { verifyCommand } from "../../scripts/verify/options.ts";
import { documents, inlineCode, ROOT, shellLines, type Piece } from "./documents.ts";

/** The commands that the documents tell a reader to run, and what this repository understands of them. */

/** Scripts of package.json by name. */
export const SCRIPTS = (
  JSON.parse(readFileSync(new URL("package.json", ROOT), "utf8")) as { scripts: Readonly<Record<string, string>> }
).scripts;

/** What looks like a command, with the environment before it. */
const COMMAND = /^(?:[A-Z][A-Z0-9_]*=\S+ )*(?:npm|npx|node|ssh) \S/;

/** A setting that the commands after it find in the environment. */
const EXPORT = /^export ([A-Z][A-Z0-9_]*)=\S+$/;

/** A command on a Node of its own; what it wraps are commands too. */
export const WRAPPED = /^npx -y -p node@(\d+) -c '(.*)'$/;

/** Everything in the documents that a reader can copy into a shell, but for settings. */
export function docCommands(): Piece[] {
  const blocks = documents().flatMap(shellLines);
  const strange = blocks.filter(({ text }) => !COMMAND.test(text) && !EXPORT.test(text));
  if (strange.length > 0) throw new Error(`no command: ${JSON.stringify(strange)}`);
  const inline = documents().flatMap(inlineCode);
  return [...blocks, ...inline].filter(({ text }) => COMMAND.test(text)).flatMap(unwrapped);
}

/** The parts of what runs on a Node of its own, else the command itself. */
function unwrapped(piece: Piece): Piece[] {
  const [, , inner] = WRAPPED.exec(piece.text) ?? [];
  return inner === undefined ? [piece] : inner.split(" && ").map((text) => ({ text, at: piece.at }));
}

/** The grammars of all scripts that have a command line of their own; a role of a node by `node ROLE`. */
const GRAMMARS: Readonly<Record<string, () => Command>> = {
  "blob-archive": archiveCommand,
  "prover-hash": proverHashCommand,
  "test:fork": forkCommand,
  bench: benchCommand,
  coverage: coverageCommand,
  demo: demoCommand,
  deploy: deployCommand,
  devnet: devnetCommand,
  force: () => forceCommand(() => undefined),
  gas: gasCommand,
  mutation: mutationCommand,
  poster: posterCommand,
  snapshots: snapshotsCommand,
  status: statusCommand,
  verify: verifyCommand,
  ...Object.fromEntries(Object.entries(ROLES).map(([name, role]) => [`node ${name}`, () => role.command()])),
};

/** A command of this repository, taken apart. */
export interface Invocation {
  /** The script of package.json. */
  readonly script: string;
  /** What follows. */
  readonly args: readonly string[];
}

/** What a command of the documents starts; undefined if it is none of package.json's scripts. */
export function invocationOf(command: string): Invocation | undefined {
  const words = command.replace(/^(?:[A-Z][A-Z0-9_]*=\S+ )+/, "").split(" ");
  const rest = (from: number): string[] => words.slice(from).filter((word) => word !== "…");
  if (words[0] === "npm" && words[1] === "test") return { script: "test", args: rest(2) };
  if (words[0] === "npm" && words[1] === "run") return { script: words[2]!, args: rest(words[3] === "--" ? 4 : 3) };
  const script = Object.keys(SCRIPTS).find((name) => words[0] === "node" && entryOf(name) === words[1]);
  return script === undefined ? undefined : { script, args: rest(2) };
}

/** The file that a script of package.json runs; undefined if it is somebody else's program. */
export function entryOf(script: string): string | undefined {
  return / node (?:--\S+ )*(scripts\/\S+\.ts)/.exec(` ${SCRIPTS[script] ?? ""}`)?.[1];
}

/** What stands in the documents for an address that everybody has to fill in, and an address. */
const PLACEHOLDER = "0x…";
const FILLED_IN = `0x${"ab".repeat(20)}`;

/** @returns What is wrong with the command line by the command's own grammar; undefined if nothing is. */
export function problemOf({ script, args }: Invocation): string | undefined {
  if (SCRIPTS[script] === undefined) return `there is no script ${script} in package.json`;
  if (args.length === 0) return undefined;
  const [role, ...ofRole] = args;
  if (script === "node" && (role === "ROLE" || role === "--help")) return undefined;
  const name = script === "node" ? `node ${role}` : script;
  const grammar = GRAMMARS[name];
  if (grammar === undefined) return `${name} takes no arguments`;
  const given = script === "node" ? ofRole : args;
  // A role alone is named, not started.
  if (given.length === 0) return undefined;
  return misuseOf(
    grammar(),
    given.map((arg) => arg.replace(PLACEHOLDER, FILLED_IN)),
  );
}

function misuseOf(command: Command, args: readonly string[]): string | undefined {
  command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  try {
    command.parse([...args], { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

/** All flags that any command of this repository takes. */
export function knownFlags(): ReadonlySet<string> {
  const commands = Object.values(GRAMMARS).flatMap((grammar) => [grammar(), ...grammar().commands]);
  return new Set(["--help", ...commands.flatMap(({ options }) => options.map(({ long }) => long!))]);
}

/** The examples in the help of the commands. */
export function helpExamples(): Piece[] {
  return Object.entries(GRAMMARS).flatMap(([name, grammar]) => {
    let help = "";
    grammar()
      .configureOutput({ writeOut: (text) => void (help += text) })
      .outputHelp();
    const lines = help.split("\n").map((line) => line.trim());
    return lines.filter((text) => COMMAND.test(text)).map((text) => ({ text, at: `npm run ${name} -- --help` }));
  });
}
