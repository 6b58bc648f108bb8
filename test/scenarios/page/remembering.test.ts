import { expect } from "chai";
import { RememberingL1Client } from "../../../src/l1/RememberingL1Client.ts";
import { DEFAULT_LIMITS } from "../../../src/status/attention.ts";
import { readL1 } from "../../../src/status/readL1.ts";
import type { Status } from "../../../src/status/Status.ts";
import { statusOf } from "../../../src/status/statusOf.ts";
import { USDC, World } from "../../support/tenor.ts";

describe("Scenario: a client that remembers what L1 has settled", () => {
  let world: World;
  let client: RememberingL1Client;
  /** First blocks of the requests for logs, and numbers of the blocks that were asked for. */
  let asked: number[];

  beforeEach(async () => {
    world = await World.launch();
    const alice = await world.trader("alice");
    await alice.bridge.open(alice.address, 300n * USDC);
    await world.post();
    asked = [];
    const { provider } = world.client();
    const listened = new Proxy(provider, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...given: readonly unknown[]): unknown => {
          if (name === "getLogs") asked.push((given[0] as { fromBlock: number }).fromBlock);
          if (name === "getBlock") asked.push(given[0] as number);
          return (value as (...passed: readonly unknown[]) => unknown).apply(target, [...given]);
        };
      },
    });
    client = new RememberingL1Client(listened);
  });

  const mine = (blocks: number): Promise<void> => world.connection.networkHelpers.mine(blocks);
  const read = async (): Promise<Status> => statusOf(await readL1(client, world.deployment), DEFAULT_LIMITS);
  const readPlainly = async (): Promise<Status> =>
    statusOf(await readL1(world.client(), world.deployment), DEFAULT_LIMITS);

  it("asks for what is behind 64 blocks once, and reads the same as another", async () => {
    await mine(100);
    expect(await read()).to.deep.equal(await readPlainly());
    await world.post();
    const { number } = await world.client().head();
    asked = [];
    expect(await read()).to.deep.equal(await readPlainly());
    // The block that was settled last is compared, and nothing older is asked for.
    expect(Math.min(...asked)).to.equal(number - 1 - 64);
    expect(asked.filter((block) => block < number - 64)).to.have.length(1);
  });

  it("asks again for what is not settled", async () => {
    const goBack = await world.fork();
    await world.post();
    expect((await read()).posted.batches).to.equal(2n);
    await goBack();
    expect((await read()).posted.batches).to.equal(1n);
  });

  it("forgets everything if L1 has replaced what was settled", async () => {
    const goBack = await world.fork();
    await world.post();
    await mine(100);
    expect((await read()).posted.batches).to.equal(2n);
    await goBack();
    expect(await read()).to.deep.equal(await readPlainly());
    expect((await read()).posted.batches).to.equal(1n);
  });
});
