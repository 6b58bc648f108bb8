import { equalBytes, readU16, readU32, readU64, readU8 } from "../crypto/bytes.ts";
import {
  FUND_ACCOUNT,
  FUND_DRAW,
  LEAST_LOT,
  LEAST_TICK,
  MAX_PRICE,
  MAX_QUANTITY,
  MODE_STANDARD,
  PRICE_TO_CASH,
} from "./Constants.ts";
import { addToFund, credit, shiftExposure, type Execution } from "./Execution.ts";
import type { Message } from "./Inputs.ts";
import { payoff, shortQuantity } from "./Positions.ts";
import { ResultCode } from "./ResultCodes.ts";
import { KIND_CLAIM, UNLISTED, type Account, type Expiry } from "./Slots.ts";

/** Markets, prices and settlement: docs/specification.md, section 6.5. */

/** ListMarket message of OptionsSettlement. */
export function listMarket(execution: Execution, message: Message): ResultCode {
  const { config, state } = execution;
  const { payload } = message;
  if (!equalBytes(message.sender, config.settlement)) return ResultCode.WrongSender;
  if (payload.length !== 37) return ResultCode.Malformed;
  const market = readU8(payload, 0);
  const tick = BigInt(readU32(payload, 1));
  const lot = readU64(payload, 5);
  const steps: [bigint, bigint, bigint] = [readU64(payload, 13), readU64(payload, 21), readU64(payload, 29)];
  const gridIsValid =
    market !== 0 &&
    tick !== 0n &&
    tick % LEAST_TICK === 0n &&
    lot !== 0n &&
    lot % LEAST_LOT === 0n &&
    lot <= MAX_QUANTITY &&
    steps[0] !== 0n &&
    steps[0] % tick === 0n &&
    steps.slice(1).every((step) => step !== 0n && step % steps[0] === 0n) &&
    steps[2] <= MAX_PRICE;
  if (!gridIsValid) return ResultCode.MarketInvalid;
  if (state.openMarket(market) !== undefined) return ResultCode.MarketExists;
  state.writeMarket(market, { ...UNLISTED, tick, lot, steps });
  return ResultCode.OK;
}

/** Anchor message of OptionsSettlement: the last price of the market's feed. */
export function anchor(execution: Execution, message: Message): ResultCode {
  const { config, state } = execution;
  const { payload } = message;
  if (!equalBytes(message.sender, config.settlement)) return ResultCode.WrongSender;
  if (payload.length !== 14) return ResultCode.Malformed;
  const price = readU64(payload, 1);
  const time = (BigInt(readU8(payload, 9)) << 32n) | BigInt(readU32(payload, 10));
  if (price === 0n || price > MAX_PRICE) return ResultCode.PriceInvalid;
  const market = state.openMarket(readU8(payload, 0));
  if (market === undefined) return ResultCode.MarketUnknown;
  if (time < market.anchorTime) return ResultCode.AnchorOutdated;
  state.writeMarket(readU8(payload, 0), { ...market, anchor: price, anchorTime: time });
  return ResultCode.OK;
}

/** FixPrice message of OptionsSettlement: the settlement price of one (market, expiry). */
export function fixPrice(execution: Execution, message: Message): ResultCode {
  const { config, state } = execution;
  const { payload } = message;
  if (!equalBytes(message.sender, config.settlement)) return ResultCode.WrongSender;
  if (payload.length !== 11) return ResultCode.Malformed;
  const price = readU64(payload, 3);
  if (price === 0n || price > MAX_PRICE) return ResultCode.PriceInvalid;
  const market = state.peekMarket(readU8(payload, 0));
  if (market === undefined) return ResultCode.MarketUnknown;
  if (price % market.tick !== 0n) return ResultCode.PriceInvalid;
  const id = (readU8(payload, 0) << 16) | readU16(payload, 1);
  const expiry = state.openExpiry(id);
  if (expiry.price !== 0n) return ResultCode.PriceFixed;
  state.writeExpiry(id, { ...expiry, price, final: expiry.shorts === 0 });
  return ResultCode.OK;
}

