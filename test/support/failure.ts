import { inspect } from "node:util";
import { expect } from "chai";
import { TenorError } from "../../src/errors.ts";

/** What a call fails with; the test fails if it does not, or with an error that has no code. */
export async function failure(call: () => unknown): Promise<TenorError> {
  const error: unknown = await Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(error).to.be.instanceOf(TenorError);
  return error as TenorError;
}

/** All that an error may show anywhere: in a log, on a terminal, with its causes and stacks. */
export function everythingSaid(error: TenorError): string {
  return `${inspect(error, { depth: 20, showHidden: true })} ${JSON.stringify(error)} ${String(error)}`;
}
