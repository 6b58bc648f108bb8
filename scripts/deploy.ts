import path from "node:path";
import { id } from "ethers";
import { committedHashes, differingContracts } from "../deploy/committedHashes.ts";
import { NETWORKS } from "../deploy/networks.ts";
import { codeHashes } from "../src/l1/codeHashes.ts";
import { writeDeployment } from "../src/l1/deployment.ts";
import { L1Client } from "../src/l1/L1Client.ts";
import { readParameters, requireTimeToDefend, type TenorParameters } from "../src/l1/parameters.ts";
import { isDifferent } from "../src/l1/checkDeployment.ts";
import { verifyDeployment } from "../src/l1/verifyDeployment.ts";
import { signerFrom } from "./cli/configuration.ts";
import { EXIT, runScript } from "./cli/runScript.ts";
import { DeployError } from "./deploy/DeployError.ts";
import { EndpointProvider } from "./deploy/EndpointProvider.ts";
import { Journal } from "./deploy/Journal.ts";
import { parseDeploy, type DeployOptions } from "./deploy/options.ts";
import { placeOf, type Place } from "./deploy/place.ts";
import { preflight } from "./deploy/preflight.ts";
import { Report } from "./deploy/Report.ts";
import { SigningProvider } from "./deploy/SigningProvider.ts";

/** Deploys the contracts: docs/deployment.md. */

const GWEI = 1_000_000_000;

await runScript(() => main(parseDeploy(process.argv.slice(2))), process.argv.includes("--trace"));

async function main(options: DeployOptions): Promise<number> {
  // All that can be said without a chain and a key is said first.
  const parameters = readParameters(options.parameters);
  requireTimeToDefend(parameters);
  const { contracts } = codeHashes();
  requireCommittedCode(contracts);
  const place = await placeOf(options.network, options.rpcUrl);
  try {
    return await deployAt(place, options, parameters);
  } finally {
    await place.close();
  }
}

async function deployAt(
  { url, isRehearsal }: Place,
  options: DeployOptions,
  parameters: TenorParameters,
): Promise<number> {
  const { network, signerUrl, account, key, symbol, confirmations } = options;
  const signer = await signerFrom({
    key,
    ...(signerUrl === undefined ? {} : { signerUrl }),
    ...(account === undefined ? {} : { account }),
  });
  const deployer = await signer.address();
  const report = new Report(options.json);
  const client = L1Client.connect(url, parameters.chainId);
  const journal = Journal.open(options.journal ?? path.join("deploy", "deployments", network!));
  try {
    // SAFETY: a folder that somebody has named may be of another chain; the default one is of earlier rehearsals alone.
    if (isRehearsal && options.journal === undefined) journal.clear();
    journal.mend();
    const endpoint = new EndpointProvider(url);
    const spec = network === undefined ? undefined : NETWORKS[network];
    const found = await preflight({ client, provider: endpoint, parameters, network: spec, deployer, symbol, journal });
    report.summary(parameters, found);
    const plan = {
      chainId: String(parameters.chainId),
      genesisHash: found.genesisHash,
      deployer,
      codeHash: id(JSON.stringify(codeHashes().contracts)),
      parameters: JSON.parse(JSON.stringify(parameters, bigintsAsText)) as Record<string, unknown>,
    };
    if (options.dryRun) {
      journal.requireSame(plan);
      return EXIT.done;
    }
    journal.begin(plan);
    // Ignition takes most of a second to load, for which what is refused before need not wait.
    const [{ ARTIFACTS, ignite }, { recover }] = await Promise.all([
      import("./deploy/ignite.ts"),
      import("./deploy/recover.ts"),
    ]);
    await recover(journal, ARTIFACTS, endpoint, (what, futureId, nonce) =>
      report.say("recovered", `${what}: ${futureId}`, { what, futureId, nonce }),
    );
    const isLocal = parameters.chainId === 31_337n;
    const deployment = await ignite(parameters, {
      provider: new SigningProvider(endpoint, signer, parameters.chainId, journal.outbox),
      deployer,
      journal,
      config: {
        ...(confirmations === undefined ? {} : { requiredConfirmations: confirmations }),
        // A local chain mines at once.
        ...(isLocal ? { blockPollingInterval: 50 } : {}),
      },
      maxFeePerGas: BigInt(Math.round(options.maxFee * GWEI)),
      onDeployed: (futureId, at) => report.say("deployed", `${at}  ${futureId}`, { futureId, address: at }),
    });
    const file = options.deployment ?? path.join(journal.folder, "deployment.json");
    writeDeployment(file, deployment);
    report.say("written", `\nThe deployment is in ${file}.\n`, { file });
    const { checks, isSound } = await verifyDeployment(client, deployment, parameters);
    report.checks(checks);
    if (!isSound) {
      const differing = checks.filter(isDifferent);
      throw new DeployError("VERIFICATION_FAILED", "what was deployed is not what the files say", {
        fields: { differing },
      });
    }
    report.say("verified", "Deployed and verified.");
    return EXIT.done;
  } finally {
    journal.close();
    client.close();
  }
}

/** A fault proof of other code than is committed is one that nobody has agreed to. */
function requireCommittedCode(contracts: Readonly<Record<string, `0x${string}`>>): void {
  const differing = differingContracts(contracts, committedHashes().contracts);
  if (differing.length === 0) return;
  const message = "the built contracts are not those of deploy/code-hashes.json; see `npm run prover-hash`";
  throw new DeployError("CODE_CHANGED", message, { fields: { differing } });
}

function bigintsAsText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
