import { expect } from "chai";
import { Transaction } from "ethers";
import { DeployScene, finish } from "../support/deploy/DeployScene.ts";

const GWEI = 10n ** 9n;

/**
 * A tip is paid as offered, and only the endpoint says how much is usual. Ignition takes its word up to the limit of the whole price: an endpoint that
 * suggests 400 gwei had a deployment of 41 million gas pay 16 ether more than it costs, which nothing asked about and `--max-fee` let
 * through. (Threat 29.)
 */
describe("finding: a deployment tips whatever an endpoint suggests", () => {
  let scene: DeployScene;

  beforeEach(async () => {
    scene = await DeployScene.start("anvil");
  });

  afterEach(() => scene.stop());

  it("offers no more than is reasonable when the endpoint suggests 400 gwei", async () => {
    const tips: bigint[] = [];
    scene.endpoint.interfere = async ({ method, params }, forward) => {
      if (method === "eth_maxPriorityFeePerGas") return { result: `0x${(400n * GWEI).toString(16)}` };
      if (method !== "eth_sendRawTransaction") return forward();
      tips.push(Transaction.from(params[0] as string).maxPriorityFeePerGas!);
      // Each is offered like the first ones, after which there is no need to go on.
      return tips.length < 3 ? forward() : "drop";
    };
    expect((await finish(scene.deploy(), 1)).stderr).to.include("DEPLOYMENT_STOPPED");
    expect(tips).to.deep.equal([5n * GWEI, 5n * GWEI, 5n * GWEI]);
  });
});
