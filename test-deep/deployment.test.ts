import { describeKilledDeployment } from "../test/support/deploy/killed.ts";

// A minute and a half on two idle cores.
describeKilledDeployment({ every: 1, atRequests: 30 });
