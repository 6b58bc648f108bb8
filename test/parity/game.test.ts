import { describeModelGames } from "../support/model/modelGames.ts";

describe("The game's contract and a model that computes everything from scratch", () => {
  describeModelGames(1);
});
