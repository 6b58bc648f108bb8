import { inspect } from "node:util";
import { isTenorError } from "../../src/errors.ts";
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
    explain(error, trace);
  }
}

/** What failed, in words on standard error. */
function explain(error: unknown, trace: boolean): void {
  const message = error instanceof Error ? error.message : String(error);
  console.error(
    isTenorError(error) ? `${error.code}: ${message} ${JSON.stringify(error.toJSON().fields, textOf)}` : message,
  );
  if (trace) console.error(withoutUrls(inspect(error, { depth: 6 })));
  else console.error("run again with --trace for the stack");
}

/** Large integers as text. */
function textOf(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** SAFETY: the client library shows the endpoint's whole URL in its errors, and there may be a key in it. */
function withoutUrls(text: string): string {
  return text.replace(/(https?:\/\/)(?:[^\s/@"']*@)?([^\s/"'?]+)[^\s"']*/g, "$1$2/…");
}
