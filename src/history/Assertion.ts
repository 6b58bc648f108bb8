import { keccak256 } from "../crypto/keccak.ts";
import { machineStateHash, GENESIS_CURSOR } from "../machine/MachineState.ts";
import { TAG_ASSERTION } from "../machine/Tags.ts";

/** What an assertion commits to: docs/specification.md, section 8. */
export interface AssertionContent {
  /** Id of the parent; zero for genesis. */
  readonly parent: Uint8Array;
  /** Hash of the machine state at the end of the range. */
  readonly endStateHash: Uint8Array;
  /** Root of the history; zero for genesis. */
  readonly historyRoot: Uint8Array;
}

/** H(0x0c ‖ parent id ‖ end state hash ‖ history root). */
export function assertionId(content: AssertionContent): Uint8Array {
  const bytes = new Uint8Array(97);
  bytes[0] = TAG_ASSERTION;
  bytes.set(content.parent, 1);
  bytes.set(content.endStateHash, 33);
  bytes.set(content.historyRoot, 65);
  return keccak256(bytes);
}

/** Id of the assertion that stands for the genesis state. */
export function genesisAssertionId(genesisStateRoot: Uint8Array): Uint8Array {
  const endStateHash = machineStateHash({ ...GENESIS_CURSOR, stateRoot: genesisStateRoot });
  return assertionId({ parent: new Uint8Array(32), endStateHash, historyRoot: new Uint8Array(32) });
}
