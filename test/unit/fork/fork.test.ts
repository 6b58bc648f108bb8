import { expect } from "chai";
import { anvilBinary } from "../../../scripts/fork/Anvil.ts";
import { ForkError } from "../../../scripts/fork/ForkError.ts";
import { PublicChain } from "../../../scripts/fork/publicChain.ts";
import { Rpc } from "../../../scripts/fork/Rpc.ts";

async function expectForkError(call: () => unknown, code: string): Promise<ForkError> {
  const error: unknown = await Promise.resolve()
    .then(call)
    .catch((thrown: unknown) => thrown);
  expect(error).to.be.instanceOf(ForkError).with.property("code", code);
  return error as ForkError;
}

describe("the fork's set-up", () => {
  it("says which package has no anvil for a platform", async () => {
    const error = await expectForkError(() => anvilBinary("plan9", "x64"), "ANVIL_MISSING");
    expect(error.fields).to.include({ package: "@foundry-rs/anvil-plan9-amd64" });
  });

  it("refuses a FORK_URL that is none", async () => {
    for (const url of ["", "mainnet", "ftp://127.0.0.1", "file:///etc/passwd"]) {
      await expectForkError(() => new PublicChain(url), "SETTING_MALFORMED");
    }
  });

  it("refuses a FORK_BLOCK that is no block's number", async () => {
    const chain = new PublicChain("http://127.0.0.1:1");
    for (const block of ["", "0", "-1", "latest", "0x10", "1e6"]) {
      await expectForkError(() => chain.pin(block, []), "SETTING_MALFORMED");
    }
    chain.close();
  });

  it("says that a node does not answer, without the key in its URL", async () => {
    const chain = new PublicChain("http://127.0.0.1:1/v2/secret-key");
    const error = await expectForkError(() => chain.pin(undefined, []), "RPC_FAILED");
    expect(JSON.stringify(error.toJSON())).to.include("127.0.0.1:1").and.not.include("secret");
    chain.close();
    const rpc = new Rpc("http://127.0.0.1:1");
    const local = await expectForkError(() => rpc.send("eth_chainId"), "RPC_FAILED");
    expect(local.fields).to.include({ method: "eth_chainId" });
    rpc.close();
  });
});