/** Settle one account in one expiry: closes its positions, or pays its claim once the ratio is fixed. */
export function settle(execution: Execution, market: number, day: number, id: number): ResultCode {
  const { state } = execution;
  const expiryId = (market << 16) | day;
  const expiry = state.openExpiry(expiryId);
  if (expiry.price === 0n) return ResultCode.PriceNotFixed;
  const claim = state.openClaim(expiryId, id);
  if (claim !== undefined) return payClaim(execution, expiryId, id, expiry, claim.amount);

  const account = state.openAccount(id);
  if (account === undefined) return ResultCode.AccountUnknown;
  const due = account.positions.filter((position) => position.expiry === expiryId);
  if (due.length === 0) return ResultCode.NothingToSettle;
  const net = due.reduce((sum, held) => sum + held.quantity * payoff(held, expiry.price), 0n) / PRICE_TO_CASH;
  const hadShort = due.some((position) => position.quantity < 0n);
  const positions = account.positions.filter((position) => position.expiry !== expiryId);
  let after: Account = { ...account, positions, auction: positions.length === 0 ? 0n : account.auction };

  let repaid = 0n;
  let next = expiry;
  if (net < 0n) {
    // A debtor pays what its cash allows; the rest stays its debt.
    const paidIn = -net < after.cash ? -net : after.cash;
    // The fund owes nobody but itself, so its accounts keep no debt.
    const debt = id >= FUND_ACCOUNT ? 0n : after.debt - net - paidIn;
    after = { ...after, cash: after.cash - paidIn, debt };
    next = { ...next, owed: next.owed - net, received: next.received + paidIn };
  } else if (net > 0n && expiry.final) {
    const paid = shareDown(expiry, net);
    ({ account: after, repaid } = credit(after, paid));
    next = { ...next, credited: next.credited + net, paid: next.paid + paid };
  }
  state.writeAccount(id, after);
  if (net > 0n && !expiry.final) {
    state.openClaim(expiryId, id);
    state.writeClaim(expiryId, id, { kind: KIND_CLAIM, amount: net });
  }
  if (account.mode === MODE_STANDARD) shiftExposure(execution, market, -shortQuantity(due, market));
  if (hadShort) next = { ...next, shorts: next.shorts - 1, final: next.shorts === 1 };
  closeExpiry(execution, expiryId, next, hadShort && next.final, repaid);
  return ResultCode.OK;
}

/** Pays a claim that was recorded before the payout ratio was known. */
function payClaim(execution: Execution, expiryId: number, id: number, expiry: Expiry, claim: bigint): ResultCode {
  const { state } = execution;
  if (!expiry.final) return ResultCode.ClaimNotReady;
  state.removeClaim(expiryId, id);
  const paid = shareDown(expiry, claim);
  const before = state.openAccount(id);
  if (before === undefined) return ResultCode.AccountUnknown;
  const { account, repaid } = credit(before, paid);
  state.writeAccount(id, account);
  const next = { ...expiry, credited: expiry.credited + claim, paid: expiry.paid + paid };
  closeExpiry(execution, expiryId, next, false, repaid);
  return ResultCode.OK;
}

/**
 * Writes the expiry. When its last short has been settled (`lastShort`), the fund first covers what it may of the
 * shortfall; when everybody has been paid, what rounding left goes to the fund.
 */
function closeExpiry(execution: Execution, id: number, expiry: Expiry, lastShort: boolean, repaid: bigint): void {
  const { state } = execution;
  const drawn = lastShort ? drawFund(execution, expiry.owed - expiry.received) : 0n;
  const received = expiry.received + drawn;
  const everybodyPaid = expiry.final && expiry.credited === expiry.owed;
  const swept = everybodyPaid ? received - expiry.paid : 0n;
  state.openExpiry(id);
  state.writeExpiry(id, { ...expiry, received: received - swept });
  addToFund(execution, repaid + swept);
}

/** Takes at most one part in FUND_DRAW of the fund for a shortfall; opens nothing if there is none. */
function drawFund(execution: Execution, shortfall: bigint): bigint {
  if (shortfall === 0n) return 0n;
  const { state } = execution;
  const globals = state.openGlobals();
  const most = globals.fund / FUND_DRAW;
  const draw = shortfall < most ? shortfall : most;
  state.writeGlobals({ ...globals, fund: globals.fund - draw });
  return draw;
}

/** What a creditor of `amount` gets: at most all, else in proportion to what came in, rounded down. */
function shareDown(expiry: Expiry, amount: bigint): bigint {
  return expiry.received === expiry.owed ? amount : (amount * expiry.received) / expiry.owed;
}
