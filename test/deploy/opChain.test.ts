import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { network } from "hardhat";
import { EndpointProvider } from "../../scripts/deploy/EndpointProvider.ts";
import { ignite } from "../../scripts/deploy/ignite.ts";
import { Journal } from "../../scripts/deploy/Journal.ts";
import { l1FeeUpperBound, plannedTransactions } from "../../scripts/deploy/gas.ts";
import { requireOsaka } from "../../scripts/deploy/preflight.ts";
import { SigningProvider } from "../../scripts/deploy/SigningProvider.ts";
import type { Hex } from "../../src/crypto/bytes.ts";
import { isDifferent } from "../../src/l1/checkDeployment.ts";
import { inboxAt } from "../../src/l1/Contracts.ts";
import { readDeployment, writeDeployment, type Deployment } from "../../src/l1/deployment.ts";
import { InboxClient } from "../../src/l1/InboxClient.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { readParameters } from "../../src/l1/parameters.ts";
import { LocalSigner } from "../../src/l1/TransactionSigner.ts";
import { verifyDeployment } from "../../src/l1/verifyDeployment.ts";
import { DEPLOYER_KEY, finish } from "../support/deploy/DeployScene.ts";
import { ScriptProcess } from "../support/scripts.ts";
import { expectRefused } from "../support/tenor.ts";

const PARAMETERS = readParameters(new URL("../../deploy/parameters/local-op.json", import.meta.url));
/** The sequencer of the local parameters: the second account of Hardhat's chains. */
const SEQUENCER_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";

describe("a chain of the OP Stack", () => {
  let url: string;
  let stop: () => Promise<void>;
  let folder: string;
  let deployment: Deployment;
  let client: L1Client;

  before(async () => {
    const server = await network.createServer("localOp", "127.0.0.1");
    const { address, port } = await server.listen();
    url = `http://${address}:${port}`;
    stop = () => server.close();
    folder = mkdtempSync(path.join(tmpdir(), "tenor-op-"));
    client = L1Client.connect(url, PARAMETERS.chainId, SEQUENCER_KEY);
  });

  after(async () => {
    client.close();
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("takes the deployment, which is verified there and says what chain it is on", async () => {
    const signer = new LocalSigner(DEPLOYER_KEY);
    const journal = Journal.open(path.join(folder, "journal"));
    const provider = new SigningProvider(new EndpointProvider(url), signer, PARAMETERS.chainId, journal.outbox);
    deployment = await ignite(PARAMETERS, {
      provider,
      deployer: await signer.address(),
      journal,
      config: { blockPollingInterval: 20 },
      maxFeePerGas: 10n ** 12n,
      onDeployed: () => undefined,
    });
    journal.close();
    const { checks } = await verifyDeployment(client, deployment, PARAMETERS);
    expect(checks.filter(isDifferent)).to.deep.equal([]);
    const file = path.join(folder, "deployment.json");
    writeDeployment(file, deployment);
    expect(readDeployment(file).chainType).to.equal("op");
  });

  it("has what the deployment costs besides gas, for its bytes on Ethereum", async () => {
    const call = (to: Hex, data: Hex): Promise<string> => client.provider.call({ to, data });
    const { dataBytes } = plannedTransactions(PARAMETERS).at(-1)!;
    const [small, large] = [await l1FeeUpperBound(call, 1000), await l1FeeUpperBound(call, dataBytes)];
    expect(large >= small).to.equal(true);
  });

  it("carries batches in calldata and none in blobs: the inbox sees no blob, whoever sends", async () => {
    const inbox = new InboxClient(client, deployment.addresses.inbox);
    const { timestamp } = await client.head();
    await inbox.appendBatch(0n, 0n, timestamp, new Uint8Array([0]));
    expect((await inboxAt(deployment.addresses.inbox, client.provider).batchCount()).toString()).to.equal("1");
    const contract = inboxAt(deployment.addresses.inbox, client.runner);
    const call = contract.appendBlobBatch.populateTransaction(1n, 0n, timestamp, 1n);
    await expectRefused(client.send("append a blob batch", call), "BlobCountMismatch");
  });

  it("is refused by the script while it lacks the instructions that steps are proven with", async () => {
    const error: unknown = await requireOsaka(new EndpointProvider(url)).catch((thrown: unknown) => thrown);
    expect(error).to.have.property("code", "CHAIN_UNSUPPORTED");
    const height = await client.provider.getBlockNumber();
    const args = ["--network", "localOp", "--rpc-url", url, "--parameters", "deploy/parameters/local-op.json"];
    const script = new ScriptProcess("scripts/deploy.ts", [...args, "--journal", path.join(folder, "refused")], {
      TENOR_DEPLOYER_KEY: DEPLOYER_KEY,
      TENOR_SIGNER_URL: undefined,
    });
    const { stderr } = await finish(script, 1);
    expect(stderr).to.include("CHAIN_UNSUPPORTED").and.include("CLZ").and.include("Karst");
    expect(await client.provider.getBlockNumber()).to.equal(height);
  });
});
