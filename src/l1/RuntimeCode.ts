import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import { immutableNames, type Artifact } from "./Artifacts.ts";

/** A contract's code on L1, compared with what the compiler made of the source. */
export interface RuntimeCode {
  /** What is the same in every deployment: the code with zeros for the immutables. */
  readonly masked: Hex;
  /** The values of the immutables by name, 32 bytes each; several values if the places of one disagree. */
  readonly immutables: ReadonlyMap<string, readonly Hex[]>;
}

/**
 * Takes the code of a contract apart. A code of another length than the artifact's has no immutables that could be found.
 *
 * @param code As `eth_getCode` gives it.
 */
export function takeApart(artifact: Artifact, code: Hex): RuntimeCode {
  const bytes = fromHex(code);
  const immutables = new Map<string, readonly Hex[]>();
  if (code.length !== artifact.deployedBytecode.length) return { masked: code, immutables };
  const references = Object.entries(artifact.immutableReferences ?? {});
  const names = references.length === 0 ? new Map<string, string>() : immutableNames(artifact);
  for (const [id, places] of references) {
    const found = places.map(({ start, length }) => toHex(bytes.slice(start, start + length)));
    for (const { start, length } of places) bytes.fill(0, start, start + length);
    immutables.set(names.get(id) ?? id, [...new Set(found)]);
  }
  return { masked: toHex(bytes), immutables };
}

/** In what way two codes differ: the first byte, or the length. */
export function differenceOf(actual: Hex, expected: Hex): string {
  if (actual.length !== expected.length) {
    return `${(actual.length - 2) / 2} bytes instead of ${(expected.length - 2) / 2}`;
  }
  let at = 2;
  while (at < actual.length && actual[at]!.toLowerCase() === expected[at]!.toLowerCase()) at++;
  return `another byte at ${(at - 2) >> 1}`;
}
