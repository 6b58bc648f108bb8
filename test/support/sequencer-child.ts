import { writeSync } from "node:fs";
import type { Submission } from "../../src/sequencer/Submission.ts";
import { signWithdraw } from "../../src/sequencer/Signing.ts";
import { SqliteJournal } from "../../src/sequencer/SqliteJournal.ts";
import { DOMAIN, harness, keyOf, LOT, order, ownerOf, random, USDC } from "./sequencer.ts";

/**
 * A sequencer in a process of its own, to be killed: takes random orders for ever and prints a line for each submission after
 * it was acknowledged, as `account nonce kind`. Arguments: path of the journal, seed, first nonce.
 */
function runChild(path: string, seed: number, firstNonce: bigint): void {
  const journal = new SqliteJournal(path);
  const h = harness({ accounts: 4, journal, maxPayload: 4096 });
  const pick = random(seed);
  let nonce = firstNonce;
  for (;;) {
    const submissions = Array.from({ length: 1 + pick(6) }, (): Submission => {
      const account = 1 + pick(4);
      nonce++;
      if (pick(10) === 0) {
        const fields = { account, amount: USDC, payee: 0 };
        const auth = { nonce, deadline: h.clock.time + 500n };
        return {
          kind: "transaction",
          transaction: signWithdraw(DOMAIN, fields, ownerOf(account), auth, keyOf(account)),
        };
      }
      return {
        kind: "order",
        order: order(account, nonce, { isSell: pick(2) === 0, quantity: LOT * BigInt(1 + pick(5)) }),
      };
    });
    const outcomes = h.sequencer.submitMany(submissions);
    const lines = outcomes.flatMap((outcome, i) => {
      if (!outcome.accepted) return [];
      const submission = submissions[i]!;
      if (submission.kind === "order") {
        const { account, nonce: number } = submission.order.terms;
        return [`${account} ${String(number)} order`];
      }
      if (submission.kind !== "transaction") return [];
      const { transaction } = submission;
      return "account" in transaction && "auth" in transaction && "nonce" in transaction.auth!
        ? [`${transaction.account} ${String(transaction.auth.nonce)} withdraw`]
        : [];
    });
    // One write call for each commit: a kill may cut between calls only, and what isn't printed isn't acknowledged.
    if (lines.length > 0) writeSync(1, `${lines.join("\n")}\n`);
    if (pick(5) === 0) {
      h.clock.time += 1n;
      h.sequencer.tick();
    }
    if (pick(12) === 0) h.sequencer.seal();
  }
}

runChild(process.argv[2]!, Number(process.argv[3]), BigInt(process.argv[4]!));
