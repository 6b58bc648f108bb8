/** The contracts of a deployment but for the token, by the names that the deployment's file gives them. */
export const CONTRACT_NAMES = {
  inbox: "RollupInbox",
  chain: "StateCommitmentChain",
  game: "BisectionGame",
  bridge: "Bridge",
  settlement: "OptionsSettlement",
  timelock: "TimelockController",
  prover: "OneStepProver",
  marginEngine: "MarginEngine",
  accountExecutor: "AccountExecutor",
  fillExecutor: "FillExecutor",
  liquidationExecutor: "LiquidationExecutor",
  oracleExecutor: "OracleExecutor",
  settlementExecutor: "SettlementExecutor",
} as const;

/** One of {@link CONTRACT_NAMES}. */
export type AuditedContract = keyof typeof CONTRACT_NAMES;

/** All of them. */
export const CONTRACTS = Object.keys(CONTRACT_NAMES) as readonly AuditedContract[];
