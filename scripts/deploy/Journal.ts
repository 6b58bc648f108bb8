import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Hex } from "../../src/crypto/bytes.ts";
import { loadArtifact, type ContractName } from "../../src/l1/Artifacts.ts";
import { privateFile } from "../../src/roles/privateFile.ts";
import { BUSY, sqliteCode } from "../../src/roles/sqliteCode.ts";
import { DeployError } from "./DeployError.ts";
import { Outbox, readLines } from "./Outbox.ts";

/** The file that is locked; it stays empty. */
const LOCK = "lock.sqlite";

/** What a deployment was begun with. Whoever goes on with it must have the same. */
export interface Plan {
  readonly chainId: string;
  /** Of the chain's first block: two local chains of one id are different chains. */
  readonly genesisHash: string;
  readonly deployer: string;
  /** Hash of the code of all contracts. */
  readonly codeHash: string;
  /** The file of parameters. */
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** A transaction that Ignition was about to send when its process ended. */
export interface Lost {
  readonly futureId: string;
  readonly nonce: number;
}

/** As much of a line of Ignition's journal as is looked at here. */
interface Message {
  readonly type?: string;
  readonly futureId?: string;
  readonly nonce?: number;
  readonly result?: { readonly type?: string; readonly address?: Hex };
  readonly hash?: Hex;
  readonly receipt?: { readonly blockNumber?: number };
}

/** The folder of a deployment: Ignition's journal, and beside it what the deployment was begun with and the signed transactions. */
export class Journal {
  readonly folder: string;
  readonly outbox: Outbox;
  readonly #lock: DatabaseSync;

  private constructor(folder: string, lock: DatabaseSync) {
    this.folder = folder;
    this.#lock = lock;
    this.outbox = new Outbox(path.join(folder, "transactions.jsonl"));
  }

  /**
   * Opens the folder, makes it if there is none, and keeps other processes out until {@link close}.
   *
   * @throws {@link DeployError} `IN_USE`.
   */
  static open(folder: string): Journal {
    mkdirSync(folder, { recursive: true });
    return new Journal(folder, lockOf(folder));
  }

  /** Lets others in. */
  close(): void {
    if (this.#lock.isOpen) this.#lock.close();
  }

  /** Forgets everything: only for a chain that is gone for good. */
  clear(): void {
    for (const name of readdirSync(this.folder)) {
      if (name !== LOCK) rmSync(path.join(this.folder, name), { recursive: true, force: true });
    }
  }

  /** What the deployment was begun with; undefined if it has not begun. */
  get plan(): Plan | undefined {
    const file = this.#planFile;
    return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Plan) : undefined;
  }

