import { describeRealTape } from "../../support/market/realTape.ts";

// test-deep/market.test.ts takes all months that there are.
describeRealTape(1);
