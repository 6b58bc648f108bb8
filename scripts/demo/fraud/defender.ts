import { readDeployment } from "../../../src/l1/deployment.ts";
import { L1Client } from "../../../src/l1/L1Client.ts";
import type { Hex } from "../../../src/crypto/bytes.ts";
import { alarmToJson } from "../../../src/roles/Alarm.ts";
import type { ChallengerReport } from "../../../src/roles/ChallengerReport.ts";
import { makeChallenger } from "../../../src/roles/nodes.ts";
import { SYSTEM_TIMER } from "../../../src/roles/Timer.ts";

/** What the defender says after each of its rounds. */
export interface DefenderRound {
  /** Number of the block that it has read up to. */
  readonly head: number;
  /** Alarms as JSON. */
  readonly alarms: readonly Record<string, unknown>[];
  /** Transactions of the round. */
  readonly sent: readonly { readonly what: string; readonly moves: readonly string[]; readonly gas: string }[];
  /** Wei that were paid back. */
  readonly refunded: string;
  /** Refunds are claimed, or not worth it. */
  readonly settled: boolean;
}

/** Between rounds without anything to do. */
const INTERVAL_MILLISECONDS = 50;

/**
 * The defender of the demo, a process of its own: it gets an L1 endpoint, the addresses and a key, and does the rest by itself. What
 * it does it tells its parent, which may end it at any time.
 */
const [url, file, key] = process.argv.slice(2);
const deployment = readDeployment(file!);
const client = L1Client.connect(url!, deployment.chainId, key as Hex);
const challenger = makeChallenger(client, deployment, {
  mode: "defender",
  // Of a challenge period of two hours on the local chain.
  times: { reaction: 120n, censorship: 1800n, margin: 600n },
});
const ending = new AbortController();
process.on("disconnect", () => ending.abort());
process.on("message", () => ending.abort());

await challenger.check();
while (!ending.signal.aborted) {
  const round = describe(await challenger.tick());
  process.send?.(round);
  if (round.sent.length === 0) await SYSTEM_TIMER.sleep(INTERVAL_MILLISECONDS, ending.signal);
}
client.close();
process.disconnect();

function describe({ head, alarms, asserted, confirmed, disputes, refunds }: ChallengerReport): DefenderRound {
  const sent: { what: string; moves: readonly string[]; gas: string }[] = [];
  if (typeof asserted === "object") sent.push({ what: "assert", moves: [], gas: String(asserted.receipt.gasUsed) });
  for (const { outcome } of disputes) {
    if (typeof outcome !== "object" || outcome.type !== "played") continue;
    const gas = outcome.receipts.reduce((sum, { gasUsed }) => sum + gasUsed, 0n);
    sent.push({ what: "play", moves: outcome.moves, gas: String(gas) });
  }
  if (typeof confirmed === "object") sent.push({ what: "confirm", moves: [], gas: String(confirmed.receipt.gasUsed) });
  let refunded = 0n;
  for (const outcome of refunds) {
    if (outcome.type !== "claimed") continue;
    refunded += outcome.amount;
    sent.push({ what: "claim", moves: [], gas: String(outcome.receipt.gasUsed) });
  }
  const settled = refunds.some(({ type }) => type === "not worth it" || type === "claimed");
  return { head: head.number, alarms: alarms.map(alarmToJson), sent, refunded: String(refunded), settled };
}
