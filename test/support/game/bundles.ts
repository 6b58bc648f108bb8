import { id } from "ethers";

const SELECTOR = id("multicall(bytes[])").slice(0, 10);

/** A bundle of moves as no encoder makes it: where each one's length stands, in bytes from the list's first entry, and what stands there. */
export function bundleOf(offsets: readonly number[], tail: string): string {
  return SELECTOR + word(32) + word(offsets.length) + offsets.map(word).join("") + tail;
}

/** A bundle of one move twice, which stands there once. */
export function sharedCalldata(move: string): string {
  return bundleOf([64, 64], word(bytesOf(move)) + padded(move.slice(2)));
}

/** A bundle of one move twice, of which the second begins where the first one ends: its length is behind the arguments of the first. */
export function touchingCalldata(move: string): string {
  const size = bytesOf(move);
  const first = word(size + 32) + move.slice(2) + word(size);
  return bundleOf([64, 64 + 32 + size], padded(first + move.slice(2)));
}

function word(value: number): string {
  return value.toString(16).padStart(64, "0");
}

function bytesOf(data: string): number {
  return data.length / 2 - 1;
}

/** Decoders want bytes filled up to a whole number of words, wherever they begin. */
function padded(digits: string): string {
  return digits.padEnd((Math.ceil(digits.length / 64) + 1) * 64, "0");
}
