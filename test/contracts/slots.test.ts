import { expect } from "chai";
import { concat, hexlify, toBeHex } from "ethers";
import type { MachineHarness } from "../../typechain/index.ts";
import { connect } from "../support/baseChain.ts";

const { ethers } = await connect();

const ADDRESS = "0x00112233445566778899AABbCCdDeeFf00112233";
const u = (bits: number, value: bigint): string => toBeHex(value, bits / 8);
const max = (bits: number): bigint => 2n ** BigInt(bits) - 1n;

describe("Slots: keys and contents", () => {
  let harness: MachineHarness;

  before(async () => {
    harness = await ethers.deployContract("MachineHarness");
  });

  it("packs keys as kind and id, without overlap at the largest ids", async () => {
    const keys = await harness.keys(max(32), 2n ** 63n - 1n, 255, max(24), 2n ** 56n - 1n);
    expect(keys.map((key) => toBeHex(key, 8))).to.deep.equal([
      "0x01000000ffffffff",
      "0x020003ffffffffff",
      "0x030000ffffffffff",
      "0x04000000000000ff",
      "0x0500000000ffffff",
      "0x06ffffffffffffff",
      "0x07ffffffffffffff",
      "0x0800000000000000",
      "0x0900000000000000",
    ]);
    const others = await harness.keys(1, 1024n * 5n + 3n, 2, 0x070102, 9);
    expect(others.map((key) => toBeHex(key, 8))).to.deep.equal([
      "0x0100000000000001",
      "0x0200000000000403",
      "0x0300000000000102",
      "0x0400000000000002",
      "0x0500000000070102",
      "0x0607010200000001",
      "0x0700000000000009",
      "0x0800000000000000",
      "0x0900000000000000",
    ]);
  });

  it("reads and writes an account of any number of positions", async () => {
    for (const count of [0, 1, 2, 63, 64]) {
      const positions = Array.from({ length: count }, (_, i) => (BigInt(i + 1) << 192n) | (max(128) - BigInt(i)));
      const content = concat([
        ADDRESS,
        u(64, 5n),
        u(8, 1n),
        u(40, max(40) - 1n),
        u(128, max(128)),
        u(128, 7n),
        ...positions.map((word) => u(256, word)),
      ]);
      const [account, encoded] = await harness.accountRoundTrip(content);
      expect(encoded).to.equal(content);
      expect([account.owner, account.floor, account.cash, account.debt]).to.deep.equal([ADDRESS, 5n, max(128), 7n]);
      expect([account.mode, account.auction]).to.deep.equal([1n, max(40) - 1n]);
      expect([...account.positions]).to.deep.equal(positions);
    }
  });

  it("reads and writes an order", async () => {
    const bits = [64, 64, 8, 8, 32, 40, 64, 64, 64, 64, 128];
    for (const values of [bits.map((_, i) => BigInt(i + 1)), bits.map(max), bits.map(() => 0n)]) {
      const content = concat(values.map((value, i) => u(bits[i]!, value)));
      const [order, encoded] = await harness.orderRoundTrip(content);
      expect(encoded).to.equal(content);
      expect([...order]).to.deep.equal(values);
    }
  });

  it("reads and writes a key", async () => {
    const content = concat([ADDRESS, u(8, 7n), u(40, max(40)), u(64, 3n), u(32, max(32))]);
    const [key, encoded] = await harness.keyRoundTrip(content);
    expect(encoded).to.equal(content);
    expect([...key]).to.deep.equal([ADDRESS, 7n, max(40), 3n, max(32)]);
  });

  it("reads and writes a market", async () => {
    const bits = [32, 64, 64, 64, 64, 64, 40, 32, 32, 64, 32, 128, 64, 40, 64, 64, 64, 64];
    for (const values of [bits.map((_, i) => BigInt(i + 1)), bits.map(max)]) {
      const content = concat(values.map((value, i) => u(bits[i]!, value)));
      const [market, encoded] = await harness.marketRoundTrip(content);
      expect(encoded).to.equal(content);
      expect([...market]).to.deep.equal(values);
    }
  });

  it("reads and writes an expiry, final or not, with parameters of either sign", async () => {
    for (const isFinal of [false, true]) {
      const amounts = [11n, max(128), 13n, max(128) - 1n];
      const report = [max(64), 17n, max(40)];
      const parameters = [-1n, max(63), -(2n ** 63n), 3n, -4n];
      const content = concat([
        u(64, 9n),
        u(32, max(32)),
        u(8, isFinal ? 1n : 0n),
        ...amounts.map((value) => u(128, value)),
        ...report.map((value, i) => u([64, 64, 40][i]!, value)),
        ...parameters.map((value) => u(64, BigInt.asUintN(64, value))),
        u(32, 5n),
      ]);
      const [expiry, encoded] = await harness.expiryRoundTrip(content);
      expect(encoded).to.equal(content);
      const fields = [...expiry];
      expect(fields.slice(0, -1)).to.deep.equal([9n, max(32), isFinal, ...amounts, ...report]);
      expect([...expiry.curve]).to.deep.equal([...parameters, 5n]);
    }
  });

  it("reads and writes the signers", async () => {
    for (const count of [1, 2, 3, 16]) {
      const addresses = Array.from({ length: count }, (_, i) => toBeHex(BigInt(i + 1) << 150n, 20));
      const content = concat([u(8, 255n), ...addresses]);
      const [signers, encoded] = await harness.signersRoundTrip(content);
      expect(encoded).to.equal(content);
      expect([signers.threshold, signers.addresses.map((address) => address.toLowerCase())]).to.deep.equal([
        255n,
        addresses,
      ]);
    }
    const content = hexlify(new Uint8Array(1 + 20 * 17));
    await expect(harness.signersRoundTrip(content)).to.be.revertedWithCustomError(harness, "SlotLengthInvalid");
  });

  it("reads and writes a claim, a withdrawal and the globals", async () => {
    const claim = u(128, max(128));
    expect(await harness.claimRoundTrip(claim)).to.deep.equal([max(128), claim]);
    const withdrawal = concat([u(32, max(32)), ADDRESS, u(128, 5n)]);
    const [fields, encoded] = await harness.withdrawalRoundTrip(withdrawal);
    expect([...fields, encoded]).to.deep.equal([max(32), ADDRESS, 5n, withdrawal]);
    const globals = concat([u(64, max(64)), u(128, 1n), u(128, max(128))]);
    const [amounts, again] = await harness.globalsRoundTrip(globals);
    expect([...amounts, again]).to.deep.equal([max(64), 1n, max(128), globals]);
  });

  const lengths: [string, (content: string) => Promise<unknown>, number][] = [
    ["account", (content) => harness.accountRoundTrip(content), 66],
    ["order", (content) => harness.orderRoundTrip(content), 75],
    ["key", (content) => harness.keyRoundTrip(content), 38],
    ["market", (content) => harness.marketRoundTrip(content), 130],
    ["expiry", (content) => harness.expiryRoundTrip(content), 142],
    ["claim", (content) => harness.claimRoundTrip(content), 16],
    ["withdrawal", (content) => harness.withdrawalRoundTrip(content), 40],
    ["globals", (content) => harness.globalsRoundTrip(content), 40],
    ["signers", (content) => harness.signersRoundTrip(content), 21],
  ];
  for (const [name, roundTrip, length] of lengths) {
    it(`refuses ${name} contents of another length than ${length}`, async () => {
      for (const wrong of [0, length - 1, length + 1]) {
        const content = hexlify(new Uint8Array(wrong));
        await expect(roundTrip(content)).to.be.revertedWithCustomError(harness, "SlotLengthInvalid");
      }
    });
  }
});
