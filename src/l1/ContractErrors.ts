import { type ErrorDescription, type Fragment, Interface, isError, isHexString } from "ethers";
import type { ErrorFields } from "../errors.ts";
import { CONTRACT_NAMES, interfaceOf } from "./Artifacts.ts";
import { printable, refusalOf } from "./JsonRpc.ts";
import { L1Error, type L1ErrorCode } from "./L1Error.ts";

/** What to do about a contract's refusal, for those that have an answer besides correcting the arguments. */
const ADVICE: Readonly<Record<string, string>> = {
  AlreadyConfirmed: "nothing: the assertion is confirmed",
  AlreadyDescended: "nothing: somebody has made the same move",
  AlreadyFinalized: "nothing: the withdrawal has been paid",
  AlreadyProven: "nothing: somebody has proven the step",
  AssertionExists: "nothing: somebody has made the same assertion",
  AssertionNotConfirmed: "wait until the assertion is confirmed, or prove against another one",
  AssertionUnknown: "read the assertions again: L1 may have been reorganised",
  BaseMismatch: "read the game again: the rivals differ before this child",
  BatchIndexMismatch: "derive again: another batch was appended, or this one already is",
  ChildrenMismatch: "read the game again: the node has other children by now",
  DecimalsChanged: "list the underlying as another market: the feed's decimals are not those of the listing",
  ERC20InsufficientAllowance: "approve the bridge for the amount",
  EndNotShown: "wait until 15 minutes after the expiry: a round could still appear",
  FamilyClosed: "assert under the winner: no further child is taken here",
  FeedNotDead: "wait until two days after the expiry: a phase or a round could still appear",
  FixingTooEarly: "wait until the expiry has passed",
  ForceTooEarly: "wait until the message is as old as the force delay",
  InputsAlreadyRecorded: "nothing: the game has its inputs",
  InputsMismatch: "prove against the inputs that the game has recorded",
  L1BlockMismatch: "derive again: L1 was reorganised, or the block is older than 256 blocks",
  L2TimeOutOfBounds: "choose an L2 time within the bounds",
  MessagesReadBeyondEnd: "derive again: L1 may have been reorganised",
  MessagesReadFalls: "derive again: a batch has read more messages",
  MovesMismatch: "read the game's moves again: some were made or claimed since",
  NodeAlreadyOpen: "nothing: somebody has opened the node",
  NodeNotOpen: "read the game again: L1 may have been reorganised",
  NodeUnknown: "read the game again: L1 may have been reorganised",
  NotConfirmed: "claim after the assertion is confirmed",
  NotRivalled: "nothing: an assertion without rivals needs no move",
  NotSequencer: "post from the sequencer's account",
  NothingToForce: "nothing: the message has been read",
  NothingToRefund: "nothing: this account has no moves left to claim",
  ParentNotConfirmed: "confirm the parent first",
  ParentTooYoung: "wait until the parent is old enough",
  PhaseNotShown: "read the feed again: it has a phase that the evidence leaves out",
  RangeIncomplete: "wait until the inbox has the range's batches",
  RateExceeded: "wait, or post a shorter batch",
  SiblingConfirmed: "derive again: a rival is confirmed",
  StakeInUse: "assert under the stake's own assertion, or wait until that has a child",
  StakeMismatch: "read the stake again: an assertion of this account may have been reorganised away",
  StepMismatch: "derive again: the machine leads to another state than is claimed",
  TargetMismatch: "derive again: the parent is another one after a reorganisation of L1",
  TimeTooShort: "wait until the challenge period is over",
};

let errorInterface: Interface | undefined;

/** The errors of all contracts, by selector; a name that several contracts share has the same arguments. */
function allErrors(): Interface {
  if (errorInterface !== undefined) return errorInterface;
  const fragments = new Map<string, Fragment>();
  for (const name of CONTRACT_NAMES) {
    interfaceOf(name).forEachError((fragment) => fragments.set(fragment.selector, fragment));
  }
  errorInterface = new Interface([...fragments.values()]);
  return errorInterface;
}

