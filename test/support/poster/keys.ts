import type { Hex } from "../../../src/crypto/bytes.ts";

/** The sequencer's account on the tests' L1s: it is worth nothing. */
export const POSTER_KEY: Hex = `0x${"a2".repeat(32)}`;
