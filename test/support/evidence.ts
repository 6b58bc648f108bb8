import { concat, keccak256 } from "ethers";
import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import { keccak256 as keccakBytes } from "../../src/crypto/keccak.ts";
import { assertionId as idOfContent } from "../../src/history/Assertion.ts";
import { historyInner as innerOfBytes } from "../../src/history/History.ts";
import { machineStateHash, type MachineState } from "../../src/machine/MachineState.ts";

/** A machine state as the contracts take it. */
export interface MachineStateArgument {
  stateRoot: string;
  batch: bigint;
  message: bigint;
  offset: bigint;
  items: bigint;
  part: bigint;
  l2Time: bigint;
}

/** The end state of a finished range; what is not given does not matter to the test. */
export function endAt(batch: bigint, fields: Partial<MachineStateArgument> = {}): MachineStateArgument {
  const stateRoot = keccak256("0x01");
  return { stateRoot, batch, message: 0n, offset: 0n, items: 0n, part: 0n, l2Time: 0n, ...fields };
}

/** The hash of a machine state, by the twin. */
export function stateHash(state: MachineStateArgument): string {
  const twin: MachineState = {
    ...state,
    stateRoot: fromHex(state.stateRoot, 32),
    offset: Number(state.offset),
    items: Number(state.items),
    part: Number(state.part),
  };
  return toHex(machineStateHash(twin));
}

/** The id of an assertion with this content, by the twin. */
export function assertionId(parent: string, endStateHash: string, historyRoot: string): string {
  const [parentBytes, endBytes, rootBytes] = [parent, endStateHash, historyRoot].map((hash) => fromHex(hash, 32));
  return toHex(idOfContent({ parent: parentBytes!, endStateHash: endBytes!, historyRoot: rootBytes! }));
}

/** The root of a history and the path of its last leaf. */
export interface History {
  root: string;
  lastLeafPath: string[];
}

/** The tree over `hashes`, padded with the last of them to 2^height leaves. */
export function historyOf(hashes: readonly string[], height: number): History {
  let level = [...hashes];
  let padding = level[level.length - 1]!;
  let width = 2 ** height;
  const lastLeafPath: string[] = [];
  for (; width > 1; width /= 2) {
    lastLeafPath.push(level[width - 2] ?? padding);
    const above: string[] = [];
    for (let i = 0; i < level.length; i += 2) above.push(historyInner(level[i]!, level[i + 1] ?? padding));
    padding = historyInner(padding, padding);
    level = above;
  }
  return { root: level[0]!, lastLeafPath };
}

function historyInner(left: string, right: string): string {
  return toHex(innerOfBytes(fromHex(left), fromHex(right)));
}

/** A hash that stands for something the test does not look into. */
export function anyHash(label: string): string {
  return toHex(keccakBytes(Buffer.from(label)));
}

/** The bytes32 that Solidity makes of a short string. */
export function bytes32Text(text: string): string {
  return concat([Buffer.from(text), new Uint8Array(32 - text.length)]);
}
