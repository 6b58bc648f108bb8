import { WebSocket, type RawData } from "ws";
import { fromHex, toHex } from "../crypto/bytes.ts";
import { sign } from "../crypto/secp256k1.ts";
import { domainSeparator, type OrderTerms } from "../machine/TypedData.ts";
import { signCancel, signCancelAll, signOrder, type SessionKey } from "../sequencer/Signing.ts";
import { AMOUNT_DECIMALS, parseUnits, PRICE_DECIMALS, priceText } from "./decimals.ts";
import { Instruments } from "./Instruments.ts";
import type { CancelledOrders, Method, MethodInput, MethodResult, MovedPosition, PlacedOrder } from "./methods.ts";
import { RpcError, type RpcErrorObject } from "./RpcError.ts";
import { loginDigest } from "./typedData.ts";
import type { CancelWire } from "./wire.ts";
import { TenorError } from "../errors.ts";

/** A trader's end of the connection. What it signs it computes itself, from what it was configured with: nothing that the server says. */

/** Failures of the connection; what the server refuses is a {@link RpcError}. `CLOSED` has the close code in `fields.code`. */
export type TenorClientErrorCode = "UNREACHABLE" | "CLOSED" | "TIMEOUT" | "INPUT";

/** See {@link TenorClientErrorCode}. */
export class TenorClientError extends TenorError<TenorClientErrorCode> {
  override readonly name = "TenorClientError";
}

/** What a client is configured with. */
export interface TenorClientOptions {
  /** The deployment for which it signs. */
  readonly chainId: bigint;
  readonly verifyingContract: Uint8Array;
  /** What the underlying of each market is called. */
  readonly currencies: ReadonlyMap<number, string>;
  /** Longest wait for an answer. Default 10 seconds. */
  readonly requestMilliseconds?: number;
}

/** Who signs: the owner, unless it says which session key. */
export interface Signer {
  readonly account: number;
  /** 32 bytes. */
  readonly privateKey: Uint8Array;
  readonly key?: SessionKey;
}

/** An order before it is signed. Decimals are plain: "162.5". */
export interface OrderInput {
  readonly instrument: string;
  readonly direction: "buy" | "sell";
  readonly amount: string;
  readonly price: string;
  /** Most that it may be charged for one contract, USD. */
  readonly maxFee: string;
  readonly nonce: bigint;
  /** Seconds. */
  readonly deadline: bigint;
  readonly timeInForce?: "good_til_cancelled" | "fill_or_kill" | "immediate_or_cancel";
  readonly postOnly?: boolean;
  readonly reduceOnly?: boolean;
  readonly forcible?: boolean;
  readonly label?: string;
}

/** A position that is to be moved, before it is signed. */
export interface MoveInput {
  readonly instrument: string;
  readonly amount: string;
  /** Default: the mark, rounded to the tick. */
  readonly price?: string;
  readonly maxFee: string;
  readonly sourceNonce: bigint;
  readonly targetNonce: bigint;
  /** Seconds. */
  readonly deadline: bigint;
}

/** What a channel tells. `sequence` counts the notifications of the channel on this connection from 1 on. */
export interface Notification {
  readonly channel: string;
  readonly sequence: number;
  readonly data: unknown;
}

