import { readFileSync } from "node:fs";
import { isAddress } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { fromHex, toHex } from "../crypto/bytes.ts";
import { checkDisputeTimes } from "../game/Deadlines.ts";
import { genesisRoot } from "../machine/Genesis.ts";
import { rootHash } from "../machine/StateTree.ts";
import { L1Error } from "./L1Error.ts";

/** Every choice of a deployment. A file of `deploy/parameters/` has these and nothing else. Units are in the names. */
export interface TenorParameters {
  readonly chainId: bigint;
  /** ERC-20 of six decimals, or "test": a TestUsdc is deployed first, which anybody can mint. */
  readonly token: Hex | "test";
  /** Posts batches. */
  readonly sequencer: Hex;
  /** Owns account 0 on L2, which collects the fees. Part of the genesis state. */
  readonly feeRecipient: Hex;
  /** Receives the stakes of losers. */
  readonly treasury: Hex;
  /** Who may schedule what the timelock does. */
  readonly timelockProposers: readonly Hex[];
  /** Who may execute it after the delay; the zero address stands for anybody. */
  readonly timelockExecutors: readonly Hex[];
  /** May change those roles without delay; the zero address: nobody, only the timelock itself. */
  readonly timelockAdmin: Hex;
  readonly timelockDelaySeconds: bigint;
  readonly forceDelaySeconds: bigint;
  readonly maxPastSeconds: bigint;
  readonly maxFutureSeconds: bigint;
  readonly rateBytesPerSecond: bigint;
  readonly burstBytes: bigint;
  readonly challengePeriodSeconds: bigint;
  /** δ: the longest from a move on L1 to a defender's answer, executing the range included. No contract has it; the challenge period must fit it. */
  readonly reactionSeconds: bigint;
  /** C: for how long, in all, an adversary is expected to be able to keep a defender's transactions out of L1. */
  readonly censorshipSeconds: bigint;
  readonly minParentAgeSeconds: bigint;
  /** k: a history has 2^k states. */
  readonly historyHeight: bigint;
  readonly stakeWei: bigint;
  /** m: a move of the dispute game goes down m levels of a history. */
  readonly sectionBits: bigint;
  /** Highest price of gas at which the dispute game pays moves back. */
  readonly refundPriceCapWei: bigint;
}

const ADDRESSES = ["sequencer", "feeRecipient", "treasury", "timelockAdmin"] as const;
const ADDRESS_LISTS = ["timelockProposers", "timelockExecutors"] as const;
const NUMBERS = [
  "chainId",
  "timelockDelaySeconds",
  "forceDelaySeconds",
  "maxPastSeconds",
  "maxFutureSeconds",
  "rateBytesPerSecond",
  "burstBytes",
  "challengePeriodSeconds",
  "reactionSeconds",
  "censorshipSeconds",
  "minParentAgeSeconds",
  "historyHeight",
  "stakeWei",
  "sectionBits",
  "refundPriceCapWei",
] as const;
const NAMES: ReadonlySet<string> = new Set(["token", ...ADDRESSES, ...ADDRESS_LISTS, ...NUMBERS]);

/** The root of the state before the first input. */
export function genesisStateRoot(parameters: Pick<TenorParameters, "feeRecipient">): Hex {
  return toHex(rootHash(genesisRoot(fromHex(parameters.feeRecipient, 20))));
}

/**
 * Whether the challenge period leaves a defender the time that it is expected to need, with one more reaction in which to make
 * the right assertion.
 *
 * @throws DeadlineError `CHALLENGE_PERIOD_TOO_SHORT` with what would do.
 */
export function requireTimeToDefend(parameters: TenorParameters): void {
  const { challengePeriodSeconds, historyHeight, sectionBits, reactionSeconds, censorshipSeconds } = parameters;
  const times = {
    challengePeriod: challengePeriodSeconds,
    historyHeight: Number(historyHeight),
    sectionBits: Number(sectionBits),
    reaction: reactionSeconds,
  };
  checkDisputeTimes(times, censorshipSeconds, reactionSeconds);
}

/** Reads `deploy/parameters/<network>.json`. */
export function readParameters(file: string | URL): TenorParameters {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new L1Error("FILE_MALFORMED", "there is no such file of parameters, or it is not JSON", {
      fields: { file: String(file) },
      cause,
    });
  }
  return parseParameters(parsed);
}

/**
 * The parameters in what JSON gave. Nothing may be missing or unknown; numbers are JSON integers or, above 2^53, decimal
 * strings.
 *
 * @throws {@link L1Error} `FILE_MALFORMED` with the parameter's name.
 */
export function parseParameters(raw: unknown): TenorParameters {
  if (typeof raw !== "object" || raw === null) throw malformed("file", raw);
  const values = raw as Record<string, unknown>;
  for (const name of Object.keys(values)) if (!NAMES.has(name)) throw malformed(name, values[name]);
  const entries: [string, unknown][] = [["token", values.token === "test" ? "test" : address("token", values.token)]];
  for (const name of ADDRESSES) entries.push([name, address(name, values[name])]);
  for (const name of ADDRESS_LISTS) {
    const list = values[name];
    if (!Array.isArray(list) || list.length === 0) throw malformed(name, list);
    entries.push([name, list.map((element) => address(name, element))]);
  }
  for (const name of NUMBERS) entries.push([name, integer(name, values[name])]);
  return Object.fromEntries(entries) as unknown as TenorParameters;
}

function address(name: string, value: unknown): Hex {
  // A checksum, where there is one, must be right.
  if (typeof value === "string" && value.startsWith("0x") && isAddress(value)) return value as Hex;
  throw malformed(name, value);
}

function integer(name: string, value: unknown): bigint {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "string" && /^(0|[1-9][0-9]*)$/.test(value)) return BigInt(value);
  throw malformed(name, value);
}

function malformed(name: string, value: unknown): L1Error {
  const message =
    value === null || value === undefined ? "a parameter is not set" : "a parameter is malformed or unknown";
  return new L1Error("FILE_MALFORMED", message, { fields: { parameter: name, value } });
}
