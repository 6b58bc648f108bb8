import { expect } from "chai";
import { KEY_DRIFT } from "../../src/machine/Constants.ts";
import { fakeSigner, START_DAY, USDC } from "../support/model/Exchange.ts";
import { MarginStory, type Trader } from "../support/MarginStory.ts";

/**
 * With marks the loss budget of a session key was charged what a trade gives away against the mark. A mark is good for two
 * minutes, while everybody sees where the price is and which report comes next. A thief of a key traded its owner against
 * his own account at the mark just before a report and back at the mark after it, whichever way the price went; neither
 * trade was adverse to its mark, so the budget paid the fees alone. (THREATS 26c: round trips by a stolen key against its
 * budget.)
 *
 * Closed for moves that are no faster than KEY_DRIFT: the budget is charged as if the mark had moved against the owner since. What
 * a faster move takes beyond the budget is bounded by |delta| times the rest of the move, as docs/risk.md, section 5 says.
 */
describe("finding: a stolen session key loses many times its budget at the mark itself", () => {
  const DAY = START_DAY + 30;
  const CALL = { strike: 2_000, day: DAY };
  const CONTRACTS = 40;
  const BUDGET = 400;

  /** Round trips at the marks just before and just after a report, which moves the price by `move` USD each `seconds`. */
  function steal(move: number, seconds: number, trips: number): { lost: number; done: number; result: string } {
    const story = new MarginStory({ fund: 400_000 });
    const owner = story.arrives("owner", 300_000, true);
    const thief = story.arrives("thief", 300_000, true);
    const key = fakeSigner("session key");
    story.must(story.setKey(owner.account, owner.signer, 1, key.address, { scope: 1, budget: BigInt(BUDGET) * USDC }));
    story.wait(1);
    story.must(story.oracleSays(2_000, { days: [DAY] }));
    const held = { account: owner.account, signer: key, keyIndex: 1, keyEpoch: 1 };
    const trade = (buys: boolean): string => {
      const mark = story.markOf(CALL);
      const wish = {
        ...{ day: DAY, strike: 2_000, put: false, quantity: BigInt(CONTRACTS) * 1_000_000n },
        ...{ limitTicks: buys ? mark / 100n : (mark + 99n) / 100n, maxFee: 10n ** 9n },
      };
      const who = ({ account, signer }: Trader): object => ({ account, signer });
      return buys ? story.trade(who(thief) as Trader, held, wish) : story.trade(held, who(thief) as Trader, wish);
    };
    const before = story.cash(owner);
    let usd = 2_000;
    let done = 0;
    let result = "OK";
    for (; done < trips; done++) {
      // Who sees the next report coming sells the owner's calls before a rise, and has him buy before a fall.
      const rises = done % 2 === 0;
      story.wait(seconds - 1);
      result = trade(!rises);
      if (result !== "OK") break;
      usd += rises ? move : -move;
      story.moves(usd, { days: [DAY] });
      expect(trade(rises), "back").to.equal("OK");
    }
    return { lost: before - story.cash(owner), done, result };
  }

  it("loses no more than its budget while the price moves no faster than it allows for", () => {
    for (const seconds of [30, 60, 110]) {
      const move = Math.floor((2_000 * Number(KEY_DRIFT) * (seconds - 1)) / 1_000_000);
      const { lost, done, result } = steal(move, seconds, 60);
      expect(result, `${done} trips of ${move} USD`).to.equal("BudgetExceeded");
      expect(lost, `${done} trips of ${move} USD`).to.be.within(BUDGET / 4, BUDGET);
    }
  });

  it("loses |delta| times the rest of a faster move beyond it, and no more", () => {
    const { lost, done, result } = steal(20, 60, 60);
    expect(result).to.equal("BudgetExceeded");
    const allowed = (2_000 * Number(KEY_DRIFT) * 59) / 1_000_000;
    // A call at the money for 30 days has a delta of 0.53, which grows by 0.02 with a move of 1 %.
    const most = BUDGET + done * CONTRACTS * 0.56 * (20 - allowed);
    expect(done).to.be.greaterThan(0);
    expect(lost).to.be.within(BUDGET, most);
  });
});
