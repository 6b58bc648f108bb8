import { existsSync, writeFileSync } from "node:fs";
import { FIELD_ELEMENT } from "../src/crypto/kzg.ts";
import { BYTES_PER_ELEMENT } from "../src/machine/BlobPayload.ts";
import { runCommand } from "./cli/runCommand.ts";
import { EXIT } from "./cli/runScript.ts";
import { fillCosts, fillsPerBlob, PEERS } from "./bench/costs.ts";
import { benchCommand, type BenchOptions } from "./bench/options.ts";
import { measureHistory, type HistoryFigures } from "./bench/history.ts";
import { buildingBlocks, fillRates, stateMemory, type Rate } from "./bench/machine.ts";
import { measureTape, type TapeBytes } from "./bench/tape.ts";

interface Amount {
  /** Signatures that are made and checked by themselves. */
  readonly signatures: number;
  /** Fills of each run of the machine's benchmark. */
  readonly fills: number;
  /** Accounts whose state is weighed. */
  readonly accounts: number;
  /** Steps of the ranges whose history is measured. */
  readonly ranges: readonly number[];
}

/** How much is measured. The last range of all takes ten minutes and three gigabytes. */
const AMOUNTS = {
  small: { signatures: 100, fills: 200, accounts: 1_000, ranges: [100] },
  usual: { signatures: 10_000, fills: 6_000, accounts: 100_000, ranges: [1_000, 100_000] },
  full: { signatures: 10_000, fills: 6_000, accounts: 100_000, ranges: [1_000, 100_000, 1_000_000] },
} as const satisfies Record<string, Amount>;
/** Rates that the targets of the design assume, per second: compare with the ratios that are printed. */
const REFERENCE: Readonly<Record<string, number>> = {
  "keccak256 of 74 bytes": 1_800_000,
  "secp256k1 recovery": 20_000,
  "secp256k1 signing": 31_000,
};
/** Targets of the encoding, bytes. */
const BYTE_TARGETS = { newOrder: 78, fillRecord: 6, print: 130, fillOfThree: 100 };

await runCommand(benchCommand(), async (options: BenchOptions) => {
  const { json, full, small, onlyHistory, onlyTape } = options;
  const amount = small ? AMOUNTS.small : full ? AMOUNTS.full : AMOUNTS.usual;
  const figures = {
    ...(onlyHistory || onlyTape ? {} : measureMachine(amount)),
    ...(onlyHistory ? {} : { bytes: await measureBytes(options) }),
    ...(onlyTape ? {} : { histories: await measureHistories(amount) }),
  };
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(figures, undefined, 2)}\n`);
  return EXIT.done;
});

function measureMachine({ signatures, fills, accounts }: Amount): object {
  const blocks = buildingBlocks(signatures);
  console.log("building blocks, one core (ratio to the machine that the targets assume)");
  for (const { name, rate } of blocks) printRate(name, rate, REFERENCE[name]);

  const rates = fillRates(fills);
  console.log("\nmachine, one core (ratio to the target)");
  for (const { name, rate, target } of rates) printRate(name, rate, target);

  const memory = stateMemory(accounts);
  console.log(`\nmemory of ${memory.accounts} accounts with a position each: ${memory.megabytes.toFixed(0)} MB`);
  return { blocks, rates, memory };
}

async function measureBytes({ tape, limit }: BenchOptions): Promise<TapeBytes | undefined> {
  const bytes = existsSync(tape) ? await measureTape(tape, limit) : undefined;
  if (bytes === undefined) console.log(`\nno tape at ${tape}: name one with --tape to measure bytes per fill`);
  else printBytes(bytes);
  return bytes;
}

async function measureHistories({ ranges }: Amount): Promise<HistoryFigures[]> {
  console.log("\nhistory of a range of fills (k = 26, five levels a move), processor time, without signature checks");
  const histories: HistoryFigures[] = [];
  for (const steps of ranges) {
    const measured = await measureHistory(steps);
    histories.push(measured);
    printHistory(measured);
  }
  return histories;
}

function printHistory(measured: HistoryFigures): void {
  const { steps, batches, moveColdMilliseconds: cold, moveWarmMilliseconds: warm, evidenceMilliseconds } = measured;
  const line = (value: number, unit: string, name: string): void => {
    console.log(`${value.toPrecision(3).padStart(10)} ${unit.padEnd(2)}  ${name}`);
  };
  console.log(
    `\n${steps.toLocaleString("en-US")} steps in ${batches} batches, ${measured.slots.toLocaleString("en-US")} slots in the end`,
  );
  line(measured.replaySeconds, "s", "to replay them once");
  line(measured.rootSeconds, "s", "to the history root, with a hash after every step");
  line(cold.mean, "ms", `for a move on the way to a random leaf, nothing cached (worst ${cold.worst.toPrecision(3)})`);
  line(warm.mean, "ms", `for the same moves again (worst ${warm.worst.toPrecision(3)})`);
  line(
    evidenceMilliseconds.mean,
    "ms",
    `for a random step's evidence (worst ${evidenceMilliseconds.worst.toPrecision(3)})`,
  );
  line(measured.checkpointLoadSeconds, "s", "to start from a checkpoint at the end");
  line(measured.checkpointSaveSeconds, "s", `to store it (${measured.checkpointMegabytes.toFixed(1)} MB)`);
  line(measured.snapshotMegabytes, "MB", "of state and snapshots after the replay");
  line(measured.historyMegabytes, "MB", "more with the history, and the hashes of what the snapshots hold");
  line(measured.peakMegabytes, "MB", "of the system's memory at most so far");
}

