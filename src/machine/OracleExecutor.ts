import { equalBytes, isZero, readU32, readU64, readU8 } from "../crypto/bytes.ts";
import { SECONDS_PER_YEAR } from "../pricing/PricingBounds.ts";
import { isValid } from "../pricing/Svi.ts";
import {
  ANCHOR_BOUND,
  ANCHOR_BOUND_AGE,
  BASIS,
  CONFIRM_AFTER,
  CONFIRM_WITHIN,
  FORWARD_BASE,
  FORWARD_RATE,
  JUMP,
  MAX_EXPOSURE_MULTIPLE,
  MAX_PRICE,
  MAX_SIGNERS,
  MAX_VOL,
  MINUTE,
  MIN_VOL,
  REPORT_MAX_AGE,
} from "./Constants.ts";
import { signedBy, type Execution } from "./Execution.ts";
import type { Message } from "./Inputs.ts";
import { isWithinLimits, toSvi } from "./Marks.ts";
import {
  earlierDigest,
  reportDigest,
  type EarlierReport,
  type ReportedCurve,
  type ReportSignatures,
} from "./OracleReports.ts";
import { ResultCode } from "./ResultCodes.ts";
import { expiryTime, KIND_SIGNERS, type Market, type Signers } from "./Slots.ts";
import type { OracleReport } from "./Wire.ts";

/** Oracle signers, risk parameters and reports: docs/specification.md, section 6.10. */

/** SetSigners message of OptionsSettlement: who reports, and how many of them it takes. */
export function setSigners(execution: Execution, message: Message): ResultCode {
  const { config, state } = execution;
  const { payload } = message;
  if (!equalBytes(message.sender, config.settlement)) return ResultCode.WrongSender;
  const count = (payload.length - 1) / 20;
  if (!Number.isInteger(count) || count < 1 || count > MAX_SIGNERS) return ResultCode.Malformed;
  const threshold = readU8(payload, 0);
  const addresses = Array.from({ length: count }, (_, i) => payload.slice(1 + 20 * i, 21 + 20 * i));
  const usable = addresses.every(
    (address, i) => !isZero(address) && !addresses.slice(0, i).some((other) => equalBytes(other, address)),
  );
  if (threshold === 0 || threshold > count || !usable) return ResultCode.SignersInvalid;
  state.openSigners();
  state.writeSigners({ kind: KIND_SIGNERS, threshold, addresses });
  return ResultCode.OK;
}

/** SetMarket message of OptionsSettlement: a market's risk parameters. From then on it can have marks. */
export function setMarket(execution: Execution, message: Message): ResultCode {
  const { config, state } = execution;
  const { payload } = message;
  if (!equalBytes(message.sender, config.settlement)) return ResultCode.WrongSender;
  if (payload.length !== 21) return ResultCode.Malformed;
  const [minVol, maxVol] = [BigInt(readU32(payload, 1)), BigInt(readU32(payload, 5))];
  const [bandFloor, exposureMultiple] = [readU64(payload, 9), BigInt(readU32(payload, 17))];
  const bounded =
    minVol >= MIN_VOL &&
    maxVol <= MAX_VOL &&
    minVol <= maxVol &&
    bandFloor !== 0n &&
    bandFloor <= MAX_PRICE &&
    exposureMultiple <= MAX_EXPOSURE_MULTIPLE;
  if (!bounded) return ResultCode.MarketInvalid;
  const id = readU8(payload, 0);
  const market = state.openMarket(id);
  if (market === undefined) return ResultCode.MarketUnknown;
  state.writeMarket(id, { ...market, minVol, maxVol, bandFloor, exposureMultiple });
  return ResultCode.OK;
}

/** OracleReport: spot of a market, forwards and smiles of its expiries. */
export function oracleReport(execution: Execution, tx: OracleReport): ResultCode {
  const { state, now, config } = execution;
  const signers = state.openSigners();
  if (signers === undefined) return ResultCode.OracleUnset;
  if (!mayReport(signers, tx)) return ResultCode.SignersInvalid;
  if (tx.earlier !== undefined && !mayReport(signers, tx.earlier)) return ResultCode.SignersInvalid;
  if (!allSigned(execution, signers, tx, reportDigest(config.domain, tx))) return ResultCode.BadSignature;
  if (
    tx.earlier !== undefined &&
    !allSigned(execution, signers, tx.earlier, earlierDigest(config.domain, tx.market, tx.earlier))
  ) {
    return ResultCode.BadSignature;
  }
  if (tx.time > now) return ResultCode.ReportEarly;
  if (now > tx.time + REPORT_MAX_AGE) return ResultCode.ReportLate;
  if (tx.spot === 0n || tx.spot > MAX_PRICE) return ResultCode.PriceInvalid;

  const market = state.openMarket(tx.market);
  if (market === undefined) return ResultCode.MarketUnknown;
  if (market.maxVol === 0n) return ResultCode.MarketInvalid;
  if (tx.time <= market.spotTime) return ResultCode.ReportOutdated;
  if (isOffAnchor(market, tx.spot, now)) return ResultCode.ReportOffAnchor;
  const jumps = isJump(market, tx.time, tx.spot);
  if (jumps && !confirms(market, tx)) return ResultCode.ReportJumps;
  if (!tx.curves.every((curve) => isUsable(market, curve, tx))) return ResultCode.ReportInvalid;

  state.writeMarket(tx.market, { ...market, spot: tx.spot, spotTime: tx.time, ...windowAfter(market, tx, jumps) });
  for (const { day, forward, curve } of tx.curves) {
    const id = (tx.market << 16) | day;
    const expiry = state.openExpiry(id);
    if (expiry.price !== 0n) return ResultCode.ReportInvalid;
    state.writeExpiry(id, { ...expiry, forward, curveSpot: tx.spot, curveTime: tx.time, curve });
  }
  return ResultCode.OK;
}

