import { withdrawLive } from "./cancelMethods.ts";
import type { MayHear } from "./Channels.ts";
import type { Login } from "./Logins.ts";
import type { Method } from "./methods.ts";
import type { Handlers, RpcContext } from "./RpcContext.ts";
import { RpcError } from "./RpcError.ts";
import type { Session } from "./Session.ts";
import type { Logger } from "../roles/Logger.ts";

type SessionMethod = Extract<
  Method,
  | "public/challenge"
  | "public/auth"
  | "private/logout"
  | `${"public" | "private"}/${"subscribe" | "unsubscribe"}`
  | `private/${"enable" | "disable" | "get"}_cancel_on_disconnect`
>;

/** Which orders go when a connection ends, and who has said so. */
interface OnDisconnect {
  readonly scope: "connection" | "account";
  readonly login: Login;
}

const PUBLIC_CHANNEL = /^(?:book|trades|ticker)\.(.+)$/;
const PRIVATE_CHANNEL = /^user\.(?:orders|trades|mmp_trigger)\.(0|[1-9]\d{0,9})$/;

/** What concerns a connection: logins, subscriptions, and what happens when it ends. */
export function sessionMethods(context: RpcContext, logger: Logger): Handlers<SessionMethod> {
  const { logins, channels, feed, settings, sequencer } = context;
  const onDisconnect = new WeakMap<Session, Map<number, OnDisconnect>>();

  const requireWebSocket = (session: Session): void => {
    if (!session.isWebSocket) throw new RpcError("WEBSOCKET_ONLY", "this needs a WebSocket");
  };
  const subscribe = (session: Session, names: readonly string[], mayBePrivate: boolean): readonly string[] => {
    requireWebSocket(session);
    // Each of them is a request of its own: where it stands is worked out and told.
    if (names.length > 1) session.takeRequest(names.length - 1);
    const rights = names.map((name) => [name, requireChannel(context, session, name, mayBePrivate)] as const);
    const added = channels.add(session, new Map(rights));
    // Behind the answer, so that clients learn first that they are subscribed, then where things stand.
    setImmediate(() => {
      for (const name of added) feed.begin(session, name);
    });
    return names;
  };
  const unsubscribe = (session: Session, names: readonly string[]): readonly string[] => {
    requireWebSocket(session);
    channels.remove(session, names);
    return names;
  };
  const cancelLeft = (session: Session): void => {
    for (const [account, { scope, login }] of onDisconnect.get(session) ?? []) {
      // SAFETY: a key that was revoked cancels nothing any more. The login's own hour does not matter: a maker that has set this
      // relies on it for as long as it is connected.
      if (!logins.keyStands(login)) continue;
      const { exchange } = sequencer;
      const live = exchange.book.ofAccount(account).map(({ id }) => id);
      const orders = scope === "account" ? live : live.filter((id) => session.placed.has(id));
      if (orders.length === 0) continue;
      withdrawLive(context, account, orders).catch((error: unknown) => {
        logger.error({ err: error, account, orders }, "orders could not be cancelled on disconnect");
      });
    }
  };

  return {
    "public/challenge": () => ({ challenge: logins.challenge(), expires_in: settings.challengeSeconds }),
    "public/auth": ({ account, key_index: keyIndex, challenge, deadline, signature }, session) => {
      const { token } = logins.login({ account, keyIndex, challenge, deadline }, signature, session);
      return {
        access_token: token,
        token_type: "bearer",
        expires_in: settings.loginSeconds,
        account,
        scope: keyIndex === 0 ? "owner" : `key ${keyIndex}`,
      };
    },
    "private/logout": ({ account }, session) => {
      const gone = logins.logout(session, account);
      channels.remove(session, [`user.orders.${gone}`, `user.trades.${gone}`, `user.mmp_trigger.${gone}`]);
      return { account: gone };
    },
    "public/subscribe": ({ channels: names }, session) => subscribe(session, names, false),
    "private/subscribe": ({ channels: names }, session) => {
      logins.requireAny(session);
      return subscribe(session, names, true);
    },
    "public/unsubscribe": ({ channels: names }, session) => unsubscribe(session, names),
    "private/unsubscribe": ({ channels: names }, session) => unsubscribe(session, names),
    "private/enable_cancel_on_disconnect": ({ account, scope }, session) => {
      requireWebSocket(session);
      const login = logins.require(session, account, "cancel");
      let scopes = onDisconnect.get(session);
      if (scopes === undefined) {
        onDisconnect.set(session, (scopes = new Map<number, OnDisconnect>()));
        session.onClose(() => cancelLeft(session));
      }
      scopes.set(login.account, { scope, login });
      return { scope };
    },
    "private/disable_cancel_on_disconnect": ({ account }, session) => {
      requireWebSocket(session);
      onDisconnect.get(session)?.delete(logins.require(session, account, "cancel").account);
      return { scope: null };
    },
    "private/get_cancel_on_disconnect": ({ account }, session) => {
      requireWebSocket(session);
      const login = logins.require(session, account, "read");
      return { scope: onDisconnect.get(session)?.get(login.account)?.scope ?? null };
    },
  };
}

/** What lets a session hear a channel from now on. @throws {@link RpcError} if nothing does, or there is no such channel. */
function requireChannel(context: RpcContext, session: Session, name: string, mayBePrivate: boolean): MayHear {
  const instrument = PUBLIC_CHANNEL.exec(name)?.[1];
  if (instrument !== undefined) {
    context.view.market(context.instruments.parse(instrument));
    return () => true;
  }
  const account = PRIVATE_CHANNEL.exec(name)?.[1];
  if (account === undefined) {
    throw new RpcError("INVALID_PARAMS", "there is no such channel", {
      param: "channels",
      value: name,
      reason: "unknown",
    });
  }
  if (!mayBePrivate) {
    throw new RpcError("UNAUTHORIZED", "channels of an account need private/subscribe", { channel: name });
  }
  const { logins } = context;
  const login = logins.require(session, Number(account), "read");
  return () => !login.isOver && logins.keyStands(login);
}
