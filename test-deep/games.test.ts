import { describeEveryDivergence } from "../test/support/game/exhaustive.ts";
import { describeRandomGames } from "../test/support/game/randomGames.ts";
import { describeModelGames } from "../test/support/model/modelGames.ts";

describe("deep games (about an hour on two idle cores)", function () {
  this.timeout(4 * 3_600_000);

  describeEveryDivergence([1, 2, 3, 4, 5, 6], true);
  describeRandomGames(2_000);
  describeModelGames(120);
});
