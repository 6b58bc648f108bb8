import { buildModule } from "@nomicfoundation/ignition-core";
import { gameArguments } from "../../src/l1/constructors.ts";
import { values, type Placeholder } from "../values.ts";
import Custody from "./Custody.ts";
import Inputs from "./Inputs.ts";
import Proof from "./Proof.ts";

/** What decides between rival assertions: the last transaction of the deployment. */
export default buildModule("Dispute", (m) => {
  const { inbox } = m.useModule(Inputs);
  const { chain, gameDeployer } = m.useModule(Custody);
  const { prover } = m.useModule(Proof);
  const at = m.staticCall(gameDeployer, "GAME");
  const parameters = gameArguments<Placeholder>(values(m), { chain, inbox, prover });
  const deployed = m.call(gameDeployer, "deploy", [m.getParameter<string>("gameCreationCode"), ...parameters]);
  return { game: m.contractAt("BisectionGame", at, { after: [deployed] }) };
});
