import { expect } from "chai";
import type { Hex } from "../../../src/crypto/bytes.ts";
import type { EventPlace, L1Block, SettlementEvent, SettlementSource } from "../../../src/l1/L1Source.ts";
import { RelayedAnchors } from "../../../src/roles/RelayedAnchors.ts";

const FEED: Hex = `0x${"11".repeat(20)}`;
const LISTING = { feed: FEED, decimals: 8, phaseBase: 1 };
const START = 10;

/** A chain of blocks in memory, each with the anchors of market 1 in it. */
class Chain implements Pick<SettlementSource, "block" | "settlementEvents" | "listedMarket"> {
  readonly asked: [from: number, to: number][] = [];
  #blocks: { readonly hash: Hex; readonly anchors: readonly { price: bigint; updatedAt: bigint }[] }[] = [];
  #made = 0;

  /** Makes blocks; the last has the anchors. */
  grow(count: number, ...anchors: { price: bigint; updatedAt: bigint }[]): this {
    for (let i = 1; i <= count; i++) {
      const hash: Hex = `0x${(++this.#made).toString(16).padStart(64, "0")}`;
      this.#blocks.push({ hash, anchors: i === count ? anchors : [] });
    }
    return this;
  }

  /** Takes blocks back. */
  shrink(count: number): this {
    this.#blocks = this.#blocks.slice(0, -count);
    return this;
  }

  get head(): L1Block {
    const number = START + this.#blocks.length - 1;
    return { number, hash: this.#blocks.at(-1)!.hash, timestamp: BigInt(number) };
  }

  block(number: number): Promise<L1Block | undefined> {
    const block = this.#blocks[number - START];
    return Promise.resolve(block && { number, hash: block.hash, timestamp: BigInt(number) });
  }

  settlementEvents(from: number, to: number): Promise<readonly SettlementEvent[]> {
    this.asked.push([from, to]);
    const events = this.#blocks.flatMap(({ hash, anchors }, i): SettlementEvent[] => {
      const place: EventPlace = { blockNumber: START + i, blockHash: hash, transactionHash: hash, logIndex: 0 };
      const listed = { ...place, type: "listed", market: 1 } as const;
      return [
        ...(i === 0 ? [listed] : []),
        ...anchors.map((anchor) => ({ ...place, type: "anchor", market: 1, ...anchor }) as const),
      ];
    });
    return Promise.resolve(events.filter(({ blockNumber }) => blockNumber >= from && blockNumber <= to));
  }

  listedMarket(): Promise<typeof LISTING> {
    return Promise.resolve(LISTING);
  }
}

describe("the anchors that were relayed", () => {
  let chain: Chain;
  let anchors: RelayedAnchors;

  beforeEach(() => {
    chain = new Chain();
    anchors = new RelayedAnchors(chain as unknown as SettlementSource, START);
  });

  /** The anchor of market 1 at the head. */
  async function anchor(): Promise<bigint | undefined> {
    return (await anchors.at(chain.head))!.get(1)!.anchor?.price;
  }

  it("are the newest by the feed's time, as the rollup has it", async () => {
    chain.grow(1);
    expect(await anchor()).to.equal(undefined);
    chain.grow(5, { price: 5n, updatedAt: 50n }, { price: 4n, updatedAt: 40n });
    expect(await anchor()).to.equal(5n);
    chain.grow(1, { price: 6n, updatedAt: 50n });
    expect(await anchor()).to.equal(6n);
  });

  it("are read once where L1 is settled, and again where it is not", async () => {
    chain.grow(300, { price: 1n, updatedAt: 1n });
    expect(await anchor()).to.equal(1n);
    chain.grow(1, { price: 2n, updatedAt: 2n });
    expect(await anchor()).to.equal(2n);
    chain.grow(200);
    expect(await anchor()).to.equal(2n);
    expect(chain.asked).to.deep.equal([
      [START, 309],
      [246, 310],
      [246, 510],
    ]);
  });

  it("go back with L1, also behind what was settled", async () => {
    chain.grow(150, { price: 1n, updatedAt: 1n }).grow(150, { price: 3n, updatedAt: 3n });
    expect(await anchor()).to.equal(3n);
    chain.shrink(1).grow(2, { price: 2n, updatedAt: 2n });
    expect(await anchor()).to.equal(2n);
    chain.shrink(200).grow(201, { price: 4n, updatedAt: 4n });
    expect(await anchor()).to.equal(4n);
    expect(chain.asked.at(-1)).to.deep.equal([START, chain.head.number]);
    chain.shrink(1);
    chain.shrink(150).grow(151);
    expect(await anchor()).to.equal(undefined);
  });

  it("are unknown while the endpoint is behind, or if the block is gone meanwhile", async () => {
    chain.grow(300, { price: 1n, updatedAt: 1n });
    const { head } = chain;
    await anchors.at(head);
    chain.shrink(1).grow(1);
    expect(await anchors.at(head)).to.equal(undefined);
    chain.shrink(200);
    expect(await anchors.at(chain.head)).to.equal(undefined);
  });
});
