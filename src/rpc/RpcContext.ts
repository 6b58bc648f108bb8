import type { RateLimit } from "../http/RateLimit.ts";
import type { Hex } from "../crypto/bytes.ts";
import type { Clock } from "../sequencer/Clock.ts";
import type { Refusal } from "../sequencer/Refusal.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import type { Channels } from "./Channels.ts";
import type { Feed } from "./Feed.ts";
import type { HistoryStore } from "./HistoryStore.ts";
import type { Instruments } from "./Instruments.ts";
import type { Labels } from "./Labels.ts";
import type { Logins } from "./Logins.ts";
import type { MarketView } from "./MarketView.ts";
import type { Method, MethodParams, MethodResult } from "./methods.ts";
import type { ReceiptIssuer } from "./ReceiptIssuer.ts";
import { RpcError } from "./RpcError.ts";
import type { RpcSettings } from "./RpcSettings.ts";
import type { Session } from "./Session.ts";

/** What methods work with. */
export interface RpcContext {
  readonly sequencer: Sequencer;
  readonly clock: Clock;
  readonly settings: RpcSettings;
  readonly instruments: Instruments;
  readonly view: MarketView;
  readonly history: HistoryStore;
  readonly receipts: ReceiptIssuer;
  readonly logins: Logins;
  readonly channels: Channels;
  readonly feed: Feed;
  readonly labels: Labels;
  /** Transactions that pay no fee, by the key that has logged in. */
  readonly unpaid: RateLimit;
  readonly chainId: bigint;
  readonly verifyingContract: Hex;
}

/** What runs a method. */
export type Handler<M extends Method> = (
  params: MethodParams<M>,
  session: Session,
) => MethodResult<M> | Promise<MethodResult<M>>;

/** What runs each of several methods. */
export type Handlers<M extends Method = Method> = { readonly [Name in M]: Handler<Name> };

const FUNDS = new Set(["InsufficientCash", "InsufficientMargin"]);

/** A refusal of the sequencer as an error. */
export function refusalError({ reason, field, until }: Refusal): RpcError {
  const data = {
    reason,
    ...(field === undefined ? {} : { field }),
    ...(until === undefined ? {} : { until: Number(until) }),
  };
  if (reason === "MakerProtection") {
    return new RpcError("MAKER_PROTECTION_FROZEN", "the account's own limits were hit; see private/reset_mmp", data);
  }
  return FUNDS.has(reason)
    ? new RpcError("NOT_ENOUGH_FUNDS", "not enough cash or margin", data)
    : new RpcError("REFUSED", "refused", data);
}
