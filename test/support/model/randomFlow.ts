import { toHex } from "../../../src/crypto/bytes.ts";
import type {
  CancelAuth,
  OrderReference,
  OwnerAuth,
  Transaction,
  WireMakerOrder,
  WireOrder,
} from "../../../src/machine/Wire.ts";
import type { Random } from "../../../src/market/random.ts";
import { anchorPayload, depositPayload, fixPayload, listPayload } from "../../../src/replay/payloads.ts";
import { ANY_FEE, fakeSigner, USD, USDC, type Deployment, type Signer } from "./Exchange.ts";
import type { ModelState } from "./ModelState.ts";
import { signedDigest } from "./signing.ts";
import { instantOf, parseSeries } from "./words.ts";

/** Something that happens to the exchange. */
export type Action =
  | { readonly kind: "message"; readonly message: number; readonly sender: Uint8Array; readonly payload: Uint8Array }
  | { readonly kind: "transaction"; readonly tx: Transaction; readonly sender: Uint8Array | undefined };

/** An order as it was signed, to be shown again later. */
interface Signed {
  readonly order: WireMakerOrder;
  readonly taker: boolean;
}

const MARKETS = [
  { id: 1, tick: 100, lot: 1000n, steps: [10n * USD, 50n * USD, 100n * USD] as const, usd: 2000 },
  { id: 2, tick: 500, lot: 20_000n, steps: [5n * USD, 10n * USD, 20n * USD] as const, usd: 150 },
];
const ACCOUNTS = 9;
const FORCIBLE = 32;

/**
 * A seeded source of actions. Most are likely to succeed, so that runs get deep; some are broken in one place; some are
 * repeated. It reads the model's state to know what could succeed.
 */
export class RandomFlow {
  readonly #random: Random;
  readonly #model: ModelState;
  readonly #deployment: Deployment;
  readonly #owners: Signer[];
  readonly #keys: Signer[];
  readonly #anchors = new Map<number, number>();
  readonly #signed: Signed[] = [];
  readonly #past: Action[] = [];
  #nonce = 1n;
  now: bigint;

  constructor(random: Random, model: ModelState, deployment: Deployment, now: bigint) {
    this.#random = random;
    this.#model = model;
    this.#deployment = deployment;
    this.now = now;
    // The fee account trades too, and one owner holds two accounts.
    const fees: Signer = { ...fakeSigner("fees"), address: deployment.feeRecipient };
    this.#owners = [fees, ...Array.from({ length: ACCOUNTS - 1 }, (_, i) => fakeSigner(`owner ${Math.max(i, 1)}`))];
    this.#keys = Array.from({ length: 4 }, (_, i) => fakeSigner(`session ${i}`));
  }

  /** What has to be there before anything can happen. */
  opening(): Action[] {
    const actions: Action[] = [];
    for (const market of MARKETS) {
      actions.push(this.#settlementMessage(3, listPayload(market.id, market)));
      actions.push(this.#anchor(market.id, market.usd));
    }
    this.#owners.forEach((owner, id) => {
      actions.push(this.#deposit(id, owner, BigInt(20_000 + 30_000 * id) * USDC));
    });
    return actions;
  }

  /** The next action. */
  next(): Action {
    const r = this.#random;
    const repeated = r.bool(0.02) && this.#past.length > 0 ? r.pick(this.#past) : undefined;
    const action = repeated ?? this.#fresh();
    if (r.bool(0.05)) this.#past.push(action);
    return action;
  }

  #fresh(): Action {
    const r = this.#random;
    const roll = r.uint(1000);
    if (roll < 560) return this.#fill();
    if (roll < 640) return this.#settle();
    if (roll < 700) return this.#fixPrice();
    if (roll < 750) return this.#cancel();
    if (roll < 800) return this.#anyAnchor();
    if (roll < 840) return this.#depositAny();
    if (roll < 875) return this.#withdraw();
    if (roll < 915) return this.#transfer();
    if (roll < 955) return this.#setKey();
    if (roll < 970) return this.#revokeKey();
    if (roll < 980) return this.#cancelAll();
    if (roll < 992) return { kind: "transaction", tx: { type: 0x07 }, sender: this.#forced(0) };
    return this.#oddMessage();
  }

  // --- helpers ---

  #account(): number {
    return this.#random.bool(0.01) ? 77 : this.#random.uint(ACCOUNTS);
  }

