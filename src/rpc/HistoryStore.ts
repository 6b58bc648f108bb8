import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { TenorError } from "../errors.ts";
import type { ProtectionLimits, ProtectionScope } from "../sequencer/MakerProtection.ts";
import { privateFile } from "../roles/privateFile.ts";

/**
 * What the journal forgets once it is final and traders still ask for: trades, settlements, and the limits that makers have set
 * themselves. A file survives a restart; what a kill leaves out is filled in from the journal (see `Feed`). Bounded: the oldest
 * rows go first.
 */

/** The file can't be used. */
export class HistoryStoreError extends TenorError<"HISTORY_UNUSABLE"> {
  override readonly name = "HistoryStoreError";
}

/** A trade as it is kept. */
export interface StoredTrade {
  /** Number of the item. */
  readonly item: number;
  /** Counts the trades of the series from 1 on; the store gives it. */
  readonly seq: number;
  /** Packed. */
  readonly series: bigint;
  /** Seconds. */
  readonly time: bigint;
  /** 1e-4 USD. */
  readonly price: bigint;
  /** 1e-6 contract. */
  readonly quantity: bigint;
  readonly indexPrice: bigint;
  /** 0 where there was none. */
  readonly markPrice: bigint;
  readonly isTakerSell: boolean;
  readonly isCross: boolean;
  readonly isDropped: boolean;
  readonly makerAccount: number;
  readonly takerAccount: number;
  /** Numbers of the orders; 0 where they are not known any more. */
  readonly makerOrder: number;
  readonly takerOrder: number;
  /** 1e-6 USDC; undefined where the trade was filled in from the journal, which has no fees. */
  readonly makerFee: bigint | undefined;
  readonly takerFee: bigint | undefined;
}

/** What a settlement did to a position. */
export interface StoredSettlement {
  readonly id: number;
  readonly item: number;
  readonly account: number;
  readonly series: bigint;
  readonly time: bigint;
  /** 1e-6 contract. */
  readonly quantity: bigint;
  /** 1e-4 USD. */
  readonly price: bigint;
  /** Of the account in the expiry as a whole, 1e-6 USDC. */
  readonly cash: bigint;
  readonly debt: bigint;
}

/** Limits as they are kept. */
export interface StoredProtection {
  readonly account: number;
  readonly scope: ProtectionScope;
  readonly limits: ProtectionLimits;
  readonly frozen: { readonly until: bigint | undefined } | undefined;
}

/** Which rows are asked for. */
export interface TradeFilter {
  readonly series?: bigint;
  readonly market?: number;
  readonly account?: number;
  /** Rows of lower numbers only. */
  readonly before?: number;
  /** Only trades from this number of the series on, ascending; without it the newest come first. */
  readonly fromSeq?: number;
}

/** What was traded in a series since a time. */
export interface SeriesVolume {
  readonly series: bigint;
  readonly volume: bigint;
  readonly high: bigint;
  readonly low: bigint;
}

