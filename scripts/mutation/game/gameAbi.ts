import { Interface } from "ethers";
import { readCompiled } from "../../audit/compiled.ts";

let abi: Interface | undefined;

/** Functions and events of the dispute game and of the chain of assertions, which share no selector but that of `parameters`. */
export function gameAbi(): Interface {
  abi ??= new Interface(
    [...readCompiled("BisectionGame").abi, ...readCompiled("StateCommitmentChain").abi].filter(
      ({ type, name }) => (type === "function" && name !== "parameters") || type === "event",
    ),
  );
  return abi;
}
