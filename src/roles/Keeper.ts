import { TenorError } from "../errors.ts";
import type { L1Block, SettlementSource, SettlementWriter } from "../l1/L1Source.ts";
import { ANCHOR_BOUND_AGE, ANCHOR_MAX_AGE } from "../machine/Constants.ts";
import type { AnchorRule } from "../settlement/anchor.ts";
import { AnchorRelay } from "./AnchorRelay.ts";
import type { Follower } from "./Follower.ts";
import type { Health } from "./Health.ts";
import type { AnchorReport, PriceReport } from "./KeeperReport.ts";
import { SILENT, type Logger } from "./Logger.ts";
import type { NodeAlarm } from "./NodeMetrics.ts";
import { PriceFixer } from "./PriceFixer.ts";
import { keepersFee, type FundsSource } from "./StartChecks.ts";
import { SYSTEM_TIMER, type Timer } from "./Timer.ts";

/** Why a keeper is not made. */
export type KeeperErrorCode =
  /** By its settings anchors would be too old for the machine before they are renewed. */
  "OPTIONS_INVALID";

/** A keeper with settings that can't work. */
export class KeeperError extends TenorError<KeeperErrorCode> {
  override readonly name = "KeeperError";
}

/**
 * When anchors are relayed unless the operator says otherwise: at half the age up to which the machine holds reports against them, so
 * that there is time for a feed's next round and for L1, or when the price is 1 % away.
 */
export const DEFAULT_ANCHOR_RULE: AnchorRule = { age: ANCHOR_BOUND_AGE / 2n, move: 100n };

/** Which half of the work a round was about. */
export type KeeperTask = "anchors" | "prices";

/** What a round came to. */
export type KeeperRound =
  | { readonly task: "anchors"; readonly report: AnchorReport }
  | { readonly task: "prices"; readonly report: PriceReport }
  | { readonly task: KeeperTask; readonly failure: unknown };

/** What a keeper works with. */
export interface KeeperOptions {
  readonly settlement: SettlementSource & SettlementWriter;
  readonly follower: Follower;
  readonly funds: FundsSource;
  /** The block of the deployment, or an earlier one. */
  readonly startBlock: number;
  /** Where what is wrong with feeds, prices and the account is raised. */
  readonly health: Health<NodeAlarm>;
  readonly rule?: AnchorRule;
  readonly logger?: Logger;
  readonly timer?: Timer;
  /** Told of every round of {@link Keeper.run}. */
  readonly observer?: (round: KeeperRound) => void;
}

/** L1 seconds after which a transaction that is not mined needs somebody. */
const STUCK_AFTER = 600n;

/**
 * Does what anybody may and somebody must: relays the feeds' prices as anchors, and has settlement prices fixed. It keeps nothing,
 * and any number of keepers do no harm: what one has done the others find on L1, and a race costs the loser gas.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #logger: Logger;
  readonly #anchors: AnchorRelay;
  readonly #prices: PriceFixer;
  /** L1 time since which a transaction has been pending. */
  #pendingSince: bigint | undefined;

  /** @throws {@link KeeperError} `OPTIONS_INVALID`. */
  constructor(options: KeeperOptions) {
    const { settlement, follower, startBlock, health, rule = DEFAULT_ANCHOR_RULE, logger = SILENT } = options;
    if (rule.age >= ANCHOR_MAX_AGE) {
      throw new KeeperError("OPTIONS_INVALID", "anchors that old refuse new short calls: relay them earlier", {
        fields: { age: rule.age, limit: ANCHOR_MAX_AGE },
      });
    }
    this.#options = options;
    this.#logger = logger;
    const judgeAccount = this.#judgeAccount.bind(this);
    this.#anchors = new AnchorRelay({ settlement, startBlock, rule, health, logger, judgeAccount });
    this.#prices = new PriceFixer({ settlement, follower, health, logger });
  }

  /** One round over the markets: relays what is due. @throws L1Error; the next round begins anew. */
  relayAnchors(): Promise<AnchorReport> {
    return this.#anchors.round();
  }

  /** One round over the expiries: follows L1 and fixes what can be. @throws L1Error and what derivation throws. */
  fixPrices(): Promise<PriceReport> {
    return this.#prices.round();
  }

  /**
   * Rounds until `signal` is aborted. A round that fails is logged and followed by the next. Anchors don't wait for prices: the first
   * reading of L1 may take long, and a node that can't read a blob still knows what the feeds say.
   */
  async run(intervalMilliseconds: number, signal: AbortSignal): Promise<void> {
    const tasks: readonly KeeperTask[] = ["anchors", "prices"];
    await Promise.all(tasks.map((task) => this.#repeat(task, intervalMilliseconds, signal)));
  }

  async #repeat(task: KeeperTask, intervalMilliseconds: number, signal: AbortSignal): Promise<void> {
    const { timer = SYSTEM_TIMER, observer } = this.#options;
    while (!signal.aborted) {
      try {
        observer?.(await this.#round(task));
      } catch (failure) {
        this.#logger.error({ err: failure, task }, "the round failed");
        observer?.({ task, failure });
      }
      await timer.sleep(intervalMilliseconds, signal);
    }
  }

  async #round(task: KeeperTask): Promise<KeeperRound> {
    if (task === "anchors") return { task, report: await this.relayAnchors() };
    return { task, report: await this.fixPrices() };
  }

  /** Raises or clears the alarm about the account before a call fails for it. */
  async #judgeAccount({ timestamp }: L1Block, isPending: boolean): Promise<void> {
    const { funds, settlement, health } = this.#options;
    this.#pendingSince = isPending ? (this.#pendingSince ?? timestamp) : undefined;
    const isStuck = timestamp - (this.#pendingSince ?? timestamp) > STUCK_AFTER;
    const account = await settlement.address();
    const [balance, needed] = await Promise.all([funds.balance(account), keepersFee(funds)]);
    const poor = balance < needed ? `the account has ${balance} wei, a call may cost ${needed}` : undefined;
    health.set("sending", isStuck ? "a transaction of the account is pending for long" : poor, { account });
  }
}
