import { inWindow, signedBy, type Execution } from "./Execution.ts";
import { ResultCode } from "./ResultCodes.ts";
import { spentOrder, type Account } from "./Slots.ts";
import type { OwnerAuth } from "./Wire.ts";

/** Who may act for an account, and once only: docs/specification.md, section 6.1. */

/** Uses up the nonce of a signed transaction; forced ones have none. */
export function spendNonce(execution: Execution, account: number, auth: OwnerAuth | undefined): ResultCode {
  if (auth === undefined) return ResultCode.OK;
  if (auth.deadline < execution.now) return ResultCode.Expired;
  const slot = execution.state.openOrder(account, auth.nonce);
  if (slot !== undefined && slot.nonce > auth.nonce) return ResultCode.NonceRetired;
  if (slot?.nonce === auth.nonce) return ResultCode.NonceUsed;
  execution.state.writeOrder(account, spentOrder(auth.nonce));
  return ResultCode.OK;
}

/** Opens an account whose owner signed, or is the L1 sender. */
export function openAuthorized(
  execution: Execution,
  id: number,
  auth: OwnerAuth | undefined,
  digest: (owner: Uint8Array, auth: OwnerAuth) => Uint8Array,
): Account | ResultCode {
  const { state, config, sender } = execution;
  const account = state.openAccount(id);
  if (account === undefined) return ResultCode.AccountUnknown;
  if (auth === undefined) return signedBy(sender, account.owner) ? account : ResultCode.NotOwner;
  if (!inWindow(account, auth.nonce)) return ResultCode.NonceOutOfWindow;
  const signer = config.recover(digest(account.owner, auth), auth.signature);
  return signedBy(signer, account.owner) ? account : ResultCode.BadSignature;
}
