import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

/** How files that are not complete yet begin. */
export const UNFINISHED = ".unfinished-";

/** Writes a file that is there as a whole or not at all, and is still there after the power has failed. */
export async function writeDurably(file: string, content: Uint8Array, modifiedAt?: Date): Promise<void> {
  const folder = dirname(file);
  const unfinished = join(folder, UNFINISHED + randomBytes(8).toString("hex"));
  try {
    const handle = await open(unfinished, "wx");
    try {
      await handle.writeFile(content);
      if (modifiedAt !== undefined) await handle.utimes(modifiedAt, modifiedAt);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Makes renamings and deletions in a folder last. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
