import { MARKETS } from "../../src/market/types.ts";
import { usage } from "../cli/CliError.ts";

/** What the markets are called, unless told otherwise. */
export const CURRENCIES = MARKETS.map(({ id, name }) => `${id}=${name}`);

/** What markets are called, of `market=name`. @throws CliError `USAGE`. */
export function currenciesOf(texts: readonly string[]): ReadonlyMap<number, string> {
  return new Map(
    texts.map((text): [number, string] => {
      const [, market, name] = /^([0-9]{1,3})=([A-Z0-9]{1,10})$/.exec(text) ?? [];
      if (market === undefined || name === undefined) {
        throw usage("expected market=name, the name in capitals and digits", { currency: text });
      }
      return [Number(market), name];
    }),
  );
}
