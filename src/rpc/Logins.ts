import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { concat, equalBytes, readU64, toHex, writeU64, type Hex } from "../crypto/bytes.ts";
import { recoverAddress } from "../crypto/secp256k1.ts";
import { MAX_KEYS } from "../machine/Constants.ts";
import { SCOPE_CANCEL, SCOPE_TRADE } from "../machine/Slots.ts";
import type { State } from "../machine/State.ts";
import type { Clock } from "../sequencer/Clock.ts";
import { RpcError } from "./RpcError.ts";
import type { RpcSettings } from "./RpcSettings.ts";
import type { Session } from "./Session.ts";
import { loginDigest, type LoginTerms } from "./typedData.ts";

/** Who has shown, by a signature over a fresh challenge, that it may act for an account. */
export interface Login {
  readonly account: number;
  /** 0: the owner. */
  readonly keyIndex: number;
  /** Of the session key when it logged in; another key may take its place later. */
  readonly keyEpoch: number;
  /** Seconds. */
  readonly expires: bigint;
  /** Ended before its time. */
  isOver: boolean;
}

/** What a login gives a client. */
export interface LoggedIn {
  readonly login: Login;
  /** For `Authorization: Bearer`. */
  readonly token: string;
}

/** What a login is to be used for: reading, taking back what was offered, offering. */
export type Purpose = "read" | "cancel" | "trade" | "own";

/** What logins are judged against. */
export interface LoginParts {
  readonly domain: Uint8Array;
  readonly clock: Clock;
  /** The state ahead of L1. */
  readonly state: () => State;
  readonly settings: Pick<
    RpcSettings,
    "challengeSeconds" | "loginSeconds" | "maxLoginsPerAccount" | "maxLoginDeadlineSeconds"
  >;
}

/**
 * Challenges and logins. Nothing of it survives a restart: clients log in again.
 *
 * A challenge is expiry u64 ‖ 8 random bytes ‖ the first 16 bytes of their HMAC. So whoever asks for challenges takes no memory and
 * drives nobody else's out; those that were answered are remembered until they expire.
 */
