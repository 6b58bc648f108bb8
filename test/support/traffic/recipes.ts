import { MAX_QUANTITY, NONCE_WINDOW } from "../../../src/machine/Constants.ts";
import { MESSAGE_ANCHOR, MESSAGE_DEPOSIT, MESSAGE_FORCED, MESSAGE_LIST_MARKET } from "../../../src/machine/Inputs.ts";
import { expiryOf, dayOf, isPut, marketOf, strikeOf } from "../../../src/machine/Positions.ts";
import { SCOPE_CANCEL, SCOPE_PAYEE, SCOPE_TRADE } from "../../../src/machine/Slots.ts";
import { TX_SETTLE, type Fill, type Settle, type Transaction, type WireTakerOrder } from "../../../src/machine/Wire.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import {
  anchorMessage,
  cancellation,
  cancellationOfAll,
  depositMessage,
  fixPriceMessage,
  keySetting,
  listMarketMessage,
  makerOrder,
  revocation,
  takerOrder,
  transferOf,
  withdrawal,
  type Draft,
  type OwnerTerms,
} from "./builders.ts";
import { COLLECT_FEES, depositTo, type Produce, type Traffic } from "./Traffic.ts";
import {
  BRIDGE,
  BTC,
  COUNTERPARTY,
  ETH,
  FULL_ACCOUNT,
  INDEBTED_ACCOUNT,
  LARGEST_ACCOUNT,
  SETTLEMENT,
  signerAddress,
  START_DAY,
  WAITING_ACCOUNT,
  WIDE_ACCOUNT,
} from "./world.ts";

/** One way to make inputs. Recipes of weight 1 are wrong in one named way each; the heavy ones are valid. */
export interface Recipe {
  readonly name: string;
  readonly weight: number;
  readonly make: (traffic: Traffic) => Produce | undefined;
}

const item = (...items: (Transaction | Uint8Array)[]): Produce => ({ items });
const owner = (t: Traffic, account: number): OwnerTerms => ({ nonce: t.nonce(account), deadline: t.deadline() });
const signing = (t: Traffic): { domain: Uint8Array } => ({ domain: t.domain });

/** A fill of two new orders, with changes to the maker's and the taker's. */
function newFill(t: Traffic, maker: Partial<Draft> = {}, taker: Partial<Draft> = {}, quantity?: bigint): Produce {
  const makerDraft = t.draft(maker.account ?? t.someAccount(), maker);
  const takerDraft = t.crossing(taker.account ?? t.someAccount(makerDraft.account), makerDraft, taker);
  return item(t.fill(makerDraft, takerDraft, quantity));
}

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

const reference = (draft: Draft): { stored: true; account: number; nonce: bigint } => ({
  stored: true,
  account: draft.account,
  nonce: draft.nonce,
});

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

