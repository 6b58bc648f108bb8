import { keccak256 } from "ethers";
import type { Mutant } from "./operators.ts";

/**
 * Mutants of one contract in one bytecode: each mutated place asks which mutant is active, and the answer is a constant in the bytecode
 * that is replaced for each mutant. One compilation serves them all; alone, each would cost a quarter of a minute.
 */

/** The constant that stands for the active mutant. As it is, none is. */
const MARK = "c0de5e1ec7ed0000c0de5e1ec7ed0000c0de5e1ec7ed0000c0de5e1ec7ed0000";

/** A mutant and the number by which it is chosen. */
export interface NumberedMutant {
  readonly id: number;
  readonly mutant: Mutant;
}

/** The source of a file in which every one of the mutants, all of them of this file, can be chosen. */
export function withSwitches(file: string, source: Buffer, mutants: readonly NumberedMutant[]): string {
  if (mutants.length === 0) return source.toString();
  const name = `activeMutant${keccak256(Buffer.from(file)).slice(2, 10)}`;
  const body = render(source, 0, source.length, groupsOf(mutants), name);
  // The compiler is told nothing of what the constant is, so the function is not evaluated at compile time.
  return `${body}
function ${name}(uint256 id) pure returns (bool isActive) {
    assembly ("memory-safe") {
        isActive := eq(0x${MARK}, id)
    }
}
`;
}

/** The bytecode with one mutant active, or none for 0. */
export function activate(bytecode: string, id: number): string {
  return bytecode.replaceAll(MARK, id.toString(16).padStart(64, "0"));
}

/** Whether bytecode can be told which mutant to choose. */
export function hasSwitches(bytecode: string): boolean {
  return bytecode.includes(MARK);
}

/** The mutants of one place. */
interface Group {
  readonly start: number;
  readonly end: number;
  readonly place: Mutant["place"];
  readonly mutants: readonly NumberedMutant[];
}

/** By place; the outer ones before those inside of them. */
function groupsOf(mutants: readonly NumberedMutant[]): readonly Group[] {
  const groups = new Map<string, { start: number; end: number; place: Mutant["place"]; mutants: NumberedMutant[] }>();
  for (const numbered of mutants) {
    const { start, end, place } = numbered.mutant;
    const key = `${start}-${end}-${place}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { start, end, place, mutants: [numbered] });
    else group.mutants.push(numbered);
  }
  return [...groups.values()].sort((a, b) => a.start - b.start || b.end - a.end || (a.place === "statement" ? -1 : 1));
}

function render(source: Buffer, start: number, end: number, groups: readonly Group[], name: string): string {
  let text = "";
  let at = start;
  for (let i = 0; i < groups.length;) {
    const group = groups[i]!;
    // Those that lie inside of this one.
    let next = i + 1;
    while (next < groups.length && groups[next]!.start < group.end) next++;
    const inner = render(source, group.start, group.end, groups.slice(i + 1, next), name);
    text += source.subarray(at, group.start).toString() + choose(group, inner, name);
    at = group.end;
    i = next;
  }
  return text + source.subarray(at, end).toString();
}

function choose({ place, mutants }: Group, inner: string, name: string): string {
  // A mutant's own text has no switches in it: only one is ever active.
  return mutants.reduce((text, { id, mutant }) => {
    const isActive = `${name}(${id})`;
    if (place === "expression") return `(${isActive} ? (${mutant.replacement}) : (${text}))`;
    return `{ if (${isActive}) { ${mutant.replacement} } else { ${text} } }`;
  }, inner);
}
