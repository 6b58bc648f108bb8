import { describeEveryDivergence } from "../../support/game/exhaustive.ts";

describe("Threats 5, 6 and 7: one liar, wherever and however it lies", () => {
  describeEveryDivergence([1, 2, 3, 4], false);
});
