import { expect } from "chai";
import { TypedDataEncoder, type TypedDataField } from "ethers";
import type { MachineHarness } from "../../typechain/index.ts";
import { connect } from "../support/baseChain.ts";

const { ethers } = await connect();

/** The types as section 3 of the specification writes them. */
const TYPES = [
  "Order(uint32 account,uint8 market,uint16 expiryDay,uint64 strike,bool isPut,bool isSell,uint64 quantity,uint64 limitPrice,uint64 maxFee,uint64 nonce,uint64 deadline,bool fillOrKill,bool immediateOrCancel,bool postOnly,bool reduceOnly,bool forcible,uint8 keyIndex,uint32 keyEpoch)",
  "Withdraw(uint32 account,uint64 amount,address recipient,uint64 nonce,uint64 deadline)",
  "Transfer(uint32 from,uint32 to,uint64 amount,uint64 nonce,uint64 deadline)",
  "SetKey(uint32 account,uint8 index,address key,uint8 scope,uint64 expiry,uint64 budget,uint64 nonce,uint64 deadline)",
  "RevokeKey(uint32 account,uint8 index,uint64 nonce,uint64 deadline)",
  "Cancel(uint32 account,uint64 nonce,uint64 deadline)",
  "CancelAll(uint32 account,uint64 floor,uint64 deadline)",
];

/** A type's name and its fields as ethers takes them. */
function parse(type: string): Record<string, TypedDataField[]> {
  const [, name, fields] = /^(\w+)\((.*)\)$/.exec(type)!;
  const parsed = fields!.split(",").map((field) => field.split(" ") as [string, string]);
  return { [name!]: parsed.map(([fieldType, fieldName]) => ({ type: fieldType, name: fieldName })) };
}

describe("TypedData: digests as wallets compute them", () => {
  const domain = { name: "Tenor", version: "1", chainId: 31337n, verifyingContract: `0x${"1b".repeat(20)}` };
  const recipient = `0x${"ab".repeat(20)}`;
  const signature = { r: `0x${"00".repeat(32)}`, yParityAndS: `0x${"00".repeat(32)}` };
  const [account, nonce, deadline] = [4_000_000_001n, 2n ** 63n - 5n, 2n ** 40n - 3n];
  let harness: MachineHarness;
  let separator: string;

  before(async () => {
    harness = await ethers.deployContract("MachineHarness");
    separator = await harness.domainSeparator(domain.chainId, domain.verifyingContract);
  });

  const digest = (name: string, values: Record<string, unknown>): string =>
    TypedDataEncoder.hash(domain, parse(TYPES.find((type) => type.startsWith(`${name}(`))!), values);

  it("has the domain of the deployment", () => {
    expect(separator).to.equal(TypedDataEncoder.hashDomain(domain));
  });

  it("signs orders, with each flag in its own field", async () => {
    const flags = ["isSell", "fillOrKill", "immediateOrCancel", "postOnly", "reduceOnly", "forcible"];
    for (const set of [0, 1, 2, 4, 8, 16, 32, 63]) {
      for (const isPut of [false, true]) {
        const [market, expiryDay, strike] = [250n, 65_000n, 2n ** 39n - 2n];
        const series = (market << 56n) | (expiryDay << 40n) | (strike << 1n) | (isPut ? 1n : 0n);
        const [quantity, limitPrice, maxFee] = [10n ** 15n, 2n ** 39n - 1n, 12_300n];
        const order = {
          ...{ nonce, series, flags: set, keyIndex: 3, keyEpoch: 9, deadline, limitPrice, quantity },
          ...{ filled: 5, maxFee, feeAccrued: 77 },
        };
        const expected = digest("Order", {
          ...{
            account,
            market,
            expiryDay,
            strike,
            isPut,
            quantity,
            limitPrice,
            maxFee,
            nonce,
            deadline,
            keyIndex: 3,
            keyEpoch: 9,
          },
          ...Object.fromEntries(flags.map((flag, i) => [flag, ((set >> i) & 1) === 1])),
        });
        expect(await harness.orderDigest(separator, account, order)).to.equal(expected);
      }
    }
  });

  it("signs withdrawals and transfers", async () => {
    const auth = { nonce, deadline, signature };
    const amount = 2n ** 64n - 1n;
    expect(await harness.withdrawDigest(separator, { account, amount, payee: 3, auth }, recipient)).to.equal(
      digest("Withdraw", { account, amount, recipient, nonce, deadline }),
    );
    expect(await harness.transferDigest(separator, { from: account, to: 7, amount, auth })).to.equal(
      digest("Transfer", { from: account, to: 7, amount, nonce, deadline }),
    );
  });

  it("signs keys and their revocation", async () => {
    const auth = { nonce, deadline, signature };
    const [index, scope, expiry, budget] = [4, 7, 2n ** 40n - 1n, 2n ** 64n - 1n];
    const setKey = { account, index, signer: recipient, scope, expiry, budget, auth };
    expect(await harness.setKeyDigest(separator, setKey)).to.equal(
      digest("SetKey", { account, index, key: recipient, scope, expiry, budget, nonce, deadline }),
    );
    expect(await harness.revokeKeyDigest(separator, { account, index, auth })).to.equal(
      digest("RevokeKey", { account, index, nonce, deadline }),
    );
  });

  it("signs cancellations", async () => {
    const auth = { keyIndex: 2, deadline, signature };
    expect(await harness.cancelDigest(separator, { account, nonce, auth })).to.equal(
      digest("Cancel", { account, nonce, deadline }),
    );
    expect(await harness.cancelAllDigest(separator, { account, floor: nonce, auth })).to.equal(
      digest("CancelAll", { account, floor: nonce, deadline }),
    );
  });
});
