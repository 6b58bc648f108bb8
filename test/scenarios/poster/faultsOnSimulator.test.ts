import { describeFaults } from "../../support/poster/describeFaults.ts";

describeFaults("simulator");
