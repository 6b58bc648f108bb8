import { equalBytes } from "../crypto/bytes.ts";
import { ResultCode } from "./ResultCodes.ts";
import type { Recover } from "./Signatures.ts";
import type { Account, Key, Market } from "./Slots.ts";
import type { State } from "./State.ts";
import { NONCE_WINDOW, PRICE_TO_CASH } from "./Constants.ts";

/** What is fixed for one deployment. */
export interface MachineConfig {
  /** EIP-712 domain separator, 32 bytes. */
  readonly domain: Uint8Array;
  /** Address of the Bridge, 20 bytes. */
  readonly bridge: Uint8Array;
  /** Address of OptionsSettlement, 20 bytes. */
  readonly settlement: Uint8Array;
  readonly recover: Recover;
}

/** What one transaction is executed with. */
export interface Execution {
  readonly config: MachineConfig;
  readonly state: State;
  /** L2 time, seconds. */
  readonly now: bigint;
  /** L1 time of the batch, or of the message. */
  readonly l1Time: bigint;
  /** The L1 sender of a forced transaction; undefined for an item of a batch. */
  readonly sender: Uint8Array | undefined;
}

/** Whether `nonce` lies in the account's window. */
export function inWindow(account: Account, nonce: bigint): boolean {
  return nonce >= account.floor && nonce < account.floor + NONCE_WINDOW;
}

/** A session key that may do what is asked, or why not. */
export function useKey(
  execution: Execution,
  account: number,
  index: number,
  scopes: number,
  epoch?: number,
): Key | typeof ResultCode.KeyInvalid {
  const key = execution.state.openKey(account, index);
  // SAFETY: a revoked key has no scope, so the scope check covers it.
  const valid =
    key !== undefined &&
    (key.scope & scopes) !== 0 &&
    key.expiry >= execution.now &&
    (epoch === undefined || key.epoch === epoch);
  return valid ? key : ResultCode.KeyInvalid;
}

/** Adds `amount` to an account; its debt is served first. `repaid` belongs to the insurance fund. */
export function credit(account: Account, amount: bigint): { account: Account; repaid: bigint } {
  const repaid = account.debt < amount ? account.debt : amount;
  return {
    account: { ...account, cash: account.cash + amount - repaid, debt: account.debt - repaid },
    repaid,
  };
}

/** Adds what was repaid to the insurance fund; opens nothing if that is zero. */
export function addToFund(execution: Execution, repaid: bigint): void {
  if (repaid === 0n) return;
  const globals = execution.state.openGlobals();
  execution.state.writeGlobals({ ...globals, fund: globals.fund + repaid });
}

/** Changes a market's exposure and returns the market after; opens nothing if `change` is zero. */
export function shiftExposure(execution: Execution, market: number, change: bigint): Market | undefined {
  if (change === 0n) return undefined;
  const { state } = execution;
  const before = state.openMarket(market);
  // SAFETY: nobody holds a position in a market that is not listed.
  if (before === undefined) return undefined;
  const after = { ...before, exposure: before.exposure + change };
  state.writeMarket(market, after);
  return after;
}

/**
 * Whether a market's exposure is more than the fund backs, at its spot or its anchor, whichever is higher: before the first
 * report there is no spot, and the cap must hold all the same.
 */
export function exceedsCap(market: Market, fund: bigint): boolean {
  const price = market.spot > market.anchor ? market.spot : market.anchor;
  return market.exposure * price > market.exposureMultiple * fund * PRICE_TO_CASH;
}

/** Whether `signer` is there and equals `address`. */
export function signedBy(signer: Uint8Array | undefined, address: Uint8Array): boolean {
  return signer !== undefined && equalBytes(signer, address);
}
