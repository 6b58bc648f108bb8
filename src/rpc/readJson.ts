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

/** How much there is in a text. Of one that is no JSON it is no more than a bound. */
export interface JsonSize {
  /** Deepest nesting of arrays and objects. */
  readonly depth: number;
  /** Values, those within others too. */
  readonly values: number;
}

/**
 * Reads JSON without losing a digit: integers are numbers, all other numbers are {@link JsonNumber}.
 *
 * @param admit Is told how much it is before anything is built: a short text may have many values, and each costs time.
 * @throws {@link RpcError} `PARSE_ERROR`, and what `admit` throws.
 */
export function readJson(text: string, admit: (size: JsonSize) => void): unknown {
  admit(sizeOf(text));
  try {
    return JSON.parse(text, exact as (this: unknown, key: string, value: unknown) => unknown);
  } catch {
    throw new RpcError("PARSE_ERROR", "the text is no JSON");
  }
}

/** Counts brackets and commas outside of strings. */
function sizeOf(text: string): JsonSize {
  let depth = 0;
  let deepest = 0;
  let values = 1;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === 0x5c) i++;
      else if (char === 0x22) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x2c) values++;
    else if (char === 0x5b || char === 0x7b) {
      values++;
      deepest = Math.max(deepest, ++depth);
    } else if (char === 0x5d || char === 0x7d) depth--;
  }
  return { depth: deepest, values };
}
