import {
  IOC_WINDOW,
  MAX_EXPIRIES,
  MAX_POSITIONS,
  MAX_QUANTITY,
  MAX_TENOR,
  MEDIUM_TENOR,
  SHORT_TENOR,
} from "./Constants.ts";
import type { Execution } from "./Execution.ts";
import { dayOf, expiriesOf, expiryOf, strikeOf, type Position } from "./Positions.ts";
import { ResultCode } from "./ResultCodes.ts";
import { expiryTime, type Market, type Order } from "./Slots.ts";
import { FLAG_FILL_OR_KILL, FLAG_FORCIBLE, FLAG_IMMEDIATE_OR_CANCEL, FLAG_POST_ONLY, FLAG_SELL } from "./Wire.ts";

/** What a fill must satisfy whatever the account holds beside it: docs/specification.md, section 6.3, steps 4 and 8. */

/**
 * Step 4: the predicates that the order carries.
 *
 * @param quantity What is to fill, 1e-6 contract.
 * @param price At what, 1e-4 USD.
 */
export function checkOrder(
  execution: Execution,
  order: Order,
  quantity: bigint,
  price: bigint,
  isMaker: boolean,
): ResultCode {
  const { now } = execution;
  const { flags } = order;
  if (quantity === 0n || order.quantity === 0n) return ResultCode.QuantityInvalid;
  if (order.limitPrice === 0n) return ResultCode.PriceInvalid;
  if (execution.sender !== undefined && (flags & FLAG_FORCIBLE) === 0) return ResultCode.NotForcible;
  if (order.deadline < now) return ResultCode.Expired;
  if (order.filled + quantity > order.quantity) return ResultCode.Overfill;
  if ((flags & FLAG_FILL_OR_KILL) !== 0 && quantity !== order.quantity) return ResultCode.FillOrKillViolated;
  if (!isMaker && (flags & FLAG_POST_ONLY) !== 0) return ResultCode.PostOnlyTakes;
  if ((flags & FLAG_IMMEDIATE_OR_CANCEL) !== 0 && (isMaker || order.deadline > now + IOC_WINDOW)) {
    return ResultCode.ImmediateRests;
  }
  const crosses = (flags & FLAG_SELL) !== 0 ? order.limitPrice <= price : order.limitPrice >= price;
  return crosses ? ResultCode.OK : ResultCode.LimitViolated;
}

/**
 * What only positions that open or grow must satisfy, so that the grid and the caps never refuse a close.
 *
 * @param next Quantity of the series after, 1e-6 contract.
 * @param positions The list after.
 */
export function checkGrowth(
  execution: Execution,
  market: Market,
  series: bigint,
  next: bigint,
  positions: readonly Position[],
): ResultCode {
  const strike = strikeOf(series);
  const tenor = expiryTime(dayOf(expiryOf(series))) - execution.l1Time;
  const step = market.steps[tenor <= SHORT_TENOR ? 0 : tenor <= MEDIUM_TENOR ? 1 : 2];
  if (strike === 0n || strike % market.tick !== 0n || strike % step !== 0n || tenor > MAX_TENOR) {
    return ResultCode.SeriesOffGrid;
  }
  if (next > MAX_QUANTITY || next < -MAX_QUANTITY) return ResultCode.PositionLimit;
  if (positions.length > MAX_POSITIONS) return ResultCode.PositionCap;
  if (expiriesOf(positions).length > MAX_EXPIRIES) return ResultCode.ExpiryCap;
  return ResultCode.OK;
}
