/** What a client may take of the server. Production values are {@link DEFAULT_RPC_SETTINGS}. */
export interface RpcSettings {
  /** Longest body of a POST, and longest message on a WebSocket. */
  readonly maxBodyBytes: number;
  /** Deepest nesting of arrays and objects. */
  readonly maxDepth: number;
  /** Most requests in one batch. */
  readonly maxBatch: number;
  /** Requests of one connection a second, on average, and at once. Each request of a batch counts; what costs more counts as several. */
  readonly connectionRequestsPerSecond: number;
  readonly connectionBurst: number;
  /** The same of one address, over all its connections. */
  readonly addressRequestsPerSecond: number;
  readonly addressBurst: number;
  /** Transactions of one key of an account that pay no fee, a second, on average, and at once: a signed Cancel, say. */
  readonly unpaidPerSecond: number;
  readonly unpaidBurst: number;
  /** Refused requests one after another at which a WebSocket is closed. */
  readonly maxRefusedInARow: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** Channels of one connection. */
  readonly maxSubscriptions: number;
  /** Scopes in which an account may set itself limits. */
  readonly maxProtections: number;
  /** Orders of one connection at which those that are over are forgotten. */
  readonly maxPlaced: number;
  /** Bytes that may wait for a client that does not read; then it is dropped. */
  readonly maxBufferedBytes: number;
  /** A WebSocket that says nothing, not even a pong, for this long is closed. */
  readonly idleMilliseconds: number;
  /** Longest time for the headers and the body of a POST, and again for reading its answer. */
  readonly requestMilliseconds: number;
  /** Life of a challenge and of a login. */
  readonly challengeSeconds: number;
  readonly loginSeconds: number;
  /** Logins of one account; the oldest goes first. */
  readonly maxLoginsPerAccount: number;
  /** Longest time from now to the deadline of a login's signature. */
  readonly maxLoginDeadlineSeconds: number;
  /** Trades, and settlements, that are kept. */
  readonly maxHistory: number;
}

/** Production values. */
export const DEFAULT_RPC_SETTINGS: RpcSettings = {
  maxBodyBytes: 65_536,
  maxDepth: 8,
  maxBatch: 50,
  connectionRequestsPerSecond: 50,
  connectionBurst: 200,
  addressRequestsPerSecond: 200,
  addressBurst: 800,
  unpaidPerSecond: 0.5,
  // Each order of a full ring once.
  unpaidBurst: 1_100,
  maxRefusedInARow: 500,
  maxConnections: 2_000,
  maxConnectionsPerAddress: 32,
  maxSubscriptions: 500,
  maxProtections: 64,
  maxPlaced: 4_096,
  maxBufferedBytes: 1_048_576,
  idleMilliseconds: 60_000,
  requestMilliseconds: 10_000,
  challengeSeconds: 60,
  loginSeconds: 3_600,
  maxLoginsPerAccount: 32,
  maxLoginDeadlineSeconds: 300,
  maxHistory: 1_000_000,
};
