import { describeRandomStakes } from "../support/randomStakes.ts";

// test-deep/contracts.test.ts grows 200, of 120 actions.
describeRandomStakes(4, 60);
