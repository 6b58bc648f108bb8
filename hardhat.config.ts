import { availableParallelism } from "node:os";
import { configVariable, defineConfig, overrideTask } from "hardhat/config";
import hardhatToolboxMochaEthers from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import { COMPILER } from "./deploy/compiler.ts";
import { NETWORKS, type NetworkSpec } from "./deploy/networks.ts";
import { testFiles } from "./test/support/testFiles.ts";

/**
 * The deep tests take minutes to hours and live in a folder of their own, so that the folder alone decides which run a
 * file belongs to.
 */
const deep = process.env.TENOR_DEEP === "1";
const mochaFolder = deep ? "test-deep" : "test";

// The processes that run test files inherit this process's flags. They make much that is soon forgotten, and with room for it from the
// start the collector takes a tenth less of their time.
process.execArgv.push("--min-semi-space-size=16");

/**
 * Gas that a transaction may use unless it says otherwise, on the simulator of tests and measurements: below the protocol's cap of 2^24.
 * Without it the simulator carries each transaction out several times before it does, to find the least that it needs.
 */
const GAS_LIMIT = 16_000_000;

/** A network as Hardhat's own tasks know it. */
function networkConfig({ chainId, chainType, url, urlVariable }: NetworkSpec) {
  const at = url ?? (urlVariable === undefined ? undefined : configVariable(urlVariable));
  return at === undefined
    ? { type: "edr-simulated" as const, chainId, chainType }
    : { type: "http" as const, chainId, chainType, url: at };
}

export default defineConfig({
  plugins: [hardhatToolboxMochaEthers],
  tasks: [
    overrideTask(["test", "mocha"])
      .setInlineAction((options, _hre, runSuper) => {
        const named = options.testFiles as readonly string[];
        return runSuper({ ...options, testFiles: named.length > 0 ? named : testFiles(mochaFolder) });
      })
      .build(),
  ],
  solidity: {
    profiles: { default: COMPILER, production: COMPILER },
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
  networks: {
    default: { type: "edr-simulated", gas: GAS_LIMIT },
    ...Object.fromEntries(Object.entries(NETWORKS).map(([name, spec]) => [name, networkConfig(spec)])),
  },
  typechain: { outDir: "typechain", tsNocheck: true },
  test: {
    // A test that hangs must end the run; the deep ones take up to an hour each. Every file stands alone, with a chain of its
    // own, so files run beside each other, one more than there are cores, for some of them wait for the processes of their scenarios; more
    // than four would want more memory than they save time.
    mocha: {
      timeout: deep ? 7_200_000 : 600_000,
      forbidOnly: true,
      parallel: true,
      jobs: Math.min(4, availableParallelism() + 1),
      require: [new URL("./test/support/processSetUp.ts", import.meta.url).href],
    },
    // Sequences of random calls, of which each invariant must hold after every one.
    solidity: { invariant: { runs: deep ? 500 : 4, depth: 200, failOnRevert: true } },
  },
});
