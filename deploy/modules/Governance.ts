import { buildModule } from "@nomicfoundation/ignition-core";
import { timelockArguments } from "../../src/l1/constructors.ts";
import { values } from "../values.ts";

/** The only owner of the few things that may change. */
export default buildModule("Governance", (m) => ({
  timelock: m.contract("TimelockController", timelockArguments(values(m))),
}));
