import { excessOf, openForMargin, requirementsOf, viewsOf } from "../machine/Assessment.ts";
import { DAY, MODE_STANDARD, VOL_UNIT } from "../machine/Constants.ts";
import type { Execution } from "../machine/Execution.ts";
import { hasMark, mark, PHASE_FIXED, PHASE_FRESH, quote, toSvi, type ExpiryView } from "../machine/Marks.ts";
import { expiryOf } from "../machine/Positions.ts";
import { expiryTime, type Market } from "../machine/Slots.ts";
import { greeks } from "../pricing/Black76.ts";
import { vol } from "../pricing/Svi.ts";
import { toHex } from "../crypto/bytes.ts";
import type { Clock } from "../sequencer/Clock.ts";
import type { Exchange } from "../sequencer/Exchange.ts";
import type { OrderRecord } from "../sequencer/OrderRecord.ts";
import { trial } from "../sequencer/Valuation.ts";
import { amountText, cashText, decimalText, priceText, priceTextOrNull, wadText } from "./decimals.ts";
import type { HistoryStore, SeriesVolume } from "./HistoryStore.ts";
import { dateName, type Instrument, type Instruments } from "./Instruments.ts";
import { RpcError } from "./RpcError.ts";
import { StateWatch } from "./StateWatch.ts";
import type {
  AccountSummaryWire,
  BookSummaryWire,
  GreeksWire,
  InstrumentWire,
  LevelWire,
  OrderWire,
  PositionWire,
  TickerWire,
} from "./wire.ts";

/** What the view shows. */
export interface MarketViewParts {
  readonly exchange: Exchange;
  readonly instruments: Instruments;
  readonly history: HistoryStore;
  readonly clock: Clock;
}

/** One hundredth of a percent of a vol in 1e18 fixed point. */
const VOL_TO_PERCENT = 10n ** 14n;
const MILLISECONDS = 1_000;

/** The exchange as traders see it: for reading. */
export class MarketView {
  readonly #parts: MarketViewParts;
  readonly #watch = new StateWatch();

  constructor(parts: MarketViewParts) {
    this.#parts = parts;
  }

