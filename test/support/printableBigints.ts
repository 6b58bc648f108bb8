/**
 * The processes that run the test files send failures as JSON, which has no bigints: an assertion about two of them would be
 * reported as a failure to report it. Loaded once in each process, before any test.
 */
Object.defineProperty(BigInt.prototype, "toJSON", {
  value(this: bigint) {
    return `${this}n`;
  },
});
