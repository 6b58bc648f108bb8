import { expect } from "chai";
import { networkOf } from "../../src/http/networkOf.ts";
import { rpcHarness } from "../support/rpc.ts";
import { request } from "../support/rpcRaw.ts";

/**
 * Of an IPv6 address the first four groups were what a client was counted by, as they are written, with zeros left out: of 2001:db8::/64 the
 * fourth is the client's own to choose, so one customer was as many as it liked. And where the proxy adds the address that it
 * sees to what the client has sent, as X-Forwarded-For is usually kept, the client's own invention was part of its name.
 *
 * Networks have one name now, and of a list the proxy's own entry counts, the last.
 */
describe("finding: a client is counted as many, by the way its address is written", () => {
  it("has one name for a network", () => {
    const same = ["2001:db8::1", "2001:db8::2:3:4:5", "2001:0DB8:0:0:9::", "2001:db8:0:0:1:2:3:4", "2001:db8::1.2.3.4"];
    expect(new Set(same.map(networkOf))).to.deep.equal(new Set(["2001:db8:0:0"]));
    expect(["2001:db8:1::5", "2001:db8:1:0:5::"].map(networkOf)).to.deep.equal(["2001:db8:1:0", "2001:db8:1:0"]);
    expect(["::1", "::", "fe80::1%eth0"].map(networkOf)).to.deep.equal(["0:0:0:0", "0:0:0:0", "fe80:0:0:0"]);
    expect(["::ffff:192.0.2.1", "192.0.2.1", ""].map(networkOf)).to.deep.equal(["192.0.2.1", "192.0.2.1", ""]);
    expect(networkOf("2001:db8:0:1::1")).not.to.equal(networkOf("2001:db8::1"));
  });

  it("is refused under whatever it writes before what the proxy has seen", async () => {
    const settings = { addressRequestsPerSecond: 0, addressBurst: 1 };
    const h = await rpcHarness({ rpc: { settings, clientAddressHeader: "X-Forwarded-For" } });
    try {
      const ask = async (value: string): Promise<number> => {
        const headers = { "x-forwarded-for": value };
        return (await fetch(h.server.url, { method: "POST", body: request("public/test"), headers })).status;
      };
      const from = ["192.0.2.1", "8.8.8.8, 192.0.2.1", "x,y,192.0.2.1", "2001:db8::1", "2001:db8::2"];
      const statuses: number[] = [];
      for (const value of from) statuses.push(await ask(value));
      expect(statuses).to.deep.equal([200, 429, 429, 200, 429]);
    } finally {
      await h.stop();
    }
  });
});
