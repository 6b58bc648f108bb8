import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { toHex, type Hex } from "../crypto/bytes.ts";
import { BLOB } from "../crypto/kzg.ts";
import type { BlobSource } from "../derive/BlobSource.ts";
import type { L1Block } from "../l1/L1Source.ts";
import { SILENT, type Logger } from "../roles/Logger.ts";
import { BlobSourceError, wrongBlob } from "./BlobSourceError.ts";
import { UNFINISHED, writeDurably } from "./durableFile.ts";
import { isBlobOf } from "./verifyBlob.ts";

/** The file of a blob. */
const BLOB_FILE = /^(0x[0-9a-f]{64})\.blob$/;
/** Age at which an unfinished file belongs to nobody any more. */
const ABANDONED_MILLISECONDS = 3_600_000;

/**
 * A folder with a file for each blob, named by its versioned hash. Several processes may use one; a copy of it is an archive too.
 *
 * The time of a file is the L1 time of the newest block that is known to carry its blob. Nothing is deleted unless
 * {@link forgetBefore} is called.
 */
export class ArchiveFolder implements BlobSource {
  readonly path: string;
  readonly #logger: Logger;

  private constructor(path: string, logger: Logger) {
    this.path = path;
    this.#logger = logger;
  }

  /** Opens a folder, which is made if there is none. @throws {@link BlobSourceError} `FOLDER_UNUSABLE` */
  static async open(path: string, logger: Logger = SILENT): Promise<ArchiveFolder> {
    const folder = new ArchiveFolder(path, logger);
    await folder.#use("open", async () => {
      await mkdir(path, { recursive: true });
      await folder.#removeAbandoned();
    });
    return folder;
  }

  /** The blob, checked against its hash. A file that is damaged is moved aside and is not there any more. */
  async blob(hash: Uint8Array, _block?: L1Block): Promise<Uint8Array | undefined> {
    const file = this.#file(hash);
    const bytes = await this.#use("read", () => readBounded(file));
    if (bytes === undefined || isBlobOf(hash, bytes)) return bytes;
    await this.#moveAside(file);
    return undefined;
  }

  /** Whether there is a file for the blob; what it holds is checked when it is read. */
  async has(hash: Uint8Array): Promise<boolean> {
    return (await this.#modified(hash)) !== undefined;
  }

  /**
   * Keeps a blob that a block of that L1 time carries.
   *
   * @throws {@link BlobSourceError} `WRONG_BLOB` if it is not the one with that hash.
   */
  async store(hash: Uint8Array, blob: Uint8Array, l1Time: bigint): Promise<void> {
    if (!isBlobOf(hash, blob)) throw wrongBlob(this.path, hash);
    await this.#use("write", () => writeDurably(this.#file(hash), blob, toDate(l1Time)));
  }

  /** Notes that a block of that L1 time carries the blob, too. */
  async touch(hash: Uint8Array, l1Time: bigint): Promise<void> {
    const [modified, time] = [await this.#modified(hash), toDate(l1Time)];
    if (modified === undefined || modified >= time) return;
    await this.#use("write", () => ignoringMissing(utimes(this.#file(hash), time, time)));
  }

  /** Number of blobs. */
  async count(): Promise<number> {
    return (await this.#hashes()).length;
  }

  /** Deletes the blobs that no block from that L1 time on carries. @returns How many. */
  async forgetBefore(l1Time: bigint): Promise<number> {
    let forgotten = 0;
    for (const hash of await this.#hashes()) {
      const file = join(this.path, `${hash}.blob`);
      const modified = await this.#use("read", () => ignoringMissing(stat(file)));
      if (modified === undefined || modified.mtime >= toDate(l1Time)) continue;
      await this.#use("write", () => rm(file, { force: true }));
      forgotten++;
    }
    return forgotten;
  }

  async #hashes(): Promise<Hex[]> {
    const names = await this.#use("read", () => readdir(this.path));
    return names.flatMap((name) => (BLOB_FILE.exec(name)?.[1] as Hex | undefined) ?? []);
  }

  async #modified(hash: Uint8Array): Promise<Date | undefined> {
    const found = await this.#use("read", () => ignoringMissing(stat(this.#file(hash))));
    return found?.size === BLOB ? found.mtime : undefined;
  }

  #file(hash: Uint8Array): string {
    return join(this.path, `${toHex(hash)}.blob`);
  }

  async #moveAside(file: string): Promise<void> {
    const aside = `${file}.damaged-${Date.now()}`;
    await this.#use("write", () => ignoringMissing(rename(file, aside)));
    this.#logger.error({ file, aside }, "a blob in the archive is damaged and was moved aside");
  }

  /** What a process has left that ended while it wrote. */
  async #removeAbandoned(): Promise<void> {
    for (const name of await readdir(this.path)) {
      if (!name.startsWith(UNFINISHED)) continue;
      const file = join(this.path, name);
      const found = await ignoringMissing(stat(file));
      if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MILLISECONDS) await rm(file, { force: true });
    }
  }

  async #use<T>(action: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (cause) {
      if (cause instanceof BlobSourceError) throw cause;
      throw new BlobSourceError("FOLDER_UNUSABLE", "the archive's folder can't be used", {
        fields: { folder: this.path, action, reason: (cause as { code?: unknown }).code },
        cause,
      });
    }
  }
}

/** Keeps in a folder what is read from elsewhere, so that whoever has derived a batch can derive it again for good. */
export class ArchivingSource implements BlobSource {
  readonly #folder: ArchiveFolder;
  readonly #source: BlobSource;
  readonly #logger: Logger;

  constructor(folder: ArchiveFolder, source: BlobSource, logger: Logger = SILENT) {
    this.#folder = folder;
    this.#source = source;
    this.#logger = logger;
  }

  async blob(hash: Uint8Array, block: L1Block): Promise<Uint8Array | undefined> {
    const kept = await this.#orNothing(async () => {
      await this.#folder.touch(hash, block.timestamp);
      return this.#folder.blob(hash);
    });
    if (kept !== undefined) return kept;
    const blob = await this.#source.blob(hash, block);
    if (blob !== undefined) await this.#orNothing(() => this.#folder.store(hash, blob, block.timestamp));
    return blob;
  }

  /** A folder that fails must not keep a node from what others have. */
  async #orNothing<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof BlobSourceError)) throw error;
      this.#logger.error({ ...error.toJSON() }, "the archive of blobs fails");
      return undefined;
    }
  }
}

/** The file's bytes, at most one more than a blob has; undefined if there is none. */
async function readBounded(file: string): Promise<Uint8Array | undefined> {
  const handle = await ignoringMissing(open(file, "r"));
  if (handle === undefined) return undefined;
  try {
    const bytes = Buffer.alloc(BLOB + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
      length += bytesRead;
      if (bytesRead === 0 || length === bytes.length) return new Uint8Array(bytes.subarray(0, length));
    }
  } finally {
    await handle.close();
  }
}

async function ignoringMissing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}

function toDate(l1Time: bigint): Date {
  return new Date(Number(l1Time) * 1000);
}
