import type { SubmittedTransaction } from "../sequencer/AccountTransaction.ts";
import type { OutcomeOf } from "../sequencer/Submission.ts";
import type { Login } from "./Logins.ts";
import { refusalError, type RpcContext } from "./RpcContext.ts";
import { RpcError } from "./RpcError.ts";

/**
 * Submits a transaction that pays no fee. What gets into a batch takes of the bytes that L1 lets the sequencer post, so each key of an
 * account has a share of its own: a thief of one does not use up what the owner needs to revoke it.
 *
 * @throws {@link RpcError} `TOO_MANY_REQUESTS` beyond that share, and what the sequencer refuses, which counts as nothing.
 */
export async function submitUnpaid(
  { sequencer, unpaid }: Pick<RpcContext, "sequencer" | "unpaid">,
  { account, keyIndex }: Login,
  transaction: SubmittedTransaction,
): Promise<Extract<OutcomeOf<"transaction">, { accepted: true }>> {
  const key = `${account}:${keyIndex}`;
  if (!unpaid.take(key)) {
    throw new RpcError("TOO_MANY_REQUESTS", "too many transactions that pay no fee; later, or by L1", { account });
  }
  const outcome = await sequencer.submit({ kind: "transaction", transaction });
  if (outcome.accepted) return outcome;
  unpaid.charge(key, -1);
  throw refusalError(outcome.refusal);
}
