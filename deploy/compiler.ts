import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * One compiler configuration for every build profile, so that the bytecode that the tests exercise is the bytecode
 * that a deployment puts on chain. The compiler is the `soljson.js` of the pinned npm package: nothing is downloaded.
 */
export const COMPILER = {
  version: "0.8.37",
  path: require.resolve("solc/soljson.js"),
  settings: {
    evmVersion: "osaka",
    viaIR: true,
    optimizer: { enabled: true, runs: 2000 },
    metadata: { bytecodeHash: "none" as const },
  },
};
