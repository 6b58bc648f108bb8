import { TenorError, type ErrorFields } from "../errors.ts";

/**
 * The errors that clients are answered with: their names and JSON-RPC codes. The negative ones are those of JSON-RPC 2.0 and its
 * range for servers; the others are the numbers that traders know from Deribit, where it has one of that meaning.
 */
export const RPC_ERRORS = {
  /** The text is no JSON. */
  PARSE_ERROR: -32700,
  /** The JSON is no request. */
  INVALID_REQUEST: -32600,
  METHOD_NOT_FOUND: -32601,
  /** `data.param` names the parameter, `data.reason` says what is wrong with it. */
  INVALID_PARAMS: -32602,
  /** A failure of the server; nothing was accepted. */
  INTERNAL_ERROR: -32603,
  BODY_TOO_LARGE: -32001,
  JSON_TOO_DEEP: -32002,
  BATCH_TOO_LONG: -32003,
  TOO_MANY_CONNECTIONS: -32004,
  /** Subscriptions and everything that lives as long as a connection. */
  WEBSOCKET_ONLY: -32005,
  TOO_MANY_SUBSCRIPTIONS: -32006,
  TOO_MANY_REQUESTS: 10_028,
  /** A private method without a login, or with one that is over. */
  UNAUTHORIZED: 13_009,
  /** The login itself is not good; `data.reason` says why. */
  INVALID_CREDENTIALS: 13_004,
  /** The login is good, but not for this. */
  FORBIDDEN: 13_021,
  INSTRUMENT_NOT_FOUND: 13_020,
  ORDER_NOT_FOUND: 10_004,
  /** The order is known, but does not rest any more. */
  ORDER_NOT_OPEN: 11_044,
  /** A price that is no multiple of the tick. */
  PRICE_OFF_TICK: 10_043,
  /** An amount that is no multiple of the lot. */
  AMOUNT_OFF_LOT: 10_023,
  /** The sequencer or the machine refuses; `data.reason` is its name for it. */
  REFUSED: 11_051,
  /** The same, for want of cash or margin. */
  NOT_ENOUGH_FUNDS: 10_009,
  /** Maker protection is frozen there; `data.frozen_until` says until when. */
  MAKER_PROTECTION_FROZEN: 11_100,
} as const;

/** The names of {@link RPC_ERRORS}. */
export type RpcErrorCode = keyof typeof RPC_ERRORS;

/** What a client is answered with instead of a result. Everything in it is shown to the client. */
export class RpcError extends TenorError<RpcErrorCode> {
  override readonly name = "RpcError";

  constructor(code: RpcErrorCode, message: string, fields: ErrorFields = {}) {
    super(code, message, { fields });
  }

  /** As JSON-RPC has it; `data.error` is the name, by which programs tell errors apart. */
  toWire(): RpcErrorObject {
    return { code: RPC_ERRORS[this.code], message: this.message, data: { error: this.code, ...this.fields } };
  }
}

/** An error on the wire. */
export interface RpcErrorObject {
  readonly code: number;
  readonly message: string;
  readonly data: { readonly error: RpcErrorCode } & ErrorFields;
}
