import { expect } from "chai";
import { startRpcServer } from "../../../src/rpc/RpcServer.ts";
import { harness } from "../../support/sequencer.ts";

describe("RPC server", () => {
  it("answers over HTTP", async () => {
    const h = harness();
    const server = await startRpcServer({ sequencer: h.sequencer, clock: h.clock });
    try {
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "public/get_time", params: {} });
      const response = await fetch(server.url, { method: "POST", body });
      expect(await response.json()).to.deep.equal({ jsonrpc: "2.0", id: 1, result: Number(h.clock.time) * 1000 });
    } finally {
      await server.close();
    }
  });
});
