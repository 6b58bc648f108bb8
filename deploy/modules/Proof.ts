import { buildModule } from "@nomicfoundation/ignition-core";
import {
  accountExecutorArguments,
  fillExecutorArguments,
  proverArguments,
  settlementExecutorArguments,
} from "../../src/l1/constructors.ts";
import { values, type Placeholder } from "../values.ts";
import Custody from "./Custody.ts";
import Inputs from "./Inputs.ts";

/** The machine in Solidity. */
export default buildModule("Proof", (m) => {
  const { inbox, settlement } = m.useModule(Inputs);
  const { bridge } = m.useModule(Custody);
  const parameters = values(m);
  const accountExecutor = m.contract("AccountExecutor", accountExecutorArguments(parameters, { inbox, bridge }));
  const fillExecutor = m.contract("FillExecutor", fillExecutorArguments(parameters, { inbox }));
  const settlementExecutor = m.contract("SettlementExecutor", settlementExecutorArguments<Placeholder>({ settlement }));
  const executors = { accountExecutor, fillExecutor, settlementExecutor };
  return { ...executors, prover: m.contract("OneStepProver", proverArguments<Placeholder>(executors)) };
});
