import { buildModule } from "@nomicfoundation/ignition-core";
import { bridgeArguments, chainArguments } from "../../src/l1/constructors.ts";
import { values, type Placeholder } from "../values.ts";
import Inputs from "./Inputs.ts";

/**
 * The chain of assertions, and the collateral that is paid out by it. The token is there before. The chain has to name its game,
 * which comes last, so whoever will deploy that comes first, and knows where it will be.
 */
export default buildModule("Custody", (m) => {
  const { inbox } = m.useModule(Inputs);
  const token = m.contractAt("TestUsdc", m.getParameter<string>("token"));
  const gameDeployer = m.contract("GameDeployer");
  const game = m.staticCall(gameDeployer, "GAME");
  const chain = m.contract("StateCommitmentChain", chainArguments<Placeholder>(values(m), { inbox, game }));
  const bridge = m.contract("Bridge", bridgeArguments<Placeholder>({ token, inbox, chain }));
  return { gameDeployer, chain, bridge };
});
