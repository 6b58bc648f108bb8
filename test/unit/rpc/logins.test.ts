import { expect } from "chai";
import { fromHex, toHex } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { addressOf, sign } from "../../../src/crypto/secp256k1.ts";
import { DEFAULT_RPC_SETTINGS } from "../../../src/rpc/RpcSettings.ts";
import { loginDigest } from "../../../src/rpc/typedData.ts";
import { signRevokeKey, signSetKey } from "../../../src/sequencer/Signing.ts";
import { orderInput, ownerSigner, rpcHarness, type RpcHarness } from "../../support/rpc.ts";
import { post, request } from "../../support/rpcRaw.ts";
import { DOMAIN, keyOf, START } from "../../support/sequencer.ts";

const HASH = `0x${"00".repeat(32)}`;

describe("logins", () => {
  let h: RpcHarness;
  beforeEach(async () => {
    h = await rpcHarness();
  });
  afterEach(async () => h.stop());

  /** Parameters of a login, signed. */
  async function signed(key: Uint8Array, change: { deadline?: bigint; keyIndex?: number; challenge?: string } = {}) {
    const { answer } = await post(h, request("public/challenge"));
    const challenge = change.challenge ?? (answer.result as { challenge: string }).challenge;
    const deadline = change.deadline ?? h.clock.time + 60n;
    const keyIndex = change.keyIndex ?? 0;
    const digest = loginDigest(DOMAIN, { account: 1, keyIndex, challenge: fromHex(challenge, 32), deadline });
    return {
      account: 1,
      key_index: keyIndex,
      challenge,
      deadline: Number(deadline),
      signature: toHex(sign(digest, key)),
    };
  }

  async function reasonOf(params: object): Promise<unknown> {
    const { answer } = await post(h, request("public/auth", params));
    if (answer.error === undefined) return "OK";
    expect(answer.error.data.error).to.equal("INVALID_CREDENTIALS");
    return answer.error.data.reason;
  }

  it("are refused: replayed, expired, too far ahead, of another key, account or challenge", async () => {
    const good = await signed(keyOf(1));
    expect(await reasonOf(good)).to.equal("OK");
    expect(await reasonOf(good)).to.equal("challenge");
    expect(await reasonOf(await signed(keyOf(1), { challenge: HASH }))).to.equal("challenge");
    expect(await reasonOf(await signed(keyOf(1), { deadline: h.clock.time - 1n }))).to.equal("expired");
    expect(await reasonOf(await signed(keyOf(1), { deadline: h.clock.time + 301n }))).to.equal("deadline");
    expect(await reasonOf(await signed(keyOf(2)))).to.equal("signature");
    expect(await reasonOf({ ...(await signed(keyOf(1))), account: 2 })).to.equal("signature");
    expect(await reasonOf({ ...(await signed(keyOf(1))), account: 99 })).to.equal("account");
    expect(await reasonOf(await signed(keyOf(1), { keyIndex: 1 }))).to.equal("key");
    // Who spoils somebody's login does not use its challenge up, but nobody uses one twice.
    const spoilt = await signed(keyOf(1));
    expect(await reasonOf({ ...spoilt, deadline: spoilt.deadline + 1 })).to.equal("signature");
    expect(await reasonOf(spoilt)).to.equal("OK");
    expect(await reasonOf(spoilt)).to.equal("challenge");
    const { challenge } = await signed(keyOf(1));
    const later = `0x${(BigInt(challenge.slice(0, 18)) + 1n).toString(16).padStart(16, "0")}${challenge.slice(18)}`;
    expect(await reasonOf(await signed(keyOf(1), { challenge: later }))).to.equal("challenge");
    const old = await signed(keyOf(1), { deadline: h.clock.time + 100n });
    h.clock.time += 61n;
    expect(await reasonOf(old)).to.equal("challenge");
  });

  it("end: by their time, by a logout, by the revocation of the key", async () => {
    const client = await h.trader(1);
    const session = keccak256(new Uint8Array([7]));
    const key = { account: 1, index: 2, address: addressOf(session), scope: 2, expiry: START + 9_000n, budget: 0n };
    const terms = { nonce: 500n, deadline: START + 600n };
    const submit = (transaction: Parameters<typeof h.sequencer.submitMany>[0][number]): void => {
      expect(h.sequencer.submitMany([transaction])[0]).to.include({ accepted: true });
    };
    submit({ kind: "transaction", transaction: signSetKey(DOMAIN, key, terms, keyOf(1)) });
    const { answer } = await post(h, request("public/auth", await signed(session, { keyIndex: 2 })));
    const token = (answer.result as { access_token: string }).access_token;
    expect((await post(h, request("private/get_positions"), token)).answer.result).to.deep.equal([]);
    // The key may cancel, not trade.
    const order = client.signedOrder({ account: 1, privateKey: session, key: { index: 2, epoch: 1 } }, orderInput(0n));
    const refused = await post(h, request("private/buy", order), token);
    expect(refused.answer.error?.data).to.include({ error: "FORBIDDEN" });
    expect((await post(h, request("private/cancel_all"), token)).answer.result).to.include({ count: 0 });
    const revoke = signRevokeKey(DOMAIN, { account: 1, index: 2 }, { ...terms, nonce: 501n }, keyOf(1));
    submit({ kind: "transaction", transaction: revoke });
    const late = await post(h, request("private/get_positions"), token);
    expect(late.answer.error?.data).to.include({ error: "UNAUTHORIZED" });

    await client.call("private/logout", {});
    expect(await client.call("private/get_positions", {}).catch((error: unknown) => error)).to.include({
      code: "UNAUTHORIZED",
    });
    await client.login(ownerSigner(1), h.clock.time + 60n);
    h.clock.time += BigInt(DEFAULT_RPC_SETTINGS.loginSeconds) + 1n;
    expect(await client.call("private/get_positions", {}).catch((error: unknown) => error)).to.include({
      code: "UNAUTHORIZED",
    });
  });
});
