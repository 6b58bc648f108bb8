import { toHex } from "../../../src/crypto/bytes.ts";
import type {
  CancelAuth,
  OrderReference,
  Transaction,
  WireMakerOrder,
  WireOrder,
  WireTakerOrder,
} from "../../../src/machine/Wire.ts";
import { anchorPayload, depositPayload, fixPayload, listPayload } from "../../../src/replay/payloads.ts";
import { ANY_FEE, USDC } from "./Exchange.ts";
import { ACCOUNTS, MARKETS, type Action } from "./flowBase.ts";
import { RiskFlow } from "./riskFlow.ts";
import { instantOf, parseSeries, slotName, type Series } from "./words.ts";

/** An order as it was signed, to be shown again later. */
interface Signed {
  readonly order: WireMakerOrder;
  readonly taker: boolean;
}

const FORCIBLE = 32;

/**
 * A seeded source of actions. Most are likely to succeed, so that runs get deep; some are broken in one place; some are
 * repeated. It reads the model's state to know what could succeed.
 */
export class RandomFlow extends RiskFlow {
  readonly #signed: Signed[] = [];
  readonly #past: Action[] = [];
  /** Whether orders have no flags and are signed by their owners. */
  #plain = false;

  /** What has to be there before anything can happen. */
  opening(): Action[] {
    const actions: Action[] = [];
    for (const market of MARKETS) {
      actions.push(this.settlementMessage(3, listPayload(market.id, market)));
      actions.push(this.anchorAt(market.id, market.usd));
    }
    // A market that nobody reports on.
    actions.push(this.settlementMessage(3, listPayload(3, MARKETS[0]!)));
    this.owners.forEach((owner, id) => {
      actions.push(this.deposit(id, owner.address, BigInt(20_000 + 20_000 * id) * USDC));
    });
    return [...actions, ...this.riskOpening()];
  }

  /** Fills two accounts with as many positions as an account may have, and a few more. */
  crowd(): Action[] {
    const today = Number(this.now / 86_400n);
    const actions = Array.from({ length: 80 }, (_, i): Action => {
      const strikeSteps = BigInt(140 + 10 * (i % 16));
      const place = { market: 1, day: today + 2 + (i >> 5), strikeSteps, put: i % 32 > 15 };
      const strike = Number(strikeSteps) * 10;
      const inner = Math.max(0, place.put ? strike - 2000 : 2000 - strike);
      const mark = this.markOf({ market: 1, day: place.day, strike: strikeSteps * 100_000n, put: place.put });
      const limit = BigInt(Math.max(1, Math.round(100 * (mark ?? inner + 20))));
      this.#plain = true;
      const maker = this.#order(7, i % 2 === 0, false, place, limit, 1000n);
      const taker = asTaker(this.#order(8, i % 2 === 1, true, place, limit, 1000n), limit);
      this.#plain = false;
      return { kind: "transaction", tx: { type: 0x10, maker, taker, lots: 1n }, sender: undefined };
    });
    return actions;
  }

  /** The next action. */
  next(): Action {
    const r = this.random;
    const repeated = r.bool(0.02) && this.#past.length > 0 ? r.pick(this.#past) : undefined;
    const action = repeated ?? this.#fresh();
    if (r.bool(0.05)) this.#past.push(action);
    return action;
  }

  #fresh(): Action {
    const r = this.random;
    const roll = r.uint(1000);
    if (roll < 330) return this.riskAction();
    if (roll < 690) return this.#fill();
    if (roll < 760) return this.#settle();
    if (roll < 800) return this.#fixPrice();
    if (roll < 830) return this.#cancel();
    if (roll < 855) return this.#anyAnchor();
    if (roll < 885) return this.#depositAny();
    if (roll < 915) return this.#withdraw();
    if (roll < 940) return this.#transfer();
    if (roll < 965) return this.#setKey();
    if (roll < 975) return this.#revokeKey();
    if (roll < 983) return this.#cancelAll();
    if (roll < 992) return { kind: "transaction", tx: { type: 0x07 }, sender: this.forced(0) };
    return this.#oddMessage();
  }

