import type { L1Block, ListedMarket, SettlementEvent, SettlementSource } from "../l1/L1Source.ts";
import type { Anchor } from "../settlement/anchor.ts";

/** Blocks that are read again with each look, so that a reorganisation is noticed by what it has changed. */
const UNSETTLED = 64;

/** A listed market with its last anchor. */
export interface AnchoredMarket {
  readonly listing: ListedMarket;
  /** Undefined before the first. */
  readonly anchor: Anchor | undefined;
}

/** Markets after a block. */
interface Settled {
  /** Undefined before the deployment. */
  readonly block: L1Block | undefined;
  readonly markets: ReadonlyMap<number, AnchoredMarket>;
}

/**
 * The markets of OptionsSettlement and the last anchor of each, whether or not a batch has read it: by its events alone, so that
 * anchors go on while the machine can't be followed.
 */
export class RelayedAnchors {
  readonly #source: SettlementSource;
  readonly #startBlock: number;
  #settled: Settled = { block: undefined, markets: new Map() };

  /** @param startBlock The block of the deployment, or an earlier one. */
  constructor(source: SettlementSource, startBlock: number) {
    this.#source = source;
    this.#startBlock = startBlock;
  }

  /** The markets after `head`; undefined if L1 has changed meanwhile, or the endpoint is behind. */
  async at(head: L1Block): Promise<ReadonlyMap<number, AnchoredMarket> | undefined> {
    const { block } = this.#settled;
    if (block !== undefined) {
      if (head.number < block.number) return undefined;
      const now = await this.#source.block(block.number);
      if (now === undefined) return undefined;
      if (now.hash !== block.hash) this.#settled = { block: undefined, markets: new Map() };
    }
    const settled = this.#settled;
    const from = settled.block === undefined ? this.#startBlock : settled.block.number + 1;
    const events = await this.#source.settlementEvents(from, head.number);
    const markets = await this.#after(settled.markets, events, head);
    const last = head.number - from < 2 * UNSETTLED ? undefined : await this.#source.block(head.number - UNSETTLED);
    // INVARIANT: what is kept is of the chain of `head`, of which every block before it is one.
    if ((await this.#source.block(head.number))?.hash !== head.hash) return undefined;
    if (last !== undefined) {
      const older = events.filter(({ blockNumber }) => blockNumber <= last.number);
      this.#settled = { block: last, markets: await this.#after(settled.markets, older, head) };
    }
    return markets;
  }

  async #after(
    before: ReadonlyMap<number, AnchoredMarket>,
    events: readonly SettlementEvent[],
    head: L1Block,
  ): Promise<ReadonlyMap<number, AnchoredMarket>> {
    const markets = new Map(before);
    for (const event of events) {
      const { market } = event;
      const known = markets.get(market);
      const listing = known?.listing ?? (await this.#source.listedMarket(market, head.number));
      // Its block is not there any more, which the caller finds out.
      if (listing === undefined) continue;
      // The rollup passes over one that is older than what it has, and so does this.
      const isNewer = event.type === "anchor" && event.updatedAt >= (known?.anchor?.updatedAt ?? 0n);
      const anchor = isNewer ? { price: event.price, updatedAt: event.updatedAt } : known?.anchor;
      markets.set(market, { listing, anchor });
    }
    return markets;
  }
}
