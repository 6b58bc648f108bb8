import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import type { Hex } from "../../src/crypto/bytes.ts";

/** A transaction that was signed, and sent unless the process ended before. */
export interface Signed {
  readonly nonce: number;
  readonly hash: Hex;
  readonly raw: Hex;
}

/** The signed transactions of a deployment, one a line, in a file beside Ignition's journal. */
export class Outbox {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** On the disk when it returns. */
  put(transaction: Signed): void {
    const descriptor = openSync(this.#file, "a");
    // Begins with the end of a line: the one before may be cut off.
    writeSync(descriptor, `\n${JSON.stringify(transaction)}`);
    fsyncSync(descriptor);
    closeSync(descriptor);
  }

  /** What was signed last for a nonce. */
  last(nonce: number): Signed | undefined {
    return this.all.findLast((signed) => signed.nonce === nonce);
  }

  /** What was signed, in order. */
  get all(): readonly Signed[] {
    return readLines(this.#file) as unknown as readonly Signed[];
  }
}

/** The lines of JSON in a file; none if there is no such file. A line that a crash has cut off is left out: it was never acted upon. */
export function readLines(file: string): readonly Readonly<Record<string, unknown>>[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
}
