import { readU32, readU64 } from "../../../src/crypto/bytes.ts";
import { FIRST_FUND_ACCOUNT, NO_EXPIRY, type ModelState } from "./ModelState.ts";
import {
  bigEndian,
  demand,
  expiryName,
  isShortIn,
  LARGEST_PRICE,
  LARGEST_QUANTITY,
  parseSeries,
  payoffOf,
  refuse,
  shortQuantity,
  smaller,
} from "./words.ts";

/** Markets and settlement: docs/specification.md, section 6.5. */

export function listMarket(state: ModelState, sender: string, payload: Uint8Array): void {
  demand(sender === state.config.settlement, "WrongSender");
  demand(payload.length === 37, "Malformed");
  const [market, tick, lot] = [payload[0]!, BigInt(readU32(payload, 1)), readU64(payload, 5)];
  const [first, second, third] = [readU64(payload, 13), readU64(payload, 21), readU64(payload, 29)];
  demand(market > 0 && tick > 0n && tick % 100n === 0n, "MarketInvalid");
  demand(lot > 0n && lot % 1000n === 0n && lot <= LARGEST_QUANTITY, "MarketInvalid");
  demand(first > 0n && first % tick === 0n, "MarketInvalid");
  demand(second > 0n && third > 0n && second % first === 0n && third % first === 0n, "MarketInvalid");
  demand(third <= LARGEST_PRICE, "MarketInvalid");
  demand(state.markets.get(String(market)) === undefined, "MarketExists");
  state.markets.set(String(market), {
    tick,
    lot,
    steps: [first, second, third],
    anchor: 0n,
    anchorTime: 0n,
    minVol: 0n,
    maxVol: 0n,
    bandFloor: 0n,
    exposureMultiple: 0n,
    exposure: 0n,
    spot: 0n,
    spotTime: 0n,
    low: 0n,
    high: 0n,
    lowBefore: 0n,
    highBefore: 0n,
  });
}

export function anchor(state: ModelState, sender: string, payload: Uint8Array): void {
  demand(sender === state.config.settlement, "WrongSender");
  demand(payload.length === 14, "Malformed");
  const [market, price, time] = [payload[0]!, readU64(payload, 1), bigEndian(payload.subarray(9))];
  demand(price > 0n && price <= LARGEST_PRICE, "PriceInvalid");
  const before = state.markets.get(String(market)) ?? refuse("MarketUnknown");
  demand(time >= before.anchorTime, "AnchorOutdated");
  state.markets.set(String(market), { ...before, anchor: price, anchorTime: time });
}

export function fixPrice(state: ModelState, sender: string, payload: Uint8Array): void {
  demand(sender === state.config.settlement, "WrongSender");
  demand(payload.length === 11, "Malformed");
  const [market, day, price] = [payload[0]!, Number(bigEndian(payload.subarray(1, 3))), readU64(payload, 3)];
  demand(price > 0n && price <= LARGEST_PRICE, "PriceInvalid");
  const { tick } = state.markets.get(String(market)) ?? refuse("MarketUnknown");
  demand(price % tick === 0n, "PriceInvalid");
  const name = `${market}/${day}`;
  const expiry = state.expiries.get(name) ?? NO_EXPIRY;
  demand(expiry.price === 0n, "PriceFixed");
  state.expiries.set(name, { ...expiry, price, final: expiry.shorts === 0 });
}

export function settle(state: ModelState, market: number, day: number, id: number): void {
  const name = `${market}/${day}`;
  const expiry = state.expiries.get(name);
  if (expiry === undefined || expiry.price === 0n) refuse("PriceNotFixed");
  const claimName = `${name}/${id}`;
  const claim = state.claims.get(claimName);
  if (claim !== undefined) {
    demand(expiry.final, "ClaimNotReady");
    state.claims.set(claimName, undefined);
    payOut(state, name, id, claim.amount);
    sweep(state, name);
    return;
  }
  const account = state.account(id);
  const due = new Map([...account.positions].filter(([series]) => expiryName(series) === name));
  demand(due.size > 0, "NothingToSettle");
  let total = 0n;
  for (const [series, quantity] of due) total += quantity * payoffOf(parseSeries(series), expiry.price);
  if (total % 10_000n !== 0n) throw new Error(`the net amount ${total} is not exact`);
  const net = total / 10_000n;
  const positions = new Map([...account.positions].filter(([series]) => expiryName(series) !== name));
  const wasShort = isShortIn(due, name);
  const after = { ...account, positions, auction: positions.size === 0 ? 0n : account.auction };
  state.accounts.set(String(id), after);
  if (net < 0n) {
    const paidIn = smaller(account.cash, -net);
    // What an account of the fund cannot pay, nobody owes.
    const unpaid = id >= FIRST_FUND_ACCOUNT ? 0n : -net - paidIn;
    state.accounts.set(String(id), { ...after, cash: account.cash - paidIn, debt: account.debt + unpaid });
    changePool(state, name, { owed: -net, received: paidIn });
  }
  if (account.mode === 1) state.changeExposure(String(market), -shortQuantity(due, String(market)));
  if (net > 0n && expiry.final) payOut(state, name, id, net);
  if (net > 0n && !expiry.final) state.claims.set(claimName, { amount: net });
  if (wasShort) {
    const shorts = expiry.shorts - 1;
    state.expiries.set(name, { ...state.expiries.get(name)!, shorts, final: shorts === 0 });
    const { owed, received } = state.expiries.get(name)!;
    if (shorts === 0 && owed > received) {
      const draw = smaller(owed - received, state.fund() / 2n);
      state.changeGlobals({ fund: -draw });
      changePool(state, name, { received: draw });
    }
  }
  sweep(state, name);
}

function changePool(
  state: ModelState,
  name: string,
  by: Partial<Record<"owed" | "received" | "credited" | "paid", bigint>>,
): void {
  const before = state.expiries.get(name)!;
  state.expiries.set(name, {
    ...before,
    owed: before.owed + (by.owed ?? 0n),
    received: before.received + (by.received ?? 0n),
    credited: before.credited + (by.credited ?? 0n),
    paid: before.paid + (by.paid ?? 0n),
  });
}

function payOut(state: ModelState, name: string, id: number, amount: bigint): void {
  const { owed, received } = state.expiries.get(name)!;
  const due = received === owed ? amount : (amount * received) / owed;
  state.credit(id, due);
  changePool(state, name, { credited: amount, paid: due });
}

function sweep(state: ModelState, name: string): void {
  const expiry = state.expiries.get(name)!;
  if (!expiry.final || expiry.credited !== expiry.owed) return;
  const swept = expiry.received - expiry.paid;
  changePool(state, name, { received: -swept });
  state.changeGlobals({ fund: swept });
}
