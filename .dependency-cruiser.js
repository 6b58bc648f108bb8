/** Folders whose code takes bytes and bigints and returns values: no chain, no file, no process that runs. */
const PURE = "^src/(machine|pricing|oracle|tree|codec|crypto|history)/";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "pure-core",
      comment: "The core does no I/O and does not know the chain, so that every role and every test computes the same.",
      severity: "error",
      from: { path: PURE },
      to: { path: "(^|/)node_modules/ethers/|^src/(l1|roles)/|^(node:)?(fs|fs/promises)$|^typechain/" },
    },
    {
      name: "rules-below-services",
      comment:
        "The machine and its maths know nobody who uses them; an oracle knows the machine, and nobody who posts its reports.",
      severity: "error",
      from: { path: "^src/(machine|pricing|oracle)/" },
      to: { path: "^src/(sequencer|market|replay|roles|game|derive)/" },
    },
    {
      name: "machine-below-oracle",
      severity: "error",
      from: { path: "^src/(machine|pricing)/" },
      to: { path: "^src/oracle/" },
    },
    {
      name: "only-l1-knows-the-chain",
      comment: "ethers and the contract types are used in src/l1 alone.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/l1/" },
      to: { path: "(^|/)node_modules/ethers/|^typechain/" },
    },
    {
      name: "src-stands-alone",
      comment: "Scripts, tests and deployment import the library, never the reverse.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^(scripts|test|test-deep|deploy)/" },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: { pathNot: "^typechain/" },
      to: { circular: true },
    },
    {
      name: "resolvable",
      comment: "An import that resolves to nothing cannot be checked by the rules above.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "(^|/)node_modules/|^typechain/" },
    exclude: { path: "^(artifacts|cache|coverage|data)/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
