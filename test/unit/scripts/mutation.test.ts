import { expect } from "chai";
import { network } from "hardhat";
import { mustCompile } from "../../../scripts/audit/solc.ts";
import type { AstNode } from "../../../scripts/mutation/ast.ts";
import { constantsOf, mutantsOf, type Mutant } from "../../../scripts/mutation/operators.ts";
import { activate, hasSwitches, withSwitches } from "../../../scripts/mutation/schemata.ts";
import { formatResults, scoreOf } from "../../../scripts/mutation/report.ts";

const FILE = "project/contracts/Subject.sol";
const SETTINGS = {
  ...{ evmVersion: "osaka", viaIR: true, remappings: [], metadata: { bytecodeHash: "none" } },
  optimizer: { enabled: false },
};
// A sign that takes several bytes, so that offsets in bytes and in characters differ: …
const SOURCE = `// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;
/// @notice … 
contract Subject {
    uint256 private constant LIMIT = 10;
    function run(uint256 a, uint256 b) external pure returns (uint256) {
        if (a < b || a > LIMIT) return 77;
        uint256 sum = _sum(a, b);
        for (uint256 i; i < 2; ++i) sum += i;
        return sum;
    }
    function _sum(uint256 a, uint256 b) private pure returns (uint256) {
        return a * 2 - b;
    }
}
`;

describe("mutants of Solidity", () => {
  let mutants: readonly Mutant[];

  before(() => {
    const { sources } = mustCompile({ [FILE]: { content: SOURCE } }, SETTINGS, { "*": { "": ["ast"] } });
    const ast = sources![FILE]!.ast as AstNode;
    mutants = mutantsOf(FILE, Buffer.from(SOURCE), ast, new Set(constantsOf(ast)));
  });

  it("are made by every operator that has a place, and say where", () => {
    const found = mutants.map(({ operator, line, original, replacement }) => [operator, line, original, replacement]);
    for (const expected of [
      ["comparison boundary", 7, "a < b", "a <= b"],
      ["comparison boundary", 7, "a > LIMIT", "a >= LIMIT"],
      ["logical swap", 7, "a < b || a > LIMIT", "a < b && a > LIMIT"],
      ["condition negation", 7, "a < b || a > LIMIT", "!(a < b || a > LIMIT)"],
      ["constant +1", 7, "LIMIT", "LIMIT + 1"],
      ["constant -1", 7, "LIMIT", "LIMIT - 1"],
      ["argument swap", 8, "_sum(a, b)", "_sum(b, a)"],
      ["statement removal", 9, "sum += i;", ""],
      ["arithmetic swap", 9, "sum += i;", "sum -= i;"],
      ["constant +1", 13, "a * 2", "a * 3"],
      ["arithmetic swap", 13, "a * 2", "a / 2"],
      ["arithmetic swap", 13, "a * 2 - b", "a * 2 + b"],
      ["return value", 10, "sum", "uint256(0)"],
    ]) {
      expect(found).to.deep.include(expected);
    }
    // The declaration of a constant, and what makes a loop end, are left alone.
    expect(found.filter(([, line]) => line === 5)).to.deep.equal([]);
    expect(found.filter(([, , original]) => original === "++i")).to.deep.equal([]);
  });

  it("are all in one bytecode, which behaves as the contract until one is chosen", async () => {
    const numbered = mutants.map((mutant, i) => ({ id: i + 1, mutant }));
    const content = withSwitches(FILE, Buffer.from(SOURCE), numbered);
    const selection = { [FILE]: { Subject: ["abi", "evm.deployedBytecode.object"] } };
    const { contracts } = mustCompile({ [FILE]: { content } }, SETTINGS, selection);
    const { abi, evm } = contracts![FILE]!.Subject as { abi: []; evm: { deployedBytecode: { object: string } } };
    const code = evm.deployedBytecode.object;
    expect(hasSwitches(code)).to.equal(true);
    const { ethers, provider } = await network.create();
    const address = `0x${"5b".repeat(20)}`;
    const contract = new ethers.Contract(address, abi, ethers.provider);
    const answers = async (id: number): Promise<readonly string[]> => {
      await provider.request({ method: "hardhat_setCode", params: [address, `0x${activate(code, id)}`] });
      const results: string[] = [];
      for (const [a, b] of [
        [5, 3],
        [3, 3],
        [2, 3],
        [10, 3],
        [11, 3],
        [9, 0],
        [0, 0],
        [1, 1],
      ]) {
        const run = contract.getFunction("run").staticCall(a, b);
        results.push(await run.then(String, () => "reverted"));
      }
      return results;
    };
    const plain = ["8", "4", "77", "18", "77", "19", "1", "2"];
    expect(await answers(0)).to.deep.equal(plain);
    const survivors: Mutant[] = [];
    for (const { id, mutant } of numbered) {
      if ((await answers(id)).join() === plain.join()) survivors.push(mutant);
    }
    expect(survivors.map(({ original, replacement }) => `${original} -> ${replacement}`)).to.deep.equal([]);
  });

  it("are counted by what became of them", () => {
    const fates = ["killed", "killed", "killed", "survived", "does not compile"] as const;
    const results = fates.map((fate, i) => ({ fate, mutant: mutants[i]! }));
    expect(scoreOf(results)).to.equal(0.75);
    expect(formatResults(results)).to.include("3 killed, 1 survived, 1 do not compile: 75.0 %");
    expect(formatResults(results)).to.include(`survived: contracts/Subject.sol:${mutants[3]!.line}`);
  });
});
