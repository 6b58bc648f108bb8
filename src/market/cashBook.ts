import { expiryKey, type Series, seriesKey } from "./types.ts";

/** 1e-4 USD times 1e-6 contract, in one unit of cash (1e-6 USDC). */
const VALUE_SCALE = 10_000n;

interface Position {
  readonly series: Series;
  /** Signed, 1e-6 contract. */
  quantity: bigint;
}

interface Account {
  cash: bigint;
  peakNeed: bigint;
  readonly positions: Map<string, Position>;
}

/**
 * The largest loss at expiry of positions of one (market, expiry), never less than zero, scanned at zero, at every
 * strike and at the ceiling. Rounded up.
 *
 * @param ceiling 1e-4 USD
 * @returns 1e-6 USDC
 */
export function largestLoss(positions: readonly Position[], ceiling: bigint): bigint {
  const prices = [0n, ceiling, ...positions.map(({ series }) => series.strike)];
  const worst = prices.map((price) => -payoff(positions, price)).reduce((a, b) => (a > b ? a : b), 0n);
  return (worst + VALUE_SCALE - 1n) / VALUE_SCALE;
}

/** The value at expiry, 1e-10 USD, of positions of one (market, expiry) if the underlying ends at `price`. */
function payoff(positions: readonly Position[], price: bigint): bigint {
  return positions.reduce((sum, { series, quantity }) => {
    const inTheMoney = series.type === "call" ? price - series.strike : series.strike - price;
    return inTheMoney > 0n ? sum + inTheMoney * quantity : sum;
  }, 0n);
}

/**
 * The cash and positions of accounts that may overdraw, which tells how much each has to deposit so that the exchange's
 * collateralised regime never refuses it. It is an estimate for generated flow: there are no fees in it, and gains of
 * an expiry are ignored, since a loser may pay late.
 */
export class CashBook {
  readonly #accounts = new Map<string, Account>();

  /** Moves a premium and a position from the seller to the buyer, with the ceilings (1e-4 USD) of all markets. */
  trade(
    buyer: string,
    seller: string,
    series: Series,
    quantity: bigint,
    price: bigint,
    ceilings: ReadonlyMap<number, bigint>,
  ): void {
    const premium = (quantity * price) / VALUE_SCALE;
    this.#change(buyer, series, quantity, -premium, ceilings);
    this.#change(seller, series, -quantity, premium, ceilings);
  }

  /** Closes an expiry: losers pay at the settlement price, 1e-4 USD. */
  settle(market: number, expiryDay: number, settlementPrice: bigint): void {
    for (const account of this.#accounts.values()) {
      const expiring = [...account.positions].filter(
        ([, { series }]) => series.market === market && series.expiryDay === expiryDay,
      );
      const value =
        payoff(
          expiring.map(([, position]) => position),
          settlementPrice,
        ) / VALUE_SCALE;
      if (value < 0n) account.cash += value;
      for (const [key] of expiring) account.positions.delete(key);
    }
  }

  /** The most that the account has needed to have deposited at any time so far, 1e-6 USDC. */
  peakNeed(trader: string): bigint {
    return this.#accounts.get(trader)?.peakNeed ?? 0n;
  }

  #change(trader: string, series: Series, quantity: bigint, cash: bigint, ceilings: ReadonlyMap<number, bigint>): void {
    const account = this.#accounts.get(trader) ?? { cash: 0n, peakNeed: 0n, positions: new Map<string, Position>() };
    this.#accounts.set(trader, account);
    const key = seriesKey(series);
    const position = account.positions.get(key) ?? { series, quantity: 0n };
    position.quantity += quantity;
    if (position.quantity === 0n) account.positions.delete(key);
    else account.positions.set(key, position);
    account.cash += cash;
    const need = requirement(account, ceilings) - account.cash;
    if (need > account.peakNeed) account.peakNeed = need;
  }
}

function requirement(account: Account, ceilings: ReadonlyMap<number, bigint>): bigint {
  const byExpiry = new Map<string, Position[]>();
  for (const position of account.positions.values()) {
    const key = expiryKey(position.series);
    byExpiry.set(key, [...(byExpiry.get(key) ?? []), position]);
  }
  let sum = 0n;
  for (const positions of byExpiry.values()) sum += largestLoss(positions, ceilings.get(positions[0]!.series.market)!);
  return sum;
}