  #owner(account: number): Signer {
    return this.#random.bool(0.02) ? this.#random.pick(this.#keys) : (this.#owners[account] ?? this.#keys[0]!);
  }

  /** Now and then, the sender of a forced transaction. */
  #forced(account: number): Uint8Array | undefined {
    return this.#random.bool(0.15) ? this.#owner(account).address : undefined;
  }

  #freshNonce(): bigint {
    const r = this.#random;
    if (r.bool(0.02)) return r.bigint(3n) * 1_073_741_824n + r.bigint(50n);
    if (r.bool(0.02)) return this.#nonce + 1024n;
    return r.bool(0.02) ? r.bigint(this.#nonce) : this.#nonce++;
  }

  #deadline(): bigint {
    const r = this.#random;
    // In runs through the inbox a deadline is never before the batch, so expiry shows on orders that rest.
    return this.now + BigInt(r.bool(0.1) ? r.uint(100) : 200 + r.uint(40_000));
  }

  #sign(signer: Signer, type: string, value: Record<string, unknown>): Uint8Array {
    const broken = this.#random.bool(0.01) ? { deadline: 1n } : {};
    return signer.sign(signedDigest(this.#deployment.model, type, { ...value, ...broken }));
  }

  #auth(account: number, type: string, value: Record<string, unknown>): OwnerAuth {
    const [nonce, deadline] = [this.#freshNonce(), this.#deadline()];
    return { nonce, deadline, signature: this.#sign(this.#owner(account), type, { ...value, nonce, deadline }) };
  }

  #amount(account: number): bigint {
    const r = this.#random;
    const cash = this.#model.accounts.get(String(account))?.cash ?? 1n;
    if (r.bool(0.02)) return 0n;
    if (r.bool(0.2)) return cash > 0n ? cash : 1n;
    if (r.bool(0.1)) return cash + 1n;
    return 1n + r.bigint(cash / 8n + 1n);
  }

  #settlementMessage(message: number, payload: Uint8Array): Action {
    const r = this.#random;
    const sender = r.bool(0.01) ? this.#deployment.machine.bridge : this.#deployment.machine.settlement;
    return { kind: "message", message, sender, payload };
  }

  #deposit(id: number, owner: Signer, amount: bigint): Action {
    return {
      kind: "message",
      message: 1,
      sender: this.#deployment.machine.bridge,
      payload: depositPayload(id, owner.address, amount),
    };
  }

  #depositAny(): Action {
    const r = this.#random;
    const id = r.uint(ACCOUNTS);
    // Those in debt are served more often, so that they come back.
    const indebted = [...this.#model.accounts.entries()].filter(([, { debt }]) => debt > 0n);
    const chosen = indebted.length > 0 && r.bool(0.5) ? Number(r.pick(indebted)[0]) : id;
    return this.#deposit(chosen, this.#owner(chosen), BigInt(r.uint(3000)) * USDC + BigInt(r.uint(1000)));
  }

  // --- prices ---

  #anchor(market: number, usd: number): Action {
    this.#anchors.set(market, usd);
    return this.#settlementMessage(4, anchorPayload(market, BigInt(Math.round(usd * 10_000)), this.now));
  }

  #anyAnchor(): Action {
    const r = this.#random;
    const { id, usd } = r.pick(MARKETS);
    const last = this.#anchors.get(id)!;
    if (r.bool(0.03)) return this.#settlementMessage(4, anchorPayload(id, 1_000_000n, this.now - 90_000n));
    if (r.bool(0.01)) return this.#settlementMessage(4, anchorPayload(id, 0n, this.now));
    // Drawn back to where it began, so that no run ends with nobody able to trade.
    const factor = r.bool(0.04) ? 1 + 2 * r.float() : Math.exp(0.05 * r.normal());
    const next = last * factor * Math.sqrt(Math.sqrt(usd / last));
    return this.#anchor(id, Math.max(1, next));
  }

  /** Unfixed expiries that lie behind the clock, oldest first. */
  #due(): { market: number; day: number }[] {
    const found = new Map<string, { market: number; day: number }>();
    for (const [, { positions }] of this.#model.accounts.entries()) {
      for (const name of positions.keys()) {
        const { market, day } = parseSeries(name);
        if (instantOf(day) > this.now) continue;
        if ((this.#model.expiries.get(`${market}/${day}`)?.price ?? 0n) === 0n)
          found.set(`${market}/${day}`, { market, day });
      }
    }
    return [...found.values()];
  }

  #fixPrice(): Action {
    const r = this.#random;
    const due = this.#due();
    const { market, day } =
      due.length > 0 ? r.pick(due) : { market: r.pick([1, 2, 9]), day: this.#day() - (r.bool(0.9) ? 30 : 0) };
    const grid = MARKETS.find(({ id }) => id === market) ?? MARKETS[0]!;
    // Often far beyond the ceiling, since that is where pools fall short.
    const factor = r.bool(0.35) ? 2 + 6 * r.float() : Math.exp(0.3 * r.normal());
    const ticks = BigInt(Math.max(1, Math.round((this.#anchors.get(grid.id)! * 10_000 * factor) / grid.tick)));
    const price = ticks * BigInt(grid.tick) + (r.bool(0.03) ? 1n : 0n);
    return this.#settlementMessage(5, fixPayload(market, day, price));
  }

  #settle(): Action {
    const r = this.#random;
    const fixed = [...this.#model.expiries.entries()].filter(([, { price }]) => price > 0n).map(([name]) => name);
    const open = fixed.filter((name) => {
      const { shorts, owed, credited } = this.#model.expiries.get(name)!;
      return shorts > 0 || owed !== credited;
    });
    const name = open.length > 0 && r.bool(0.9) ? r.pick(open) : fixed.length > 0 ? r.pick(fixed) : `1/${this.#day()}`;
    const [market, day] = name.split("/").map(Number) as [number, number];
    return {
      kind: "transaction",
      tx: { type: 0x08, market, day, accounts: [this.#account()] },
      sender: this.#forced(0),
    };
  }

  // --- accounts ---

  #withdraw(): Action {
    const account = this.#account();
    const sender = this.#forced(account);
    const payee = this.#random.bool(0.3) ? this.#random.uint(6) : 0;
    const amount = this.#amount(account);
    const key = this.#model.keys.get(`${account}/${payee}`)?.address;
    const owner = this.#model.accounts.get(String(account))?.owner ?? toHex(this.#keys[0]!.address);
    const recipient = payee === 0 ? owner : (key ?? owner);
    const auth = sender === undefined ? this.#auth(account, "Withdraw", { account, amount, recipient }) : undefined;
    return { kind: "transaction", tx: { type: 0x01, account, amount, payee, auth }, sender };
  }

  #transfer(): Action {
    const [from, to] = [this.#account(), this.#account()];
    const sender = this.#forced(from);
    const amount = this.#amount(from);
    const auth = sender === undefined ? this.#auth(from, "Transfer", { from, to, amount }) : undefined;
    return { kind: "transaction", tx: { type: 0x02, from, to, amount, auth }, sender };
  }

  #setKey(): Action {
    const r = this.#random;
    const account = this.#account();
    const sender = this.#forced(account);
    const index = r.bool(0.03) ? r.pick([0, 5]) : 1 + r.uint(4);
    const address = r.bool(0.02) ? new Uint8Array(20) : r.pick(this.#keys).address;
    const scope = r.bool(0.5) ? 7 : r.uint(9);
    const expiry = this.now + BigInt(r.uint(200_000));
    const budget = r.bool(0.3) ? BigInt(r.uint(500)) * USDC : 10n ** 13n;
    const value = { account, index, key: toHex(address), scope, expiry, budget };
    const auth = sender === undefined ? this.#auth(account, "SetKey", value) : undefined;
    return { kind: "transaction", tx: { type: 0x03, account, index, address, scope, expiry, budget, auth }, sender };
  }

  #revokeKey(): Action {
    const account = this.#account();
    const sender = this.#forced(account);
    const index = this.#random.bool(0.03) ? 0 : 1 + this.#random.uint(4);
    const auth = sender === undefined ? this.#auth(account, "RevokeKey", { account, index }) : undefined;
    return { kind: "transaction", tx: { type: 0x04, account, index, auth }, sender };
  }

  #cancelAuth(account: number, type: string, value: Record<string, unknown>): CancelAuth {
    const r = this.#random;
    const keyIndex = r.bool(0.4) ? 1 + r.uint(4) : 0;
    const address = this.#model.keys.get(`${account}/${keyIndex}`)?.address;
    const key = this.#keys.find((signer) => toHex(signer.address) === address) ?? this.#keys[0]!;
    const deadline = this.#deadline();
    const signer = keyIndex === 0 ? this.#owner(account) : key;
    return { keyIndex, deadline, signature: this.#sign(signer, type, { ...value, deadline }) };
  }

  #cancel(): Action {
    const r = this.#random;
    const order = this.#signed.length > 0 && r.bool(0.8) ? r.pick(this.#signed).order : undefined;
    const account = order?.account ?? this.#account();
    const nonce = order?.nonce ?? this.#freshNonce();
    const sender = this.#forced(account);
    const auth = sender === undefined ? this.#cancelAuth(account, "Cancel", { account, nonce }) : undefined;
    return { kind: "transaction", tx: { type: 0x05, account, nonce, auth }, sender };
  }

  #cancelAll(): Action {
    const r = this.#random;
    const account = this.#account();
    const before = this.#model.accounts.get(String(account))?.floor ?? 0n;
    const floor = r.bool(0.02) ? before + 1_073_741_825n : r.bool(0.2) ? before : before + 1n + r.bigint(20n);
    const sender = this.#forced(account);
    const auth = sender === undefined ? this.#cancelAuth(account, "CancelAll", { account, floor }) : undefined;
    return { kind: "transaction", tx: { type: 0x06, account, floor, auth }, sender };
  }

  // --- fills ---

  #day(): number {
    const today = Number(this.now / 86_400n);
    return today + this.#random.pick([0, 1, 1, 2, 2, 5, 20]);
  }

  #order(
    account: number,
    sell: boolean,
    taker: boolean,
    place: Pick<WireMakerOrder, "market" | "day" | "strikeSteps" | "put">,
    limitTicks: bigint,
  ): WireMakerOrder {
    const r = this.#random;
    const grid = MARKETS.find(({ id }) => id === place.market) ?? MARKETS[0]!;
    const quantity = grid.lot * BigInt(1 + r.uint(r.bool(0.3) ? 20 : 3000)) + (r.bool(0.003) ? 1000n : 0n);
    const modest = (chance: number, flag: number): number => (r.bool(chance) ? flag : 0);
    const flags =
      (sell ? 1 : 0) |
      modest(0.02, 2) |
      modest(taker ? 0.1 : 0.005, 4) |
      modest(taker ? 0.01 : 0.2, 8) |
      modest(0.08, 16) |
      modest(0.4, FORCIBLE);
    const keyed = r.bool(0.3);
    const index = keyed ? 1 + r.uint(4) : 0;
    const key = keyed ? this.#model.keys.get(`${account}/${index}`) : undefined;
    const signer = this.#keys.find(({ address }) => toHex(address) === key?.address);
    const usesKey = keyed && (signer !== undefined || r.bool(0.1));
    const deadline = (flags & 4) !== 0 ? this.now + BigInt(r.uint(140)) : this.#deadline();
    const maxFee = r.bool(0.02) ? 100n * BigInt(r.uint(100)) : ANY_FEE;
    const nonce = this.#freshNonce();
    const limit = r.bool(0.003) ? 0n : limitTicks;
    const keyIndex = usesKey ? index : 0;
    const keyEpoch = usesKey ? (key?.epoch ?? 1) - (r.bool(0.02) ? 1 : 0) : 0;
    const signature = this.#sign(usesKey ? (signer ?? this.#keys[0]!) : this.#owner(account), "Order", {
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
      quantity,
      limitTicks: limit,
      maxFee,
      deadline,
      signature,
    };
    this.#signed.push({ order, taker });
    return order;
  }

  #fill(): Action {
    const r = this.#random;
    const grid = r.pick(MARKETS);
    const usd = this.#anchors.get(grid.id)!;
    const step = Number(grid.steps[0]) / 10_000;
    const rests = ({ order }: Signed): boolean =>
      r.bool(0.03) || this.#model.orders.get(`${order.account}/${order.nonce % 1024n}`)?.terms !== undefined;
    const recent = this.#signed.slice(-60).filter((signed) => !signed.taker && rests(signed));
    let maker: WireMakerOrder | OrderReference;
    let terms: WireMakerOrder;
    if (recent.length > 0 && r.bool(0.55)) {
      terms = r.pick(recent).order;
      maker = r.bool(0.8) ? { stored: true, account: terms.account, nonce: terms.nonce } : terms;
    } else {
      const put = r.bool(0.5);
      const near = Math.round((usd * (0.7 + 0.15 * r.uint(5))) / step / 5) * 5;
      const strikeSteps = BigInt(Math.max(r.bool(0.005) ? 0 : 5, near + (r.bool(0.02) ? 1 : 0)));
      const strike = Number(strikeSteps) * step;
      const inner = Math.max(0, put ? strike - usd : usd - strike);
      const ticks = Math.max(1, Math.round(((inner + 0.05 * usd * r.float()) * 10_000) / grid.tick));
      const place = { market: r.bool(0.005) ? 9 : grid.id, day: this.#day(), strikeSteps, put };
      terms = this.#order(r.uint(ACCOUNTS), r.bool(0.5), false, place, BigInt(ticks));
      maker = terms;
    }
    const makerSells = terms.flags % 2 === 1;
    const stored = this.#signed
      .slice(-60)
      .filter((signed) => signed.taker && signed.order.strikeSteps === terms.strikeSteps && rests(signed));
    let taker: WireOrder | OrderReference;
    if (stored.length > 0 && r.bool(0.2)) {
      const { order } = r.pick(stored);
      taker = r.bool(0.7) ? { stored: true, account: order.account, nonce: order.nonce } : asTaker(order);
    } else {
      let account = this.#account();
      if (account === terms.account && r.bool(0.95)) account = (account + 1) % ACCOUNTS;
      const better = BigInt(r.uint(3));
      const limit = r.bool(0.02)
        ? terms.limitTicks + (makerSells && terms.limitTicks > 0n ? -1n : 1n)
        : makerSells
          ? terms.limitTicks + better
          : terms.limitTicks - (terms.limitTicks > better ? better : 0n);
      const { market, day, strikeSteps, put } = terms;
      taker = asTaker(this.#order(account, !makerSells, true, { market, day, strikeSteps, put }, limit));
    }
    const lot = MARKETS.find(({ id }) => id === terms.market)?.lot ?? 1000n;
    const most = taker.stored || taker.quantity > terms.quantity ? terms.quantity : taker.quantity;
    const quantity = r.bool(0.01) ? 0n : r.bool(0.3) ? most : lot * (1n + r.bigint(most / lot + 1n) / 2n);
    const tx: Transaction = { type: 0x10, maker, taker, quantity };
    const forced = !maker.stored && !taker.stored && r.bool(0.15);
    return { kind: "transaction", tx, sender: forced ? r.pick(this.#keys).address : undefined };
  }

  #oddMessage(): Action {
    const r = this.#random;
    const { settlement, bridge } = this.#deployment.machine;
    const payloads = [
      { message: 1, sender: settlement, payload: depositPayload(1, this.#owners[1]!.address, 5n) },
      { message: 1, sender: bridge, payload: depositPayload(1, this.#keys[0]!.address, 5n) },
      { message: 1, sender: bridge, payload: depositPayload(1, this.#owners[1]!.address, 5n).slice(1) },
      { message: 3, sender: settlement, payload: listPayload(1, MARKETS[0]!) },
      { message: 3, sender: settlement, payload: listPayload(3, { ...MARKETS[0]!, tick: 150 }) },
      { message: 4, sender: settlement, payload: anchorPayload(9, 5n, this.now) },
      { message: 4, sender: bridge, payload: anchorPayload(1, 5n, this.now) },
      { message: 5, sender: settlement, payload: new Uint8Array(12) },
    ];
    return { kind: "message", ...r.pick(payloads) };
  }
}

function asTaker(order: WireMakerOrder): WireOrder {
  const { market: _market, day: _day, strikeSteps: _strike, put: _put, ...rest } = order;
  return { ...rest, flags: rest.flags & ~1 };
}
