import { toHex } from "../crypto/bytes.ts";
import { priceText } from "./decimals.ts";
import type { Method } from "./methods.ts";
import type { Handlers, RpcContext } from "./RpcContext.ts";
import { tradeToWire } from "./tradeWire.ts";

/** The version of this interface. */
const VERSION = "1";
/** Lines of a summary for which it counts as one more request. */
const LINES_PER_REQUEST = 32;

type PublicMethod = Exclude<
  Extract<Method, `public/${string}`>,
  "public/challenge" | "public/auth" | "public/subscribe" | "public/unsubscribe"
>;

/** What anybody may ask. */
export function publicMethods(context: RpcContext): Handlers<PublicMethod> {
  const { view, instruments, history, feed, receipts, sequencer } = context;
  return {
    "public/test": () => ({ version: VERSION }),
    "public/get_time": () => view.timestamp,
    "public/get_deployment": () => ({
      domain: {
        name: "Tenor",
        version: "1",
        chainId: context.chainId.toString(),
        verifyingContract: context.verifyingContract,
      },
      domain_separator: toHex(sequencer.exchange.config.domain),
      receipt_signer: toHex(receipts.signer),
      currencies: [...instruments.markets.keys()],
    }),
    "public/get_instruments": ({ currency }) =>
      view.active(instruments.marketOf(currency)).map((instrument) => view.instrument(instrument)),
    "public/get_instrument": ({ instrument_name }) => view.instrument(instruments.parse(instrument_name)),
    "public/get_order_book": ({ instrument_name, depth }) => {
      const instrument = instruments.parse(instrument_name);
      const change_id = feed.lastChangeId;
      return { ...view.ticker(instrument), ...view.depth(instrument.series, depth), change_id };
    },
    "public/get_book_summary_by_currency": ({ currency }, session) => {
      const summaries = view.summaries(instruments.marketOf(currency));
      // A line takes several times as long to work out as its length says.
      session.charge(Math.floor(summaries.length / LINES_PER_REQUEST));
      return summaries;
    },
    "public/get_last_trades_by_instrument": ({ instrument_name, count, start_seq }) => {
      const instrument = instruments.parse(instrument_name);
      view.market(instrument);
      const from = start_seq === undefined ? {} : { fromSeq: start_seq };
      feed.flush();
      // One more than asked for tells whether there is more.
      const found = history.trades({ series: instrument.series, ...from }, count + 1);
      const trades = found.slice(0, count).map((trade) => tradeToWire(trade, instruments));
      return { trades, has_more: found.length > count };
    },
    "public/ticker": ({ instrument_name }) => view.ticker(instruments.parse(instrument_name)),
    "public/get_index_price": ({ index_name }) => {
      const { index, anchor, anchorTime } = view.index(instruments.marketOfIndex(index_name));
      return {
        index_price: priceText(index),
        timestamp: view.timestamp,
        anchor_price: priceText(anchor),
        anchor_timestamp: Number(anchorTime) * 1_000,
      };
    },
    "public/get_delivery_prices": ({ index_name, offset, count }) => {
      const all = view.deliveryPrices(instruments.marketOfIndex(index_name));
      return { data: all.slice(offset, offset + count), records_total: all.length };
    },
  };
}
