import { expect } from "chai";

/**
 * Expects that two numbers differ by at most `tolerance`. In place of `closeTo`, which Hardhat's matchers take over in the whole
 * process, and which then compares integers alone.
 */
export function expectNear(actual: number, expected: number, tolerance: number, message = ""): void {
  const distance = Math.abs(actual - expected);
  expect(distance, `${message} ${actual} should be ${expected}, within ${tolerance}`).to.be.at.most(tolerance);
}
