import { describeRealTape } from "../test/support/market/realTape.ts";

// Half a minute.
describeRealTape(Infinity);
