import { readU128, readU32, toHex } from "../../../src/crypto/bytes.ts";
import type { CancelAuth, Transaction } from "../../../src/machine/Wire.ts";
import { emptyAccount, type AccountRecord, type ModelContext, type ModelState } from "./ModelState.ts";
import { signedDigest } from "./signing.ts";
import { demand, distinctNames, marketName, refuse, shortQuantity, slotName, ZERO_ADDRESS } from "./words.ts";

/** Transactions of one account: docs/specification.md, section 6.2. */

type Of<T extends number> = Extract<Transaction, { type: T }>;

export function deposit(state: ModelState, sender: string, payload: Uint8Array): void {
  demand(sender === state.config.bridge, "WrongSender");
  demand(payload.length === 40, "Malformed");
  const [id, owner, amount] = [readU32(payload, 0), toHex(payload.slice(4, 24)), readU128(payload, 24)];
  demand(amount < 1n << 64n, "Malformed");
  demand(amount > 0n, "AmountZero");
  const account = state.accounts.get(String(id));
  if (account === undefined) state.accounts.set(String(id), emptyAccount(owner));
  else demand(account.owner === owner, "OwnerMismatch");
  state.credit(id, amount);
}

function pay(state: ModelState, context: ModelContext, id: number, account: AccountRecord, amount: bigint): void {
  demand(account.debt === 0n, "AccountInDebt");
  demand(account.cash >= amount, "InsufficientCash");
  const after = { ...account, auction: 0n, cash: account.cash - amount };
  demand(state.excessesOf(after, context.now).initial >= 0n, "InsufficientMargin");
  state.accounts.set(String(id), after);
}

export function withdraw(state: ModelState, context: ModelContext, tx: Of<0x01>): void {
  demand(tx.amount > 0n, "AmountZero");
  demand(tx.payee <= 4, "Malformed");
  const { account, between } = state.authorize(
    context,
    tx.account,
    tx.auth,
    "Withdraw",
    (opened, payee) => ({ account: tx.account, amount: tx.amount, recipient: payee ?? opened.owner }),
    () => (tx.payee === 0 ? undefined : state.useKey(context.now, tx.account, tx.payee, 4).address),
  );
  pay(state, context, tx.account, account, tx.amount);
  const number = state.globals.get("")!.withdrawals;
  state.changeGlobals({ withdrawals: 1n });
  const recipient = between ?? account.owner;
  state.withdrawals.set(String(number), { account: tx.account, recipient, amount: tx.amount });
}

export function transfer(state: ModelState, context: ModelContext, tx: Of<0x02>): void {
  demand(tx.amount > 0n, "AmountZero");
  const value = { from: tx.from, to: tx.to, amount: tx.amount };
  const { account } = state.authorize(
    context,
    tx.from,
    tx.auth,
    "Transfer",
    () => value,
    () => undefined,
  );
  pay(state, context, tx.from, account, tx.amount);
  state.credit(tx.to, tx.amount);
}

export function setKey(state: ModelState, context: ModelContext, tx: Of<0x03>): void {
  const { account, index, scope, expiry, budget } = tx;
  const address = toHex(tx.address);
  demand([1, 2, 3, 4].includes(index) && address !== ZERO_ADDRESS && scope > 0 && scope < 8, "Malformed");
  const value = { account, index, key: address, scope, expiry, budget };
  state.authorize(
    context,
    account,
    tx.auth,
    "SetKey",
    () => value,
    () => undefined,
  );
  const name = `${account}/${index}`;
  const epoch = ((state.keys.get(name)?.epoch ?? 0) + 1) % 2 ** 32;
  state.keys.set(name, { address, scope, expiry, budget, epoch });
}

