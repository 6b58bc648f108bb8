import { L1Error } from "../l1/L1Error.ts";
import type { L1Block, SettlementSource, SettlementWriter } from "../l1/L1Source.ts";
import { anchorOf, relayReason, type AnchorRule, type RelayReason } from "../settlement/anchor.ts";
import { MAX_GAP } from "../settlement/roundEvidence.ts";
import type { Health } from "./Health.ts";
import type { AnchorReport, MarketReport } from "./KeeperReport.ts";
import type { Logger } from "./Logger.ts";
import type { NodeAlarm } from "./NodeMetrics.ts";
import { RelayedAnchors, type AnchoredMarket } from "./RelayedAnchors.ts";

/** What anchors are relayed with. */
export interface AnchorRelayParts {
  readonly settlement: SettlementSource & SettlementWriter;
  /** The block of the deployment, or an earlier one. */
  readonly startBlock: number;
  readonly rule: AnchorRule;
  readonly health: Health<NodeAlarm>;
  readonly logger: Logger;
  /** Told of each new block before anything is sent. @param isPending Whether a transaction of the account is not mined. */
  readonly judgeAccount: (head: L1Block, isPending: boolean) => Promise<void>;
}

/** What a market's feed was found to say. */
interface Finding {
  /** What is wrong with the feed, and what to do. */
  readonly problem?: string;
  /** Why its price should be relayed; undefined if it should not. */
  readonly reason?: RelayReason | undefined;
}

/** Keeps every market's anchor fresh. It needs L1's events and nothing of the machine. */
export class AnchorRelay {
  readonly #parts: AnchorRelayParts;
  readonly #anchors: RelayedAnchors;
  /** Block of the last relay, by market. */
  readonly #sent = new Map<number, number>();
  /** The last block that was dealt with. */
  #seen: L1Block | undefined;

  constructor(parts: AnchorRelayParts) {
    this.#parts = parts;
    this.#anchors = new RelayedAnchors(parts.settlement, parts.startBlock);
  }

  /** One round over all markets. @throws L1Error if the endpoint fails; the next round begins anew. */
  async round(): Promise<AnchorReport> {
    const { settlement, health, judgeAccount } = this.#parts;
    const head = await settlement.head();
    const markets = head.hash === this.#seen?.hash ? undefined : await this.#anchors.at(head);
    if (markets === undefined) return { head, markets };
    const isPending = await settlement.hasPending();
    await judgeAccount(head, isPending);
    const problems: string[] = [];
    const reports: MarketReport[] = [];
    for (const [market, known] of markets) {
      const found = await this.#look(known, head);
      const age = known.anchor && head.timestamp - known.anchor.updatedAt;
      let outcome: MarketReport["outcome"] = found.problem === undefined ? "not due" : "feed";
      let { problem } = found;
      if (found.reason !== undefined && isPending) outcome = "transaction pending";
      else if (found.reason !== undefined) {
        // A call that is not mined again after a reorganisation is due again when its block is there without it.
        if (head.number < (this.#sent.get(market) ?? 0)) outcome = "endpoint behind";
        else [outcome, problem = problem] = await this.#relay(market, found.reason, head);
      }
      if (problem !== undefined) problems.push(`market ${market}: ${problem}`);
      reports.push({ market, age, outcome });
    }
    health.set("feed", problems.length === 0 ? undefined : problems.join("; "));
    this.#seen = head;
    return { head, markets: reports };
  }

  async #look({ listing, anchor }: AnchoredMarket, head: L1Block): Promise<Finding> {
    const { settlement, rule } = this.#parts;
    const { feed, decimals: listed } = listing;
    const [decimals, answer] = await Promise.all([
      settlement.feedDecimals(feed, head.number),
      settlement.latestAnswer(feed, head.number),
    ]);
    if (decimals !== undefined && decimals !== listed) return { problem: decimalsChanged(decimals, listed) };
    if (decimals === undefined || answer === undefined) {
      return { problem: `its feed ${feed} has no last round: ask who operates it` };
    }
    const next = anchorOf(answer, decimals, head.timestamp);
    if (next === undefined) {
      return { problem: `its feed's answer ${answer.answer} of ${answer.updatedAt} is no price: ask who operates it` };
    }
    const reason = relayReason(anchor, next, head.timestamp, rule);
    const silence = head.timestamp - next.updatedAt;
    if (silence <= MAX_GAP) return { reason };
    const problem = `no round of its feed for ${silence} seconds: compare with another endpoint, then ask who operates it`;
    return { reason, problem };
  }

  /** @returns With what is wrong with the feed if the contract refuses it. */
  async #relay(
    market: number,
    reason: RelayReason,
    head: L1Block,
  ): Promise<readonly [MarketReport["outcome"], string?]> {
    const { settlement, logger } = this.#parts;
    // Others may have relayed it while the markets before this one were dealt with.
    const newest = await settlement.head();
    if (newest.hash !== head.hash) {
      const known = (await this.#anchors.at(newest))?.get(market);
      if (known === undefined) return ["L1 changed"];
      if ((await this.#look(known, newest)).reason === undefined) return ["raced"];
    }
    try {
      const receipt = await settlement.relayAnchor(market);
      this.#sent.set(market, receipt.blockNumber);
      logger.info({ market, reason, ...receipt }, "anchor relayed");
      return [{ reason, receipt }];
    } catch (error) {
      if (!(error instanceof L1Error) || error.code !== "REVERTED") throw error;
      logger.warn({ market, reason, err: error }, "an anchor was not relayed");
      return ["feed", `OptionsSettlement does not relay its feed: ${error.message}`];
    }
  }
}

/** What to do about a feed whose unit is another one than its market was listed with. */
export function decimalsChanged(decimals: number, listed: number): string {
  const found = `its feed has ${decimals} decimals and was listed with ${listed}`;
  return `${found}: nothing is relayed or fixed; list the underlying as another market`;
}
