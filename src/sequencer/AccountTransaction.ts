import {
  FRACTION,
  FUND_ACCOUNT,
  FUND_ACCOUNTS,
  MAX_KEYS,
  MAX_NONCE,
  MAX_TIME,
  MODE_STANDARD,
} from "../machine/Constants.ts";
import {
  TX_BID,
  TX_CANCEL,
  TX_CANCEL_ALL,
  TX_COLLECT_FUND,
  TX_END_AUCTION,
  TX_FUND_BID,
  TX_REVOKE_KEY,
  TX_SET_KEY,
  TX_SET_MODE,
  TX_START_AUCTION,
  TX_TRANSFER,
  TX_WITHDRAW,
  type Bid,
  type Cancel,
  type CancelAll,
  type CancelAuth,
  type CollectFund,
  type EndAuction,
  type FundBid,
  type OwnerAuth,
  type RevokeKey,
  type SetKey,
  type SetMode,
  type StartAuction,
  type Transfer,
  type Transaction,
  type Withdraw,
} from "../machine/Wire.ts";
import { refuse, type Refusal } from "./Refusal.ts";
import { firstOutside } from "./SignedOrder.ts";

/** What traders submit besides orders, in its signed form. Times are absolute. */
export type AccountTransaction = Withdraw | Transfer | SetKey | RevokeKey | SetMode | Bid | Cancel | CancelAll;

/** What anybody may submit, since nobody's authority is needed. */
export type OpenTransaction = StartAuction | EndAuction | FundBid | CollectFund;

/** What is submitted besides orders. */
export type SubmittedTransaction = AccountTransaction | OpenTransaction;

const MAX_U64 = (1n << 64n) - 1n;
const MAX_ACCOUNT = 0xffffffff;

/** The accounts that a transaction may change; none for CollectFees. */
export function accountsOf(tx: Transaction): number[] {
  if ("accounts" in tx) return [...tx.accounts];
  if ("maker" in tx) return [tx.maker.account, tx.taker.account];
  if (tx.type === TX_TRANSFER) return [tx.from, tx.to];
  if (tx.type === TX_BID) return [tx.account, tx.bidder];
  if (tx.type === TX_FUND_BID) return [tx.account, FUND_ACCOUNT + tx.fund];
  if (tx.type === TX_COLLECT_FUND) return [FUND_ACCOUNT + tx.fund];
  return "account" in tx ? [tx.account] : [];
}

/** Whether a batch of L2 time `time` (seconds) can carry the transaction. */
export function transactionRefusal(tx: SubmittedTransaction, time: bigint): Refusal | undefined {
  if (!("auth" in tx)) {
    const outside = openFieldOutside(tx);
    return outside === undefined ? undefined : refuse("NotRepresentable", outside);
  }
  const { auth } = tx;
  if (auth === undefined) return refuse("BadSignature");
  const field = numbersOutside(tx) ?? bigintsOutside(tx, auth);
  if (field !== undefined) return refuse("NotRepresentable", field);
  if (auth.signature.length !== 64) return refuse("NotRepresentable", "signature");
  if (tx.type === TX_SET_KEY && tx.address.length !== 20) return refuse("NotRepresentable", "address");
  return auth.deadline < time ? refuse("Expired") : undefined;
}

function openFieldOutside(tx: OpenTransaction): string | undefined {
  const account: readonly [string, number, number] = ["account", "account" in tx ? tx.account : 0, MAX_ACCOUNT];
  switch (tx.type) {
    case TX_START_AUCTION:
    case TX_END_AUCTION:
      return firstOutside([account]);
    case TX_FUND_BID:
      return firstOutside([account, ["fund", tx.fund, FUND_ACCOUNTS - 1]]) ?? fractionOutside(tx.fraction);
    case TX_COLLECT_FUND:
      return firstOutside([["fund", tx.fund, FUND_ACCOUNTS - 1]]);
  }
}

/** No fraction is zero: the wire has no such bid. */
function fractionOutside(fraction: bigint): string | undefined {
  return fraction === 0n ? "fraction" : firstOutside([["fraction", fraction, FRACTION]]);
}

function numbersOutside(tx: AccountTransaction): string | undefined {
  switch (tx.type) {
    case TX_WITHDRAW:
      return firstOutside([
        ["account", tx.account, MAX_ACCOUNT],
        ["payee", tx.payee, 0xff],
      ]);
    case TX_TRANSFER:
      return firstOutside([
        ["from", tx.from, MAX_ACCOUNT],
        ["to", tx.to, MAX_ACCOUNT],
      ]);
    case TX_SET_KEY:
      return firstOutside([
        ["account", tx.account, MAX_ACCOUNT],
        ["index", tx.index, 0xff],
        ["scope", tx.scope, 0xff],
      ]);
    case TX_SET_MODE:
      return firstOutside([
        ["account", tx.account, MAX_ACCOUNT],
        ["mode", tx.mode, MODE_STANDARD],
      ]);
    case TX_BID:
      return firstOutside([
        ["account", tx.account, MAX_ACCOUNT],
        ["bidder", tx.bidder, MAX_ACCOUNT],
      ]);
    case TX_REVOKE_KEY:
      return firstOutside([
        ["account", tx.account, MAX_ACCOUNT],
        ["index", tx.index, 0xff],
      ]);
    case TX_CANCEL:
    case TX_CANCEL_ALL:
      return firstOutside([
        ["account", tx.account, MAX_ACCOUNT],
        ["keyIndex", tx.auth!.keyIndex, MAX_KEYS],
      ]);
  }
}

function bigintsOutside(tx: AccountTransaction, auth: OwnerAuth | CancelAuth): string | undefined {
  const values: [string, bigint, bigint][] = [["deadline", auth.deadline, MAX_TIME]];
  if ("nonce" in auth) values.push(["nonce", auth.nonce, MAX_NONCE]);
  if (tx.type === TX_WITHDRAW || tx.type === TX_TRANSFER) values.push(["amount", tx.amount, MAX_U64]);
  if (tx.type === TX_SET_KEY) values.push(["expiry", tx.expiry, MAX_TIME], ["budget", tx.budget, MAX_U64]);
  if (tx.type === TX_BID) values.push(["limit", tx.limit, MAX_U64]);
  if (tx.type === TX_CANCEL) values.push(["nonce", tx.nonce, MAX_NONCE]);
  if (tx.type === TX_CANCEL_ALL) values.push(["floor", tx.floor, MAX_NONCE]);
  return firstOutside(values) ?? (tx.type === TX_BID ? fractionOutside(tx.fraction) : undefined);
}
