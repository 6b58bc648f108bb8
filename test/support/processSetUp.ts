import { fileURLToPath } from "node:url";
import { Assertion, config, util } from "chai";
import "../../src/l1/quickHash.ts";

/** What each process that runs test files needs. Loaded once in each, before any test. */

// What tests start runs as in a user's shell: without the loader of the test runner, and with what earlier processes have compiled.
delete process.env.NODE_OPTIONS;
process.env.NODE_COMPILE_CACHE = fileURLToPath(new URL("../../cache/node", import.meta.url));

/**
 * The processes send failures as JSON, which has no bigints: an assertion about two of them would be reported as a failure to
 * report it.
 */
Object.defineProperty(BigInt.prototype, "toJSON", {
  value(this: bigint) {
    return `${this}n`;
  },
});

/** What is asserted and does not exist is found by the types; a proxy around every assertion finds it again, for a tenth of the time. */
config.useProxy = false;

/**
 * The client library reads hexadecimal text two digits at a time, each by cutting them out and `parseInt`: a twentieth of the time
 * that all tests took. Those are looked up; whatever else is asked goes the usual way.
 */
const parse = globalThis.parseInt;
const DIGITS = new Map(Array.from("0123456789abcdefABCDEF", (digit) => [digit.charCodeAt(0), parse(digit, 16)]));
const VALUES = Int8Array.from({ length: 128 }, (_, code) => DIGITS.get(code) ?? -1);
globalThis.parseInt = (text: unknown, radix?: number): number => {
  if (radix === 16 && typeof text === "string" && text.length === 2) {
    const value = ((VALUES[text.charCodeAt(0)] ?? -1) << 4) | (VALUES[text.charCodeAt(1)] ?? -1);
    if (value >= 0) return value;
  }
  return parse(text as string, radix);
};

type Equal = (this: object, expected: unknown, message?: string) => void;
const NAMES = ["equal", "equals", "eq"] as const;
const METHODS = Assertion.prototype as unknown as Record<(typeof NAMES)[number], Equal>;

/** Chai's own comparison, before the simulator's matchers replace it. */
const plain = METHODS.equal;
let quick: Equal | undefined;

/**
 * The matchers that come with a simulated L1 ask of both sides of every `equal` whether they are addresses, and ethers answers no by an
 * error with the whole value as text: half of the time that all tests took. They get what may be an address, and a bigint beside what is none,
 * for they take it for equal to a number.
 */
function quicken(): void {
  if (METHODS.equal === plain || METHODS.equal === quick) return;
  for (const name of NAMES) {
    Assertion.overwriteMethod(name, (matcher: Equal) => {
      return function (this: object, expected: unknown, message?: string) {
        const actual: unknown = util.flag(this, "object");
        const isPlain = areBigints(actual, expected) || !(isMatched(actual) || isMatched(expected));
        const isNow = util.flag(this, "eventually") === undefined;
        (isPlain && isNow ? plain : matcher).call(this, expected, message);
      };
    });
  }
  quick = METHODS.equal;
}

function areBigints(a: unknown, b: unknown): boolean {
  return typeof a === "bigint" && typeof b === "bigint";
}

function isMatched(value: unknown): boolean {
  if (typeof value === "string") return value.length >= 40 && value.length <= 42;
  if (typeof value === "object" && value !== null) return "getAddress" in value;
  return typeof value === "bigint";
}

export const mochaHooks = { beforeEach: quicken };
