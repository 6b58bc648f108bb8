import { expect } from "chai";
import { TypedDataEncoder } from "ethers";
import { readFileSync } from "node:fs";
import { toHex } from "../../src/crypto/bytes.ts";
import { METHODS } from "../../src/rpc/methods.ts";
import { digestOfReceipt, type Receipt } from "../../src/rpc/Receipt.ts";
import { RPC_ERRORS } from "../../src/rpc/RpcError.ts";
import { DEFAULT_RPC_SETTINGS } from "../../src/rpc/RpcSettings.ts";
import { CLOSE_CODES } from "../../src/rpc/Transport.ts";
import { loginDigest, RPC_TYPES } from "../../src/rpc/typedData.ts";
import { domainSeparator } from "../../src/machine/TypedData.ts";
import { SEQUENCER_REASONS } from "../../src/sequencer/Refusal.ts";

const TEXT = readFileSync(new URL("../../docs/api.md", import.meta.url), "utf8");

/** The rows of the first table under a heading, by their cells without code marks. */
function tableOf(heading: string): string[][] {
  const section = TEXT.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))!;
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
}

/** An EIP-712 type as ethers wants it. */
function fieldsOf(type: string): { name: string; type: string }[] {
  return /\((.*)\)/
    .exec(type)![1]!
    .split(",")
    .map((field) => {
      const [kind, name] = field.split(" ") as [string, string];
      return { type: kind, name };
    });
}

describe("docs/api.md", () => {
  it("lists every method with its parameters, in the order of the code", () => {
    const methods = Object.entries(METHODS).map(([name, { shape }]) => [
      name,
      Object.entries(shape as Readonly<Record<string, { isOptional(): boolean }>>)
        .map(([param, schema]) => (schema.isOptional() ? `${param}?` : param))
        .join(", "),
    ]);
    expect(tableOf("Methods").map(([name, parameters]) => [name, parameters])).to.deep.equal(methods);
    for (const [name, , answers] of tableOf("Methods")) expect(answers, name).not.to.equal("");
  });

  it("lists every error with its code, every reason of the sequencer, and every limit with its default", () => {
    const errors = Object.entries(RPC_ERRORS).map(([name, code]) => [name, String(code)]);
    expect(tableOf("Errors").map(([name, code]) => [name, code])).to.deep.equal(errors);
    const errorsText = TEXT.split(/^## /m).find((part) => part.startsWith("Errors\n"))!;
    for (const reason of SEQUENCER_REASONS) expect(errorsText).to.include(`\`${reason}\``);
    const limits = Object.entries<number>({ ...DEFAULT_RPC_SETTINGS }).map(([name, value]) => [
      name,
      value.toLocaleString("en-US"),
    ]);
    expect(tableOf("Limits").map(([name, value]) => [name, value])).to.deep.equal(limits);
    for (const code of Object.values(CLOSE_CODES)) expect(TEXT).to.include(String(code));
  });

  it("has the types that are signed, and wallets make the same digests of them", () => {
    for (const type of Object.values(RPC_TYPES)) expect(TEXT).to.include(`\n${type}\n`);
    const verifyingContract = new Uint8Array(20).fill(0x1b);
    const domain = { name: "Tenor", version: "1", chainId: 31337n, verifyingContract: toHex(verifyingContract) };
    const separator = domainSeparator(31337n, verifyingContract);
    const hash = (name: keyof typeof RPC_TYPES, value: object): string => {
      const fields = Object.entries(value).map(([key, field]: [string, unknown]) => [
        key,
        field instanceof Uint8Array ? toHex(field) : field,
      ]);
      return TypedDataEncoder.hash(
        domain,
        { [name]: fieldsOf(RPC_TYPES[name]) },
        Object.fromEntries(fields) as Record<string, unknown>,
      );
    };
    const root = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
    const context = {
      ...{ batch: 5n, batchesOnL1: 3n, batchesRoot: root(1), messagesRead: 9n, messagesRoot: root(2) },
      ...{ postedBefore: 1_700_000_600n, time: 1_700_000_000n },
    };
    const receipts: Receipt[] = [
      { type: "OrderReceipt", sequence: 7n, order: root(3), time: 1_700_000_000n },
      {
        ...{
          type: "FillReceipt",
          sequence: 8n,
          makerSequence: 6n,
          maker: 1,
          makerNonce: 2n,
          takerSequence: 7n,
          taker: 3,
        },
        ...{ takerNonce: 4n, series: 1n << 63n, price: 45_000n, quantity: 2_000_000n, lots: 20n, ...context },
      },
      {
        ...{ type: "WithdrawalReceipt", sequence: 9n, orderSequence: 6n, order: root(4), account: 1, nonce: 2n },
        ...{ until: 1_700_003_600n, ...context },
      },
    ];
    for (const receipt of receipts) {
      const { type, ...fields } = receipt;
      expect(toHex(digestOfReceipt(separator, receipt)), type).to.equal(hash(type, fields));
    }
    const login = { account: 0xffffffff, keyIndex: 4, challenge: root(5), deadline: 1_700_000_060n };
    expect(toHex(loginDigest(separator, login))).to.equal(hash("Login", login));
  });
});
