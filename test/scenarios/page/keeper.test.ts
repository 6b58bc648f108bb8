import { expect } from "chai";
import { L1Error } from "../../../src/l1/L1Error.ts";
import { MESSAGE_FORCED } from "../../../src/machine/Inputs.ts";
import { BatchReader } from "../../../src/page/BatchReader.ts";
import { OverviewKeeper } from "../../../src/page/OverviewKeeper.ts";
import type { Overview } from "../../../src/page/Overview.ts";
import type { Shown } from "../../../src/page/shown.ts";
import { DEFAULT_LIMITS } from "../../../src/status/attention.ts";
import { CURRENCIES } from "../../support/page/disputeScene.ts";
import { USDC, World, type Trader } from "../../support/tenor.ts";

describe("Scenario: what the page is read from", () => {
  let world: World;
  let alice: Trader;

  beforeEach(async () => {
    world = await World.launch();
    alice = await world.trader("alice");
    await alice.bridge.open(alice.address, 300n * USDC);
    await world.post();
    await world.wait(100n);
    await alice.inbox.enqueue(MESSAGE_FORCED, Uint8Array.of(250));
    await alice.inbox.enqueue(MESSAGE_FORCED, Uint8Array.of(250));
    await world.post(() => [world.withdraw(alice, 1, 20n * USDC, 0n)]);
    await world.wait(100n);
    await world.post();
  });

  function keeper(client = world.client()): OverviewKeeper {
    const { deployment } = world;
    const options = { accounts: [], currencies: CURRENCIES, limits: DEFAULT_LIMITS };
    return new OverviewKeeper({ client, deployment, follower: world.follower(), ...options });
  }

  function overviewIn({ json }: OverviewKeeper): Shown<Overview> {
    return JSON.parse(json!) as Shown<Overview>;
  }

  it("the newest batches come with the messages that each reads, and what its transaction has paid", async () => {
    const client = world.client();
    const reader = new BatchReader(client, world.deployment, 2);
    const batches = await reader.latest(await client.head());
    expect(batches.map(({ index, messages }) => [index, messages])).to.deep.equal([
      [2n, 0n],
      [1n, 2n],
    ]);
    const all = await new BatchReader(client, world.deployment, 10).latest(await client.head());
    expect(all.map(({ index }) => index)).to.deep.equal([2n, 1n, 0n]);
    const sender = world.signers[1]!.address;
    for (const { cost, time } of batches) {
      // The sequencer's account pays nothing but for its batches.
      const block = await blockAt(time);
      const [before, after] = await Promise.all(
        [block - 1, block].map((number) => client.provider.getBalance(sender, number)),
      );
      expect(cost).to.deep.equal({ execution: before! - after!, blobs: 0n });
    }
  });

  async function blockAt(time: bigint): Promise<number> {
    const client = world.client();
    for (let { number } = await client.head(); ; number--) {
      if ((await client.block(number))!.timestamp === time) return number;
    }
  }

  it("a round says how it stands, and the next one says nothing new until L1 has a new block", async () => {
    const page = keeper();
    expect(page.json).to.equal(undefined);
    await page.update();
    const { batches, posted, assertions, disputes } = overviewIn(page);
    expect(posted.batches).to.equal("3");
    expect(batches.map(({ content }) => content?.items)).to.deep.equal([0, 1, 0]);
    expect(assertions.rows.map(({ verdict }) => verdict)).to.deep.equal(["right"]);
    expect(disputes).to.deep.equal([]);
    const { json } = page;
    await page.update();
    expect(page.json).to.equal(json);
    await world.post();
    await page.update();
    expect(overviewIn(page).batches[0]!.index).to.equal("3");
  });

  it("after a reorganisation the page has what came instead", async () => {
    const page = keeper();
    const goBack = await world.fork();
    await world.post(() => [world.withdraw(alice, 1, 1n * USDC, 1n)]);
    await page.update();
    expect(overviewIn(page).batches[0]!.content).to.deep.equal({ items: 1, fills: 0 });
    await goBack(() => world.post());
    await page.update();
    const [newest] = overviewIn(page).batches;
    expect([newest!.index, newest!.bytes, newest!.content]).to.deep.equal(["3", 0, { items: 0, fills: 0 }]);
  });

  it("a round that fails leaves the overview as it was, and says so without the endpoint's secrets", async () => {
    const client = world.client();
    const page = keeper(client);
    await page.update();
    const { json } = page;
    await world.post();
    const head = client.head.bind(client);
    const refused = new L1Error("UNAVAILABLE", "the endpoint does not answer");
    for (const [thrown, words] of [
      [refused, "UNAVAILABLE: the endpoint does not answer"],
      [new TypeError("https://user:secret@endpoint.example"), "the node has failed; see its log"],
    ] as const) {
      client.head = () => Promise.reject(thrown);
      let caught: unknown;
      await page.update().catch((error: unknown) => (caught = error));
      expect(caught).to.equal(thrown);
      expect([page.json, page.problem]).to.deep.equal([json, words]);
    }
    client.head = head;
    await page.update();
    expect(page.problem).to.equal(undefined);
    expect(overviewIn(page).posted.batches).to.equal("4");
  });
});
