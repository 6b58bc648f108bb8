import { expect } from "chai";
import { JsonRpcProvider } from "ethers";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressOfName, keyOf } from "../../../scripts/devnet/accounts.ts";
import { Devnet, type DevnetPlaces } from "../../../scripts/devnet/Devnet.ts";
import { falseClaim } from "../../../scripts/demo/fraud/claims.ts";
import { Operator } from "../../../scripts/demo/fraud/Operator.ts";
import type { FollowerSummary } from "../../../scripts/node/follower.ts";
import { NODE_EXIT } from "../../../scripts/node/exitCodes.ts";
import { ChainClient } from "../../../src/l1/ChainClient.ts";
import { fromHex } from "../../../src/crypto/bytes.ts";
import { machineConfig } from "../../../src/l1/deployment.ts";
import { L1Client } from "../../../src/l1/L1Client.ts";
import type { Follower } from "../../../src/roles/Follower.ts";
import { makeFollower } from "../../../src/roles/nodes.ts";
import { CURRENCIES } from "../../../scripts/devnet/Trader.ts";
import type { Overview } from "../../../src/page/Overview.ts";
import type { Shown } from "../../../src/page/shown.ts";
import { TenorClient } from "../../../src/rpc/TenorClient.ts";
import { documents, ROOT } from "../../support/documents.ts";
import { LogBook } from "../../support/node/LogBook.ts";
import { ScriptProcess } from "../../support/scripts.ts";

const LIAR = "trader 2";

type PageJson = Shown<Overview>;

interface StatusJson {
  readonly attention: readonly { readonly code: string; readonly urgency: string }[];
  readonly asserted: readonly { readonly id: string; readonly staker: string; readonly rivals: number }[];
  readonly games: readonly {
    readonly sides: readonly { readonly staker: string; readonly movers: readonly string[]; readonly state: string }[];
  }[];
  readonly confirmed: { readonly batches: string };
  readonly posted: { readonly batches: string };
  readonly funded: { readonly accounts: readonly { readonly name: string; readonly hasStake: boolean }[] };
}

