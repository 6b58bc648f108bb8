import { describeRandomFeeds } from "../support/randomFeeds.ts";

// test-deep/contracts.test.ts draws 1,000.
describeRandomFeeds(8);
