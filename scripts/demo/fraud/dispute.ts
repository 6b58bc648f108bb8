import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hex } from "../../../src/crypto/bytes.ts";
import { TenorError } from "../../../src/errors.ts";
import { ChainClient } from "../../../src/l1/ChainClient.ts";
import { machineConfig, writeDeployment } from "../../../src/l1/deployment.ts";
import { L1Client } from "../../../src/l1/L1Client.ts";
import type { AssertionCreated } from "../../../src/l1/L1Source.ts";
import { makeProposer } from "../../../src/roles/nodes.ts";
import type { Proposer } from "../../../src/roles/Proposer.ts";
import { KEYS, type DemoL1 } from "../DemoL1.ts";
import { falseClaim, type Fraud } from "./claims.ts";
import type { DefenderRound } from "./defender.ts";
import { Operator } from "./Operator.ts";

/** What can go wrong with the dispute. */
export type DisputeErrorCode = "DEFENDER_FAILED" | "NOT_DECIDED" | "NOT_ASSERTED";

/** See {@link DisputeErrorCode}. */
export class DisputeError extends TenorError<DisputeErrorCode> {
  override readonly name = "DisputeError";
}

/** How a fraud ended. */
export interface DisputeReport {
  readonly fraud: Fraud;
  readonly what: string;
  /** Number of the first wrong state. */
  readonly firstWrong: number;
  readonly alarms: readonly string[];
  /** The defender's moves by kind. */
  readonly moves: Readonly<Record<string, number>>;
  /** The defender's transactions in the game, its confirmation among them. */
  readonly transactions: number;
  /** Gas of those. */
  readonly gas: number;
  /** The operator's openings, and their gas. */
  readonly openings: number;
  readonly operatorGas: number;
  /** Chain time from the wrong assertion to the confirmation of the right one, seconds. */
  readonly seconds: number;
  /** Wei: what the operator has lost, and where it went; what the defender got back. */
  readonly stakeLost: string;
  readonly refunded: string;
  readonly toTreasury: string;
  readonly defenderStakeBack: boolean;
}

/** Seconds of chain time that pass when nobody has a move, and before the operator answers. */
const PAUSE = 300n;
/** Wei that a gas costs when the dispute begins. */
const BASE_FEE = 5_000_000_000n;
/** Pauses before the demo gives up. */
const MOST_PAUSES = 400;

/**
 * The operator lies about the day, and a defender in a process of its own finds out and wins. Returns what happened, and the
 * right assertion, which is confirmed.
 */
export async function runDispute(
  demo: DemoL1,
  fraud: Fraud,
  onProgress: (done: number, what: string) => void,
): Promise<{ report: DisputeReport; confirmed: AssertionCreated }> {
  const { l1, deployment, parameters } = demo;
  const proposer = makeProposer(new L1Client(l1.provider, await l1.wallet(KEYS.proposer)), deployment);
  const parent = await assertFirst(demo, proposer);
  const start = demo.follower.snapshotAt(parent.end.batch)!;
  const claim = falseClaim(fraud, {
    config: machineConfig(deployment),
    inputs: demo.view,
    start,
    target: parent.childTarget,
    height: Number(parameters.historyHeight),
  });

  await l1.provider.send("hardhat_setNextBlockBaseFeePerGas", [`0x${BASE_FEE.toString(16)}`]);
  const client = new L1Client(l1.provider, await l1.wallet(KEYS.operator));
  const operator = new Operator(client, deployment, parent, claim);
  await l1.setTime(l1.time);
  demo.note("assertion", (await operator.assert()).gasUsed);
  await l1.refreshTime();
  const lied = l1.time;

  const defender = await startDefender(demo);
  const tally = new Tally();
  try {
    const most = Number(parameters.challengePeriodSeconds);
    for (let pauses = 0; !tally.settled;) {
      const head = await l1.provider.getBlockNumber();
      const round = await defender.next();
      tally.add(round);
      for (const { what, gas } of round.sent) {
        if (what === "assert") demo.note("assertion", BigInt(gas));
        if (what === "confirm") demo.note("confirm", BigInt(gas));
      }
      onProgress(Math.min(most, Number(l1.time - lied)), `${tally.transactions} transactions of the defender`);
      // What it says of an older block is not its answer to what happened since.
      if (round.sent.length > 0 || round.head < head || tally.settled) continue;
      if (pauses++ > MOST_PAUSES)
        throw new DisputeError("NOT_DECIDED", "the dispute does not end", { fields: { fraud } });
      await l1.pass(PAUSE);
      const opening = await operator.answer();
      if (opening !== undefined) tally.opened(opening.gasUsed);
      await l1.refreshTime();
    }
  } finally {
    await defender.stop();
  }
  await l1.refreshTime();
  const { confirmed, at } = await confirmedChild(demo, parent);
  return {
    report: {
      fraud,
      what: claim.what,
      firstWrong: claim.first,
      ...tally.figures(),
      seconds: Number(at - lied),
      ...(await settle(demo, parent, tally.refunded)),
    },
    confirmed,
  };
}

