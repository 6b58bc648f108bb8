import { describeWireParity } from "../support/parity/wire.ts";

// test-deep/contracts.test.ts reads 100,000.
describeWireParity(500);
