import { expect } from "chai";
import { once } from "node:events";
import { METHODS, type Method } from "../../../src/rpc/methods.ts";
import { RPC_ERRORS, type RpcErrorCode } from "../../../src/rpc/RpcError.ts";
import { DEFAULT_RPC_SETTINGS } from "../../../src/rpc/RpcSettings.ts";
import { CALL, orderInput, ownerSigner, rpcHarness, type RpcHarness } from "../../support/rpc.ts";
import { closeCode, post, rawSocket, request, type Answer, type Posted } from "../../support/rpcRaw.ts";
import { START } from "../../support/sequencer.ts";

function nested(depth: number): string {
  return `${"[".repeat(depth)}1${"]".repeat(depth)}`;
}

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
