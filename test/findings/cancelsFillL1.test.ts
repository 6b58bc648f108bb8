import { expect } from "chai";
import { toHex } from "../../src/crypto/bytes.ts";
import { addressOf } from "../../src/crypto/secp256k1.ts";
import { keccak256 } from "../../src/crypto/keccak.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { SCOPE_CANCEL } from "../../src/machine/Slots.ts";
import { signCancel, signRevokeKey, signSetKey } from "../../src/sequencer/Signing.ts";
import type { SubmittedTransaction } from "../../src/sequencer/AccountTransaction.ts";
import { DEFAULT_RPC_SETTINGS } from "../../src/rpc/RpcSettings.ts";
import type { TenorClient } from "../../src/rpc/TenorClient.ts";
import { orderInput, ownerSigner, rpcHarness, type RpcHarness } from "../support/rpc.ts";
import { DOMAIN, keyOf, START } from "../support/sequencer.ts";

const SESSION = keccak256(new Uint8Array([7]));
const INDEX = 2;
const DEADLINE = START + 3_000n;
const BURST = 3;

/**
 * A Cancel pays no fee, and of a nonce that was never used it is good. L1 takes 8,192 bytes a second of the sequencer, and a Cancel has 72: one
 * trader who sent 120 a second, which the limits of one address allow, had more than L1 takes. After ten minutes the exchange
 * was behind L1 and took nothing but cancellations any more, these among them, as many as came.
 *
 * Each key of an account has a quota of what pays no fee.
 */
describe("finding: one account's cancellations use up all that L1 takes", () => {
  let h: RpcHarness;
  let trader: TenorClient;
  let nonce = 100n;

  beforeEach(async () => {
    const settings = { unpaidPerSecond: 0, unpaidBurst: BURST, connectionBurst: 1_000, addressBurst: 1_000 };
    h = await rpcHarness({ rpc: { settings } });
    trader = await h.trader(1);
  });
  afterEach(async () => h.stop());

  async function submit(transaction: SubmittedTransaction, by = trader): Promise<string> {
    const bytes = toHex(encodeTransaction(transaction, 0n));
    return by.call("private/submit", { transaction: bytes }).then(
      () => "OK",
      (error: { code: string; fields: { reason?: string } }) => error.fields.reason ?? error.code,
    );
  }

  const cancel = (of = nonce++, key = keyOf(1), index = 0): SubmittedTransaction =>
    signCancel(DOMAIN, { account: 1, nonce: of }, DEADLINE, key, index);

  it("takes so many at once, a fortieth of what may wait for L1, and no more", async () => {
    const { unpaidBurst, unpaidPerSecond } = DEFAULT_RPC_SETTINGS;
    expect(unpaidBurst * 72).to.be.lessThan(4_194_304 / 40);
    expect(unpaidPerSecond * 72).to.be.lessThan(8_192 / 100);
    const answers: string[] = [];
    for (let i = 0; i < 5; i++) answers.push(await submit(cancel()));
    expect(answers).to.deep.equal(["OK", "OK", "OK", "TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"]);
    const { order } = await trader.placeOrder(ownerSigner(1), orderInput(0n));
    const signed = trader.cancelSigned(ownerSigner(1), order.order_id, 0n, DEADLINE);
    expect(await signed.catch((error: unknown) => error)).to.include({ code: "TOO_MANY_REQUESTS" });
    const all = trader.cancelAllSigned(ownerSigner(1), 5n, DEADLINE);
    expect(await all.catch((error: unknown) => error)).to.include({ code: "TOO_MANY_REQUESTS" });
    // Out of the book it still gets, which takes nothing of L1; and others are not concerned.
    expect(await trader.call("private/cancel", { order_id: order.order_id })).to.include({ finality: "book" });
    const other = await h.trader(2);
    const theirs = signCancel(DOMAIN, { account: 2, nonce: 9n }, DEADLINE, keyOf(2), 0);
    expect(await submit(theirs, other)).to.equal("OK");
  });

  it("does not count what is refused", async () => {
    for (let i = 0; i < 2 * BURST; i++) expect(await submit(cancel(nonce++, keyOf(2)))).to.equal("BadSignature");
    expect(await submit(cancel())).to.equal("OK");
  });

  it("leaves the owner its share when a stolen key has used up its own", async () => {
    const key = { account: 1, index: INDEX, address: addressOf(SESSION), scope: SCOPE_CANCEL, expiry: START + 9_000n };
    const terms = { nonce: 500n, deadline: DEADLINE };
    expect(await submit(signSetKey(DOMAIN, { ...key, budget: 0n }, terms, keyOf(1)))).to.equal("OK");
    const thief = await h.connect();
    await thief.login({ account: 1, privateKey: SESSION, key: { index: INDEX, epoch: 1 } }, h.clock.time + 60n);
    for (let i = 0; i < BURST; i++) expect(await submit(cancel(nonce++, SESSION, INDEX), thief)).to.equal("OK");
    expect(await submit(cancel(nonce++, SESSION, INDEX), thief)).to.equal("TOO_MANY_REQUESTS");
    const revoke = signRevokeKey(DOMAIN, { account: 1, index: INDEX }, { nonce: 501n, deadline: DEADLINE }, keyOf(1));
    expect(await submit(revoke)).to.equal("OK");
  });
});
