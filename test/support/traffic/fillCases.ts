import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import { packSeries } from "../../../src/machine/Positions.ts";
import type { Account, Expiry, Key, Market, Order } from "../../../src/machine/Slots.ts";
import { TX_FILL, type Fill, type WireMakerOrder, type WireTakerOrder } from "../../../src/machine/Wire.ts";
import { makerOrder, PLAIN, takerOrder, type Draft, type Signing } from "./builders.ts";
import { MARKED, markedExpiry, SPOT, type Act, type Try, type World } from "./cases.ts";
import { START, START_DAY } from "./world.ts";

/** One fill between two accounts in a world that is all its own. What a case leaves out is plain. */

export const [MAKER, TAKER, STRANGER] = [1, 2, 7] as const;
export const DAY = START_DAY + 1;
export const NONCE = 5_000n;
/** One contract, ten lots. */
export const ONE = 1_000_000n;
/** Near the mark of a call at the money that has a day to live. */
export const PRICE = 460_000n;
export const RICH = 10n ** 20n;

/** One side. */
export interface Party {
  readonly draft?: Partial<Draft>;
  /** How the order comes: new, as a reference to one that the state holds, or as a new one that it holds already. */
  readonly comes?: "new" | "stored" | "known";
  /** What of the order that the state holds is otherwise. */
  readonly holds?: Partial<Order>;
  /** The state holds none, or one of another nonce. */
  readonly slot?: (Partial<Order> & Pick<Order, "nonce">) | "empty";
  /** Who signs instead, or 64 zeros. */
  readonly signer?: number | "nobody";
  /** Undefined: there is no such account. */
  readonly account?: Partial<Account> | undefined;
  readonly key?: Partial<Key>;
}

/** A fill: the maker sells, the taker buys, if nothing else is said. */
export interface FillCase {
  readonly maker?: Party;
  readonly taker?: Party;
  readonly quantity?: bigint;
  readonly market?: Partial<Market>;
  readonly expiry?: Partial<Expiry>;
  readonly globals?: World["globals"];
  /** Other slots, in place of the market's and the expiry's. */
  readonly world?: Pick<World, "markets" | "expiries">;
  /** Changes what is sent. */
  readonly wire?: (fill: Fill & { maker: WireMakerOrder; taker: WireTakerOrder }) => Fill;
  readonly act?: Omit<Act, "transaction" | "message" | "bytes"> & { readonly sender?: Uint8Array };
}

export type FillEdge = readonly [name: string, expected: ResultName, of: FillCase];

/** The maker's draft and the taker's, which crosses it. */
export function draftsOf({ maker, taker, quantity = ONE }: FillCase): readonly [Draft, Draft] {
  const plain = {
    ...{ market: 1, expiryDay: DAY, strike: SPOT, isPut: false, quantity, limitPrice: PRICE, maxFee: 10_000_000n },
    ...{ nonce: NONCE, deadline: START + 5n, ...PLAIN, keyIndex: 0, keyEpoch: 0 },
  };
  const first: Draft = { ...plain, account: MAKER, isSell: true, ...maker?.draft };
  const { market, expiryDay, strike, isPut, limitPrice } = first;
  const series = { market, expiryDay, strike, isPut, limitPrice, isSell: !first.isSell };
  return [first, { ...plain, account: TAKER, ...series, ...taker?.draft }];
}

/** The fill of a case, and the world that it meets. */
export function tryOf(signing: Signing, [name, expected, of]: FillEdge): Try {
  const market = { ...MARKED, ...of.market };
  const drafts = draftsOf(of);
  const [maker, taker] = drafts;
  const by = (party: Party | undefined): Signing =>
    typeof party?.signer === "number" ? { ...signing, impostor: party.signer } : signing;
  const fresh = {
    type: TX_FILL,
    maker: unsigned(makerOrder(by(of.maker), maker, market), of.maker),
    taker: unsigned(takerOrder(by(of.taker), taker, market, maker.limitPrice), of.taker),
    lots: (of.quantity ?? ONE) / market.lot,
  } as const;
  const reference = ({ account, nonce }: Draft) => ({ stored: true, account, nonce }) as const;
  const sent: Fill = {
    ...(of.wire?.(fresh) ?? fresh),
    ...(of.maker?.comes === "stored" ? { maker: reference(maker) } : {}),
    ...(of.taker?.comes === "stored" ? { taker: reference(taker) } : {}),
  };
  const sides = [of.maker, of.taker].map((party, i) => ({ party: party ?? {}, draft: drafts[i]! }));
  const world: World = {
    accounts: Object.fromEntries(
      sides.map(({ party, draft }) => [
        draft.account,
        "account" in party && party.account === undefined ? undefined : { cash: RICH, ...party.account },
      ]),
    ),
    keys: sides.flatMap(({ party, draft }) =>
      party.key === undefined ? [] : [[draft.account, draft.keyIndex, party.key] as const],
    ),
    orders: sides.flatMap(({ party, draft }) => {
      const { comes = "new", slot, holds } = party;
      if (slot === "empty" || (slot === undefined && comes === "new")) return [];
      return [[draft.account, slot ?? { ...orderOf(signing, draft), ...holds }] as const];
    }),
    markets: { 1: market },
    expiries: { [(1 << 16) | maker.expiryDay]: markedExpiry(maker.expiryDay, of.expiry) },
    globals: of.globals ?? { fund: 10n ** 15n },
    ...of.world,
  };
  return { ...of.act, transaction: sent, name: `a fill ${name}`, expected, world };
}

/** How the state holds an order that nobody has filled yet. */
function orderOf(signing: Signing, draft: Draft): Partial<Order> & Pick<Order, "nonce"> {
  const { market, expiryDay, strike, isPut, keyIndex, keyEpoch, deadline, limitPrice, quantity, maxFee, nonce } = draft;
  const { flags } = makerOrder(signing, draft, MARKED);
  const series = packSeries(market, expiryDay, strike, isPut);
  return { nonce, series, flags, keyIndex, keyEpoch, deadline, limitPrice, quantity, maxFee };
}

function unsigned<O extends { readonly signature: Uint8Array }>(order: O, party: Party | undefined): O {
  return party?.signer === "nobody" ? { ...order, signature: new Uint8Array(64) } : order;
}