interface Pending {
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

const REQUEST_MILLISECONDS = 10_000;
const NORMAL_CLOSURE = 1000;

/** See the file's head. */
export class TenorClient {
  /** Why the connection ended: the WebSocket's close code. Never rejects. */
  readonly closed: Promise<number>;
  readonly #socket: WebSocket;
  readonly #domain: Uint8Array;
  readonly #instruments: Instruments;
  readonly #timeout: number;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<(notification: Notification) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket, options: TenorClientOptions) {
    this.#socket = socket;
    this.#domain = domainSeparator(options.chainId, options.verifyingContract);
    this.#instruments = new Instruments(options.currencies);
    this.#timeout = options.requestMilliseconds ?? REQUEST_MILLISECONDS;
    socket.on("message", (data: RawData) => this.#take((data as Buffer).toString("utf8")));
    // The close event follows.
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once("close", (code: number) => {
        for (const { reject, timer } of this.#pending.values()) {
          clearTimeout(timer);
          reject(new TenorClientError("CLOSED", "the connection has ended", { fields: { code } }));
        }
        this.#pending.clear();
        resolve(code);
      });
    });
  }

  /** Connects. @param url `ws:`, or what the server says its `url` is. @throws {@link TenorClientError} `UNREACHABLE`. */
  static async connect(url: string, options: TenorClientOptions): Promise<TenorClient> {
    const socket = new WebSocket(url.replace(/^http/, "ws"), { perMessageDeflate: false });
    const client = new TenorClient(socket, options);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", (cause) =>
        reject(new TenorClientError("UNREACHABLE", "the server can't be reached", { cause })),
      );
    });
    return client;
  }

  /** Calls a method. @throws {@link RpcError} as the server says, {@link TenorClientError} `CLOSED` or `TIMEOUT`. */
  async call<M extends Method>(method: M, params: MethodInput<M>): Promise<MethodResult<M>> {
    if (this.#socket.readyState !== WebSocket.OPEN) {
      throw new TenorClientError("CLOSED", "the connection has ended", { fields: { method } });
    }
    const id = ++this.#lastId;
    return new Promise<MethodResult<M>>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        reject(new TenorClientError("TIMEOUT", "the server does not answer", { fields: { method } }));
      }, this.#timeout);
      this.#pending.set(id, { resolve, reject, timer });
      this.#socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  /** Hears all notifications from now on. @returns Ends that. */
  listen(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Logs the connection in. @param deadline Of the signature, seconds. @returns The token for POST requests. */
  async login({ account, privateKey, key }: Signer, deadline: bigint): Promise<string> {
    const { challenge } = await this.call("public/challenge", {});
    const keyIndex = key?.index ?? 0;
    const terms = { account, keyIndex, challenge: fromHex(challenge, 32), deadline };
    const signature = toHex(sign(loginDigest(this.#domain, terms), privateKey));
    const params = { account, key_index: keyIndex, challenge, deadline: deadline.toString(), signature };
    return (await this.call("public/auth", params)).access_token;
  }

  /** Signs and places an order. */
  async placeOrder(signer: Signer, input: OrderInput): Promise<PlacedOrder> {
    return this.call(`private/${input.direction}`, this.signedOrder(signer, input));
  }

  /** The parameters of `private/buy` or `private/sell`, signed. @throws {@link TenorClientError} `INPUT`. */
  signedOrder(signer: Signer, input: OrderInput): MethodInput<"private/buy"> {
    const terms = this.#termsOf(signer.account, input);
    const { signature } = signOrder(this.#domain, terms, signer.privateKey, signer.key);
    return {
      account: signer.account,
      instrument_name: input.instrument,
      amount: input.amount,
      price: input.price,
      time_in_force: input.timeInForce ?? "good_til_cancelled",
      post_only: terms.postOnly,
      reduce_only: terms.reduceOnly,
      forcible: terms.forcible,
      label: input.label ?? "",
      max_fee: input.maxFee,
      nonce: terms.nonce.toString(),
      deadline: terms.deadline.toString(),
      key_index: signer.key?.index ?? 0,
      key_epoch: signer.key?.epoch ?? 0,
      signature: toHex(signature),
    };
  }

  /** Cancels an order by a signed Cancel, which binds everybody once it is on L1. @param nonce The order's. @param deadline Seconds. */
  async cancelSigned(signer: Signer, orderId: string, nonce: bigint, deadline: bigint): Promise<CancelWire> {
    const { account, privateKey, key } = signer;
    const keyIndex = key?.index ?? 0;
    const { auth } = signCancel(this.#domain, { account, nonce }, deadline, privateKey, keyIndex);
    const signed = { key_index: keyIndex, deadline: deadline.toString(), signature: toHex(auth!.signature) };
    return this.call("private/cancel", { account, order_id: orderId, signed });
  }

  /** Cancels all orders whose nonce is below `floor`, in the same way, and takes all others out of the book. */
  async cancelAllSigned(signer: Signer, floor: bigint, deadline: bigint): Promise<CancelledOrders> {
    const { account, privateKey, key } = signer;
    const keyIndex = key?.index ?? 0;
    const { auth } = signCancelAll(this.#domain, { account, floor }, deadline, privateKey, keyIndex);
    const signature = toHex(auth!.signature);
    const signed = { floor: floor.toString(), key_index: keyIndex, deadline: deadline.toString(), signature };
    return this.call("private/cancel_all", { account, signed });
  }

  /** Moves positions between two accounts of one owner, whose key signs for both. */
  async movePositions(
    source: number,
    target: number,
    privateKey: Uint8Array,
    moves: readonly MoveInput[],
  ): Promise<readonly MovedPosition[]> {
    const held = await this.call("private/get_positions", { account: source });
    const trades: MethodInput<"private/move_positions">["trades"] = [];
    for (const move of moves) {
      const isLong = held.find(({ instrument_name }) => instrument_name === move.instrument)?.direction !== "sell";
      const price = move.price ?? (await this.#markOnTick(move.instrument));
      const order = (account: number, nonce: bigint): string => {
        const direction = isLong === (account === source) ? "sell" : "buy";
        const { instrument, amount, maxFee, deadline } = move;
        const reduceOnly = account === source;
        const input = { instrument, amount, maxFee, deadline, price, direction, nonce, reduceOnly } as const;
        const terms = this.#termsOf(account, { ...input, timeInForce: "fill_or_kill" });
        return toHex(signOrder(this.#domain, terms, privateKey).signature);
      };
      trades.push({
        instrument_name: move.instrument,
        amount: move.amount,
        price,
        max_fee: move.maxFee,
        deadline: move.deadline.toString(),
        source_nonce: move.sourceNonce.toString(),
        source_signature: order(source, move.sourceNonce),
        target_nonce: move.targetNonce.toString(),
        target_signature: order(target, move.targetNonce),
      });
    }
    return this.call("private/move_positions", { source, target, trades });
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    this.#socket.close(NORMAL_CLOSURE);
    await this.closed;
  }

  async #markOnTick(instrument: string): Promise<string> {
    const [{ mark_price: mark }, { tick_size: tickText }] = await Promise.all([
      this.call("public/ticker", { instrument_name: instrument }),
      this.call("public/get_instrument", { instrument_name: instrument }),
    ]);
    if (mark === null)
      throw new TenorClientError("INPUT", "there is no mark; name a price", { fields: { instrument } });
    const [price, tick] = [units("mark", mark, PRICE_DECIMALS), units("tick", tickText, PRICE_DECIMALS)];
    const ticks = (2n * price + tick) / (2n * tick);
    return priceText((ticks === 0n ? 1n : ticks) * tick);
  }

  #termsOf(account: number, input: OrderInput): OrderTerms {
    const { market, day, strike, isPut } = this.#instruments.parse(input.instrument);
    const { timeInForce } = input;
    return {
      account,
      market,
      expiryDay: day,
      strike,
      isPut,
      isSell: input.direction === "sell",
      quantity: units("amount", input.amount, AMOUNT_DECIMALS),
      limitPrice: units("price", input.price, PRICE_DECIMALS),
      maxFee: units("maxFee", input.maxFee, PRICE_DECIMALS),
      nonce: input.nonce,
      deadline: input.deadline,
      fillOrKill: timeInForce === "fill_or_kill",
      immediateOrCancel: timeInForce === "immediate_or_cancel",
      postOnly: input.postOnly ?? false,
      reduceOnly: input.reduceOnly ?? false,
      forcible: input.forcible ?? false,
    };
  }

  #take(text: string): void {
    const message = JSON.parse(text) as {
      readonly id?: number | null;
      readonly result?: never;
      readonly error?: RpcErrorObject;
      readonly params?: Notification;
    };
    if (message.params !== undefined) {
      for (const listener of this.#listeners) listener(message.params);
      return;
    }
    const pending = this.#pending.get(message.id ?? 0);
    if (pending === undefined) return;
    this.#pending.delete(message.id!);
    clearTimeout(pending.timer);
    const { error } = message;
    if (error === undefined) pending.resolve(message.result!);
    else pending.reject(new RpcError(error.data.error, error.message, error.data));
  }
}

function units(name: string, text: string, decimals: number): bigint {
  const value = parseUnits(text, decimals);
  if (value !== undefined) return value;
  throw new TenorClientError("INPUT", "not a plain decimal, or too many places", { fields: { name, text, decimals } });
}
