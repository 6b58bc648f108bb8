import { writeFileSync } from "node:fs";
import { CODE_HASHES, committedHashes, differingContracts } from "../deploy/committedHashes.ts";
import { codeHash, codeHashes, proverHash } from "../src/l1/codeHashes.ts";
import { runCommand } from "./cli/runCommand.ts";
import { EXIT } from "./cli/runScript.ts";
import { DeployError } from "./deploy/DeployError.ts";
import { compileProver } from "./prover/compile.ts";
import { proverHashCommand, type ProverHashOptions } from "./prover/options.ts";

/** Makes the hash of the fault proof from its source: docs/deployment.md. */

await runCommand(proverHashCommand(), ({ write }: ProverHashOptions) => {
  const built = codeHashes();
  const codes = Object.entries(compileProver());
  const compiled = Object.fromEntries(codes.map(([name, code]) => [name, codeHash(code)]));
  for (const [name, hash] of Object.entries(compiled)) console.log(`${hash}  ${name}`);
  console.log(`${proverHash(compiled)}  the fault proof`);
  // A build together with all other contracts must give the same code as the fault proof alone.
  const ofBuild = Object.fromEntries(codes.map(([name]) => [name, built.contracts[name]!]));
  requireSame("the build", ofBuild, compiled);
  if (write) writeFileSync(CODE_HASHES, `${JSON.stringify(built, undefined, 2)}\n`);
  else requireSame("deploy/code-hashes.json", committedHashes().contracts, built.contracts);
  return EXIT.done;
});

function requireSame(
  what: string,
  actual: Parameters<typeof differingContracts>[0],
  expected: Parameters<typeof differingContracts>[1],
): void {
  const differing = differingContracts(actual, expected);
  if (differing.length === 0) return;
  throw new DeployError("CODE_CHANGED", `${what} is of other code than the source`, { fields: { differing } });
}
