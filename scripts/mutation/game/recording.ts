import type { Connection } from "../../../test/support/baseChain.ts";

/** A log as it comes from an endpoint. */
export interface RawLog {
  readonly address: string;
  readonly topics: readonly string[];
  readonly data: string;
}

/** A transaction of L1, as far as what it does depends on it. */
export interface L1Call {
  readonly from: string;
  /** Undefined: it makes a contract. */
  readonly to: string | undefined;
  readonly data: string;
  /** Wei, as a quantity. */
  readonly value: string;
  /** Of its block, seconds since 1970. */
  readonly time: number;
}

/** One that was made, and what became of it. */
export interface RecordedCall extends L1Call {
  readonly accepted: boolean;
  readonly logs: readonly RawLog[];
}

/** Blocks of the simulator, with all that was done in them. */
export interface Recording {
  /** One block after the other; most have one transaction. */
  readonly blocks: readonly { readonly time: number; readonly calls: readonly RecordedCall[] }[];
  /** Hashes of the blocks by their numbers. */
  readonly hashes: ReadonlyMap<number, string>;
}

/** Number of the simulator's latest block. */
export async function latestBlock({ networkHelpers }: Connection): Promise<number> {
  return networkHelpers.time.latestBlock();
}

/** Reads what was done behind block `after`; whatever was refused in a block is there, too. */
export async function recordSince({ provider }: Connection, after: number, to: number): Promise<Recording> {
  const blocks: { time: number; calls: RecordedCall[] }[] = [];
  const hashes = new Map<number, string>();
  for (let number = Math.max(after, 0); number <= to; number++) {
    const block = (await provider.request({
      method: "eth_getBlockByNumber",
      params: [`0x${number.toString(16)}`, true],
    })) as RawBlock;
    hashes.set(number, block.hash);
    if (number === after) continue;
    const time = Number(block.timestamp);
    const calls: RecordedCall[] = [];
    for (const { from, to: target, input, value, hash } of block.transactions) {
      const receipt = (await provider.request({ method: "eth_getTransactionReceipt", params: [hash] })) as RawReceipt;
      const accepted = receipt.status === "0x1";
      calls.push({ from, to: target ?? undefined, data: input, value, time, accepted, logs: receipt.logs });
    }
    blocks.push({ time, calls });
  }
  return { blocks, hashes };
}

interface RawBlock {
  readonly hash: string;
  readonly timestamp: string;
  readonly transactions: readonly {
    readonly from: string;
    readonly to: string | null;
    readonly input: string;
    readonly value: string;
    readonly hash: string;
  }[];
}

interface RawReceipt {
  readonly status: string;
  readonly logs: readonly RawLog[];
}
