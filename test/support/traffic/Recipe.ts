import { expiryOf, dayOf, isPut, marketOf, strikeOf } from "../../../src/machine/Positions.ts";
import { SCOPE_CANCEL, SCOPE_TRADE } from "../../../src/machine/Slots.ts";
import { TX_SETTLE, type Settle, type Transaction } from "../../../src/machine/Wire.ts";
import { keySetting, makerOrder, takerOrder, transferOf, type Draft, type OwnerTerms } from "./builders.ts";
import type { Produce, Traffic } from "./Traffic.ts";
import { signerAddress, START_DAY, WAITING_ACCOUNT } from "./world.ts";

/** One way to make inputs. Recipes of weight 1 are wrong in one named way each; the heavy ones are valid. */
export interface Recipe {
  readonly name: string;
  readonly weight: number;
  readonly make: (traffic: Traffic) => Produce | undefined;
}

export const item = (...items: (Transaction | Uint8Array)[]): Produce => ({ items });
export const owner = (t: Traffic, account: number): OwnerTerms => ({ nonce: t.nonce(account), deadline: t.deadline() });
export const signing = (t: Traffic): { domain: Uint8Array } => ({ domain: t.domain });

/** A fill of two new orders, with changes to the maker's and the taker's. */
export function newFill(
  t: Traffic,
  maker: Partial<Draft> = {},
  taker: Partial<Draft> = {},
  quantity?: bigint,
): Produce {
  const makerDraft = t.draft(maker.account ?? t.someAccount(), maker);
  const takerDraft = t.crossing(taker.account ?? t.someAccount(makerDraft.account), makerDraft, taker);
  return item(t.fill(makerDraft, takerDraft, quantity));
}

/** An order that the state holds with something left, or undefined. */
export function restingOrder(t: Traffic): { draft: Draft; left: bigint } | undefined {
  for (let tries = 0; tries < 8 && t.resting.length > 0; tries++) {
    const index = t.random.uint(t.resting.length);
    const draft = t.resting[index]!;
    const slot = t.order(draft.account, draft.nonce);
    const left = slot === undefined ? 0n : slot.quantity - slot.filled;
    if (left > 0n && draft.deadline > t.l1Time) return { draft, left };
    t.resting.splice(index, 1);
  }
  return undefined;
}

export const reference = (draft: Draft): { stored: true; account: number; nonce: bigint } => ({
  stored: true,
  account: draft.account,
  nonce: draft.nonce,
});

export function storedMaker(t: Traffic): Produce | undefined {
  const found = restingOrder(t);
  if (found === undefined) return undefined;
  const { draft, left } = found;
  const taker = t.crossing(t.someAccount(draft.account), draft, { quantity: left });
  const market = t.market(draft.market);
  const wireTaker = takerOrder(signing(t), taker, market, draft.limitPrice);
  return item({ type: 0x10, maker: reference(draft), taker: wireTaker, lots: left / market.lot });
}

export function storedTaker(t: Traffic): Produce | undefined {
  const found = restingOrder(t);
  if (found === undefined) return undefined;
  const { draft, left } = found;
  const maker = t.crossing(t.someAccount(draft.account), draft, { quantity: left * 2n });
  t.resting.push(maker);
  const market = t.market(draft.market);
  const lots = left / market.lot;
  return item({ type: 0x10, maker: makerOrder(signing(t), maker, market), taker: reference(draft), lots });
}

export function bothStored(t: Traffic): Produce | undefined {
  const maker = t.draft(t.someAccount());
  const lot = t.market(maker.market).lot;
  const large = { ...maker, quantity: lot * 6n };
  const taker = t.crossing(t.someAccount(maker.account), maker, { quantity: lot * 6n });
  const again: Transaction = { type: 0x10, maker: reference(maker), taker: reference(taker), lots: 2n };
  return item(t.fill(large, taker, lot * 2n), again, again);
}

export function mixedStored(t: Traffic, differ: (maker: Draft, other: Draft) => Draft): Produce {
  const maker = t.draft(t.someAccount());
  const lot = t.market(maker.market).lot;
  const first = { ...maker, quantity: lot * 6n };
  const second = differ(first, t.draft(t.someAccount(maker.account), { quantity: lot * 6n, market: maker.market }));
  const third = t.someAccount(maker.account);
  const counterFirst = t.crossing(third, first, { quantity: lot });
  const counterSecond = t.crossing(third === second.account ? t.someAccount(second.account) : third, second, {
    quantity: lot,
  });
  return item(t.fill(first, counterFirst), t.fill(second, counterSecond), {
    type: 0x10,
    maker: reference(first),
    taker: reference(second),
    lots: 1n,
  });
}

export function keyedFill(t: Traffic, budget: bigint, changes: Partial<Draft> = {}): Produce {
  const account = t.someAccount();
  const index = 1;
  const epoch = (t.key(account, index)?.epoch ?? 0) + 1;
  const key = keySetting(
    signing(t),
    {
      account,
      index,
      address: signerAddress(account, index),
      scope: SCOPE_TRADE | SCOPE_CANCEL,
      expiry: t.l1Time + 100_000n,
      budget,
    },
    owner(t, account),
  );
  const maker = t.draft(account, { keyIndex: index, keyEpoch: epoch, ...changes });
  const taker = t.crossing(t.someAccount(account), maker, { quantity: maker.quantity });
  return item(key, t.fill(maker, taker));
}

export function closePosition(t: Traffic): Produce | undefined {
  const account = t.someAccount();
  const positions = t.account(account)?.positions ?? [];
  const open = positions.filter((held) => t.l1Time + 200n < BigInt(dayOf(held.expiry)) * 86_400n + 28_800n);
  if (open.length === 0) return undefined;
  const { series, quantity } = t.random.pick(open);
  const size = quantity < 0n ? -quantity : quantity;
  const market = t.market(marketOf(expiryOf(series)));
  const other = t.someAccount(account);
  const maker = t.draft(other, {
    market: marketOf(expiryOf(series)),
    expiryDay: dayOf(expiryOf(series)),
    strike: strikeOf(series),
    isPut: isPut(series),
    isSell: quantity < 0n,
    quantity: size,
    limitPrice: market.tick * BigInt(1 + t.random.uint(500)),
  });
  return item(t.fill(maker, t.crossing(account, maker, { quantity: size, reduceOnly: t.random.bool(0.7) })));
}

export function settleSome(t: Traffic): Produce | undefined {
  const fixed = t.fixedExpiries();
  const { market, day } = fixed.length > 0 ? t.random.pick(fixed) : { market: 1, day: START_DAY };
  const holders = t.holders(market, day);
  const accounts = [
    ...holders,
    ...(t.random.bool(0.5) ? [WAITING_ACCOUNT] : []),
    ...(t.random.bool(0.2) ? [t.someAccount()] : []),
  ];
  if (accounts.length === 0) accounts.push(t.someAccount());
  const tx: Settle = { type: TX_SETTLE, market, day, accounts: accounts.slice(0, 32) };
  return t.random.bool(0.5) ? item(tx) : t.forced(signerAddress(t.someAccount()), tx);
}

export function fundedTransfer(t: Traffic): Produce {
  const from = t.someAccount();
  const to = t.random.bool(0.2) ? from : t.someAccount();
  return item(transferOf(signing(t), from, to, 1n + t.random.bigint(1_000_000n), owner(t, from)));
}
