import { seconds } from "../../src/status/attention.ts";
import type { Deadline, Status, Urgency } from "../../src/status/Status.ts";

const MARKS: Readonly<Record<Urgency, string>> = { urgent: "!!", warning: "! ", notice: "  " };
const ETHER = 1e18;
const USDC = 1e6;
const SHORT = 10;

/** The status as text, what needs attention first. */
export function statusText(status: Status): string {
  const { chainId, block, attention, posted, asserted, games, priced, confirmed, funded } = status;
  const lines = [`chain ${chainId}, block ${block}, ${new Date(Number(status.now) * 1000).toISOString()}`, ""];
  lines.push(attention.length === 0 ? "nothing needs attention" : "needs attention:");
  for (const { urgency, code, message, deadline, subject } of attention) {
    const about = subject === undefined ? "" : ` [${short(subject)}]`;
    const when = deadline === undefined ? "" : `, ${countdown(deadline)}`;
    lines.push(`  ${MARKS[urgency]} ${urgency.padEnd(7)} ${code}: ${shortenAll(message)}${about}${when}`);
  }

  const { lastBatch } = posted;
  const last = lastBatch && `the last one ${seconds(lastBatch.age)} ago${lastBatch.isForced ? ", forced in" : ""}`;
  lines.push("", `posted: ${posted.batches} batches${last === undefined ? "" : `, ${last}`}`);
  lines.push(`  ${posted.messages} messages, ${posted.unread} of them unread; sequencer ${posted.sequencer}`);
  for (const { index, sender, includable } of posted.forced) {
    lines.push(`  forced message ${index} of ${short(sender)}: can be forced in ${countdown(includable)}`);
  }

  lines.push("", `asserted: ${asserted.length} that are not confirmed`);
  for (const { id, staker, age, target, rivals, confirmable } of asserted) {
    const what = confirmable === undefined ? `${rivals} rivals` : `confirmable ${countdown(confirmable)}`;
    lines.push(`  ${short(id)} by ${short(staker)}, up to batch ${target}, made ${seconds(age)} ago: ${what}`);
  }

  lines.push("", `challenged: ${games.length} games`);
  for (const { game, sides, nodes, idle } of games) {
    lines.push(`  game ${short(game)}: ${nodes} nodes, the last change ${seconds(idle)} ago`);
    for (const { assertion, staker, movers, time, confirmable, state } of sides) {
      const who = movers.length === 0 ? "nobody has moved for it" : `moved by ${movers.map(short).join(", ")}`;
      const when = `confirmable ${countdown(confirmable)} at the earliest`;
      lines.push(
        `    ${short(assertion)} of ${short(staker)}: ${seconds(time)} on its clock, ${state}, ${who}, ${when}`,
      );
    }
  }

  lines.push("", `priced: ${priced.length} markets`);
  for (const { market, anchorAge } of priced) {
    lines.push(`  market ${market}: ${anchorAge === undefined ? "no anchor" : `anchor ${seconds(anchorAge)} old`}`);
  }

  const age = confirmed.age === undefined ? "" : `, ${seconds(confirmed.age)} ago`;
  lines.push("", `confirmed: ${confirmed.batches} batches${age}; ${confirmed.behind} are not`, "", "funded:");
  for (const { name, address, balance, hasStake } of funded.accounts) {
    const stake = hasStake ? ", with a stake" : "";
    lines.push(`  ${name} ${address}: ${(Number(balance) / ETHER).toFixed(4)} ETH${stake}`);
  }
  const { held, accounted } = funded.bridge;
  lines.push(`  bridge: ${usdc(held)} held, ${usdc(accounted)} owed`);
  for (const { game, mover, moves, amount } of funded.refunds) {
    const most = `${(Number(amount) / ETHER).toFixed(4)} ETH at most`;
    lines.push(`  refunds of ${short(mover)} in game ${short(game)}: ${moves} moves, ${most}`);
  }
  return `${lines.join("\n")}\n`;
}

/** The status as JSON: large integers as text. */
export function statusJson(status: Status): string {
  return `${JSON.stringify(plain(status), undefined, 2)}\n`;
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]));
}

function countdown({ left }: Deadline): string {
  if (left === 0n) return "now";
  return left > 0n ? `in ${seconds(left)}` : `since ${seconds(left)}`;
}

function short(hex: string): string {
  return hex.length > SHORT ? `${hex.slice(0, SHORT)}…` : hex;
}

/** Addresses in a sentence. */
function shortenAll(text: string): string {
  return text.replace(/0x[0-9a-fA-F]{40,}/g, short);
}

function usdc(amount: bigint): string {
  return `${(Number(amount) / USDC).toLocaleString("en-US")} USDC`;
}
