import { expect } from "chai";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { HttpEndpoint } from "../../../src/http/HttpEndpoint.ts";
import { failure } from "../../support/failure.ts";

const LIMITS = { timeoutMilliseconds: 10_000, maxBytes: 100 };
const ANSWER = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok";

describe("an HTTP server whose connections break off", () => {
  const sockets = new Set<Socket>();
  let server: Server;
  let requests: number;
  /** Numbers of the requests that get no answer, but the end of their connection. */
  let cut: readonly number[];

  beforeEach(async () => {
    requests = 0;
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("data", () => {
        if (cut.includes(++requests)) socket.destroy();
        else socket.write(ANSWER);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterEach(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });

  const endpoint = (): HttpEndpoint =>
    new HttpEndpoint(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, LIMITS);

  it("is asked once more for what is only read", async () => {
    cut = [2];
    const asked = endpoint();
    for (let i = 0; i < 2; i++) expect(Buffer.from(await asked.send({ path: "/a" })).toString()).to.equal("ok");
    expect(requests).to.equal(3);
  });

  it("is not asked a third time", async () => {
    cut = [1, 2];
    expect(await failure(() => endpoint().send({ path: "/a" }))).to.include({ code: "UNREACHABLE" });
    expect(requests).to.equal(2);
  });

  it("is sent what may change something only once", async () => {
    cut = [1];
    expect(await failure(() => endpoint().send({ path: "/a", json: {} }))).to.include({ code: "UNREACHABLE" });
    expect(requests).to.equal(1);
  });
});
