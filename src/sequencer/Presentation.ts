import { expiryOf } from "../machine/Positions.ts";
import type { Market } from "../machine/Slots.ts";
import type { State } from "../machine/State.ts";
import { TX_FILL, type Fill, type OrderReference, type WireMakerOrder, type WireTakerOrder } from "../machine/Wire.ts";
import type { OrderRecord } from "./OrderRecord.ts";
import type { Orders } from "./Orders.ts";
import type { RefusalReason } from "./Refusal.ts";
import { crosses, holdsTerms, toReference, toWireMaker, toWireTaker, type SignedOrder } from "./SignedOrder.ts";

/** How a Fill has to carry its orders: in full the first time, by their nonces once the state holds them. */

/** The maker's order as a Fill has to carry it now. */
export function presentMaker(state: State, { signed, series }: OrderRecord): WireMakerOrder | OrderReference {
  return isStored(state, signed) ? toReference(signed) : toWireMaker(signed, marketOf(state, series));
}

/** The taker's order as a Fill has to carry it now, against a maker's limit `price` that it crosses (1e-4 USD). */
export function presentTaker(
  state: State,
  { signed, series }: OrderRecord,
  price: bigint,
): WireTakerOrder | OrderReference {
  return isStored(state, signed) ? toReference(signed) : toWireTaker(signed, marketOf(state, series), price);
}

/**
 * A fill of the journal as it has to be presented now: an order may have come into the state, or fallen out of it.
 *
 * @returns Why it can't be presented any more, if so.
 */
export function presentFill(
  state: State,
  orders: Orders,
  fill: Fill,
): { readonly tx: Fill; readonly series: bigint } | RefusalReason {
  const maker = orders.find(fill.maker);
  const taker = orders.find(fill.taker);
  const slot = state.openOrder(fill.maker.account, fill.maker.nonce);
  const series = maker?.series ?? slot?.series;
  const price = maker?.price ?? slot?.limitPrice;
  if (series === undefined || price === undefined) return "OrderUnknown";
  // Another order may have come under the nonce of either side.
  if (taker !== undefined && !crosses(taker.signed, price)) return "LimitViolated";
  return {
    tx: {
      type: TX_FILL,
      maker: maker === undefined ? fill.maker : presentMaker(state, maker),
      taker: taker === undefined ? fill.taker : presentTaker(state, taker, price),
      lots: fill.lots,
    },
    series,
  };
}

/** Whether the state holds this very order. */
export function isStored(state: State, signed: SignedOrder): boolean {
  const slot = state.openOrder(signed.terms.account, signed.terms.nonce);
  return slot !== undefined && holdsTerms(slot, signed);
}

/** The market of a series that is traded. */
export function marketOf(state: State, series: bigint): Market {
  return state.openMarket(expiryOf(series) >>> 16)!;
}
