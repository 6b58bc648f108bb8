import { buildModule } from "@nomicfoundation/ignition-core";
import {
  accountExecutorArguments,
  fillExecutorArguments,
  liquidationExecutorArguments,
  oracleExecutorArguments,
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
  const marginEngine = m.contract("MarginEngine");
  const accountArguments = accountExecutorArguments(parameters, { inbox, bridge, marginEngine });
  const accountExecutor = m.contract("AccountExecutor", accountArguments);
  const fillExecutor = m.contract("FillExecutor", fillExecutorArguments(parameters, { inbox, marginEngine }));
  const settlementExecutor = m.contract("SettlementExecutor", settlementExecutorArguments<Placeholder>({ settlement }));
  const oracleExecutor = m.contract("OracleExecutor", oracleExecutorArguments(parameters, { inbox, settlement }));
  const liquidationArguments = liquidationExecutorArguments(parameters, { inbox, marginEngine });
  const liquidationExecutor = m.contract("LiquidationExecutor", liquidationArguments);
  const executors = { accountExecutor, fillExecutor, settlementExecutor, oracleExecutor, liquidationExecutor };
  return { marginEngine, ...executors, prover: m.contract("OneStepProver", proverArguments<Placeholder>(executors)) };
});
