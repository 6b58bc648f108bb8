import type { InputEvidence, InputLog, StepContext } from "../../../src/machine/InputLog.ts";
import { machineStateHash, type MachineState } from "../../../src/machine/MachineState.ts";
import type { ProvenStep } from "../../../src/machine/Step.ts";
import { toHex } from "../../../src/crypto/bytes.ts";
import type { OneStepProver, ProverHarness } from "../../../typechain/index.js";
import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { BRIDGE, SETTLEMENT, INBOX } from "../traffic/world.ts";

/** A deployed prover, and the harness that runs many steps in one call. */
export interface Judge {
  readonly prover: OneStepProver;
  readonly harness: ProverHarness;
  readonly chainId: bigint;
}

/** One step with all that proves it, and what TypeScript says comes out. */
export interface Case {
  readonly pre: MachineState;
  readonly input: InputEvidence;
  readonly witness: Uint8Array;
  readonly step: ProvenStep;
}

/** What the judge said of one step. */
export interface Verdict {
  /** Whether the evidence was accepted. */
  readonly ok: boolean;
  readonly postHash: string;
  readonly code: number;
  readonly gas: bigint;
  /** Selector and arguments of the error if it was not. */
  readonly revertData: string;
}
