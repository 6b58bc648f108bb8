import { expect } from "chai";
import { nodeAt } from "../../../src/game/GameNode.ts";
import type { Prove } from "../../../src/game/Move.ts";
import { Dispute } from "../../support/game/Dispute.ts";
import { GameScene } from "../../support/game/GameScene.ts";

/** What a proven leaf has for its time: more than any clock. */
const PROVEN = 2n ** 40n - 1n;

/** From about the base cost of a transaction with this calldata to what the proofs take. */
const LIMITS = Array.from({ length: 20 }, (_, i) => 50_000n + BigInt(i) * 4_000n);

/**
 * Whoever calls chooses the gas, also for a call that is made deep inside of another. A proof that runs out of it anywhere
 * must be no verdict at all: neither for the leaf nor for its rival, nor anything that stands in the way of the next try.
 */
describe("Threat 14: a step whose proof is starved of gas", () => {
  for (const [kind, index] of [
    ["message", 1],
    ["item", 3],
    ["framing error", 6],
    ["next batch", 7],
    ["identity", 60],
  ] as const) {
    it(`decides nothing, whoever calls and with whatever evidence, and the honest side proves it and wins: ${kind}`, async () => {
      const scene = await GameScene.launch({ historyHeight: 6n, sectionBits: 3n });
      const dispute = await Dispute.begin(scene, await scene.wrongFrom(index, "liar"));
      const proof = await dispute.toProof();
      expect(proof.position.index).to.equal(index);
      expect(scene.steps[Math.min(index, scene.realSteps)]!.kind).to.equal(kind);
      const view = await dispute.view();
      const leaf = view.node(nodeAt(proof.position, proof.span))!;
      const rival = view.rivals(leaf)[0]!;
      const lie: Prove = { ...proof, span: rival.span };
      const to = scene.world.deployment.addresses.game;
      const relay = await scene.world.connection.ethers.deployContract("Relay");
      const isProven = async (node: typeof leaf): Promise<boolean> =>
        (await dispute.honestGame.nodeRecord(nodeAt(node.position, node.span))).time === PROVEN;

      const { provider } = scene.world.connection.ethers;
      let starved = 0;
      for (const gasLimit of LIMITS) {
        for (const move of [lie, proof]) {
          const data = dispute.liarGame.encode(move);
          const enough = await provider.call({ from: dispute.bob.address, to, data, gasLimit }).then(
            () => true,
            () => false,
          );
          expect(move === lie && enough, `a lie with ${gasLimit} gas`).to.equal(false);
          if (enough) continue;
          starved++;
          await dispute.bob.sendTransaction({ to, data, gasLimit }).catch(() => undefined);
          await relay
            .connect(dispute.bob)
            .relay(to, data, { gasLimit })
            .catch(() => undefined);
        }
        expect(await isProven(leaf), `the leaf, by what fails with ${gasLimit} gas`).to.equal(false);
      }
      // Some limits are enough for the honest proof, and all others were tried.
      expect(starved).to.be.within(LIMITS.length + 2, 2 * LIMITS.length - 1);
      expect(await isProven(rival)).to.equal(false);

      await dispute.send([proof]);
      expect(await isProven(leaf)).to.equal(true);
      await scene.world.wait(scene.world.parameters.challengePeriodSeconds);
      await dispute.send([await dispute.confirmation()]);
      expect(await scene.isRightConfirmed()).to.equal(true);
    });
  }
});
