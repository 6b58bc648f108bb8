import { join } from "node:path";

/** A file or folder of the market data that is no part of this repository: in `TENOR_DATA`, or beside the checkout. */
export function marketData(...names: readonly string[]): string {
  return join(process.env.TENOR_DATA ?? join("..", "shared", "data"), ...names);
}
