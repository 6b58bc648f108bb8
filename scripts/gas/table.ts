/** The operations whose gas is measured, what each is to cost at most, and what the peers pay. */

/** What one operation is held against. */
interface Goal {
  /** Gas that the design asks for; null where it asks for nothing. */
  readonly target: number | null;
  /** Gas of the peers, measured on the same simulator. */
  readonly peer: string | null;
}

/** One measured operation. */
export interface Measurement {
  readonly operation: Operation;
  readonly gas: number;
  /** Bytes of calldata. */
  readonly bytes: number;
  /** What any transaction with that calldata costs, whatever it executes (EIP-7623). */
  readonly floor: number;
}

/** One row of the machine-readable table. */
export interface Row extends Goal {
  readonly operation: Operation;
  readonly gas: number;
}

/** Most gas and calldata of any proof (invariant 11). */
export const PROOF_GAS = 10_000_000;
export const PROOF_BYTES = 100_000;

const PROOF: Goal = { target: PROOF_GAS, peer: "Arbitrum 1.33 to 4.18 M, OP 314 to 400 k and preimages" };
const fill = (target: number): Goal => ({ ...PROOF, target });

const DEPOSIT_PEER = "Arbitrum 91,067 (ETH), OP 61 to 128 k";
const BATCH_PEER = "Arbitrum 154,182, OP 61,000";
const ASSERTION_PEER = "Arbitrum 165,946, OP 420,903 to 516,504";

/** All operations, in the order of the table. */
export const GOALS = {
  deposit: { target: 85_000, peer: DEPOSIT_PEER },
  "open an account": { target: 110_000, peer: DEPOSIT_PEER },
  "forced message": { target: 50_000, peer: "Arbitrum 87,294, OP 64 to 130 k" },
  "batch, 1 kB calldata": { target: 90_000, peer: BATCH_PEER },
  "batch, empty": { target: 60_000, peer: null },
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
  "one-step proof, list market": PROOF,
  "one-step proof, list market, largest": PROOF,
  "one-step proof, anchor": PROOF,
  "one-step proof, anchor, largest": PROOF,
  "one-step proof, fix price": PROOF,
  "one-step proof, fix price, largest": PROOF,
  "one-step proof, malformed 4 kB item": PROOF,
  "one-step proof, malformed 4 kB item, largest": PROOF,
  "one-step proof, framing error": PROOF,
  "one-step proof, framing error, largest": PROOF,
  "one-step proof, next batch": PROOF,
  "one-step proof, item limit": PROOF,
  "one-step proof, identity": PROOF,
} as const satisfies Record<string, Goal>;

/** The name of an operation. */
export type Operation = keyof typeof GOALS;

/** The measurements beside their goals. */
export function toRows(measurements: readonly Measurement[]): Row[] {
  return measurements.map(({ operation, gas }) => ({ operation, gas, ...GOALS[operation] }));
}

/** Whether an operation costs more than it may, or its calldata is longer than a proof's may be. */
export function missesTarget({ operation, gas, bytes }: Measurement): boolean {
  return gas > (GOALS[operation].target ?? Infinity) || bytes > PROOF_BYTES;
}

/** The table as text. */
export function formatTable(measurements: readonly Measurement[]): string {
  const header = ["operation", "gas", "target", "ratio", "calldata", "peer"];
  const lines = measurements.map((measurement) => {
    const { operation, gas, bytes, floor } = measurement;
    const { target, peer } = GOALS[operation];
    const ratio = target === null ? "" : (gas / target).toFixed(2) + (missesTarget(measurement) ? " MISSED" : "");
    return [
      operation,
      count(gas) + (gas === floor ? " *" : "  "),
      target === null ? "" : count(target),
      ratio,
      `${count(bytes)} B`,
      peer ?? "",
    ];
  });
  const widths = header.map((title, i) => Math.max(title.length, ...lines.map((line) => line[i]!.length)));
  const row = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i > 0 && i < 5 ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
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