describe("Scenario: every role as a process, and a second proposer that lies", () => {
  const logs = new LogBook();
  let folder: string;
  let devnet: Devnet;
  let places: DevnetPlaces;
  let provider: JsonRpcProvider;
  let client: L1Client;
  let follower: Follower;
  let challengePeriod: bigint;
  let first: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tenor-"));
    devnet = new Devnet(folder, { l1Port: 0, rpcPort: 0, blockTime: 1 }, logs);
    places = await devnet.start(() => undefined);
    const { deployment } = devnet.world;
    client = L1Client.connect(places.l1, deployment.chainId, keyOf(LIAR), { pollMilliseconds: 100 });
    provider = new JsonRpcProvider(places.l1, undefined, { staticNetwork: true });
    follower = makeFollower(client, deployment);
    ({ challengePeriod } = await new ChainClient(client, deployment.addresses.chain).chainParameters());
  });

  after(async () => {
    provider.destroy();
    client.close();
    await devnet.stop();
    rmSync(folder, { recursive: true });
  });

  /** What `npm run status` says, and its exit code. */
  async function status(...more: string[]): Promise<{ code: number | null; status: StatusJson }> {
    const args = ["--l1", places.l1, "--deployment", places.deployment, "--json", ...more];
    const { code, stdout, stderr } = await new ScriptProcess("scripts/status.ts", args).end;
    expect(stderr).to.equal("");
    return { code, status: JSON.parse(stdout) as StatusJson };
  }

  it("a trader buys from the maker over JSON-RPC, the batch is posted, and the proposer asserts", async () => {
    await logs.until("market", "quoted", ({ currency }) => currency === "ETH");
    const { chainId, addresses } = devnet.world.deployment;
    const options = { chainId, verifyingContract: fromHex(addresses.inbox, 20), currencies: CURRENCIES };
    const trader = await TenorClient.connect(places.urls.rpc!, options);
    const me = { account: devnet.world.accounts["trader 1"]!, privateKey: fromHex(keyOf("trader 1")) };
    const deadline = BigInt(Math.floor(Date.now() / 1_000) + 120);
    await trader.login(me, deadline);
    const books = await trader.call("public/get_book_summary_by_currency", { currency: "ETH" });
    const { instrument_name: instrument, ask_price: price } = books.find(({ ask_price: ask }) => ask !== null)!;
    const order = {
      instrument,
      direction: "buy",
      amount: "1",
      price: price!,
      maxFee: "2",
      nonce: 1n,
      deadline,
    } as const;
    const { trades, receipts } = await trader.placeOrder(me, order);
    expect(trades.map(({ amount }) => amount)).to.deep.equal(["1"]);
    expect(receipts.fills).to.have.length(1);
    await trader.close();
    // Not any batch: the one that the receipt names.
    const batch = Number(receipts.fills[0]!.fields.batch);
    await logs.until("sequencer", "batch is on L1", ({ index }) => Number(index) >= batch);
    ({ id: first } = (await logs.until("proposer", "asserted")) as { id: string });
  });

  it("the program of docs/running.md trades too", async () => {
    const program = documents()
      .find(({ path }) => path === "docs/running.md")!
      .fences.find(({ language }) => language === "ts")!;
    const file = join(folder, "trade.mts");
    const text = program.lines
      .join("\n")
      .replaceAll('"./src/', `"${new URL("src/", ROOT).href}`)
      .replace('"deployment.json"', JSON.stringify(places.deployment))
      .replace("ws://127.0.0.1:9472", places.urls.rpc!)
      .replace("0x…", keyOf("trader 1"))
      // The first one was the order above.
      .replace("nonce: 1n", "nonce: 2n");
    writeFileSync(file, text);
    const { code, stdout, stderr } = await new ScriptProcess(file, []).end;
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/account: 2,[^]*order_state: '(filled|open)'/);
  });

  it("a second proposer lies about the first batch; the watchtower, which has no key, raises the alarm", async () => {
    const { deployment } = devnet.world;
    await follower.sync();
    const chain = new ChainClient(client, deployment.addresses.chain);
    const events = await chain.chainEvents(deployment.startBlock, (await client.head()).number);
    const genesis = events.find((event) => event.type === "created")!;
    const { historyHeight: height } = await chain.chainParameters();
    const claim = falseClaim("garbage", {
      config: machineConfig(deployment),
      inputs: follower.log,
      start: follower.genesis,
      target: genesis.childTarget,
      height,
    });
    await new Operator(client, deployment, genesis, claim).assert();
    const alarm = await logs.until("watchtower", "alarm: wrong assertion");
    expect((alarm.lie as { staker: string }).staker.toLowerCase()).to.equal(addressOfName(LIAR).toLowerCase());
  });

  it("the status says who holds which side, and fails when it is asked to check", async () => {
    const played = [logs.until("proposer", "played"), logs.until("defender", "played")];
    const { outcome: _, ...move } = await Promise.race(played);
    expect(move.game).to.be.a("string");
    const { code, status: seen } = await status("--check");
    expect(code).to.equal(3);
    expect(seen.attention[0]!.code).to.equal("game open");
    const [game] = seen.games;
    const sides = new Map(game!.sides.map((side) => [side.staker.toLowerCase(), side]));
    expect([...sides.keys()]).to.have.members([addressOfName("proposer"), addressOfName(LIAR)].map(lower));
    expect(sides.get(lower(addressOfName(LIAR)))!.movers).to.deep.equal([]);
    expect(sides.get(lower(addressOfName("proposer")))!.movers).to.have.length.at.least(1);
  });

  it("the page shows the dispute, and which side this node has computed to be right", async () => {
    const isOpen = ({ attention }: Readonly<Record<string, unknown>>): boolean =>
      (attention as readonly string[]).includes("game open");
    await logs.until("page", "attention", isOpen);
    const { overview } = (await (await fetch(`${places.urls.page!}/api/overview`)).json()) as { overview: PageJson };
    const verdicts = new Map(overview.disputes[0]!.sides.map(({ staker, verdict }) => [lower(staker), verdict]));
    expect(verdicts.get(lower(addressOfName(LIAR)))).to.equal("wrong");
    expect(verdicts.get(lower(addressOfName("proposer")))).to.equal("right");
    const [eth] = overview.markets.filter(({ name }) => name === "ETH");
    expect(eth!.expiries.flatMap(({ strikes }) => strikes)).to.have.length.at.least(1);
    const costs = overview.batches.flatMap(({ cost }) => (cost === undefined ? [] : [BigInt(cost.execution)]));
    expect(costs.length).to.equal(overview.batches.length);
    expect(costs.every((cost) => cost > 0n)).to.equal(true);
    expect(overview.batches.some(({ content }) => (content?.fills ?? 0) > 0)).to.equal(true);
  });

  it("the liar does not answer, and loses: the right assertion is confirmed", async () => {
    await provider.send("evm_increaseTime", [Number(challengePeriod)]);
    await logs.until("watchtower", "alarm is over", ({ alarm }) => alarm === "dispute");
    const { status: seen } = await status();
    expect(seen.games).to.deep.equal([]);
    expect(seen.asserted.some(({ id }) => id === first)).to.equal(false);
    expect(Number(seen.confirmed.batches)).to.be.at.least(1);
    expect(seen.asserted.some(({ staker }) => lower(staker) === lower(addressOfName(LIAR)))).to.equal(false);
  });

  it("trading goes on after it", async () => {
    const before = logs.all("poster", "batch mined").length;
    await logs.until("poster", "batch mined", () => logs.all("poster", "batch mined").length > before);
  });

  it("a follower rebuilds everything from L1 alone, and all money is where it should be", async () => {
    const args = ["follower", "--once", "--l1", places.l1, "--deployment", places.deployment];
    const { stdout, code } = await new ScriptProcess("scripts/node.ts", args).end;
    expect(code).to.equal(NODE_EXIT.stopped);
    const { batches, conservation } = JSON.parse(stdout) as FollowerSummary;
    expect(batches).to.be.at.least(logs.all("poster", "batch mined").length - 1);
    expect(conservation.difference).to.equal("0");
  });

  it("told to end, every process ends by itself", async () => {
    expect(logs.deaths).to.deep.equal([]);
    const exits = await devnet.stop();
    for (const { name, code } of exits) expect({ name, code }).to.deep.equal({ name, code: NODE_EXIT.stopped });
    expect(exits.map(({ name }) => name)).to.include.members([
      "sequencer",
      "poster",
      "proposer",
      "defender",
      "watchtower",
      "keeper",
      "page",
    ]);
  });
});

function lower(address: string): string {
  return address.toLowerCase();
}
