import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readFillFile, signerOf, toFill } from "../../../scripts/force/fillFile.ts";
import { parseForce, type ForceTask } from "../../../scripts/force/options.ts";
import { describe as inWords } from "../../../scripts/force/transactions.ts";
import { concat, fromHex, toHex } from "../../../src/crypto/bytes.ts";
import { addressOf } from "../../../src/crypto/secp256k1.ts";
import type { LoggedMessage } from "../../../src/derive/MessageLog.ts";
import { MESSAGE_LIST_MARKET } from "../../../src/machine/Inputs.ts";
import { domainSeparator, type OrderTerms } from "../../../src/machine/TypedData.ts";
import { decodeTransaction, type Transaction } from "../../../src/machine/Wire.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { signOrder } from "../../../src/sequencer/Signing.ts";
import { failure } from "../../support/failure.ts";

const ADDRESS = `0x${"ab".repeat(20)}` as const;

describe("the command line of npm run force", () => {
  const taskOf = (args: readonly string[]): ForceTask => parseForce(args)!.task;
  const transactionOf = (args: readonly string[]): Transaction => {
    const task = taskOf(args);
    return task.kind === "transaction" || task.kind === "raw" ? task.transaction : expect.fail(task.kind);
  };
  const auth = undefined;

  for (const [args, expected, words] of [
    [
      ["withdraw", "12", "250.5"],
      { type: 1, account: 12, amount: 250_500_000n, payee: 0, auth },
      "withdraw 250.5 USDC from account 12 to its owner",
    ],
    [
      ["withdraw", "0", "0.000001", "--payee", "4"],
      { type: 1, account: 0, amount: 1n, payee: 4, auth },
      "withdraw 0.000001 USDC from account 0 to its payee 4",
    ],
    [
      ["transfer", "1", "4294967295", "18446744073709.551615"],
      { type: 2, from: 1, to: 0xffffffff, amount: 2n ** 64n - 1n, auth },
      "transfer 18446744073709.551615 USDC from account 1 to account 4294967295",
    ],
    [
      ["set-key", "3", "2", ADDRESS, "trade,cancel", "--expiry", "2030-01-01T00:00:00Z", "--budget", "10"],
      {
        type: 3,
        account: 3,
        index: 2,
        address: fromHex(ADDRESS),
        scope: 3,
        expiry: 1_893_456_000n,
        budget: 10_000_000n,
        auth,
      },
      `let ${ADDRESS} (key 2 of account 3) trade, cancel until 2030-01-01T00:00:00.000Z, with a budget of 10 USDC`,
    ],
    [
      ["set-key", "3", "1", ADDRESS, "payee", "--expiry", "1099511627775"],
      { type: 3, account: 3, index: 1, address: fromHex(ADDRESS), scope: 4, expiry: 2n ** 40n - 1n, budget: 0n, auth },
      `let ${ADDRESS} (key 1 of account 3) payee until +036812-02-20T00:36:15.000Z, with a budget of 0 USDC`,
    ],
    [["revoke-key", "3", "2"], { type: 4, account: 3, index: 2, auth }, "revoke key 2 of account 3"],
    [
      ["cancel", "3", "9223372036854775807"],
      { type: 5, account: 3, nonce: 2n ** 63n - 1n, auth },
      "cancel the order of account 3 with nonce 9223372036854775807",
    ],
    [
      ["cancel-all", "3", "99"],
      { type: 6, account: 3, floor: 99n, auth },
      "cancel all orders of account 3 with nonces below 99",
    ],
    [
      ["settle", "1", "2030-03-29", "5", "6"],
      { type: 8, market: 1, day: 22_002, accounts: [5, 6] },
      "settle market 1, expiry 2030-03-29, for accounts 5, 6",
    ],
    [
      ["settle", "255", "22002", "5"],
      { type: 8, market: 255, day: 22_002, accounts: [5] },
      "settle market 255, expiry 2030-03-29, for account 5",
    ],
    [["set-mode", "3", "standard"], { type: 9, account: 3, mode: 1, auth }, "put account 3 on standard margin"],
    [
      ["set-mode", "3", "collateralised"],
      { type: 9, account: 3, mode: 0, auth },
      "put account 3 on collateralised margin",
    ],
    [["raw", "0x07"], { type: 7 }, "credit the collected fees to account 0"],
  ] as const satisfies readonly (readonly [readonly string[], Transaction, string])[]) {
    it(`understands ${args.join(" ").replace(ADDRESS, "ADDRESS")}`, () => {
      const transaction = transactionOf(args);
      expect(transaction).to.deep.equal(expected);
      expect(inWords(transaction)).to.equal(words);
      expect(decodeTransaction(encodeTransaction(transaction, 0n), 0n, true)).to.deep.equal(expected);
    });
  }

  it("takes its options before and behind the command", () => {
    const args = ["--inbox", ADDRESS, "--start-block", "7", "resume", "--watch", "--poll", "0.5", "--json"];
    const { task, options } = parseForce(args)!;
    expect(task).to.deep.equal({ kind: "resume" });
    expect(options).to.deep.include({
      inbox: ADDRESS,
      startBlock: 7,
      watch: true,
      poll: 0.5,
      json: true,
      key: "TENOR_KEY",
    });
    expect(taskOf(["fill", "orders.json"])).to.deep.equal({ kind: "fill", file: "orders.json" });
  });

  for (const [args, words] of [
    [[], "say what is to be done"],
    [["withdraw", "12"], "missing required argument"],
    [["withdraw", "12", "1", "2"], "too many arguments"],
    [["withdraw", "twelve", "1"], "the account is not"],
    [["withdraw", "4294967296", "1"], "too large"],
    [["withdraw", "12", "1.0000001"], "six decimals"],
    [["withdraw", "12", "18446744073709.551616"], "too large"],
    [["withdraw", "12", "1", "--payee", "5"], "too large"],
    [["set-key", "1", "0", ADDRESS, "trade", "--expiry", "1"], "numbered from 1 to 4"],
    [["set-key", "1", "1", "0x12", "trade", "--expiry", "1"], "not an address"],
    [["set-key", "1", "1", ADDRESS, "steal", "--expiry", "1"], "a scope is"],
    [["set-key", "1", "1", ADDRESS, "trade"], "required option"],
    [["set-key", "1", "1", ADDRESS, "trade", "--expiry", "2030-01-01"], "the time is not"],
    [["cancel", "1", "9223372036854775808"], "too large"],
    [["settle", "1", "2030-02-30", "1"], "YYYY-MM-DD"],
    [["settle", "1", "2030-01-01", ...Array.from({ length: 33 }, () => "1")], "too many accounts"],
    [["set-mode", "1", "portfolio"], "a mode is"],
    [["raw", "0x0"], "hexadecimal"],
    [["raw", "0xff"], "Malformed"],
    [["raw", "0x0700"], "Malformed"],
    [["raw", `0x${"07".repeat(4097)}`], "longer than a message"],
    [["resume", "--poll", "0"], "number of seconds"],
    [["resume", "--inbox", "0x00"], "not an address"],
    [["steal"], "unknown command"],
    [["resume", "--private-key", "0x00"], "unknown option"],
  ] as const) {
    it(`refuses ${args.slice(0, 6).join(" ").slice(0, 60)}: ${words}`, async () => {
      const error = await failure(() => parseForce(args));
      expect([error.code, error.message.includes(words)], error.message).to.deep.equal(["USAGE", true]);
    });
  }
});

