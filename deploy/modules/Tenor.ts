import { buildModule } from "@nomicfoundation/ignition-core";
import Custody from "./Custody.ts";
import Dispute from "./Dispute.ts";
import Governance from "./Governance.ts";
import Inputs from "./Inputs.ts";
import Proof from "./Proof.ts";

/** Everything. */
export default buildModule("Tenor", (m) => {
  const { chain, bridge } = m.useModule(Custody);
  return {
    ...m.useModule(Governance),
    ...m.useModule(Inputs),
    chain,
    bridge,
    ...m.useModule(Proof),
    ...m.useModule(Dispute),
  };
});
