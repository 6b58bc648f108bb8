import { buildModule } from "@nomicfoundation/ignition-core";
import { bridgeArguments, chainArguments } from "../../src/l1/constructors.ts";
import { values, type Placeholder } from "../values.ts";
import Inputs from "./Inputs.ts";

/** The chain of assertions, and the collateral that is paid out by it. The token is there before. */
export default buildModule("Custody", (m) => {
  const { inbox } = m.useModule(Inputs);
  const token = m.contractAt("TestUsdc", m.getParameter<string>("token"));
  const chain = m.contract("StateCommitmentChain", chainArguments(values(m), { inbox }));
  const bridge = m.contract("Bridge", bridgeArguments<Placeholder>({ token, inbox, chain }));
  return { chain, bridge };
});
