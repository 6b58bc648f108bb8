import { expect } from "chai";
import { measureAll } from "../../scripts/gas/measure.ts";
import {
  GOALS,
  isSlow,
  missesTarget,
  PROOF_BYTES,
  PROOF_GAS,
  type Measurement,
  type Operation,
} from "../../scripts/gas/table.ts";
import { LOCAL_PARAMETERS } from "../support/tenor.ts";
import { CEILING_STEP, CEILINGS } from "./ceilings.ts";

/** Every L1 operation against its ceiling and its target. @param slowToo Also what takes a minute to measure. */
export function describeGas(slowToo: boolean): void {
  describe("gas of every L1 operation", () => {
    const measured = new Map<string, Measurement>();
    const isMeasured = (operation: Operation): boolean =>
      slowToo || !isSlow(operation, Number(LOCAL_PARAMETERS.sectionBits));

    before(async () => {
      for (const measurement of await measureAll("today", slowToo)) measured.set(measurement.operation, measurement);
    });

    it("has been measured", () => {
      expect([...measured.keys()]).to.have.members((Object.keys(GOALS) as Operation[]).filter(isMeasured));
    });

    for (const [operation, ceiling] of Object.entries(CEILINGS) as [Operation, number][]) {
      if (!isMeasured(operation)) continue;
      it(`${operation}: at most ${ceiling.toLocaleString("en-US")}`, () => {
        const measurement = measured.get(operation)!;
        const { gas } = measurement;
        expect(gas, "above the ceiling").to.be.at.most(ceiling);
        expect(gas, "so far below the ceiling that it should be lowered").to.be.above(ceiling - CEILING_STEP);
        expect(missesTarget(measurement), "misses its target").to.equal(false);
      });
    }

    // INVARIANT 13.
    it("every proof fits a transaction", () => {
      for (const { operation, gas, bytes } of measured.values()) {
        if (!operation.startsWith("one-step proof")) continue;
        expect(gas, operation).to.be.at.most(PROOF_GAS);
        expect(bytes, operation).to.be.at.most(PROOF_BYTES);
      }
    });
  });
}
