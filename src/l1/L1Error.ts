import { TenorError } from "../errors.ts";

/** What the connection to L1 refuses or passes on. */
export type L1ErrorCode =
  /** A contract refused a call: `fields` has the error's name, its arguments and what to do. */
  | "REVERTED"
  /** The endpoint did not answer, or not in time. */
  | "UNAVAILABLE"
  /** The endpoint refused the request for a reason of its own. */
  | "REQUEST_REFUSED"
  /** Another transaction has used the nonce. */
  | "NONCE_USED"
  /** The account cannot pay for the transaction. */
  | "FUNDS"
  /** A pending transaction of the same nonce pays as much. */
  | "REPLACEMENT_UNDERPRICED"
  /** The transaction would cost more than the caller allows. */
  | "FEE_CAP"
  /** The transaction was sent and was not mined in time. It is still pending; `fields` has its hash and nonce. */
  | "NOT_MINED"
  /** The transaction was mined, and failed there. */
  | "FAILED_ON_CHAIN"
  /** The endpoint contradicts itself or does not know what it has announced. */
  | "INCONSISTENT"
  /** A call that needs a key was made by a client without one. */
  | "NO_SIGNER"
  /** The contract's artifact is missing or is not one. */
  | "ARTIFACT"
  /** A file of addresses or parameters does not say what it must. */
  | "FILE_MALFORMED"
  /** The deployed contracts are not what the file says. */
  | "DEPLOYMENT_MISMATCH";

/** A failure between this process and L1. Nothing is retried in this module: the caller decides. */
export class L1Error extends TenorError<L1ErrorCode> {
  override readonly name = "L1Error";
}

/** Whether `error` says that a contract refused with the error `name`. */
export function isContractError(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof L1Error && error.code === "REVERTED" && names.includes(String(error.fields.error));
}
