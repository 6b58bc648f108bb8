import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import type { BlobSource } from "../derive/BlobSource.ts";
import type { BatchAppended, ChainSource, InboxSource, L1Block } from "../l1/L1Source.ts";
import { DATA_BLOBS } from "../machine/Inputs.ts";
import { SILENT, type Logger } from "../roles/Logger.ts";
import type { ArchiveFolder } from "./ArchiveFolder.ts";
import { BlobSourceError } from "./BlobSourceError.ts";
import { writeDurably } from "./durableFile.ts";

/** What an archive follows. */
export interface BlobArchiverOptions {
  readonly inbox: Pick<InboxSource, "head" | "block" | "inboxEvents" | "batchBlobHashes">;
  /** Where the blobs are had from; the folder itself need not be among them. */
  readonly source: BlobSource;
  readonly folder: ArchiveFolder;
  /** Names the inbox, with its chain: a folder that has followed another one starts anew. */
  readonly deployment: string;
  /** The block of the inbox's deployment, or an earlier one. */
  readonly startBlock: number;
  readonly logger?: Logger;
  /** Blocks that are read again in every round, since L1 may replace them. Default 64: two epochs. */
  readonly unsettled?: number;
}

/** What a round has come to. */
export interface ArchiverReport {
  /** Up to where the inbox was read. */
  readonly block: number;
  /** Blobs that are new in the folder. */
  readonly stored: number;
  /** Blobs that no source has given so far. */
  readonly missing: number;
}

/** A blob that is still to be had. */
interface Missing {
  readonly hash: Hex;
  readonly number: number;
  readonly blockHash: Hex;
  /** Decimal: seconds. */
  readonly timestamp: string;
}

/** What is left in the folder for the next start. */
interface Cursor {
  readonly deployment: string;
  readonly block: number;
  readonly missing: readonly Missing[];
}

const CURSOR_FILE = "cursor.json";
/** Blocks of one request for events, and between two writings of the cursor. */
const RANGE = 2_000;

/**
 * Follows an inbox and keeps the blobs of all its batches. It can be killed at any moment: what is in the folder is whole, and
 * the cursor is behind what it stands for. A blob that is not to be had keeps no other one back, and is asked for in every round.
 */
export class BlobArchiver {
  readonly #options: BlobArchiverOptions;
  readonly #logger: Logger;
  readonly #unsettled: number;
  #cursor: Cursor | undefined;

  constructor(options: BlobArchiverOptions) {
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    this.#unsettled = options.unsettled ?? 64;
  }

