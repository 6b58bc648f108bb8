import { buildModule } from "@nomicfoundation/ignition-core";

/** A stand-in for USDC, which anybody can mint, where the parameters ask for one. It is deployed before everything else. */
export default buildModule("Token", (m) => ({ token: m.contract("TestUsdc") }));
