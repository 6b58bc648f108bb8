import { committedHashes, differingContracts } from "../deploy/committedHashes.ts";
import { NETWORKS } from "../deploy/networks.ts";
import { check, isDifferent } from "../src/l1/checkDeployment.ts";
import { codeHashes } from "../src/l1/codeHashes.ts";
import { readDeployment } from "../src/l1/deployment.ts";
import { L1Client } from "../src/l1/L1Client.ts";
import { readParameters, requireTimeToDefend } from "../src/l1/parameters.ts";
import { verifyDeployment } from "../src/l1/verifyDeployment.ts";
import { usage } from "./cli/CliError.ts";
import { urlFrom } from "./cli/configuration.ts";
import { EXIT, runScript } from "./cli/runScript.ts";
import { DeployError } from "./deploy/DeployError.ts";
import { Report } from "./deploy/Report.ts";
import { parseVerify, type VerifyOptions } from "./verify/options.ts";

/** Compares what stands on a chain with the source and the files, without a key: docs/deployment.md. */

await runScript(main, process.argv.includes("--trace"));

async function main(): Promise<number> {
  const options = parseVerify(process.argv.slice(2));
  const deployment = readDeployment(options.deployment);
  const parameters = options.parameters === undefined ? undefined : readParameters(options.parameters);
  const client = L1Client.connect(await endpoint(options), deployment.chainId);
  try {
    const built = codeHashes();
    const differingCode = differingContracts(built.contracts, committedHashes().contracts);
    const { checks } = await verifyDeployment(client, deployment, parameters);
    const all = [
      check("committed hash of the fault proof", built.prover, committedHashes().prover),
      check("contracts whose hash is not the committed", differingCode.join(", ") || "none", "none"),
      ...checks,
    ];
    const differences = all.filter(isDifferent);
    const report = new Report(options.json);
    report.checks(all);
    if (differences.length > 0) {
      const fields = { differences: differences.map(({ what }) => what) };
      throw new DeployError("VERIFICATION_FAILED", "what stands there is not what the files say", { fields });
    }
    if (parameters !== undefined) requireTimeToDefend(parameters);
    report.say("verified", parameters === undefined ? "Verified, without a file of parameters." : "Verified.");
    return EXIT.done;
  } finally {
    client.close();
  }
}

async function endpoint({ network, rpcUrl }: VerifyOptions): Promise<string> {
  const spec = network === undefined ? undefined : NETWORKS[network];
  if (network !== undefined && spec?.url === undefined && spec?.urlVariable === undefined) {
    throw usage("there is no network of this name with an endpoint", { network });
  }
  return urlFrom(rpcUrl ?? spec?.url, spec?.urlVariable ?? "TENOR_L1_URL");
}
