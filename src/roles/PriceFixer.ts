import { isContractError, L1Error } from "../l1/L1Error.ts";
import type { L1Block, SettlementSource, SettlementWriter } from "../l1/L1Source.ts";
import { expiryTime } from "../machine/Slots.ts";
import { findRoundEvidence, VISIBLE_AFTER } from "../settlement/roundEvidence.ts";
import { decimalsChanged } from "./AnchorRelay.ts";
import type { Follower } from "./Follower.ts";
import type { Health } from "./Health.ts";
import type { ExpiryReport, PriceReport } from "./KeeperReport.ts";
import type { Logger } from "./Logger.ts";
import type { NodeAlarm } from "./NodeMetrics.ts";
import { OpenExpiries, type OpenExpiry } from "./OpenExpiries.ts";

/** What prices are fixed with. */
export interface PriceFixerParts {
  readonly settlement: SettlementSource & SettlementWriter;
  readonly follower: Follower;
  readonly health: Health<NodeAlarm>;
  readonly logger: Logger;
}

/** Why an expiry is left alone for now. */
interface Wait {
  /** L1 time from which on it is worth looking again, seconds. */
  readonly until: bigint;
  /** The feed's last round; a newer one is worth a look too. */
  readonly round: bigint | undefined;
  /** What is wrong, and what to do. */
  readonly problem: string | undefined;
}

/** Seconds after which an expiry without a price is looked at again, in case the endpoint was wrong. */
const AGAIN = 3600n;

/** How the contract refuses evidence that was right a moment ago, or will be in a moment. */
const OUTDATED = [
  "EndNotShown",
  "EvidenceUnused",
  "FeedNotDead",
  "FixingTooEarly",
  "MarketUnknown",
  "PhaseBeyondCurrent",
  "PhaseNotShown",
  "StartInvalid",
  "StartTooLate",
];

/** Has a settlement price fixed for every expiry that is over and that somebody depends on, as soon as the feed's rounds allow it. */
export class PriceFixer {
  readonly #parts: PriceFixerParts;
  readonly #open = new OpenExpiries();
  /** By market and day. */
  readonly #waits = new Map<string, Wait>();
  /** The last block that was dealt with. */
  #seen: L1Block | undefined;

  constructor(parts: PriceFixerParts) {
    this.#parts = parts;
  }

  /** One round over all expiries. @throws What {@link Follower.sync} does, and L1Error if the endpoint fails. */
  async round(): Promise<PriceReport> {
    const { follower, health } = this.#parts;
    const { head, behind } = await follower.sync();
    if (behind || head.hash === this.#seen?.hash) return { head, expiries: undefined };
    const open = this.#open.follow(follower.snapshot.root).filter(({ day }) => head.timestamp > expiryTime(day));
    this.#forgetAllBut(open);
    const expiries: ExpiryReport[] = [];
    const problems: string[] = [];
    for (const expiry of open) {
      const outcome = await this.#deal(expiry, head);
      const problem = this.#waits.get(nameOf(expiry))?.problem;
      if (problem !== undefined) problems.push(`market ${expiry.market}, day ${expiry.day}: ${problem}`);
      expiries.push({ ...expiry, outcome });
    }
    health.set("price", problems.length === 0 ? undefined : problems.join("; "));
    this.#seen = head;
    return { head, expiries };
  }

  async #deal(expiry: OpenExpiry, head: L1Block): Promise<ExpiryReport["outcome"]> {
    const { settlement } = this.#parts;
    const { market, day } = expiry;
    const block = head.number;
    const [listing, price] = await Promise.all([
      settlement.listedMarket(market, block),
      settlement.fixedPrice(market, day, block),
    ]);
    if (listing === undefined) return "L1 changed";
    if (price !== 0n) {
      this.#waits.delete(nameOf(expiry));
      return "waiting for a batch";
    }
    const { feed, decimals: listed, phaseBase } = listing;
    const [decimals, latest] = await Promise.all([
      settlement.feedDecimals(feed, block),
      settlement.latestAnswer(feed, block),
    ]);
    // SAFETY: the contract reads every phase in the decimals of the listing, and what it fixes is final.
    if (decimals !== listed) {
      const problem = decimals === undefined ? "its feed can't be read" : decimalsChanged(decimals, listed);
      return this.#wait(expiry, { until: head.timestamp, round: latest?.round, problem });
    }
    const wait = this.#waits.get(nameOf(expiry));
    if (wait !== undefined && head.timestamp < wait.until && latest?.round === wait.round) return "not due";
    const target = { phaseBase, day, now: head.timestamp };
    const evidence = await findRoundEvidence(settlement.feedReader(feed, block), target);
    if (evidence.status === "ready") return await this.#fix(expiry, evidence.starts, latest?.round);
    const round = latest?.round;
    if (evidence.status === "wait") {
      const { until } = evidence;
      const isCovered = until <= expiryTime(day) + VISIBLE_AFTER + 1n;
      const found = "the feed does not cover the half hour before the expiry";
      const problem = isCovered ? undefined : `${found}: its price can be fixed from ${isoTime(until)} on`;
      return this.#wait(expiry, { until, round, problem });
    }
    const never = "the feed never had a valid round, so there is no price by any evidence";
    const problem = `${never}: compare with another endpoint; its positions stay as they are`;
    return this.#wait(expiry, { until: head.timestamp + AGAIN, round, problem });
  }

  async #fix(
    expiry: OpenExpiry,
    starts: readonly bigint[],
    round: bigint | undefined,
  ): Promise<ExpiryReport["outcome"]> {
    const { settlement, logger } = this.#parts;
    const { market, day } = expiry;
    this.#waits.delete(nameOf(expiry));
    if (await settlement.hasPending()) return "transaction pending";
    // A repeat does not fail, so nothing but this look keeps it from being paid for.
    if ((await settlement.fixedPrice(market, day)) !== 0n) return "raced";
    try {
      const receipt = await settlement.fixPrice(market, day, starts);
      logger.info({ market, day, starts, ...receipt }, "settlement price fixed");
      return { receipt };
    } catch (error) {
      if (!(error instanceof L1Error) || error.code !== "REVERTED") throw error;
      logger.warn({ market, day, starts, err: error }, "a settlement price was not fixed");
      if (isContractError(error, ...OUTDATED)) return "L1 changed";
      const problem = `OptionsSettlement refuses the evidence: ${error.message}`;
      return this.#wait(expiry, { until: 0n, round, problem });
    }
  }

  #wait(expiry: OpenExpiry, wait: Wait): "feed" | "not due" {
    this.#waits.set(nameOf(expiry), wait);
    return wait.problem === undefined ? "not due" : "feed";
  }

  #forgetAllBut(open: readonly OpenExpiry[]): void {
    const names = new Set(open.map(nameOf));
    for (const name of this.#waits.keys()) if (!names.has(name)) this.#waits.delete(name);
  }
}

function nameOf({ market, day }: OpenExpiry): string {
  return `${market}/${day}`;
}

function isoTime(seconds: bigint): string {
  return new Date(Number(seconds) * 1_000).toISOString();
}
