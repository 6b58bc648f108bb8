import { describeWireParity } from "../test/support/parity/wire.ts";
import { describeRandomFeeds } from "../test/support/randomFeeds.ts";
import { describeRandomStakes } from "../test/support/randomStakes.ts";

describe("deep contracts (about a quarter of an hour on an idle core)", function () {
  this.timeout(3_600_000);

  describeRandomFeeds(1_000);
  describeRandomStakes(200, 120);
  describeWireParity(100_000);
});
