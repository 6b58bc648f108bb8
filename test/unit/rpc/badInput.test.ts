import { expect } from "chai";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { fromHex, toHex } from "../../../src/crypto/bytes.ts";
import { keccak256 } from "../../../src/crypto/keccak.ts";
import { addressOf, sign } from "../../../src/crypto/secp256k1.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { METHODS, type Method } from "../../../src/rpc/methods.ts";
import { RPC_ERRORS, type RpcErrorCode } from "../../../src/rpc/RpcError.ts";
import { DEFAULT_RPC_SETTINGS, type RpcSettings } from "../../../src/rpc/RpcSettings.ts";
import { CLOSE_CODES } from "../../../src/rpc/Transport.ts";
import { startRpcServer } from "../../../src/rpc/RpcServer.ts";
import { loginDigest } from "../../../src/rpc/typedData.ts";
import { signRevokeKey, signSetKey } from "../../../src/sequencer/Signing.ts";
import {
  CALL,
  DEPLOYMENT,
  orderInput,
  ownerSigner,
  RECEIPT_KEY,
  rpcHarness,
  type RpcHarness,
} from "../../support/rpc.ts";
import { DOMAIN, harness, keyOf, START } from "../../support/sequencer.ts";

interface Answer {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly data: Readonly<Record<string, unknown>> };
}

interface Posted {
  readonly status: number;
  readonly answer: Answer;
}

/** Posts a text as it is. */
async function post(h: RpcHarness, body: string, token?: string): Promise<Posted> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(h.server.url, { method: "POST", body, headers });
  const text = await response.text();
  return { status: response.status, answer: (text === "" ? undefined : JSON.parse(text)) as Answer };
}

function request(method: string, params: unknown = {}, id: unknown = 1): string {
  return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

async function withServer(settings: Partial<RpcSettings>, run: (h: RpcHarness) => Promise<void>): Promise<void> {
  const h = await rpcHarness({ rpc: { settings } });
  try {
    await run(h);
  } finally {
    await h.stop();
  }
}

async function rawSocket(h: RpcHarness): Promise<WebSocket> {
  const socket = new WebSocket(h.server.url.replace("http", "ws"));
  await once(socket, "open");
  return socket;
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, "close")) as [number];
  return code;
}

function nested(depth: number): string {
  return `${"[".repeat(depth)}1${"]".repeat(depth)}`;
}

/** Good parameters of each method, so that private ones fail for want of a login and nothing else. */
const HASH = `0x${"00".repeat(32)}`;
const SIGNATURE = `0x${"00".repeat(64)}`;

