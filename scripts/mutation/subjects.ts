import { GAME_CONTRACTS, GameJudge } from "./game/GameJudge.ts";
import type { Subject } from "./Judge.ts";
import { PRICING_CONTRACTS, PricingJudge } from "./PricingJudge.ts";
import { PROVER_CONTRACTS, ProverJudge } from "./ProverJudge.ts";

/** What can be mutated, by the name that `--of` takes. */
export const SUBJECTS = {
  /** The machine on L1 with its prover, judged by steps. */
  prover: {
    contracts: PROVER_CONTRACTS,
    scope: /^project\/contracts\/(machine|prover)\//,
    start: (processes) => ProverJudge.start(processes),
  },
  /** What options are worth and how it changes, judged by values. */
  prices: {
    contracts: PRICING_CONTRACTS,
    scope: /^project\/contracts\/pricing\//,
    start: (processes) => PricingJudge.start(processes),
  },
  /** The dispute game and the chain of assertions, judged by games. */
  game: {
    contracts: GAME_CONTRACTS,
    scope: /^project\/contracts\/(game|rollup)\//,
    start: (processes) => GameJudge.start(processes),
  },
} as const satisfies Record<string, Subject>;
