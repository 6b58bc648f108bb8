import { concat, toHex } from "../../src/crypto/bytes.ts";
import { contextArgument, evidenceOf, stepArguments, type StepEvidence } from "../../src/l1/proverArguments.ts";
import type { InputLog } from "../../src/machine/InputLog.ts";
import { machineStateHash } from "../../src/machine/MachineState.ts";
import type { ProvenStep } from "../../src/machine/Step.ts";
import { Random } from "../../src/market/random.ts";
import { inputMutations, witnessPatches } from "../../test/support/parity/mutations.ts";
import { accountEdges } from "../../test/support/traffic/accountEdges.ts";
import { fillEdges } from "../../test/support/traffic/fillEdges.ts";
import { marginSteps } from "../../test/support/traffic/marginSteps.ts";
import { randomBlobSteps } from "../../test/support/traffic/blobSteps.ts";
import { EVIDENCE_EDGES, evidenceSample } from "../../test/support/traffic/evidenceEdges.ts";
import { liquidationEdges } from "../../test/support/traffic/liquidationEdges.ts";
import { markEdges, phaseEdges, spreadEdges } from "../../test/support/traffic/marginEdges.ts";
import { oracleMessageEdges, reportEdges } from "../../test/support/traffic/oracleEdges.ts";
import { blobEdges, contentEdges, framingEdges, witnessEdges } from "../../test/support/traffic/proofEdges.ts";
import {
  dustEdges,
  messageEdges,
  priceEdges,
  settleEdges,
  shortfallEdges,
} from "../../test/support/traffic/settlementEdges.ts";
import { randomSteps } from "../../test/support/traffic/randomSteps.ts";
import { forcedEdges, itemEdges } from "../../test/support/traffic/wireEdges.ts";
import type { ProverHarness } from "../../typechain/contracts/test/ProverHarness.js";

/** Steps, valid and spoiled, by which mutants of the prover are judged: the traffic of the parity tests, with its seeds. */

const SEED = 20_261_121;
/** Steps of random traffic without margin, and of an exchange with marks, of which a sample is taken. */
const [PLAIN_STEPS, MARGIN_STEPS] = [3_000, 6_000];
/** Field elements of blobs in the steps that are read from blobs. */
const BLOB_ELEMENTS = 20;
/** Steps of one kind, type and result in the sample. */
const OF_A_KIND = 5;
/** Spoiled witnesses, and spoiled inputs, of every fifth step. */
const [SPOILED, EVERY] = [3, 5];
/** Bytes of evidence in one call. */
const CALL_BYTES = 60_000;

/** Steps that are judged in one call. */
export interface CorpusCall {
  /** Calldata of the harness. */
  readonly data: string;
  readonly count: number;
  /** Hashes after the steps by the machine in TypeScript; undefined for evidence that must be refused. */
  readonly expected: readonly (string | undefined)[];
}

/** What a maker of edges gives, as far as it matters here. */
interface Steps {
  readonly log: InputLog;
  readonly steps: readonly ProvenStep[];
  readonly refused?: readonly { readonly evidence: StepEvidence }[];
}

/** Makes all calls for the harness of a chain. */
export function makeCorpus(harness: ProverHarness, chainId: bigint): readonly CorpusCall[] {
  const random = new Random(SEED);
  const calls: CorpusCall[] = [];
  for (const { log, steps } of [
    randomSteps(chainId, SEED, PLAIN_STEPS),
    marginSteps(chainId, random, MARGIN_STEPS),
    randomBlobSteps(chainId, SEED, BLOB_ELEMENTS),
  ]) {
    calls.push(...callsOf(harness, random, log, sampleOf(log, steps)));
  }
  // All of them, for they are what the sample would not have.
  const makers = [
    ...[shortfallEdges, priceEdges, dustEdges, messageEdges, oracleMessageEdges, reportEdges],
    ...[accountEdges, fillEdges, settleEdges, liquidationEdges],
    ...[spreadEdges, phaseEdges, markEdges, itemEdges, forcedEdges],
    ...[framingEdges, blobEdges, witnessEdges, contentEdges],
  ];
  const edges = makers.flatMap((make) => make(chainId) as Steps | readonly Steps[]);
  for (const { log, steps, refused = [] } of edges) {
    calls.push(...callsOf(harness, random, log, steps, refused));
  }
  const { log, steps, evidenceAt } = evidenceSample(chainId);
  const refused = EVIDENCE_EDGES.map(({ at, spoil }) => ({ evidence: spoil(evidenceAt(at)) }));
  calls.push(...callsOf(harness, random, log, steps, refused));
  return calls;
}

function callsOf(
  harness: ProverHarness,
  random: Random,
  log: InputLog,
  steps: readonly ProvenStep[],
  refused: Steps["refused"] = [],
): CorpusCall[] {
  const context = log.context(log.batchCount);
  const calls: CorpusCall[] = [];
  let evidences: StepEvidence[] = [];
  let expected: (string | undefined)[] = [];
  let bytes = 0;
  const close = (): void => {
    if (evidences.length === 0) return;
    const list = evidences.map((evidence) => stepArguments(context, evidence));
    const data = harness.interface.encodeFunctionData("stepMany", [contextArgument(context), list]);
    calls.push({ data, count: list.length, expected });
    [evidences, expected, bytes] = [[], [], 0];
  };
  const add = (evidence: StepEvidence, hash: string | undefined): void => {
    evidences.push(evidence);
    expected.push(hash);
    bytes += 1_500 + evidence.input.chunks.length + evidence.witness.reduce((sum, item) => sum + item.length, 0);
    if (bytes > CALL_BYTES) close();
  };
  for (const [i, step] of steps.entries()) {
    const evidence = evidenceOf(step, log, context);
    add(evidence, toHex(machineStateHash(step.post)));
    if (i % EVERY !== 0) continue;
    const whole = concat(...evidence.witness);
    for (const { offset, remove, insert } of some(random, witnessPatches(random, evidence.witness))) {
      const witness = [concat(whole.subarray(0, offset), insert, whole.subarray(offset + remove))];
      add({ ...evidence, witness }, undefined);
    }
    for (const mutation of some(random, inputMutations(random, evidence))) add(mutation.evidence, undefined);
  }
  for (const { evidence } of refused) add(evidence, undefined);
  close();
  return calls;
}

/** The first steps of each kind of step and input with each result. */
function sampleOf(log: InputLog, steps: readonly ProvenStep[]): readonly ProvenStep[] {
  const counts = new Map<string, number>();
  return steps.filter((step) => {
    const { kind, code, pre } = step;
    const message = kind === "message" ? log.message(pre.message) : undefined;
    const payload = message?.payload ?? (kind === "item" ? log.batch(pre.batch).payload.subarray(pre.offset + 1) : []);
    const key = `${kind} ${message?.kind ?? 0} ${payload[0] ?? 0} ${code}`;
    const count = counts.get(key) ?? 0;
    counts.set(key, count + 1);
    return count < OF_A_KIND;
  });
}

function some<T>(random: Random, items: readonly T[]): readonly T[] {
  const rest = [...items];
  const count = Math.min(SPOILED, rest.length);
  return Array.from({ length: count }, () => rest.splice(random.uint(rest.length), 1)[0]!);
}
