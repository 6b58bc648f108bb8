import { toHex } from "../../src/crypto/bytes.ts";
import { HttpEndpoint } from "../../src/http/HttpEndpoint.ts";
import { machineConfig } from "../../src/l1/deployment.ts";
import type { SignedReport } from "../../src/machine/OracleReports.ts";
import { TX_ORACLE_REPORT } from "../../src/machine/Wire.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import type { DemoMarket } from "../../src/market/demoMarket.ts";
import { Random } from "../../src/market/random.ts";
import { MARKETS } from "../../src/market/types.ts";
import { ReplayOracle } from "../../src/replay/ReplayOracle.ts";
import type { Logger } from "../../src/roles/Logger.ts";
import { SYSTEM_TIMER } from "../../src/roles/Timer.ts";
import { Feeds } from "./Feeds.ts";
import { Flow, QUOTE_EVERY } from "./Flow.ts";
import { PriceWalk } from "./PriceWalk.ts";
import { Trader } from "./Trader.ts";
import type { DevnetWorld } from "./World.ts";

/** What the market is made of. */
export interface DevnetMarketParts {
  readonly world: DevnetWorld;
  readonly l1: string;
  /** Where the sequencer takes reports. */
  readonly reports: string;
  /** Where it takes orders. */
  readonly rpc: string;
  readonly logger: Logger;
}

/** Seconds between two looks at what is due, two reports, two trades, and two rounds of the feeds. */
const TURN = 1;
const REPORT_EVERY = 4;
const TRADE_EVERY = 6;
const ROUND_EVERY = 60;

/** The outside world of a devnet: prices walk, the oracle reports them, the feeds show them on L1, a maker quotes and a taker trades. */
export class DevnetMarket {
  readonly #parts: DevnetMarketParts;
  readonly #random: Random;
  readonly #oracle: ReplayOracle;
  readonly #feeds: Feeds;
  readonly #reports: HttpEndpoint;
  readonly #flow: Flow;
  readonly #traders: readonly Trader[];
  readonly #walks = new Map<number, PriceWalk>();
  /** When something was last done, by what it is, seconds. */
  readonly #done = new Map<string, number>();

  constructor(parts: DevnetMarketParts) {
    const { world, l1, reports, rpc, logger } = parts;
    this.#parts = parts;
    this.#random = new Random(BigInt(Date.now()));
    this.#oracle = new ReplayOracle(machineConfig(world.deployment));
    this.#feeds = new Feeds(l1, world);
    this.#reports = new HttpEndpoint(reports, { timeoutMilliseconds: 5_000, maxBytes: 65_536 });
    const { deployment, accounts, born } = world;
    const [maker, taker] = (["maker", "trader 3"] as const).map(
      (name) => new Trader(rpc, deployment, name, accounts[name]!),
    ) as [Trader, Trader];
    this.#traders = [maker, taker];
    this.#flow = new Flow({ maker, taker, born, random: this.#random, logger });
  }

  /** Goes on until `signal` is aborted. What fails is logged and tried again in the next turn. */
  async run(signal: AbortSignal): Promise<void> {
    for (const spec of MARKETS) {
      const index = await this.#feeds.price(spec.id);
      this.#walks.set(spec.id, new PriceWalk(spec, this.#random, index, now()));
    }
    while (!signal.aborted) {
      for (const walk of this.#walks.values()) walk.walkTo(now());
      await this.#do("report", REPORT_EVERY, () => this.#report());
      await this.#do("quote", QUOTE_EVERY, () => this.#flow.quote(this.#markets, now()));
      await this.#do("trade", TRADE_EVERY, () => this.#flow.take(this.#random.pick(this.#markets), now()));
      await this.#do("round", ROUND_EVERY, () => this.#round());
      await SYSTEM_TIMER.sleep(TURN * 1_000, signal);
    }
    await Promise.all(this.#traders.map((trader) => trader.close()));
    this.#feeds.close();
  }

  get #markets(): DemoMarket[] {
    return [...this.#walks.values()].map(({ market }) => market);
  }

  async #do(what: string, every: number, action: () => Promise<void>): Promise<void> {
    if (now() - (this.#done.get(what) ?? 0) < every) return;
    this.#done.set(what, now());
    try {
      await action();
    } catch (error) {
      this.#parts.logger.warn({ err: error, what }, "the market could not go on");
    }
  }

  async #report(): Promise<void> {
    const time = now();
    const reports = [...this.#walks.values()].flatMap(({ market }) =>
      this.#oracle.observe(market.observe(time), BigInt(time)),
    );
    await this.#reports.send({ path: "/reports", json: { reports: reports.map(encodeSigned) } });
  }

  #round(): Promise<void> {
    return this.#feeds.round(new Map([...this.#walks].map(([id, { market }]) => [id, market.index])));
  }
}

/** A report as the sequencer takes it. */
function encodeSigned(report: SignedReport): string {
  return toHex(encodeTransaction({ ...report, type: TX_ORACLE_REPORT }, 0n));
}

function now(): number {
  return Math.floor(Date.now() / 1_000);
}
