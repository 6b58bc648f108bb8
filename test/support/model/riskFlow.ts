import type { Transaction } from "../../../src/machine/Wire.ts";
import { anchorPayload } from "../../../src/replay/payloads.ts";
import { ORACLES, USDC } from "./Exchange.ts";
import { ACCOUNTS, FlowBase, MARKETS, type Action } from "./flowBase.ts";
import { discountFactor, isKnown, standingOf } from "./LiquidationModel.ts";
import { FIRST_FUND_ACCOUNT, LIQUIDATION_AGE, type AccountRecord } from "./ModelState.ts";
import { asEarlier, marketPayload, signersPayload, signReport, smileOf, type OracleReport } from "./oracle.ts";
import { expiryName, instantOf, seriesName, type Series } from "./words.ts";
import { hasMark, markOf } from "./MarginModel.ts";

/** Prices, oracles, modes and liquidations. */
export class RiskFlow extends FlowBase {
  /** Where prices go, so that accounts get into trouble. */
  #trend = 1;
  /** A report that showed a jump, by market. */
  readonly #shown = new Map<number, OracleReport>();

  // --- what has to be there ---

  protected riskOpening(): Action[] {
    const actions: Action[] = [this.report(1)];
    const addresses = ORACLES.map(({ address }) => address);
    actions.push(this.settlementMessage(6, signersPayload(2, addresses)));
    for (const { id } of MARKETS) {
      const terms = { minVol: 100_000, maxVol: 3_000_000, bandFloor: 20_000n, exposureMultiple: 20 };
      actions.push(this.settlementMessage(7, marketPayload(id, terms)));
      actions.push(this.#reportAt(id, this.anchors.get(id)!));
    }
    // The fund begins with what its first account is given.
    actions.push(this.deposit(FIRST_FUND_ACCOUNT, new Uint8Array(20), 300_000n * USDC));
    actions.push(this.#transaction({ type: 0x0e, fund: 0 }));
    for (let account = 2; account < ACCOUNTS; account++) actions.push(this.#modeOf(account, 1));
    return actions;
  }

  /** Seconds until the next action: mostly few, and now and then until the end of an auction, or a day. */
  pause(): number {
    const r = this.random;
    if (r.bool(0.6)) return 0;
    const auctions = this.#inAuction();
    if (auctions.length > 0 && r.bool(0.08)) {
      const end = r.pick(auctions)[1].auction + BigInt(r.pick([900, 3600, 3600, 3600, 7200]) + r.uint(600));
      if (end > this.now) return Number(end - this.now);
    }
    if (r.bool(0.02)) return r.uint(90_000);
    return r.bool(0.15) ? r.uint(900) : r.uint(45);
  }

  protected riskAction(): Action {
    const r = this.random;
    const roll = r.uint(100);
    if (this.#inAuction().length > 0 && r.bool(0.4)) return this.#liquidate();
    if (roll < 42) return this.#anyReport();
    if (roll < 50) return this.#squeeze();
    if (roll < 60) return this.#setMode();
    if (roll < 64) return this.#oddReport();
    if (roll < 67) return this.#setSigners();
    if (roll < 70) return this.#setMarket();
    if (roll < 74) return this.#transaction({ type: 0x0e, fund: r.uint(4) });
    return this.#liquidate();
  }

  #transaction(tx: Transaction): Action {
    return { kind: "transaction", tx, sender: this.forced(0) };
  }

  // --- the oracle ---

  protected spotOf(market: number): number {
    const spot = this.model.markets.get(String(market))?.spot ?? 0n;
    return spot === 0n ? this.anchors.get(market)! : Number(spot) / 10_000;
  }

  /** The mark of a series in USD, if it has one. */
  protected markOf(series: Series): number | undefined {
    if (!this.model.markets.get(String(series.market))) return undefined;
    const view = this.model.view(expiryName(seriesName(series)), this.now, LIQUIDATION_AGE);
    return hasMark(view) ? Number(markOf(view, series)) / 10_000 : undefined;
  }

  #signers(): [number, (digest: Uint8Array) => Uint8Array][] {
    const r = this.random;
    const chosen = ORACLES.map((signer, i): [number, (digest: Uint8Array) => Uint8Array] => [i, signer.sign]);
    const { threshold = 2 } = this.model.signers.get("") ?? {};
    if (threshold < 3 && r.bool(0.5)) chosen.splice(r.uint(chosen.length), 1);
    if (r.bool(0.01)) chosen.splice(1);
    if (r.bool(0.01)) chosen.push([7, ORACLES[0]!.sign]);
    if (r.bool(0.01)) chosen[0] = [chosen[0]![0], ORACLES[2]!.sign];
    return chosen;
  }

  /** The days whose curves a report of a market brings: those that are held, and a few others. */
  #days(market: number, time: bigint): number[] {
    const r = this.random;
    const today = Number(time / 86_400n);
    const held = new Set<number>();
    for (const [, { positions }] of this.model.accounts.entries()) {
      for (const name of positions.keys()) {
        const [id, day] = name.split("/").map(Number) as [number, number];
        if (id === market) held.add(day);
      }
    }
    for (const days of [1, 2, 5]) held.add(today + days);
    return [...held]
      .filter((day) => instantOf(day) > time && r.bool(0.97))
      .filter((day) => r.bool(0.01) || (this.model.expiries.get(`${market}/${day}`)?.price ?? 0n) === 0n)
      .sort((a, b) => a - b)
      .slice(0, 16);
  }

  #reportAt(market: number, usd: number, earlier?: OracleReport["earlier"], days?: number[]): Action {
    const r = this.random;
    const { spotTime = 0n } = this.model.markets.get(String(market)) ?? {};
    const time = this.now - BigInt(r.bool(0.8) || this.now - 20n <= spotTime ? 0 : r.uint(20));
    const spot = BigInt(Math.max(1, Math.round(usd * 10_000)));
    const curves = (days ?? this.#days(market, time)).map((day) => {
      const left = instantOf(day) - time;
      const basis = 1 + 0.05 * (Number(left) / 31_536_000) + 0.002 * r.normal();
      const forward = BigInt(Math.max(1, Math.round(usd * basis * 10_000)));
      return { day, forward, curve: smileOf(0.4 + 0.8 * r.float(), left) };
    });
    const report = signReport(this.deployment.model, { market, time, spot, curves }, this.#signers(), earlier);
    return this.#transaction(report);
  }

