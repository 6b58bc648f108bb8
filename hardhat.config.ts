import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { defineConfig } from "hardhat/config";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";

const require = createRequire(import.meta.url);

/**
 * One compiler configuration for every build profile, so that the bytecode that the tests exercise is the bytecode
 * that a deployment puts on chain. The compiler is the `soljson.js` of the pinned npm package: nothing is downloaded.
 */
const solidity = {
  version: "0.8.37",
  path: require.resolve("solc/soljson.js"),
  settings: {
    evmVersion: "osaka",
    viaIR: true,
    optimizer: { enabled: true, runs: 2000 },
    metadata: { bytecodeHash: "none" as const },
  },
};

/**
 * The deep tests take minutes to hours and live in a folder of their own, so that the folder alone decides which run a
 * file belongs to: Mocha loads every file below its folder.
 */
const deep = process.env.TENOR_DEEP === "1";
const mochaFolder = deep ? "test-deep" : "test";

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  solidity: {
    profiles: { default: solidity, production: solidity },
    // The only owner there is: deployed as it comes.
    npmFilesToBuild: ["@openzeppelin/contracts/governance/TimelockController.sol"],
  },
  paths: {
    sources: "contracts",
    tests: { mocha: mochaFolder, solidity: "contracts/test" },
    artifacts: "artifacts",
    cache: "cache",
    ignition: "deploy",
  },
  // A local anvil; tests start theirs on a free port.
  networks: { anvil: { type: "http", url: "http://127.0.0.1:8545" } },
  typechain: { outDir: "typechain", tsNocheck: true },
  test: {
    // A test that hangs must end the run; the deep ones take up to an hour each. Every file stands alone, with a chain of its
    // own, so files run beside each other; more than four processes would want more memory than they save time.
    mocha: {
      timeout: deep ? 7_200_000 : 600_000,
      forbidOnly: true,
      parallel: true,
      jobs: Math.min(4, availableParallelism()),
      require: [new URL("./test/support/printableBigints.ts", import.meta.url).href],
    },
    // Sequences of random calls, of which each invariant must hold after every one.
    solidity: { invariant: { runs: 16, depth: 200, failOnRevert: true } },
  },
});
