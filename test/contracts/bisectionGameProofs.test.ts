import { expect } from "chai";
import { fromHex } from "../../src/crypto/bytes.ts";
import { nodeAt } from "../../src/game/GameNode.ts";
import type { Prove } from "../../src/game/Move.ts";
import { L1Error } from "../../src/l1/L1Error.ts";
import { Dispute } from "../support/game/Dispute.ts";
import { GameScene, type SceneOptions } from "../support/game/GameScene.ts";
import { expectRefused } from "../support/tenor.ts";

/**
 * Proofs of every kind of step, from the assertion to its confirmation. Proofs of every type of transaction and message, at every
 * size, go through the game in `test/gas/operations.test.ts`.
 */
describe("BisectionGame: proofs", () => {
  /** Honest party and liar, who part at `index`. */
  async function disputeAt(index: number, options: SceneOptions = {}): Promise<Dispute> {
    const scene = await GameScene.launch({ historyHeight: 4n, sectionBits: 2n, ...options });
    return await Dispute.begin(scene, await scene.wrongFrom(index, "liar"));
  }

  async function isConfirmed({ scene, alice }: Dispute): Promise<boolean> {
    const { id } = await scene.nameOf(scene.honest);
    return scene.chain(alice).contract.isConfirmed(id);
  }

  const steps: readonly [what: string, index: number, kind: string, code?: number][] = [
    ["a message, from the end of the parent", 0, "message", 0],
    ["a message", 1, "message", 0],
    ["a malformed message", 2, "message"],
    ["a transaction", 3, "item", 0],
    ["a transaction that is refused", 4, "item"],
    ["another type of transaction", 5, "item", 0],
    ["a framing error", 6, "framing error"],
    ["the change of batch", 7, "next batch"],
    ["the first identity of the padding", 8, "identity"],
    ["an identity inside the padding", 11, "identity"],
    ["the last leaf", 15, "identity"],
  ];
  for (const [what, index, kind, code] of steps) {
    it(`decides ${what}`, async () => {
      const dispute = await disputeAt(index);
      const step = dispute.scene.steps[Math.min(index, dispute.scene.realSteps)]!;
      expect(step.kind).to.equal(kind);
      if (code !== undefined) expect(step.code).to.equal(code);
      await dispute.win();
      expect(await isConfirmed(dispute)).to.equal(true);
    });
  }

  it("decides a range with more steps than a history holds", async () => {
    for (const index of [1, 3]) {
      const dispute = await disputeAt(index, { historyHeight: 2n });
      const { scene, alice } = dispute;
      expect(scene.realSteps).to.equal(4);
      await dispute.win();
      expect(await isConfirmed(dispute)).to.equal(true);
      const { id } = await scene.nameOf(scene.honest);
      expect((await scene.chain(alice).contract.assertionOf(id)).isOverflow).to.equal(true);
    }
  });

  it("decides with any size of sections, also where levels remain", async () => {
    for (const [historyHeight, sectionBits] of [
      [5n, 1n],
      [5n, 3n],
      [7n, 8n],
      [26n, 5n],
    ] as const) {
      const dispute = await disputeAt(5, { historyHeight, sectionBits });
      await dispute.win();
      expect(await isConfirmed(dispute), `m = ${sectionBits}`).to.equal(true);
    }
  });

  it("keeps the children of a node with 256 of them apart", async () => {
    const dispute = await disputeAt(200, { historyHeight: 8n, sectionBits: 8n });
    const { scene, alice } = dispute;
    const carol = scene.world.signers[8]!;
    const second = scene.wrongAt([72], "carol");
    await scene.assert(carol, second);
    const also = Dispute.join(scene, second);

    // Numbers that differ by 128 are in different words.
    await dispute.toProof();
    await also.bobMoves();
    const { moves } = await dispute.moves();
    expect(moves.map(({ type }) => type)).to.deep.equal(["descend"]);
    await dispute.honestGame.play(moves);
    const view = await scene.view();
    const root = await dispute.root(view, scene.honest);
    expect([...root.linked.keys()].sort((a, b) => a - b)).to.deep.equal([72, 200]);
    const { children } = await scene.game(alice).contract.nodeOf(fromHex(root.id));
    expect(children).to.equal(1n << 72n);

    // Both leaves are needed.
    const { proofs } = await dispute.moves();
    expect(proofs.map(({ position }) => position.index).sort((a, b) => a - b)).to.deep.equal([72, 200]);
    await dispute.honestGame.play([proofs[0]!]);
    await scene.world.wait(scene.world.parameters.challengePeriodSeconds);
    await expectRefused(dispute.honestGame.wouldPlay([await dispute.confirmation()]), "TimeTooShort");
    const partial = await dispute.confirmation();
    const [update] = partial.updates;
    const left = { ...partial, updates: [{ ...update!, children: update!.children.slice(0, 1) }] };
    await expectRefused(dispute.honestGame.wouldPlay([left]), "ChildrenMismatch");
    await dispute.honestGame.play([proofs[1]!, await dispute.confirmation()]);
    expect(await isConfirmed(dispute)).to.equal(true);
  });

  describe("lack of gas", () => {
    let dispute: Dispute;
    let proof: Prove;

    before(async () => {
      dispute = await disputeAt(3);
      proof = await dispute.toProof();
    });

    /** Calls with 60 limits from 30,000 to what is enough and more, and gives those that were accepted. */
    async function accepted(move: Prove): Promise<{ limits: bigint[]; errors: Set<string> }> {
      const { scene, alice, honestGame } = dispute;
      const { provider } = scene.world.connection.ethers;
      const to = scene.world.deployment.addresses.game;
      const request = { to, from: alice.address, data: honestGame.encode(move) };
      const limits: bigint[] = [];
      const errors = new Set<string>();
      for (let i = 0n; i < 60n; i++) {
        const gasLimit = 30_000n + i * 5_000n;
        await scene.world
          .client(alice)
          .read("prove", () => provider.call({ ...request, gasLimit }))
          .then(
            () => limits.push(gasLimit),
            (error: unknown) => errors.add(errorName(error)),
          );
      }
      return { limits, errors };
    }

    it("proves nothing, and is no verdict", async () => {
      const { limits, errors } = await accepted(proof);
      expect(limits.length).to.be.within(10, 50);
      // Once there is enough, there is.
      expect(limits.at(-1)).to.equal(325_000n);
      expect(limits.at(-1)! - limits[0]!).to.equal(5_000n * BigInt(limits.length - 1));
      expect([...errors]).not.to.include("StepMismatch");

      const node = nodeAt(proof.position, proof.span);
      const { alice, scene } = dispute;
      const to = scene.world.deployment.addresses.game;
      const data = dispute.honestGame.encode(proof);
      for (const gasLimit of [60_000n, limits[0]! - 30_000n, limits[0]! - 5_000n]) {
        await alice.sendTransaction({ to, data, gasLimit }).catch(() => undefined);
        expect((await dispute.honestGame.nodeRecord(node)).time).not.to.equal(2n ** 40n - 1n);
      }
    });

    it("never proves a lie", async () => {
      const view = await dispute.view();
      const leaf = view.node(nodeAt(proof.position, proof.span))!;
      const lie = view.rivals(leaf)[0]!;
      const { limits, errors } = await accepted({ ...proof, span: lie.span });
      expect(limits).to.deep.equal([]);
      expect([...errors]).to.include("StepMismatch");
    });
  });
});

/** What a contract refuses with; "none" if it says nothing. */
function errorName(error: unknown): string {
  if (!(error instanceof L1Error)) return "none";
  const { error: name } = error.toJSON().fields as { error?: string };
  return name ?? "none";
}
