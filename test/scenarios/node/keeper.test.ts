import { expect } from "chai";
import { Wallet } from "ethers";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressOfName, keyOf } from "../../../scripts/devnet/accounts.ts";
import { Children } from "../../../scripts/devnet/Children.ts";
import { deployDevnet } from "../../../scripts/devnet/deployDevnet.ts";
import { Feeds } from "../../../scripts/devnet/Feeds.ts";
import { NODE_EXIT } from "../../../scripts/node/exitCodes.ts";
import { writeDeployment } from "../../../src/l1/deployment.ts";
import { LogBook } from "../../support/node/LogBook.ts";
import { TestL1 } from "../../support/poster/TestL1.ts";

const NODE = new URL("../../../scripts/node.ts", import.meta.url);

describe("Scenario: the keeper's process", () => {
  const logs = new LogBook();
  let folder: string;
  let l1: TestL1;
  let children: Children;
  let feeds: Feeds;
  let status: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tenor-"));
    l1 = await TestL1.start("anvil");
    for (const name of ["admin", "keeper", "feeds", "maker", "trader 1", "trader 2", "trader 3"] as const) {
      await l1.setBalance(new Wallet(keyOf(name)).address, 10n ** 21n);
    }
    // A role that is shown the L1 of long ago says so.
    await l1.pass(Math.floor(Date.now() / 1_000) - Number(await l1.now()));
    const world = await deployDevnet(l1.url);
    writeDeployment(join(folder, "deployment.json"), world.deployment);
    feeds = new Feeds(l1.url, world);
    children = new Children(logs);
  });

  after(async () => {
    await children.end();
    feeds.close();
    await l1.stop();
    rmSync(folder, { recursive: true });
  });

  it("relays what a feed says as soon as it has moved, by its own key", async () => {
    const args = ["keeper", "--deployment", join(folder, "deployment.json"), "--l1", l1.url];
    args.push("--status-port", "0", "--poll", "50", "--checkpoints", join(folder, "keeper.sqlite"));
    const options = { env: { TENOR_KEEPER_KEY: keyOf("keeper") }, logFile: join(folder, "keeper.log") };
    const line = await children.start("keeper", NODE, args, "the keeper starts", options);
    ({ status } = JSON.parse(line) as { status: string });
    const price = await feeds.price(2);
    await l1.pass(12);
    await feeds.round(new Map([[2, (price * 102n) / 100n]]));
    const { reason, transactionHash } = await logs.until("keeper", "anchor relayed", ({ market }) => market === 2);
    expect(reason).to.equal("move");
    const sent = await l1.provider.getTransaction(transactionHash as string);
    expect(sent!.from.toLowerCase()).to.equal(addressOfName("keeper").toLowerCase());
  });

  it("shows its health and its metrics", async () => {
    const health = await fetch(`${status}/health`);
    expect(await health.json()).to.deep.equal({ healthy: true, reasons: [] });
    const metrics = await (await fetch(`${status}/metrics`)).text();
    expect(metrics).to.match(/^tenor_node_transactions_total\{what="relay"\} 1$/m);
    expect(metrics).to.match(/^tenor_node_anchor_age_seconds\{market="1"\} \d+$/m);
    expect(metrics).to.match(/^tenor_node_unpriced_expiries 0$/m);
  });

  it("ends by itself when it is told to", async () => {
    expect(logs.deaths).to.deep.equal([]);
    const exits = await children.end();
    expect(exits).to.deep.equal([{ name: "keeper", code: NODE_EXIT.stopped, signal: null }]);
  });
});