/** Whether the named signers exist and are enough. */
function mayReport(signers: Signers, signed: ReportSignatures): boolean {
  return signed.signers >>> signers.addresses.length === 0 && signed.signatures.length >= signers.threshold;
}

function allSigned(
  execution: Execution,
  { addresses }: Signers,
  { signers, signatures }: ReportSignatures,
  digest: Uint8Array,
): boolean {
  const named = addresses.filter((_, i) => ((signers >>> i) & 1) === 1);
  return named.every((address, i) => signedBy(execution.config.recover(digest, signatures[i]!), address));
}

/** Whether a spot is far from a recent price of the L1 feed, which bounds what dishonest signers can claim. */
function isOffAnchor(market: Market, spot: bigint, now: bigint): boolean {
  if (market.anchor === 0n || now > market.anchorTime + ANCHOR_BOUND_AGE) return false;
  return distance(spot, market.anchor) * BASIS > ANCHOR_BOUND * market.anchor;
}

/**
 * Whether a spot moves too far from any other of the last minute, or from the last one. Spots are remembered by their
 * minutes, of which a rolling one touches two; so the window is one to two minutes, and a walk of small moves cannot go
 * further within it than one jump.
 */
function isJump(market: Market, time: bigint, spot: bigint): boolean {
  if (market.spot === 0n) return false;
  const seen = [market.spot];
  const minutes = time / MINUTE - market.spotTime / MINUTE;
  if (minutes <= 1n) seen.push(market.low, market.high);
  if (minutes === 0n && market.lowBefore !== 0n) seen.push(market.lowBefore, market.highBefore);
  return seen.some((other) => spot * BASIS > other * (BASIS + JUMP) || spot * BASIS < other * (BASIS - JUMP));
}

/** Whether an earlier report shows that the price has been there for a minute, with none in between that was accepted. */
function confirms(market: Market, { time, spot, earlier }: OracleReport): boolean {
  return earlier !== undefined && confirmsJump(market, time, spot, earlier);
}

function confirmsJump(market: Market, time: bigint, spot: bigint, earlier: EarlierReport): boolean {
  return (
    earlier.time > market.spotTime &&
    time >= earlier.time + CONFIRM_AFTER &&
    time <= earlier.time + CONFIRM_WITHIN &&
    distance(spot, earlier.spot) * BASIS <= JUMP * earlier.spot
  );
}

function isUsable(market: Market, { day, forward, curve }: ReportedCurve, { time, spot }: OracleReport): boolean {
  const end = expiryTime(day);
  return (
    end > time &&
    forward !== 0n &&
    forward <= MAX_PRICE &&
    isNearSpot(forward, spot, end - time) &&
    isValid(toSvi(curve)) &&
    isWithinLimits(market, forward, curve)
  );
}

/** SAFETY: what carries a forward away from the spot is interest, so how far it may lie from it grows with the time left. */
function isNearSpot(forward: bigint, spot: bigint, left: bigint): boolean {
  return (
    distance(forward, spot) * BASIS * SECONDS_PER_YEAR <= spot * (FORWARD_BASE * SECONDS_PER_YEAR + FORWARD_RATE * left)
  );
}

/** The extremes of the report's minute and of the one before. After a confirmed jump they begin anew. */
function windowAfter(
  market: Market,
  { time, spot }: OracleReport,
  jumped: boolean,
): Pick<Market, "low" | "high" | "lowBefore" | "highBefore"> {
  const minutes = time / MINUTE - market.spotTime / MINUTE;
  if (market.spot === 0n || jumped || minutes > 1n) return { low: spot, high: spot, lowBefore: 0n, highBefore: 0n };
  if (minutes === 1n) return { low: spot, high: spot, lowBefore: market.low, highBefore: market.high };
  return {
    low: spot < market.low ? spot : market.low,
    high: spot > market.high ? spot : market.high,
    lowBefore: market.lowBefore,
    highBefore: market.highBefore,
  };
}

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}
