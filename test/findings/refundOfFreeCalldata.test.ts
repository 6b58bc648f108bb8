import { expect } from "chai";
import type { Move } from "../../src/game/Move.ts";
import { Dispute } from "../support/game/Dispute.ts";
import { GameScene } from "../support/game/GameScene.ts";
import { costOf, paidFor, priceGas } from "../support/game/gasOfMoves.ts";

/**
 * Moves were paid back with 16 gas for each byte of their calldata. But a zero byte costs 4, and as a call need not end where its
 * arguments do, a mover could append as many as it liked; and the calls of one transaction could share their bytes, each of
 * which was paid back once for every call. Each word of the record was paid back as if it was read and written for the first
 * time, also when one transaction wrote it several times. Thus the winner's moves earned more than they cost, out of the
 * stake that goes to the treasury. Closed by counting a byte as a zero unless the move has verified that it belongs to a hash,
 * and by refusing calls that overlap.
 */
describe("finding: calldata that costs little is paid back as if it cost much", () => {
  let dispute: Dispute;

  beforeEach(async () => {
    const scene = await GameScene.launch({ historyHeight: 26n, sectionBits: 5n });
    dispute = await Dispute.begin(scene, await scene.wrongFrom(4, "liar"));
    await priceGas(scene.world.connection, 40n * 10n ** 9n);
  });

  /** Sends calldata to the game and expects that it earns nothing. */
  async function expectNoProfit(data: string): Promise<void> {
    const { provider } = dispute.scene.world.connection.ethers;
    const { hash } = await dispute.alice.sendTransaction({ to: dispute.scene.world.deployment.addresses.game, data });
    const paid = await paidFor(provider, dispute.honestGame, hash);
    expect(paid > 0n).to.equal(true);
    expect(paid <= (await costOf(provider, hash))).to.equal(true);
  }

  const zeros = (count: number): string => "00".repeat(count);
  const word = (value: number): string => value.toString(16).padStart(64, "0");
  const encoded = async (): Promise<string[]> => {
    const { moves } = await dispute.moves();
    return moves.map((move: Move) => dispute.honestGame.encode(move));
  };
  const selector = (): string => dispute.honestGame.contract.interface.getFunction("multicall").selector;

  it("zeros behind the arguments", async () => {
    const [record, open] = await encoded();
    await expectNoProfit(record! + zeros(50_000));
    await expectNoProfit(open! + zeros(50_000));
  });

  it("zeros behind every call of several", async () => {
    const calls = (await encoded()).map((data) => data + zeros(20_000));
    await expectNoProfit(dispute.honestGame.contract.interface.encodeFunctionData("multicall", [calls]));
  });

  it("calls inside calls", async () => {
    const abi = dispute.honestGame.contract.interface;
    const [record, open] = await encoded();
    const inner = abi.encodeFunctionData("multicall", [[record!]]);
    await expectNoProfit(abi.encodeFunctionData("multicall", [[inner, open!]]));
  });

  it("a call that ends behind the next one", async () => {
    const [record, open] = (await encoded()).map((data) => data.slice(2));
    const second = word(open!.length / 2) + open!;
    // The first call's bytes go on to the end of the second.
    const first = word((record!.length + second.length) / 2) + record!;
    const offsets = [64, 64 + first.length / 2];
    const data = selector() + word(32) + word(2) + offsets.map(word).join("") + first + second;
    const { alice, honestGame, scene } = dispute;
    const { addresses } = scene.world.deployment;
    await expect(alice.sendTransaction({ to: addresses.game, data })).to.be.revertedWithCustomError(
      honestGame.contract,
      "CallsOverlap",
    );
  });
});
