import { MAX_PRICE } from "../machine/Constants.ts";
import { dayOf, expiryOf, isPut, packSeries, strikeOf } from "../machine/Positions.ts";
import { PRICE_DECIMALS, parseUnits, priceText } from "./decimals.ts";
import { RpcError } from "./RpcError.ts";

/**
 * Names of series as option traders write them: ETH-26APR19-160-C is the call on ETH at 160 USD that expires on 26 April 2019; a
 * strike that is not whole has a d in place of the point.
 */

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"] as const;
const NAME = /^([A-Z0-9]{1,10})-([1-9]\d?)([A-Z]{3})(\d{2})-(0|[1-9]\d*)(?:d(\d*[1-9]))?-([CP])$/;
const DAY_MILLISECONDS = 86_400_000;
/** A year has two digits: 2000 to 2099. */
const CENTURY = 2_000;
const CURRENCY = /^[A-Z0-9]{1,10}$/;

/** A series and what it is made of. */
export interface Instrument {
  /** Packed. */
  readonly series: bigint;
  readonly market: number;
  readonly currency: string;
  readonly day: number;
  /** 1e-4 USD. */
  readonly strike: bigint;
  readonly isPut: boolean;
  readonly name: string;
}

/** The names of all series of the markets that are traded here. */
export class Instruments {
  readonly #currencies: ReadonlyMap<number, string>;
  readonly #markets: ReadonlyMap<string, number>;

  /** @param currencies What each market's underlying is called: capitals and digits, at most ten. */
  constructor(currencies: ReadonlyMap<number, string>) {
    const markets = new Map([...currencies].map(([market, currency]) => [currency, market]));
    if (markets.size !== currencies.size || [...markets.keys()].some((currency) => !CURRENCY.test(currency))) {
      throw new RpcError("INTERNAL_ERROR", "currencies must differ, and be capitals and digits");
    }
    this.#currencies = currencies;
    this.#markets = markets;
  }

  /** The currencies with their markets. */
  get markets(): ReadonlyMap<string, number> {
    return this.#markets;
  }

  /** A series by its number; undefined if its market has no name here. */
  describe(series: bigint): Instrument | undefined {
    const market = Number(series >> 56n);
    const currency = this.#currencies.get(market);
    if (currency === undefined) return undefined;
    const [day, strike, put] = [dayOf(expiryOf(series)), strikeOf(series), isPut(series)];
    const strikeName = priceText(strike).replace(".", "d");
    const name = `${currency}-${dateName(day)}-${strikeName}-${put ? "P" : "C"}`;
    return { series, market, currency, day, strike, isPut: put, name };
  }

  /** A series by its name. @throws {@link RpcError} `INSTRUMENT_NOT_FOUND`. */
  parse(name: string): Instrument {
    const found = this.#parse(name);
    // One name for one series: "ETH-026APR19…" and the like are none.
    if (found?.name !== name) throw new RpcError("INSTRUMENT_NOT_FOUND", "there is no such instrument", { name });
    return found;
  }

  /** The market of a currency. @throws {@link RpcError} `INVALID_PARAMS`. */
  marketOf(currency: string): number {
    const market = this.#markets.get(currency);
    if (market === undefined) throw unknown("currency", currency);
    return market;
  }

  /** The market of an index, such as `eth_usd`. @throws {@link RpcError} `INVALID_PARAMS`. */
  marketOfIndex(index: string): number {
    for (const [currency, market] of this.#markets) if (indexName(currency) === index) return market;
    throw unknown("index_name", index);
  }

  /** The index of a market; undefined if it has no name here. */
  indexOf(market: number): string | undefined {
    const currency = this.#currencies.get(market);
    return currency === undefined ? undefined : indexName(currency);
  }

  #parse(name: string): Instrument | undefined {
    const match = NAME.exec(name);
    if (match === null) return undefined;
    const [, currency, dayOfMonth, month, year, whole, fraction = "", kind] = match;
    const market = this.#markets.get(currency!);
    const strike = parseUnits(fraction === "" ? whole! : `${whole}.${fraction}`, PRICE_DECIMALS);
    const monthIndex = MONTHS.indexOf(month as (typeof MONTHS)[number]);
    if (market === undefined || strike === undefined || strike > MAX_PRICE || monthIndex === -1) return undefined;
    const day = Date.UTC(CENTURY + Number(year), monthIndex, Number(dayOfMonth)) / DAY_MILLISECONDS;
    return this.describe(packSeries(market, day, strike, kind === "P"));
  }
}

/** An expiry day as in names: 26APR19. */
export function dateName(day: number): string {
  const date = new Date(day * DAY_MILLISECONDS);
  const year = (date.getUTCFullYear() % 100).toString().padStart(2, "0");
  return `${date.getUTCDate()}${MONTHS[date.getUTCMonth()]}${year}`;
}

/** The day of such a name; undefined if it is none. */
export function dayOfName(name: string): number | undefined {
  const match = /^([1-9]\d?)([A-Z]{3})(\d{2})$/.exec(name);
  const month = MONTHS.indexOf(match?.[2] as (typeof MONTHS)[number]);
  if (match === null || month === -1) return undefined;
  const day = Date.UTC(CENTURY + Number(match[3]), month, Number(match[1])) / DAY_MILLISECONDS;
  return dateName(day) === name ? day : undefined;
}

function indexName(currency: string): string {
  return `${currency.toLowerCase()}_usd`;
}

function unknown(param: string, value: string): RpcError {
  return new RpcError("INVALID_PARAMS", "there is no such market", { param, value, reason: "unknown" });
}