/** A contract's error by name, or undefined if no contract of ours has it. */
function decodeContractError(data: string): ErrorDescription | undefined {
  try {
    return allErrors().parseError(data) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The failure of a call or transaction as an {@link L1Error}, with the client library's own error as its cause. */
export function translateError(error: unknown, action: string): L1Error {
  if (error instanceof L1Error) return error;
  const data = revertData(error, 0);
  if (data !== undefined) return revertedError(data, action, error);
  const [code, message] = classify(error);
  return new L1Error(code, message, { fields: { action, ...wordsOf(error) }, cause: error });
}

/**
 * What the endpoint itself says, if anything, which is all that a log shows of the client library's error. Some endpoints name the key that
 * they were asked with, so whatever is as long as one is left out.
 */
function wordsOf(error: unknown): ErrorFields {
  const said = refusalOf(error)?.message;
  const { responseStatus: status } = ((error as { info?: unknown } | null)?.info ?? {}) as { responseStatus?: unknown };
  const clean = (text: string): string => printable(text.replace(/[\w-]{20,}/g, "..."));
  return {
    ...(said === undefined ? {} : { reason: clean(said) }),
    ...(typeof status === "string" ? { status: clean(status) } : {}),
  };
}

/** What endpoints say of a call that failed on chain without a reason; their own failures look alike to the client library. */
const FAILED_ON_CHAIN = /revert|opcode|out of gas|invalid jump|stack/i;

/** Whether an {@link L1Error} says that a call failed on chain, and not that the endpoint could not make it. */
export function isRevert(error: unknown): boolean {
  if (!(error instanceof L1Error) || error.code !== "REVERTED") return false;
  const { error: name, reason } = error.fields;
  return name !== undefined || (typeof reason === "string" && FAILED_ON_CHAIN.test(reason));
}

function revertedError(data: string, action: string, cause: unknown): L1Error {
  const description = decodeContractError(data);
  if (description === undefined) {
    return new L1Error("REVERTED", "a contract refused the call", {
      fields: { action, error: "unknown", data },
      cause,
    });
  }
  const { name } = description;
  const args: Record<string, unknown> = {};
  description.fragment.inputs.forEach((input, i) => (args[input.name] = description.args[i] as unknown));
  const advice = ADVICE[name];
  const fields: ErrorFields = { action, error: name, arguments: args, ...(advice === undefined ? {} : { advice }) };
  const message = advice === undefined ? `a contract refused the call: ${name}` : `${name}: ${advice}`;
  return new L1Error("REVERTED", message, { fields, cause });
}

/** What endpoints say to a transaction that pays no more than one of the same nonce, or is that one. */
const UNDERPRICED = /underpriced|already known|already imported|known transaction/i;

function says(error: unknown, words: RegExp): boolean {
  return error instanceof Error && words.test(error.message);
}

function classify(error: unknown): [L1ErrorCode, string] {
  if (isError(error, "NETWORK_ERROR") || isError(error, "TIMEOUT") || isError(error, "SERVER_ERROR")) {
    return ["UNAVAILABLE", "the L1 endpoint did not answer"];
  }
  if (isError(error, "NONCE_EXPIRED") || says(error, /nonce too low/i)) {
    return ["NONCE_USED", "another transaction has used the nonce"];
  }
  if (isError(error, "INSUFFICIENT_FUNDS")) return ["FUNDS", "the account cannot pay for the transaction"];
  if (isError(error, "REPLACEMENT_UNDERPRICED") || says(error, UNDERPRICED)) {
    return ["REPLACEMENT_UNDERPRICED", "a pending transaction of the same nonce pays as much"];
  }
  if (isError(error, "CALL_EXCEPTION")) {
    return error.receipt === null || error.receipt === undefined
      ? ["REVERTED", "a contract refused the call without saying why"]
      : ["FAILED_ON_CHAIN", "the transaction was mined and failed"];
  }
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === "string" && /^(E[A-Z]+|UND_ERR_.*)$/.test(code)) {
    return ["UNAVAILABLE", "the L1 endpoint did not answer"];
  }
  return ["REQUEST_REFUSED", "the L1 endpoint refused the request"];
}

/** The data of a revert, which client libraries and endpoints put at different depths of their errors. */
function revertData(error: unknown, depth: number): string | undefined {
  if (typeof error !== "object" || error === null || depth > 5) return undefined;
  const { data } = error as { data?: unknown };
  if (typeof data === "string" && isHexString(data) && data.length >= 10) return data;
  for (const key of ["data", "error", "info", "cause"]) {
    const found = revertData((error as Record<string, unknown>)[key], depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
