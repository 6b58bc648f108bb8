import { describeKilledDeployment } from "../support/deploy/killed.ts";

// test-deep/deployment.test.ts kills at every transaction.
describeKilledDeployment(7, 1);
