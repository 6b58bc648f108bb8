import { expect } from "chai";
import { FUND_ACCOUNT, FUND_ACCOUNTS } from "../../src/machine/Constants.ts";
import type { ResultName } from "../../src/machine/ResultCodes.ts";
import type { OracleReport } from "../../src/machine/Wire.ts";
import { CONTRACT, Exchange, fakeSigner, START_DAY, USDC, type OrderWish, type Signer } from "./model/Exchange.ts";
import { asEarlier, marketPayload, signersPayload, signReport, smileOf, type ReportSigner } from "./model/oracle.ts";
import { markOf } from "./model/MarginModel.ts";
import { SPOT_AGE } from "./model/ModelState.ts";
import { instantOf, seriesName } from "./model/words.ts";

/** Somebody with an account. */
export interface Trader {
  readonly name: string;
  readonly account: number;
  readonly signer: Signer;
}

/** An option of the story's market. */
export interface Option {
  readonly strike: number;
  readonly put?: boolean;
  readonly day?: number;
  readonly market?: number;
}

/** The expiry of the stories unless they name another: in three days. */
export const DAY = START_DAY + 3;

const ORACLES: readonly Signer[] = [0, 1, 2].map((i) => fakeSigner(`oracle ${i}`));

/**
 * An exchange with one market at 2,000 USD, an oracle of two in three, and actors who deposit, trade on margin, get into
 * trouble. It runs on the machine and the model at once, so every step is compared and every invariant checked.
 */
export class MarginStory extends Exchange {
  readonly #people = new Map<string, Trader>();
  readonly #vol: number;
  /** A report whose jump has not been confirmed yet. */
  #shown: OracleReport | undefined;

  /**
   * @param vol Volatility of every smile, 1 is 100 %.
   * @param fund What the insurance fund begins with, USDC.
   * @param maxVol Largest volatility of the market.
   */
  constructor({ vol = 0.6, fund = 100_000, multiple = 20, maxVol = 3, markets = [1] } = {}) {
    super();
    this.#vol = vol;
    const { settlement } = this.deployment.machine;
    this.must(
      this.message(
        6,
        settlement,
        signersPayload(
          2,
          ORACLES.map(({ address }) => address),
        ),
      ),
    );
    for (const market of markets) {
      this.must(this.list(market));
      this.must(this.anchor(market, 2_000));
      const terms = {
        minVol: 100_000,
        maxVol: Math.round(maxVol * 1e6),
        bandFloor: 20_000n,
        exposureMultiple: multiple,
      };
      this.must(this.message(7, settlement, marketPayload(market, terms)));
      this.must(this.oracleSays(2_000, { market }));
    }
    const backer = this.arrives("backer of the fund", fund);
    this.must(this.transfer(backer.account, backer.signer, FUND_ACCOUNT, BigInt(fund) * USDC));
    this.must(this.run({ type: 0x0e, fund: 0 }));
  }

  /** Expects that what was done succeeded. */
  must(result: ResultName): void {
    expect(result).to.equal("OK");
  }

