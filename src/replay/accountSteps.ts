import { FUND_ACCOUNT, MODE_STANDARD } from "../machine/Constants.ts";
import { TX_COLLECT_FUND } from "../machine/Wire.ts";
import type { SubmittedTransaction } from "../sequencer/AccountTransaction.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import { signSetMode, signTransfer } from "../sequencer/Signing.ts";
import { ReplayError } from "./ReplayError.ts";
import type { TraderAccount } from "./Traders.ts";

/** What accounts of a replay do besides trading. The sequencer has read their deposits. */

/** Life of a transaction of an account, seconds. */
const LIFE = 600n;

/** Gives the insurance fund capital: to one of its accounts, from where anybody may have it collected. */
export function giveToFund(
  domain: Uint8Array,
  sequencer: Sequencer,
  account: TraderAccount,
  amount: bigint,
  time: bigint,
): void {
  const fields = { from: account.account!, to: FUND_ACCOUNT, amount };
  const terms = { nonce: ++account.nonce, deadline: time + LIFE };
  submit(sequencer, signTransfer(domain, fields, terms, account.privateKey));
  submit(sequencer, { type: TX_COLLECT_FUND, fund: 0 });
}

/** Puts an account on standard margin. */
export function chooseStandard(domain: Uint8Array, sequencer: Sequencer, account: TraderAccount, time: bigint): void {
  const fields = { account: account.account!, mode: MODE_STANDARD };
  const terms = { nonce: ++account.nonce, deadline: time + LIFE };
  submit(sequencer, signSetMode(domain, fields, terms, account.privateKey));
}

/** Submits what must be accepted, or the replay makes no sense. */
function submit(sequencer: Sequencer, transaction: SubmittedTransaction): void {
  const [outcome] = sequencer.submitMany([{ kind: "transaction", transaction }]);
  if (outcome!.accepted) return;
  const { type } = transaction;
  throw new ReplayError("NOT_ACCEPTED", "the sequencer refused", { fields: { type, ...outcome!.refusal } });
}
