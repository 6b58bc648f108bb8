import { expect } from "chai";
import { concat, fromHex, toHex } from "../../src/crypto/bytes.ts";
import type { Move } from "../../src/game/Move.ts";
import { planMoves } from "../../src/game/plan.ts";
import { childrenOf } from "../../src/history/HistorySource.ts";
import type { GameEvent } from "../../src/l1/GameSource.ts";
import { GameScene, type Claim } from "../support/game/GameScene.ts";

type Recorded = Extract<GameEvent, { type: "recorded" }>;

const GWEI = 10n ** 9n;
const word = (value: number): Uint8Array => fromHex(`0x${value.toString(16).padStart(64, "0")}`);

/**
 * A refund counted 16 gas for every byte of the call's data, whatever it was. A byte behind the arguments, which no decoder reads, costs
 * 4 gas (10 at the floor), and in a `multicall` the calls' data could overlap, so that one byte was counted once for each call.
 * Moves then paid, and the stakes that should pay honest movers went to whoever padded most. Now only verified hashes count
 * as bytes that are not zero, and calls may not overlap. (Threat 16.)
 */
describe("finding: a refund counted bytes that nobody paid for", () => {
  async function dispute(stakeWei = 10n ** 19n): Promise<{ scene: GameScene; wrong: Claim }> {
    const scene = await GameScene.launch({ historyHeight: 4n, sectionBits: 2n, stakeWei });
    const wrong = await scene.wrongFrom(3, "liar");
    await scene.assert(scene.world.signers[2]!, scene.honest);
    await scene.assert(scene.world.signers[3]!, wrong);
    return { scene, wrong };
  }

  const recorded = async (scene: GameScene, from: number): Promise<Recorded[]> => {
    const game = scene.game(scene.world.signers[0]!);
    const events = await game.gameEvents(from, (await game.head()).number);
    return events.filter((event) => event.type === "recorded");
  };

  /** Every move of both sides, down to the leaf, as one list. */
  async function wholeGame(scene: GameScene, wrong: Claim): Promise<Move[]> {
    const view = await scene.view();
    const moves: Move[] = [];
    const open = async (claim: Claim): Promise<void> => {
      const { historyRoot } = await scene.nameOf(claim);
      let node = view.root(historyRoot)!;
      while (node.children !== undefined) node = [...node.linked.values()][0]!;
      if (node.position.level === 0) return;
      const children = await childrenOf(claim.history, node.position.level, node.position.index, view.bitsOf(node));
      if (node.assertion !== undefined) moves.push({ type: "open root", ...node.assertion, children });
      else moves.push({ type: "open", position: node.position, span: node.span, children });
      view.apply({ type: "opened", node: fromHex(node.id), children });
    };
    for (let level = scene.height; level > 0; level -= scene.sectionBits) {
      await open(wrong);
      const rest = (await planMoves(view, scene.testimony)).moves.filter((move) => move.type !== "record inputs");
      for (const move of rest) {
        if (move.type === "prove") continue;
        moves.push(move);
        const { historyRoot } = await scene.nameOf(scene.honest);
        let a = view.root(historyRoot)!;
        let b = view.root((await scene.nameOf(wrong)).historyRoot)!;
        if (move.type === "descend") {
          while (a.linked.size > 0) [a, b] = [[...a.linked.values()][0]!, [...b.linked.values()][0]!];
          view.apply({ type: "descended", nodeA: fromHex(a.id), nodeB: fromHex(b.id), index: move.index });
        } else if (move.type === "open" || move.type === "open root") {
          while (a.children !== undefined && a.linked.size > 0) a = [...a.linked.values()][0]!;
          if (a.children === undefined) view.apply({ type: "opened", node: fromHex(a.id), children: move.children });
        }
      }
    }
    return moves;
  }

  it("a single move with zeros behind it is not paid more than it cost", async () => {
    const { scene } = await dispute();
    const signer = scene.world.signers[4]!;
    const game = scene.game(signer);
    await game.play([{ type: "record inputs", game: scene.parent }]);
    const [move] = (await planMoves(await scene.view(), scene.testimony)).moves;
    const data = concat(fromHex(game.encode(move!)), new Uint8Array(100_000));
    await scene.world.connection.networkHelpers.setNextBlockBaseFeePerGas(100n * GWEI);
    const sent = await signer.sendTransaction({
      to: scene.world.deployment.addresses.game,
      data: toHex(data),
      maxFeePerGas: 100n * GWEI,
      maxPriorityFeePerGas: 0n,
    });
    const receipt = (await sent.wait())!;
    const [record] = await recorded(scene, receipt.blockNumber);
    const cost = receipt.gasUsed * receipt.gasPrice;
    expect(record!.move.amount <= cost, "paid back more than was spent").to.equal(true);
  });

  it("overlapping calls of a multicall, which were paid several times what they cost, are refused", async () => {
    const { scene, wrong } = await dispute();
    const { world } = scene;
    const attacker = world.signers[4]!;
    const game = scene.game(attacker);
    const moves: Move[] = [{ type: "record inputs", game: scene.parent }, ...(await wholeGame(scene, wrong))];
    // Each call begins behind the one before and reaches to the end of all: one tail of zeros for all of them.
    const tail = new Uint8Array(110_000);
    const calls = moves.map((move) => fromHex(game.encode(move)));
    const heads: Uint8Array[] = [];
    const offsets: number[] = [];
    const sizes = calls.map((call) => 32 + Math.ceil(call.length / 32) * 32);
    let position = 32 * calls.length;
    const end = position + sizes.reduce((a, b) => a + b, 0) + tail.length;
    for (const [i, call] of calls.entries()) {
      offsets.push(position);
      heads.push(word(end - position - 32), call, new Uint8Array(sizes[i]! - 32 - call.length));
      position += sizes[i]!;
    }
    const selector = fromHex(game.contract.interface.getFunction("multicall").selector);
    const data = concat(selector, word(32), word(calls.length), ...offsets.map(word), ...heads, tail);
    expect(data.length, "a public node relays it").to.be.lessThan(131_072);

    const to = world.deployment.addresses.game;
    await expect(attacker.sendTransaction({ to, data: toHex(data), gasLimit: 16_000_000n }))
      .to.be.revertedWithCustomError(game.contract, "CallsOverlap")
      .withArgs(1);
  });

  it("moves made one by one by an account, and together, are not paid more than they cost", async () => {
    const { scene, wrong } = await dispute();
    const game = scene.game(scene.world.signers[4]!);
    for (const moves of [[{ type: "record inputs", game: scene.parent } as Move], await wholeGame(scene, wrong)]) {
      const receipt = await game.play(moves);
      const all = await recorded(scene, receipt.blockNumber);
      const block = await scene.world.connection.ethers.provider.getBlock(receipt.blockNumber);
      const sum = all.reduce((total, { move }) => total + move.amount, 0n) / block!.baseFeePerGas!;
      expect(sum <= receipt.gasUsed, "recorded more than was spent").to.equal(true);
    }
  });
});
