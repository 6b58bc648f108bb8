import { equalBytes, isZero, readU128, readU32 } from "../crypto/bytes.ts";
import { excessOf, initialExcess, openForMargin, restsOnStaleAnchor } from "./Assessment.ts";
import { openAuthorized, spendNonce } from "./Authority.ts";
import { FEE_ACCOUNT, MAX_AMOUNT, MAX_KEYS, MODE_STANDARD, NONCE_WINDOW } from "./Constants.ts";
import {
  addToFund,
  credit,
  exceedsCap,
  inWindow,
  shiftExposure,
  signedBy,
  useKey,
  type Execution,
} from "./Execution.ts";
import type { Message } from "./Inputs.ts";
import { marketsOf, shortQuantity } from "./Positions.ts";
import { ResultCode } from "./ResultCodes.ts";
import {
  emptyAccount,
  isSpent,
  KIND_KEY,
  KIND_WITHDRAWAL,
  SCOPE_ALL,
  SCOPE_CANCEL,
  SCOPE_PAYEE,
  SCOPE_TRADE,
  spentOrder,
  ZERO_ADDRESS,
  type Account,
  type Market,
} from "./Slots.ts";
import {
  cancelAllDigest,
  cancelDigest,
  revokeKeyDigest,
  setKeyDigest,
  setModeDigest,
  transferDigest,
  withdrawDigest,
} from "./TypedData.ts";
import type { Cancel, CancelAll, CancelAuth, RevokeKey, SetKey, SetMode, Transfer, Withdraw } from "./Wire.ts";

/** Transactions of one account: docs/specification.md, section 6.2. */

/** Deposit message of the Bridge. */
export function deposit(execution: Execution, message: Message): ResultCode {
  const { config, state } = execution;
  if (!equalBytes(message.sender, config.bridge)) return ResultCode.WrongSender;
  if (message.payload.length !== 40) return ResultCode.Malformed;
  const id = readU32(message.payload, 0);
  const owner = message.payload.slice(4, 24);
  const amount = readU128(message.payload, 24);
  // INVARIANT: a deposit is below 2^64, so that no sum of deposits exceeds 128 bits.
  if (amount > MAX_AMOUNT) return ResultCode.Malformed;
  if (amount === 0n) return ResultCode.AmountZero;
  const existing = state.openAccount(id);
  if (existing !== undefined && !equalBytes(existing.owner, owner)) return ResultCode.OwnerMismatch;
  const before = existing ?? emptyAccount(owner);
  const { account, repaid } = credit(before, amount);
  state.writeAccount(id, account);
  addToFund(execution, repaid);
  return ResultCode.OK;
}

/** Withdraw to the owner or to an allow-listed address. */
export function withdraw(execution: Execution, tx: Withdraw): ResultCode {
  const { state, config } = execution;
  if (tx.amount === 0n) return ResultCode.AmountZero;
  if (tx.payee > MAX_KEYS) return ResultCode.Malformed;
  const spent = spendNonce(execution, tx.account, tx.auth);
  if (spent !== ResultCode.OK) return spent;
  let recipient: Uint8Array | undefined;
  if (tx.payee !== 0) {
    const payee = useKey(execution, tx.account, tx.payee, SCOPE_PAYEE);
    if (payee === ResultCode.KeyInvalid) return payee;
    recipient = payee.address;
  }
  const account = openAuthorized(execution, tx.account, tx.auth, (owner, auth) =>
    withdrawDigest(config.domain, tx.account, tx.amount, recipient ?? owner, auth.nonce, auth.deadline),
  );
  if (typeof account === "number") return account;
  const paid = pay(execution, tx.account, account, tx.amount);
  if (paid !== ResultCode.OK) return paid;
  const globals = state.openGlobals();
  state.writeGlobals({ ...globals, withdrawals: globals.withdrawals + 1n });
  state.insertWithdrawal(globals.withdrawals, {
    kind: KIND_WITHDRAWAL,
    account: tx.account,
    recipient: recipient ?? account.owner,
    amount: tx.amount,
  });
  return ResultCode.OK;
}

