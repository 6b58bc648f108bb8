import { SCOPE_CANCEL, SCOPE_TRADE } from "../../../src/machine/Slots.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import { keySetting, type Draft, type OwnerTerms } from "./builders.ts";
import type { Produce, Traffic } from "./Traffic.ts";
import { signerAddress } from "./world.ts";

/** One way to make inputs. Recipes of weight 1 are wrong in one named way each; the heavy ones are valid. */
export interface Recipe {
  readonly name: string;
  readonly weight: number;
  readonly make: (traffic: Traffic) => Produce | undefined;
}

/** What a batch gets: these, in this order. */
export const item = (...items: (Transaction | Uint8Array)[]): Produce => ({ items });

/** The next nonce of an account, and a deadline. */
export const owner = (t: Traffic, account: number): OwnerTerms => ({ nonce: t.nonce(account), deadline: t.deadline() });

/** For whom orders and messages are signed. */
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

/** Names an order that the state holds. */
export const reference = (draft: Draft): { stored: true; account: number; nonce: bigint } => ({
  stored: true,
  account: draft.account,
  nonce: draft.nonce,
});

/** A fill whose maker has just given a session key a budget and signs with it. */
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
