import { Option, type Command } from "commander";
import { FLOOR_NEXT_FORK, FLOOR_TODAY } from "../../src/poster/Costs.ts";
import type { DataKind } from "../../src/poster/PosterL1.ts";
import { DEFAULT_POSTER_SETTINGS, feeLimit, type PosterSettings } from "../../src/poster/PosterSettings.ts";
import {
  roleCommand,
  whole,
  withData,
  withKey,
  type CommonOptions,
  type DataOptions,
  type KeyOptions,
} from "../node/common.ts";

/** What the inbox decides, and not the operator. */
type InboxSettings = "maxPast" | "maxFuture" | "burstBytes";

/** What the poster was asked for. */
export interface PosterOptions extends CommonOptions, DataOptions, KeyOptions {
  readonly journal: string;
  readonly feed: string;
  /** Folder of the blobs that were sent. */
  readonly blobs: string;
  readonly settings: Omit<PosterSettings, InboxSettings>;
}

const GWEI = 1_000_000_000n;
const DEFAULTS = DEFAULT_POSTER_SETTINGS;

/** The command line's grammar. */
export function posterCommand(): Command {
  return withKey(
    // What it sends in blobs nobody else may have for a while.
    withData(roleCommand("poster", "Posts the sequencer's sealed batches to L1.", 9_464), "blobs"),
    "TENOR_POSTER_KEY",
  )
    .requiredOption("--journal <file>", "SQLite file of what was sent; made if there is none")
    .requiredOption("--feed <url>", "where the sequencer serves its sealed batches")
    .addOption(
      new Option("--kinds <kind>", "how payloads travel").choices(["auto", "calldata", "blob"]).default(DEFAULTS.kinds),
    )
    .option("--switch-gain <percent>", "by how much the other kind must be cheaper", whole, DEFAULTS.switchGain)
    .option("--next-fork", "reckon with the calldata floor of the fork after Osaka", false)
    .option("--post-bytes <bytes>", "a batch of this size is posted at once", whole, DEFAULTS.postBytes)
    .option("--post-age <seconds>", "age at which a smaller one is posted", whole, Number(DEFAULTS.postAge))
    .option("--reseal-margin <seconds>", "the sequencer's resealMargin", whole, Number(DEFAULTS.resealMargin))
    .option(
      "--urgent <seconds>",
      "so long before it is built anew a batch is urgent",
      whole,
      Number(DEFAULTS.urgentWithin),
    )
    .option("--fee-ceiling <gwei>", "gas price above which a batch waits until it is urgent", whole, 100)
    .option("--fee-cap <gwei>", "most that is ever offered for a gas", whole, 1_000)
    .option("--tip-cap <gwei>", "most of the endpoint's suggested tip that is offered", whole, 5)
    .option("--blob-fee-ceiling <gwei>", "the same for a blob gas", whole, 100)
    .option("--blob-fee-cap <gwei>", "most that is ever offered for a blob gas", whole, 1_000)
    .option("--replace-after <seconds>", "time after which a pending transaction is offered more for", whole, 36)
    .option(
      "--confirmations <blocks>",
      "depth at which the journal forgets a transaction",
      whole,
      DEFAULTS.confirmations,
    )
    .option("--finality <blocks>", "depth that L1 never takes back", whole, DEFAULTS.finality)
    .option("--max-backlog <batches>", "sealed batches that may wait without an alarm", whole, DEFAULTS.maxBacklog)
    .option("--min-hours <hours>", "hours for which the balance should last", whole, DEFAULTS.minHours)
    .option("--adopt", "go on from transactions of the account that the journal does not know", false);
}

interface Parsed {
  readonly kinds: DataKind | "auto";
  readonly switchGain: number;
  readonly nextFork: boolean;
  readonly postBytes: number;
  readonly postAge: number;
  readonly resealMargin: number;
  readonly urgent: number;
  readonly feeCeiling: number;
  readonly feeCap: number;
  readonly tipCap: number;
  readonly blobFeeCeiling: number;
  readonly blobFeeCap: number;
  readonly replaceAfter: number;
  readonly confirmations: number;
  readonly finality: number;
  readonly maxBacklog: number;
  readonly minHours: number;
  readonly adopt: boolean;
}

/** What the command line says, and the layers below it. */
export function posterOptions(command: Command): PosterOptions {
  const options = command.opts<Parsed & Omit<PosterOptions, "settings">>();
  const limit = (fee: number, blobFee: number): PosterSettings["feeCap"] =>
    feeLimit(BigInt(fee) * GWEI, BigInt(blobFee) * GWEI);
  return {
    ...options,
    settings: {
      ...DEFAULTS,
      kinds: options.kinds,
      switchGain: options.switchGain,
      calldataFloor: options.nextFork ? FLOOR_NEXT_FORK : FLOOR_TODAY,
      postBytes: options.postBytes,
      postAge: BigInt(options.postAge),
      resealMargin: BigInt(options.resealMargin),
      urgentWithin: BigInt(options.urgent),
      feeCeiling: limit(options.feeCeiling, options.blobFeeCeiling),
      feeCap: limit(options.feeCap, options.blobFeeCap),
      tipCap: BigInt(options.tipCap) * GWEI,
      replaceAfter: BigInt(options.replaceAfter),
      confirmations: options.confirmations,
      finality: options.finality,
      maxBacklog: options.maxBacklog,
      minHours: options.minHours,
      adopt: options.adopt,
    },
  };
}