  /** A report whose price has moved a little. */
  protected report(market: number): Action {
    const anchor = this.anchors.get(market)!;
    if (this.random.bool(0.08)) this.#trend = -this.#trend;
    const next = this.spotOf(market) * Math.exp(0.015 * this.#trend + 0.015 * this.random.normal());
    // Kept near what L1 knows.
    return this.#reportAt(market, Math.min(1.095 * anchor, Math.max(0.905 * anchor, next)));
  }

  #anyReport(): Action {
    const r = this.random;
    const { id } = r.pick(MARKETS);
    const shown = this.#shown.get(id);
    if (shown !== undefined) {
      const age = this.now - shown.time;
      const market = this.model.markets.get(String(id));
      if (age > 600n || market === undefined || shown.time <= market.spotTime) this.#shown.delete(id);
      else if (age >= 60n || r.bool(0.1)) {
        const usd = (Number(shown.spot) / 10_000) * (1 + 0.01 * r.normal());
        return this.#reportAt(id, usd * (r.bool(0.05) ? 2 : 1), asEarlier(shown));
      } else if (r.bool(0.7)) return this.anchorAt(id, Number(shown.spot) / 10_000);
    } else if (r.bool(0.06)) {
      const usd = this.spotOf(id) * r.pick([0.6, 0.7, 0.8, 1.2, 1.35, 1.6]);
      const action = this.#reportAt(id, usd);
      if (action.kind === "transaction" && action.tx.type === 0x20) this.#shown.set(id, action.tx);
      return action;
    } else if (r.bool(0.1) && shown === undefined) {
      // Confirms what does not jump.
      const action = this.report(id);
      if (action.kind !== "transaction" || action.tx.type !== 0x20) return action;
      return { ...action, tx: { ...action.tx, earlier: asEarlier(action.tx) } };
    }
    return this.report(id);
  }

