import { expect } from "chai";
import { isTenorError, TenorError } from "../../src/errors.ts";

type SampleErrorCode = "TOO_LONG" | "TOO_SHORT";

class SampleError extends TenorError<SampleErrorCode> {
  override readonly name = "SampleError";
}

describe("TenorError", () => {
  it("carries a code, a message, fields and the cause", () => {
    const cause = new Error("underneath");
    const error = new SampleError("TOO_LONG", "sample is too long", { fields: { length: 3, maximum: 2n }, cause });
    expect(error).to.be.instanceOf(TenorError).and.instanceOf(Error);
    expect(error).to.include({ name: "SampleError", code: "TOO_LONG", message: "sample is too long", cause });
    expect(error.fields).to.deep.equal({ length: 3, maximum: 2n });
    expect(error.stack).to.include("sample is too long");
  });

  it("has no cause and no fields unless they are given", () => {
    const error = new TenorError("PLAIN", "nothing more to say");
    expect("cause" in error).to.equal(false);
    expect(error.fields).to.deep.equal({});
    expect(error.name).to.equal("TenorError");
  });

  it("turns into a plain object that JSON can hold", () => {
    const error = new SampleError("TOO_SHORT", "sample is too short", {
      fields: { length: 10n ** 30n, bytes: Uint8Array.of(1, 255), label: "x" },
    });
    expect(JSON.parse(JSON.stringify(error))).to.deep.equal({
      name: "SampleError",
      code: "TOO_SHORT",
      message: "sample is too short",
      fields: { length: "1000000000000000000000000000000", bytes: "0x01ff", label: "x" },
    });
  });

  it("is told apart by its code", () => {
    const error = new SampleError("TOO_SHORT", "sample is too short");
    expect(isTenorError(error)).to.equal(true);
    expect(isTenorError(error, "TOO_SHORT")).to.equal(true);
    expect(isTenorError(error, "TOO_LONG")).to.equal(false);
    expect(isTenorError(new Error("TOO_SHORT"))).to.equal(false);
  });
});
