import type { Command } from "commander";
import { misuse } from "./CliError.ts";
import { EXIT, runScript } from "./runScript.ts";

/**
 * The options of a command line by its command's grammar.
 *
 * @returns Undefined if it asked for help, which it then has.
 * @throws {@link CliError} `USAGE`.
 */
export function parseCommand<Options extends object>(command: Command, argv: readonly string[]): Options | undefined {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  try {
    return command.parse([...argv], { from: "user" }).opts<Options>();
  } catch (error) {
    const found = misuse(error);
    if (found !== undefined) throw found;
    return undefined;
  }
}

/**
 * Runs a script whose flags are on the command line alone.
 *
 * @param main Gets the options, and what else the command line has; its result is the exit code.
 */
export function runCommand<Options extends object>(
  command: Command,
  main: (options: Options, rest: readonly string[]) => number | Promise<number>,
): Promise<void> {
  const argv = process.argv.slice(2);
  return runScript(async () => {
    const options = parseCommand<Options>(command, argv);
    return options === undefined ? EXIT.done : await main(options, command.args);
  }, argv.includes("--trace"));
}