  /** A report with one thing wrong. */
  #oddReport(): Action {
    const r = this.random;
    const { id } = r.pick(MARKETS);
    const spot = BigInt(Math.round(this.spotOf(id) * 10_000));
    const today = Number(this.now / 86_400n);
    const curve = smileOf(0.5, 86_400n);
    const plain = { market: id, time: this.now, spot, curves: [{ day: today + 2, forward: spot, curve }] };
    const fixed = [...this.model.expiries.entries()].find(
      ([name, { price }]) =>
        price > 0n && name.startsWith(`${id}/`) && instantOf(Number(name.split("/")[1])) > this.now,
    );
    const report = r.pick([
      { ...plain, time: this.now + 1n + BigInt(r.uint(100)) },
      { ...plain, time: this.now - 121n - BigInt(r.uint(100)) },
      { ...plain, time: this.now - BigInt(r.uint(121)) },
      { ...plain, spot: 0n },
      { ...plain, spot: 2n ** 39n },
      { ...plain, market: 9 },
      { ...plain, curves: [{ day: today, forward: spot, curve }] },
      { ...plain, curves: [{ day: today + 2, forward: 0n, curve }] },
      { ...plain, curves: [{ day: today + 2, forward: (spot * BigInt(r.pick([985, 1_015, 2_000]))) / 1_000n, curve }] },
      { ...plain, curves: [{ day: today + 2, forward: spot, curve: smileOf(r.pick([0.01, 9]), 86_400n) }] },
      { ...plain, curves: [{ day: today + 2, forward: spot, curve: { ...curve, refTau: 0n } }] },
      { ...plain, curves: [{ day: today + 2, forward: spot, curve: { ...curve, rho: 10n ** 12n } }] },
      {
        ...plain,
        curves: [{ day: fixed === undefined ? today + 3 : Number(fixed[0].split("/")[1]), forward: spot, curve }],
      },
      { ...plain, spot: (spot * 112n) / 100n },
      { ...plain, spot: (spot * 3n) / 2n },
      { ...plain, curves: [] },
    ]);
    return this.#transaction(signReport(this.deployment.model, report, this.#signers()));
  }

  protected anchorAt(market: number, usd: number): Action {
    this.anchors.set(market, usd);
    return this.settlementMessage(4, anchorPayload(market, BigInt(Math.max(1, Math.round(usd * 10_000))), this.now));
  }

  #setSigners(): Action {
    const r = this.random;
    const addresses = ORACLES.map(({ address }) => address);
    const [first, second] = addresses as [Uint8Array, Uint8Array];
    return this.settlementMessage(
      6,
      r.pick([
        signersPayload(1 + r.uint(3), addresses),
        signersPayload(2, addresses),
        signersPayload(2, addresses),
        signersPayload(0, addresses),
        signersPayload(4, addresses),
        signersPayload(1, [first, second, first]),
        signersPayload(1, [first, new Uint8Array(20)]),
        signersPayload(1, []),
        signersPayload(1, Array<Uint8Array>(17).fill(first)),
      ]),
    );
  }

  #setMarket(): Action {
    const r = this.random;
    const exposureMultiple = r.pick([0, 1, 5, 20, 20, 20, 50]);
    const terms = { minVol: 100_000, maxVol: 3_000_000, bandFloor: BigInt(1 + r.uint(60_000)), exposureMultiple };
    const odd = r.pick([
      { minVol: 9_999 },
      { maxVol: 10_000_001 },
      { minVol: 3_000_001 },
      { bandFloor: 0n },
      { bandFloor: 2n ** 39n },
      { exposureMultiple: 1001 },
    ]);
    const payload = marketPayload(r.bool(0.03) ? 9 : r.pick(MARKETS).id, r.bool(0.15) ? { ...terms, ...odd } : terms);
    return this.settlementMessage(7, r.bool(0.03) ? payload.slice(1) : payload);
  }

  // --- modes and liquidation ---

  #setMode(): Action {
    const collateralised = this.ownedAccounts().filter((id) => this.model.accounts.get(String(id))!.mode === 0);
    // Most accounts are on standard margin most of the time.
    const some = collateralised.length > 0 && this.random.bool(0.7) ? this.random.pick(collateralised) : this.account();
    const account = this.random.bool(0.9) ? some : this.account();
    const { mode: present = 0 } = this.model.accounts.get(String(account)) ?? {};
    return this.#modeOf(account, this.random.bool(0.05) ? present : 1 - present);
  }

  /** Moves what the margin leaves free from one account to another, so that the next move of the price hurts. */
  #squeeze(): Action {
    const short = this.ownedAccounts().filter((id) => {
      const { mode, positions } = this.model.accounts.get(String(id))!;
      return mode === 1 && [...positions.values()].some((quantity) => quantity < 0n);
    });
    const from = short.length > 0 ? this.random.pick(short) : this.account();
    const record = this.model.accounts.get(String(from));
    const free = record === undefined ? 0n : this.model.excessesOf(record, this.now).initial;
    const to = this.random.uint(ACCOUNTS);
    const amount = free > 0n ? free : 1n;
    const auth = this.auth(from, "Transfer", { from, to, amount });
    return { kind: "transaction", tx: { type: 0x02, from, to, amount, auth }, sender: undefined };
  }

  #modeOf(account: number, mode: number): Action {
    const sender = this.forced(account);
    const auth = sender === undefined ? this.auth(account, "SetMode", { account, mode }) : undefined;
    return { kind: "transaction", tx: { type: 0x09, account, mode, auth }, sender };
  }

  #inAuction(): [string, AccountRecord][] {
    return [...this.model.accounts.entries()].filter(([, { auction }]) => auction > 0n);
  }

  /** Whether an account on standard margin is below maintenance at the present marks. */
  protected isBelow(id: number): boolean {
    const record = this.model.accounts.get(String(id))!;
    if (record.mode === 0 || record.positions.size === 0) return false;
    return this.model.excessesOf(record, this.now, LIQUIDATION_AGE).maintenance < 0n;
  }

  #liquidate(): Action {
    const r = this.random;
    const auctions = this.#inAuction();
    const running = new Set(auctions.map(([name]) => Number(name)));
    const below = this.ownedAccounts().filter((id) => !running.has(id) && this.isBelow(id));
    if (below.length > 0 && r.bool(0.7)) {
      const account = r.pick(below);
      const stale = this.#unmarked(account);
      return stale.length === 0 || r.bool(0.05)
        ? this.#transaction({ type: 0x0a, account })
        : this.report(r.pick(stale));
    }
    if (auctions.length === 0 && r.bool(0.8)) return this.report(r.pick(MARKETS).id);
    const some = auctions.length > 0 && r.bool(0.95) ? Number(r.pick(auctions)[0]) : this.account();
    const record = this.model.accounts.get(String(some));
    // Marks have to be there: report first.
    const stale = this.#unmarked(some);
    if (stale.length > 0 && r.bool(0.9)) return this.report(r.pick(stale));
    if (r.bool(0.08)) return this.#transaction({ type: 0x0a, account: r.bool(0.1) ? FIRST_FUND_ACCOUNT : some });
    if (r.bool(0.1)) return this.#transaction({ type: 0x0b, account: some });
    const fraction = r.bool(0.35) ? 1_000_000_000n : 1n + r.bigint(r.bool(0.3) ? 1000n : 1_000_000_000n);
    const elapsed = this.now - (record?.auction ?? 0n);
    if (elapsed > 3600n ? r.bool(0.6) : r.bool(0.1)) {
      const account = r.bool(0.03) ? FIRST_FUND_ACCOUNT + 1 : some;
      return this.#transaction({ type: 0x0d, account, fund: r.uint(r.bool(0.7) ? 1 : 4), fraction });
    }
    return this.#bid(some, record, fraction);
  }

  /** The markets of an account's positions that have no marks now. */
  #unmarked(account: number): number[] {
    const { positions = new Map<string, bigint>() } = this.model.accounts.get(String(account)) ?? {};
    const views = [...this.model.views(positions, this.now, LIQUIDATION_AGE)];
    return views.filter(([, view]) => !isKnown(view)).map(([name]) => Number(name.split("/")[0]));
  }

  #bid(account: number, record: AccountRecord | undefined, fraction: bigint): Action {
    const r = this.random;
    let bidder = r.bool(0.03) ? account : r.uint(ACCOUNTS);
    if (bidder === account && r.bool(0.9)) bidder = (account + 1) % ACCOUNTS;
    let limit = 10n ** 15n;
    if (record !== undefined && r.bool(0.2)) {
      const views = this.model.views(record.positions, this.now, LIQUIDATION_AGE);
      const { value } = standingOf(record, views);
      limit = (discountFactor(this.now - record.auction) * value) / 10_000n + BigInt(r.uint(3)) - 1n;
      if (limit < 0n) limit = 0n;
    }
    const sender = this.forced(bidder);
    const auth = sender === undefined ? this.auth(bidder, "Bid", { account, bidder, fraction, limit }) : undefined;
    return { kind: "transaction", tx: { type: 0x0c, account, bidder, fraction, limit, auth }, sender };
  }
}