  /** Milliseconds. */
  get timestamp(): number {
    return Number(this.#parts.clock.now()) * MILLISECONDS;
  }

  /** The market of an instrument. @throws {@link RpcError} `INSTRUMENT_NOT_FOUND` if it is not listed, or off its grid. */
  market({ market: id, strike, name }: Instrument): Market {
    const market = this.#parts.exchange.state.openMarket(id);
    if (market === undefined || strike === 0n || strike % market.steps[0] !== 0n || strike % market.tick !== 0n) {
      throw new RpcError("INSTRUMENT_NOT_FOUND", "there is no such instrument", { name });
    }
    return market;
  }

  /** An instrument's terms. */
  instrument(instrument: Instrument): InstrumentWire {
    const market = this.market(instrument);
    const expiration = expiryTime(instrument.day);
    const isFixed = this.#view(instrument.series).phase === PHASE_FIXED;
    return {
      instrument_name: instrument.name,
      kind: "option",
      option_type: instrument.isPut ? "put" : "call",
      base_currency: instrument.currency,
      quote_currency: "USD",
      settlement_currency: "USDC",
      strike: priceText(instrument.strike),
      expiration_timestamp: Number(expiration) * MILLISECONDS,
      tick_size: priceText(market.tick),
      min_trade_amount: amountText(market.lot),
      contract_size: "1",
      is_active: this.#isTrading(instrument.day) && !isFixed,
      market: instrument.market,
      expiry_day: instrument.day,
      open_interest: amountText(this.#openInterest(instrument.series)),
    };
  }

  /** The instruments of a market in which anything is open, rests, or was traded within a day. */
  active(market: number): Instrument[] {
    const { exchange, instruments, history } = this.#parts;
    const traded = history.volumes(this.#yesterday()).keys();
    const { openInterest } = this.#watch.follow(exchange.state.root);
    const series = new Set([...openInterest.keys(), ...exchange.book.series, ...traded]);
    return [...series]
      .filter((id) => Number(id >> 56n) === market)
      .sort((a, b) => (a < b ? -1 : 1))
      .flatMap((id) => instruments.describe(id) ?? []);
  }

  /** Everything about a series but its depth. */
  ticker(instrument: Instrument): TickerWire {
    const { exchange, history } = this.#parts;
    const market = this.market(instrument);
    const { series, name } = instrument;
    const { bids, asks } = exchange.book.depth(series);
    const view = this.#view(series);
    const stats = history.volumes(this.#yesterday()).get(series);
    const isKnown = view.phase === PHASE_FIXED || (view.forward !== 0n && hasMark(view));
    const isQuoted = isKnown && view.phase !== PHASE_FIXED;
    const sigma = isQuoted ? this.#sigma(view, instrument) : undefined;
    return {
      instrument_name: name,
      timestamp: this.timestamp,
      state: this.#isTrading(instrument.day) && view.phase !== PHASE_FIXED ? "open" : "closed",
      best_bid_price: priceTextOrNull(bids[0]?.price),
      best_bid_amount: amountText(bids[0]?.quantity ?? 0n),
      best_ask_price: priceTextOrNull(asks[0]?.price),
      best_ask_amount: amountText(asks[0]?.quantity ?? 0n),
      last_price: priceTextOrNull(history.lastTrade(series)?.price),
      index_price: priceText(indexOf(market)),
      mark_price: isKnown ? priceText(mark(view, series)) : null,
      is_mark_fresh: view.phase === PHASE_FRESH,
      mark_iv: sigma === undefined ? null : decimalText((sigma + VOL_TO_PERCENT / 2n) / VOL_TO_PERCENT, 2),
      underlying_price: isQuoted ? priceText(view.forward) : null,
      greeks: sigma === undefined ? null : greeksOf(view, instrument, sigma),
      open_interest: amountText(this.#openInterest(series)),
      stats: {
        volume: amountText(stats?.volume ?? 0n),
        high: priceTextOrNull(stats?.high),
        low: priceTextOrNull(stats?.low),
      },
    };
  }

  /** Of a market, a line for each active instrument. */
  summaries(market: number): BookSummaryWire[] {
    const volumes = this.#parts.history.volumes(this.#yesterday());
    return this.active(market).map((instrument) => this.#summary(instrument, volumes.get(instrument.series)));
  }

  /** The first levels of each side. */
  depth(series: bigint, levels: number): { readonly bids: LevelWire[]; readonly asks: LevelWire[] } {
    const { bids, asks } = this.#parts.exchange.book.depth(series);
    const wire = (side: typeof bids): LevelWire[] =>
      side.slice(0, levels).map(({ price, quantity }) => [priceText(price), amountText(quantity)]);
    return { bids: wire(bids), asks: wire(asks) };
  }

  /** The price of the index and of the last relayed price of the L1 feed. */
  index(id: number): { readonly index: bigint; readonly anchor: bigint; readonly anchorTime: bigint } {
    const market = this.#parts.exchange.state.openMarket(id);
    if (market === undefined) throw new RpcError("INVALID_PARAMS", "the market is not listed", { reason: "unlisted" });
    return { index: indexOf(market), anchor: market.anchor, anchorTime: market.anchorTime };
  }

  /** Settlement prices of a market, newest first. */
  deliveryPrices(market: number): { readonly date: string; readonly delivery_price: string }[] {
    const { deliveryPrices } = this.#watch.follow(this.#parts.exchange.state.root);
    return [...deliveryPrices]
      .filter(([expiry]) => expiry >>> 16 === market)
      .sort(([a], [b]) => b - a)
      .map(([expiry, price]) => ({ date: dateName(expiry & 0xffff), delivery_price: priceText(price) }));
  }

  /** The settlement price of an expiry, 1e-4 USD; 0 until it is fixed. */
  deliveryPrice(expiry: number): bigint {
    return this.#parts.exchange.state.openExpiry(expiry).price;
  }

  /** The mark of a series, 1e-4 USD, if there is one. */
  mark(series: bigint): bigint | undefined {
    const view = this.#view(series);
    return hasMark(view) ? mark(view, series) : undefined;
  }

  /** An order. */
  order({ id, account, series, sell, price, remaining, status, signed }: OrderRecord, label: string): OrderWire {
    const { terms } = signed;
    const isFilled = status === "filled" || status === "crossed";
    const { fillOrKill, immediateOrCancel } = terms;
    return {
      order_id: String(id),
      account,
      instrument_name: this.#parts.instruments.describe(series)?.name ?? "",
      direction: sell ? "sell" : "buy",
      order_type: "limit",
      order_state: status === "live" ? "open" : isFilled ? "filled" : "cancelled",
      ...(status === "live" || isFilled ? {} : { cancel_reason: status }),
      price: priceText(price),
      amount: amountText(terms.quantity),
      filled_amount: amountText(terms.quantity - remaining),
      time_in_force: fillOrKill ? "fill_or_kill" : immediateOrCancel ? "immediate_or_cancel" : "good_til_cancelled",
      post_only: terms.postOnly,
      reduce_only: terms.reduceOnly,
      label,
      nonce: terms.nonce.toString(),
      deadline: Number(terms.deadline),
    };
  }

  /** What an account holds. */
  positions(account: number, market: number | undefined): PositionWire[] {
    const { exchange, instruments } = this.#parts;
    return (exchange.account(account)?.positions ?? []).flatMap(({ series, quantity }) => {
      const instrument = instruments.describe(series);
      if (instrument === undefined || (market !== undefined && instrument.market !== market)) return [];
      const view = this.#view(series);
      const isQuoted = view.forward !== 0n && hasMark(view) && view.phase !== PHASE_FIXED;
      return {
        account,
        instrument_name: instrument.name,
        kind: "option",
        direction: quantity > 0n ? "buy" : "sell",
        size: amountText(quantity),
        mark_price: priceTextOrNull(this.mark(series)),
        index_price: priceText(indexOf(exchange.market(series))),
        delta: isQuoted ? amountText((quote(view, series).delta * quantity) / 10n ** 18n) : null,
      };
    });
  }

  /** What an account has and needs. INVARIANT: it is there, for somebody has logged in to it. */
  summary(account: number): AccountSummaryWire {
    const { exchange } = this.#parts;
    const execution = this.#trial();
    const opened = exchange.account(account)!;
    openForMargin(execution, opened.mode, opened.positions);
    const { initial, maintenance } = requirementsOf(execution, opened.mode, opened.positions);
    return {
      account,
      currency: "USDC",
      owner: toHex(opened.owner),
      margin_model: opened.mode === MODE_STANDARD ? "standard" : "collateralised",
      balance: cashText(opened.cash),
      debt: cashText(opened.debt),
      initial_margin: cashText(initial),
      maintenance_margin: cashText(maintenance),
      available_funds: cashText(excessOf(execution, opened)),
      in_liquidation: opened.auction !== 0n,
      nonce_floor: opened.floor.toString(),
      open_orders: exchange.book.ofAccount(account).length,
    };
  }

  #summary(instrument: Instrument, volume: SeriesVolume | undefined): BookSummaryWire {
    const { exchange, history } = this.#parts;
    const { series, name } = instrument;
    return {
      instrument_name: name,
      bid_price: priceTextOrNull(exchange.book.best(series, false)?.price),
      ask_price: priceTextOrNull(exchange.book.best(series, true)?.price),
      mark_price: priceTextOrNull(this.mark(series)),
      last: priceTextOrNull(history.lastTrade(series)?.price),
      open_interest: amountText(this.#openInterest(series)),
      volume: amountText(volume?.volume ?? 0n),
    };
  }

  #openInterest(series: bigint): bigint {
    return this.#watch.follow(this.#parts.exchange.state.root).openInterest.get(series) ?? 0n;
  }

  #isTrading(day: number): boolean {
    const { exchange, clock } = this.#parts;
    return clock.now() + exchange.limits.expiryMargin < expiryTime(day);
  }

  #yesterday(): bigint {
    return this.#parts.clock.now() - DAY;
  }

  #trial(): Execution {
    const { exchange, clock } = this.#parts;
    // The open batch may be some seconds old, and marks age meanwhile.
    const [wall, l2] = [clock.now(), exchange.builder.now];
    return trial(exchange.config, exchange.state.root, wall > l2 ? wall : l2);
  }

  #view(series: bigint): ExpiryView {
    return viewsOf(this.#trial())(expiryOf(series));
  }

  #sigma(view: ExpiryView, { strike }: Instrument): bigint {
    return vol(toSvi(view.curve), view.forward, strike, view.minVol * VOL_UNIT, view.maxVol * VOL_UNIT);
  }
}

/** The last report's spot, or before the first one the last relayed price of the L1 feed. */
function indexOf(market: Market): bigint {
  return market.spot === 0n ? market.anchor : market.spot;
}

function greeksOf(view: ExpiryView, { isPut, strike }: Instrument, sigma: bigint): GreeksWire {
  const { delta, gamma, vega, theta } = greeks(!isPut, view.forward, strike, sigma, view.timeToExpiry);
  return {
    delta: wadText(delta),
    gamma: wadText(gamma),
    // For one percent of vol and for one day, as traders read them.
    vega: wadText(vega / 100n),
    theta: wadText(theta / 365n),
  };
}
