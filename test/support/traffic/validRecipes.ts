import { SCOPE_CANCEL, SCOPE_PAYEE } from "../../../src/machine/Slots.ts";
import {
  anchorMessage,
  cancellation,
  cancellationOfAll,
  keySetting,
  listMarketMessage,
  revocation,
  transferOf,
  withdrawal,
} from "./builders.ts";
import { COLLECT_FEES, depositTo } from "./Traffic.ts";
import { BTC, INDEBTED_ACCOUNT, SETTLEMENT, signerAddress } from "./world.ts";
import {
  item,
  owner,
  signing,
  newFill,
  restingOrder,
  storedMaker,
  storedTaker,
  bothStored,
  keyedFill,
  closePosition,
  settleSome,
  fundedTransfer,
  type Recipe,
} from "./Recipe.ts";

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
