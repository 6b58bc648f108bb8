import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { AUDITED_NAMES, readCompiled } from "../../scripts/audit/compiled.ts";
import { interfaceSnapshot, MAX_CODE, sizeSnapshot } from "../../scripts/audit/snapshots.ts";

const FOLDER = new URL("./snapshots/", import.meta.url);

/** What nobody may change unnoticed. If a change is meant, `npm run snapshots` writes the files anew, and its diff says what it does. */
describe("Snapshots of the contracts", () => {
  for (const name of AUDITED_NAMES) {
    it(`${name}: storage layout, selectors and topics`, () => {
      expect(interfaceSnapshot(name)).to.equal(readFileSync(new URL(`${name}.txt`, FOLDER), "utf8"));
    });
  }

  it("sizes of the code, all of which L1 takes", () => {
    expect(sizeSnapshot()).to.equal(readFileSync(new URL("sizes.txt", FOLDER), "utf8"));
    for (const name of AUDITED_NAMES) {
      expect(readCompiled(name).deployedBytecode.length / 2 - 1, name).to.be.lessThan(MAX_CODE);
    }
  });

  it("are of these contracts and no others", () => {
    expect(readdirSync(FOLDER).sort()).to.deep.equal(
      [...AUDITED_NAMES.map((name) => `${name}.txt`), "sizes.txt"].sort(),
    );
  });
});
