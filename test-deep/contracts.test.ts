import { describeWireParity } from "../test/support/parity/wire.ts";
import { describeRandomFeeds } from "../test/support/randomFeeds.ts";
import { describeRandomStakes } from "../test/support/randomStakes.ts";

describe("deep contracts (about twenty minutes on two idle cores)", function () {
  this.timeout(3_600_000);

  describeRandomFeeds(3_000);
  describeRandomStakes(200, 120);
  describeWireParity(100_000);
});
