import { FRACTION, FUND_ACCOUNTS } from "../machine/Constants.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { fundBid } from "../machine/LiquidationExecutor.ts";
import { ResultCode } from "../machine/ResultCodes.ts";
import type { TreeRoot } from "../machine/StateTree.ts";
import { TX_FUND_BID, type FundBid } from "../machine/Wire.ts";
import { trial } from "./Valuation.ts";

/** Halvings of the search: the fraction is found to one part in 2^12 of the account. */
const HALVINGS = 12;

/**
 * The bid of the fund's account that can take over most of an account in auction: all that is for sale, or as much as the top-up
 * that the fund may give covers. Undefined if none can take anything now.
 */
export function largestFundBid(
  config: MachineConfig,
  root: TreeRoot,
  now: bigint,
  account: number,
): FundBid | undefined {
  let best: FundBid | undefined;
  for (let fund = 0; fund < FUND_ACCOUNTS; fund++) {
    const bidOf = (fraction: bigint): FundBid => ({ type: TX_FUND_BID, account, fund, fraction });
    const judge = (fraction: bigint): ResultCode => fundBid(trial(config, root, now), bidOf(fraction));
    const whole = judge(FRACTION);
    if (whole === ResultCode.OK) return bidOf(FRACTION);
    if (whole !== ResultCode.InsufficientMargin) continue;
    // INVARIANT: `most` would be too much; `backed` is 0 or was good.
    let [backed, most] = [best?.fraction ?? 0n, FRACTION];
    if (backed > 0n && judge(backed) !== ResultCode.OK) continue;
    for (let i = 0; i < HALVINGS; i++) {
      const middle = (backed + most) / 2n;
      const code = judge(middle);
      // Too small a part moves no whole lot; more of it may.
      if (code === ResultCode.OK || code === ResultCode.BidTooSmall) backed = middle;
      else most = middle;
    }
    if (backed > (best?.fraction ?? 0n) && judge(backed) === ResultCode.OK) best = bidOf(backed);
  }
  return best;
}
