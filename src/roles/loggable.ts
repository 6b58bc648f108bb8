import { toHex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";

/**
 * What of a value may be written down: the only way from an error to a log or a terminal.
 *
 * SAFETY: the client library's errors have the endpoint's whole URL in their words, which is where most endpoints expect the secret that
 * they are paid by, and all that was sent, which may be six blobs. So errors are shown by what this code knows of them, what is underneath
 * by its code alone, and every text without what of a URL is behind the host, and in bounds.
 */

/** Characters of a text, and digits of a number that is too long to be a hash or a signature. */
const MOST_TEXT = 500;
const MOST_HEX = 16;
/** Bytes that are shown in full: a signature's. */
const MOST_BYTES = 65;
/** Elements of a list or an object, and how deep they are nested. */
const MOST_PARTS = 32;
const MOST_DEPTH = 5;
/** Errors underneath one another, and lines of a stack. */
const MOST_CAUSES = 8;
const MOST_FRAMES = 8;

/** A value as JSON may hold it, without secrets and within bounds: integers are decimal strings, bytes hex. */
export function loggable(value: unknown, depth = 0): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return printable(value);
  if (typeof value !== "object" || value === null) return typeof value === "function" ? undefined : value;
  if (value instanceof Uint8Array) return hexToLog(value);
  if (depth === MOST_DEPTH) return "…";
  if (value instanceof Error) return errorToLog(value, depth);
  if (value instanceof URL) return printable(value.href);
  if (Array.isArray(value)) return value.slice(0, MOST_PARTS).map((part) => loggable(part, depth + 1));
  const parts = Object.entries(value).slice(0, MOST_PARTS);
  return Object.fromEntries(parts.map(([name, part]) => [name, loggable(part, depth + 1)]));
}

/** An error in one line for a person. */
export function errorLine(error: unknown): string {
  const message = printable(error instanceof Error ? error.message : String(error));
  return error instanceof TenorError ? `${error.code}: ${message} ${JSON.stringify(loggable(error.fields))}` : message;
}

/** An error with all that are underneath it, each with its stack. */
export function errorTrace(error: unknown): string {
  return chainOf(error)
    .map((one) => {
      const name = one instanceof TenorError ? one.name : nameOf(one);
      return [`${name}: ${errorLine(one)}`, ...framesOf(one).map((frame) => `    ${frame}`)].join("\n");
    })
    .join("\ncaused by ");
}

/** The text without what of a URL is behind its host, without long numbers, and within bounds. */
function printable(text: string): string {
  // Longer than what is shown, so that nothing is cut before it is recognised.
  const clean = text
    .slice(0, 8 * MOST_TEXT)
    .replace(/\b(?!file:)[a-z][a-z0-9+.-]*:\/\/[^\s"'<>`]*/gi, withoutPath)
    .replace(/[0-9a-f]{131,}/gi, (hex) => `${hex.slice(0, MOST_HEX)}…`);
  return clean.length > MOST_TEXT ? `${clean.slice(0, MOST_TEXT)}…` : clean;
}

function hexToLog(bytes: Uint8Array): string {
  if (bytes.length <= MOST_BYTES) return toHex(bytes);
  return `${toHex(bytes.subarray(0, MOST_HEX / 2))}… (${bytes.length} bytes)`;
}

function withoutPath(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.host === "") return `${url.slice(0, url.indexOf(":"))}://…`;
  const { protocol, host, pathname, search, hash } = parsed;
  return `${protocol}//${host}${pathname.length > 1 || search !== "" || hash !== "" ? "/…" : ""}`;
}

function errorToLog(error: Error, depth: number): Record<string, unknown> {
  const [, ...causes] = chainOf(error);
  const deepest = causes.at(-1) ?? error;
  const isOwn = error instanceof TenorError;
  return {
    name: error.name,
    ...(isOwn ? { code: error.code } : {}),
    message: printable(error.message),
    ...(isOwn ? { fields: loggable(error.fields, depth + 1) } : {}),
    ...(causes.length > 0 ? { causes: causes.map(nameOf) } : {}),
    // Of what nobody has expected, where it comes from is all that there is to go by.
    ...(deepest instanceof TenorError ? {} : { at: framesOf(deepest) }),
  };
}

/** The error and what is underneath it. */
function chainOf(error: unknown): unknown[] {
  const chain = [error];
  for (let one = error; one instanceof Error && one.cause !== undefined && chain.length < MOST_CAUSES;) {
    one = one.cause;
    chain.push(one);
  }
  return chain;
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return "something that is no error";
  const { code } = error as { code?: unknown };
  return typeof code === "string" || typeof code === "number" ? `${error.name} ${printable(String(code))}` : error.name;
}

/** Where the error was made: lines of its stack, without the message that they begin with. */
function framesOf(error: unknown): string[] {
  if (!(error instanceof Error) || error.stack === undefined) return [];
  const { stack, message } = error;
  const start = message === "" ? 0 : stack.indexOf(message) + message.length;
  const lines = stack.slice(start).split("\n");
  return lines
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at "))
    .slice(0, MOST_FRAMES)
    .map((line) => printable(line));
}
