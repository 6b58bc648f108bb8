import { expect } from "chai";
import { Interface, makeError } from "ethers";
import { loadArtifact } from "../../../src/l1/Artifacts.ts";
import { isRevert, translateError } from "../../../src/l1/ContractErrors.ts";
import { frontierPathLength } from "../../../src/l1/InboxClient.ts";
import { isContractError, L1Error } from "../../../src/l1/L1Error.ts";

const inbox = new Interface(loadArtifact("RollupInbox").abi);
const data = inbox.encodeErrorResult("BatchIndexMismatch", [7n, 6n]);

describe("errors of L1", () => {
  const depths: [string, unknown][] = [
    ["at the top", { data }],
    ["below error", { error: { data } }],
    ["as ethers wraps an endpoint's answer", { info: { error: { code: 3, data } } }],
    ["as the simulator wraps it", { cause: { data: { data } } }],
  ];
  for (const [where, error] of depths) {
    it(`names a contract's error with its arguments and what to do: data ${where}`, () => {
      const translated = translateError(error, "append a batch");
      expect(translated).to.include({ code: "REVERTED", cause: error });
      expect(translated.fields).to.deep.include({
        action: "append a batch",
        error: "BatchIndexMismatch",
        arguments: { actual: 7n, expected: 6n },
      });
      expect(translated.message).to.include("derive again");
      expect(isContractError(translated, "NotSequencer", "BatchIndexMismatch")).to.equal(true);
      expect(isContractError(translated, "NotSequencer")).to.equal(false);
    });
  }

  it("passes on an error that no contract of ours has", () => {
    expect(translateError({ data: "0x12345678" }, "x").fields).to.include({ error: "unknown", data: "0x12345678" });
  });

  const classes: [string, Error, string][] = [
    ["a timeout", makeError("slow", "TIMEOUT", { operation: "request", reason: "timeout" }), "UNAVAILABLE"],
    ["a refused connection", Object.assign(new Error("refused"), { code: "ECONNREFUSED" }), "UNAVAILABLE"],
    ["a used nonce", makeError("nonce", "NONCE_EXPIRED", {} as never), "NONCE_USED"],
    ["an empty account", makeError("funds", "INSUFFICIENT_FUNDS", {} as never), "FUNDS"],
    ["a cheap replacement", makeError("cheap", "REPLACEMENT_UNDERPRICED", {} as never), "REPLACEMENT_UNDERPRICED"],
    ["a revert without data", makeError("call", "CALL_EXCEPTION", { receipt: null } as never), "REVERTED"],
    ["a revert on chain", makeError("call", "CALL_EXCEPTION", { receipt: {} } as never), "FAILED_ON_CHAIN"],
    ["anything else", new Error("method not found"), "REQUEST_REFUSED"],
  ];
  for (const [name, error, code] of classes) {
    it(`tells ${name} by its code: ${code}`, () => {
      expect(translateError(error, "read")).to.be.instanceOf(L1Error).and.include({ code, cause: error });
    });
  }

  /** A failed call as the client library shows it, whether the chain or the endpoint has failed. */
  const failedCall = (message: string): Error =>
    makeError("missing revert data", "CALL_EXCEPTION", { info: { error: { code: -32_000, message } } } as never);
  const failures: [string, Error, boolean][] = [
    ["a revert with data", Object.assign(new Error("reverted"), { data }), true],
    ["a revert without data", failedCall("execution reverted"), true],
    ["a call that needs more gas than there is", failedCall("out of gas"), true],
    ["an endpoint without that block", failedCall("header not found"), false],
    ["an endpoint that is asked too often", failedCall("rate limit exceeded"), false],
    ["an endpoint that does not answer", makeError("down", "SERVER_ERROR", {} as never), false],
  ];
  for (const [name, error, expected] of failures) {
    it(`${expected ? "takes" : "does not take"} ${name} for a failure on chain`, () => {
      expect(isRevert(translateError(error, "read"))).to.equal(expected);
    });
  }

  it("leaves an error alone that has been translated", () => {
    const error = new L1Error("FUNDS", "sample");
    expect(translateError(error, "again")).to.equal(error);
  });

  it("gives forceInclude the part of a path that later messages do not change", () => {
    expect(frontierPathLength(0n, 1n)).to.equal(0);
    expect(frontierPathLength(0n, 2n)).to.equal(1);
    expect(frontierPathLength(2n, 3n)).to.equal(0);
    expect(frontierPathLength(1n, 4n)).to.equal(2);
    expect(frontierPathLength(4n, 7n)).to.equal(1);
  });
});
