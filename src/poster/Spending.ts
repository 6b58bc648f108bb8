import type { PosterJournal, SpendingRow } from "./PosterJournal.ts";

/** What posting costs, from the receipts that the journal keeps. */

/** What a number of transactions have cost. */
export interface Spent {
  readonly transactions: number;
  /** Those that failed, or only took a nonce. */
  readonly wasted: number;
  readonly batches: number;
  readonly fills: number;
  /** Bytes of payload. */
  readonly bytes: number;
  /** Wei. */
  readonly execution: bigint;
  readonly blobs: bigint;
}

/** One day, by L1's time. */
export interface SpentOnDay extends Spent {
  /** Days since 1970. */
  readonly day: number;
}

/** How long the account can go on. */
export interface Forecast {
  /** Wei an hour, at the rate of the last day or of what there is of it; zero if nothing was spent. */
  readonly perHour: bigint;
  /** Undefined: for ever. */
  readonly hoursLeft: number | undefined;
}

const DAY = 86_400n;
const HOUR = 3_600n;

/** Adds up. */
export function total(rows: readonly SpendingRow[]): Spent {
  let [transactions, wasted, batches, fills, bytes] = [0, 0, 0, 0, 0];
  let [execution, blobs] = [0n, 0n];
  for (const row of rows) {
    transactions++;
    execution += row.gasUsed * row.gasPrice;
    blobs += row.blobGasUsed * row.blobGasPrice;
    if (row.purpose === "cancel" || !row.succeeded) {
      wasted++;
      continue;
    }
    batches++;
    fills += row.fills;
    bytes += row.length;
  }
  return { transactions, wasted, batches, fills, bytes, execution, blobs };
}

/** What was spent on each day since `since` (seconds), days without any left out. */
export function byDay(rows: readonly SpendingRow[]): SpentOnDay[] {
  const days = new Map<number, SpendingRow[]>();
  for (const row of rows) {
    const day = Number(row.time / DAY);
    days.set(day, [...(days.get(day) ?? []), row]);
  }
  return [...days].sort(([a], [b]) => a - b).map(([day, ofDay]) => ({ day, ...total(ofDay) }));
}

/** Wei for each fill, rounded up; undefined if there was none. */
export function perFill({ execution, blobs, fills }: Spent): bigint | undefined {
  return fills === 0 ? undefined : (execution + blobs + BigInt(fills) - 1n) / BigInt(fills);
}

/**
 * How long the balance lasts at the rate of the last 24 hours.
 *
 * @param now L1's time, seconds.
 * @param balance Wei.
 */
export function forecast(journal: PosterJournal, now: bigint, balance: bigint): Forecast {
  const rows = journal.spending(now - DAY);
  const { execution, blobs } = total(rows);
  const first = rows.reduce((earliest, { time }) => (time < earliest ? time : earliest), now);
  // What was spent in less than an hour says little about an hour.
  const seconds = now - first < HOUR ? HOUR : now - first;
  const perHour = ((execution + blobs) * HOUR) / seconds;
  return { perHour, hoursLeft: perHour === 0n ? undefined : Number((balance * 100n) / perHour) / 100 };
}
