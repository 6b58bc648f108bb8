import { TX_CANCEL, TX_CANCEL_ALL } from "../machine/Wire.ts";
import type { OrderRecord } from "../sequencer/OrderRecord.ts";
import type { CancelledOrders, Method } from "./methods.ts";
import type { Handlers, RpcContext } from "./RpcContext.ts";
import { RpcError } from "./RpcError.ts";
import { submitUnpaid } from "./submitUnpaid.ts";
import { CANCEL_WARNINGS, receiptToWire, type CancelWire, type Finality } from "./wire.ts";

type CancelMethod = Extract<Method, `private/cancel${string}`>;

/**
 * Cancellations. Without a signature an order is only taken out of the book, at once; with one, a Cancel goes into the next batch, and
 * what is on L1 binds everybody. Neither is on L1 when it is answered, and the answer says so.
 */
export function cancelMethods(context: RpcContext): Handlers<CancelMethod> {
  const { sequencer, logins, instruments, labels } = context;
  const { exchange } = sequencer;
  const live = (account: number, matches: (order: OrderRecord) => boolean = () => true): number[] =>
    exchange.book
      .ofAccount(account)
      .filter(matches)
      .map(({ id }) => id);

  return {
    "private/cancel": async ({ account: named, order_id, signed }, session) => {
      const login = logins.require(session, named, "cancel");
      const { account } = login;
      const order = exchange.orders.get(Number(order_id));
      // SAFETY: the orders of others are as unknown as those that don't exist.
      if (order?.account !== account) throw new RpcError("ORDER_NOT_FOUND", "there is no such order", { order_id });
      if (signed === undefined) {
        const cancelled = await withdrawLive(context, account, [order.id]);
        const answer = cancelled.orders[0];
        if (answer === undefined) throw notOpen(context, order);
        return answer;
      }
      const { key_index: keyIndex, deadline, signature } = signed;
      const auth = { keyIndex, deadline, signature };
      await submitUnpaid(context, login, { type: TX_CANCEL, account, nonce: order.nonce, auth });
      return cancelToWire(context, order, "batched");
    },
    "private/cancel_all": async ({ account: named, signed }, session) => {
      const login = logins.require(session, named, "cancel");
      const { account } = login;
      if (signed === undefined) return withdrawLive(context, account, live(account));
      const { floor, key_index: keyIndex, deadline, signature } = signed;
      const before = exchange.book.ofAccount(account);
      const auth = { keyIndex, deadline, signature };
      await submitUnpaid(context, login, { type: TX_CANCEL_ALL, account, floor, auth });
      const batched = before.filter(({ nonce }) => nonce < floor);
      const rest = await withdrawLive(context, account, live(account));
      const orders = [...batched.map((order) => cancelToWire(context, order, "batched")), ...rest.orders];
      return { count: orders.length, orders };
    },
    "private/cancel_all_by_currency": async ({ account: named, currency }, session) => {
      const { account } = logins.require(session, named, "cancel");
      const market = instruments.marketOf(currency);
      return withdrawLive(
        context,
        account,
        live(account, ({ series }) => Number(series >> 56n) === market),
      );
    },
    "private/cancel_all_by_instrument": async ({ account: named, instrument_name }, session) => {
      const { account } = logins.require(session, named, "cancel");
      const instrument = instruments.parse(instrument_name);
      return withdrawLive(
        context,
        account,
        live(account, ({ series }) => series === instrument.series),
      );
    },
    "private/cancel_by_label": async ({ account: named, label }, session) => {
      const { account } = logins.require(session, named, "cancel");
      return withdrawLive(
        context,
        account,
        live(account, ({ id }) => labels.of(id) === label),
      );
    },
  };
}

/** Takes those of an account's orders out of the book that are still in it. */
export async function withdrawLive(
  context: RpcContext,
  account: number,
  orders: readonly number[],
): Promise<CancelledOrders> {
  const { sequencer } = context;
  if (orders.length === 0) return { count: 0, orders: [] };
  const { withdrawn } = await sequencer.submit({ kind: "withdraw", account, orders });
  const answers = withdrawn
    .flatMap((id) => sequencer.exchange.orders.get(id) ?? [])
    .map((order) => cancelToWire(context, order, "book"));
  return { count: answers.length, orders: answers };
}

function cancelToWire({ view, labels, receipts }: RpcContext, order: OrderRecord, finality: Finality): CancelWire {
  const receipt = receipts.ofWithdrawal(order);
  return {
    order: view.order(order, labels.of(order.id)),
    finality,
    fillable_until: Number(order.deadline),
    warning: CANCEL_WARNINGS[finality],
    receipt: receipt === undefined ? null : receiptToWire(receipt),
  };
}

function notOpen({ view, labels }: RpcContext, order: OrderRecord): RpcError {
  const { order_id, order_state } = view.order(order, labels.of(order.id));
  return new RpcError("ORDER_NOT_OPEN", "the order does not rest any more", { order_id, order_state });
}
