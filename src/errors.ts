/** The values that disagreed or were refused, by name: what a log line or a test needs beside the message. */
export type ErrorFields = Readonly<Record<string, unknown>>;

/** What an error carries beside its code and message. */
export interface ErrorDetails {
  /** The values that disagreed or were refused. Never a private key. */
  readonly fields?: ErrorFields;
  /** The failure underneath, when there is one. */
  readonly cause?: unknown;
}

/**
 * The base of every error that this code throws on purpose. Callers and tests tell failures apart by `code`; the
 * message is for people and may change.
 *
 * Each module exports one subclass with the closed list of its codes as a union of string literals:
 *
 * ```ts
 * export type BatchErrorCode = "BATCH_TOO_LONG" | "BATCH_TRAILING_BYTES";
 *
 * export class BatchError extends TenorError<BatchErrorCode> {
 *   override readonly name = "BatchError";
 * }
 *
 * throw new BatchError("BATCH_TOO_LONG", "batch does not fit one blob", { fields: { length, maximum } });
 * ```
 */
export class TenorError<Code extends string = string> extends Error {
  override readonly name: string = "TenorError";
  /** What went wrong, as a constant in upper case. */
  readonly code: Code;
  /** The values that disagreed or were refused. */
  readonly fields: ErrorFields;

  /**
   * @param code What went wrong, as a constant in upper case.
   * @param message One short sentence without the values, which belong in `fields`.
   * @param details The values, and the failure underneath.
   */
  constructor(code: Code, message: string, details: ErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = code;
    this.fields = details.fields ?? {};
  }

  /** The error as a plain object for structured logs; bigints become decimal strings, bytes become hex. */
  toJSON(): Record<string, unknown> {
    const fields = Object.fromEntries(Object.entries(this.fields).map(([name, value]) => [name, toLoggable(value)]));
    return { name: this.name, code: this.code, message: this.message, fields };
  }
}

/** Whether `error` is a {@link TenorError}, and has that code if one is given. */
export function isTenorError<Code extends string>(error: unknown, code?: Code): error is TenorError<Code> {
  return error instanceof TenorError && (code === undefined || error.code === code);
}

function toLoggable(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  return value;
}
