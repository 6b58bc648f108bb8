import { buildModule } from "@nomicfoundation/ignition-core";
import { gameArguments } from "../../src/l1/constructors.ts";
import { values, type Placeholder } from "../values.ts";
import Custody from "./Custody.ts";
import Inputs from "./Inputs.ts";
import Proof from "./Proof.ts";

/** What decides between rival assertions; the last transaction of the deployment, on which its address depends. */
export default buildModule("Dispute", (m) => {
  const { inbox } = m.useModule(Inputs);
  const { chain } = m.useModule(Custody);
  const { prover } = m.useModule(Proof);
  return { game: m.contract("BisectionGame", gameArguments<Placeholder>(values(m), { chain, inbox, prover })) };
});
