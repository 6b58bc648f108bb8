import { describeRandomGames } from "../../support/game/randomGames.ts";

describe("Threat 7: up to eight liars at once, who play at random", () => {
  describeRandomGames(50);
});
