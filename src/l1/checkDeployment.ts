import type { Provider } from "ethers";
import { toHex, type Hex } from "../crypto/bytes.ts";
import { rootHash } from "../machine/StateTree.ts";
import { bridgeAt, chainAt, gameAt, inboxAt, marginExecutorAt, proverAt, settlementAt } from "./Contracts.ts";
import { deploymentGenesis, type Deployment } from "./deployment.ts";
import type { L1Client } from "./L1Client.ts";
import { L1Error } from "./L1Error.ts";
import { genesisStateRoot, requireTimeToDefend, type TenorParameters } from "./parameters.ts";

/**
 * Reads from L1 whether the contracts of a deployment are there and refer to each other, and whether their parameters are
 * those of the file, if one is given. A node calls it once, before it believes the addresses.
 *
 * @throws {@link L1Error} `DEPLOYMENT_MISMATCH` with everything that differs; DeadlineError `CHALLENGE_PERIOD_TOO_SHORT` if by
 * the file's own times nobody could be sure to defend.
 */
export async function checkDeployment(
  client: L1Client,
  deployment: Deployment,
  parameters?: TenorParameters,
): Promise<void> {
  const { addresses } = deployment;
  const differences: { what: string; actual: string; expected: string }[] = [];
  const expect = (what: string, actual: string | bigint, expected: string | bigint): void => {
    if (String(actual).toLowerCase() === String(expected).toLowerCase()) return;
    differences.push({ what, actual: String(actual), expected: String(expected) });
  };
  await client.read("check the deployment", async () => {
    expect("chain id", await client.chainId(), deployment.chainId);
    for (const [name, address] of Object.entries(addresses)) {
      expect(`code of ${name}`, await hasCode(client.provider, address as Hex), "present");
    }
    if (differences.length > 0) return;
    const inbox = inboxAt(addresses.inbox, client.runner);
    const chain = await chainAt(addresses.chain, client.runner).parameters();
    const game = await gameAt(addresses.game, client.runner).parameters();
    const bridge = bridgeAt(addresses.bridge, client.runner);
    const settlement = settlementAt(addresses.settlement, client.runner);
    const prover = proverAt(addresses.prover, client.runner);
    const rules = await inbox.parameters();
    expect("owner of the inbox", rules.owner, addresses.timelock);
    expect("inbox of the chain", chain.inbox, addresses.inbox);
    expect("game of the chain", chain.game, addresses.game);
    expect("chain of the game", game.chain, addresses.chain);
    expect("inbox of the game", game.inbox, addresses.inbox);
    expect("prover of the game", game.prover, addresses.prover);
    expect("accounts' executor of the prover", await prover.ACCOUNT_EXECUTOR(), addresses.accountExecutor);
    expect("fills' executor of the prover", await prover.FILL_EXECUTOR(), addresses.fillExecutor);
    expect("settlements' executor of the prover", await prover.SETTLEMENT_EXECUTOR(), addresses.settlementExecutor);
    expect("oracle's executor of the prover", await prover.ORACLE_EXECUTOR(), addresses.oracleExecutor);
    expect("auctions' executor of the prover", await prover.LIQUIDATION_EXECUTOR(), addresses.liquidationExecutor);
    for (const name of ["accountExecutor", "fillExecutor", "liquidationExecutor"] as const) {
      const marginEngine = await marginExecutorAt(addresses[name], client.runner).MARGIN_ENGINE();
      expect(`margin engine of ${name}`, marginEngine, addresses.marginEngine);
    }
    expect("inbox of the bridge", await bridge.inbox(), addresses.inbox);
    expect("chain of the bridge", await bridge.chain(), addresses.chain);
    expect("token of the bridge", await bridge.token(), addresses.token);
    expect("inbox of the settlement", await settlement.inbox(), addresses.inbox);
    expect("owner of the settlement", await settlement.owner(), addresses.timelock);
    expect("genesis state", chain.genesisStateRoot, toHex(rootHash(deploymentGenesis(deployment))));
    if (parameters === undefined) return;
    expect("genesis state of the parameters", chain.genesisStateRoot, genesisStateRoot(parameters));
    expect("force delay", rules.forceDelay, parameters.forceDelaySeconds);
    expect("most time back", rules.maxPast, parameters.maxPastSeconds);
    expect("most time ahead", rules.maxFuture, parameters.maxFutureSeconds);
    expect("rate", rules.rate, parameters.rateBytesPerSecond);
    expect("burst", rules.burst, parameters.burstBytes);
    expect("section bits", game.sectionBits, parameters.sectionBits);
    expect("cap on refunds", game.refundPriceCap, parameters.refundPriceCapWei);
    expect("treasury", chain.treasury, parameters.treasury);
    expect("challenge period", chain.challengePeriod, parameters.challengePeriodSeconds);
    expect("age of a parent", chain.minParentAge, parameters.minParentAgeSeconds);
    expect("history height", chain.historyHeight, parameters.historyHeight);
    expect("stake", chain.stake, parameters.stakeWei);
  });
  if (differences.length > 0) {
    throw new L1Error("DEPLOYMENT_MISMATCH", "the contracts are not what the files say", { fields: { differences } });
  }
  if (parameters !== undefined) requireTimeToDefend(parameters);
}

async function hasCode(provider: Provider, address: Hex): Promise<"present" | "absent"> {
  return (await provider.getCode(address)) === "0x" ? "absent" : "present";
}
