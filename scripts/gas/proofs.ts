import { TenorError } from "../../src/errors.ts";
import { proverAt } from "../../src/l1/Contracts.ts";
import { machineConfig } from "../../src/l1/deployment.ts";
import { evidenceOf, stepArguments, type StepEvidence } from "../../src/l1/proverArguments.ts";
import { BYTES_PER_BLOB, MAX_BLOBS } from "../../src/machine/BlobPayload.ts";
import { CHUNK } from "../../src/machine/Constants.ts";
import { InputLog, type StepContext } from "../../src/machine/InputLog.ts";
import { MESSAGE_FORCED, type Batch, type BatchRecord, type Message } from "../../src/machine/Inputs.ts";
import type { Cursor } from "../../src/machine/MachineState.ts";
import type { TreeRoot } from "../../src/machine/StateTree.ts";
import { itemLimit, Machine, type ProvenStep } from "../../src/machine/Step.ts";
import { batchOf, blobBatchOf } from "../../test/support/batch.ts";
import { START } from "../../test/support/traffic/world.ts";
import type { OneStepProver } from "../../typechain/index.ts";
import { marginCases } from "./marginCases.ts";
import type { BytesInput, ProofCase } from "./ProofCase.ts";
import { proofCases } from "./proofCases.ts";
import { ProofStage } from "./ProofStage.ts";
import { filler } from "./state.ts";
import type { SimulatedL1 } from "./SimulatedL1.ts";
import type { Measurement, Operation } from "./table.ts";

/** Batches and messages of the inbox: paths of 17 elements. */
const INPUTS = 2 ** 17;
/** Payload of a batch. */
const BATCH_BYTES = 100_000;
/** Payload of a batch in blobs, of which it takes as many as a transaction may carry: all their hashes are shown. */
const BLOB_BATCH_BYTES = MAX_BLOBS * BYTES_PER_BLOB;
/** Where an item lies in it. */
const OFFSET = 50_000;
/** Item steps that the batch has had. */
const ITEMS = 512;
/** Where the batches and messages of the cases lie in their sequences. */
const FIRST_BATCH = 70_123;
const FIRST_MESSAGE = 90_123;

/** Leaves of a history before which there are one path element and 25 of them: as usual, and at most. */
const LEAF = 2 ** 20 + 2;
const DEEPEST_LEAF = 2 ** 25;

/**
 * Has each step proven in the dispute game, and the game's share: what a proof costs more there than by the prover alone.
 *
 * @param isWanted Which of the proofs.
 */
export async function measureProofs(
  l1: SimulatedL1,
  state: TreeRoot,
  isWanted: (operation: Operation) => boolean,
): Promise<Measurement[]> {
  const { prover: address } = l1.deployment.addresses;
  const runner = l1.connection.ethers.provider;
  const prover = proverAt(address, runner);
  const config = machineConfig(l1.deployment);
  const cases = [...proofCases(config, state), ...marginCases(config, state)];
  const log = inputsOf(cases, isWanted);
  const context = log.context(BigInt(INPUTS));
  const stage = await ProofStage.make(l1, context);
  const measurements: Measurement[] = [];
  let share: Measurement | undefined;
  for (const [i, one] of cases.entries()) {
    // The others' inputs stay where they are, so that every path is the same.
    if (!isWanted(one.operation)) continue;
    const step = new Machine(config, log, one.root ?? state, cursorOf(one, i)).provenStep(context.target);
    const evidence = evidenceOf(step, log, context);
    expectMeant(one, step);
    const isLargest = one.operation.endsWith("largest") || one.operation.endsWith("deepest paths");
    const dispute = await stage.dispute(step, evidence, isLargest ? DEEPEST_LEAF : LEAF);
    const proof = await l1.call(one.operation, stage.address, dispute);
    measurements.push(proof);
    // The game does most where its own paths are deepest, and the same with a step wherever its bytes are from; the simulator needs a tenth
    // of a second for each opening.
    if (!isLargest || isFromBlobs(one)) continue;
    const alone = await l1.call(one.operation, address, calldata(prover, context, evidence));
    const [gas, bytes] = [proof.gas - alone.gas, proof.bytes - alone.bytes];
    if (gas > (share?.gas ?? 0)) share = { operation: "game's share of a proof", gas, bytes, floor: 0 };
  }
  return [...measurements, share!];
}

