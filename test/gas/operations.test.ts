import { describeGas } from "./describeGas.ts";

// test-deep/gas.test.ts measures the slow ones too.
describeGas(false);
