import { expect } from "chai";
import { L1Error } from "../../src/l1/L1Error.ts";
import { SettlementClient } from "../../src/l1/SettlementClient.ts";
import { AccountsClient } from "../../src/l1/AccountsClient.ts";
import { Health } from "../../src/roles/Health.ts";
import { Keeper, type KeeperOptions, type KeeperRound } from "../../src/roles/Keeper.ts";
import type { AnchorReport, PriceReport } from "../../src/roles/KeeperReport.ts";
import { SILENT } from "../../src/roles/Logger.ts";
import type { NodeAlarm } from "../../src/roles/NodeMetrics.ts";
import type { IFluxAggregator, PhasedFeed } from "../../typechain/index.ts";
import { listMarket, MARKET, Walkaway } from "../audit/Walkaway.ts";
import { modelPrice } from "../support/feedModel.ts";
import { TERMS } from "../support/settlementScene.ts";
import type { World } from "../support/tenor.ts";

/** A market on a feed that does what no feed should. */
const ODD = 2;
const HOUR = 3_600;
const USD = 10_000n;

/** A keeper with what it has raised. */
interface TestKeeper {
  readonly keeper: Keeper;
  readonly health: Health<NodeAlarm>;
  readonly settlement: SettlementClient;
}

describe("Scenario: the keeper of anchors and settlement prices", () => {
  let scene: Walkaway;
  let world: World;
  let odd: PhasedFeed;
  let expiry: number;
  let restore: () => Promise<void>;

  before(async () => {
    scene = await Walkaway.launch();
    ({ world } = scene);
    odd = await world.connection.ethers.deployContract("PhasedFeed", [8, 1]);
    expiry = scene.day * 86_400 + 28_800;
    const snapshot = await world.connection.networkHelpers.takeSnapshot();
    restore = () => snapshot.restore();
  });

  afterEach(async () => {
    await restore();
    scene.feed.forget(scene.phase);
  });

  /** A keeper that has just been started. */
  function start(options: Partial<KeeperOptions> = {}, account = 13): TestKeeper {
    const client = world.client(world.signers[account]);
    const { deployment } = world;
    const settlement = new SettlementClient(client, deployment.addresses.settlement);
    const health = new Health<NodeAlarm>(SILENT);
    const funds = new AccountsClient(client, deployment);
    const { startBlock } = deployment;
    const keeper = new Keeper({ settlement, follower: world.follower(), funds, startBlock, health, ...options });
    return { keeper, health, settlement };
  }

  /** The feed answers, and nobody relays it. */
  async function answer(usd: number, at?: number, aggregator: IFluxAggregator = scene.aggregator): Promise<number> {
    const time = at ?? Number(await world.now()) + 1;
    await scene.feed.answer([{ aggregator, usd, at: time }]);
    return time;
  }

  /** Lists {@link ODD}, with a round of now. */
  async function listOdd(usd = 2_000): Promise<void> {
    await listMarket(world, ODD, await odd.getAddress(), 1);
    await loadOdd(usd, Number(await world.now()));
  }

  async function loadOdd(usd: number, updatedAt: number): Promise<void> {
    await odd.load(1, [{ answer: BigInt(usd) * 10n ** 8n, updatedAt, answeredIn: 2n ** 63n }]);
  }

  /** What a round came to for a market: a reason to relay, or to wait. */
  function relayed({ markets }: AnchorReport, market = MARKET): string {
    const outcome = markets!.find((report) => report.market === market)!.outcome;
    return typeof outcome === "string" ? outcome : outcome.reason;
  }

  function fixed({ expiries }: PriceReport, market = MARKET): string {
    const outcome = expiries!.find((report) => report.market === market)!.outcome;
    return typeof outcome === "string" ? outcome : "fixed";
  }

  async function anchors(market = MARKET): Promise<[price: bigint, updatedAt: bigint][]> {
    const events = await scene.settlement.queryFilter(scene.settlement.filters.AnchorRelayed(market));
    return events.map(({ args }) => [args.price, args.updatedAt]);
  }

  async function fixings(): Promise<bigint[]> {
    return (await scene.settlement.queryFilter(scene.settlement.filters.PriceFixed())).map(({ args }) => args.price);
  }

  function reasonOf({ health }: TestKeeper, alarm: NodeAlarm): string | undefined {
    return health.reasons.find((raised) => raised.alarm === alarm)?.reason;
  }

  function balanceOf(account: number): Promise<bigint> {
    return world.connection.ethers.provider.getBalance(world.signers[account]!);
  }

  async function moveTo(time: number): Promise<void> {
    await world.connection.networkHelpers.time.increaseTo(time);
  }

  describe("anchors", () => {
    it("is relayed when it is old and the feed has a newer round, once", async () => {
      const { keeper } = start();
      expect(relayed(await keeper.relayAnchors())).to.equal("not due");
      await world.wait(1_800n);
      expect(relayed(await keeper.relayAnchors()), "no newer round").to.equal("not due");
      const at = await answer(2_001);
      expect(relayed(await keeper.relayAnchors())).to.equal("age");
      expect((await anchors()).at(-1)).to.deep.equal([2_001n * USD, BigInt(at)]);
      await world.wait(1_800n);
      expect(relayed(await keeper.relayAnchors()), "the same round").to.equal("not due");
      expect(relayed(await start().keeper.relayAnchors()), "by another process").to.equal("not due");
    });

    it("is relayed at once when the price has moved by a hundredth, up or down", async () => {
      const { keeper } = start();
      await answer(2_019.99);
      expect(relayed(await keeper.relayAnchors())).to.equal("not due");
      await answer(2_020);
      expect(relayed(await keeper.relayAnchors())).to.equal("move");
      await answer(1_999.8);
      expect(relayed(await keeper.relayAnchors())).to.equal("move");
      expect((await anchors()).map(([price]) => price)).to.deep.equal(
        [2_000n, 2_020n].map((usd) => usd * USD).concat(19_998_000n),
      );
    });

    it("is relayed as its operator says", async () => {
      const { keeper } = start({ rule: { age: 60n, move: 10n } });
      await answer(2_002);
      expect(relayed(await keeper.relayAnchors())).to.equal("move");
      await world.wait(60n);
      await answer(2_002);
      expect(relayed(await keeper.relayAnchors())).to.equal("age");
    });

    it("of a market that was just listed is its first, as soon as its feed has a round", async () => {
      await listMarket(world, ODD, await odd.getAddress(), 1);
      const started = start();
      expect(relayed(await started.keeper.relayAnchors(), ODD)).to.equal("feed");
      expect(reasonOf(started, "feed")).to.match(/^market 2: its feed 0x\w+ has no last round/);
      await loadOdd(1_500, Number(await world.now()));
      expect(relayed(await started.keeper.relayAnchors(), ODD)).to.equal("first");
      expect(started.health.reasons).to.deep.equal([]);
      expect(await anchors(ODD)).to.have.length(1);
    });

    it("does nothing twice for one block", async () => {
      const { keeper } = start();
      expect((await keeper.relayAnchors()).markets).to.have.length(1);
      expect((await keeper.relayAnchors()).markets).to.equal(undefined);
    });

    it("is relayed by one of two keepers, and the other one pays nothing", async () => {
      await answer(2_100);
      const [first, second] = [start(), start({}, 14)];
      const { settlement } = second;
      const hasPending = settlement.hasPending.bind(settlement);
      settlement.hasPending = async () => {
        expect(relayed(await first.keeper.relayAnchors())).to.equal("move");
        return hasPending();
      };
      const before = await balanceOf(14);
      expect(relayed(await second.keeper.relayAnchors())).to.equal("raced");
      expect(await anchors()).to.have.length(2);
      expect(await balanceOf(14)).to.equal(before);
    });

    it("waits while a transaction of its account is pending, and says so if that lasts", async () => {
      await answer(2_100);
      const waiting = start();
      const { provider, networkHelpers } = world.connection;
      await provider.request({ method: "evm_setAutomine", params: [false] });
      const { address } = world.signers[13]!;
      await provider.request({ method: "eth_sendTransaction", params: [{ from: address, to: address }] });
      expect(relayed(await waiting.keeper.relayAnchors())).to.equal("transaction pending");
      expect(waiting.health.has("sending")).to.equal(false);
      await networkHelpers.mine();
      await provider.request({ method: "evm_setAutomine", params: [true] });
      // The simulator does not keep what pays too little among the pending ones, as an endpoint does.
      waiting.settlement.hasPending = () => Promise.resolve(true);
      await world.wait(601n);
      expect(relayed(await waiting.keeper.relayAnchors())).to.equal("transaction pending");
      expect(reasonOf(waiting, "sending")).to.equal("a transaction of the account is pending for long");
    });

    it("is relayed again if L1 has taken the first call back", async () => {
      const { keeper } = start();
      await answer(2_100);
      const back = await world.fork();
      expect(relayed(await keeper.relayAnchors())).to.equal("move");
      await back();
      expect(await anchors()).to.have.length(1);
      expect(relayed(await keeper.relayAnchors())).to.equal("move");
      expect(await anchors()).to.have.length(2);
    });

    it("raises the alarm about a feed that is silent for two hours, until it answers", async () => {
      const started = start();
      await world.wait(BigInt(2 * HOUR + 60));
      await started.keeper.relayAnchors();
      expect(reasonOf(started, "feed")).to.match(/^market 1: no round of its feed for 72\d\d seconds/);
      await answer(2_000);
      await started.keeper.relayAnchors();
      expect(started.health.reasons).to.deep.equal([]);
    });

    it("raises the alarm about a feed in another unit, and relays the others", async () => {
      await listOdd();
      const started = start();
      await started.keeper.relayAnchors();
      await odd.setDecimals(18);
      await loadOdd(3_000, Number(await world.now()));
      await answer(2_100);
      const report = await started.keeper.relayAnchors();
      expect([relayed(report), relayed(report, ODD)]).to.deep.equal(["move", "feed"]);
      expect(reasonOf(started, "feed")).to.match(
        /^market 2: its feed has 18 decimals and was listed with 8: .*another market/,
      );
    });

    it("raises the alarm about an answer that is no price", async () => {
      await listOdd(0);
      const started = start();
      expect(relayed(await started.keeper.relayAnchors(), ODD)).to.equal("feed");
      expect(reasonOf(started, "feed")).to.match(/^market 2: its feed's answer 0 of \d+ is no price/);
    });

    it("raises the alarm if the contract refuses after all, which costs nothing", async () => {
      await listOdd();
      const started = start();
      const { settlement } = started;
      const relay = settlement.relayAnchor.bind(settlement);
      settlement.relayAnchor = async (market) => {
        await odd.setDecimals(18);
        return relay(market);
      };
      const before = await balanceOf(13);
      expect(relayed(await started.keeper.relayAnchors(), ODD)).to.equal("feed");
      expect(reasonOf(started, "feed")).to.match(
        /^market 2: OptionsSettlement does not relay its feed: DecimalsChanged/,
      );
      expect(await balanceOf(13)).to.equal(before);
    });

    it("raises the alarm about an account that can't pay, before it has to", async () => {
      const started = start();
      const { networkHelpers } = world.connection;
      await networkHelpers.setBalance(world.signers[13]!.address, 10n ** 9n);
      await started.keeper.relayAnchors();
      expect(reasonOf(started, "sending")).to.match(/^the account has 1000000000 wei, a call may cost \d+$/);
      await networkHelpers.setBalance(world.signers[13]!.address, 10n ** 18n);
      await networkHelpers.mine();
      await started.keeper.relayAnchors();
      expect(started.health.reasons).to.deep.equal([]);
    });
  });

  describe("settlement prices", () => {
    /** The feed answers around the expiry, and the successor of its aggregator covers the window. */
    async function pass(): Promise<void> {
      await answer(2_000, expiry - 5 * HOUR);
      const { aggregator } = await scene.feed.addPhase();
      await answer(2_200, expiry - HOUR, aggregator);
      await answer(2_300, expiry - 900, aggregator);
    }

    function modelled(): bigint {
      return modelPrice(scene.feed.model(scene.phase), expiry, { decimals: 8, tick: TERMS.tick })!.price;
    }

    it("is fixed once, after the expiry, across a change of phase", async () => {
      const started = start();
      await pass();
      expect((await started.keeper.fixPrices()).expiries, "before the expiry").to.deep.equal([]);
      await moveTo(expiry + 10);
      expect(fixed(await started.keeper.fixPrices()), "a round could still appear").to.equal("not due");
      expect(started.health.reasons).to.deep.equal([]);
      await moveTo(expiry + 901);
      expect(fixed(await started.keeper.fixPrices())).to.equal("fixed");
      expect(await fixings())
        .to.deep.equal([modelled()])
        .and.to.deep.equal([2_250n * USD]);
      expect(fixed(await started.keeper.fixPrices())).to.equal("waiting for a batch");
      expect(fixed(await start().keeper.fixPrices()), "by another process").to.equal("waiting for a batch");
      await world.post();
      expect((await started.keeper.fixPrices()).expiries).to.deep.equal([]);
      expect(await fixings()).to.have.length(1);
    });

    it("is fixed as soon as a round after the expiry appears, without waiting for the quarter of an hour", async () => {
      const { keeper } = start();
      for (const [usd, at] of [
        [2_200, expiry - HOUR],
        [2_300, expiry - 900],
      ] as const)
        await answer(usd, at);
      await moveTo(expiry + 10);
      expect(fixed(await keeper.fixPrices())).to.equal("not due");
      await answer(2_400, expiry + 60);
      expect(fixed(await keeper.fixPrices())).to.equal("fixed");
      expect(await fixings()).to.deep.equal([2_250n * USD]);
    });

    it("is fixed by one of two keepers, and the other one pays nothing", async () => {
      await pass();
      await moveTo(expiry + 901);
      const [first, second] = [start(), start({}, 14)];
      const { settlement } = second;
      const hasPending = settlement.hasPending.bind(settlement);
      settlement.hasPending = async () => {
        expect(fixed(await first.keeper.fixPrices())).to.equal("fixed");
        return hasPending();
      };
      const before = await balanceOf(14);
      expect(fixed(await second.keeper.fixPrices())).to.equal("raced");
      expect(await balanceOf(14)).to.equal(before);
      expect(await fixings()).to.have.length(1);
    });

    it("is fixed again if L1 has taken the first call back", async () => {
      const { keeper } = start();
      await pass();
      await moveTo(expiry + 901);
      const back = await world.fork();
      expect(fixed(await keeper.fixPrices())).to.equal("fixed");
      await world.post();
      expect((await keeper.fixPrices()).expiries).to.deep.equal([]);
      await back();
      expect(await fixings()).to.deep.equal([]);
      expect(fixed(await keeper.fixPrices())).to.equal("fixed");
      expect(await fixings()).to.deep.equal([2_250n * USD]);
    });

    it("of a feed that does not cover the window raises the alarm, and is fixed after two days", async () => {
      const started = start();
      await answer(2_000, expiry - 3 * HOUR);
      await moveTo(expiry + 901);
      expect(fixed(await started.keeper.fixPrices())).to.equal("feed");
      const until = new Date((expiry + 48 * HOUR + 901) * 1_000).toISOString();
      expect(reasonOf(started, "price"))
        .to.match(/^market 1, day \d+: the feed does not cover the half hour/)
        .and.include(until);
      await answer(2_500, expiry + 6 * HOUR);
      expect(fixed(await started.keeper.fixPrices())).to.equal("feed");
      await moveTo(expiry + 48 * HOUR + 901);
      expect(fixed(await started.keeper.fixPrices())).to.equal("fixed");
      expect(await fixings())
        .to.deep.equal([2_500n * USD])
        .and.to.deep.equal([modelled()]);
      expect(started.health.reasons).to.deep.equal([]);
    });

    /** A trade on {@link ODD}, and its expiry. */
    async function passOdd(): Promise<void> {
      await listOdd();
      await start().keeper.relayAnchors();
      const fill = scene.fill({ isPut: false, market: ODD });
      await world.post(() => [fill]);
      await pass();
    }

    it("of a feed without any valid round is none: the alarm says so, and the other markets are fixed", async () => {
      await passOdd();
      await odd.change(1, 1, { answer: 0n, updatedAt: 1, answeredIn: 1n });
      const started = start();
      await moveTo(expiry + 48 * HOUR + 901);
      const report = await started.keeper.fixPrices();
      expect([fixed(report), fixed(report, ODD)]).to.deep.equal(["fixed", "feed"]);
      expect(reasonOf(started, "price")).to.match(/^market 2, day \d+: the feed never had a valid round/);
    });

    it("is not fixed in another unit than the market was listed in", async () => {
      await passOdd();
      await loadOdd(2_000, expiry - HOUR);
      await odd.setDecimals(18);
      const started = start();
      await moveTo(expiry + 901);
      const report = await started.keeper.fixPrices();
      expect([fixed(report), fixed(report, ODD)]).to.deep.equal(["fixed", "feed"]);
      expect(reasonOf(started, "price")).to.match(/^market 2, day \d+: its feed has 18 decimals/);
    });
  });

  it("goes on with anchors while the machine can't be followed, and says which half fails", async () => {
    await answer(2_100);
    const rounds: KeeperRound[] = [];
    const follower = world.follower();
    follower.sync = () => Promise.reject(new L1Error("UNAVAILABLE", "no blob"));
    const stop = new AbortController();
    const observer = (round: KeeperRound): void => {
      if (rounds.push(round) === 4) stop.abort();
    };
    await start({ follower, observer }).keeper.run(1, stop.signal);
    const failed = rounds.filter((round) => "failure" in round);
    expect(failed.every(({ task }) => task === "prices")).to.equal(true);
    expect(await anchors()).to.have.length(2);
  });

  it("is not made with anchors that the machine would find too old", () => {
    expect(() => start({ rule: { age: 86_400n, move: 100n } }))
      .to.throw()
      .with.property("code", "OPTIONS_INVALID");
  });
});
