import { describeGas } from "../test/gas/describeGas.ts";

// Two minutes on two idle cores.
describeGas(true);
