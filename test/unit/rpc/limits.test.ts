import { expect } from "chai";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";
import { SILENT } from "../../../src/roles/Logger.ts";
import { CLOSE_CODES } from "../../../src/rpc/Transport.ts";
import { startRpcServer } from "../../../src/rpc/RpcServer.ts";
import { CALL, DEPLOYMENT, RECEIPT_KEY, rpcHarness } from "../../support/rpc.ts";
import { closeCode, post, rawSocket, request, withServer, type Answer } from "../../support/rpcRaw.ts";
import { harness } from "../../support/sequencer.ts";

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
      // Neither one that stops in the midst of a request nor one that says nothing at all keeps its connection.
      for (const begin of ["POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{", "POST / HT", ""]) {
        const slow = connect(Number(port), "127.0.0.1");
        await once(slow, "connect");
        slow.write(begin);
        slow.resume();
        await once(slow, "close");
      }
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
