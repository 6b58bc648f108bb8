import { describePosterProcess } from "../../support/poster/processStories.ts";

// test-deep/poster.test.ts kills it over a batch in blobs, too.
describePosterProcess(false);
