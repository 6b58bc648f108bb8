import { RpcError } from "./RpcError.ts";

/**
 * A number of a JSON text that is no safe integer, as it was written: what a float would make of it is not what the client
 * meant. Schemas for amounts read the text; all others refuse it.
 */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What the parser tells of the text that a value was made of (ECMAScript's "JSON.parse source text access"). */
interface ReviverContext {
  readonly source?: string;
}

type SourceReviver = (this: unknown, key: string, value: unknown, context: ReviverContext) => unknown;

const PLAIN_INTEGER = /^-?(0|[1-9]\d{0,15})$/;

const exact: SourceReviver = (_key, value, { source }) => {
  if (typeof value !== "number") return value;
  return Number.isSafeInteger(value) && PLAIN_INTEGER.test(source!) ? value : new JsonNumber(source!);
};

/**
 * Reads JSON without losing a digit: integers are numbers, all other numbers are {@link JsonNumber}.
 *
 * @param maxDepth Deepest nesting of arrays and objects; it is looked at before anything is built.
 * @throws {@link RpcError} `JSON_TOO_DEEP` or `PARSE_ERROR`.
 */
export function readJson(text: string, maxDepth: number): unknown {
  if (depthOf(text) > maxDepth) throw new RpcError("JSON_TOO_DEEP", "the JSON is nested too deeply", { max: maxDepth });
  try {
    return JSON.parse(text, exact as (this: unknown, key: string, value: unknown) => unknown);
  } catch {
    throw new RpcError("PARSE_ERROR", "the text is no JSON");
  }
}

/** The deepest nesting of brackets outside of strings. Of a text that is no JSON it is no more than a bound. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === 0x5c) i++;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x5b || char === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (char === 0x5d || char === 0x7d) depth--;
  }
  return deepest;
}
