import type { Hex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import type { AccountsClient } from "../l1/AccountsClient.ts";
import { checkDeployment } from "../l1/checkDeployment.ts";
import type { Deployment } from "../l1/deployment.ts";
import type { L1Client } from "../l1/L1Client.ts";

/** Why a role does not start. */
export type StartErrorCode =
  /** The endpoint serves another chain than the deployment is on. */
  | "WRONG_CHAIN"
  /** The key is not that of the account that the contracts expect. */
  | "WRONG_KEY"
  /** The account cannot pay for what the role may have to do. */
  | "NO_FUNDS";

/** Where balances and the price of gas are read. */
export type FundsSource = Pick<AccountsClient, "balance" | "gasPrice">;

/** A role that could do no good is not started. */
export class StartError extends TenorError<StartErrorCode> {
  override readonly name = "StartError";
}

/**
 * Whether an endpoint serves the chain of a deployment, and the contracts are what the file says.
 *
 * @throws {@link StartError} `WRONG_CHAIN`; L1Error `DEPLOYMENT_MISMATCH` with everything that differs.
 */
export async function requireDeployment(client: L1Client, deployment: Deployment): Promise<void> {
  const [chainId, expected] = [await client.chainId(), deployment.chainId];
  if (chainId !== expected) {
    throw new StartError("WRONG_CHAIN", "the endpoint serves another chain than the deployment is on", {
      fields: { chainId, expected },
    });
  }
  await checkDeployment(client, deployment);
}

/** Whether batches of this account are taken. @throws {@link StartError} `WRONG_KEY`. */
export async function requireSequencer(accounts: AccountsClient, account: Hex): Promise<void> {
  const sequencer = await accounts.sequencer();
  if (sequencer.toLowerCase() === account.toLowerCase()) return;
  throw new StartError("WRONG_KEY", "the inbox takes batches from another account", { fields: { account, sequencer } });
}

/** Gas of a defender's moves against one liar, and of its assertion. */
const DEFENCE_GAS = 2_000_000n;
/** Gas of one transaction with a batch. */
const BATCH_GAS = 500_000n;
/** Gas of a keeper's dearest call: a price of a dead feed with several phases. */
const KEEPING_GAS = 1_000_000n;

/**
 * Whether an account can make an assertion and defend it once, at today's price of gas.
 *
 * @param stake Wei that an assertion needs, unless the account has a stake in the contract.
 * @throws {@link StartError} `NO_FUNDS`.
 */
export async function requireStake(accounts: AccountsClient, account: Hex, stake: bigint): Promise<void> {
  const due = (await accounts.hasStake(account)) ? 0n : stake;
  await requireBalance(accounts, account, due + DEFENCE_GAS * (await accounts.gasPrice()));
}

/** Whether an account can pay for a batch at today's price of gas. @throws {@link StartError} `NO_FUNDS`. */
export async function requireBatchFee(accounts: AccountsClient, account: Hex): Promise<void> {
  await requireBalance(accounts, account, BATCH_GAS * (await accounts.gasPrice()));
}

/** What a keeper's account should have at today's price of gas, wei. */
export async function keepersFee(accounts: FundsSource): Promise<bigint> {
  return KEEPING_GAS * (await accounts.gasPrice());
}

/** Whether an account can pay for a keeper's calls at today's price of gas. @throws {@link StartError} `NO_FUNDS`. */
export async function requireKeepersFee(accounts: FundsSource, account: Hex): Promise<void> {
  await requireBalance(accounts, account, await keepersFee(accounts));
}

async function requireBalance(accounts: FundsSource, account: Hex, needed: bigint): Promise<void> {
  const balance = await accounts.balance(account);
  if (balance >= needed && balance > 0n) return;
  throw new StartError("NO_FUNDS", "the account cannot pay for what it may have to do; amounts are in wei", {
    fields: { account, balance, needed },
  });
}
