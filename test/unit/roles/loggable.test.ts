import { expect } from "chai";
import { TenorError } from "../../../src/errors.ts";
import { errorLine, errorTrace, loggable } from "../../../src/roles/loggable.ts";

const SECRET = "0ddba11c0ffee";

class SampleError extends TenorError<"SAMPLE"> {
  override readonly name = "SampleError";
}

describe("what of a value is logged", () => {
  const urls: [string, string][] = [
    [`https://l1.example/v3/${SECRET}`, "https://l1.example/…"],
    [`https://l1.example?key=${SECRET}`, "https://l1.example/…"],
    [`https://l1.example#${SECRET}`, "https://l1.example/…"],
    [`http://user:${SECRET}@127.0.0.1:9470`, "http://127.0.0.1:9470"],
    [`http://user:p@${SECRET}@127.0.0.1:9470/next`, "http://127.0.0.1:9470/…"],
    [`wss://l1.example/ws/${SECRET}`, "wss://l1.example/…"],
    [`https://[not-an-address/${SECRET}`, "https://…"],
    ["http://127.0.0.1:9464", "http://127.0.0.1:9464"],
  ];
  for (const [url, shown] of urls) {
    it(`shows ${shown} of ${url}`, () => {
      expect(loggable(url)).to.equal(shown);
      expect(loggable({ list: [`it says "${url}" and`] })).to.deep.equal({ list: [`it says "${shown}" and`] });
    });
  }

  it("shows integers, short bytes and what is nested as JSON", () => {
    const value = { one: 2n ** 70n, two: Uint8Array.of(1, 255), three: [{ four: 5n }], six: undefined, seven: null };
    expect(JSON.parse(JSON.stringify(loggable(value)))).to.deep.equal({
      one: "1180591620717411303424",
      two: "0x01ff",
      three: [{ four: "5" }],
      seven: null,
    });
  });

  it("shows of blobs how long they are, as bytes or in a text", () => {
    const blob = new Uint8Array(131_072).fill(0xb1);
    expect(loggable(blob)).to.equal("0xb1b1b1b1b1b1b1b1… (131072 bytes)");
    const text = loggable(`refused 0x${"b1".repeat(1_000)} as it is`) as string;
    expect(text).to.equal("refused 0xb1b1b1b1b1b1b1b1… as it is");
    expect((loggable("long ".repeat(100_000)) as string).length).to.be.lessThan(1_000);
    expect(loggable(Array.from({ length: 1_000 }, () => 1))).to.have.length(32);
  });

  it("ends where a value has itself in it", () => {
    const value: Record<string, unknown> = {};
    value.self = value;
    expect(JSON.stringify(loggable(value)).length).to.be.lessThan(200);
    const error = new SampleError("SAMPLE", "it has itself", { fields: value });
    expect(JSON.stringify(loggable({ err: error })).length).to.be.lessThan(500);
  });

  it("shows of an error its code, words and fields, and of what is underneath the codes alone", () => {
    const root = Object.assign(new Error(`connect to https://l1.example/${SECRET}\n    at ${SECRET}`), {
      code: "ECONNRESET",
    });
    const middle = new SampleError("SAMPLE", "no answer", { fields: { hidden: SECRET }, cause: root });
    const error = new SampleError("SAMPLE", "the round failed", { fields: { index: 7n }, cause: middle });
    const { at, ...rest } = (loggable({ err: error }) as { err: { at: string[] } }).err;
    expect(rest).to.deep.equal({
      name: "SampleError",
      code: "SAMPLE",
      message: "the round failed",
      fields: { index: "7" },
      causes: ["SampleError SAMPLE", "Error ECONNRESET"],
    });
    expect(at[0]).to.contain("loggable.test.ts");
    expect(at.join("\n")).not.to.contain(SECRET);
  });

  it("prints an error in a line, and with all that is underneath it if asked", () => {
    const root = new Error(`connect to https://l1.example/${SECRET}`);
    const error = new SampleError("SAMPLE", "the round failed", { fields: { index: 7n }, cause: root });
    expect(errorLine(error)).to.equal('SAMPLE: the round failed {"index":"7"}');
    expect(errorLine(root)).to.equal("connect to https://l1.example/…");
    expect(errorLine("thrown")).to.equal("thrown");
    expect(errorTrace(error)).to.match(
      /^SampleError: SAMPLE: the round failed \{"index":"7"\}\n {4}at [^]*\ncaused by Error: connect to https:\/\/l1.example\/…\n {4}at /,
    );
    expect(errorTrace(error)).not.to.contain(SECRET);
  });
});
