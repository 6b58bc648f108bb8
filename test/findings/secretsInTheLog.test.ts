import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { expect } from "chai";
import { L1Client } from "../../src/l1/L1Client.ts";
import { PosterClient } from "../../src/l1/PosterClient.ts";
import { LocalSigner } from "../../src/l1/TransactionSigner.ts";
import { ask } from "../../src/poster/ask.ts";
import { errorLine, errorTrace } from "../../src/roles/loggable.ts";
import { openLogger } from "../../scripts/cli/openLogger.ts";

/** Most of what endpoints ask money for is paid by a secret in the path of their URL. */
const SECRET = "7f3a5c0ffee0d15ea5edfacade0ddba1";
/** A blob transaction as it travels is as long as its blobs. */
const RAW = new Uint8Array(131_072 * 6).fill(0xb1);
/** As much as a line of a log may be for one failed round. */
const LINE = 10_000;

/**
 * The poster logs each round that fails, every two seconds while it lasts. It logged the error with all of its causes, and the client
 * library's own have the endpoint's whole URL in their words, and all that was sent. All loggers and what scripts print now go through
 * one formatter, which shows of causes their codes alone.
 */
describe("finding: the poster's log has the endpoint's secret and whole blobs in it", () => {
  let server: Server;
  let client: L1Client;
  let answer: () => { status: number; body: string };

  beforeEach(async () => {
    server = createServer((request, response) => {
      request.resume().on("end", () => {
        const { status, body } = answer();
        response.writeHead(status, { "content-type": "application/json" }).end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    client = L1Client.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v3/${SECRET}`, 31337n);
  });

  afterEach(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });

  /** What the poster's service logs of a round in which `request` fails. */
  async function logOf(request: () => Promise<unknown>): Promise<string> {
    let log = "";
    const lines = new Writable({
      write(line: Buffer, _encoding, done) {
        log += line.toString();
        done();
      },
    });
    const logger = openLogger("info", lines);
    await ask(request).catch((error: unknown) => logger.warn({ err: error }, "round failed"));
    expect(log).to.contain("round failed");
    return log;
  }

  it("keeps the URL to itself when the endpoint refuses to serve, and says how it did", async () => {
    answer = () => ({ status: 401, body: "" });
    const log = await logOf(() => client.head());
    expect(log).not.to.contain(SECRET);
    expect(log).to.contain("L1Error UNAVAILABLE").and.contain("SERVER_ERROR");
  });

  it("keeps it to itself in what a script prints too, with the stack or without", async () => {
    answer = () => ({ status: 401, body: "" });
    const error: unknown = await client.provider.getBlock("latest").catch((caught: unknown) => caught);
    expect(String(error), "the client library names it").to.contain(SECRET);
    for (const text of [errorLine(error), errorTrace(error)]) {
      expect(text).not.to.contain(SECRET);
      expect(text).to.contain("127.0.0.1");
    }
  });

  it("repeats no key that the endpoint repeats, but the rest of its words", async () => {
    const error = { code: -32_001, message: `project ${SECRET} has used up its requests` };
    answer = () => ({ status: 200, body: JSON.stringify({ jsonrpc: "2.0", id: 1, error }) });
    const log = await logOf(() => client.head());
    expect(log).not.to.contain(SECRET);
    expect(log).to.contain("project ... has used up its requests");
  });

  it("does not write down the blobs that an endpoint has refused", async () => {
    const error = { code: -32000, message: "exceeds block gas limit" };
    answer = () => ({ status: 200, body: JSON.stringify({ jsonrpc: "2.0", id: 1, error }) });
    const signer = new LocalSigner("11".repeat(32));
    const poster = new PosterClient(client, { chainId: 31337n, inbox: `0x${"22".repeat(20)}`, signer });
    const log = await logOf(() => poster.send(RAW));
    expect(log.length, "bytes of log for one round").to.be.lessThan(LINE);
    expect(log).to.contain("REQUEST_REFUSED");
  });
});
