import { describeKilledDeployment } from "../test/support/deploy/killed.ts";

// Five minutes on two idle cores.
describeKilledDeployment({ every: 1, atRequests: 30 });
