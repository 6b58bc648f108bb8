import { MakerProtection, type Protection, type ProtectionScope } from "../sequencer/MakerProtection.ts";
import { amountText, cashText, priceText } from "./decimals.ts";
import type { TradeFilter } from "./HistoryStore.ts";
import { dayOfName } from "./Instruments.ts";
import type { Method, MethodResult } from "./methods.ts";
import { protectionToWire } from "./protectionWire.ts";
import type { Handlers, RpcContext } from "./RpcContext.ts";
import { RpcError } from "./RpcError.ts";
import { sidesOf, userTradeToWire } from "./tradeWire.ts";
import type { OrderWire } from "./wire.ts";

type AccountMethod = Extract<Method, `private/get_${string}` | `private/${"set" | "reset"}_mmp${string}`>;
type ReadMethod = Exclude<AccountMethod, "private/get_cancel_on_disconnect">;

/** What a trader asks of its own account, and the limits that it sets itself. */
export function accountMethods(context: RpcContext): Handlers<ReadMethod> {
  const { sequencer, logins, instruments, view, history, feed, labels } = context;
  const { exchange } = sequencer;
  const ordersOf = (account: number, series?: bigint): OrderWire[] =>
    exchange.book
      .ofAccount(account)
      .filter((order) => series === undefined || order.series === series)
      .map((order) => view.order(order, labels.of(order.id)));
  const tradesOf = (
    account: number,
    filter: TradeFilter,
    count: number,
  ): MethodResult<"private/get_user_trades_by_currency"> => {
    feed.flush();
    const found = history.trades({ ...filter, account }, count + 1);
    const trades = found.slice(0, count).flatMap((trade) => {
      const mine = sidesOf(trade).filter((side) => side.account === account);
      return mine.map((side) => userTradeToWire(trade, side, instruments));
    });
    return { trades, has_more: found.length > count };
  };
  const scopeOf = (indexName: string, expiry: string | undefined): ProtectionScope => {
    const market = instruments.marketOfIndex(indexName);
    if (expiry === undefined) return { market };
    const day = dayOfName(expiry);
    if (day !== undefined) return { market, day };
    throw new RpcError("INVALID_PARAMS", "no expiry such as 26APR19", { param: "expiry", reason: "malformed" });
  };

  return {
    "private/get_open_orders": ({ account }, session) => ordersOf(logins.require(session, account, "read").account),
    "private/get_open_orders_by_instrument": ({ account, instrument_name }, session) => {
      const login = logins.require(session, account, "read");
      return ordersOf(login.account, instruments.parse(instrument_name).series);
    },
    "private/get_order_state": ({ account, order_id }, session) => {
      const login = logins.require(session, account, "read");
      const order = exchange.orders.get(Number(order_id));
      // SAFETY: the orders of others are as unknown as those that don't exist.
      if (order?.account !== login.account) {
        throw new RpcError("ORDER_NOT_FOUND", "there is no such order", { order_id });
      }
      return view.order(order, labels.of(order.id));
    },
    "private/get_account_summary": ({ account }, session) =>
      view.summary(logins.require(session, account, "read").account),
    "private/get_positions": ({ account, currency }, session) => {
      const market = currency === undefined ? undefined : instruments.marketOf(currency);
      return view.positions(logins.require(session, account, "read").account, market);
    },
    "private/get_user_trades_by_currency": ({ account, currency, count, before_id }, session) => {
      const login = logins.require(session, account, "read");
      return tradesOf(login.account, { market: instruments.marketOf(currency), ...beforeOf(before_id) }, count);
    },
    "private/get_user_trades_by_instrument": ({ account, instrument_name, count, before_id }, session) => {
      const login = logins.require(session, account, "read");
      const { series } = instruments.parse(instrument_name);
      return tradesOf(login.account, { series, ...beforeOf(before_id) }, count);
    },
    "private/get_settlement_history_by_currency": ({ account, currency, count, before_id }, session) => {
      const login = logins.require(session, account, "read");
      feed.flush();
      const before = before_id === undefined ? undefined : Number(before_id);
      const found = history.settlements(login.account, instruments.marketOf(currency), before, count + 1);
      const settlements = found.slice(0, count).map((settlement) => ({
        settlement_id: String(settlement.id),
        account: settlement.account,
        type: "settlement" as const,
        instrument_name: instruments.describe(settlement.series)?.name ?? "",
        position: amountText(settlement.quantity),
        delivery_price: priceText(settlement.price),
        timestamp: Number(settlement.time) * 1_000,
        balance_change: cashText(settlement.cash),
        debt_change: cashText(settlement.debt),
      }));
      return { settlements, has_more: found.length > count };
    },
    "private/set_mmp_config": (params, session) => {
      const { account } = logins.require(session, params.account, "trade");
      const scope = scopeOf(params.index_name, params.expiry);
      const { protection } = sequencer;
      if (params.interval === 0) {
        protection.clear(account, scope);
        history.clearProtection(account, scope);
        return null;
      }
      const { quantity_limit: quantityLimit, delta_limit: deltaLimit } = params;
      if (quantityLimit === undefined && deltaLimit === undefined) {
        throw new RpcError("INVALID_PARAMS", "at least one limit is needed", {
          param: "quantity_limit",
          reason: "missing",
        });
      }
      makeRoom(context, account, scope);
      protection.set(account, scope, {
        interval: BigInt(params.interval),
        frozenTime: BigInt(params.frozen_time),
        ...(quantityLimit === undefined ? {} : { quantityLimit }),
        ...(deltaLimit === undefined ? {} : { deltaLimit }),
      });
      return protectionToWire(keep(context, protection, account, scope), instruments);
    },
    "private/get_mmp_config": ({ account: named }, session) => {
      const { account } = logins.require(session, named, "read");
      return sequencer.protection.of(account).map((found) => protectionToWire(found, instruments));
    },
    "private/reset_mmp": (params, session) => {
      const { account } = logins.require(session, params.account, "trade");
      const scope = scopeOf(params.index_name, params.expiry);
      const { protection } = sequencer;
      if (!protection.reset(account, scope)) {
        throw new RpcError("INVALID_PARAMS", "there are no limits", { param: "index_name", reason: "unset" });
      }
      return protectionToWire(keep(context, protection, account, scope), instruments);
    },
  };
}

