import { expect } from "chai";
import { committedHashes, differingContracts } from "../../deploy/committedHashes.ts";
import { codeHashes, PROVER_CONTRACTS, proverHash } from "../../src/l1/codeHashes.ts";

describe("deploy/code-hashes.json", () => {
  it("has the hashes of what is built; `npm run prover-hash -- --write` renews it", () => {
    expect(codeHashes()).to.deep.equal(committedHashes());
  });

  it("has one hash of the fault proof, which every part of it changes and nothing else", () => {
    const { prover, contracts } = committedHashes();
    expect(proverHash(contracts)).to.equal(prover);
    for (const name of Object.keys(contracts)) {
      const changed = proverHash({ ...contracts, [name]: `0x${"11".repeat(32)}` });
      expect(changed !== prover, name).to.equal((PROVER_CONTRACTS as readonly string[]).includes(name));
    }
  });

  it("tells which contracts differ, one that is missing too", () => {
    const { contracts } = committedHashes();
    const { Bridge: _, ...without } = contracts;
    expect(differingContracts(contracts, contracts)).to.deep.equal([]);
    expect(differingContracts(without, contracts)).to.deep.equal(["Bridge"]);
    expect(differingContracts({ ...contracts, RollupInbox: "0x00" }, contracts)).to.deep.equal(["RollupInbox"]);
  });
});
