import { FLAG_SELL, TX_FILL, TX_ORACLE_REPORT, type Fill } from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import type { Clock } from "../sequencer/Clock.ts";
import type { Exchange } from "../sequencer/Exchange.ts";
import { MakerProtection } from "../sequencer/MakerProtection.ts";
import type { ExchangeEvent, FillReport, OrderRecord } from "../sequencer/OrderRecord.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import { BookFeed } from "./BookFeed.ts";
import type { Channels } from "./Channels.ts";
import type { HistoryStore, StoredTrade } from "./HistoryStore.ts";
import type { Instruments } from "./Instruments.ts";
import type { Labels } from "./Labels.ts";
import type { MarketView } from "./MarketView.ts";
import { protectionToWire } from "./protectionWire.ts";
import type { ReceiptIssuer } from "./ReceiptIssuer.ts";
import type { Session } from "./Session.ts";
import { sidesOf, tradeToWire, userTradeToWire } from "./tradeWire.ts";
import { receiptToWire } from "./wire.ts";

/** Tickers that are worked out in one turn of the event loop: a few milliseconds. */
const TICKERS_AT_ONCE = 20;

/** Books that are begun between two looks for those that nobody watches any more. */
const BOOKS_BEGUN = 1_000;

/** By what a fill names its orders. */
type Nonce = Pick<OrderRecord, "account" | "nonce">;

/** What the feed works with. */
export interface FeedParts {
  readonly sequencer: Sequencer;
  readonly clock: Clock;
  readonly instruments: Instruments;
  readonly history: HistoryStore;
  readonly view: MarketView;
  readonly channels: Channels;
  readonly receipts: ReceiptIssuer;
  readonly labels: Labels;
  readonly logger: Logger;
}

/**
 * Takes down what the sequencer says has happened, and tells it to subscribers. The sequencer calls in the midst of a commit, so
 * events are noted there and worked off right behind it.
 */
