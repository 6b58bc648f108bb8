import { expect } from "chai";
import { fromHex } from "../../src/crypto/bytes.ts";
import { Asserter } from "../support/assertions.ts";
import { deployBridge, type BridgeFixture } from "../support/l1.ts";
import { connect } from "../support/baseChain.ts";

const connection = await connect();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

/** Everything in use: batches, messages, accounts, and a treasury that has been paid. */
async function steadyFixture(): Promise<BridgeFixture> {
  const fixture = await deployBridge(connection, { historyHeight: 26n });
  const { token, bridge, inbox, sequencer, alice, bob } = fixture;
  for (const signer of [alice, bob]) {
    await token.mint(signer, 10n ** 12n);
    await token.connect(signer).approve(bridge, ethers.MaxUint256);
    await bridge.connect(signer).open(signer, 10n ** 9n);
  }
  // 35 messages and 33 batches: the next message reads two words of the frontier, the next batch one. The average is one.
  for (let i = 0; i < 33; i++) await inbox.connect(alice).enqueue(2, Uint8Array.of(i));
  for (let i = 0; i < 33; i++) await inbox.connect(sequencer).appendBatch(i, i, await time.latest(), "0x");
  return fixture;
}

describe("gas of calls that come too late: at most 10 k above the calldata", () => {
  const data = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => 1 + (i % 255));

  /** What a call that is known to fail costs when it is sent all the same. */
  async function gasOfFailure(signer: BridgeFixture["alice"], to: string, calldata: string): Promise<bigint> {
    const sent = await signer.sendTransaction({ to, data: calldata, gasLimit: 1_000_000 }).catch(() => undefined);
    expect(sent, "the simulator reports the failure").to.equal(undefined);
    const block = (await ethers.provider.getBlock("latest", true))!;
    const receipt = (await ethers.provider.getTransactionReceipt(block.transactions[0]!))!;
    expect(receipt.status).to.equal(0);
    const bytes = fromHex(calldata);
    const tokens = bytes.reduce((sum, byte) => sum + (byte === 0 ? 1 : 4), 0);
    const floor = 21_000n + 10n * BigInt(tokens);
    return receipt.gasUsed - floor;
  }

  it("a batch with an index that is taken", async () => {
    const { inbox, sequencer } = await networkHelpers.loadFixture(steadyFixture);
    const call = inbox.interface.encodeFunctionData("appendBatch", [32, 33, await time.latest(), data(1024)]);
    const above = await gasOfFailure(sequencer, await inbox.getAddress(), call);
    expect(above).to.be.at.most(10_000n);
  });

  it("an assertion that is there", async () => {
    const fixture = await networkHelpers.loadFixture(steadyFixture);
    const { chain, alice, bob } = fixture;
    const asserter = new Asserter(connection, fixture);
    await asserter.prepare(await chain.genesis());
    const call = await asserter.arguments(await chain.genesis(), alice);
    await asserter.send(alice, call);
    const { parent, end, historyRoot, lastLeafPath, expectedTarget, l1BlockNumber, l1BlockHash } = call;
    const parts = [parent, end, historyRoot, lastLeafPath, expectedTarget, l1BlockNumber, l1BlockHash] as const;
    const encoded = chain.interface.encodeFunctionData("assertState", [...parts]);
    const above = await gasOfFailure(bob, await chain.getAddress(), encoded);
    expect(above).to.be.at.most(10_000n);
  });
});
