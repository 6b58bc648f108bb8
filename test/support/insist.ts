import { AssertionError, expect } from "chai";

/**
 * `expect(condition, message).to.equal(true)` and `expect(actual, message).to.equal(expected)` for what is checked a million times: there an
 * assertion's chain of proxies costs more than all that is checked.
 */
export function insist(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(`${message}: does not hold`, undefined, insist);
}

/** See {@link insist}. */
export function insistEqual<T>(actual: T, expected: T, message: string): void {
  if (actual !== expected) expect(actual, message).to.equal(expected);
}