function mixedStored(t: Traffic, differ: (maker: Draft, other: Draft) => Draft): Produce {
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

function keyedFill(t: Traffic, budget: bigint, changes: Partial<Draft> = {}): Produce {
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

const VALID: readonly Recipe[] = [
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

const INVALID: readonly Recipe[] = [
  {
    name: "garbage",
    weight: 1,
    make: (t) => item(Uint8Array.from({ length: 1 + t.random.uint(60) }, () => t.random.uint(256))),
  },
  { name: "one byte more", weight: 1, make: () => item(Uint8Array.of(...encodeTransaction(COLLECT_FEES, 0n), 0)) },
  {
    name: "forced garbage",
    weight: 1,
    make: (t) => t.forced(signerAddress(1), Uint8Array.of(0x11, t.random.uint(256))),
  },
  {
    name: "unknown kind",
    weight: 1,
    make: (t) => ({ messages: [{ ...t.sent(BRIDGE), kind: 6 + t.random.uint(200), payload: new Uint8Array(3) }] }),
  },
  {
    name: "deposit by a stranger",
    weight: 1,
    make: (t) => ({ messages: [depositMessage(t.sent(SETTLEMENT), 1, signerAddress(1), 5n)] }),
  },
  {
    name: "short deposit",
    weight: 1,
    make: (t) => ({ messages: [{ ...t.sent(BRIDGE), kind: MESSAGE_DEPOSIT, payload: new Uint8Array(39) }] }),
  },
  {
    name: "deposit for another owner",
    weight: 1,
    make: (t) => ({ messages: [depositMessage(t.sent(BRIDGE), 1, signerAddress(2), 5n)] }),
  },
  {
    name: "empty deposit",
    weight: 1,
    make: (t) => ({ messages: [depositMessage(t.sent(BRIDGE), 1, signerAddress(1), 0n)] }),
  },
  { name: "market twice", weight: 1, make: (t) => ({ messages: [listMarketMessage(t.sent(SETTLEMENT), 1, BTC)] }) },
  {
    name: "market off its tick",
    weight: 1,
    make: (t) => ({ messages: [listMarketMessage(t.sent(SETTLEMENT), 9, { ...BTC, tick: 150n })] }),
  },
  {
    name: "short market",
    weight: 1,
    make: (t) => ({ messages: [{ ...t.sent(SETTLEMENT), kind: MESSAGE_LIST_MARKET, payload: new Uint8Array(36) }] }),
  },
  {
    name: "old anchor",
    weight: 1,
    make: (t) => ({ messages: [anchorMessage(t.sent(SETTLEMENT), 1, BTC.anchor, 1n)] }),
  },
  {
    name: "anchor of nothing",
    weight: 1,
    make: (t) => ({ messages: [anchorMessage(t.sent(SETTLEMENT), 2, 0n, t.l1Time)] }),
  },
  {
    name: "anchor of an unknown market",
    weight: 1,
    make: (t) => ({ messages: [anchorMessage(t.sent(SETTLEMENT), 0, 1n, t.l1Time)] }),
  },
  {
    name: "long anchor",
    weight: 1,
    make: (t) => ({ messages: [{ ...t.sent(SETTLEMENT), kind: MESSAGE_ANCHOR, payload: new Uint8Array(15) }] }),
  },
  {
    name: "price twice",
    weight: 1,
    make: (t) => ({ messages: [fixPriceMessage(t.sent(SETTLEMENT), 1, START_DAY, 35_000_000n)] }),
  },
  {
    name: "price off its tick",
    weight: 1,
    make: (t) => ({ messages: [fixPriceMessage(t.sent(SETTLEMENT), 1, START_DAY + 300, 35_000_001n)] }),
  },
  { name: "withdrawal of nothing", weight: 1, make: (t) => item(withdrawal(signing(t), 1, 0n, 0, owner(t, 1))) },
  {
    name: "withdrawal of too much",
    weight: 1,
    make: (t) => item(withdrawal(signing(t), 1, 10n ** 18n, 0, owner(t, 1))),
  },
  {
    name: "withdrawal by an impostor",
    weight: 1,
    make: (t) => item(withdrawal({ domain: t.domain, impostor: 2 }, 1, 5n, 0, owner(t, 1))),
  },
  {
    name: "withdrawal for another deployment",
    weight: 1,
    make: (t) => item(withdrawal({ domain: new Uint8Array(32) }, 1, 5n, 0, owner(t, 1))),
  },
  { name: "withdrawal to nobody", weight: 1, make: (t) => item(withdrawal(signing(t), 1, 5n, 3, owner(t, 1))) },
  {
    name: "withdrawal too late",
    weight: 1,
    make: (t) =>
      item(
        withdrawal(signing(t), 1, 5n, 0, { nonce: t.nonce(1), deadline: t.batchTime }),
        withdrawal(signing(t), 2, 5n, 0, { nonce: t.nonce(2), deadline: t.batchTime }),
      ),
  },
  {
    name: "withdrawal beyond the window",
    weight: 1,
    make: (t) => item(withdrawal(signing(t), 1, 5n, 0, { nonce: 2n ** 40n + 1023n, deadline: t.deadline() })),
  },
  {
    name: "withdrawal of an unknown account",
    weight: 1,
    make: (t) => item(withdrawal(signing(t), 50, 5n, 0, owner(t, 50))),
  },
  {
    name: "forced withdrawal by a stranger",
    weight: 1,
    make: (t) => t.forced(signerAddress(2), withdrawal(signing(t), 1, 5n, 0, undefined)),
  },
  {
    name: "withdrawal in debt",
    weight: 1,
    make: (t) => item(withdrawal(signing(t), INDEBTED_ACCOUNT, 5n, 0, owner(t, INDEBTED_ACCOUNT))),
  },
  {
    name: "withdrawal below the requirement",
    weight: 2,
    make: (t) => {
      const account = t.someAccount();
      return item(withdrawal(signing(t), account, t.account(account)!.cash, 0, owner(t, account)));
    },
  },
  {
    name: "nonce twice",
    weight: 2,
    make: (t) => {
      const terms = owner(t, 3);
      return item(transferOf(signing(t), 3, 4, 7n, terms), transferOf(signing(t), 3, 4, 8n, terms));
    },
  },
  {
    name: "retired nonce",
    weight: 1,
    make: (t) => {
      const nonce = t.nonce(5) + 1024n * 4n;
      const deadline = t.deadline();
      return item(
        transferOf(signing(t), 5, 4, 7n, { nonce: nonce + 1024n, deadline }),
        transferOf(signing(t), 5, 4, 8n, { nonce, deadline }),
        cancellation(signing(t), 5, nonce, { keyIndex: 0, deadline }),
      );
    },
  },
  { name: "transfer to nobody", weight: 1, make: (t) => item(transferOf(signing(t), 6, 51, 7n, owner(t, 6))) },
  {
    name: "key without a scope",
    weight: 1,
    make: (t) =>
      item(
        keySetting(
          signing(t),
          { account: 1, index: 1, address: signerAddress(1), scope: 0, expiry: 5n, budget: 5n },
          owner(t, 1),
        ),
      ),
  },
  {
    name: "revocation of nothing",
    weight: 1,
    make: (t) => item(revocation(signing(t), 7, 1 + t.random.uint(6), owner(t, 7))),
  },
  {
    name: "cancel twice",
    weight: 1,
    make: (t) => {
      const cancelled = cancellation(signing(t), 8, t.nonce(8), { keyIndex: 0, deadline: t.deadline() });
      return item(cancelled, cancelled);
    },
  },
  {
    name: "cancel by nobody's key",
    weight: 1,
    make: (t) => item(cancellation(signing(t), 8, t.nonce(8), { keyIndex: 4, deadline: t.deadline() })),
  },
  {
    name: "floor that falls",
    weight: 1,
    make: (t) => item(cancellationOfAll(signing(t), 8, 0n, { keyIndex: 0, deadline: t.deadline() })),
  },
  {
    name: "floor that leaps",
    weight: 1,
    make: (t) => item(cancellationOfAll(signing(t), 8, 2n * NONCE_WINDOW, { keyIndex: 0, deadline: t.deadline() })),
  },
  {
    name: "fill of an unknown order",
    weight: 1,
    make: () =>
      item({
        type: 0x10,
        maker: { stored: true, account: 1, nonce: 900_000n },
        taker: { stored: true, account: 2, nonce: 900_000n },
        lots: 1n,
      }),
  },
  { name: "fill in an unknown market", weight: 1, make: (t) => newFill(t, { market: 0 }) },
  {
    name: "fill off the grid",
    weight: 1,
    make: (t) => newFill(t, { market: 1, expiryDay: Number(t.l1Time / 86_400n) + 90, strike: 38_750_000n }),
  },
  {
    name: "fill too far away",
    weight: 1,
    make: (t) => newFill(t, { market: 1, expiryDay: Number(t.l1Time / 86_400n) + 500, strike: 40_000_000n }),
  },
  {
    name: "fill of a strike out of range",
    weight: 1,
    make: (t) => newFill(t, { market: 1, strike: 1_250_000n * 500_000n }),
  },
  {
    name: "fill at a price out of range",
    weight: 1,
    make: (t) => newFill(t, { market: 1, limitPrice: 1000n * (1n << 35n) }),
  },
  {
    name: "fill after the expiry",
    weight: 1,
    make: (t) =>
      newFill(t, { market: 1, expiryDay: Number(t.batchTime / 86_400n), strike: 40_000_000n, nonce: t.nonce(1) }),
  },
  { name: "fill of nothing", weight: 1, make: (t) => newFill(t, {}, {}, 0n) },
  { name: "order of nothing", weight: 1, make: (t) => newFill(t, { quantity: 0n }) },
  {
    // The wire knows whole lots alone, and those are not what was signed.
    name: "order of a fraction of a lot",
    weight: 1,
    make: (t) => newFill(t, { market: 2, quantity: 1_500_000n }, {}, 1_000_000n),
  },
  {
    name: "order of more lots than there may be",
    weight: 1,
    make: (t) => newFill(t, { market: 2, quantity: MAX_QUANTITY + ETH.lot }, {}, ETH.lot),
  },
  {
    name: "fill of more lots than there may be",
    weight: 1,
    make: (t) => newFill(t, { market: 2 }, {}, MAX_QUANTITY + ETH.lot),
  },
  {
    name: "maximum fee out of range",
    weight: 1,
    make: (t) => newFill(t, { market: 1 }, { maxFee: 1000n * (1n << 35n) }),
  },
  { name: "free option", weight: 1, make: (t) => newFill(t, { limitPrice: 0n }) },
  {
    name: "overfill",
    weight: 1,
    make: (t) => newFill(t, { market: 1, quantity: 100_000n }, { quantity: 200_000n }, 200_000n),
  },
  {
    name: "fill of a kill in part",
    weight: 1,
    make: (t) => newFill(t, { market: 1, quantity: 300_000n }, { fillOrKill: true, quantity: 300_000n }, 100_000n),
  },
  { name: "post only taker", weight: 1, make: (t) => newFill(t, {}, { postOnly: true }) },
  { name: "immediate maker", weight: 1, make: (t) => newFill(t, { immediateOrCancel: true }) },
  {
    name: "immediate for long",
    weight: 1,
    make: (t) => newFill(t, {}, { immediateOrCancel: true, deadline: t.l1Time + 100_000n }),
  },
  {
    name: "limit not met",
    weight: 1,
    // A new taker's limit is at the maker's or beyond, for the wire has no other; one that the state holds need not be.
    make: (t) => {
      const market = t.market(1);
      const place = { market: 1, expiryDay: Number(t.l1Time / 86_400n) + 2, strike: 40_000_000n, isPut: true };
      const maker = t.draft(10, { ...place, isSell: true, limitPrice: 400_000n, quantity: market.lot });
      const dearer = t.draft(12, { ...maker, account: 12, nonce: t.nonce(12), limitPrice: 500_000n });
      const taker = t.crossing(11, maker, { quantity: market.lot * 2n });
      const again = { maker: makerOrder(signing(t), dearer, market), taker: reference(taker), lots: 1n } as const;
      return item(t.fill(maker, taker, market.lot), { type: 0x10, ...again });
    },
  },
  ...(["below zero", "above the largest price"] as const).map((place): Recipe => ({
    name: `limit of a taker ${place}`,
    weight: 1,
    make: (t) => {
      const maker = t.draft(10, { isSell: place !== "below zero" });
      const fill = t.fill(maker, t.crossing(11, maker)) as Fill & { readonly taker: WireTakerOrder };
      const slippageTicks = maker.limitPrice / t.market(maker.market).tick + (place === "below zero" ? 1n : 1n << 38n);
      return item({ ...fill, taker: { ...fill.taker, slippageTicks } });
    },
  })),
  {
    name: "reduce only that opens",
    weight: 1,
    make: (t) => newFill(t, { reduceOnly: true, market: 1, strike: 60_000_000n }),
  },
  { name: "trade with oneself", weight: 1, make: (t) => newFill(t, { account: 9 }, { account: 9 }) },
  { name: "fee above the maximum", weight: 1, make: (t) => newFill(t, { maxFee: 0n }) },
  {
    name: "order too late",
    weight: 1,
    make: (t) => ({
      ...newFill(t, { deadline: t.batchTime }),
      messages: [anchorMessage(t.sent(SETTLEMENT), 2, 1_500_000n, t.l1Time)],
    }),
  },
  {
    name: "maker's signature forged",
    weight: 1,
    make: (t) => {
      const maker = t.draft(10);
      return item(t.fill(maker, t.crossing(11, maker), undefined, { maker: 12 }));
    },
  },
  {
    name: "taker's signature forged",
    weight: 1,
    make: (t) => {
      const maker = t.draft(10);
      return item(t.fill(maker, t.crossing(11, maker), undefined, { taker: 12 }));
    },
  },
  {
    name: "same nonce, other terms",
    weight: 2,
    make: (t) => {
      const maker = t.draft(10, { quantity: 8_000_000n });
      const first = t.fill(maker, t.crossing(11, maker, { quantity: 1_000_000n }));
      const other = { ...maker, limitPrice: maker.limitPrice + t.market(maker.market).tick };
      return item(first, t.fill(other, t.crossing(11, other, { quantity: 1_000_000n })));
    },
  },
  {
    name: "same nonce, same terms",
    weight: 2,
    make: (t) => {
      const maker = t.draft(10, { quantity: 8_000_000n });
      const once = (): Transaction => t.fill(maker, t.crossing(11, maker, { quantity: 1_000_000n }));
      return item(once(), once());
    },
  },
  { name: "fill by a key of another epoch", weight: 1, make: (t) => keyedFill(t, 10n ** 12n, { keyEpoch: 4_000_000 }) },
  { name: "fill beyond the budget", weight: 1, make: (t) => keyedFill(t, 1n) },
  {
    name: "fill not forcible",
    weight: 1,
    make: (t) => {
      const maker = t.draft(10, { forcible: true });
      return t.forced(signerAddress(1), t.fill(maker, t.crossing(11, maker)));
    },
  },
  { name: "fill in debt", weight: 1, make: (t) => newFill(t, {}, { account: INDEBTED_ACCOUNT }) },
  {
    name: "fill without cash",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, limitPrice: 1_000_000n, market: 1 },
        { account: WAITING_ACCOUNT, quantity: 10n ** 12n, market: 1 },
        undefined,
      ),
  },
  {
    name: "fill without enough cash",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, account: COUNTERPARTY, market: 2, limitPrice: 1_000_000n, quantity: 10n ** 14n },
        { account: 13, quantity: 10n ** 14n },
      ),
  },
  {
    name: "short without margin",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, account: 14, market: 1, quantity: 10n ** 10n, limitPrice: 1_000n },
        { account: COUNTERPARTY, quantity: 10n ** 10n },
      ),
  },
  {
    name: "65th position",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, market: 1, expiryDay: Number(t.l1Time / 86_400n) + 3, strike: 63_750_000n },
        { account: FULL_ACCOUNT },
      ),
  },
  {
    name: "ninth expiry",
    weight: 1,
    make: (t) =>
      newFill(
        t,
        { isSell: true, market: 1, expiryDay: START_DAY + 20, strike: 40_000_000n },
        { account: WIDE_ACCOUNT },
      ),
  },
  {
    name: "largest position",
    weight: 1,
    // Of the series that the account holds: a batch has no words for the days before its own.
    make: (t) =>
      t.batchTime / 86_400n > START_DAY + 2
        ? undefined
        : newFill(
            t,
            {
              isSell: true,
              market: 2,
              expiryDay: START_DAY + 2,
              strike: 1_500_000n,
              isPut: true,
              quantity: 1_000_000n,
              limitPrice: 100n,
            },
            { account: LARGEST_ACCOUNT, quantity: MAX_QUANTITY },
          ),
  },
  {
    name: "other series",
    weight: 2,
    make: (t) =>
      mixedStored(t, (first, other) => ({ ...other, isSell: !first.isSell, strike: first.strike + 1_250_000n })),
  },
  {
    name: "same side",
    weight: 2,
    make: (t) => mixedStored(t, (first, other) => ({ ...first, account: other.account, nonce: other.nonce })),
  },
  {
    name: "fill without an anchor",
    weight: 1,
    make: (t) => {
      const market = 3 + t.random.uint(250);
      return {
        ...newFill(t, { market, strike: 40_000_000n }),
        messages: [listMarketMessage(t.sent(SETTLEMENT), market, BTC)],
      };
    },
  },
  {
    name: "short call on a stale anchor",
    weight: 1,
    make: (t) => {
      const market = 3 + t.random.uint(250);
      const listed = listMarketMessage(t.sent(SETTLEMENT), market, BTC);
      const anchored = anchorMessage(t.sent(SETTLEMENT), market, BTC.anchor, t.l1Time - 90_000n);
      const fill = newFill(t, { market, strike: 40_000_000n, isPut: false, isSell: true });
      return { ...fill, messages: [listed, anchored] };
    },
  },
  {
    name: "unfixed settlement",
    weight: 1,
    make: () => item({ type: TX_SETTLE, market: 2, day: START_DAY + 350, accounts: [1] }),
  },
  {
    name: "settlement of nothing",
    weight: 1,
    make: () => item({ type: TX_SETTLE, market: 1, day: START_DAY, accounts: [1, 2, 70_000] }),
  },
  {
    name: "claim too early",
    weight: 2,
    make: () => item({ type: TX_SETTLE, market: 1, day: START_DAY - 1, accounts: [WAITING_ACCOUNT] }),
  },
  { name: "fees collected twice", weight: 1, make: () => item(COLLECT_FEES, COLLECT_FEES) },
  {
    name: "forced message of a strange shape",
    weight: 1,
    make: (t) => ({
      messages: [{ ...t.sent(signerAddress(1)), kind: MESSAGE_FORCED, payload: new Uint8Array(t.random.uint(300)) }],
    }),
  },
];

/** All recipes. */
export const RECIPES: readonly Recipe[] = [...VALID, ...INVALID];
