import type { Hex } from "../crypto/bytes.ts";
import { loadArtifact } from "./Artifacts.ts";
import { creationChecks } from "./creations.ts";
import { check, fileChecks, isDifferent, thereChecks, type Check } from "./checkDeployment.ts";
import { inboxAt, tokenAt } from "./Contracts.ts";
import { DEPLOYED_AS, type DeployedName, type Deployment } from "./deployment.ts";
import { FACTS, readWord } from "./deploymentFacts.ts";
import type { L1Client } from "./L1Client.ts";
import type { TenorParameters } from "./parameters.ts";
import { differenceOf, takeApart } from "./RuntimeCode.ts";
import { expectedHolders, readTimelockRights, TIMELOCK_ROLES } from "./TimelockRoles.ts";

/** What an outsider is told of a deployment. */
export interface Verification {
  /** One for each thing that was read, in the order of the report. */
  readonly checks: readonly Check[];
  /** Whether all that has an expected value has it. */
  readonly isSound: boolean;
}

/**
 * Reads a deployment as somebody does who believes nobody: the code of every contract is compared with what the compiler makes of
 * the source, and each value that a constructor has put into it with the files; then what is in storage: who has which right.
 * Nothing is asked of the contracts whose code has not been compared before.
 *
 * @param parameters Without them, what only they say is shown and not compared.
 * @throws {@link L1Error} if L1 can't be read or the contracts are not built; a difference is no error here.
 */
export async function verifyDeployment(
  client: L1Client,
  deployment: Deployment,
  parameters?: TenorParameters,
): Promise<Verification> {
  const checks = await client.read("verify the deployment", async () => {
    const there = await thereChecks(client, deployment);
    if (there.some(isDifferent)) return there;
    const codes = await codeChecks(client, deployment, parameters);
    const all = [...there, ...codes, ...fileChecks(deployment, parameters)];
    // A contract of another code may answer anything, or nothing.
    if (all.some((one) => one.what.startsWith("bytecode of") && isDifferent(one))) return all;
    return [
      ...all,
      ...(await creationChecks(client.provider, deployment)),
      ...(await tokenChecks(client, deployment, parameters)),
      ...(await rightsChecks(client, deployment, parameters)),
    ];
  });
  return { checks, isSound: !checks.some(isDifferent) };
}

async function codeChecks(
  { provider }: L1Client,
  deployment: Deployment,
  parameters: TenorParameters | undefined,
): Promise<Check[]> {
  const bytecodes: Check[] = [];
  const values = new Map<DeployedName, ReadonlyMap<string, readonly Hex[]>>();
  for (const name of Object.keys(DEPLOYED_AS) as DeployedName[]) {
    const artifact = loadArtifact(DEPLOYED_AS[name]);
    const { masked, immutables } = takeApart(artifact, (await provider.getCode(deployment.addresses[name])) as Hex);
    const expected = artifact.deployedBytecode.toLowerCase() as Hex;
    const same = masked === expected;
    bytecodes.push(check(`bytecode of ${name}`, same ? "as built" : differenceOf(masked, expected), "as built"));
    if (same) values.set(name, immutables);
  }
  const facts: Check[] = [];
  for (const { contract, immutable, kind, what, expected } of FACTS) {
    const words = values.get(contract)?.get(immutable);
    if (words === undefined) continue;
    facts.push(check(what, words.map((word) => readWord(kind, word)).join(" and "), expected(deployment, parameters)));
  }
  // INVARIANT: every immutable is compared. One that nobody has listed must not pass unseen.
  for (const [name, immutables] of values) {
    for (const [immutable, words] of immutables) {
      const isListed = FACTS.some((fact) => fact.contract === name && fact.immutable === immutable);
      if (!isListed) facts.push(check(`immutable ${immutable} of ${name}`, words.join(" and "), "not listed"));
    }
  }
  return [...bytecodes, ...facts];
}

async function tokenChecks(
  { runner }: L1Client,
  { addresses }: Deployment,
  parameters: TenorParameters | undefined,
): Promise<Check[]> {
  const token = tokenAt(addresses.token, runner);
  const checks = [check("token's decimals", await token.decimals(), 6), check("token's symbol", await token.symbol())];
  if (parameters?.token === "test") {
    const artifact = loadArtifact("TestUsdc");
    const code = (await runner.provider!.getCode(addresses.token)) as Hex;
    const { masked } = takeApart(artifact, code);
    const same = masked === artifact.deployedBytecode.toLowerCase();
    checks.push(check("bytecode of the test token", same ? "as built" : "another one", "as built"));
  }
  return checks;
}

async function rightsChecks(
  client: L1Client,
  deployment: Deployment,
  parameters: TenorParameters | undefined,
): Promise<Check[]> {
  const { timelockProposers = [], timelockExecutors = [], timelockAdmin, sequencer } = parameters ?? {};
  const named = [...timelockProposers, ...timelockExecutors, ...(timelockAdmin === undefined ? [] : [timelockAdmin])];
  const { holders, otherRoles, deployer, delay } = await readTimelockRights(client, deployment, named);
  const expected = parameters === undefined ? undefined : expectedHolders(deployment, parameters);
  const current = await inboxAt(deployment.addresses.inbox, client.runner).sequencer();
  const roles = TIMELOCK_ROLES.map((role) =>
    check(`timelock's ${role}`, list(holders[role]), expected === undefined ? undefined : list(expected[role])),
  );
  // What the parameters name is the deployer's by their will, and none of the deployment's.
  const rights = TIMELOCK_ROLES.filter(
    (role) =>
      deployer !== undefined &&
      holders[role].includes(deployer.toLowerCase() as Hex) &&
      expected?.[role].includes(deployer.toLowerCase() as Hex) !== true,
  );
  return [
    check("timelock's delay", delay, parameters?.timelockDelaySeconds),
    ...roles,
    check("timelock's other roles", list(otherRoles), "nobody"),
    check("sequencer", current, sequencer),
    check("deployer", deployer ?? "not found"),
    check("deployer's rights in the timelock", rights.length === 0 ? "none" : rights.join(", "), "none"),
  ];
}

function list(addresses: readonly string[]): string {
  return addresses.length === 0 ? "nobody" : addresses.join(", ");
}
