import { expect } from "chai";
import { ResultCode } from "../../src/machine/ResultCodes.ts";
import { deposit } from "../../src/machine/AccountExecutor.ts";
import type { Execution } from "../../src/machine/Execution.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import { MESSAGE_DEPOSIT, MESSAGE_FIX_PRICE, MESSAGE_LIST_MARKET, type Message } from "../../src/machine/Inputs.ts";
import { fixPrice, listMarket, settle } from "../../src/machine/SettlementExecutor.ts";
import {
  accountKey,
  emptyAccount,
  EMPTY_EXPIRY,
  EMPTY_GLOBALS,
  expiryKey,
  expiryTime,
  GLOBALS_KEY,
  type Account,
} from "../../src/machine/Slots.ts";
import { State } from "../../src/machine/State.ts";
import { set } from "../../src/machine/StateTree.ts";
import { expectTable, usd } from "../support/docTables.ts";
import { DAY_OF_EXPIRY, hold, MARKET, price } from "../support/riskExamples.ts";
import { BRIDGE, SETTLEMENT, signerAddress, testConfig } from "../support/traffic/world.ts";
import { writeU128, writeU16, writeU32, writeU64 } from "../../src/crypto/bytes.ts";

const EXPIRY = (MARKET << 16) | DAY_OF_EXPIRY;
const USDC = 1_000_000n;
const [WRITER, SIX, FOUR, BYSTANDER] = [1, 2, 3, 4];
const NAMES = ["", "writer of 10 calls", "holder of 6 calls", "holder of 4 calls", "holder of nothing"];

/** The example: ten calls struck at 2,000, a writer with too little cash, two holders, and somebody else. */
class Example {
  readonly state: State;
  readonly #execution: Execution;

  constructor() {
    let root = genesisRoot(signerAddress(0));
    const accounts: [number, bigint, Account["positions"]][] = [
      [WRITER, 3_000n, [hold(-10, 2_000, false)]],
      [SIX, 100n, [hold(6, 2_000, false)]],
      [FOUR, 100n, [hold(4, 2_000, false)]],
      [BYSTANDER, 50_000n, []],
    ];
    for (const [id, cash, positions] of accounts) {
      root = set(root, accountKey(id), { ...emptyAccount(signerAddress(id)), cash: cash * USDC, positions });
    }
    root = set(root, expiryKey(EXPIRY), { ...EMPTY_EXPIRY, shorts: 1 });
    root = set(root, GLOBALS_KEY, { ...EMPTY_GLOBALS, fund: 1_000n * USDC });
    this.state = new State(root);
    const now = expiryTime(DAY_OF_EXPIRY) + 3_600n;
    this.#execution = {
      config: testConfig(1n, new Uint8Array(20)),
      state: this.state,
      now,
      l1Time: now,
      sender: undefined,
    };
    this.#run(
      MESSAGE_LIST_MARKET,
      SETTLEMENT,
      (payload) => {
        payload[0] = MARKET;
        writeU32(payload, 1, 100);
        [1_000n, 500_000n, 500_000n, 500_000n].forEach((value, i) => writeU64(payload, 5 + 8 * i, value));
      },
      37,
    );
    this.#run(
      MESSAGE_FIX_PRICE,
      SETTLEMENT,
      (payload) => {
        payload[0] = MARKET;
        writeU16(payload, 1, DAY_OF_EXPIRY);
        writeU64(payload, 3, price(2_500));
      },
      11,
    );
  }

  settle(account: number): void {
    this.state.begin(false);
    expect(settle(this.#execution, MARKET, DAY_OF_EXPIRY, account)).to.equal(ResultCode.OK);
  }

  deposit(account: number, amount: bigint): void {
    this.#run(
      MESSAGE_DEPOSIT,
      BRIDGE,
      (payload) => {
        writeU32(payload, 0, account);
        payload.set(signerAddress(account), 4);
        writeU128(payload, 24, amount);
      },
      40,
    );
  }

  /** Cash, debt, fund and what the pool still holds, in the order of the document's table. */
  row(step: string): string[] {
    this.state.begin(false);
    const cash = [WRITER, SIX, FOUR].map((id) => this.state.openAccount(id)!.cash);
    const { debt } = this.state.openAccount(WRITER)!;
    const { received, paid } = this.state.openExpiry(EXPIRY);
    return [step, ...cash, debt, received - paid, this.state.openGlobals().fund].map((value) =>
      typeof value === "bigint" ? usd(value) : value,
    );
  }

  #run(kind: number, sender: Uint8Array, fill: (payload: Uint8Array) => void, length: number): void {
    const payload = new Uint8Array(length);
    fill(payload);
    const message: Message = { kind, sender, l1Block: 1n, l1Time: this.#execution.l1Time, payload };
    this.state.begin(false);
    const run = { [MESSAGE_LIST_MARKET]: listMarket, [MESSAGE_FIX_PRICE]: fixPrice, [MESSAGE_DEPOSIT]: deposit }[kind]!;
    expect(run(this.#execution, message)).to.equal(ResultCode.OK);
  }
}

const HEAD = ["after", "writer", "holder of 6", "holder of 4", "writer's debt", "pool", "fund"];

describe("docs/settlement.md", () => {
  it("shares a shortfall as its table says", () => {
    const example = new Example();
    const rows = [example.row("the price is fixed at 2,500")];
    example.settle(SIX);
    rows.push(example.row("holder of 6 is settled, and waits"));
    example.settle(WRITER);
    rows.push(example.row("the writer, the last short, is settled"));
    example.settle(FOUR);
    rows.push(example.row("holder of 4 is settled"));
    example.settle(SIX);
    rows.push(example.row("the claim of the holder of 6 is paid"));
    example.deposit(WRITER, 2_500n * USDC);
    rows.push(example.row("the writer deposits 2,500"));
    expectTable("settlement.md", HEAD, rows);
    expect(example.state.openAccount(BYSTANDER)!.cash, NAMES[BYSTANDER]).to.equal(50_000n * USDC);
  });

  it("pays the same whoever is settled first", () => {
    const orders = [
      [SIX, WRITER, FOUR, SIX],
      [WRITER, SIX, FOUR],
      [FOUR, SIX, WRITER, SIX, FOUR],
    ];
    const ends = orders.map((order) => {
      const example = new Example();
      order.forEach((account) => example.settle(account));
      return example.row("").join();
    });
    expect(new Set(ends).size).to.equal(1);
  });
});