// Packed series have 64 bits and SQLite's integers a sign: they are stored as their two's complement.
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS trades (item INTEGER PRIMARY KEY, seq INTEGER NOT NULL, series INTEGER NOT NULL,
    market INTEGER NOT NULL, time INTEGER NOT NULL, price INTEGER NOT NULL, quantity INTEGER NOT NULL,
    indexPrice INTEGER NOT NULL, markPrice INTEGER NOT NULL, isTakerSell INTEGER NOT NULL, isCross INTEGER NOT NULL,
    isDropped INTEGER NOT NULL, makerAccount INTEGER NOT NULL, takerAccount INTEGER NOT NULL, makerOrder INTEGER NOT NULL,
    takerOrder INTEGER NOT NULL, makerFee INTEGER NOT NULL, takerFee INTEGER NOT NULL) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS tradesBySeries ON trades (series, seq);
  CREATE INDEX IF NOT EXISTS tradesByMaker ON trades (makerAccount, item);
  CREATE INDEX IF NOT EXISTS tradesByTaker ON trades (takerAccount, item);
  CREATE INDEX IF NOT EXISTS tradesByTime ON trades (time);
  CREATE TABLE IF NOT EXISTS counters (series INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS settlements (id INTEGER PRIMARY KEY AUTOINCREMENT, item INTEGER NOT NULL,
    account INTEGER NOT NULL, series INTEGER NOT NULL, market INTEGER NOT NULL, time INTEGER NOT NULL,
    quantity INTEGER NOT NULL, price INTEGER NOT NULL, cash INTEGER NOT NULL, debt INTEGER NOT NULL,
    UNIQUE (item, account, series)) STRICT;
  CREATE INDEX IF NOT EXISTS settlementsByAccount ON settlements (account, id);
  CREATE TABLE IF NOT EXISTS protections (account INTEGER NOT NULL, market INTEGER NOT NULL, day INTEGER NOT NULL,
    interval INTEGER NOT NULL, frozenTime INTEGER NOT NULL, quantityLimit INTEGER NOT NULL, deltaLimit INTEGER NOT NULL,
    isFrozen INTEGER NOT NULL, frozenUntil INTEGER NOT NULL, PRIMARY KEY (account, market, day)) STRICT;
`;
const NONE = -1n;

type Row = Record<string, SQLInputValue>;

/** See the file's head. */
export class HistoryStore {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #maxRows: number;
  #sincePruning = 0;
  #volumes: { readonly since: bigint; readonly bySeries: Map<bigint, SeriesVolume> } | undefined;

  /**
   * @param path A file, which is made if it doesn't exist; `:memory:` for one that lasts as long as the process.
   * @param maxRows Trades, and settlements, that are kept at least; a hundredth more are at most.
   */
  constructor(path: string, maxRows: number) {
    this.#maxRows = maxRows;
    try {
      this.#database = new DatabaseSync(privateFile(path));
      this.#database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
      this.#database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    } catch (cause) {
      throw new HistoryStoreError("HISTORY_UNUSABLE", "the history cannot be opened", { fields: { path }, cause });
    }
  }

  /** Does several changes in one transaction. */
  transact(write: () => void): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      write();
      this.#database.exec("COMMIT");
    } catch (error) {
      this.#database.exec("ROLLBACK");
      this.#volumes = undefined;
      throw error;
    }
  }

  /** Adds a trade, unless it is there. @returns It with its number in the series, or undefined if it was there. */
  addTrade(trade: Omit<StoredTrade, "seq">): StoredTrade | undefined {
    if (this.#all("SELECT 1 FROM trades WHERE item = ?", trade.item).length > 0) return undefined;
    const series = BigInt.asIntN(64, trade.series);
    this.#run("INSERT INTO counters VALUES (?, 1) ON CONFLICT (series) DO UPDATE SET seq = seq + 1", series);
    const seq = Number(this.#all("SELECT seq FROM counters WHERE series = ?", series)[0]!.seq);
    this.#run(
      "INSERT INTO trades VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[trade.item, seq, series, Number(trade.series >> 56n), trade.time, trade.price, trade.quantity],
      ...[trade.indexPrice, trade.markPrice, +trade.isTakerSell, +trade.isCross, +trade.isDropped],
      ...[trade.makerAccount, trade.takerAccount, trade.makerOrder, trade.takerOrder],
      ...[trade.makerFee ?? NONE, trade.takerFee ?? NONE],
    );
    this.#prune();
    this.#count(trade);
    return { ...trade, seq };
  }

  /** Marks a trade that has no effect. @returns It, unless it isn't there. */
  dropTrade(item: number): StoredTrade | undefined {
    this.#run("UPDATE trades SET isDropped = 1 WHERE item = ?", item);
    this.#volumes = undefined;
    return this.trade(item);
  }

  /** A trade by its item. */
  trade(item: number): StoredTrade | undefined {
    const row = this.#all("SELECT * FROM trades WHERE item = ?", item)[0];
    return row === undefined ? undefined : tradeOf(row);
  }

  /** Trades, newest first unless `fromSeq` says otherwise. */
  trades({ series, market, account, before, fromSeq }: TradeFilter, limit: number): StoredTrade[] {
    const conditions: string[] = ["TRUE"];
    const values: SQLInputValue[] = [];
    const where = (condition: string, value: SQLInputValue): void => {
      conditions.push(condition);
      values.push(value);
    };
    if (series !== undefined) where("series = ?", BigInt.asIntN(64, series));
    if (market !== undefined) where("market = ?", market);
    if (before !== undefined) where("item < ?", before);
    if (fromSeq !== undefined) where("seq >= ?", fromSeq);
    const rest = conditions.join(" AND ");
    // Of one series the numbers ascend with the items, so each order is that of an index.
    const order =
      fromSeq !== undefined ? "seq" : series !== undefined && account === undefined ? "seq DESC" : "item DESC";
    if (account === undefined) {
      const sql = `SELECT * FROM trades WHERE isDropped = 0 AND ${rest} ORDER BY ${order} LIMIT ?`;
      return this.#all(sql, ...values, limit).map(tradeOf);
    }
    const side = (column: string): string =>
      `SELECT * FROM (SELECT * FROM trades WHERE ${column} = ? AND ${rest} ORDER BY ${order} LIMIT ?)`;
    const sql = `${side("makerAccount")} UNION ALL ${side("takerAccount")} ORDER BY ${order} LIMIT ?`;
    const mine = [account, ...values, limit];
    return this.#all(sql, ...mine, ...mine, limit).map(tradeOf);
  }

  /** The items of all trades from one on that have an effect. */
  itemsFrom(first: number): number[] {
    const rows = this.#all("SELECT item FROM trades WHERE item >= ? AND isDropped = 0", first);
    return rows.map(({ item }) => Number(item));
  }

  /** The last trade of a series that has an effect. */
  lastTrade(series: bigint): StoredTrade | undefined {
    return this.trades({ series }, 1)[0];
  }

  /**
   * What was traded since a time, series by series. The time counts in whole minutes, so that the rows are added up once in a minute
   * and after a drop, however often anybody asks.
   */
  volumes(since: bigint): ReadonlyMap<bigint, SeriesVolume> {
    const minute = since - (since % 60n);
    if (this.#volumes?.since === minute) return this.#volumes.bySeries;
    const rows = this.#all(
      `SELECT series, SUM(quantity) AS volume, MAX(price) AS high, MIN(price) AS low FROM trades
       WHERE time >= ? AND isDropped = 0 GROUP BY series`,
      minute,
    );
    const bySeries = new Map(
      rows.map((row) => {
        const series = BigInt.asUintN(64, row.series as bigint);
        const [volume, high, low] = [row.volume, row.high, row.low] as [bigint, bigint, bigint];
        return [series, { series, volume, high, low }];
      }),
    );
    this.#volumes = { since: minute, bySeries };
    return bySeries;
  }

  /** Adds what a settlement did, unless it is there. */
  addSettlement({ item, account, series, time, quantity, price, cash, debt }: Omit<StoredSettlement, "id">): void {
    const market = Number(series >> 56n);
    this.#run(
      "INSERT OR IGNORE INTO settlements (item, account, series, market, time, quantity, price, cash, debt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[item, account, BigInt.asIntN(64, series), market, time, quantity, price, cash, debt],
    );
    this.#prune();
  }

  /** Settlements of an account in a market, newest first. */
  settlements(account: number, market: number, before: number | undefined, limit: number): StoredSettlement[] {
    const rows = this.#all(
      "SELECT * FROM settlements WHERE account = ? AND market = ? AND id < ? ORDER BY id DESC LIMIT ?",
      account,
      market,
      before ?? Number.MAX_SAFE_INTEGER,
      limit,
    );
    return rows.map((row) => ({
      id: Number(row.id),
      item: Number(row.item),
      account: Number(row.account),
      series: BigInt.asUintN(64, row.series as bigint),
      time: row.time as bigint,
      quantity: row.quantity as bigint,
      price: row.price as bigint,
      cash: row.cash as bigint,
      debt: row.debt as bigint,
    }));
  }

  /** Keeps limits, in place of those of the same scope. */
  setProtection({ account, scope, limits, frozen }: StoredProtection): void {
    this.#run(
      "INSERT OR REPLACE INTO protections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      ...[account, scope.market, scope.day ?? NONE, limits.interval, limits.frozenTime],
      ...[limits.quantityLimit ?? NONE, limits.deltaLimit ?? NONE],
      ...[frozen === undefined ? 0 : 1, frozen?.until ?? NONE],
    );
  }

  /** Forgets limits. */
  clearProtection(account: number, { market, day }: ProtectionScope): void {
    this.#run("DELETE FROM protections WHERE account = ? AND market = ? AND day = ?", account, market, day ?? NONE);
  }

  /** All limits. */
  protections(): StoredProtection[] {
    return this.#all("SELECT * FROM protections").map((row) => ({
      account: Number(row.account),
      scope: { market: Number(row.market), ...(row.day === NONE ? {} : { day: Number(row.day) }) },
      limits: {
        interval: row.interval as bigint,
        frozenTime: row.frozenTime as bigint,
        ...(row.quantityLimit === NONE ? {} : { quantityLimit: row.quantityLimit as bigint }),
        ...(row.deltaLimit === NONE ? {} : { deltaLimit: row.deltaLimit as bigint }),
      },
      frozen:
        row.isFrozen === 0n ? undefined : { until: row.frozenUntil === NONE ? undefined : (row.frozenUntil as bigint) },
    }));
  }

  close(): void {
    this.#database.close();
  }

  /** Adds a trade to what was added up. */
  #count({ series, time, price, quantity, isDropped }: Omit<StoredTrade, "seq">): void {
    if (this.#volumes === undefined || time < this.#volumes.since || isDropped) return;
    const { volume, high, low } = this.#volumes.bySeries.get(series) ?? { volume: 0n, high: price, low: price };
    this.#volumes.bySeries.set(series, {
      series,
      volume: volume + quantity,
      high: price > high ? price : high,
      low: price < low ? price : low,
    });
  }

  /** Takes out what is beyond the bound, once in a while. */
  #prune(): void {
    if (++this.#sincePruning * 100 < this.#maxRows) return;
    this.#sincePruning = 0;
    for (const [table, key] of [
      ["trades", "item"],
      ["settlements", "id"],
    ] as const) {
      const last = `SELECT ${key} FROM ${table} ORDER BY ${key} DESC LIMIT 1 OFFSET ?`;
      this.#run(`DELETE FROM ${table} WHERE ${key} <= (${last})`, this.#maxRows);
    }
  }

  #run(sql: string, ...values: SQLInputValue[]): void {
    this.#prepare(sql).run(...values);
  }

  #all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values);
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReadBigInts(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function tradeOf(row: Row): StoredTrade {
  return {
    item: Number(row.item),
    seq: Number(row.seq),
    series: BigInt.asUintN(64, row.series as bigint),
    time: row.time as bigint,
    price: row.price as bigint,
    quantity: row.quantity as bigint,
    indexPrice: row.indexPrice as bigint,
    markPrice: row.markPrice as bigint,
    isTakerSell: row.isTakerSell === 1n,
    isCross: row.isCross === 1n,
    isDropped: row.isDropped === 1n,
    makerAccount: Number(row.makerAccount),
    takerAccount: Number(row.takerAccount),
    makerOrder: Number(row.makerOrder),
    takerOrder: Number(row.takerOrder),
    makerFee: row.makerFee === NONE ? undefined : (row.makerFee as bigint),
    takerFee: row.takerFee === NONE ? undefined : (row.takerFee as bigint),
  };
}
