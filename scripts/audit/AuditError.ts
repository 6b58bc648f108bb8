import { TenorError } from "../../src/errors.ts";

/** What can go wrong when the contracts are looked at. */
export type AuditErrorCode =
  /** The compiler has left no such contract. */
  | "CONTRACT_MISSING"
  /** The compiler refuses what it is shown. */
  | "COMPILER"
  /** A copy of a chain does something else than the chain. */
  | "REPLAY"
  /** A command line that makes no sense. */
  | "USAGE";

/** The contracts, their snapshots or their mutants can't be made or read. */
export class AuditError extends TenorError<AuditErrorCode> {
  override readonly name = "AuditError";
}
