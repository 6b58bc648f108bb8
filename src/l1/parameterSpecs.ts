import type { Hex } from "../crypto/bytes.ts";

/** How the chain that the contracts are on works: Ethereum and its test networks, or a chain of the OP Stack. */
export type ChainType = "l1" | "op";

/** Every choice of a deployment. A file of `deploy/parameters/` has these and nothing else. Units are in the names. */
export interface TenorParameters {
  readonly chainId: bigint;
  readonly chainType: ChainType;
  readonly token: Hex | "test";
  readonly sequencer: Hex;
  readonly feeRecipient: Hex;
  readonly treasury: Hex;
  readonly timelockProposers: readonly Hex[];
  readonly timelockExecutors: readonly Hex[];
  readonly timelockAdmin: Hex;
  readonly timelockDelaySeconds: bigint;
  readonly forceDelaySeconds: bigint;
  readonly maxPastSeconds: bigint;
  readonly maxFutureSeconds: bigint;
  readonly rateBytesPerSecond: bigint;
  readonly burstBytes: bigint;
  readonly challengePeriodSeconds: bigint;
  readonly reactionSeconds: bigint;
  readonly censorshipSeconds: bigint;
  readonly minParentAgeSeconds: bigint;
  readonly historyHeight: bigint;
  readonly stakeWei: bigint;
  readonly sectionBits: bigint;
  readonly refundPriceCapWei: bigint;
}

/** What a parameter may be, and what it is for. */
export type ParameterSpec = { readonly meaning: string } & (
  | { readonly kind: "integer"; readonly unit: string; readonly minimum: bigint; readonly maximum: bigint }
  | { readonly kind: "address"; readonly mayBeZero: boolean }
  | { readonly kind: "addresses"; readonly mayBeZero: boolean }
  | { readonly kind: "token" }
  | { readonly kind: "chain type" }
);

function integer(minimum: bigint, maximum: bigint, unit: string, meaning: string): ParameterSpec {
  return { kind: "integer", minimum, maximum, unit, meaning };
}

function address(meaning: string, mayBeZero = false): ParameterSpec {
  return { kind: "address", mayBeZero, meaning };
}

function addresses(meaning: string, mayBeZero = false): ParameterSpec {
  return { kind: "addresses", mayBeZero, meaning };
}

const DAY = 86_400n;

/**
 * All parameters in the order of the files, with the bounds that the constructors check. Where no contract has a bound (the
 * timelock's delay, the times of defenders) it is one of reason.
 */
export const PARAMETER_SPECS: Readonly<Record<keyof TenorParameters, ParameterSpec>> = {
  chainId: integer(1n, 2n ** 53n - 1n, "", "chain on which the contracts are deployed; no other is deployed to"),
  chainType: { kind: "chain type", meaning: "`op` for a chain of the OP Stack, which carries no blobs; else `l1`" },
  token: { kind: "token", meaning: "collateral, of six decimals; `test` deploys a token that anybody can mint" },
  sequencer: address("posts batches"),
  feeRecipient: address("owns account 0 on L2, which collects the fees; part of the genesis state"),
  treasury: address("receives the stakes of losers"),
  timelockProposers: addresses("may schedule what the timelock does, and cancel it"),
  timelockExecutors: addresses("may execute it after the delay; zero: anybody", true),
  timelockAdmin: address("may change those roles without delay; zero: nobody but the timelock", true),
  timelockDelaySeconds: integer(1n, 365n * DAY, "seconds", "from scheduling to execution"),
  forceDelaySeconds: integer(60n, 7n * DAY, "seconds", "after which anybody may force a message in"),
  maxPastSeconds: integer(0n, DAY, "seconds", "by which a batch's L2 time may lie behind its block"),
  maxFutureSeconds: integer(0n, 3600n, "seconds", "by which it may lie ahead of its block"),
  rateBytesPerSecond: integer(1n, 1n << 24n, "bytes a second", "payload that the sequencer may post in the long run"),
  burstBytes: integer(8192n, 1n << 24n, "bytes", "payload that it may post at once"),
  challengePeriodSeconds: integer(60n, 60n * DAY, "seconds", "T: how long an assertion can be disputed"),
  reactionSeconds: integer(1n, DAY, "seconds", "δ: a defender's longest way from a move to its answer"),
  censorshipSeconds: integer(0n, 60n * DAY, "seconds", "C: for how long a defender may be kept out of L1, in all"),
  minParentAgeSeconds: integer(0n, DAY, "seconds", "age that an assertion must have before its child; at most T"),
  historyHeight: integer(1n, 26n, "levels", "k: a history has 2^k states"),
  stakeWei: integer(1n, 10_000n * 10n ** 18n, "wei", "what an asserter puts up, and a liar loses"),
  sectionBits: integer(1n, 8n, "levels", "m: a move of the dispute game goes down m levels"),
  refundPriceCapWei: integer(0n, 10n ** 13n, "wei", "highest price of gas at which moves are paid back"),
};

/** All parameters in the order of the files. */
export const PARAMETER_NAMES = Object.keys(PARAMETER_SPECS) as readonly (keyof TenorParameters)[];

/** What a parameter may be, in words. */
export function expectedValue(spec: ParameterSpec): string {
  switch (spec.kind) {
    case "integer": {
      const { minimum, maximum, unit } = spec;
      return `an integer from ${minimum} to ${maximum}${unit === "" ? "" : `, ${unit}`}`;
    }
    case "address":
      return spec.mayBeZero ? "an address, or the zero address" : "an address, not zero";
    case "addresses":
      return `a list of one address or more, each once${spec.mayBeZero ? "" : ", none zero"}`;
    case "token":
      return 'an address, not zero, or "test"';
    case "chain type":
      return '"l1" or "op"';
  }
}