export function revokeKey(state: ModelState, context: ModelContext, tx: Of<0x04>): void {
  demand([1, 2, 3, 4].includes(tx.index), "Malformed");
  const value = { account: tx.account, index: tx.index };
  state.authorize(
    context,
    tx.account,
    tx.auth,
    "RevokeKey",
    () => value,
    () => undefined,
  );
  const name = `${tx.account}/${tx.index}`;
  const key = state.keys.get(name);
  if (key === undefined || key.address === ZERO_ADDRESS) refuse("KeyInvalid");
  const epoch = (key.epoch + 1) % 2 ** 32;
  state.keys.set(name, { address: ZERO_ADDRESS, scope: 0, expiry: 0n, budget: 0n, epoch });
}

/** The account whose owner or key signed a cancellation. */
function authorizeCancel(
  state: ModelState,
  context: ModelContext,
  id: number,
  auth: CancelAuth | undefined,
  type: string,
  value: Record<string, unknown>,
  check: (account: AccountRecord) => void,
): AccountRecord {
  const keyed = auth !== undefined && auth.keyIndex !== 0;
  const key = keyed ? state.useKey(context.now, id, auth.keyIndex, 1 | 2) : undefined;
  const account = state.account(id);
  if (auth === undefined) demand(account.owner === context.sender, "NotOwner");
  check(account);
  if (auth === undefined) return account;
  const digest = signedDigest(state.config, type, { ...value, deadline: auth.deadline });
  demand(state.signerOf(digest, auth.signature) === (key?.address ?? account.owner), "BadSignature");
  return account;
}

export function cancel(state: ModelState, context: ModelContext, tx: Of<0x05>): void {
  if (tx.auth !== undefined) demand(tx.auth.deadline >= context.now, "Expired");
  const slot = state.orders.get(slotName(tx.account, tx.nonce));
  if (slot !== undefined) {
    demand(slot.nonce <= tx.nonce, "NonceRetired");
    demand(slot.nonce !== tx.nonce || slot.terms !== undefined, "NonceUsed");
  }
  state.orders.set(slotName(tx.account, tx.nonce), { nonce: tx.nonce, terms: undefined });
  const value = { account: tx.account, nonce: tx.nonce };
  authorizeCancel(state, context, tx.account, tx.auth, "Cancel", value, (account) =>
    state.demandWindow(account, tx.nonce),
  );
}

export function cancelAll(state: ModelState, context: ModelContext, tx: Of<0x06>): void {
  if (tx.auth !== undefined) demand(tx.auth.deadline >= context.now, "Expired");
  const value = { account: tx.account, floor: tx.floor };
  const account = authorizeCancel(state, context, tx.account, tx.auth, "CancelAll", value, () => undefined);
  demand(tx.floor > account.floor && tx.floor <= account.floor + 2n ** 30n, "FloorInvalid");
  state.accounts.set(String(tx.account), { ...account, floor: tx.floor });
}

export function collectFees(state: ModelState): void {
  const { fees } = state.globals.get("")!;
  demand(fees > 0n, "NothingToCollect");
  state.changeGlobals({ fees: -fees });
  state.credit(0, fees);
}

export function setMode(state: ModelState, context: ModelContext, tx: Of<0x09>): void {
  const value = { account: tx.account, mode: tx.mode };
  const { account } = state.authorize(
    context,
    tx.account,
    tx.auth,
    "SetMode",
    () => value,
    () => undefined,
  );
  demand(account.debt === 0n, "AccountInDebt");
  demand(account.mode !== tx.mode, "ModeInvalid");
  demand(account.auction === 0n, "AuctionRunning");
  const after = { ...account, mode: tx.mode };
  state.demandFreshAnchors(after, context.now);
  demand(state.excessesOf(after, context.now).initial >= 0n, "InsufficientMargin");
  state.accounts.set(String(tx.account), after);
  const markets = distinctNames([...account.positions.keys()].map(marketName)).filter(
    (market) => shortQuantity(account.positions, market) > 0n,
  );
  for (const market of markets) {
    const quantity = shortQuantity(account.positions, market);
    state.changeExposure(market, tx.mode === 1 ? quantity : -quantity);
  }
  if (tx.mode === 1) for (const market of markets) state.demandCap(market);
}