export class Feed {
  readonly #parts: FeedParts;
  readonly #books = new BookFeed();
  #events: ExchangeEvent[] = [];
  #isDue = false;
  /** Books that subscribers were told as they are. */
  #begun = 0;
  /** Names of the tickers that are still to be told, and the turn in which that goes on. */
  readonly #staleTickers = new Set<string>();
  #tickerTurn: NodeJS.Immediate | undefined;
  readonly #stopListening: () => void;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    const { sequencer, history } = parts;
    this.#fillIn(sequencer.exchange);
    const now = parts.clock.now();
    for (const { account, scope, limits, frozen } of history.protections()) {
      if (MakerProtection.isOver(scope, now)) history.clearProtection(account, scope);
      else sequencer.protection.set(account, scope, limits, frozen);
    }
    this.#stopListening = sequencer.listen((event) => {
      this.#events.push(event);
      if (this.#isDue) return;
      this.#isDue = true;
      queueMicrotask(() => {
        this.#isDue = false;
        this.flush();
      });
    });
  }

  /** Number of the last change of a book that was told. */
  get lastChangeId(): number {
    this.flush();
    return this.#books.lastId;
  }

  /** Ends it, with everything that has happened taken down. */
  stop(): void {
    this.#stopListening();
    this.flush();
    clearImmediate(this.#tickerTurn);
    this.#staleTickers.clear();
  }

  /** Tells a new subscriber where things stand. */
  begin(session: Session, channel: string): void {
    const { channels, instruments, sequencer, view } = this.#parts;
    this.flush();
    const name = channel.slice(channel.indexOf(".") + 1);
    if (!channels.has(channel)) return;
    if (channel.startsWith("book.")) {
      const { series } = instruments.parse(name);
      const depth = sequencer.exchange.book.depth(series);
      if (++this.#begun % BOOKS_BEGUN === 0) this.#forgetBooks();
      channels.begin(session, channel, this.#books.snapshot(series, name, depth, view.timestamp));
    } else {
      const data = channel.startsWith("ticker.") ? view.ticker(instruments.parse(name)) : undefined;
      channels.begin(session, channel, data);
    }
  }

  /** Works off what has happened. */
  flush(): void {
    const events = this.#events;
    if (events.length === 0) return;
    this.#events = [];
    try {
      const trades = this.#takeDown(events);
      this.#tell(events, trades);
    } catch (error) {
      // What could not be taken down is filled in at the next start; what subscribers miss shows in their sequence numbers.
      this.#parts.logger.error({ err: error }, "the feed failed");
    }
  }

  /** Keeps what traders ask for later. */
  #takeDown(events: readonly ExchangeEvent[]): Map<ExchangeEvent, StoredTrade> {
    const { history, clock, view } = this.#parts;
    const trades = new Map<ExchangeEvent, StoredTrade>();
    const time = clock.now();
    history.transact(() => {
      for (const event of events) {
        if (event.kind === "fill") {
          const trade = history.addTrade(this.#tradeOf(event.fill, time));
          if (trade !== undefined) trades.set(event, trade);
        } else if (event.kind === "dropped" && event.transaction.type === TX_FILL) {
          const trade = history.dropTrade(event.item);
          if (trade !== undefined) trades.set(event, trade);
        } else if (event.kind === "settled") {
          const price = view.deliveryPrice(event.expiry);
          for (const { account, positions, cash, debt } of event.accounts) {
            for (const { series, quantity } of positions) {
              history.addSettlement({ item: event.item, account, series, time, quantity, price, cash, debt });
            }
          }
        } else if (event.kind === "protected") {
          const found = this.#parts.sequencer.exchange.protection
            .of(event.account)
            .find(({ scope }) => scope.market === event.scope.market && scope.day === event.scope.day);
          if (found !== undefined) history.setProtection(found);
        }
      }
    });
    return trades;
  }

  #tell(events: readonly ExchangeEvent[], trades: ReadonlyMap<ExchangeEvent, StoredTrade>): void {
    const { sequencer, channels } = this.#parts;
    const { orders } = sequencer.exchange;
    const changedOrders = new Set<number>();
    const changedSeries = new Set<bigint>();
    const changedMarkets = new Set<number>();
    let isAllChanged = false;
    const touch = (id: number): void => {
      changedOrders.add(id);
      const order = orders.get(id);
      if (order !== undefined) changedSeries.add(order.series);
    };
    for (const event of events) {
      const trade = trades.get(event);
      if (trade !== undefined) this.#tellTrade(trade, event.kind === "fill" ? event.fill : undefined);
      switch (event.kind) {
        case "fill":
          touch(event.fill.maker);
          touch(event.fill.taker);
          break;
        case "accepted":
        case "corrected":
        case "closed":
          touch(event.order);
          break;
        case "executed":
          if (event.transaction.type === TX_ORACLE_REPORT) changedMarkets.add(event.transaction.market);
          break;
        case "protected":
          this.#tellProtection(event.account);
          break;
        case "rebuilt":
          isAllChanged = true;
          break;
        case "dropped":
          // What it had filled of an order that rests now is open again, and nothing else says so.
          if (event.transaction.type === TX_FILL) {
            for (const { account, nonce } of [event.transaction.maker, event.transaction.taker]) {
              const order = sequencer.exchange.book.get(account, nonce);
              if (order !== undefined) touch(order.id);
            }
          }
          break;
        case "settled":
          break;
      }
    }
    for (const id of changedOrders) this.#tellOrder(orders.get(id));
    // SAFETY: strangers decide how many books and tickers are watched. What each order costs follows from what it changes alone.
    if (isAllChanged || changedMarkets.size > 0) this.#forgetBooks();
    for (const series of isAllChanged ? [...this.#books.series] : changedSeries) this.#tellBook(series);
    const isChanged = (series: bigint): boolean =>
      isAllChanged || changedSeries.has(series) || changedMarkets.has(Number(series >> 56n));
    this.#tellTickers(
      isAllChanged || changedMarkets.size > 0
        ? [...channels.named("ticker.")].filter((name) => isChanged(this.#parts.instruments.parse(name).series))
        : [...changedSeries].map((series) => this.#nameOf(series)).filter((name) => channels.has(`ticker.${name}`)),
    );
  }

  /** Forgets the books that nobody looks at any more. */
  #forgetBooks(): void {
    const { channels } = this.#parts;
    this.#books.keepOnly((series) => channels.has(`book.${this.#nameOf(series)}`));
  }

  #tellTrade(trade: StoredTrade, fill: FillReport | undefined): void {
    const { channels, instruments, receipts } = this.#parts;
    const name = this.#nameOf(trade.series);
    if (!trade.isDropped) channels.publish(`trades.${name}`, [tradeToWire(trade, instruments)]);
    const users = sidesOf(trade).filter(({ account }) => channels.has(`user.trades.${account}`));
    if (users.length === 0) return;
    // Signing costs more than the rest together, so nothing is signed that nobody reads.
    const receipt = fill === undefined ? undefined : receipts.ofFill(fill);
    for (const side of users) {
      const data = { ...userTradeToWire(trade, side, instruments), receipt: receipt && receiptToWire(receipt) };
      channels.publish(`user.trades.${side.account}`, [data]);
    }
  }

  #tellOrder(order: OrderRecord | undefined): void {
    if (order === undefined) return;
    const { channels, view, labels } = this.#parts;
    const channel = `user.orders.${order.account}`;
    if (channels.has(channel)) channels.publish(channel, view.order(order, labels.of(order.id)));
  }

  #tellProtection(account: number): void {
    const { channels, sequencer, instruments } = this.#parts;
    const frozen = sequencer.exchange.protection.of(account).filter((protection) => protection.frozen !== undefined);
    for (const protection of frozen) {
      channels.publish(`user.mmp_trigger.${account}`, protectionToWire(protection, instruments));
    }
  }

  #tellBook(series: bigint): void {
    const { channels, sequencer, view } = this.#parts;
    const name = this.#nameOf(series);
    if (!channels.has(`book.${name}`)) return this.#books.forget(series);
    const change = this.#books.change(series, name, sequencer.exchange.book.depth(series), view.timestamp);
    if (change !== undefined) channels.publish(`book.${name}`, change);
  }

  #tellTickers(names: readonly string[]): void {
    for (const name of names) this.#staleTickers.add(name);
    if (this.#tickerTurn === undefined && this.#staleTickers.size > 0) this.#workOffTickers();
  }

  /** Tells some of the tickers that have changed, and the others in later turns: strangers decide how many there are. */
  #workOffTickers(): void {
    const { channels, instruments, view, logger } = this.#parts;
    this.#tickerTurn = undefined;
    try {
      let left = TICKERS_AT_ONCE;
      for (const name of this.#staleTickers) {
        if (left-- === 0) break;
        this.#staleTickers.delete(name);
        const channel = `ticker.${name}`;
        if (channels.has(channel)) channels.publish(channel, view.ticker(instruments.parse(name)));
      }
    } catch (error) {
      logger.error({ err: error }, "the feed failed");
    }
    if (this.#staleTickers.size > 0) this.#tickerTurn = setImmediate(() => this.#workOffTickers());
  }

  #nameOf(series: bigint): string {
    return this.#parts.instruments.describe(series)?.name ?? "";
  }

  #tradeOf(fill: FillReport, time: bigint): Omit<StoredTrade, "seq"> {
    const { sequencer, view } = this.#parts;
    const { orders } = sequencer.exchange;
    // INVARIANT: orders of a fill that was executed just now are known.
    const [maker, taker] = [orders.get(fill.maker)!, orders.get(fill.taker)!];
    const { item, series, price, quantity, makerFee, takerFee, isCross } = fill;
    return {
      ...{ item, series, time, price, quantity, makerFee, takerFee, isCross },
      indexPrice: view.index(Number(series >> 56n)).index,
      markPrice: view.mark(series) ?? 0n,
      isTakerSell: taker.sell,
      isDropped: false,
      makerAccount: maker.account,
      takerAccount: taker.account,
      makerOrder: maker.id,
      takerOrder: taker.id,
    };
  }

  /** Takes down the fills that a kill has kept from it: those of all batches that are not final are in the journal. */
  #fillIn(exchange: Exchange): void {
    const { history, instruments, view } = this.#parts;
    const items = new Set(exchange.batches.flatMap((batch) => batch.items.map(({ id }) => id)));
    const byNonce = new Map([...exchange.orders.values()].map((order) => [`${order.account}:${order.nonce}`, order]));
    history.transact(() => {
      // What is behind the first item that is not final, and in no batch, was dropped while nobody took it down.
      // There may be more items than a call takes arguments.
      const first = [...items].reduce((least, item) => Math.min(least, item), Infinity);
      for (const item of items.size === 0 ? [] : history.itemsFrom(first)) {
        if (!items.has(item)) history.dropTrade(item);
      }
      for (const batch of exchange.batches) {
        const time = batch.l2Time;
        for (const { id: item, transaction } of batch.items) {
          if (transaction.type !== TX_FILL) continue;
          const terms = termsOf(exchange, transaction);
          if (terms === undefined || instruments.describe(terms.series) === undefined) continue;
          const { maker, taker, lots } = transaction;
          const order = (side: Nonce): OrderRecord | undefined => byNonce.get(`${side.account}:${side.nonce}`);
          history.addTrade({
            ...{ item, time, ...terms, makerAccount: maker.account, takerAccount: taker.account },
            quantity: lots * exchange.market(terms.series).lot,
            indexPrice: view.index(Number(terms.series >> 56n)).index,
            markPrice: 0n,
            isCross: order(maker)?.status === "crossed",
            isDropped: false,
            makerOrder: order(maker)?.id ?? 0,
            takerOrder: order(taker)?.id ?? 0,
            makerFee: undefined,
            takerFee: undefined,
          });
        }
      }
    });
  }
}

/** What the state says of a fill's maker order; undefined if its slot serves another order by now. */
function termsOf(
  { state }: Exchange,
  { maker }: Fill,
): { readonly series: bigint; readonly price: bigint; readonly isTakerSell: boolean } | undefined {
  const slot = state.openOrder(maker.account, maker.nonce);
  if (slot?.nonce !== maker.nonce || slot.quantity === 0n) return undefined;
  return { series: slot.series, price: slot.limitPrice, isTakerSell: (slot.flags & FLAG_SELL) === 0 };
}