/** Transfer of cash between accounts. */
export function transfer(execution: Execution, tx: Transfer): ResultCode {
  const { state, config } = execution;
  if (tx.amount === 0n) return ResultCode.AmountZero;
  const spent = spendNonce(execution, tx.from, tx.auth);
  if (spent !== ResultCode.OK) return spent;
  const from = openAuthorized(execution, tx.from, tx.auth, (_owner, auth) =>
    transferDigest(config.domain, tx.from, tx.to, tx.amount, auth.nonce, auth.deadline),
  );
  if (typeof from === "number") return from;
  const paid = pay(execution, tx.from, from, tx.amount);
  if (paid !== ResultCode.OK) return paid;
  // SAFETY: opened after the sender was written, so a transfer to oneself sees its own debit.
  const to = state.openAccount(tx.to);
  if (to === undefined) return ResultCode.AccountUnknown;
  const { account, repaid } = credit(to, tx.amount);
  state.writeAccount(tx.to, account);
  addToFund(execution, repaid);
  return ResultCode.OK;
}

/** SetMode: collateralised or standard margin, whichever the account satisfies. */
export function setMode(execution: Execution, tx: SetMode): ResultCode {
  const { state, config } = execution;
  const spent = spendNonce(execution, tx.account, tx.auth);
  if (spent !== ResultCode.OK) return spent;
  const account = openAuthorized(execution, tx.account, tx.auth, (_owner, auth) =>
    setModeDigest(config.domain, tx.account, tx.mode, auth.nonce, auth.deadline),
  );
  if (typeof account === "number") return account;
  if (account.debt > 0n) return ResultCode.AccountInDebt;
  if (account.mode === tx.mode) return ResultCode.ModeInvalid;
  if (account.auction !== 0n) return ResultCode.AuctionRunning;
  const after = { ...account, mode: tx.mode };
  openForMargin(execution, after.mode, after.positions);
  if (restsOnStaleAnchor(execution, after)) return ResultCode.AnchorStale;
  if (excessOf(execution, after) < 0n) return ResultCode.InsufficientMargin;
  state.writeAccount(tx.account, after);
  const grown: Market[] = [];
  for (const market of marketsOf(account.positions)) {
    const shorts = shortQuantity(account.positions, market);
    const shifted = shiftExposure(execution, market, tx.mode === MODE_STANDARD ? shorts : -shorts);
    if (shifted !== undefined && tx.mode === MODE_STANDARD) grown.push(shifted);
  }
  if (grown.length === 0) return ResultCode.OK;
  const { fund } = state.openGlobals();
  return grown.some((market) => exceedsCap(market, fund)) ? ResultCode.ExposureCap : ResultCode.OK;
}

/** SetKey: a session key or a payee. */
export function setKey(execution: Execution, tx: SetKey): ResultCode {
  const { state, config } = execution;
  if (!isKeyIndex(tx.index) || isZero(tx.address) || tx.scope === 0 || tx.scope > SCOPE_ALL)
    return ResultCode.Malformed;
  const spent = spendNonce(execution, tx.account, tx.auth);
  if (spent !== ResultCode.OK) return spent;
  const account = openAuthorized(execution, tx.account, tx.auth, (_owner, { nonce, deadline }) =>
    setKeyDigest(config.domain, tx.account, tx.index, tx.address, tx.scope, tx.expiry, tx.budget, nonce, deadline),
  );
  if (typeof account === "number") return account;
  const epoch = nextEpoch(state.openKey(tx.account, tx.index)?.epoch ?? 0);
  state.writeKey(tx.account, tx.index, {
    kind: KIND_KEY,
    address: tx.address,
    scope: tx.scope,
    expiry: tx.expiry,
    budget: tx.budget,
    epoch,
  });
  return ResultCode.OK;
}

/** RevokeKey. Orders that the key signed are void from now on. */
export function revokeKey(execution: Execution, tx: RevokeKey): ResultCode {
  const { state, config } = execution;
  if (!isKeyIndex(tx.index)) return ResultCode.Malformed;
  const spent = spendNonce(execution, tx.account, tx.auth);
  if (spent !== ResultCode.OK) return spent;
  const account = openAuthorized(execution, tx.account, tx.auth, (_owner, auth) =>
    revokeKeyDigest(config.domain, tx.account, tx.index, auth.nonce, auth.deadline),
  );
  if (typeof account === "number") return account;
  const key = state.openKey(tx.account, tx.index);
  if (key === undefined || key.scope === 0) return ResultCode.KeyInvalid;
  state.writeKey(tx.account, tx.index, {
    kind: KIND_KEY,
    address: ZERO_ADDRESS,
    scope: 0,
    expiry: 0n,
    budget: 0n,
    epoch: nextEpoch(key.epoch),
  });
  return ResultCode.OK;
}

