/** The operations whose gas is measured, what each is to cost at most, and what the peers pay. */

/** What one operation is held against. */
interface Goal {
  /** Gas that the design asks for; null where it asks for nothing. */
  readonly target: number | null;
  /** Gas of the peers, measured on the same simulator. */
  readonly peer: string | null;
  /** The target is for what is paid above the floor price of the calldata. */
  readonly aboveFloor?: true;
  /** Most transactions. */
  readonly transactions?: number;
}

/** One measured operation. */
export interface Measurement {
  readonly operation: Operation;
  readonly gas: number;
  /** Bytes of calldata. */
  readonly bytes: number;
  /** What any transaction with that calldata costs, whatever it executes (EIP-7623). */
  readonly floor: number;
  /** Number of transactions, if it takes several. */
  readonly transactions?: number;
}

/** One row of the machine-readable table. */
export interface Row {
  readonly operation: Operation;
  readonly gas: number;
  readonly target: number | null;
  readonly peer: string | null;
  readonly transactions?: number;
}

/** Levels that a move of the dispute game can go down at once (m). */
export const SECTION_BITS = [1, 2, 3, 4, 5, 6, 7, 8] as const;
export type SectionBits = (typeof SECTION_BITS)[number];

/** Most gas and calldata of any proof (invariant 13). */
export const PROOF_GAS = 10_000_000;
export const PROOF_BYTES = 100_000;

const PROOF: Goal = { target: PROOF_GAS, peer: "Arbitrum 1.33 to 4.18 M, OP 314 to 400 k and preimages" };
const fill = (target: number): Goal => ({ ...PROOF, target });

/** The same goal for every m: none, since only one of them is deployed. */
function sized<Name extends string>(name: Name): Record<`${Name}, m = ${SectionBits}`, Goal> {
  const entries = SECTION_BITS.map((m) => [`${name}, m = ${m}`, { target: null, peer: null }] as const);
  return Object.fromEntries(entries) as Record<`${Name}, m = ${SectionBits}`, Goal>;
}

const DEPOSIT_PEER = "Arbitrum 91,067 (ETH), OP 61 to 128 k";
const BATCH_PEER = "Arbitrum 154,182, OP 61,000";
const BLOB_PEER = "Arbitrum 142,902 to 163,191, OP 21,000 (no contract)";
const ASSERTION_PEER = "Arbitrum 165,946, OP 420,903 to 516,504";

/** All operations, in the order of the table. */
export const GOALS = {
  deposit: { target: 85_000, peer: DEPOSIT_PEER },
  "open an account": { target: 110_000, peer: DEPOSIT_PEER },
  "forced message": { target: 50_000, peer: "Arbitrum 87,294, OP 64 to 130 k" },
  "batch, 1 kB calldata": { target: 90_000, peer: BATCH_PEER },
  "batch, empty": { target: 60_000, peer: null },
  "batch, 1 blob": { target: 60_000, peer: BLOB_PEER },
  "batch, 3 blobs": { target: 60_000, peer: null },
  "batch, 6 blobs": { target: 60_000, peer: null },
  "force inclusion": { target: 70_000, peer: "Arbitrum 117,835" },
  assertion: { target: 130_000, peer: ASSERTION_PEER },
  "assertion, new stake": { target: 150_000, peer: ASSERTION_PEER },
  confirm: { target: 70_000, peer: "Arbitrum 101,839, OP life cycle 722,586 to 986,987" },
  "withdrawal, finalize": { target: 90_000, peer: "Arbitrum 97,638 warm, 139,748 cold; OP 455 to 608 k" },
  "fix price": { target: null, peer: null },
  "one-step proof, fill": fill(600_000),
  "one-step proof, fill, 16 positions": fill(750_000),
  "one-step proof, fill, 32 positions": fill(900_000),
  "one-step proof, fill, largest": fill(1_500_000),
  "one-step proof, fill, deepest paths": PROOF,
  "one-step proof, forced fill": fill(600_000),
  "one-step proof, forced fill, largest": fill(1_500_000),
  "one-step proof, deposit": PROOF,
  "one-step proof, deposit, largest": PROOF,
  "one-step proof, withdraw": PROOF,
  "one-step proof, withdraw, largest": PROOF,
  "one-step proof, transfer": PROOF,
  "one-step proof, transfer, largest": PROOF,
  "one-step proof, set key": PROOF,
  "one-step proof, set key, largest": PROOF,
  "one-step proof, revoke key": PROOF,
  "one-step proof, revoke key, largest": PROOF,
  "one-step proof, cancel": PROOF,
  "one-step proof, cancel, largest": PROOF,
  "one-step proof, cancel all": PROOF,
  "one-step proof, cancel all, largest": PROOF,
  "one-step proof, collect fees": PROOF,
  "one-step proof, collect fees, largest": PROOF,
  "one-step proof, settle debtor": PROOF,
  "one-step proof, settle debtor, largest": PROOF,
  "one-step proof, settle creditor": PROOF,
  "one-step proof, settle creditor, largest": PROOF,
  "one-step proof, settle claim": PROOF,
  "one-step proof, settle claim, largest": PROOF,
  "one-step proof, settle last short": PROOF,
  "one-step proof, settle last short, largest": PROOF,
  "one-step proof, settle last short, deepest paths": PROOF,
  "one-step proof, fill, margin": fill(600_000),
  "one-step proof, fill, margin, 16 positions": fill(750_000),
  "one-step proof, fill, margin, 32 positions": fill(900_000),
  "one-step proof, fill, margin, largest": fill(1_500_000),
  "one-step proof, fill, margin, wide spreads, largest": PROOF,
  "one-step proof, fill, margin, shorts alone, largest": PROOF,
  "one-step proof, forced fill, margin, largest": fill(1_500_000),
  "one-step proof, withdraw, margin": PROOF,
  "one-step proof, withdraw, margin, largest": PROOF,
  "one-step proof, set mode": PROOF,
  "one-step proof, set mode, largest": PROOF,
  "one-step proof, settle, margin": PROOF,
  "one-step proof, settle, margin, largest": PROOF,
  "one-step proof, start auction": PROOF,
  "one-step proof, start auction, largest": PROOF,
  "one-step proof, end auction": PROOF,
  "one-step proof, end auction, largest": PROOF,
  "one-step proof, bid": PROOF,
  "one-step proof, bid, largest": PROOF,
  "one-step proof, fund bid": PROOF,
  "one-step proof, fund bid, largest": PROOF,
  "one-step proof, collect fund": PROOF,
  "one-step proof, collect fund, largest": PROOF,
  "one-step proof, oracle report": PROOF,
  "one-step proof, oracle report, largest": PROOF,
  "one-step proof, set signers": PROOF,
  "one-step proof, set signers, largest": PROOF,
  "one-step proof, set market": PROOF,
  "one-step proof, list market": PROOF,
  "one-step proof, list market, largest": PROOF,
  "one-step proof, anchor": PROOF,
  "one-step proof, anchor, largest": PROOF,
  "one-step proof, fix price": PROOF,
  "one-step proof, fix price, largest": PROOF,
  "one-step proof, malformed 4 kB item": PROOF,
  "one-step proof, malformed 4 kB item, largest": PROOF,
  "one-step proof, fill, from a blob": PROOF,
  "one-step proof, fill, from two blobs": PROOF,
  "one-step proof, malformed 4 kB item, from two blobs, largest": PROOF,
  "one-step proof, framing error": PROOF,
  "one-step proof, framing error, largest": PROOF,
  "one-step proof, framing error, from two blobs": PROOF,
  "one-step proof, next batch": PROOF,
  "one-step proof, item limit": PROOF,
  "one-step proof, identity": PROOF,
  "game's share of a proof": { target: null, peer: null },
  "record inputs": { target: null, peer: null },
  "open of a root": { target: null, peer: "Arbitrum 611,439, OP 420,903 for the root of a challenge" },
  open: { target: 80_000, peer: "OP 231 to 260 k a move" },
  "descend, both new": { target: 160_000, peer: "Arbitrum 418 to 934 k a bisection" },
  "descend, merge": { target: 60_000, peer: "Arbitrum 290 to 756 k a bisection" },
  "clock update per node": { target: null, peer: null },
  "confirm with updates": { target: null, peer: null },
  "repeated move": { target: 10_000, aboveFloor: true, peer: "Arbitrum, OP 138 k to 1.3 M" },
  "refund claim": { target: null, peer: null },
  "whole dispute, honest side": {
    target: 2_500_000,
    transactions: 12,
    peer: "Arbitrum 45.3 to 58.7 M in 84, OP 18.5 to 19.4 M in 113, Cartesi 5.5 M in 55",
  },
  ...sized("open"),
  ...sized("descend, both new"),
  ...sized("descend, merge"),
  ...sized("whole dispute, honest side"),
} as const satisfies Record<string, Goal>;

