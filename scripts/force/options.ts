import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { Hex } from "../../src/crypto/bytes.ts";
import {
  TX_CANCEL,
  TX_CANCEL_ALL,
  TX_REVOKE_KEY,
  TX_SET_KEY,
  TX_SET_MODE,
  TX_SETTLE,
  TX_TRANSFER,
  TX_WITHDRAW,
  type Transaction,
} from "../../src/machine/Wire.ts";
import { usage } from "../cli/CliError.ts";
import * as parse from "./transactions.ts";

/** What is to be done. */
export type ForceTask =
  | { readonly kind: "transaction"; readonly transaction: Transaction }
  | { readonly kind: "raw"; readonly bytes: Uint8Array; readonly transaction: Transaction }
  | { readonly kind: "fill"; readonly file: string }
  /** Sees through what the account has enqueued earlier. */
  | { readonly kind: "resume" };

/** Where, as whom, and how. */
export interface ForceOptions {
  readonly deployment?: string;
  readonly inbox?: Hex;
  readonly startBlock: number;
  readonly rpcUrl?: string;
  readonly signerUrl?: string;
  readonly account?: Hex;
  readonly key: string;
  readonly watch: boolean;
  readonly again: boolean;
  /** Seconds between two looks at L1. */
  readonly poll: number;
  readonly json: boolean;
  readonly trace: boolean;
}

const EXAMPLES = `
Every transaction has the authority of the L1 account that sends it. Without --watch a transaction is enqueued, and "resume" forces it
in later; with --watch the script waits until it has been read. A process that was killed is followed by "resume --watch".

Exit codes: 0 done, 1 failed, 2 not understood, 3 still waiting (resume without --watch).

  npm run force -- --deployment deployment.json withdraw 12 250.5 --watch
  npm run force -- --inbox 0x… --start-block 21000000 raw 0x060ce807
  npm run force -- --deployment deployment.json resume --watch --json`;

/** The command line's grammar. @param decide Gets what is to be done, once a command line has been read. */
export function forceCommand(decide: (task: ForceTask) => void): Command {
  const program = new Command("npm run force --")
    .description("Puts a transaction into the inbox from L1 and forces it in if the sequencer does not read it.")
    .option("--deployment <file>", "deployment file, with the addresses and the chain id")
    .option("--inbox <address>", "address of the inbox, where there is no deployment file", parse.address)
    .option("--start-block <number>", "block of the inbox's deployment, with --inbox", wholeNumber, 0)
    .option("--rpc-url <url>", "L1 endpoint; default: the configuration variable TENOR_L1_URL")
    .option("--signer-url <url>", "process that keeps the key; default: the configuration variable TENOR_SIGNER_URL")
    .option("--account <address>", "which account of the signer", parse.address)
    .option("--key <name>", "configuration variable with the private key", "TENOR_KEY")
    .option("--watch", "wait until it is read, and force it in when it is due", false)
    .option("--again", "enqueue it though the same transaction is waiting", false)
    .option("--poll <seconds>", "time between two looks at L1", positive, 12)
    .option("--json", "one line of JSON for each thing that happens", false)
    .option("--trace", "show the stack of an error", false)
    .addHelpText("after", EXAMPLES)
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  const transaction = (made: Transaction): void => decide({ kind: "transaction", transaction: made });
  const auth = undefined;
  program
    .command("withdraw <account> <usdc>")
    .description("pay out to the account's owner, or to a payee that the account has")
    .option("--payee <index>", "key index of the payee", "0")
    .action((account: string, amount: string, { payee }: { payee: string }) => {
      const fields = { account: parse.account(account), amount: parse.usdc(amount), payee: parse.keyIndex(payee, 0) };
      transaction({ type: TX_WITHDRAW, ...fields, auth });
    });
  program
    .command("transfer <from> <to> <usdc>")
    .description("move cash to another account")
    .action((from: string, to: string, amount: string) => {
      const fields = { from: parse.account(from), to: parse.account(to), amount: parse.usdc(amount) };
      transaction({ type: TX_TRANSFER, ...fields, auth });
    });
  program
    .command("set-key <account> <index> <address> <scope>")
    .description("give a session key or payee its powers: trade, cancel, payee, with commas between")
    .requiredOption("--expiry <time>", "when they end: ISO 8601, or seconds since 1970", parse.time)
    .option("--budget <usdc>", "what its trades may lose", parse.usdc, 0n)
    .action(
      (account: string, index: string, address: string, scope: string, rest: { expiry: bigint; budget: bigint }) => {
        transaction({
          type: TX_SET_KEY,
          account: parse.account(account),
          index: parse.keyIndex(index),
          address: addressBytes(parse.address(address)),
          scope: parse.scope(scope),
          ...rest,
          auth,
        });
      },
    );
  program
    .command("revoke-key <account> <index>")
    .description("take a key its powers")
    .action((account: string, index: string) => {
      transaction({ type: TX_REVOKE_KEY, account: parse.account(account), index: parse.keyIndex(index), auth });
    });
  program
    .command("cancel <account> <nonce>")
    .description("cancel one order")
    .action((account: string, nonce: string) => {
      transaction({ type: TX_CANCEL, account: parse.account(account), nonce: parse.nonce(nonce), auth });
    });
  program
    .command("cancel-all <account> <floor>")
    .description("cancel all orders with nonces below the floor")
    .action((account: string, floor: string) => {
      transaction({ type: TX_CANCEL_ALL, account: parse.account(account), floor: parse.nonce(floor), auth });
    });
  program
    .command("settle <market> <day> <accounts...>")
    .description("settle an expiry for up to 32 accounts; the day is YYYY-MM-DD")
    .action((market: string, day: string, accounts: string[]) => {
      const fields = { market: parse.market(market), day: parse.day(day), accounts: parse.accounts(accounts) };
      transaction({ type: TX_SETTLE, ...fields });
    });
  program
    .command("set-mode <account> <mode>")
    .description("put an account on collateralised or standard margin")
    .action((account: string, mode: string) => {
      transaction({ type: TX_SET_MODE, account: parse.account(account), mode: parse.mode(mode), auth });
    });
  program
    .command("fill <file>")
    .description("fill two orders that both sides have signed as forcible; needs --deployment")
    .action((file: string) => decide({ kind: "fill", file }));
  program
    .command("raw <hex>")
    .description("any forced transaction as it is encoded, docs/specification.md, section 3")
    .action((hex: string) => decide({ kind: "raw", ...parse.raw(hex) }));
  program
    .command("resume")
    .description("see through what this account has enqueued and nobody has read")
    .action(() => decide({ kind: "resume" }));
  return program;
}

/**
 * Reads the command line; `undefined` if it asked for help, which it then has.
 *
 * @throws {@link CliError} `USAGE`.
 */
export function parseForce(argv: readonly string[]): { task: ForceTask; options: ForceOptions } | undefined {
  let task: ForceTask | undefined;
  const program = forceCommand((decided) => void (task = decided));
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    throw usage(error.code === "commander.help" ? "say what is to be done" : error.message.replace(/^error: /, ""));
  }
  return task === undefined ? undefined : { task, options: program.opts<ForceOptions>() };
}

function addressBytes(address: Hex): Uint8Array {
  return Uint8Array.from(Buffer.from(address.slice(2), "hex"));
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(number))
    throw new InvalidArgumentError("expected a whole number");
  return number;
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= 3600)) throw new InvalidArgumentError("expected a number of seconds, at most an hour");
  return number;
}