  /** A new person with an account and cash, in USDC. */
  arrives(name: string, cash: number, standard = false): Trader {
    const trader = { name, account: this.#people.size + 1, signer: fakeSigner(name) };
    this.#people.set(name, trader);
    this.must(this.deposit(trader.account, trader.signer.address, BigInt(cash) * USDC));
    if (standard) this.must(this.mode(trader, 1));
    return trader;
  }

  /** Changes a margin mode. */
  mode({ account, signer }: Trader, mode: number): ResultName {
    return this.run({ type: 0x09, account, mode, auth: this.auth(signer, "SetMode", { account, mode }, {}) });
  }

  /**
   * A report at `usd` of forward (`basis` times the spot) and smile for the days given, by the first two oracles unless others
   * are named.
   */
  oracleSays(
    usd: number,
    {
      days = [DAY],
      by = [0, 1],
      time = this.now,
      market = 1,
      basis = 1,
      vol = this.#vol,
      earlier = undefined as OracleReport | undefined,
    } = {},
  ): ResultName {
    const spot = BigInt(Math.round(usd * 10_000));
    const forward = BigInt(Math.floor(usd * basis * 10_000));
    const curves = days.map((day) => ({ day, forward, curve: smileOf(vol, instantOf(day) - time) }));
    const signers = by.map((i): ReportSigner => [i, ORACLES[i]!.sign]);
    const report = signReport(
      this.deployment.model,
      { market, time, spot, curves },
      signers,
      earlier === undefined ? undefined : asEarlier(earlier),
    );
    const result = this.run(report);
    if (result === "ReportJumps") this.#shown = report;
    return result;
  }

  /** The market moves to `usd`: the feed is relayed, and the oracle follows; a jump is shown and confirmed a minute later. */
  moves(usd: number, options: { days?: number[]; market?: number } = {}): void {
    this.wait(1);
    this.must(this.anchor(options.market ?? 1, usd));
    let result = this.oracleSays(usd, options);
    if (result === "ReportJumps") {
      this.wait(60);
      result = this.oracleSays(usd, { ...options, earlier: this.#shown! });
    }
    this.must(result);
  }

  /** `seller` sells to `buyer` at `usd` a contract. */
  sells(
    seller: Trader,
    buyer: Trader,
    contracts: number,
    option: Option,
    usd: number,
    wish: Partial<OrderWish> = {},
  ): ResultName {
    const quantity = BigInt(Math.round(contracts * 1e6));
    const limitTicks = BigInt(Math.round(usd * 100));
    const series = { day: DAY, put: false, ...option };
    return this.trade(seller, buyer, { ...series, quantity, limitTicks, maxFee: 100_000n * 10_000n, ...wish });
  }

  /** A bid of `bidder` for `fraction` (1 is all) of an account. */
  bids(bidder: Trader, on: Trader, fraction: number, limit = 10n ** 15n): ResultName {
    const value = {
      account: on.account,
      bidder: bidder.account,
      fraction: BigInt(Math.round(fraction * 1e9)),
      limit,
    };
    return this.run({ type: 0x0c, ...value, auth: this.auth(bidder.signer, "Bid", value, {}) });
  }

  startsAuction(of: Trader): ResultName {
    return this.run({ type: 0x0a, account: of.account });
  }

  endsAuction(of: Trader): ResultName {
    return this.run({ type: 0x0b, account: of.account });
  }

  fundBids(on: Trader, fraction: number, fund = 0): ResultName {
    return this.run({ type: 0x0d, account: on.account, fund, fraction: BigInt(Math.round(fraction * 1e9)) });
  }

  /** Takes everything that a trader has out. */
  withdrawsAll({ account, signer }: Trader): ResultName {
    return this.withdraw(account, signer, this.account(account).cash);
  }

  /** Lets the expiry pass and fixes its price. */
  expires(usd: number, day = DAY, market = 1): void {
    this.waitUntil(instantOf(day) + 2_000n);
    this.must(this.fixPrice(market, day, usd));
  }

  /** Settles accounts until nothing is left to be settled or paid. */
  settlesAll(day = DAY, market = 1): void {
    const accounts = [...this.#people.values()].map(({ account }) => account);
    const everybody = [...accounts, ...Array.from({ length: FUND_ACCOUNTS }, (_, i) => FUND_ACCOUNT + i)];
    for (let round = 0; round < 2; round++) for (const account of everybody) this.settle(market, day, account);
  }

  /** Cash in whole USDC, rounded down. */
  cash({ account }: Trader): number {
    return Number(this.account(account).cash / USDC);
  }

  debt({ account }: Trader): number {
    return Number(this.account(account).debt / USDC);
  }

  /** The insurance fund in whole USDC. */
  get fund(): number {
    return Number(this.model.globals.get("")!.fund / USDC);
  }

  /** Contracts held, of one series. */
  held({ account }: Trader, { strike, put = false, day = DAY, market = 1 }: Option): number {
    const name = seriesName({ market, day, strike: BigInt(strike) * 10_000n, put });
    return Number(this.account(account).positions.get(name) ?? 0n) / Number(CONTRACT);
  }

  /** What the last report makes of an option, 1e-4 USD. */
  markOf({ strike, put = false, day = DAY, market = 1 }: Option): bigint {
    const view = this.model.view(`${market}/${day}`, this.now, SPOT_AGE);
    return markOf(view, { market, day, strike: BigInt(strike) * 10_000n, put });
  }

  /** Initial excess in whole USDC, rounded towards zero. */
  excessOf({ account }: Trader): number {
    return Number(this.excess(account) / USDC);
  }
}
