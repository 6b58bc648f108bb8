import { BytesError, fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import type { FeedAnswer, PosterStatus } from "./BatchFeed.ts";
import { PosterError } from "./PosterError.ts";

/** The feed's question and answer as JSON: integers are decimal strings, bytes hex. */

/** The poster's question as text. */
export function encodeStatus({ batchCount }: PosterStatus): Record<string, string> {
  return { batchCount: String(batchCount) };
}

/** @throws {@link PosterError} `FEED` if it is none. */
export function decodeStatus(text: string): PosterStatus {
  const { batchCount } = parse(text);
  return { batchCount: integer(batchCount) };
}

/** The sequencer's answer as text. */
export function encodeAnswer({ batchCount, l1Time, batch, resealed, backlog }: FeedAnswer): string {
  const shown =
    batch === undefined
      ? undefined
      : {
          index: String(batch.index),
          messagesRead: String(batch.messagesRead),
          l2Time: String(batch.l2Time),
          payload: toHex(batch.payload),
          before: batch.before,
          after: batch.after,
        };
  const counts = { batchCount: String(batchCount), l1Time: String(l1Time) };
  return JSON.stringify({ ...counts, batch: shown, resealed, backlog });
}

/** @throws {@link PosterError} `FEED` if it is none. */
export function decodeAnswer(text: string): FeedAnswer {
  const { batchCount, l1Time, batch, resealed, backlog } = parse(text);
  const { batches, bytes } = fieldsOf(backlog);
  if (typeof resealed !== "boolean") throw malformed("resealed");
  return {
    batchCount: integer(batchCount),
    l1Time: integer(l1Time),
    batch: batch === undefined ? undefined : batchOf(fieldsOf(batch)),
    resealed,
    backlog: { batches: count(batches), bytes: count(bytes) },
  };
}

function batchOf({ index, messagesRead, l2Time, payload, before, after }: Fields): NonNullable<FeedAnswer["batch"]> {
  return {
    index: integer(index),
    messagesRead: integer(messagesRead),
    l2Time: integer(l2Time),
    payload: bytesOf(payload),
    before: hashOf(before),
    after: hashOf(after),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parse(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text));
  } catch (cause) {
    throw cause instanceof PosterError ? cause : malformed("it is not JSON", cause);
  }
}

function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw malformed("an object is missing");
  return value as Fields;
}

function integer(value: unknown): bigint {
  if (typeof value !== "string" || !/^\d{1,20}$/.test(value)) throw malformed("an integer is missing");
  return BigInt(value);
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw malformed("a count is missing");
  return value as number;
}

function bytesOf(value: unknown, length?: number): Uint8Array {
  try {
    return fromHex(typeof value === "string" ? value : "", length);
  } catch (cause) {
    if (!(cause instanceof BytesError)) throw cause;
    throw malformed("bytes are missing", cause);
  }
}

function hashOf(value: unknown): Hex {
  return toHex(bytesOf(value, 32));
}

function malformed(what: string, cause?: unknown): PosterError {
  return new PosterError("FEED", "the feed speaks another language", { fields: { what }, cause });
}
