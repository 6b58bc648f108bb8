import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { CODE_HASHES, committedHashes, differingContracts } from "../deploy/committedHashes.ts";
import { codeHash, codeHashes, proverHash } from "../src/l1/codeHashes.ts";
import { EXIT, runScript } from "./cli/runScript.ts";
import { DeployError } from "./deploy/DeployError.ts";
import { compileProver } from "./prover/compile.ts";

/** Makes the hash of the fault proof from its source: docs/deployment.md. */

const command = new Command("npm run prover-hash --")
  .description("Compiles the fault proof from source and compares its hash with the build's and the committed one.")
  .option("--write", "commit to what was built: writes deploy/code-hashes.json", false)
  .option("--trace", "show the stack of an error", false)
  .allowExcessArguments(false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.done : EXIT.usage))
  .parse();
const options = command.opts<{ write: boolean; trace: boolean }>();

await runScript(async () => {
  const built = codeHashes();
  const codes = Object.entries(compileProver());
  const compiled = Object.fromEntries(codes.map(([name, code]) => [name, codeHash(code)]));
  for (const [name, hash] of Object.entries(compiled)) console.log(`${hash}  ${name}`);
  console.log(`${proverHash(compiled)}  the fault proof`);
  // A build together with all other contracts must give the same code as the fault proof alone.
  const ofBuild = Object.fromEntries(codes.map(([name]) => [name, built.contracts[name]!]));
  requireSame("the build", ofBuild, compiled);
  if (options.write) writeFileSync(CODE_HASHES, `${JSON.stringify(built, undefined, 2)}\n`);
  else requireSame("deploy/code-hashes.json", committedHashes().contracts, built.contracts);
  return EXIT.done;
}, options.trace);

function requireSame(
  what: string,
  actual: Parameters<typeof differingContracts>[0],
  expected: Parameters<typeof differingContracts>[1],
): void {
  const differing = differingContracts(actual, expected);
  if (differing.length === 0) return;
  throw new DeployError("CODE_CHANGED", `${what} is of other code than the source`, { fields: { differing } });
}
