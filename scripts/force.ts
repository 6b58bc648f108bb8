import type { Hex } from "../src/crypto/bytes.ts";
import { fromHex } from "../src/crypto/bytes.ts";
import { readDeployment } from "../src/l1/deployment.ts";
import { InboxClient } from "../src/l1/InboxClient.ts";
import { L1Client } from "../src/l1/L1Client.ts";
import { domainSeparator } from "../src/machine/TypedData.ts";
import { encodeTransaction } from "../src/machine/WireEncoding.ts";
import { ForcedMessages, isUnread } from "../src/roles/ForcedMessages.ts";
import { CliError, usage } from "./cli/CliError.ts";
import { signerFrom, urlFrom } from "./cli/configuration.ts";
import { EXIT, runScript } from "./cli/runScript.ts";
import { readFillFile, signerOf, toFill } from "./force/fillFile.ts";
import { Force } from "./force/Force.ts";
import { ForceReport } from "./force/ForceReport.ts";
import { parseForce, type ForceOptions, type ForceTask } from "./force/options.ts";
import { describe } from "./force/transactions.ts";

/** Forces a transaction in with an L1 endpoint and a wallet: docs/operations-data.md. */

const trace = process.argv.includes("--trace");
await runScript(async () => {
  const parsed = parseForce(process.argv.slice(2));
  return parsed === undefined ? EXIT.done : await main(parsed.task, parsed.options);
}, trace);

/** Where the inbox is. */
interface Place {
  readonly inbox: Hex;
  readonly startBlock: number;
  readonly chainId: bigint | undefined;
  /** Who lists markets, where that is known. */
  readonly settlement: Hex | undefined;
}

async function main(task: ForceTask, options: ForceOptions): Promise<number> {
  const place = placeOf(options);
  const { signerUrl, account: asked, key } = options;
  const rpcUrl = await urlFrom(options.rpcUrl, "TENOR_L1_URL");
  const signer = await signerFrom({
    key,
    ...(signerUrl === undefined ? {} : { signerUrl }),
    ...(asked === undefined ? {} : { account: asked }),
  });
  const account = await signer.address();
  const chainId = await chainIdOf(rpcUrl, place);
  const client = L1Client.connect(rpcUrl, chainId, signer);
  try {
    await requireInbox(client, place.inbox);
    const forced = new ForcedMessages(new InboxClient(client, place.inbox), account, place.startBlock);
    const report = new ForceReport(options.json, () => forced.now ?? 0n);
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, options.poll * 1000));
    const force = new Force({ forced, account, report, pause, hasPending: () => client.hasPending() });
    if (task.kind === "resume") return await resume(force, forced, report, account, options.watch);
    const { what, payload } = await prepare(task, forced, place, chainId);
    const { transactionHash } = await force.enqueue(what, payload, options.again);
    if (options.watch) await force.follow((message) => message.transactionHash === transactionHash, true);
    return EXIT.done;
  } finally {
    client.close();
  }
}

/** Sees through all that waits at the beginning. */
async function resume(
  force: Force,
  forced: ForcedMessages,
  report: ForceReport,
  account: Hex,
  watch: boolean,
): Promise<number> {
  const waiting = new Set((await forced.sync()).filter(isUnread).map(({ transactionHash }) => transactionHash));
  if (waiting.size === 0) {
    report.nothing(account);
    return EXIT.done;
  }
  const isRead = await force.follow(({ transactionHash }) => waiting.has(transactionHash), watch);
  return isRead ? EXIT.done : EXIT.waiting;
}

async function prepare(
  task: Exclude<ForceTask, { kind: "resume" }>,
  forced: ForcedMessages,
  { inbox, settlement }: Place,
  chainId: bigint,
): Promise<{ what: string; payload: Uint8Array }> {
  if (task.kind === "raw") return { what: describe(task.transaction), payload: task.bytes };
  if (task.kind === "transaction") {
    return { what: describe(task.transaction), payload: encodeTransaction(task.transaction, 0n) };
  }
  if (settlement === undefined) throw usage("a fill needs --deployment, which says who lists markets");
  const file = readFillFile(task.file);
  await forced.sync();
  const transaction = toFill(file, settlement, forced.messages, forced.now ?? 0n);
  const domain = domainSeparator(chainId, fromHex(inbox, 20));
  const signers = [file.maker, file.taker].map((order) => signerOf(domain, order) ?? "nobody");
  return {
    what: `${describe(transaction)}; signed by ${signers.join(" and ")}`,
    payload: encodeTransaction(transaction, 0n),
  };
}

function placeOf({ deployment: file, inbox, startBlock }: ForceOptions): Place {
  if ((file === undefined) === (inbox === undefined)) throw usage("name the inbox by either --deployment or --inbox");
  if (file === undefined) return { inbox: inbox!, startBlock, chainId: undefined, settlement: undefined };
  const { addresses, chainId, startBlock: first } = readDeployment(file);
  return { inbox: addresses.inbox, startBlock: first, chainId, settlement: addresses.settlement };
}

/** The chain that the endpoint serves, which must be the deployment's. */
async function chainIdOf(rpcUrl: string, { chainId: expected }: Place): Promise<bigint> {
  const client = L1Client.connect(rpcUrl, expected ?? 1n);
  try {
    const chainId = await client.chainId();
    if (expected === undefined || chainId === expected) return chainId;
    throw new CliError("WRONG_CHAIN", "the endpoint serves another chain", { fields: { chainId, expected } });
  } finally {
    client.close();
  }
}

async function requireInbox(client: L1Client, inbox: Hex): Promise<void> {
  const code = await client.read("read the inbox's code", () => client.provider.getCode(inbox));
  if (code === "0x")
    throw new CliError("WRONG_CHAIN", "there is no contract at the inbox's address", { fields: { inbox } });
}
