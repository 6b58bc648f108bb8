import { NONCE_WINDOW } from "../../../src/machine/Constants.ts";
import { MESSAGE_ANCHOR, MESSAGE_DEPOSIT, MESSAGE_LIST_MARKET } from "../../../src/machine/Inputs.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import {
  anchorMessage,
  cancellation,
  cancellationOfAll,
  depositMessage,
  fixPriceMessage,
  keySetting,
  listMarketMessage,
  revocation,
  transferOf,
  withdrawal,
} from "./builders.ts";
import { item, owner, signing, type Recipe } from "./Recipe.ts";
import { COLLECT_FEES } from "./Traffic.ts";
import { BRIDGE, BTC, INDEBTED_ACCOUNT, SETTLEMENT, signerAddress, START_DAY } from "./world.ts";

/** Messages, and transactions of accounts, that are wrong in one way each. */
export const WRONG_ACCOUNTS: readonly Recipe[] = [
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
];
