import { errorLine, errorTrace } from "../../src/roles/loggable.ts";
import { isNotUnderstood } from "./CliError.ts";

/** What a script ends with. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** The command line, or a file that it names, can't be understood. */
  usage: 2,
  /** What was asked for is under way and not due yet. */
  waiting: 3,
} as const;

/** Runs a script; its failure becomes words on standard error and an exit code. @param codeOf Of a failure. */
export async function runScript(
  main: () => Promise<number>,
  trace: boolean,
  codeOf: (error: unknown) => number = (error) => (isNotUnderstood(error) ? EXIT.usage : EXIT.failed),
): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.exitCode = codeOf(error);
    console.error(errorLine(error));
    if (trace) console.error(errorTrace(error));
    else console.error("run again with --trace for the stack");
  }
}