/** What comes in, and what it is answered with. */
const TABLE: readonly (readonly [
  name: string,
  body: string,
  error: RpcErrorCode,
  data?: Readonly<Record<string, unknown>>,
])[] = [
  ["nothing", "", "PARSE_ERROR"],
  ["no JSON", "{", "PARSE_ERROR"],
  ["an unpaired bracket in a string", '{"a":"[[[[[[[[[[["', "PARSE_ERROR"],
  ["bytes that are no text", "\u0000\u0001", "PARSE_ERROR"],
  ["deep JSON", nested(DEFAULT_RPC_SETTINGS.maxDepth + 1), "JSON_TOO_DEEP", { max: DEFAULT_RPC_SETTINGS.maxDepth }],
  ["very deep JSON that never closes", "[".repeat(60_000), "JSON_TOO_DEEP"],
  ["an empty batch", "[]", "INVALID_REQUEST"],
  ["a number", "1", "INVALID_REQUEST"],
  ["null", "null", "INVALID_REQUEST"],
  ["another version", '{"jsonrpc":"1.0","id":1,"method":"public/test"}', "INVALID_REQUEST"],
  ["a method that is no string", '{"jsonrpc":"2.0","id":1,"method":7}', "INVALID_REQUEST"],
  ["parameters by position", '{"jsonrpc":"2.0","id":1,"method":"public/test","params":[1]}', "INVALID_REQUEST"],
  ["an id that is an object", '{"jsonrpc":"2.0","id":{},"method":"public/test"}', "INVALID_REQUEST"],
  ["an id that is a fraction", '{"jsonrpc":"2.0","id":1.5,"method":"public/test"}', "INVALID_REQUEST"],
  ["an unknown method", request("public/nothing"), "METHOD_NOT_FOUND", { method: "public/nothing" }],
  ["a method of Object", request("constructor"), "METHOD_NOT_FOUND"],
  ["a method of its prototype", request("__proto__"), "METHOD_NOT_FOUND"],
  ["a parameter too many", request("public/test", { extra: 1 }), "INVALID_PARAMS"],
  ["a parameter too few", request("public/ticker"), "INVALID_PARAMS", { param: "instrument_name" }],
  ["a wrong type", request("public/ticker", { instrument_name: 7 }), "INVALID_PARAMS", { param: "instrument_name" }],
  ["a fraction as a count", request("public/get_order_book", { instrument_name: CALL, depth: 1.5 }), "INVALID_PARAMS"],
  ["a count of zero", request("public/get_order_book", { instrument_name: CALL, depth: 0 }), "INVALID_PARAMS"],
  ["an unknown instrument", request("public/ticker", { instrument_name: "ETH-1JAN70-X-C" }), "INSTRUMENT_NOT_FOUND"],
  ["a day that isn't", request("public/ticker", { instrument_name: "ETH-31FEB25-3000-C" }), "INSTRUMENT_NOT_FOUND"],
  ["a strike off the grid", request("public/ticker", { instrument_name: "ETH-7OCT24-3001-C" }), "INSTRUMENT_NOT_FOUND"],
  [
    "another spelling of a strike",
    request("public/ticker", { instrument_name: "ETH-7OCT24-03000-C" }),
    "INSTRUMENT_NOT_FOUND",
  ],
  [
    "an unknown currency",
    request("public/get_instruments", { currency: "BTC" }),
    "INVALID_PARAMS",
    { param: "currency" },
  ],
  [
    "an unknown index",
    request("public/get_index_price", { index_name: "btc_usd" }),
    "INVALID_PARAMS",
    { param: "index_name" },
  ],
  ["a subscription over HTTP", request("public/subscribe", { channels: [`book.${CALL}`] }), "WEBSOCKET_ONLY"],
];

/** Orders that are wrong in one thing, as the account's owner places them. */
const BAD_ORDERS: readonly (readonly [
  name: string,
  change: Readonly<Record<string, unknown>>,
  error: RpcErrorCode,
  data?: Readonly<Record<string, unknown>>,
])[] = [
  ["a price off the tick", { price: "50.01" }, "PRICE_OFF_TICK", { param: "price", tick: "0.02" }],
  ["a price of zero", { price: "0" }, "PRICE_OFF_TICK"],
  ["a maximum fee off the tick", { max_fee: "0.01" }, "PRICE_OFF_TICK", { param: "max_fee" }],
  ["an amount off the lot", { amount: "0.15" }, "AMOUNT_OFF_LOT", { lot: "0.1" }],
  ["an amount of zero", { amount: 0 }, "AMOUNT_OFF_LOT"],
  ["more places than a price has", { price: "50.00001" }, "INVALID_PARAMS", { param: "price" }],
  ["an exponent", { price: "5e1" }, "INVALID_PARAMS", { param: "price" }],
  ["a sign", { price: "-50" }, "INVALID_PARAMS", { param: "price" }],
  ["a blank", { amount: " 1" }, "INVALID_PARAMS", { param: "amount" }],
  ["a text that is no number", { amount: "one" }, "INVALID_PARAMS", { param: "amount" }],
  ["a nonce below zero", { nonce: -1 }, "INVALID_PARAMS", { param: "nonce" }],
  ["a nonce above the largest", { nonce: "9223372036854775808" }, "INVALID_PARAMS", { param: "nonce" }],
  ["a market order", { type: "market" }, "INVALID_PARAMS", { param: "type" }],
  ["a short signature", { signature: "0x00" }, "INVALID_PARAMS", { param: "signature" }],
  ["a signature of nobody", { signature: SIGNATURE }, "REFUSED", { reason: "BadSignature" }],
  ["other terms than were signed", { amount: "2" }, "REFUSED", { reason: "BadSignature" }],
  ["a deadline that is over", { deadline: Number(START) - 1 }, "REFUSED", { reason: "Expired" }],
  [
    "flags that contradict",
    { post_only: true, time_in_force: "fill_or_kill" },
    "REFUSED",
    { reason: "FlagsContradict" },
  ],
  ["an expiry that has passed", { instrument_name: "ETH-1OCT24-3000-C" }, "REFUSED", { reason: "SeriesExpired" }],
];

