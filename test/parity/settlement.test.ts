import { expect } from "chai";
import { FUND_ACCOUNT } from "../../src/machine/Constants.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import {
  accountKey,
  claimKey,
  GLOBALS_KEY,
  type Account,
  type Expiry,
  type Globals,
  type SlotKey,
} from "../../src/machine/Slots.ts";
import { get } from "../../src/machine/StateTree.ts";
import { Random } from "../../src/market/random.ts";
import { startJudge } from "../support/parity/judge.ts";
import { expectParity } from "../support/parity/parity.ts";
import {
  dustEdges,
  EDGE_EXPIRY,
  EDGE_EXPIRY_ID,
  messageEdges,
  priceEdges,
  SETTLED,
  settleEdges,
  shortfallEdges,
  type Edge,
} from "../support/traffic/settlementEdges.ts";
import { runSeed } from "../support/random.ts";

const SEED = runSeed();

describe("parity at the edges of settlement", () => {
  const judge = startJudge();

  /** Has the judge take all steps; the results of those that are inputs. */
  async function judged({ log, steps }: Edge): Promise<readonly string[]> {
    await expectParity(judge, log, log.batchCount, steps, new Random(SEED), 1);
    const inputs = steps.filter(({ kind }) => kind === "item" || kind === "message");
    return inputs.map(({ code }) => resultName(code));
  }

  it("draws what is lacking from the fund, and never more than half of it", async () => {
    for (const edge of shortfallEdges(judge.chainId)) {
      expect(await judged(edge)).to.deep.equal(["OK", "OK"]);
      const where = `fund ${edge.fund}, shortfall ${edge.shortfall}`;
      expect((get(edge.root, GLOBALS_KEY) as Globals).fund, where).to.equal(edge.fund - edge.draw);
      expect((get(edge.root, EDGE_EXPIRY) as Expiry).paid, where).to.equal(edge.paid);
    }
  });

  it("fixes prices on the tick and within their bounds, and no others", async () => {
    for (const edge of priceEdges(judge.chainId)) {
      const { price, shorts, isValid } = edge;
      const expected = isValid ? ["OK", "PriceFixed"] : ["PriceInvalid", "PriceInvalid"];
      expect(await judged(edge), String(price)).to.deep.equal(expected);
      const expiry = get(edge.root, EDGE_EXPIRY) as Expiry;
      expect(expiry).to.include({ price: isValid ? price : 0n, final: isValid && shorts === 0 });
    }
  });

  it("leaves what does not divide among creditors to the fund, whoever of them is early", async () => {
    for (const edge of dustEdges(judge.chainId)) {
      expect(await judged(edge)).to.deep.equal(["OK", "OK", "OK", "OK", "OK"]);
      const where = `received ${edge.received}`;
      for (const account of [2, 3, 4]) {
        expect((get(edge.root, accountKey(account)) as Account).cash, where).to.equal(edge.share);
      }
      expect((get(edge.root, GLOBALS_KEY) as Globals).fund, where).to.equal(edge.received - 3n * edge.share);
    }
  });

  it("takes messages at their bounds, and none beyond or of another length", async () => {
    for (const edge of messageEdges(judge.chainId)) {
      const [result] = await judged(edge);
      expect(result === "OK", `${edge.name}: ${result}`).to.equal(edge.isValid);
    }
  });

  it("settles single accounts, ends an auction with the last position, and takes no Settle of another length", async () => {
    const { log, steps, edges } = settleEdges(judge.chainId);
    const actual = edges.map(({ name, result }) => `${name}: ${result}`);
    expect(actual).to.deep.equal(edges.map(({ name, expected }) => `${name}: ${expected}`));
    await expectParity(judge, log, log.batchCount, steps, new Random(SEED), 1);
    const slotAfter = (story: string, key: SlotKey): unknown =>
      get(edges.find(({ name }) => name === story)!.root, key);
    expect(slotAfter(SETTLED.whole, accountKey(1))).to.include({ auction: 0n, debt: 0n });
    expect(slotAfter(SETTLED.part, accountKey(1))).to.not.include({ auction: 0n });
    expect(slotAfter(SETTLED.claim, claimKey(EDGE_EXPIRY_ID, 2))).to.include({ amount: 1n });
    expect(slotAfter(SETTLED.share, accountKey(2))).to.include({ cash: 1n });
    expect(slotAfter(SETTLED.fund, accountKey(FUND_ACCOUNT))).to.include({ debt: 0n });
    expect(slotAfter(SETTLED.other, accountKey(FUND_ACCOUNT - 1))).to.include({ debt: 1_000_000_000n });
  });
});
