import { describeFaults } from "../../support/poster/describeFaults.ts";

describeFaults("anvil");