describe("bad input", () => {
  let h: RpcHarness;
  before(async () => {
    h = await rpcHarness();
  });
  after(async () => h.stop());

  for (const [name, body, error, data = {}] of TABLE) {
    it(`${name}: ${error}, over HTTP and a WebSocket`, async () => {
      const { status, answer } = await post(h, body);
      expect(status).to.equal(200);
      expect(answer.error?.code).to.equal(RPC_ERRORS[error]);
      expect(answer.error?.data).to.include({ error, ...data });
      if (error === "WEBSOCKET_ONLY") return;
      const socket = await rawSocket(h);
      socket.send(body);
      const [text] = (await once(socket, "message")) as [Buffer];
      expect(JSON.parse(text.toString())).to.deep.equal(answer);
      socket.close();
      await closeCode(socket);
    });
  }

  it("a batch of garbage: every part is answered for itself", async () => {
    const batch = `[1,{},[],${request("public/test", {}, "a")},{"jsonrpc":"2.0","method":"public/test"},${request("x", {}, null)}]`;
    const { answer } = await post(h, batch);
    const answers = answer as unknown as Answer[];
    expect(answers.map(({ id, error }) => [id, error?.data.error ?? "OK"])).to.deep.equal([
      [null, "INVALID_REQUEST"],
      [null, "INVALID_REQUEST"],
      [null, "INVALID_REQUEST"],
      ["a", "OK"],
      [null, "METHOD_NOT_FOUND"],
    ]);
  });

  it("notifications alone: nothing is answered", async () => {
    expect(await post(h, '[{"jsonrpc":"2.0","method":"public/test"}]')).to.deep.equal({
      status: 204,
      answer: undefined,
    });
  });

  it("another verb than POST", async () => {
    const response = await fetch(h.server.url, { method: "PUT", body: "{}" });
    expect(response.status).to.equal(405);
    expect(response.headers.get("allow")).to.equal("POST");
  });

  it("every private method without a login: UNAUTHORIZED, whatever else is wrong", async () => {
    const client = await h.connect();
    for (const method of Object.keys(METHODS).filter((name) => name.startsWith("private/"))) {
      for (const params of [{}, { account: 1 }, { nonsense: true }]) {
        const { answer } = await post(h, request(method, params));
        expect(answer.error?.data, method).to.deep.equal({ error: "UNAUTHORIZED" });
        const error = await client.call(method as Method, params as never).catch((caught: unknown) => caught);
        expect(error, method).to.include({ code: "UNAUTHORIZED" });
      }
    }
    const { answer } = await post(h, request("private/get_positions"), "0".repeat(64));
    expect(answer.error?.data).to.include({ error: "UNAUTHORIZED" });
    const channel = await client
      .call("public/subscribe", { channels: ["user.orders.1"] })
      .catch((error: unknown) => error);
    expect(channel).to.include({ code: "UNAUTHORIZED" });
    const none = await client.call("public/subscribe", { channels: ["all"] }).catch((error: unknown) => error);
    expect(none).to.include({ code: "INVALID_PARAMS" });
  });

  for (const [name, change, error, data = {}] of BAD_ORDERS) {
    it(`an order with ${name}: ${error}`, async () => {
      const client = await h.trader(1);
      const good = client.signedOrder(ownerSigner(1), orderInput(77n));
      const { signature } = good;
      // Where the terms change, so does what has to be signed; what was signed stays, unless the table says otherwise.
      const resigned = name.includes("deadline") || name.includes("flags") || name.includes("expiry");
      const flags = change as { post_only?: boolean; deadline?: number; instrument_name?: string };
      const again = client.signedOrder(ownerSigner(1), {
        ...orderInput(77n),
        ...(flags.deadline === undefined ? {} : { deadline: BigInt(flags.deadline) }),
        ...(flags.post_only === undefined ? {} : { postOnly: true, timeInForce: "fill_or_kill" }),
        ...(flags.instrument_name === undefined ? {} : { instrument: flags.instrument_name }),
      });
      const params = { ...good, signature: resigned ? again.signature : signature, ...change };
      const caught: unknown = await client.call("private/buy", params as never).catch((thrown: unknown) => thrown);
      expect(caught).to.include({ code: error });
      expect((caught as { fields: object }).fields).to.include(data);
      await client.close();
    });
  }

  it("decimals are exact: as numbers, as strings, and with digits that a float would lose", async () => {
    const client = await h.trader(2);
    const token = await client.login(ownerSigner(2), START + 60n);
    const good = client.signedOrder(ownerSigner(2), orderInput(0n, { amount: "0.3", price: "50.02" }));
    const text = request("private/buy", { ...good, amount: "AMOUNT", price: "PRICE" });
    const place = async (amount: string, price: string): Promise<Posted> =>
      post(h, text.replace('"AMOUNT"', amount).replace('"PRICE"', price), token);
    // As a float this is 0.3 exactly; as it stands it is another number.
    expect((await place("0.30000000000000000001", "50.02")).answer.error?.data).to.include({ error: "INVALID_PARAMS" });
    expect((await place("3e-1", "50.02")).answer.error?.data).to.include({ error: "INVALID_PARAMS" });
    const { answer } = await place("0.30", "50.020");
    expect(answer.result).to.have.nested.property("order.price", "50.02");
    expect(answer.result).to.have.nested.property("order.amount", "0.3");
    await client.close();
  });
});

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

