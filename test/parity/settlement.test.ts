import { expect } from "chai";
import { FUND_DRAW, MAX_PRICE } from "../../src/machine/Constants.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { GENESIS_CURSOR } from "../../src/machine/MachineState.ts";
import { makePosition, packSeries } from "../../src/machine/Positions.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import {
  accountKey,
  emptyAccount,
  EMPTY_EXPIRY,
  EMPTY_GLOBALS,
  expiryKey,
  GLOBALS_KEY,
  marketKey,
  type Expiry,
  type Globals,
} from "../../src/machine/Slots.ts";
import { get, set, type TreeRoot } from "../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../src/machine/Step.ts";
import { TX_SETTLE } from "../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { Random } from "../../src/market/random.ts";
import { batchOf } from "../support/batch.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import { fixPriceMessage } from "../support/traffic/builders.ts";
import { BTC, INBOX, SETTLEMENT, signerAddress, START, START_DAY, testConfig } from "../support/traffic/world.ts";

const SEED = Number(process.env.TENOR_SEED ?? 20_261_121);
const USDC = 1_000_000n;
const MARKET = 1;
const [SHORT, LONG] = [1, 2];
const STRIKE = 40_000_000n;
/** What the one short of the expiry owes: a contract that ends 1,000 USD in the money. */
const OWED = 1_000n * USDC;
const KEY = expiryKey((MARKET << 16) | START_DAY);

/** What random traffic hardly ever meets. */
describe("parity at the edges of settlement", () => {
  const judge = startJudge();

  /** Judges all steps of a log on `root`; their results, and the state after. */
  async function judged(root: TreeRoot, log: InputLog): Promise<{ results: readonly string[]; root: TreeRoot }> {
    const machine = new Machine(testConfig(judge.chainId, INBOX), log, root, { ...GENESIS_CURSOR, l2Time: START });
    const steps: ProvenStep[] = [];
    while (!machine.finished(log.batchCount)) steps.push(machine.provenStep(log.batchCount));
    await expectParity(judge, log, log.batchCount, steps, new Random(SEED), 1);
    const results = steps.filter(({ kind }) => kind === "item" || kind === "message");
    return { results: results.map(({ code }) => resultName(code)), root: machine.state.root };
  }

  /** One is short and one long of a contract that has ended in the money, and there is a fund. */
  function expired(cash: bigint, fund: bigint): TreeRoot {
    let root = set(genesisRoot(signerAddress(0)), GLOBALS_KEY, { ...EMPTY_GLOBALS, fund });
    root = set(root, marketKey(MARKET), { ...BTC, anchorTime: START - 60n });
    root = set(root, KEY, { ...EMPTY_EXPIRY, shorts: 1, price: STRIKE + 10_000_000n });
    const series = packSeries(MARKET, START_DAY, STRIKE, false);
    for (const [id, quantity, amount] of [
      [SHORT, -1_000_000n, cash],
      [LONG, 1_000_000n, 0n],
    ] as const) {
      const account = { ...emptyAccount(signerAddress(id)), cash: amount, positions: [makePosition(series, quantity)] };
      root = set(root, accountKey(id), account);
    }
    return root;
  }

  it("draws what is lacking from the fund, and never more than half of it", async () => {
    for (const fund of [0n, 1n, 2n, 801n * USDC, 10_000n * USDC]) {
      const most = fund / FUND_DRAW;
      const shortfalls = [0n, 1n, most - 1n, most, most + 1n, OWED].filter((x) => x >= 0n && x <= OWED);
      for (const shortfall of new Set(shortfalls)) {
        const log = new InputLog();
        const settle = { type: TX_SETTLE, market: MARKET, day: START_DAY, accounts: [SHORT, LONG] } as const;
        const item = encodeItem(encodeTransaction(settle, START));
        // Two parts need the room of two items.
        const payload = new Uint8Array(128);
        payload.set(item);
        log.appendBatch(batchOf(payload, { messagesRead: 0n, l1Time: START, l2Time: START }));
        const { results, root } = await judged(expired(OWED - shortfall, fund), log);
        expect(results).to.deep.equal(["OK", "OK"]);
        const draw = shortfall < most ? shortfall : most;
        expect((get(root, GLOBALS_KEY) as Globals).fund, `${fund}, ${shortfall}`).to.equal(fund - draw);
        expect((get(root, KEY) as Expiry).paid).to.equal(OWED - shortfall + draw);
      }
    }
  });

  it("fixes prices on the tick and within their bounds, and no others", async () => {
    const { tick } = BTC;
    const last = (MAX_PRICE / tick) * tick;
    for (const [price, result] of [
      [0n, "PriceInvalid"],
      [1n, "PriceInvalid"],
      [tick - 1n, "PriceInvalid"],
      [tick, "OK"],
      [tick + 1n, "PriceInvalid"],
      [last, "OK"],
      [MAX_PRICE, MAX_PRICE === last ? "OK" : "PriceInvalid"],
      [MAX_PRICE + 1n, "PriceInvalid"],
      [last + tick, "PriceInvalid"],
    ] as const) {
      for (const shorts of [0, 1]) {
        const log = new InputLog();
        const sent = { sender: SETTLEMENT, l1Block: 1n, l1Time: START };
        for (let i = 0; i < 2; i++) log.appendMessage(fixPriceMessage(sent, MARKET, START_DAY, price));
        log.appendBatch(batchOf(new Uint8Array(0), { messagesRead: 2n, l1Time: START, l2Time: START }, 0));
        const before = set(expired(0n, 0n), KEY, { ...EMPTY_EXPIRY, shorts });
        const { results, root } = await judged(before, log);
        expect(results, String(price)).to.deep.equal([result, result === "OK" ? "PriceFixed" : result]);
        expect(get(root, KEY)).to.include({
          price: result === "OK" ? price : 0n,
          final: result === "OK" && shorts === 0,
        });
      }
    }
  });
});