/** Cancel of one order, whether the state has seen it or not: its nonce is spent. */
export function cancel(execution: Execution, tx: Cancel): ResultCode {
  const { state, config, now } = execution;
  if (tx.auth !== undefined && tx.auth.deadline < now) return ResultCode.Expired;
  const slot = state.openOrder(tx.account, tx.nonce);
  if (slot !== undefined && slot.nonce > tx.nonce) return ResultCode.NonceRetired;
  if (slot?.nonce === tx.nonce && isSpent(slot)) return ResultCode.NonceUsed;
  state.writeOrder(tx.account, spentOrder(tx.nonce));
  const account = openForCancel(
    execution,
    tx.account,
    tx.auth,
    (auth) => cancelDigest(config.domain, tx.account, tx.nonce, auth.deadline),
    (opened) => (inWindow(opened, tx.nonce) ? ResultCode.OK : ResultCode.NonceOutOfWindow),
  );
  return typeof account === "number" ? account : ResultCode.OK;
}

/** CancelAll: raises the floor. It only rises, so it serves as its own nonce. */
export function cancelAll(execution: Execution, tx: CancelAll): ResultCode {
  const { state, config, now } = execution;
  if (tx.auth !== undefined && tx.auth.deadline < now) return ResultCode.Expired;
  const account = openForCancel(
    execution,
    tx.account,
    tx.auth,
    (auth) => cancelAllDigest(config.domain, tx.account, tx.floor, auth.deadline),
    () => ResultCode.OK,
  );
  if (typeof account === "number") return account;
  if (tx.floor <= account.floor || tx.floor > account.floor + NONCE_WINDOW) return ResultCode.FloorInvalid;
  state.writeAccount(tx.account, { ...account, floor: tx.floor });
  return ResultCode.OK;
}

/** CollectFees: moves the collected fees to the fee account. */
export function collectFees(execution: Execution): ResultCode {
  const { state } = execution;
  const globals = state.openGlobals();
  if (globals.fees === 0n) return ResultCode.NothingToCollect;
  state.writeGlobals({ ...globals, fees: 0n });
  const before = state.openAccount(FEE_ACCOUNT);
  if (before === undefined) return ResultCode.AccountUnknown;
  const { account, repaid } = credit(before, globals.fees);
  state.writeAccount(FEE_ACCOUNT, account);
  addToFund(execution, repaid);
  return ResultCode.OK;
}

/** Takes `amount` from an account that may give it, and writes the account. */
function pay(execution: Execution, id: number, account: Account, amount: bigint): ResultCode {
  if (account.debt > 0n) return ResultCode.AccountInDebt;
  if (amount > account.cash) return ResultCode.InsufficientCash;
  const after = { ...account, auction: 0n, cash: account.cash - amount };
  if (initialExcess(execution, after) < 0n) return ResultCode.InsufficientMargin;
  execution.state.writeAccount(id, after);
  return ResultCode.OK;
}

/** Opens an account whose owner or session key signed a cancellation, or whose owner is the L1 sender. */
function openForCancel(
  execution: Execution,
  id: number,
  auth: CancelAuth | undefined,
  digest: (auth: CancelAuth) => Uint8Array,
  check: (account: Account) => ResultCode,
): Account | ResultCode {
  const { state, config, sender } = execution;
  let address: Uint8Array | undefined;
  if (auth !== undefined && auth.keyIndex !== 0) {
    const key = useKey(execution, id, auth.keyIndex, SCOPE_CANCEL | SCOPE_TRADE);
    if (key === ResultCode.KeyInvalid) return key;
    address = key.address;
  }
  const account = state.openAccount(id);
  if (account === undefined) return ResultCode.AccountUnknown;
  if (auth === undefined && !signedBy(sender, account.owner)) return ResultCode.NotOwner;
  const checked = check(account);
  if (checked !== ResultCode.OK) return checked;
  if (auth === undefined) return account;
  const signer = config.recover(digest(auth), auth.signature);
  return signedBy(signer, address ?? account.owner) ? account : ResultCode.BadSignature;
}

/** The count of changes wraps around rather than making a key that cannot be changed any more; that takes 2^32 changes. */
function nextEpoch(epoch: number): number {
  return (epoch + 1) >>> 0;
}

function isKeyIndex(index: number): boolean {
  return index >= 1 && index <= MAX_KEYS;
}
