import { describeKilledDeployment } from "../support/deploy/killed.ts";

// test-deep/deployment.test.ts kills at every transaction, and at any other request.
describeKilledDeployment({ every: 13 });