/** The two sequences, full of other people's inputs, and the cases' own among them; those in blobs, which take long to make, if they are wanted. */
function inputsOf(cases: readonly ProofCase[], isWanted: (operation: Operation) => boolean): InputLog {
  const log = new InputLog();
  const other: Message = {
    kind: MESSAGE_FORCED,
    sender: filler(20, 1),
    l1Block: 1n,
    l1Time: START,
    payload: filler(100, 2),
  };
  for (let i = 0; i < INPUTS; i++) {
    const input = cases[i - FIRST_MESSAGE]?.input;
    log.appendMessage(typeof input === "object" && "message" in input ? input.message : other);
  }
  const payload = filler(BATCH_BYTES, 3);
  const fullBatch = batchAfter(FIRST_MESSAGE, payload);
  for (let i = 0; i < INPUTS; i++) {
    const one = cases[i - FIRST_BATCH];
    const input = one?.input;
    if (typeof input !== "object" || (isFromBlobs(one!) && !isWanted(one!.operation))) {
      log.appendBatch(fullBatch);
    } else if ("message" in input) {
      log.appendBatch(batchAfter(INPUTS, payload));
    } else {
      const own = input.blobs === undefined ? payload.slice() : filler(BLOB_BATCH_BYTES, 3);
      own.set(input.bytes, offsetOf(input));
      const read = readAfter(FIRST_MESSAGE);
      log.appendBatch(input.blobs === undefined ? batchOf(own, read) : blobBatchOf(own, read));
    }
  }
  return log;
}

function batchAfter(messagesRead: number, payload: Uint8Array): Batch {
  return batchOf(payload, readAfter(messagesRead));
}

function readAfter(messagesRead: number): Pick<BatchRecord, "messagesRead" | "l1Time" | "l2Time"> {
  return { messagesRead: BigInt(messagesRead), l1Time: START, l2Time: START };
}

function offsetOf({ crossing = false, blobs }: Pick<BytesInput, "crossing" | "blobs">): number {
  // One byte before a border, so that a length of two bytes lies on both sides, and the item is read from as many elements as it can be.
  if (blobs === "across two") return BYTES_PER_BLOB - 1;
  return crossing ? Math.ceil(OFFSET / CHUNK) * CHUNK - 1 : OFFSET;
}

/** Where the machine stands before case number `i`. */
function cursorOf({ input }: ProofCase, i: number): Cursor {
  const cursor: Cursor = {
    batch: BigInt(FIRST_BATCH + i),
    message: BigInt(FIRST_MESSAGE),
    offset: OFFSET,
    items: ITEMS,
    part: 0,
    l2Time: START - 12n,
  };
  if (input === "identity") return { ...cursor, batch: BigInt(INPUTS), offset: 0, items: 0 };
  if (input === "next batch") return { ...cursor, offset: BATCH_BYTES };
  if (input === "item limit") return { ...cursor, items: itemLimit(BATCH_BYTES) };
  if ("message" in input) return { ...cursor, message: BigInt(FIRST_MESSAGE + i), offset: 0, items: 0 };
  return { ...cursor, offset: offsetOf(input) };
}

function calldata(prover: OneStepProver, context: StepContext, evidence: StepEvidence): string {
  const proof = stepArguments(context, evidence);
  return prover.interface.encodeFunctionData("step", [proof.context, proof.pre, proof.input, proof.witness]);
}

function isFromBlobs({ input }: ProofCase): boolean {
  return typeof input === "object" && "bytes" in input && input.blobs !== undefined;
}

/** The step must be the one that was meant. That the prover finds the same state after it, the game demands of its proof. */
function expectMeant({ operation, kind, code }: ProofCase, step: ProvenStep): void {
  if (step.kind === kind && step.code === code) return;
  const fields = { operation, expected: { kind, code }, found: { kind: step.kind, code: step.code } };
  throw new TenorError("GAS", "a measured step is not the one that was meant", { fields });
}
