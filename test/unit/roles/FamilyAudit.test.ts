import { expect } from "chai";
import type { AssertionRecord, ChainSource, L1Block } from "../../../src/l1/L1Source.ts";
import { FamilyAudit, type Family } from "../../../src/roles/FamilyAudit.ts";
import { failure } from "../../support/failure.ts";

describe("FamilyAudit", () => {
  const head: L1Block = { number: 9, hash: "0x", timestamp: 0n };
  /** Children that the contract counts of each assertion, and the assertions that it was asked about, at which blocks. */
  let childCounts: number[];
  let asked: [id: number, block: number | undefined][];
  let audit: FamilyAudit;

  beforeEach(() => {
    asked = [];
    const assertionRecord = (id: Uint8Array, block?: number): Promise<AssertionRecord> => {
      asked.push([id[0]!, block]);
      return Promise.resolve({ childCount: childCounts[id[0]!]!, hasConfirmedChild: false } as AssertionRecord);
    };
    audit = new FamilyAudit({ assertionRecord } as unknown as ChainSource);
  });

  /** A chain of assertions with one child each, of which the last has none. */
  function chainOf(length: number): readonly Family[] {
    childCounts = Array.from({ length }, (_, i) => (i === length - 1 ? 0 : 1));
    const assertions = Array.from({ length }, (_, i) => ({
      created: { id: Uint8Array.of(i) },
      confirmed: i === 0,
    }));
    return assertions.map((parent, i) => ({ parent, children: assertions.slice(i + 1, i + 2) }));
  }

  it("asks once about each of a few, after the block that was read", async () => {
    for (const length of [0, 1, 2, 3, 16]) {
      asked = [];
      await audit.requireWhole(chainOf(length), head);
      const expected = Array.from({ length }, (_, i): [number, number] => [i, head.number]);
      expect(asked.sort(([a], [b]) => a - b)).to.deep.equal(expected);
    }
  });

  it("asks about sixteen of many in each turn, always the first and the last, and about all in time", async () => {
    const families = chainOf(100);
    const seen = new Set<number>();
    for (let turn = 0; turn < 7; turn++) {
      asked = [];
      await audit.requireWhole(families, head);
      const ids = asked.map(([id]) => id);
      expect(ids).to.have.length(16).and.include.members([0, 99]);
      for (const id of ids) seen.add(id);
    }
    expect(seen.size).to.equal(100);
  });

  it("says of which assertion a child was left out", async () => {
    const families = chainOf(3);
    childCounts[1] = 2;
    const error = await failure(() => audit.requireWhole(families, head));
    expect(error.code).to.equal("EVENTS_WITHHELD");
    expect(error.fields).to.include({ parent: "0x01", children: 1, childCount: 2, block: 9 });
  });
});
