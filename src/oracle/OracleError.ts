import { TenorError } from "../errors.ts";
import type { ResultCode } from "../machine/ResultCodes.ts";
import { resultName, type ResultName } from "../machine/ResultCodes.ts";

/**
 * Why a report is not one that the machine would take:
 *
 * - `MALFORMED`: a field has no place in its width, or the days do not ascend.
 * - `ORACLE_UNSET`, `MARKET_UNKNOWN`, `MARKET_UNSET`: L1 has not named signers, the market, or its risk parameters.
 * - `UNKNOWN_SIGNER`, `TOO_FEW_SIGNERS`, `BAD_SIGNATURE`: the signatures are not those of enough signers.
 * - `REPORT_EARLY`, `REPORT_LATE`, `REPORT_OUTDATED`: it is of the future, too old, or not newer than the last one.
 * - `PRICE_INVALID`, `CURVE_INVALID`: a spot, a forward or a smile that cannot be.
 * - `REPORT_OFF_ANCHOR`: too far from a recent price of the L1 feed.
 * - `REPORT_JUMPS`: the spot has jumped, and no earlier report confirms it yet.
 */
export type OracleErrorCode =
  | "MALFORMED"
  | "ORACLE_UNSET"
  | "MARKET_UNKNOWN"
  | "MARKET_UNSET"
  | "UNKNOWN_SIGNER"
  | "TOO_FEW_SIGNERS"
  | "BAD_SIGNATURE"
  | "REPORT_EARLY"
  | "REPORT_LATE"
  | "REPORT_OUTDATED"
  | "PRICE_INVALID"
  | "CURVE_INVALID"
  | "REPORT_OFF_ANCHOR"
  | "REPORT_JUMPS";

/** A report, or a signature under one, that is refused. */
export class OracleError extends TenorError<OracleErrorCode> {
  override readonly name = "OracleError";
}

const CODES: Partial<Record<ResultName, OracleErrorCode>> = {
  Malformed: "MALFORMED",
  OracleUnset: "ORACLE_UNSET",
  MarketUnknown: "MARKET_UNKNOWN",
  MarketInvalid: "MARKET_UNSET",
  SignersInvalid: "TOO_FEW_SIGNERS",
  BadSignature: "BAD_SIGNATURE",
  ReportEarly: "REPORT_EARLY",
  ReportLate: "REPORT_LATE",
  ReportOutdated: "REPORT_OUTDATED",
  PriceInvalid: "PRICE_INVALID",
  ReportInvalid: "CURVE_INVALID",
  ReportOffAnchor: "REPORT_OFF_ANCHOR",
  ReportJumps: "REPORT_JUMPS",
};

/** The error for what the machine says of a report; `result` is not OK. */
export function errorOf(result: ResultCode, fields: Readonly<Record<string, unknown>>): OracleError {
  const name = resultName(result);
  return new OracleError(CODES[name] ?? "MALFORMED", `the machine would answer ${name}`, { fields });
}
