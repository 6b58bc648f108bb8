import { once } from "node:events";
import { connect } from "node:net";
import { expect } from "chai";
import { CLOSE_CODES } from "../../src/rpc/Transport.ts";
import { CALL, orderInput, ownerSigner } from "../support/rpc.ts";
import { closeCode, post, rawSocket, request, withServer, type Answer } from "../support/rpcRaw.ts";

const errorOf = ({ error }: Answer): unknown => error?.data.error ?? "OK";

/**
 * The limits counted requests. A text that was none was never counted, and of those that were, each counted the same: 65 kB of `[1,1,…]`
 * held the sequencer up for 90 ms and cost nothing, a list of a thousand trades or instruments took some 50 to 120 ms and a third of a
 * megabyte and counted as much as asking for the time, and so did a subscription to a hundred channels. A single client without
 * any account could stop the exchange.
 *
 * Every text counts, a long one by its values before it is parsed; long answers by their length; channels one by one. Answers that a client
 * does not read, and pings that it sends meanwhile, are held for it no longer than a request may take, and no further than its limit.
 */
describe("finding: strangers stop the exchange with a few questions a second", () => {
  it("counts texts that are no requests: over HTTP", async () => {
    await withServer({ addressRequestsPerSecond: 0, addressBurst: 4 }, async (h) => {
      const texts = ["{", "[]", "1", '[{"id":7}]', "{", request("public/test")];
      const answers: unknown[] = [];
      for (const text of texts) {
        const { answer } = await post(h, text);
        answers.push(errorOf(Array.isArray(answer) ? (answer[0] as Answer) : answer));
      }
      expect(answers).to.deep.equal([
        ...["PARSE_ERROR", "INVALID_REQUEST", "INVALID_REQUEST", "INVALID_REQUEST"],
        ...["TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"],
      ]);
    });
  });

  it("counts texts that are no requests: who goes on sending them over a WebSocket is closed", async () => {
    await withServer({ connectionRequestsPerSecond: 0, connectionBurst: 2, maxRefusedInARow: 3 }, async (h) => {
      const socket = await rawSocket(h);
      const closed = closeCode(socket);
      for (let i = 0; i < 20; i++) socket.send("x");
      expect(await closed).to.equal(CLOSE_CODES.FLOOD);
    });
  });

  it("does not parse a text of thousands of values for who has no thousands of values left", async () => {
    await withServer({ addressRequestsPerSecond: 0, addressBurst: 100 }, async (h) => {
      const bomb = `[${Array(32_000).fill("1").join()}]`;
      expect(errorOf((await post(h, bomb)).answer)).to.equal("TOO_MANY_REQUESTS");
      // What it was refused for has not been used up.
      expect(errorOf((await post(h, request("public/test"))).answer)).to.equal("OK");
    });
  });

  it("counts what an answer costs by its length", async () => {
    await withServer({ addressRequestsPerSecond: 0, addressBurst: 60 }, async (h) => {
      const owner = await h.trader(1);
      for (let nonce = 0n; nonce < 40n; nonce++) await owner.placeOrder(ownerSigner(1), orderInput(nonce));
      // Of the 60 requests some 18 are left: six lists of 40 orders, of 12 kB each, and not eight.
      const answers: unknown[] = [];
      for (let i = 0; i < 8; i++) {
        answers.push(
          await owner.call("private/get_open_orders", {}).then(
            (orders) => orders.length,
            (error: { code: string }) => error.code,
          ),
        );
      }
      expect(answers.filter((answer) => answer === 40).length).to.be.within(5, 7);
      expect(answers.at(-1)).to.equal("TOO_MANY_REQUESTS");
    });
  });

  it("counts it before the next request of the same batch", async () => {
    await withServer({ addressRequestsPerSecond: 0, addressBurst: 60 }, async (h) => {
      const owner = await h.connect();
      const token = await owner.login(ownerSigner(1), h.clock.time + 60n);
      for (let nonce = 0n; nonce < 40n; nonce++) await owner.placeOrder(ownerSigner(1), orderInput(nonce));
      const { answer } = await post(h, `[${Array(12).fill(request("private/get_open_orders")).join()}]`, token);
      const answers = (answer as unknown as Answer[]).map(errorOf);
      expect(answers.filter((name) => name === "OK").length).to.be.within(5, 7);
      expect(answers.at(-1)).to.equal("TOO_MANY_REQUESTS");
    });
  });

  it("counts each channel of a subscription", async () => {
    await withServer({ connectionRequestsPerSecond: 0, connectionBurst: 5 }, async (h) => {
      const client = await h.connect();
      const channels = ["2950", "3000", "3050", "3100"].map((strike) => `ticker.${CALL.replace("3000", strike)}`);
      expect(await client.call("public/subscribe", { channels })).to.have.length(4);
      const error = await client.call("public/subscribe", { channels }).catch((caught: unknown) => caught);
      expect(error).to.include({ code: "TOO_MANY_REQUESTS" });
    });
  });

  it("counts pings", async () => {
    await withServer({ connectionRequestsPerSecond: 0, connectionBurst: 5, maxRefusedInARow: 3 }, async (h) => {
      const socket = await rawSocket(h);
      const closed = closeCode(socket);
      let pongs = 0;
      socket.on("pong", () => pongs++);
      for (let i = 0; i < 50; i++) socket.ping();
      expect(await closed).to.equal(CLOSE_CODES.FLOOD);
      expect(pongs).to.equal(5);
    });
  });

  it("lets go of a client that does not read its answer over HTTP", async () => {
    await withServer({ requestMilliseconds: 200, addressBurst: 1e9 }, async (h) => {
      const { port } = new URL(h.server.url);
      const socket = connect(Number(port), "127.0.0.1");
      await once(socket, "connect");
      const closed = new Promise((resolve) => socket.once("close", resolve));
      // What was not read when the server lets go is answered with a reset.
      socket.on("error", () => undefined);
      const body = `[${Array(50).fill(request("public/get_deployment")).join()}]`;
      const question = `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
      // More than the system's buffers take.
      for (let i = 0; i < 2_000; i++) socket.write(question);
      await closed;
      expect((await post(h, request("public/test"))).status).to.equal(200);
    });
  });
});