/**
 * Forgets the limits of expiries that are over.
 *
 * @throws {@link RpcError} `INVALID_PARAMS` if the scope is one of them, or there is no room for it: all limits of an account are looked
 * through at each of its orders and fills.
 */
function makeRoom({ sequencer, history, clock, settings }: RpcContext, account: number, scope: ProtectionScope): void {
  const now = clock.now();
  const refuse = (reason: string): RpcError =>
    new RpcError("INVALID_PARAMS", "no limits can be set there", { param: "expiry", reason });
  if (MakerProtection.isOver(scope, now)) throw refuse("over");
  const { protection } = sequencer;
  const all = protection.of(account).map((found) => found.scope);
  const over = all.filter((known) => MakerProtection.isOver(known, now));
  for (const known of over) {
    protection.clear(account, known);
    history.clearProtection(account, known);
  }
  const isNew = !all.some(({ market, day }) => market === scope.market && day === scope.day);
  if (isNew && all.length - over.length >= settings.maxProtections) throw refuse("too many");
}

/** Makes the limits of a scope, which are there, survive a restart. */
function keep(
  { history }: RpcContext,
  protection: MakerProtection,
  account: number,
  { market, day }: ProtectionScope,
): Protection {
  const found = protection.of(account).find(({ scope }) => scope.market === market && scope.day === day)!;
  history.setProtection(found);
  return found;
}

function beforeOf(id: string | undefined): Pick<TradeFilter, "before"> {
  return id === undefined ? {} : { before: Number(id) };
}