export class Logins {
  readonly #parts: LoginParts;
  readonly #secret = randomBytes(32);
  /** Challenges that were answered, with their expiry. */
  readonly #answered = new Map<Hex, bigint>();
  /** By the hash of the token, so that no comparison of secrets takes time that tells anything. */
  readonly #byToken = new Map<string, Login>();
  /** Hashes of an account's tokens, oldest first. */
  readonly #tokens = new Map<number, readonly string[]>();
  readonly #bySession = new WeakMap<Session, Map<number, Login>>();

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  /** A challenge that nobody has seen before. */
  challenge(): Hex {
    const { clock, settings } = this.#parts;
    const head = new Uint8Array(16);
    writeU64(head, 0, clock.now() + BigInt(settings.challengeSeconds));
    head.set(randomBytes(8), 8);
    return toHex(concat(head, this.#tag(head)));
  }

  /** Logs a session in. @throws {@link RpcError} `INVALID_CREDENTIALS`. */
  login(terms: LoginTerms, signature: Uint8Array, session: Session): LoggedIn {
    const { clock, settings, domain } = this.#parts;
    const now = clock.now();
    const challenge = toHex(terms.challenge);
    const expires = this.#expiryOf(terms.challenge);
    if (expires === undefined || expires < now || this.#answered.has(challenge)) throw badLogin("challenge");
    if (terms.deadline < now) throw badLogin("expired");
    if (terms.deadline > now + BigInt(settings.maxLoginDeadlineSeconds)) throw badLogin("deadline");
    const { address, keyEpoch } = this.#authority(terms);
    const signer = recoverAddress(loginDigest(domain, terms), signature);
    if (signer === undefined || !equalBytes(signer, address)) throw badLogin("signature");
    // SAFETY: from here on the same signature is good for nothing.
    this.#answered.set(challenge, expires);
    dropWhile(this.#answered, (until) => until < now);
    const { account, keyIndex } = terms;
    const life = now + BigInt(settings.loginSeconds);
    const login: Login = { account, keyIndex, keyEpoch, expires: life, isOver: false };
    const token = randomBytes(32).toString("hex");
    this.#keep(hashOf(token), login, now);
    if (session.isWebSocket) this.#ofSession(session).set(account, login);
    return { login, token };
  }

  /** Ends a login, of this session and of its token. */
  logout(session: Session, account: number | undefined): number {
    const login = this.require(session, account, "read");
    login.isOver = true;
    return login.account;
  }

  /**
   * The login under which a session acts.
   *
   * @param account May be left out while there is one only.
   * @throws {@link RpcError} `UNAUTHORIZED`, `FORBIDDEN` or `INVALID_PARAMS`.
   */
  require(session: Session, account: number | undefined, purpose: Purpose): Login {
    const logins = this.#valid(session);
    if (logins.length === 0) throw notLoggedIn();
    if (account === undefined && logins.length > 1) {
      throw new RpcError("INVALID_PARAMS", "which account?", { param: "account", reason: "ambiguous" });
    }
    const login = account === undefined ? logins[0]! : logins.find((candidate) => candidate.account === account);
    if (login === undefined) throw new RpcError("UNAUTHORIZED", "not logged in to this account", { account });
    if (!this.#maySay(login, purpose)) {
      throw new RpcError("FORBIDDEN", "the key that has logged in may not do this", { account: login.account });
    }
    return login;
  }

  /** Keeps a login by its token. Both bounds are an account's own: nobody drives out the logins of others. */
  #keep(token: string, login: Login, now: bigint): void {
    dropWhile(this.#byToken, ({ expires }) => expires < now);
    const tokens = (this.#tokens.get(login.account) ?? []).filter((known) => this.#byToken.has(known));
    while (tokens.length >= this.#parts.settings.maxLoginsPerAccount) this.#byToken.delete(tokens.shift()!);
    this.#tokens.set(login.account, [...tokens, token]);
    this.#byToken.set(token, login);
  }

  /** When a challenge expires; undefined if it is not of this server. */
  #expiryOf(challenge: Uint8Array): bigint | undefined {
    const head = challenge.subarray(0, 16);
    return timingSafeEqual(this.#tag(head), challenge.subarray(16)) ? readU64(head, 0) : undefined;
  }

  #tag(head: Uint8Array): Uint8Array {
    return createHmac("sha256", this.#secret).update(head).digest().subarray(0, 16);
  }

  /** Requires that the session is logged in to anything. @throws {@link RpcError} `UNAUTHORIZED`. */
  requireAny(session: Session): void {
    if (this.#valid(session).length === 0) throw notLoggedIn();
  }

  #valid(session: Session): Login[] {
    const byToken = session.token === undefined ? undefined : this.#byToken.get(hashOf(session.token));
    const logins = [...this.#ofSession(session).values(), ...(byToken === undefined ? [] : [byToken])];
    const now = this.#parts.clock.now();
    return logins.filter((login) => !login.isOver && login.expires >= now && this.keyStands(login));
  }

  /** Whether the key is still the one that has logged in, whatever the login's own time; an owner is for good. */
  keyStands({ account, keyIndex, keyEpoch }: Login): boolean {
    if (keyIndex === 0) return true;
    const key = this.#parts.state().openKey(account, keyIndex);
    return key !== undefined && key.scope !== 0 && key.epoch === keyEpoch && key.expiry >= this.#parts.clock.now();
  }

  #maySay({ account, keyIndex }: Login, purpose: Purpose): boolean {
    if (keyIndex === 0) return true;
    const scope = this.#parts.state().openKey(account, keyIndex)?.scope ?? 0;
    switch (purpose) {
      case "read":
        return true;
      case "cancel":
        return (scope & (SCOPE_CANCEL | SCOPE_TRADE)) !== 0;
      case "trade":
        return (scope & SCOPE_TRADE) !== 0;
      case "own":
        return false;
    }
  }

  /** Whose signature counts. A key that may only receive withdrawals signs nothing. */
  #authority({ account, keyIndex }: LoginTerms): { readonly address: Uint8Array; readonly keyEpoch: number } {
    const state = this.#parts.state();
    const owner = state.openAccount(account)?.owner;
    if (owner === undefined) throw badLogin("account");
    if (keyIndex === 0) return { address: owner, keyEpoch: 0 };
    const key = keyIndex > MAX_KEYS ? undefined : state.openKey(account, keyIndex);
    const isGood =
      key !== undefined && (key.scope & (SCOPE_TRADE | SCOPE_CANCEL)) !== 0 && key.expiry >= this.#parts.clock.now();
    if (!isGood) throw badLogin("key");
    return { address: key.address, keyEpoch: key.epoch };
  }

  #ofSession(session: Session): Map<number, Login> {
    let logins = this.#bySession.get(session);
    if (logins === undefined) this.#bySession.set(session, (logins = new Map<number, Login>()));
    return logins;
  }
}

function notLoggedIn(): RpcError {
  return new RpcError("UNAUTHORIZED", "log in first: public/challenge, then public/auth");
}

function badLogin(reason: string): RpcError {
  return new RpcError("INVALID_CREDENTIALS", "the login is not good", { reason });
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** Takes out the first entries of which it is true: those that were put in first are over first. */
function dropWhile<Value>(map: Map<string, Value>, isOver: (value: Value) => boolean): void {
  for (const [key, value] of map) {
    if (!isOver(value)) return;
    map.delete(key);
  }
}
