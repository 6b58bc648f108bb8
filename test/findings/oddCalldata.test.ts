import { expect } from "chai";
import { BrowserProvider, concat, encodeRlp, keccak256, toBeHex, Wallet } from "ethers";
import { toHex, type Hex } from "../../src/crypto/bytes.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { encodeItem } from "../../src/machine/WireEncoding.ts";
import { makeFollower } from "../../src/roles/nodes.ts";
import { World } from "../support/tenor.ts";

/** A word of the ABI. */
const word = (value: bigint | number): string => toBeHex(value, 32);

/**
 * The inbox takes whatever calldata the compiler's decoder takes, in whatever transaction L1 takes. A node that reads less than
 * that stops for good at the first such batch, and all defenders with it: a sequencer could then assert what it likes. (THREATS 18.)
 */
describe("finding: a batch that L1 takes and no node can read", () => {
  let world: World;
  let key: Wallet;
  /** Not a multiple of 32 bytes, and no item. */
  const payload = encodeItem(Uint8Array.of(0xff, 1, 2));

  beforeEach(async () => {
    world = await World.launch();
    key = new Wallet(`0x${"0dd0".repeat(16)}`, world.connection.ethers.provider);
    await world.connection.networkHelpers.setBalance(key.address, 10n ** 22n);
    const inbox = world.sequencer.contract;
    const owner = await inbox.parameters().then((parameters) => parameters.owner);
    await world.connection.networkHelpers.impersonateAccount(owner);
    await world.connection.networkHelpers.setBalance(owner, 10n ** 20n);
    await inbox.connect(await world.connection.ethers.getSigner(owner)).setSequencer(key.address);
  });

  /** A call of appendBatch up to the offset of the payload; what follows is the caller's. */
  async function callUpTo(offset: number): Promise<string> {
    const { contract } = world.sequencer;
    const [index, messages] = await Promise.all([contract.batchCount(), contract.messageCount()]);
    const { selector } = contract.interface.getFunction("appendBatch");
    return concat([selector, word(index), word(messages), word(await world.now()), word(offset)]);
  }

  /** What a node that starts now makes of the last batch; it reads through the library's own provider, as nodes do. */
  async function derived(): Promise<Hex> {
    const provider = new BrowserProvider(world.connection.provider);
    const node = makeFollower(new L1Client(provider), world.deployment);
    await node.sync();
    return toHex(node.log.batch(node.log.batchCount - 1n).payload);
  }

  it("reads a payload that is padded", async () => {
    const data = concat([await callUpTo(128), word(payload.length), payload, new Uint8Array(32 - payload.length)]);
    await (await key.sendTransaction({ to: world.deployment.addresses.inbox, data })).wait();
    expect(await derived()).to.equal(toHex(payload));
  });

  it("reads a payload that ends with the calldata, without the zeros that fill its last word", async () => {
    const data = concat([await callUpTo(128), word(payload.length), payload]);
    await (await key.sendTransaction({ to: world.deployment.addresses.inbox, data })).wait();
    expect(await derived()).to.equal(toHex(payload));
  });

  it("reads a payload that stands elsewhere than usual, with bytes before and behind it that mean nothing", async () => {
    const head = await callUpTo(128 + 7);
    const data = concat([head, new Uint8Array(7).fill(9), word(payload.length), payload, new Uint8Array(40).fill(9)]);
    await (await key.sendTransaction({ to: world.deployment.addresses.inbox, data })).wait();
    expect(await derived()).to.equal(toHex(payload));
  });

  it("reads a batch out of a transaction with an authorization whose signature is none", async () => {
    const data = concat([await callUpTo(128), word(payload.length), payload, new Uint8Array(32 - payload.length)]);
    await world.connection.provider.request({
      method: "eth_sendRawTransaction",
      params: [await withAuthorization(key, world.deployment.addresses.inbox, data)],
    });
    expect(await world.sequencer.contract.batchCount()).to.equal(1n);
    expect(await derived()).to.equal(toHex(payload));
  });
});

/** A transaction of type 4 (EIP-7702). L1 skips an authorization whose signature recovers nobody. */
async function withAuthorization(key: Wallet, to: string, data: string): Promise<string> {
  const integer = (value: bigint | number): string => (BigInt(value) === 0n ? "0x" : toBeHex(value));
  const { chainId } = await key.provider!.getNetwork();
  const authorization = [integer(chainId), `0x${"11".repeat(20)}`, "0x", integer(2), integer(1), integer(1)];
  const fields = [
    ...[integer(chainId), integer(await key.getNonce()), integer(10n ** 9n), integer(10n ** 11n), integer(1_000_000)],
    ...[to, "0x", data, [], [authorization]],
  ];
  const { yParity, r, s: own } = key.signingKey.sign(keccak256(concat(["0x04", encodeRlp(fields)])));
  return concat(["0x04", encodeRlp([...fields, integer(yParity), integer(BigInt(r)), integer(BigInt(own))])]);
}