  /**
   * Begins with a plan, or goes on if it is the one that was begun with.
   *
   * @throws {@link DeployError} `NOT_RESUMABLE` with what differs.
   */
  begin(plan: Plan): void {
    this.requireSame(plan);
    if (this.plan !== undefined) return;
    // Whole or not there at all, wherever the process is killed.
    writeFileSync(`${this.#planFile}.new`, `${JSON.stringify(plan, undefined, 2)}\n`);
    renameSync(`${this.#planFile}.new`, this.#planFile);
  }

  /**
   * Refuses another plan than the one that was begun with, if any was.
   *
   * @throws {@link DeployError} `NOT_RESUMABLE` with what differs.
   */
  requireSame(plan: Plan): void {
    const begun = this.plan;
    if (begun === undefined) return;
    const [before, now] = [flat(begun), flat(plan)];
    for (const what of new Set([...before.keys(), ...now.keys()])) {
      if (before.get(what) === now.get(what)) continue;
      const message = "the folder is of a deployment that was begun otherwise; name another folder to begin anew";
      const fields = { what, begun: before.get(what), now: now.get(what), folder: this.folder };
      throw new DeployError("NOT_RESUMABLE", message, { fields });
    }
  }

  /** Puts right what a crash can leave of the files: a last line cut off, a JSON file half written. */
  mend(): void {
    const journal = path.join(this.folder, "journal.jsonl");
    if (!existsSync(journal)) return;
    const lines = readFileSync(journal, "utf8").split("\n");
    if (lines.at(-1) !== "" && !isJson(lines.at(-1)!)) writeFileSync(journal, lines.slice(0, -1).join("\n"));
    const artifacts = path.join(this.folder, "artifacts");
    for (const name of existsSync(artifacts) ? readdirSync(artifacts) : []) {
      const file = path.join(artifacts, name);
      // Named after the future, `Module#Contract`; a static call's or a call's has more behind.
      const contractName = /#(\w+)/.exec(name)?.[1];
      if (!isJson(readFileSync(file, "utf8")) && contractName !== undefined) {
        writeFileSync(file, JSON.stringify(loadArtifact(contractName as ContractName)));
      }
    }
    const addresses = path.join(this.folder, "deployed_addresses.json");
    if (existsSync(addresses) && !isJson(readFileSync(addresses, "utf8"))) {
      writeFileSync(addresses, JSON.stringify(Object.fromEntries(this.deployed)));
    }
  }

  /** The contracts that are deployed and confirmed, by the ids of their futures. */
  get deployed(): ReadonlyMap<string, Hex> {
    const found = new Map<string, Hex>();
    for (const { type, futureId, result } of this.#messages) {
      if (type === "WIPE_APPLY") found.delete(futureId!);
      if (type === "DEPLOYMENT_EXECUTION_STATE_COMPLETE" && result?.address !== undefined) {
        found.set(futureId!, result.address);
      }
    }
    return found;
  }

  /** Hashes of the transactions that were mined last, by the ids of their futures. */
  get mined(): ReadonlyMap<string, Hex> {
    const confirmed = this.#messages.filter(({ type }) => type === "TRANSACTION_CONFIRM");
    return new Map(confirmed.map(({ futureId = "", hash }) => [futureId, hash!]));
  }

  /** The transactions that are done, by the ids of their futures: contracts, and calls. */
  get done(): ReadonlySet<string> {
    const done = new Set(this.deployed.keys());
    for (const { type, futureId = "", result } of this.#messages) {
      if (type === "CALL_EXECUTION_STATE_COMPLETE" && result?.type === "SUCCESS") done.add(futureId);
    }
    return done;
  }

  /** Transactions of which Ignition does not know whether they were sent. */
  get lost(): readonly Lost[] {
    const prepared = new Map<string, Lost>();
    const sent = new Set<string>();
    for (const { type, futureId = "", nonce } of this.#messages) {
      if (type === "TRANSACTION_PREPARE_SEND" && !sent.has(futureId))
        prepared.set(futureId, { futureId, nonce: nonce! });
      if (type === "TRANSACTION_SEND") {
        // From now on Ignition has a hash to look for, whatever else it sends under this nonce.
        sent.add(futureId);
        prepared.delete(futureId);
      }
      if (type === "WIPE_APPLY" || type === "ONCHAIN_INTERACTION_REPLACED_BY_USER") {
        sent.delete(futureId);
        prepared.delete(futureId);
      }
    }
    return [...prepared.values()].sort((a, b) => a.nonce - b.nonce);
  }

  /** Futures that have failed for good in an earlier run, and would have Ignition refuse to go on. */
  get failed(): readonly string[] {
    const failed = new Set<string>();
    for (const { type, futureId = "", result } of this.#messages) {
      if (type === "WIPE_APPLY") failed.delete(futureId);
      const isComplete =
        type === "DEPLOYMENT_EXECUTION_STATE_COMPLETE" ||
        type === "CALL_EXECUTION_STATE_COMPLETE" ||
        type === "STATIC_CALL_EXECUTION_STATE_COMPLETE";
      if (isComplete && result?.type !== "SUCCESS") failed.add(futureId);
      if (type === "ONCHAIN_INTERACTION_TIMEOUT") failed.add(futureId);
    }
    return [...failed];
  }

  /** Lines of Ignition's journal. */
  get length(): number {
    return this.#messages.length;
  }

  /** Block of the first confirmed transaction. */
  get firstBlock(): number | undefined {
    const blocks = this.#messages.flatMap(({ receipt }) => receipt?.blockNumber ?? []);
    return blocks.length === 0 ? undefined : Math.min(...blocks);
  }

  get #planFile(): string {
    return path.join(this.folder, "plan.json");
  }

  get #messages(): readonly Message[] {
    return readLines(path.join(this.folder, "journal.jsonl"));
  }
}

function flat({ parameters, ...plan }: Plan): ReadonlyMap<string, string> {
  const all = { ...plan, ...parameters };
  return new Map(Object.entries(all).map(([name, value]) => [name, JSON.stringify(value).toLowerCase()]));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Takes the folder's lock, or refuses.
 *
 * INVARIANT: one process at a time. The operating system holds the lock of an open file for as long as a process lives, so one that was killed
 * leaves nothing behind, and two that come together are told apart. A file with the holder's number could do neither.
 */
function lockOf(folder: string): DatabaseSync {
  const database = new DatabaseSync(privateFile(path.join(folder, LOCK)));
  try {
    database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return database;
  } catch (cause) {
    database.close();
    if (sqliteCode(cause) !== BUSY) throw cause;
    throw new DeployError("IN_USE", "another process deploys with this folder", { fields: { folder }, cause });
  }
}