  /**
   * Reads what is new and asks again for what is missing.
   *
   * @throws What the inbox throws, and {@link BlobSourceError} `FOLDER_UNUSABLE` or `CURSOR_MALFORMED`.
   */
  async round(): Promise<ArchiverReport> {
    const { inbox, startBlock } = this.#options;
    const cursor = (this.#cursor ??= await this.#readCursor());
    const head = await inbox.head();
    const missing = new Map<string, Missing>();
    let stored = 0;
    for (const entry of cursor.missing) {
      const block = await inbox.block(entry.number);
      // A block that was replaced is read again if it is recent, and older ones are not replaced.
      if (block?.hash !== entry.blockHash) continue;
      if (await this.#keep(entry.hash, block, missing)) stored++;
    }
    for (let from = Math.max(startBlock, cursor.block - this.#unsettled + 1); from <= head.number; from += RANGE) {
      const to = Math.min(head.number, from + RANGE - 1);
      for (const event of await inbox.inboxEvents(from, to)) {
        if (event.type === "batch" && event.dataKind === DATA_BLOBS) stored += await this.#keepBatch(event, missing);
      }
      await this.#writeCursor(to, [...missing.values()]);
    }
    return { block: this.#cursor.block, stored, missing: missing.size };
  }

  async #keepBatch(event: BatchAppended, missing: Map<string, Missing>): Promise<number> {
    const { inbox } = this.#options;
    const block = await inbox.block(event.blockNumber);
    // L1 was reorganised while it was read; the next round reads the block again.
    if (block?.hash !== event.blockHash) return 0;
    let stored = 0;
    for (const hash of await inbox.batchBlobHashes(event)) {
      if (await this.#keep(toHex(hash), block, missing)) stored++;
    }
    return stored;
  }

  /** Sees to it that a blob is in the folder, or in the list of those that are missing. @returns Whether it is new. */
  async #keep(hex: Hex, block: L1Block, missing: Map<string, Missing>): Promise<boolean> {
    const { folder, source } = this.#options;
    const hash = fromHex(hex, 32);
    if (await folder.has(hash)) {
      await folder.touch(hash, block.timestamp);
      return false;
    }
    const fields = { versionedHash: hex, block: block.number };
    let blob: Uint8Array | undefined;
    try {
      blob = await source.blob(hash, block);
      if (blob === undefined) this.#logger.warn(fields, "no source has a blob");
    } catch (error) {
      if (!(error instanceof BlobSourceError)) throw error;
      this.#logger.warn({ ...fields, ...error.toJSON() }, "no source gives a blob");
    }
    if (blob !== undefined) {
      await folder.store(hash, blob, block.timestamp);
      return true;
    }
    const { number, hash: blockHash, timestamp } = block;
    missing.set(`${hex}@${blockHash}`, { hash: hex, number, blockHash, timestamp: String(timestamp) });
    return false;
  }

  async #readCursor(): Promise<Cursor> {
    const { folder, deployment, startBlock } = this.#options;
    const file = join(folder.path, CURSOR_FILE);
    const fresh = { deployment, block: startBlock - 1, missing: [] };
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch (cause) {
      if ((cause as { code?: unknown }).code === "ENOENT") return fresh;
      throw new BlobSourceError("FOLDER_UNUSABLE", "the archive's cursor can't be read", { fields: { file }, cause });
    }
    let cursor: Cursor;
    try {
      cursor = JSON.parse(text) as Cursor;
      if (!isCursor(cursor)) throw new BlobSourceError("CURSOR_MALFORMED", "the archive's cursor is not one");
    } catch (cause) {
      throw new BlobSourceError(
        "CURSOR_MALFORMED",
        "the archive's cursor is damaged; delete it to read L1 from the start",
        {
          fields: { file },
          cause,
        },
      );
    }
    return cursor.deployment === deployment ? cursor : fresh;
  }

  async #writeCursor(block: number, missing: readonly Missing[]): Promise<void> {
    const { folder, deployment } = this.#options;
    const cursor = { deployment, block, missing };
    try {
      await writeDurably(join(folder.path, CURSOR_FILE), Buffer.from(JSON.stringify(cursor)));
    } catch (cause) {
      throw new BlobSourceError("FOLDER_UNUSABLE", "the archive's cursor can't be written", { cause });
    }
    this.#cursor = cursor;
  }
}

/**
 * The L1 time before which every batch belongs to a range that is confirmed: what is older is needed by nobody who disputes.
 * A range has all batches that the inbox had when the parent of its assertion was created.
 */
export async function confirmedBefore(chain: ChainSource, startBlock: number): Promise<bigint> {
  const { number } = await chain.head();
  let parent: Uint8Array | undefined;
  for (let from = startBlock; from <= number; from += RANGE) {
    const events = await chain.chainEvents(from, Math.min(number, from + RANGE - 1));
    for (const event of events) if (event.type === "confirmed") ({ parent } = event);
  }
  return parent === undefined ? 0n : (await chain.assertionRecord(parent)).createdAt;
}

function isCursor(value: unknown): value is Cursor {
  const { deployment, block, missing } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isMissing = (entry: unknown): boolean => {
    const { hash, number, blockHash, timestamp } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    const isHash = (text: unknown): boolean => typeof text === "string" && /^0x[0-9a-f]{64}$/.test(text);
    return isHash(hash) && isHash(blockHash) && Number.isSafeInteger(number) && /^[0-9]+$/.test(String(timestamp));
  };
  return (
    typeof deployment === "string" &&
    Number.isSafeInteger(block) &&
    Array.isArray(missing) &&
    missing.every((entry) => isMissing(entry))
  );
}
