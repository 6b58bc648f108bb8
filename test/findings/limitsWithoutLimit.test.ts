import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { DEFAULT_RPC_SETTINGS } from "../../src/rpc/RpcSettings.ts";
import { dateName } from "../../src/rpc/Instruments.ts";
import type { TenorClient } from "../../src/rpc/TenorClient.ts";
import { rpcHarness, serveHarness, type RpcHarness } from "../support/rpc.ts";
import { harness, START } from "../support/sequencer.ts";

const DAY = Number(START / 86_400n);

/**
 * A maker could set itself limits for each day from 2000 to 2099, whether anything expires then or not: 36,525 of them for one account, kept
 * for ever, in a file too. All of them were looked through at each of its orders and fills, by whoever traded with it, and one
 * question listed them in some ten megabytes.
 *
 * An account has room for a few dozen, and those of a day that is over make room.
 */
describe("finding: a maker's limits have no limit", () => {
  const max = 3;
  let h: RpcHarness;
  let maker: TenorClient;

  beforeEach(async () => {
    h = await rpcHarness({ rpc: { settings: { maxProtections: max } } });
    maker = await h.trader(1);
  });
  afterEach(async () => h.stop());

  async function set(day: number | undefined, client = maker): Promise<unknown> {
    const scope = { index_name: "eth_usd", ...(day === undefined ? {} : { expiry: dateName(day) }) };
    const limits = { interval: 5, frozen_time: 0, quantity_limit: "1" };
    return client.call("private/set_mmp_config", { ...scope, ...limits }).then(
      () => "OK",
      (error: { fields: { reason: unknown } }) => error.fields.reason,
    );
  }

  const daysOf = async (client: TenorClient): Promise<unknown[]> =>
    (await client.call("private/get_mmp_config", {})).map(({ expiry }) => expiry);

  it("has room for so many, and may still change and take away what is there", async () => {
    expect(DEFAULT_RPC_SETTINGS.maxProtections).to.be.within(32, 256);
    for (const day of [undefined, DAY + 1, DAY + 2]) expect(await set(day)).to.equal("OK");
    expect(await set(DAY + 3)).to.equal("too many");
    expect(await set(DAY + 1)).to.equal("OK");
    await maker.call("private/set_mmp_config", { index_name: "eth_usd", interval: 0, frozen_time: 0 });
    expect(await set(DAY + 3)).to.equal("OK");
    expect(await set(undefined, await h.trader(2)), "of another account").to.equal("OK");
  });

  it("takes none for a day that is over, and forgets those whose day is over", async () => {
    expect(await set(DAY - 1)).to.equal("over");
    for (const day of [undefined, DAY + 1, DAY + 2]) expect(await set(day)).to.equal("OK");
    h.clock.time += 2n * 86_400n;
    const again = await h.trader(1);
    expect(await set(DAY + 3, again)).to.equal("OK");
    expect(await daysOf(again)).to.deep.equal([undefined, dateName(DAY + 3)]);
  });

  it("forgets them over a restart too", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tenor-"));
    const historyPath = join(directory, "history.sqlite");
    const inner = harness();
    let served = await serveHarness(inner, { historyPath });
    let client = await served.trader(1);
    expect(await set(DAY + 1, client)).to.equal("OK");
    expect(await set(DAY + 9, client)).to.equal("OK");
    await served.stop();
    inner.clock.time += 2n * 86_400n;
    inner.restart();
    served = await serveHarness(inner, { historyPath });
    client = await served.trader(1);
    expect(await daysOf(client)).to.deep.equal([dateName(DAY + 9)]);
    await served.stop();
    rmSync(directory, { recursive: true });
  });
});