  #depositAny(): Action {
    const r = this.random;
    const id = r.uint(ACCOUNTS);
    // Those in debt are served more often, so that they come back.
    const indebted = [...this.model.accounts.entries()].filter(([, { debt }]) => debt > 0n);
    const chosen = indebted.length > 0 && r.bool(0.5) ? Number(r.pick(indebted)[0]) : id;
    const owner = chosen < ACCOUNTS ? this.owner(chosen).address : new Uint8Array(20);
    return this.deposit(chosen, owner, BigInt(r.uint(3000)) * USDC + BigInt(r.uint(1000)));
  }

  // --- prices ---

  #anyAnchor(): Action {
    const r = this.random;
    const { id, usd } = r.pick(MARKETS);
    const last = r.bool(0.7) ? this.spotOf(id) : this.anchors.get(id)!;
    if (r.bool(0.03)) return this.settlementMessage(4, anchorPayload(id, 1_000_000n, this.now - 90_000n));
    if (r.bool(0.01)) return this.settlementMessage(4, anchorPayload(id, 0n, this.now));
    // Drawn back to where it began, so that no run ends with nobody able to trade.
    const factor = r.bool(0.02) ? 1 + r.float() : Math.exp(0.04 * r.normal());
    const next = last * factor * Math.pow(usd / last, 0.05);
    return this.anchorAt(id, Math.max(1, next));
  }

  /** Unfixed expiries that lie behind the clock, oldest first. */
  #due(): { market: number; day: number }[] {
    const found = new Map<string, { market: number; day: number }>();
    for (const [, { positions }] of this.model.accounts.entries()) {
      for (const name of positions.keys()) {
        const { market, day } = parseSeries(name);
        if (instantOf(day) > this.now) continue;
        if ((this.model.expiries.get(`${market}/${day}`)?.price ?? 0n) === 0n)
          found.set(`${market}/${day}`, { market, day });
      }
    }
    return [...found.values()];
  }

  #fixPrice(): Action {
    const r = this.random;
    const due = this.#due();
    const { market, day } =
      due.length > 0 ? r.pick(due) : { market: r.pick([1, 2, 9]), day: this.#day() - (r.bool(0.9) ? 30 : 0) };
    const grid = MARKETS.find(({ id }) => id === market) ?? MARKETS[0]!;
    // Often far beyond the ceiling, since that is where pools fall short.
    const factor = r.bool(0.2) ? 2 + 6 * r.float() : Math.exp(0.15 * r.normal());
    const ticks = BigInt(Math.max(1, Math.round((this.anchors.get(grid.id)! * 10_000 * factor) / grid.tick)));
    const price = ticks * BigInt(grid.tick) + (r.bool(0.03) ? 1n : 0n);
    return this.settlementMessage(5, fixPayload(market, day, price));
  }

  #settle(): Action {
    const r = this.random;
    const fixed = [...this.model.expiries.entries()].filter(([, { price }]) => price > 0n).map(([name]) => name);
    const open = fixed.filter((name) => {
      const { shorts, owed, credited } = this.model.expiries.get(name)!;
      return shorts > 0 || owed !== credited;
    });
    const name = open.length > 0 && r.bool(0.9) ? r.pick(open) : fixed.length > 0 ? r.pick(fixed) : `1/${this.#day()}`;
    const [market, day] = name.split("/").map(Number) as [number, number];
    const holders = [...this.model.accounts.entries()].filter(([, { positions }]) =>
      [...positions.keys()].some((series) => series.startsWith(`${name}/`)),
    );
    // Creditors whose claim waits for the last debtor ask too.
    const claimants = [...this.model.claims.entries()].filter(([claim]) => claim.startsWith(`${name}/`));
    const askers = r.bool(0.1)
      ? claimants.map(([claim]) => claim.split("/")[2]!)
      : r.bool(0.85)
        ? holders.map(([id]) => id)
        : [];
    const account = askers.length > 0 ? Number(r.pick(askers)) : this.account();
    return {
      kind: "transaction",
      tx: { type: 0x08, market, day, accounts: [account] },
      sender: this.forced(0),
    };
  }

  // --- accounts ---

  #withdraw(): Action {
    const account = this.account();
    const sender = this.forced(account);
    const payee = this.random.bool(0.3) ? this.random.uint(6) : 0;
    const amount = this.amount(account);
    const key = this.model.keys.get(`${account}/${payee}`)?.address;
    const owner = this.model.accounts.get(String(account))?.owner ?? toHex(this.keys[0]!.address);
    const recipient = payee === 0 ? owner : (key ?? owner);
    const auth = sender === undefined ? this.auth(account, "Withdraw", { account, amount, recipient }) : undefined;
    return { kind: "transaction", tx: { type: 0x01, account, amount, payee, auth }, sender };
  }

  #transfer(): Action {
    const [from, to] = [this.account(), this.account()];
    const sender = this.forced(from);
    const amount = this.amount(from);
    const auth = sender === undefined ? this.auth(from, "Transfer", { from, to, amount }) : undefined;
    return { kind: "transaction", tx: { type: 0x02, from, to, amount, auth }, sender };
  }

  #setKey(): Action {
    const r = this.random;
    const account = this.account();
    const sender = this.forced(account);
    const index = r.bool(0.03) ? r.pick([0, 5]) : 1 + r.uint(4);
    const address = r.bool(0.02) ? new Uint8Array(20) : r.pick(this.keys).address;
    const scope = r.bool(0.5) ? 7 : r.uint(9);
    const expiry = this.now + BigInt(r.uint(200_000));
    const budget = r.bool(0.5) ? BigInt(r.uint(50)) * USDC : 10n ** 13n;
    const value = { account, index, key: toHex(address), scope, expiry, budget };
    const auth = sender === undefined ? this.auth(account, "SetKey", value) : undefined;
    return { kind: "transaction", tx: { type: 0x03, account, index, address, scope, expiry, budget, auth }, sender };
  }

  #revokeKey(): Action {
    const account = this.account();
    const sender = this.forced(account);
    const index = this.random.bool(0.03) ? 0 : 1 + this.random.uint(4);
    const auth = sender === undefined ? this.auth(account, "RevokeKey", { account, index }) : undefined;
    return { kind: "transaction", tx: { type: 0x04, account, index, auth }, sender };
  }

  #cancelAuth(account: number, type: string, value: Record<string, unknown>): CancelAuth {
    const r = this.random;
    const keyIndex = r.bool(0.4) ? 1 + r.uint(4) : 0;
    const address = this.model.keys.get(`${account}/${keyIndex}`)?.address;
    const key = this.keys.find((signer) => toHex(signer.address) === address) ?? this.keys[0]!;
    const deadline = this.deadline();
    const signer = keyIndex === 0 ? this.owner(account) : key;
    return { keyIndex, deadline, signature: this.sign(signer, type, { ...value, deadline }) };
  }

  #cancel(): Action {
    const r = this.random;
    const order = this.#signed.length > 0 && r.bool(0.8) ? r.pick(this.#signed).order : undefined;
    const account = order?.account ?? this.account();
    const nonce = order?.nonce ?? this.freshNonce();
    const sender = this.forced(account);
    const auth = sender === undefined ? this.#cancelAuth(account, "Cancel", { account, nonce }) : undefined;
    return { kind: "transaction", tx: { type: 0x05, account, nonce, auth }, sender };
  }

  #cancelAll(): Action {
    const r = this.random;
    const account = this.account();
    const before = this.model.accounts.get(String(account))?.floor ?? 0n;
    const floor = r.bool(0.02) ? before + 1_073_741_825n : r.bool(0.2) ? before : before + 1n + r.bigint(20n);
    const sender = this.forced(account);
    const auth = sender === undefined ? this.#cancelAuth(account, "CancelAll", { account, floor }) : undefined;
    return { kind: "transaction", tx: { type: 0x06, account, floor, auth }, sender };
  }

  // --- fills ---

  #day(): number {
    const today = Number(this.now / 86_400n);
    return today + this.random.pick([0, 1, 1, 2, 2, 5, 20]);
  }

  /** A number of lots; often about as many as the account can carry. */
  #lots(account: number, grid: { id: number; lot: bigint }): bigint {
    const r = this.random;
    const record = this.model.accounts.get(String(account));
    if (record === undefined || r.bool(0.4)) return 1n + BigInt(r.uint(r.bool(0.3) ? 20 : 3000));
    const free = Number(this.model.excessesOf(record, this.now).initial) / 1e6;
    const each = (this.spotOf(grid.id) * Number(grid.lot)) / 1e6;
    const share = record.mode === 1 ? 0.2 : 2;
    return 1n + BigInt(Math.max(0, Math.floor((free / (each * share)) * r.float())));
  }

  #order(
    account: number,
    sell: boolean,
    taker: boolean,
    place: Pick<WireMakerOrder, "market" | "day" | "strikeSteps" | "put">,
    limitTicks: bigint,
    size?: bigint,
  ): WireMakerOrder {
    const r = this.random;
    const grid = MARKETS.find(({ id }) => id === place.market) ?? MARKETS[0]!;
    const quantity = size ?? (r.bool(0.003) ? 0n : grid.lot * this.#lots(account, grid));
    const modest = (chance: number, flag: number): number => (r.bool(chance) && !this.#plain ? flag : 0);
    const flags =
      (sell ? 1 : 0) |
      modest(0.02, 2) |
      modest(taker ? 0.1 : 0.005, 4) |
      modest(taker ? 0.01 : 0.2, 8) |
      modest(0.04, 16) |
      modest(0.7, FORCIBLE);
    const keyed = r.bool(0.3) && !this.#plain;
    const index = keyed ? 1 + r.uint(4) : 0;
    const key = keyed ? this.model.keys.get(`${account}/${index}`) : undefined;
    const signer = this.keys.find(({ address }) => toHex(address) === key?.address);
    const valid = key !== undefined && key.scope % 2 === 1 && key.expiry >= this.now;
    const usesKey = keyed && ((signer !== undefined && valid) || r.bool(0.05));
    const deadline = (flags & 4) !== 0 ? this.now + BigInt(r.uint(140)) : this.deadline();
    const maxFee = r.bool(0.02) && !this.#plain ? BigInt(grid.tick) * BigInt(r.uint(100)) : ANY_FEE;
    const nonce = this.freshNonce();
    // A buyer that takes cannot ask for less than the maker's price.
    const limit = r.bool(0.003) && !(taker && !sell) ? 0n : limitTicks;
    const keyIndex = usesKey ? index : 0;
    const keyEpoch = usesKey ? (key?.epoch ?? 1) - (r.bool(0.02) ? 1 : 0) : 0;
    const signature = this.sign(usesKey ? (signer ?? this.keys[0]!) : this.owner(account), "Order", {
      account,
      market: place.market,
      expiryDay: place.day,
      strike: place.strikeSteps * grid.steps[0],
      isPut: place.put,
      isSell: sell,
      quantity,
      limitPrice: limit * BigInt(grid.tick),
      maxFee,
      nonce,
      deadline,
      fillOrKill: (flags & 2) !== 0,
      immediateOrCancel: (flags & 4) !== 0,
      postOnly: (flags & 8) !== 0,
      reduceOnly: (flags & 16) !== 0,
      forcible: (flags & FORCIBLE) !== 0,
      keyIndex,
      keyEpoch,
    });
    const order: WireMakerOrder = {
      ...place,
      stored: false,
      account,
      nonce,
      flags,
      keyIndex,
      keyEpoch,
      lots: quantity / grid.lot,
      limitTicks: limit,
      feeTicks: maxFee / BigInt(grid.tick),
      deadline,
      signature,
    };
    this.#signed.push({ order, taker });
    return order;
  }

  /** Somebody's position, and what takes all or some of it away. */
  #closing(): { account: number; series: Series; sell: boolean; size: bigint | undefined } | undefined {
    const r = this.random;
    const open = this.ownedAccounts().filter((id) => this.model.accounts.get(String(id))!.positions.size > 0);
    const badly = open.filter((id) => this.isBelow(id));
    if (open.length === 0) return undefined;
    const account = r.pick(badly.length > 0 && r.bool(0.5) ? badly : open);
    const held = [...this.model.accounts.get(String(account))!.positions];
    const live = held.filter(([name]) => this.#isOpen(parseSeries(name)));
    const [name, quantity] = r.pick(live.length > 0 ? live : held);
    const series = parseSeries(name);
    const grows = r.bool(0.1);
    return {
      account,
      series,
      sell: grows ? quantity < 0n : quantity > 0n,
      size: r.bool(0.4) ? (quantity < 0n ? -quantity : quantity) : undefined,
    };
  }

  /** Whether an expiry trades. */
  #isOpen({ market, day }: { market: number; day: number }): boolean {
    const price = this.model.expiries.get(`${market}/${day}`)?.price ?? 0n;
    return price === 0n && instantOf(day) > this.now;
  }

  /** What is left of an order. */
  #left({ account, nonce, lots }: Pick<WireOrder, "account" | "nonce" | "lots">, lot: bigint): bigint {
    const quantity = lots * lot;
    const slot = this.model.orders.get(slotName(account, nonce));
    const filled = slot?.nonce === nonce && slot.terms !== undefined ? slot.terms.filled : 0n;
    return filled < quantity ? quantity - filled : 0n;
  }

  #fill(): Action {
    const r = this.random;
    const grid = r.pick(MARKETS);
    const usd = this.anchors.get(grid.id)!;
    const step = Number(grid.steps[0]) / 10_000;
    const rests = ({ order }: Signed): boolean =>
      r.bool(0.02) ||
      (this.model.orders.get(slotName(order.account, order.nonce))?.terms !== undefined &&
        this.#left(order, lotOf(order.market)) > 0n &&
        order.deadline >= this.now &&
        this.#isOpen(order));
    const recent = this.#signed.slice(-60).filter((signed) => !signed.taker && rests(signed));
    let maker: WireMakerOrder | OrderReference;
    let terms: WireMakerOrder;
    const huge = r.bool(0.008) ? 1_000_000_000_000_000n : undefined;
    if (recent.length > 0 && r.bool(0.4) && huge === undefined) {
      terms = r.pick(recent).order;
      maker = r.bool(0.8) ? { stored: true, account: terms.account, nonce: terms.nonce } : terms;
    } else {
      const closing = r.bool(0.45) || huge !== undefined ? this.#closing() : undefined;
      const put = closing?.series.put ?? r.bool(0.5);
      const near = Math.round((usd * (0.7 + 0.15 * r.uint(5))) / step / 5) * 5;
      const newSteps = BigInt(Math.max(r.bool(0.005) ? 0 : 5, near + (r.bool(0.02) ? 1 : 0)));
      const { id, tick, steps } = MARKETS.find((entry) => entry.id === closing?.series.market) ?? grid;
      const strikeSteps = closing === undefined ? newSteps : closing.series.strike / steps[0];
      const place = {
        market: r.bool(0.01) ? r.pick([3, 9]) : id,
        day: closing?.series.day ?? this.#day(),
        strikeSteps,
        put,
      };
      const strike = Number(strikeSteps * steps[0]) / 10_000;
      const underlying = this.spotOf(id);
      const inner = Math.max(0, put ? strike - underlying : underlying - strike);
      const mark = this.markOf({ market: id, day: place.day, strike: strikeSteps * steps[0], put });
      const fair = mark === undefined || r.bool(0.05) ? inner + 0.05 * underlying * r.float() : mark;
      const price = r.bool(0.3) ? fair : fair * Math.exp((r.bool(0.1) ? 0.5 : 0.05) * r.normal());
      const ticks = Math.max(1, Math.round((price * 10_000) / tick));
      const [account, sell] = closing === undefined ? [r.uint(ACCOUNTS), r.bool(0.5)] : [closing.account, closing.sell];
      const side = huge === undefined ? sell : !sell;
      terms = this.#order(account, side, false, place, huge === undefined ? BigInt(ticks) : 1n, huge ?? closing?.size);
      maker = terms;
    }
    const makerSells = terms.flags % 2 === 1;
    const stored = this.#signed
      .slice(-60)
      .filter((signed) => signed.taker && signed.order.strikeSteps === terms.strikeSteps && rests(signed))
      .filter(({ order }) => r.bool(0.2) || (order.day === terms.day && order.flags % 2 !== terms.flags % 2));
    let taker: WireTakerOrder | OrderReference;
    if (stored.length > 0 && r.bool(0.2)) {
      const { order } = r.pick(stored);
      // One whose limit is not met has no encoding in full.
      const inFull = r.bool(0.3) && slippageOf(order, terms.limitTicks) >= 0n;
      taker = inFull ? asTaker(order, terms.limitTicks) : { stored: true, account: order.account, nonce: order.nonce };
    } else {
      let account = this.account();
      if (account === terms.account && r.bool(0.95)) account = (account + 1) % ACCOUNTS;
      const better = BigInt(r.uint(3));
      const limit = makerSells
        ? terms.limitTicks + better
        : terms.limitTicks - (terms.limitTicks > better ? better : 0n);
      const { market, day, strikeSteps, put } = terms;
      const order = this.#order(account, !makerSells, true, { market, day, strikeSteps, put }, limit);
      taker = asTaker(order, terms.limitTicks);
    }
    const lot = lotOf(terms.market);
    const [makerLeft, takerLeft] = [this.#left(terms, lot), taker.stored ? undefined : this.#left(taker, lot)];
    const most = takerLeft === undefined || takerLeft > makerLeft ? makerLeft : takerLeft;
    const over = r.bool(0.03) ? lot : 0n;
    const part = most > 0n ? (most / lot + 1n) / 2n : 0n;
    const quantity = over + (r.bool(0.01) ? 0n : r.bool(0.5) || part === 0n ? most : lot * (1n + r.bigint(part)));
    const tx: Transaction = { type: 0x10, maker, taker, lots: (huge ?? quantity) / lot };
    const forced = !maker.stored && !taker.stored && r.bool(0.1);
    return { kind: "transaction", tx, sender: forced ? r.pick(this.keys).address : undefined };
  }

  #oddMessage(): Action {
    const r = this.random;
    const { settlement, bridge } = this.deployment.machine;
    const payloads = [
      { message: 1, sender: settlement, payload: depositPayload(1, this.owners[1]!.address, 5n) },
      { message: 1, sender: bridge, payload: depositPayload(1, this.keys[0]!.address, 5n) },
      { message: 1, sender: bridge, payload: depositPayload(1, this.owners[1]!.address, 5n).slice(1) },
      { message: 3, sender: settlement, payload: listPayload(1, MARKETS[0]!) },
      { message: 3, sender: settlement, payload: listPayload(4, { ...MARKETS[0]!, tick: 150 }) },
      { message: 4, sender: settlement, payload: anchorPayload(9, 5n, this.now) },
      { message: 4, sender: bridge, payload: anchorPayload(1, 5n, this.now) },
      { message: 5, sender: settlement, payload: new Uint8Array(12) },
      { message: 8, sender: settlement, payload: new Uint8Array(12) },
    ];
    return { kind: "message", ...r.pick(payloads) };
  }
}

/** An order in the taker's place, against a maker's limit of `price` ticks. */
function asTaker(order: WireMakerOrder, price: bigint): WireTakerOrder {
  const { market: _market, day: _day, strikeSteps: _strike, put: _put, limitTicks: _limit, ...rest } = order;
  return { ...rest, flags: rest.flags & ~1, slippageTicks: slippageOf(order, price) };
}

/** By how many ticks an order's limit is worse than a price. */
function slippageOf({ flags, limitTicks }: WireMakerOrder, price: bigint): bigint {
  return flags % 2 === 1 ? price - limitTicks : limitTicks - price;
}

function lotOf(market: number): bigint {
  return MARKETS.find(({ id }) => id === market)?.lot ?? 1000n;
}