describe("a file with two signed orders", () => {
  const NOW = 1_900_000_000n;
  const DOMAIN = domainSeparator(31337n, fromHex(ADDRESS));
  const SETTLEMENT = `0x${"5e".repeat(20)}` as const;
  const [ALICE, BOB] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  const terms: OrderTerms = {
    account: 1,
    market: 1,
    expiryDay: Number(NOW / 86_400n) + 30,
    strike: 200_000_000n,
    isPut: false,
    isSell: true,
    quantity: 2_000_000n,
    limitPrice: 1_000_000n,
    maxFee: 10_000n,
    nonce: 3n,
    deadline: NOW + 86_400n,
    fillOrKill: false,
    immediateOrCancel: false,
    postOnly: false,
    reduceOnly: true,
    forcible: true,
  };
  const maker = signOrder(DOMAIN, terms, ALICE);
  const taker = signOrder(DOMAIN, { ...terms, account: 2, isSell: false, nonce: 9n }, BOB);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tenor-fill-"));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function listing(sender: string, tick: number): LoggedMessage {
    const head = Uint8Array.of(1, 0, 0, tick >> 8, tick & 255);
    const words = [1_000_000n, 2_000_000n, 4_000_000n, 8_000_000n].map((word) =>
      fromHex(`0x${word.toString(16).padStart(16, "0")}`),
    );
    const message = {
      kind: MESSAGE_LIST_MARKET,
      sender: fromHex(sender),
      l1Block: 1n,
      l1Time: 1n,
      payload: concat(head, ...words),
    };
    return { index: 0n, message, place: { blockNumber: 1, blockHash: "0x", transactionHash: "0x", logIndex: 0 } };
  }
  /** Somebody else's listing does not count, and neither does a later one. */
  const MESSAGES = [listing(ADDRESS, 1), listing(SETTLEMENT, 10_000), listing(SETTLEMENT, 100)];

  const plain = ({ terms: fields, keyIndex, keyEpoch, signature }: typeof maker): Record<string, unknown> => ({
    ...Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]),
    ),
    ...{ keyIndex, keyEpoch, signature: toHex(signature) },
  });

  function write(content: unknown): string {
    const file = join(folder, "fill.json");
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  }

  it("becomes the fill that both have signed", () => {
    const file = readFillFile(write({ maker: plain(maker), taker: plain(taker), quantity: 1_000_000 }));
    expect([signerOf(DOMAIN, file.maker), signerOf(DOMAIN, file.taker)]).to.deep.equal([
      toHex(addressOf(ALICE)),
      toHex(addressOf(BOB)),
    ]);
    const fill = toFill(file, SETTLEMENT, MESSAGES, NOW);
    expect(fill.maker).to.deep.include({ account: 1, market: 1, strikeSteps: 100n, limitTicks: 100n, put: false });
    expect(decodeTransaction(encodeTransaction(fill, 0n), 0n, true)).to.deep.equal(fill);
    expect(inWords(fill)).to.equal("fill 1 lot, account 1 selling and account 2 on the other side");
  });

  for (const [change, words] of [
    [{ forcible: false }, "not signed for a forced fill"],
    [{ isSell: true }, "not two sides of one series"],
    [{ market: 2 }, "not two sides of one series"],
    [{ limitPrice: "1000001" }, "can't be filled"],
    [{ deadline: Number(NOW) - 1 }, "can't be filled"],
    [{ account: 4_294_967_296 }, "can't be filled"],
    [{ signature: "0x00" }, "64 bytes"],
    [{ quantity: "1.5" }, "not a whole number"],
    [{ nonce: -1 }, "not a whole number"],
    [{ strike: 2 ** 60 }, "not a whole number"],
    [{ reduceOnly: "yes" }, "neither true nor false"],
    [{ expiry: 5 }, "a field that is none"],
  ] as const) {
    it(`is refused with ${JSON.stringify(change)}`, async () => {
      const error = await failure(() => {
        const file = readFillFile(
          write({ maker: plain(maker), taker: { ...plain(taker), ...change }, quantity: "1000000" }),
        );
        return toFill(file, SETTLEMENT, MESSAGES, NOW);
      });
      expect([error.code, error.message.includes(words)], error.message).to.deep.equal(["USAGE", true]);
    });
  }

  it("is refused if it is none, or about a market that is not listed", async () => {
    for (const content of [
      "{",
      "[]",
      "null",
      {},
      { maker: plain(maker) },
      { maker: plain(maker), taker: plain(taker) },
    ]) {
      expect((await failure(() => readFillFile(write(content)))).code).to.equal("USAGE");
    }
    expect((await failure(() => readFillFile(join(folder, "none.json")))).fields.reason).to.equal("ENOENT");
    const file = readFillFile(write({ maker: plain(maker), taker: plain(taker), quantity: "1000000" }));
    expect((await failure(() => toFill(file, SETTLEMENT, [MESSAGES[0]!], NOW))).message).to.include("not listed");
  });
});
