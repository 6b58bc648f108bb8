import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { toHex } from "../../src/crypto/bytes.ts";
import { BridgeClient } from "../../src/l1/BridgeClient.ts";
import { writeDeployment } from "../../src/l1/deployment.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { KIND_WITHDRAWAL, withdrawalKey } from "../../src/machine/Slots.ts";
import { get, witnessItem } from "../../src/machine/StateTree.ts";
import { makeProposer } from "../../src/roles/nodes.ts";
import { concat } from "../../src/crypto/bytes.ts";
import { TenorError } from "../../src/errors.ts";
import type { FollowerSummary } from "../node/follower.ts";
import { KEYS, type DemoL1 } from "./DemoL1.ts";

/** What can go wrong after the day. */
export type ClosingErrorCode = "NOT_CONFIRMED" | "SECOND_NODE";

/** See {@link ClosingErrorCode}. */
export class ClosingError extends TenorError<ClosingErrorCode> {
  override readonly name = "ClosingError";
}

/** Rounds of the proposer before the demo gives up: two assertions, two confirmations, and waiting in between. */
const PROPOSER_ROUNDS = 12;

/** Has the proposer assert everything, lets the challenge period pass and has it confirmed; seconds of chain time. */
export async function confirmAll(demo: DemoL1): Promise<bigint> {
  const { l1, deployment, parameters } = demo;
  const wallet = await l1.wallet(KEYS.proposer);
  const proposer = makeProposer(new L1Client(l1.provider, wallet), deployment);
  const start = l1.time;
  const target = demo.view.batchCount;
  for (let round = 0; round < PROPOSER_ROUNDS; round++) {
    await l1.setTime(l1.time);
    const report = await proposer.tick();
    if (typeof report.asserted === "object") demo.note("assertion", report.asserted.receipt.gasUsed);
    if (typeof report.confirmed === "object") demo.note("confirm", report.confirmed.receipt.gasUsed);
    const { created } = proposer.view.latestConfirmed;
    if (created.end.batch === target) {
      await payWithdrawals(demo, new L1Client(l1.provider, wallet), created);
      return l1.time - start;
    }
    // What is asserted next needs an older parent; what is confirmed next, the challenge period.
    const wait =
      report.asserted === "inbox not at target" ? parameters.challengePeriodSeconds : parameters.minParentAgeSeconds;
    await l1.mineAt(l1.time + wait);
  }
  throw new ClosingError("NOT_CONFIRMED", "the assertion was not confirmed", {
    fields: { target, confirmed: proposer.view.latestConfirmed.created.end.batch },
  });
}

/** Pays every withdrawal of the confirmed state. */
export async function payWithdrawals(
  demo: DemoL1,
  client: L1Client,
  confirmed: {
    parent: Uint8Array;
    historyRoot: Uint8Array;
    end: Parameters<BridgeClient["finalizeWithdrawal"]>[1]["end"];
  },
): Promise<void> {
  const bridge = new BridgeClient(client, demo.deployment.addresses.bridge);
  const { root } = demo.follower.snapshot;
  for (let number = 0n; get(root, withdrawalKey(number))?.kind === KIND_WITHDRAWAL; number++) {
    await demo.l1.setTime(demo.l1.time);
    const witness = concat(witnessItem(root, withdrawalKey(number)));
    const { parent, historyRoot, end } = confirmed;
    const receipt = await bridge.finalizeWithdrawal(number, { parent, historyRoot, end }, witness);
    demo.note("withdrawal, finalize", receipt.gasUsed);
  }
}

/** Starts a node in a process of its own that knows nothing but the endpoint and the addresses, and waits for its word. */
export async function runSecondNode(demo: DemoL1): Promise<FollowerSummary> {
  const folder = mkdtempSync(join(tmpdir(), "tenor-"));
  try {
    const file = join(folder, "deployment.json");
    writeDeployment(file, demo.deployment);
    const script = fileURLToPath(new URL("../node.ts", import.meta.url));
    const flags = ["--once", "--l1", demo.l1.url, "--deployment", file];
    const args = ["--disable-warning=ExperimentalWarning", script, "follower", ...flags];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as FollowerSummary;
  } catch (cause) {
    throw new ClosingError("SECOND_NODE", "the second node failed", { cause });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Hash of the operator's own state. */
export function operatorRoot(demo: DemoL1): string {
  return toHex(demo.follower.machineState.stateRoot);
}
