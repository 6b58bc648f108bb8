import { buildModule } from "@nomicfoundation/ignition-core";
import { inboxArguments, settlementArguments } from "../../src/l1/constructors.ts";
import { values, type Placeholder } from "../values.ts";
import Governance from "./Governance.ts";

/** What orders the inputs, and what fixes prices for them. */
export default buildModule("Inputs", (m) => {
  const { timelock } = m.useModule(Governance);
  const inbox = m.contract("RollupInbox", inboxArguments(values(m), { timelock }));
  const settlement = m.contract("OptionsSettlement", settlementArguments<Placeholder>({ inbox, timelock }));
  return { inbox, settlement };
});
