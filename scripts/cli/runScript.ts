import { isTenorError } from "../../src/errors.ts";
import { errorLine, errorTrace } from "../../src/roles/loggable.ts";

/** What a script ends with. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** The command line, or a file that it names, can't be understood. */
  usage: 2,
  /** What was asked for is under way and not due yet. */
  waiting: 3,
} as const;

const NOT_UNDERSTOOD = ["USAGE", "FILE_MALFORMED", "URL_MALFORMED", "KEY_MALFORMED", "VARIABLE_UNSET"];

/** Runs a script; its failure becomes words on standard error and an exit code. */
export async function runScript(main: () => Promise<number>, trace: boolean): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.exitCode = isTenorError(error) && NOT_UNDERSTOOD.includes(error.code) ? EXIT.usage : EXIT.failed;
    console.error(errorLine(error));
    if (trace) console.error(errorTrace(error));
    else console.error("run again with --trace for the stack");
  }
}
