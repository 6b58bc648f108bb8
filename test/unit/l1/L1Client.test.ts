import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { L1Client } from "../../../src/l1/L1Client.ts";
import type { L1Error } from "../../../src/l1/L1Error.ts";

type Answer = (method: string, params: readonly unknown[]) => unknown;

async function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "none",
    (error: unknown) => (error as L1Error).code,
  );
}

/** A JSON-RPC endpoint of one method after another. */
describe("L1Client", () => {
  let server: Server;
  let client: L1Client;
  let answer: Answer;

  beforeEach(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const { id, method, params } = JSON.parse(body) as { id: number; method: string; params: unknown[] };
        const result = answer(method, params);
        if (result === "silence") return;
        if (result === "hang up") response.destroy();
        else if (result === "busy") response.writeHead(429).end();
        else response.end(JSON.stringify({ jsonrpc: "2.0", id, result }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const options = { timeoutMilliseconds: 2_000, logRange: 10 };
    client = L1Client.connect(`http://127.0.0.1:${port}`, 31337n, undefined, options);
  });

  afterEach(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });

  for (const fault of ["silence", "hang up", "busy"]) {
    it(`says at once that the endpoint does not answer: ${fault}`, async () => {
      let asked = 0;
      answer = () => {
        asked++;
        return fault;
      };
      expect(await codeOf(client.head())).to.equal("UNAVAILABLE");
      expect(asked).to.equal(1);
    });
  }

  it("has no key unless it is given one", async () => {
    expect(await codeOf(client.address())).to.equal("NO_SIGNER");
  });

  it("reads the chain id from the endpoint, not from what it was told", async () => {
    answer = () => "0x5";
    expect(await client.chainId()).to.equal(5n);
  });

  it("refuses an endpoint that does not know its own newest block", async () => {
    answer = (method) => (method === "eth_blockNumber" ? "0x9" : null);
    expect(await codeOf(client.head())).to.equal("INCONSISTENT");
  });

  const log = {
    address: `0x${"11".repeat(20)}`,
    topics: [`0x${"22".repeat(32)}`],
    data: "0x",
    blockNumber: "0x4",
    blockHash: `0x${"33".repeat(32)}`,
    transactionHash: `0x${"44".repeat(32)}`,
    transactionIndex: "0x0",
    logIndex: "0x0",
    removed: false,
  };
  const read = (): Promise<unknown> => client.logs(`0x${"11".repeat(20)}`, log.topics, 0, 25);

  it("asks for logs in bounded ranges and puts them in order", async () => {
    const ranges: unknown[] = [];
    answer = (_, [filter]) => {
      const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string };
      ranges.push([Number(fromBlock), Number(toBlock)]);
      const blockNumber = fromBlock;
      return [
        { ...log, blockNumber, logIndex: "0x1" },
        { ...log, blockNumber, logIndex: "0x0" },
      ];
    };
    const logs = (await read()) as { blockNumber: number; index: number }[];
    expect(ranges).to.deep.equal([
      [0, 9],
      [10, 19],
      [20, 25],
    ]);
    expect(logs.map(({ blockNumber, index }) => [blockNumber, index])).to.deep.equal([
      [0, 0],
      [0, 1],
      [10, 0],
      [10, 1],
      [20, 0],
      [20, 1],
    ]);
  });

  const foreign: [string, object][] = [
    ["of another contract", { address: `0x${"12".repeat(20)}` }],
    ["of another event", { topics: [`0x${"23".repeat(32)}`] }],
    ["from outside the range", { blockNumber: "0x63" }],
    ["that was removed", { removed: true }],
  ];
  for (const [name, change] of foreign) {
    it(`refuses a log ${name}`, async () => {
      answer = () => [{ ...log, ...change }];
      expect(await codeOf(read())).to.equal("INCONSISTENT");
    });
  }
});
