import { readFileSync } from "node:fs";
import { isAddress, ZeroAddress } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { fromHex, toHex } from "../crypto/bytes.ts";
import { checkDisputeTimes } from "../game/Deadlines.ts";
import { genesisRoot } from "../machine/Genesis.ts";
import { rootHash } from "../machine/StateTree.ts";
import { L1Error } from "./L1Error.ts";
import {
  expectedValue,
  PARAMETER_NAMES,
  PARAMETER_SPECS,
  type ParameterSpec,
  type TenorParameters,
} from "./parameterSpecs.ts";

export type { TenorParameters } from "./parameterSpecs.ts";

/** Chains on which money is real: Ethereum, OP Mainnet, Base, Arbitrum One. */
const MAIN_NETWORKS: ReadonlySet<bigint> = new Set([1n, 10n, 8453n, 42161n]);
/** For how long users can leave, at least, before the timelock changes anything there. Seconds. */
const LEAST_NOTICE = 30n * 86_400n;

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
 * The parameters in what JSON gave. Nothing may be missing, unknown or out of bounds; numbers are JSON integers or, above 2^53,
 * decimal strings.
 *
 * @throws {@link L1Error} `FILE_MALFORMED` with the parameter's name, its value, and what was expected.
 */
export function parseParameters(raw: unknown): TenorParameters {
  if (typeof raw !== "object" || raw === null) throw malformed("file", raw, "an object with every parameter");
  const values = raw as Record<string, unknown>;
  for (const name of Object.keys(values)) {
    if (!(name in PARAMETER_SPECS)) throw malformed(name, values[name], "no parameter of this name");
  }
  const entries = PARAMETER_NAMES.map((name) => [name, parse(name, PARAMETER_SPECS[name], values[name])]);
  const parameters = Object.fromEntries(entries) as unknown as TenorParameters;
  requireTogether(parameters);
  return parameters;
}

/** The bounds that depend on other parameters. */
function requireTogether(parameters: TenorParameters): void {
  const { chainId, token, minParentAgeSeconds, challengePeriodSeconds, forceDelaySeconds, timelockDelaySeconds } =
    parameters;
  if (minParentAgeSeconds > challengePeriodSeconds) {
    throw malformed("minParentAgeSeconds", minParentAgeSeconds, `at most T, ${challengePeriodSeconds} seconds`);
  }
  if (!MAIN_NETWORKS.has(chainId)) return;
  if (token === "test") throw malformed("token", token, "an address: on a main network nobody mints the collateral");
  const least = LEAST_NOTICE + forceDelaySeconds + challengePeriodSeconds;
  if (timelockDelaySeconds < least) {
    const expected = `at least ${least} seconds on a main network: 30 days, the force delay and T`;
    throw malformed("timelockDelaySeconds", timelockDelaySeconds, expected);
  }
}

function parse(name: string, spec: ParameterSpec, value: unknown): unknown {
  const parsed = tryParse(spec, value);
  if (parsed === undefined) throw malformed(name, value, expectedValue(spec));
  return parsed;
}

function tryParse(spec: ParameterSpec, value: unknown): unknown {
  switch (spec.kind) {
    case "integer": {
      const number = integer(value);
      return number === undefined || number < spec.minimum || number > spec.maximum ? undefined : number;
    }
    case "address":
      return address(value, spec.mayBeZero);
    case "addresses": {
      if (!Array.isArray(value) || value.length === 0) return undefined;
      const list = value.map((element) => address(element, spec.mayBeZero));
      const different = new Set(list.map((element) => element?.toLowerCase()));
      return different.has(undefined) || different.size < list.length ? undefined : list;
    }
    case "token":
      return value === "test" ? value : address(value, false);
    case "chain type":
      return value === "l1" || value === "op" ? value : undefined;
  }
}

function address(value: unknown, mayBeZero: boolean): Hex | undefined {
  // A checksum, where there is one, must be right.
  if (typeof value !== "string" || !value.startsWith("0x") || !isAddress(value)) return undefined;
  return value === ZeroAddress && !mayBeZero ? undefined : (value as Hex);
}

function integer(value: unknown): bigint | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  if (typeof value === "string" && /^(0|[1-9][0-9]*)$/.test(value)) return BigInt(value);
  return undefined;
}

function malformed(name: string, value: unknown, expected: string): L1Error {
  const isUnset = value === null || value === undefined;
  const message = isUnset ? "a parameter is not set" : "a parameter is not what it must be";
  return new L1Error("FILE_MALFORMED", message, { fields: { parameter: name, value, expected } });
}
