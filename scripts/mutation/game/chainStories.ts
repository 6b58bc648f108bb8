import { expect } from "chai";
import type { Story } from "./Stage.ts";

const ENDED = { offset: 0, items: 0, part: 0 };

/** Which siblings a family takes, and when. */
export function families(): readonly Story[] {
  return [
    {
      name: "an only child that has won takes no sibling",
      play: async (stage) => {
        const { parent, world } = stage.scene;
        const [alice, bob, carol] = [6, 7, 8].map((number) => stage.signer(number));
        const { stakeWei: stake, challengePeriodSeconds: period } = world.parameters;
        const { interface: game } = stage.scene.game(alice!).contract;
        await stage.tick();
        const first = await stage.assertEnd(alice!, parent, ENDED, stake);
        const born = await world.now();
        await stage.tick();
        expect(await stage.callGame(bob!, game.encodeFunctionData("recordInputs", [parent]))).to.equal(false);
        const { endStateHash, historyRoot } = first;
        const opening = game.encodeFunctionData("openRoot", [parent, endStateHash, historyRoot, [historyRoot]]);
        expect(await stage.callGame(bob!, opening)).to.equal(false);
        await stage.at(born + period);
        expect((await stage.assertEnd(bob!, parent, { l2Time: 1n }, stake)).isTaken).to.equal(false);
        expect(await stage.callChain(bob!, "confirm", [parent, first.endStateHash, first.historyRoot])).to.equal(true);
        expect((await stage.assertEnd(carol!, parent, { l2Time: 2n }, stake)).isTaken).to.equal(false);
        expect(await stage.callChain(bob!, "sweep", [parent])).to.equal(false);
        expect(await stage.callChain(alice!, "withdrawStake", [alice!.address])).to.equal(true);
        expect(await stage.callChain(alice!, "withdrawStake", [alice!.address])).to.equal(false);
      },
    },
    {
      name: "siblings in time, and in one second",
      play: async (stage) => {
        const { parent, world } = stage.scene;
        const { stakeWei: stake, challengePeriodSeconds: period } = world.parameters;
        const signers = [6, 7, 8, 9].map((number) => stage.signer(number));
        await stage.tick();
        const first = await stage.assertEnd(signers[0]!, parent, ENDED, stake);
        const born = await world.now();
        await stage.at(born + period - 1n);
        expect((await stage.assertEnd(signers[1]!, parent, { l2Time: 1n }, stake)).isTaken).to.equal(true);
        await stage.tick(0);
        expect((await stage.assertEnd(signers[2]!, parent, { l2Time: 2n }, stake)).isTaken).to.equal(true);
        await stage.tick(Number(period));
        expect((await stage.assertEnd(signers[3]!, parent, { l2Time: 3n }, stake)).isTaken).to.equal(true);
        // Alone for all but a second of the period, which is not enough without a game.
        expect(await stage.callChain(signers[1]!, "confirm", [parent, first.endStateHash, first.historyRoot])).to.equal(
          false,
        );
        expect(await stage.callChain(signers[0]!, "withdrawStake", [signers[0]!.address])).to.equal(false);
      },
    },
  ];
}

/** Which ranges follow one another, and how soon. */
export function ranges(): readonly Story[] {
  return [
    {
      name: "a range after a finished one, and one after an overflow",
      play: async (stage) => {
        const { parent, world } = stage.scene;
        const { stakeWei: stake, minParentAgeSeconds: age, challengePeriodSeconds: period } = world.parameters;
        const [alice, bob, carol] = [6, 7, 8].map((number) => stage.signer(number));
        await stage.tick();
        const first = await stage.assertEnd(alice!, parent, ENDED, stake);
        const born = await world.now();
        await stage.tick();
        expect((await stage.assertEnd(alice!, first.id, { l2Time: 1n }, 0n)).isTaken, "no batch yet").to.equal(false);
        for (let i = 0; i < 3; i++) {
          await stage.tick();
          await world.post();
        }
        await stage.at(born + age);
        const second = await stage.assertEnd(alice!, first.id, { l2Time: 1n }, 0n);
        expect(second.isTaken, "at the age").to.equal(true);
        // Its target is all that the inbox has by now; this one stops before.
        await stage.tick(Number(age));
        const third = await stage.assertEnd(bob!, second.id, { batch: 2n, offset: 3, items: 2, part: 1 }, stake);
        expect(third.isTaken, "an overflow").to.equal(true);
        await stage.tick(1);
        const fourth = await stage.assertEnd(bob!, third.id, { l2Time: 5n }, 0n);
        expect(fourth.isTaken, "at once").to.equal(true);
        await stage.tick(1);
        expect((await stage.assertEnd(carol!, third.id, { batch: 99n }, stake)).isTaken, "beyond").to.equal(false);
        for (const fields of [{ offset: 1 }, { items: 1 }, { part: 1 }]) {
          expect((await stage.assertEnd(carol!, third.id, fields, stake)).isTaken, "inside").to.equal(false);
        }
        await stage.tick(Number(period));
        const confirm = (parentId: Uint8Array, { endStateHash, historyRoot }: typeof first): Promise<boolean> =>
          stage.callChain(carol!, "confirm", [parentId, endStateHash, historyRoot]);
        expect(await confirm(second.id, third), "before its parent").to.equal(false);
        expect(await confirm(parent, first)).to.equal(true);
        expect(await confirm(first.id, second)).to.equal(true);
        expect(await confirm(second.id, third)).to.equal(true);
        expect(await confirm(third.id, fourth)).to.equal(true);
        expect(await stage.callChain(alice!, "withdrawStake", [bob!.address])).to.equal(true);
      },
    },
  ];
}

/** Which assertions one stake stands for. */
export function stakes(): readonly Story[] {
  return [
    {
      name: "one stake, one branch",
      play: async (stage) => {
        const { parent, world } = stage.scene;
        const { stakeWei: stake, minParentAgeSeconds: age } = world.parameters;
        const [alice, bob, carol] = [6, 7, 8].map((number) => stage.signer(number));
        await stage.tick();
        const first = await stage.assertEnd(alice!, parent, ENDED, stake);
        await stage.tick();
        for (const value of [0n, stake]) {
          expect((await stage.assertEnd(alice!, parent, { l2Time: 1n }, value)).isTaken, "a rival").to.equal(false);
        }
        await world.post();
        await stage.tick(Number(age));
        for (const value of [0n, stake - 1n, stake + 1n]) {
          expect((await stage.assertEnd(bob!, first.id, { l2Time: 1n }, value)).isTaken, "wrong stake").to.equal(false);
        }
        expect((await stage.assertEnd(bob!, first.id, { l2Time: 1n }, stake)).isTaken).to.equal(true);
        // Somebody has gone on from hers, so she may go elsewhere, and not to two places.
        await stage.tick();
        expect((await stage.assertEnd(alice!, parent, { l2Time: 2n }, stake)).isTaken, "not again").to.equal(false);
        expect((await stage.assertEnd(alice!, parent, { l2Time: 2n }, 0n)).isTaken).to.equal(true);
        expect(await stage.callChain(alice!, "withdrawStake", [alice!.address])).to.equal(false);
        expect((await stage.assertEnd(carol!, first.id, { l2Time: 3n }, stake)).isTaken).to.equal(true);
        expect(await stage.callChain(stage.signer(9), "withdrawStake", [alice!.address]), "none").to.equal(false);
      },
    },
  ];
}
