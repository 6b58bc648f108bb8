import type { Hex } from "../crypto/bytes.ts";
import type { Batch } from "../machine/Inputs.ts";
import type { AttentionLimits } from "../status/attention.ts";
import type { L1Reading } from "../status/L1Reading.ts";
import { statusOf } from "../status/statusOf.ts";
import { assertionTree } from "./assertionTree.ts";
import { batchRows, costsOf, type ReadBatch } from "./batches.ts";
import { disputeTree } from "./disputeTree.ts";
import { optionChain, type ChainContent } from "./optionChain.ts";
import type { Overview, Verdict } from "./Overview.ts";

/** What the page is made of: what L1 says, and what this node has made of it. */
export interface OverviewSources {
  readonly reading: L1Reading;
  readonly limits: AttentionLimits;
  /** The newest first. */
  readonly batches: readonly ReadBatch[];
  /** This node's inputs. */
  readonly inputs: (index: bigint) => Batch | undefined;
  readonly verdictOf: (id: Hex) => Verdict;
  /** Of this node's state. */
  readonly chain: ChainContent;
  /** What markets are called. */
  readonly currencies: ReadonlyMap<number, string>;
}

/** All that the page shows. */
export function overviewOf(sources: OverviewSources): Overview {
  const { reading, verdictOf } = sources;
  const { chainId, block, now, attention, posted, confirmed, funded, games } = statusOf(reading, sources.limits);
  const batches = batchRows(sources.batches, sources.inputs);
  const byParent = new Map(reading.games.map((game) => [game.parent, game]));
  return {
    chainId,
    block,
    now,
    rules: { challengePeriod: reading.rules.challengePeriod, stake: reading.rules.stake },
    attention,
    posted,
    confirmed,
    funded,
    batches,
    costs: costsOf(batches),
    assertions: assertionTree(reading, verdictOf),
    disputes: games.map((game) => disputeTree(byParent.get(game.game)!, game, reading, verdictOf)),
    markets: optionChain(sources.chain, { now, currencies: sources.currencies }),
  };
}
