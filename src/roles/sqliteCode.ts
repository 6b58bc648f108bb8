/** SQLite's code for a file that another process has locked. */
export const BUSY = 5;

/** SQLite's primary result code of what it threw (https://sqlite.org/rescode.html); zero for anything else. */
export function sqliteCode(error: unknown): number {
  return ((error as { errcode?: number }).errcode ?? 0) & 0xff;
}