describe("limits", () => {
  it("BODY_TOO_LARGE: a long body, and a close code for a long message", async () => {
    await withServer({ maxBodyBytes: 1_000 }, async (h) => {
      const { status, answer } = await post(h, request("public/test", { padding: "x".repeat(1_000) }));
      expect([status, answer.error?.data]).to.deep.equal([413, { error: "BODY_TOO_LARGE", max: 1_000 }]);
      const socket = await rawSocket(h);
      const closed = closeCode(socket);
      socket.send("x".repeat(1_001));
      expect(await closed).to.equal(1009);
    });
  });

  it("BATCH_TOO_LONG", async () => {
    await withServer({ maxBatch: 2 }, async (h) => {
      const { answer } = await post(h, `[${Array(3).fill(request("public/test")).join()}]`);
      expect(answer.error?.data).to.deep.equal({ error: "BATCH_TOO_LONG", max: 2 });
    });
  });

  it("TOO_MANY_REQUESTS: of one address over HTTP, batches counted request by request", async () => {
    await withServer({ addressRequestsPerSecond: 0, addressBurst: 3 }, async (h) => {
      expect((await post(h, request("public/test"))).answer.result).to.deep.equal({ version: "1" });
      const { status, answer } = await post(h, `[${Array(3).fill(request("public/test")).join()}]`);
      expect(status).to.equal(429);
      const codes = (answer as unknown as Answer[]).map(({ error }) => error?.data.error ?? "OK");
      expect(codes).to.deep.equal(["OK", "OK", "TOO_MANY_REQUESTS"]);
    });
  });

  it("TOO_MANY_REQUESTS: of one connection; who goes on is closed", async () => {
    await withServer({ connectionRequestsPerSecond: 0, connectionBurst: 2, maxRefusedInARow: 3 }, async (h) => {
      const socket = await rawSocket(h);
      const closed = closeCode(socket);
      const answers = new Map<unknown, unknown>();
      const allAnswered = new Promise<void>((resolve) => {
        socket.on("message", (data: Buffer) => {
          const { id, error } = JSON.parse(data.toString()) as Answer;
          if (answers.set(id, error?.data.error ?? "OK").size === 4) resolve();
        });
      });
      for (let i = 0; i < 4; i++) socket.send(request("public/test", {}, i));
      await allAnswered;
      const inOrder = [0, 1, 2, 3].map((id) => answers.get(id));
      expect(inOrder).to.deep.equal(["OK", "OK", "TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"]);
      for (let i = 4; i < 7; i++) socket.send(request("public/test", {}, i));
      expect(await closed).to.equal(CLOSE_CODES.FLOOD);
    });
  });

  it("TOO_MANY_CONNECTIONS: of one address, over WebSockets and HTTP; a place that is given back is free", async () => {
    await withServer({ maxConnectionsPerAddress: 2 }, async (h) => {
      const sockets = [await rawSocket(h), await rawSocket(h)];
      const third = new WebSocket(h.server.url.replace("http", "ws"));
      const [, response] = (await once(third, "unexpected-response")) as [unknown, { statusCode: number }];
      expect(response.statusCode).to.equal(503);
      third.on("error", () => undefined);
      third.terminate();
      const { status, answer } = await post(h, request("public/test"));
      expect([status, answer.error?.data.error]).to.deep.equal([503, "TOO_MANY_CONNECTIONS"]);
      sockets[0]!.close();
      await closeCode(sockets[0]!);
      // The server counts a connection until it has seen its end, which may be a moment later than ours.
      let last = await post(h, request("public/test"));
      while (last.status === 503) last = await post(h, request("public/test"));
      expect(last.answer.result).to.deep.equal({ version: "1" });
      sockets[1]!.terminate();
    });
  });

  it("TOO_MANY_SUBSCRIPTIONS", async () => {
    await withServer({ maxSubscriptions: 1 }, async (h) => {
      const client = await h.connect();
      const channels = [`book.${CALL}`, `trades.${CALL}`];
      const error = await client.call("public/subscribe", { channels }).catch((caught: unknown) => caught);
      expect(error).to.include({ code: "TOO_MANY_SUBSCRIPTIONS" });
      expect(await client.call("public/subscribe", { channels: channels.slice(0, 1) })).to.have.length(1);
    });
  });

  it("a client that does not read is dropped, and the server's memory stays bounded", async () => {
    const settings = { maxBufferedBytes: 20_000, connectionBurst: 1e9, addressBurst: 1e9 };
    let isDropped = false;
    const info = (): void => {
      isDropped = true;
    };
    const h = await rpcHarness({ rpc: { settings, logger: { ...SILENT, info } } });
    try {
      const socket = await rawSocket(h);
      const closed = closeCode(socket);
      const raw = (socket as unknown as { _socket: Socket })._socket;
      raw.pause();
      const other = await h.connect();
      const body = `[${Array(50).fill(request("public/get_deployment")).join()}]`;
      // The system's buffers fill first; a second client's answers tell that the server has had its turn.
      for (let i = 0; i < 5_000 && !isDropped; i++) {
        socket.send(body);
        if (i % 20 === 0) await other.call("public/test", {});
      }
      raw.resume();
      expect(await closed).to.equal(CLOSE_CODES.SLOW_CONSUMER);
      expect(await other.call("public/test", {})).to.deep.equal({ version: "1" });
    } finally {
      await h.stop();
    }
  });

  it("a connection of which nothing is heard is closed; one that answers pings stays", async () => {
    await withServer({ idleMilliseconds: 2_000 }, async (h) => {
      const deaf = new WebSocket(h.server.url.replace("http", "ws"), { autoPong: false });
      await once(deaf, "open");
      const good = await h.connect();
      expect(await closeCode(deaf)).to.equal(CLOSE_CODES.IDLE);
      expect(await good.call("public/test", {})).to.deep.equal({ version: "1" });
    });
  });

  it("binary messages are closed as such, and half a request is broken off", async () => {
    await withServer({ requestMilliseconds: 200 }, async (h) => {
      const socket = await rawSocket(h);
      const closed = closeCode(socket);
      socket.send(Buffer.from([1, 2, 3]));
      expect(await closed).to.equal(1003);
      const { port } = new URL(h.server.url);
      const half = connect(Number(port), "127.0.0.1");
      await once(half, "connect");
      half.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{");
      half.end();
      half.resume();
      await once(half, "close");
      expect((await post(h, request("public/test"))).answer.result).to.deep.equal({ version: "1" });
    });
  });
});

describe("the server's options", () => {
  it("OPTIONS_INVALID: for another deployment than the sequencer's", async () => {
    const { sequencer, clock } = harness();
    const options = { ...DEPLOYMENT, sequencer, clock, receiptKey: RECEIPT_KEY, chainId: 1n };
    const error = await startRpcServer(options).catch((caught: unknown) => caught);
    expect(error).to.include({ name: "RpcServerError", code: "OPTIONS_INVALID" });
  });

  it("tells clients apart by a proxy's header, if it is told to", async () => {
    const settings = { addressRequestsPerSecond: 0, addressBurst: 1 };
    const h = await rpcHarness({ rpc: { settings, clientAddressHeader: "X-Real-IP" } });
    try {
      const ask = async (address: string): Promise<number> => {
        const headers = { "x-real-ip": address };
        return (await fetch(h.server.url, { method: "POST", body: request("public/test"), headers })).status;
      };
      expect([await ask("192.0.2.1"), await ask("192.0.2.1"), await ask("192.0.2.2")]).to.deep.equal([200, 429, 200]);
    } finally {
      await h.stop();
    }
  });
});