/** The name of an operation. */
export type Operation = keyof typeof GOALS;

/** What an operation may cost; null: anything. */
function targetOf({ operation, floor }: Measurement): number | null {
  const { target, aboveFloor }: Goal = GOALS[operation];
  return target === null || aboveFloor === undefined ? target : floor + target;
}

/** The measurements beside their goals. */
export function toRows(measurements: readonly Measurement[]): Row[] {
  return measurements.map((measurement) => {
    const { operation, gas, transactions } = measurement;
    const row = { operation, gas, target: targetOf(measurement), peer: GOALS[operation].peer };
    return transactions === undefined ? row : { ...row, transactions };
  });
}

/** Whether an operation costs more than it may, takes more transactions, or its calldata is longer than a proof's may be. */
export function missesTarget(measurement: Measurement): boolean {
  const { operation, gas, bytes, transactions = 1 }: Measurement = measurement;
  const { transactions: most = Infinity }: Goal = GOALS[operation];
  const longest = measurement.transactions === undefined ? PROOF_BYTES : Infinity;
  return gas > (targetOf(measurement) ?? Infinity) || transactions > most || bytes > longest;
}

/** What takes a minute to measure and says little: openings of a blob by the hundred, and disputes in sections that nobody deploys. */
export function isSlow(operation: Operation, deployedBits: number): boolean {
  if (operation === "one-step proof, malformed 4 kB item, from two blobs, largest") return true;
  const bits = / m = ([0-9])$/.exec(operation)?.[1];
  return bits !== undefined && Number(bits) !== deployedBits;
}

/** The table as text. */
export function formatTable(measurements: readonly Measurement[]): string {
  const header = ["operation", "gas", "target", "ratio", "calldata", "txs", "peer"];
  const lines = measurements.map((measurement) => {
    const { operation, gas, bytes, floor, transactions } = measurement;
    const { peer } = GOALS[operation];
    const target = targetOf(measurement);
    const ratio = target === null ? "" : (gas / target).toFixed(2) + (missesTarget(measurement) ? " MISSED" : "");
    return [
      operation,
      count(gas) + (gas === floor ? " *" : "  "),
      target === null ? "" : count(target),
      ratio,
      `${count(bytes)} B`,
      transactions === undefined ? "" : String(transactions),
      peer ?? "",
    ];
  });
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i > 0 && i < 6 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join(" | ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("-|-");
  return [
    row(header),
    rule,
    ...lines.map(row),
    "",
    "* the floor price of the calldata: execution costs nothing more",
  ].join("\n");
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
