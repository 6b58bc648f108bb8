import { expect } from "chai";
import { addressOf } from "../../src/crypto/secp256k1.ts";
import { keccak256 } from "../../src/crypto/keccak.ts";
import { SCOPE_CANCEL } from "../../src/machine/Slots.ts";
import { signRevokeKey, signSetKey } from "../../src/sequencer/Signing.ts";
import type { Submission } from "../../src/sequencer/Submission.ts";
import type { TenorClient } from "../../src/rpc/TenorClient.ts";
import { hear, orderInput, ownerSigner, rpcHarness, type RpcHarness } from "../support/rpc.ts";
import { DOMAIN, keyOf, START } from "../support/sequencer.ts";

const STOLEN = keccak256(new Uint8Array([7]));
const INDEX = 2;

/**
 * Every method asks whether the session key that has logged in still stands. What a connection had set going did not: after the owner
 * had revoked a stolen key, the thief's connection went on hearing the account's orders and trades for as long as it lasted, and by
 * ending it at a moment of its choice it cancelled all of the account's orders.
 *
 * A subscription and a cancel-on-disconnect now belong to the login that has asked for them, and end with its key.
 */
describe("finding: a revoked key goes on listening, and cancels orders in the end", () => {
  let h: RpcHarness;
  let thief: TenorClient;
  let owner: TenorClient;

  beforeEach(async () => {
    h = await rpcHarness();
    const key = { account: 1, index: INDEX, address: addressOf(STOLEN), scope: SCOPE_CANCEL, expiry: START + 9_000n };
    submit(signSetKey(DOMAIN, { ...key, budget: 0n }, { nonce: 500n, deadline: START + 600n }, keyOf(1)));
    thief = await h.connect();
    await thief.login({ account: 1, privateKey: STOLEN, key: { index: INDEX, epoch: 1 } }, h.clock.time + 60n);
    owner = await h.trader(1);
  });
  afterEach(async () => h.stop());

  function submit(transaction: Extract<Submission, { kind: "transaction" }>["transaction"]): void {
    expect(h.sequencer.submitMany([{ kind: "transaction", transaction }])[0]).to.include({ accepted: true });
  }

  function revoke(): void {
    const terms = { nonce: 501n, deadline: START + 600n };
    submit(signRevokeKey(DOMAIN, { account: 1, index: INDEX }, terms, keyOf(1)));
  }

  const channels = ["user.orders.1", "user.trades.1"];
  /** The owner quotes and is hit, in the hearing of both. */
  async function trade(nonce: bigint): Promise<void> {
    await owner.placeOrder(ownerSigner(1), orderInput(nonce, { direction: "sell" }));
    const other = await h.trader(2);
    await other.placeOrder(ownerSigner(2), orderInput(nonce));
    // Behind whatever the server had to tell the thief.
    await thief.call("public/test", {});
  }

  it("hears nothing of the account's orders and trades from the revocation on", async () => {
    const heard = hear(thief);
    await thief.call("private/subscribe", { channels });
    await trade(0n);
    const before = heard.all.length;
    expect(before).to.be.greaterThan(1);
    revoke();
    await trade(1n);
    expect(heard.all.slice(before)).to.deep.equal([]);
  });

  it("hears nothing once its time is over", async () => {
    const heard = hear(thief);
    await thief.call("private/subscribe", { channels });
    h.clock.time = START + 9_001n;
    await owner.login(ownerSigner(1), h.clock.time + 60n);
    const deadline = h.clock.time + 600n;
    await owner.placeOrder(ownerSigner(1), orderInput(5n, { direction: "sell", deadline }));
    await thief.call("public/test", {});
    expect(heard.all).to.deep.equal([]);
  });

  it("hears nothing once it has logged out with its token elsewhere", async () => {
    const heard = hear(thief);
    const key = { account: 1, privateKey: STOLEN, key: { index: INDEX, epoch: 1 } };
    const token = await thief.login(key, h.clock.time + 60n);
    await thief.call("private/subscribe", { channels });
    const headers = { authorization: `Bearer ${token}` };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "private/logout", params: {} });
    expect((await fetch(h.server.url, { method: "POST", headers, body })).status).to.equal(200);
    await trade(0n);
    expect(heard.all).to.deep.equal([]);
  });

  it("cancels nothing when its connection ends", async () => {
    await thief.call("private/enable_cancel_on_disconnect", { scope: "account" });
    await owner.placeOrder(ownerSigner(1), orderInput(3n, { direction: "sell" }));
    revoke();
    await thief.close();
    // The server has seen the end by now: it says good-bye first.
    await owner.call("public/test", {});
    await new Promise((resolve) => setImmediate(resolve));
    expect(await owner.call("private/get_open_orders", {})).to.have.length(1);
  });

  it("cancels while it stands, also when its login's hour is over", async () => {
    await thief.call("private/enable_cancel_on_disconnect", { scope: "account" });
    const deadline = START + 8_000n;
    await owner.placeOrder(ownerSigner(1), orderInput(3n, { direction: "sell", deadline }));
    h.clock.time = START + 7_000n;
    await thief.close();
    await owner.login(ownerSigner(1), h.clock.time + 60n);
    let open = await owner.call("private/get_open_orders", {});
    while (open.length > 0) open = await owner.call("private/get_open_orders", {});
    expect(open).to.deep.equal([]);
  });
});
