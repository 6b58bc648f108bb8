import { describeKilledDeployment } from "../test/support/deploy/killed.ts";

// Five minutes on two idle cores.
describeKilledDeployment(1, 30);
