/**
 * The contracts in the order of their deployment, with the arguments of their constructors: the one list that every way of
 * deploying uses. `V` is whatever stands for a value: a plain one, or a placeholder that is filled in later.
 */

/** Values that arguments are made of. */
export interface DeploymentValues<V> {
  readonly chainId: V;
  readonly sequencer: V;
  readonly treasury: V;
  readonly timelockProposers: V;
  readonly timelockExecutors: V;
  readonly timelockAdmin: V;
  readonly timelockDelaySeconds: V;
  readonly forceDelaySeconds: V;
  readonly maxPastSeconds: V;
  readonly maxFutureSeconds: V;
  readonly rateBytesPerSecond: V;
  readonly burstBytes: V;
  readonly challengePeriodSeconds: V;
  readonly minParentAgeSeconds: V;
  readonly historyHeight: V;
  readonly stakeWei: V;
  readonly sectionBits: V;
  readonly refundPriceCapWei: V;
  /** Follows from the fee recipient. */
  readonly genesisStateRoot: V;
}

/** Addresses that later constructors refer to. */
export interface DeployedContracts<V> {
  readonly token: V;
  readonly timelock: V;
  readonly inbox: V;
  readonly chain: V;
  readonly bridge: V;
  readonly settlement: V;
  readonly marginEngine: V;
  readonly accountExecutor: V;
  readonly fillExecutor: V;
  readonly settlementExecutor: V;
  readonly oracleExecutor: V;
  readonly liquidationExecutor: V;
  readonly prover: V;
  /**
   * The chain names its game before that is there, and the game its chain: the one circle among the contracts. The game refers to
   * the prover and that to all others, so it is the last one whatever the order of the rest, and it refuses to be deployed where
   * the chain does not expect it.
   */
  readonly game: V;
}

/** An argument: a value, or a struct of values. */
export type Argument<V> = V | Readonly<Record<string, V>>;

export function timelockArguments<V>(p: DeploymentValues<V>): Argument<V>[] {
  return [p.timelockDelaySeconds, p.timelockProposers, p.timelockExecutors, p.timelockAdmin];
}

export function inboxArguments<V>(p: DeploymentValues<V>, c: Pick<DeployedContracts<V>, "timelock">): Argument<V>[] {
  const parameters = {
    owner: c.timelock,
    forceDelay: p.forceDelaySeconds,
    maxPast: p.maxPastSeconds,
    maxFuture: p.maxFutureSeconds,
    rate: p.rateBytesPerSecond,
    burst: p.burstBytes,
  };
  return [parameters, p.sequencer];
}

export function chainArguments<V>(
  p: DeploymentValues<V>,
  c: Pick<DeployedContracts<V>, "inbox" | "game">,
): Argument<V>[] {
  const parameters = {
    inbox: c.inbox,
    game: c.game,
    treasury: p.treasury,
    genesisStateRoot: p.genesisStateRoot,
    challengePeriod: p.challengePeriodSeconds,
    minParentAge: p.minParentAgeSeconds,
    historyHeight: p.historyHeight,
    stake: p.stakeWei,
  };
  return [parameters];
}

export function bridgeArguments<V>(c: Pick<DeployedContracts<V>, "token" | "inbox" | "chain">): Argument<V>[] {
  return [c.token, c.inbox, c.chain];
}

export function settlementArguments<V>(c: Pick<DeployedContracts<V>, "inbox" | "timelock">): Argument<V>[] {
  return [c.inbox, c.timelock];
}

export function accountExecutorArguments<V>(
  p: DeploymentValues<V>,
  c: Pick<DeployedContracts<V>, "inbox" | "bridge" | "marginEngine">,
): Argument<V>[] {
  return [p.chainId, c.inbox, c.bridge, c.marginEngine];
}

export function fillExecutorArguments<V>(
  p: DeploymentValues<V>,
  c: Pick<DeployedContracts<V>, "inbox" | "marginEngine">,
): Argument<V>[] {
  return [p.chainId, c.inbox, c.marginEngine];
}

export function settlementExecutorArguments<V>(c: Pick<DeployedContracts<V>, "settlement">): Argument<V>[] {
  return [c.settlement];
}

export function oracleExecutorArguments<V>(
  p: DeploymentValues<V>,
  c: Pick<DeployedContracts<V>, "inbox" | "settlement">,
): Argument<V>[] {
  return [p.chainId, c.inbox, c.settlement];
}

export function liquidationExecutorArguments<V>(
  p: DeploymentValues<V>,
  c: Pick<DeployedContracts<V>, "inbox" | "marginEngine">,
): Argument<V>[] {
  return [p.chainId, c.inbox, c.marginEngine];
}

/** The judges of the families of transactions, in the order in which the prover takes them. */
export type Executor =
  "accountExecutor" | "fillExecutor" | "settlementExecutor" | "oracleExecutor" | "liquidationExecutor";

export function proverArguments<V>(c: Pick<DeployedContracts<V>, Executor>): Argument<V>[] {
  return [c.accountExecutor, c.fillExecutor, c.settlementExecutor, c.oracleExecutor, c.liquidationExecutor];
}

export function gameArguments<V>(
  p: DeploymentValues<V>,
  c: Pick<DeployedContracts<V>, "chain" | "inbox" | "prover">,
): Argument<V>[] {
  const parameters = {
    chain: c.chain,
    inbox: c.inbox,
    prover: c.prover,
    sectionBits: p.sectionBits,
    refundPriceCap: p.refundPriceCapWei,
  };
  return [parameters];
}
