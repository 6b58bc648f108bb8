import { createInterface } from "node:readline";
import { exitCodeOf } from "../../scripts/node/exitCodes.ts";
import { runRole } from "../../scripts/node/roles.ts";
import { errorLine } from "../../src/roles/loggable.ts";

/** What a role is started with. */
export interface RoleStart {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What its process would have ended with. */
export interface RoleEnd {
  readonly code: number;
  /** On standard error. */
  readonly line: string;
}

/**
 * Starts one role after the other, as lines of JSON on standard input say, each of which must refuse to start; and says of each with
 * what a process of its own would have ended. Most of what such a process takes is its loading.
 */
async function runChild(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const { argv, env } = JSON.parse(line) as RoleStart;
    Object.assign(process.env, env);
    const end = await runRole(argv).then(
      () => ({ code: 0, line: "" }),
      (error: unknown) => ({ code: exitCodeOf(error), line: errorLine(error) }),
    );
    for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name);
    console.log(JSON.stringify(end satisfies RoleEnd));
  }
  process.exit();
}

await runChild();