/** Has the proposer assert the first range, which is one batch, and lets it grow old enough for a child. */
async function assertFirst(demo: DemoL1, proposer: Proposer): Promise<AssertionCreated> {
  const { l1, parameters } = demo;
  await l1.mineAt(l1.time + parameters.minParentAgeSeconds);
  await l1.setTime(l1.time);
  const { asserted } = await proposer.tick();
  if (typeof asserted !== "object") {
    throw new DisputeError("NOT_ASSERTED", "the first range was not asserted", { fields: { asserted } });
  }
  demo.note("assertion", asserted.receipt.gasUsed);
  await l1.refreshTime();
  await l1.mineAt(l1.time + parameters.minParentAgeSeconds);
  await proposer.observe();
  return proposer.view.tip.created;
}

/** The assertion under `parent` that is confirmed, and since when. */
async function confirmedChild(
  { l1, deployment }: DemoL1,
  parent: AssertionCreated,
): Promise<{ confirmed: AssertionCreated; at: bigint }> {
  const chain = new ChainClient(new L1Client(l1.provider), deployment.addresses.chain);
  const events = await chain.chainEvents(deployment.startBlock, (await chain.head()).number);
  const end = events.findLast((event) => event.type === "confirmed");
  const created = events.find(
    (event) => event.type === "created" && Buffer.compare(event.id, end?.id ?? new Uint8Array()) === 0,
  );
  const isChild = created?.type === "created" && Buffer.compare(created.parent, parent.id) === 0;
  if (end === undefined || !isChild) {
    throw new DisputeError("NOT_DECIDED", "no assertion about the day is confirmed", { fields: { parent: parent.id } });
  }
  return { confirmed: created, at: (await chain.block(end.blockNumber))!.timestamp };
}

/** Who gets what: the defender its stake, and after one more challenge period the treasury what is left of the operator's. */
async function settle(
  { l1, deployment, parameters }: DemoL1,
  parent: AssertionCreated,
  refunded: bigint,
): Promise<Pick<DisputeReport, "stakeLost" | "refunded" | "toTreasury" | "defenderStakeBack">> {
  const wallet = await l1.wallet(KEYS.defender);
  const chain = new ChainClient(new L1Client(l1.provider, wallet), deployment.addresses.chain);
  await chain.withdrawStake(wallet.address as Hex);
  const defenderStakeBack = (await chain.contract.latestOf(wallet.address)) === `0x${"00".repeat(32)}`;
  await l1.refreshTime();
  await l1.mineAt(l1.time + parameters.challengePeriodSeconds);
  const before = await l1.provider.getBalance(parameters.treasury);
  await (await chain.contract.sweep(parent.id)).wait();
  const after = await l1.provider.getBalance(parameters.treasury);
  await l1.refreshTime();
  return {
    stakeLost: String(parameters.stakeWei),
    refunded: String(refunded),
    toTreasury: String(after - before),
    defenderStakeBack,
  };
}

/** What the defender's rounds add up to. */
class Tally {
  transactions = 0;
  refunded = 0n;
  settled = false;
  #gas = 0n;
  #openings = 0;
  #operatorGas = 0n;
  readonly #moves = new Map<string, number>();
  readonly #alarms: string[] = [];

  add({ alarms, sent, refunded, settled }: DefenderRound): void {
    this.#alarms.push(...alarms.map(({ type }) => String(type)));
    this.refunded += BigInt(refunded);
    this.settled ||= settled;
    for (const { what, moves, gas } of sent) {
      for (const move of moves) this.#moves.set(move, (this.#moves.get(move) ?? 0) + 1);
      if (what !== "play") continue;
      this.transactions++;
      this.#gas += BigInt(gas);
    }
  }

  opened(gas: bigint): void {
    this.#openings++;
    this.#operatorGas += gas;
  }

  figures(): Pick<DisputeReport, "alarms" | "moves" | "transactions" | "gas" | "openings" | "operatorGas"> {
    return {
      alarms: this.#alarms,
      moves: Object.fromEntries(this.#moves),
      transactions: this.transactions,
      gas: Number(this.#gas),
      openings: this.#openings,
      operatorGas: Number(this.#operatorGas),
    };
  }
}

/** The defender's process, one round after another. */
interface Defender {
  next(): Promise<DefenderRound>;
  stop(): Promise<void>;
}

async function startDefender({ l1, deployment }: DemoL1): Promise<Defender> {
  await l1.wallet(KEYS.defender);
  const folder = mkdtempSync(join(tmpdir(), "tenor-"));
  const file = join(folder, "deployment.json");
  writeDeployment(file, deployment);
  const script = new URL("defender.ts", import.meta.url).pathname;
  const child: ChildProcess = fork(script, [l1.url, file, KEYS.defender], {
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const rounds: DefenderRound[] = [];
  let wake: (() => void) | undefined;
  let exitCode: number | undefined;
  child.on("message", (round) => {
    rounds.push(round as DefenderRound);
    wake?.();
  });
  child.on("exit", (code) => {
    exitCode = code ?? 1;
    wake?.();
  });
  return {
    next: async () => {
      while (rounds.length === 0) {
        if (exitCode !== undefined) {
          throw new DisputeError("DEFENDER_FAILED", "the defender's process has ended", { fields: { exitCode } });
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return rounds.shift()!;
    },
    stop: async () => {
      if (exitCode === undefined) {
        const exit = once(child, "exit");
        child.send("end");
        await exit;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
