import { TenorError } from "../../src/errors.ts";

/** Why nothing is deployed, or not all. */
export type DeployErrorCode =
  /** The chain does not execute what the contracts consist of. */
  | "CHAIN_UNSUPPORTED"
  /** The collateral is not the token that it must be. */
  | "TOKEN_UNFIT"
  /** The deployer's account can't pay for what is left to do. */
  | "FUNDS_SHORT"
  /** The folder is of another deployment: `fields.what` says in what it differs. */
  | "NOT_RESUMABLE"
  /** Another process deploys with the same folder. */
  | "IN_USE"
  /** The built contracts are not those whose hashes are committed. */
  | "CODE_CHANGED"
  /** The endpoint refuses a request. */
  | "ENDPOINT_REFUSED"
  /** Ignition could not go on; started again, it may. */
  | "DEPLOYMENT_STOPPED"
  /** What was deployed is not what the files say. */
  | "VERIFICATION_FAILED";

/** See {@link DeployErrorCode}. */
export class DeployError extends TenorError<DeployErrorCode> {
  override readonly name = "DeployError";
}