function printRate(name: string, rate: number, target: Rate["target"]): void {
  const figure = Math.round(rate).toLocaleString("en-US").padStart(10);
  const ratio = target === undefined ? "" : `  ${(rate / target).toFixed(2)} of ${target.toLocaleString("en-US")}`;
  console.log(`${figure} /s  ${name}${ratio}`);
}

function printBytes(measured: TapeBytes): void {
  const { stats, prints } = measured;
  const line = (name: string, value: number, target?: number): void => {
    const aim = target === undefined ? "" : `  (target ${target}, ratio ${(value / target).toFixed(2)})`;
    console.log(`${value.toFixed(2).padStart(10)}  ${name}${aim}`);
  };
  console.log(
    `\nbytes on the tape: ${prints} prints, ${stats.fills} fills, ${stats.makerOrders} makers' and ${stats.takerOrders} takers' orders, ` +
      `${stats.batches} batches; refused: ${JSON.stringify(measured.rejectedBy)}`,
  );
  line("per new order with its signature", measured.perNewOrder, BYTE_TARGETS.newOrder);
  line("  of a maker", measured.perMakerOrder);
  line("  of a taker", measured.perTakerOrder);
  line("per fill record", measured.perFillRecord, BYTE_TARGETS.fillRecord);
  line("orders and fills, per print of the tape, as if none were refused", measured.perPrint, BYTE_TARGETS.print);
  line("orders and fills, per fill (prints of one taker at one price are one fill)", measured.fillBytes / stats.fills);
  line("the same if every maker's order were filled three times", measured.perFillOfThree, BYTE_TARGETS.fillOfThree);
  const allIn = stats.bytes / stats.fills;
  line("all in, per fill", allIn);
  line("all in, packed into the elements of blobs", (allIn * FIELD_ELEMENT) / BYTES_PER_ELEMENT);
  line("fills a batch at the tape's own pace", stats.fills / stats.batches);
  for (const [name, value] of Object.entries(stats.fields)) line(`per fill: ${name}`, value / stats.fills);
  printCosts("as on the tape, all in", allIn);
  printCosts("orders and fills alone, as on the tape", measured.fillBytes / stats.fills);
  printCosts("orders and fills alone, three fills a maker's order", measured.perFillOfThree);
}

function printCosts(name: string, bytes: number): void {
  const { deriveTradeGas, baseTransactionBytes, loopringTradeBytes } = PEERS;
  console.log(
    `\na fill on L1 in full batches, ${name}: ${bytes.toFixed(1)} bytes, ${fillsPerBlob(bytes)} fills a blob; ` +
      `${(bytes / (2 * baseTransactionBytes)).toFixed(2)} of two transactions on Base (2 x ${baseTransactionBytes} bytes), ` +
      `${(bytes / loopringTradeBytes).toFixed(1)} of a trade of Loopring (${loopringTradeBytes} bytes, no signatures)`,
  );
  for (const { level, blobGas, calldataGas, blobGwei, calldataGwei } of fillCosts(bytes)) {
    const figures = (gas: number, gwei: number): string =>
      `${Math.round(gas).toLocaleString("en-US")} gas, ${Math.round(gwei).toLocaleString("en-US")} gwei, ` +
      `${(gas / deriveTradeGas).toFixed(5)} of a trade on Derive`;
    console.log(`  ${level}`);
    console.log(`    blob      ${figures(blobGas, blobGwei)}`);
    console.log(`    calldata  ${figures(calldataGas, calldataGwei)}`);
  }
}
