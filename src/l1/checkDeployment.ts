import type { Provider } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { bridgeAt, chainAt, gameAt, inboxAt, executorAt, proverAt, settlementAt } from "./Contracts.ts";
import type { DeployedName, Deployment } from "./deployment.ts";
import { FACTS } from "./deploymentFacts.ts";
import type { L1Client } from "./L1Client.ts";
import { L1Error } from "./L1Error.ts";
import { genesisStateRoot, requireTimeToDefend, type TenorParameters } from "./parameters.ts";

/** Something that was read from L1, beside what it must be. */
export interface Check {
  readonly what: string;
  readonly actual: string;
  /** Undefined if nothing given says what it must be. */
  readonly expected: string | undefined;
}

type Value = string | number | bigint;

/** A check; addresses and hashes are the same in capitals. */
export function check(what: string, actual: Value, expected?: Value): Check {
  return { what, actual: String(actual), expected: expected === undefined ? undefined : String(expected) };
}

/** Whether a check shows a difference. */
export function isDifferent({ actual, expected }: Check): boolean {
  return expected !== undefined && actual.toLowerCase() !== expected.toLowerCase();
}

/**
 * Asks the contracts of a deployment whether they are there, refer to each other, and have the parameters of the file, if one is
 * given. A node calls it once, before it believes the addresses. It believes what the contracts say of themselves; whether
 * they are the contracts of the source is what {@link verifyDeployment} reads from their code.
 *
 * @throws {@link L1Error} `DEPLOYMENT_MISMATCH` with everything that differs; DeadlineError `CHALLENGE_PERIOD_TOO_SHORT` if by
 * the file's own times nobody could be sure to defend.
 */
export async function checkDeployment(
  client: L1Client,
  deployment: Deployment,
  parameters?: TenorParameters,
): Promise<void> {
  const checks = await client.read("check the deployment", async () => {
    const there = await thereChecks(client, deployment);
    if (there.some(isDifferent)) return there;
    const said = await saidByGetters(client, deployment);
    return [
      ...FACTS.flatMap(({ contract, immutable, what, expected }) => {
        const actual = said[contract]?.[immutable];
        return actual === undefined ? [] : [check(what, actual, expected(deployment, parameters))];
      }),
      ...fileChecks(deployment, parameters),
    ];
  });
  const differences = checks.filter(isDifferent);
  if (differences.length > 0) {
    throw new L1Error("DEPLOYMENT_MISMATCH", "the contracts are not what the files say", { fields: { differences } });
  }
  if (parameters !== undefined) requireTimeToDefend(parameters);
}

/** That it is the chain, and that every address has a code. */
export async function thereChecks(client: L1Client, { chainId, addresses }: Deployment): Promise<Check[]> {
  const checks = [check("chain id", await client.chainId(), chainId)];
  for (const [name, address] of Object.entries(addresses)) {
    checks.push(check(`code of ${name}`, await hasCode(client.provider, address as Hex), "present"));
  }
  return checks;
}

/** That the file of the deployment and the file of parameters say the same. */
export function fileChecks(deployment: Deployment, parameters: TenorParameters | undefined): Check[] {
  if (parameters === undefined) return [];
  const { chainId, chainType, token, feeRecipient } = parameters;
  return [
    check("chain id of the parameters", chainId, deployment.chainId),
    check("chain type", deployment.chainType ?? "l1", chainType),
    check("fee recipient", deployment.feeRecipient, feeRecipient),
    check("genesis state of the parameters", genesisStateRoot(deployment), genesisStateRoot(parameters)),
    ...(token === "test" ? [] : [check("token of the parameters", deployment.addresses.token, token)]),
  ];
}

/** The values of immutables that the contracts show by getters, by contract and name. */
type Said = Partial<Record<DeployedName, Readonly<Record<string, string | bigint>>>>;

async function saidByGetters({ runner }: L1Client, { addresses }: Deployment): Promise<Said> {
  const rules = await inboxAt(addresses.inbox, runner).parameters();
  const chain = await chainAt(addresses.chain, runner).parameters();
  const game = await gameAt(addresses.game, runner).parameters();
  const bridge = bridgeAt(addresses.bridge, runner);
  const settlement = settlementAt(addresses.settlement, runner);
  const prover = proverAt(addresses.prover, runner);
  const account = executorAt("AccountExecutor", addresses.accountExecutor, runner);
  const fill = executorAt("FillExecutor", addresses.fillExecutor, runner);
  const liquidation = executorAt("LiquidationExecutor", addresses.liquidationExecutor, runner);
  const oracle = executorAt("OracleExecutor", addresses.oracleExecutor, runner);
  const settler = executorAt("SettlementExecutor", addresses.settlementExecutor, runner);
  return {
    inbox: {
      _OWNER: rules.owner,
      _FORCE_DELAY: rules.forceDelay,
      _MAX_PAST: rules.maxPast,
      _MAX_FUTURE: rules.maxFuture,
      _RATE: rules.rate,
      _BURST: rules.burst,
    },
    chain: {
      _INBOX: chain.inbox,
      _GAME: chain.game,
      _TREASURY: chain.treasury,
      _GENESIS_STATE_ROOT: chain.genesisStateRoot,
      _CHALLENGE_PERIOD: chain.challengePeriod,
      _MIN_PARENT_AGE: chain.minParentAge,
      _HISTORY_HEIGHT: chain.historyHeight,
      _STAKE: chain.stake,
    },
    game: {
      _CHAIN: game.chain,
      _INBOX: game.inbox,
      _PROVER: game.prover,
      _SECTION_BITS: game.sectionBits,
      _REFUND_PRICE_CAP: game.refundPriceCap,
    },
    bridge: { _INBOX: await bridge.inbox(), _CHAIN: await bridge.chain(), _TOKEN: await bridge.token() },
    settlement: { _INBOX: await settlement.inbox(), _OWNER: await settlement.owner() },
    prover: {
      ACCOUNT_EXECUTOR: await prover.ACCOUNT_EXECUTOR(),
      FILL_EXECUTOR: await prover.FILL_EXECUTOR(),
      SETTLEMENT_EXECUTOR: await prover.SETTLEMENT_EXECUTOR(),
      ORACLE_EXECUTOR: await prover.ORACLE_EXECUTOR(),
      LIQUIDATION_EXECUTOR: await prover.LIQUIDATION_EXECUTOR(),
    },
    accountExecutor: {
      MARGIN_ENGINE: await account.MARGIN_ENGINE(),
      DOMAIN_SEPARATOR: await account.DOMAIN_SEPARATOR(),
      BRIDGE: await account.BRIDGE(),
    },
    fillExecutor: {
      MARGIN_ENGINE: await fill.MARGIN_ENGINE(),
      DOMAIN_SEPARATOR: await fill.DOMAIN_SEPARATOR(),
    },
    liquidationExecutor: {
      MARGIN_ENGINE: await liquidation.MARGIN_ENGINE(),
      DOMAIN_SEPARATOR: await liquidation.DOMAIN_SEPARATOR(),
    },
    oracleExecutor: { DOMAIN_SEPARATOR: await oracle.DOMAIN_SEPARATOR(), SETTLEMENT: await oracle.SETTLEMENT() },
    settlementExecutor: { SETTLEMENT: await settler.SETTLEMENT() },
  };
}

async function hasCode(provider: Provider, address: Hex): Promise<"present" | "absent"> {
  return (await provider.getCode(address)) === "0x" ? "absent" : "present";
}
