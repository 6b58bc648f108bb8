import { expiryOf, dayOf, isPut, marketOf, strikeOf } from "../../../src/machine/Positions.ts";
import { SCOPE_CANCEL, SCOPE_PAYEE } from "../../../src/machine/Slots.ts";
import { TX_SETTLE, type Settle, type Transaction } from "../../../src/machine/Wire.ts";
import {
  anchorMessage,
  cancellation,
  cancellationOfAll,
  keySetting,
  listMarketMessage,
  makerOrder,
  revocation,
  takerOrder,
  transferOf,
  withdrawal,
  type Draft,
} from "./builders.ts";
import { item, keyedFill, newFill, owner, reference, signing, type Recipe } from "./Recipe.ts";
import { COLLECT_FEES, depositTo, type Produce, type Traffic } from "./Traffic.ts";
import { BTC, INDEBTED_ACCOUNT, SETTLEMENT, signerAddress, START_DAY, WAITING_ACCOUNT } from "./world.ts";

/** An order that the state holds with something left, or undefined. */
function restingOrder(t: Traffic): { draft: Draft; left: bigint } | undefined {
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

function storedMaker(t: Traffic): Produce | undefined {
  const found = restingOrder(t);
  if (found === undefined) return undefined;
  const { draft, left } = found;
  const taker = t.crossing(t.someAccount(draft.account), draft, { quantity: left });
  const market = t.market(draft.market);
  const wireTaker = takerOrder(signing(t), taker, market, draft.limitPrice);
  return item({ type: 0x10, maker: reference(draft), taker: wireTaker, lots: left / market.lot });
}

function storedTaker(t: Traffic): Produce | undefined {
  const found = restingOrder(t);
  if (found === undefined) return undefined;
  const { draft, left } = found;
  const maker = t.crossing(t.someAccount(draft.account), draft, { quantity: left * 2n });
  t.resting.push(maker);
  const market = t.market(draft.market);
  const lots = left / market.lot;
  return item({ type: 0x10, maker: makerOrder(signing(t), maker, market), taker: reference(draft), lots });
}

function bothStored(t: Traffic): Produce | undefined {
  const maker = t.draft(t.someAccount());
  const lot = t.market(maker.market).lot;
  const large = { ...maker, quantity: lot * 6n };
  const taker = t.crossing(t.someAccount(maker.account), maker, { quantity: lot * 6n });
  const again: Transaction = { type: 0x10, maker: reference(maker), taker: reference(taker), lots: 2n };
  return item(t.fill(large, taker, lot * 2n), again, again);
}

function closePosition(t: Traffic): Produce | undefined {
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

function settleSome(t: Traffic): Produce | undefined {
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

function fundedTransfer(t: Traffic): Produce {
  const from = t.someAccount();
  const to = t.random.bool(0.2) ? from : t.someAccount();
  return item(transferOf(signing(t), from, to, 1n + t.random.bigint(1_000_000n), owner(t, from)));
}

/** What is valid, of every kind. */
export const VALID: readonly Recipe[] = [
  { name: "fill of two new orders", weight: 24, make: (t) => newFill(t) },
  { name: "fill of a stored maker", weight: 10, make: storedMaker },
  { name: "fill of a stored taker", weight: 5, make: storedTaker },
  { name: "fills of two stored orders", weight: 5, make: bothStored },
  { name: "fill by a session key", weight: 4, make: (t) => keyedFill(t, 10n ** 12n) },
  { name: "close of a position", weight: 6, make: closePosition },
  {
    name: "fill or kill",
    weight: 2,
    make: (t) =>
      newFill(
        t,
        { fillOrKill: true, quantity: t.market(1).lot * 10n },
        { fillOrKill: true, quantity: t.market(1).lot * 10n },
      ),
  },
  {
    name: "immediate or cancel",
    weight: 2,
    make: (t) => newFill(t, {}, { immediateOrCancel: true, deadline: t.batchTime + 100n }),
  },
  { name: "post only maker", weight: 2, make: (t) => newFill(t, { postOnly: true }) },
  {
    name: "forced fill",
    weight: 3,
    make: (t) => {
      const maker = t.draft(t.someAccount(), { forcible: true });
      const taker = t.crossing(t.someAccount(maker.account), maker, { forcible: true });
      return t.forced(signerAddress(t.someAccount()), t.fill(maker, taker));
    },
  },
  {
    name: "withdrawal",
    weight: 3,
    make: (t) => {
      const account = t.someAccount();
      return item(withdrawal(signing(t), account, 1n + t.random.bigint(10_000_000n), 0, owner(t, account)));
    },
  },
  {
    name: "withdrawal to a payee",
    weight: 2,
    make: (t) => {
      const account = t.someAccount();
      const fields = {
        account,
        index: 4,
        address: signerAddress(account, 4),
        scope: SCOPE_PAYEE,
        expiry: t.l1Time + 50_000n,
        budget: 0n,
      };
      return item(
        keySetting(signing(t), fields, owner(t, account)),
        withdrawal(signing(t), account, 5_000n, 4, owner(t, account)),
      );
    },
  },
  {
    name: "forced withdrawal",
    weight: 2,
    make: (t) => {
      const account = t.someAccount();
      return t.forced(
        signerAddress(account),
        withdrawal(signing(t), account, 1n + t.random.bigint(5_000_000n), 0, undefined),
      );
    },
  },
  { name: "transfer", weight: 4, make: fundedTransfer },
  {
    name: "transfer to an indebted account",
    weight: 1,
    make: (t) => {
      const from = t.someAccount();
      return item(transferOf(signing(t), from, INDEBTED_ACCOUNT, 1_000n, owner(t, from)));
    },
  },
  {
    name: "set and revoke a key",
    weight: 2,
    make: (t) => {
      const account = t.someAccount();
      const fields = {
        account,
        index: 2,
        address: signerAddress(account, 2),
        scope: SCOPE_CANCEL,
        expiry: t.l1Time + 50_000n,
        budget: 1n,
      };
      return item(
        keySetting(signing(t), fields, owner(t, account)),
        revocation(signing(t), account, 2, owner(t, account)),
      );
    },
  },
  {
    name: "cancel",
    weight: 3,
    make: (t) => {
      const found = restingOrder(t);
      const account = found?.draft.account ?? t.someAccount();
      const nonce = found?.draft.nonce ?? t.nonce(account);
      if (t.random.bool(0.3))
        return t.forced(signerAddress(account), cancellation(signing(t), account, nonce, undefined));
      return item(cancellation(signing(t), account, nonce, { keyIndex: 0, deadline: t.deadline() }));
    },
  },
  {
    name: "cancel by a session key",
    weight: 1,
    make: (t) => {
      const account = t.someAccount();
      const fields = {
        account,
        index: 3,
        address: signerAddress(account, 3),
        scope: SCOPE_CANCEL,
        expiry: t.l1Time + 50_000n,
        budget: 0n,
      };
      const deadline = t.deadline();
      return item(
        keySetting(signing(t), fields, owner(t, account)),
        cancellation(signing(t), account, t.nonce(account), { keyIndex: 3, deadline }),
      );
    },
  },
  {
    name: "cancel all",
    weight: 1,
    make: (t) => {
      const account = t.someAccount();
      const terms = { keyIndex: 0, deadline: t.deadline() };
      return item(cancellationOfAll(signing(t), account, t.nonce(account), terms));
    },
  },
  {
    name: "forced cancel all",
    weight: 1,
    make: (t) => {
      const account = t.someAccount();
      return t.forced(signerAddress(account), cancellationOfAll(signing(t), account, t.nonce(account), undefined));
    },
  },
  {
    name: "forced cancel",
    weight: 1,
    make: (t) => {
      const account = t.someAccount();
      return t.forced(signerAddress(account), cancellation(signing(t), account, t.nonce(account), undefined));
    },
  },
  {
    name: "forced transfer",
    weight: 1,
    make: (t) => {
      const account = t.someAccount();
      return t.forced(signerAddress(account), transferOf(signing(t), account, t.someAccount(), 1_000n, undefined));
    },
  },
  {
    name: "forced key and revocation",
    weight: 1,
    make: (t) => {
      const account = t.someAccount();
      const address = signerAddress(account, 2);
      const fields = { account, index: 2, address, scope: SCOPE_CANCEL, expiry: t.l1Time + 50_000n, budget: 1n };
      const set = t.forced(signerAddress(account), keySetting(signing(t), fields, undefined));
      const revoke = t.forced(signerAddress(account), revocation(signing(t), account, 2, undefined));
      return { messages: [...(set.messages ?? []), ...(revoke.messages ?? [])] };
    },
  },
  { name: "collect fees", weight: 2, make: () => item(COLLECT_FEES) },
  { name: "settle", weight: 8, make: settleSome },
  {
    name: "deposit",
    weight: 4,
    make: (t) =>
      depositTo(t, t.random.bool(0.2) ? 60 + t.random.uint(500) : t.someAccount(), 1n + t.random.bigint(10n ** 9n)),
  },
  {
    name: "deposit to an indebted account",
    weight: 1,
    make: (t) => depositTo(t, INDEBTED_ACCOUNT, 1n + t.random.bigint(1000n)),
  },
  {
    name: "anchor",
    weight: 3,
    make: (t) => ({
      messages: [anchorMessage(t.sent(SETTLEMENT), 1, BTC.anchor + t.random.bigint(1_000_000n), t.l1Time)],
    }),
  },
  {
    name: "list a market",
    weight: 1,
    make: (t) => ({ messages: [listMarketMessage(t.sent(SETTLEMENT), 3 + t.random.uint(250), BTC)] }),
  },
];
