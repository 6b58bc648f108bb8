import { buildModule } from "@nomicfoundation/ignition-core";
import Custody from "./Custody.ts";
import Dispute from "./Dispute.ts";
import Governance from "./Governance.ts";
import Inputs from "./Inputs.ts";
import Proof from "./Proof.ts";

/** Everything. */
export default buildModule("Tenor", (m) => ({
  ...m.useModule(Governance),
  ...m.useModule(Inputs),
  ...m.useModule(Custody),
  ...m.useModule(Proof),
  ...m.useModule(Dispute),
}));
