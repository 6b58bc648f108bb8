import { expect } from "chai";
import { contextOf } from "../../../src/game/GameNode.ts";
import { proveMove } from "../../../src/game/plan.ts";
import type { Arena } from "../../support/game/Arena.ts";
import { Table } from "../../support/game/exhaustive.ts";
import { Player } from "../../support/game/Player.ts";
import type { Claim } from "../../support/game/GameScene.ts";

/** T of the table, seconds. */
const T = 3600;

/** Histories of 16 states, cut twice into four: child i of a root has the states 4i to 4i + 3. */
describe("Clocks of a game, move by move", () => {
  let table: Table;
  let arena: Arena;
  let start: number;
  let honest: Player;

  before(async () => {
    table = await Table.set(4, 2);
  });

  beforeEach(async () => {
    arena = await table.clear();
    start = arena.now;
    honest = new Player(arena, arena.scene.world.signers[5]!, arena.scene.honest);
  });

  let liars = 0;
  const liar = (claim: Claim): Player => new Player(arena, arena.scene.world.signers[6 + (liars++ % 8)]!, claim);

  /** Goes to a time, in seconds since the start. */
  const at = (seconds: number): void => {
    arena.now = start + seconds;
  };

  /** The two earliest creation times in a node's context, in seconds since the start. */
  async function rivalsOf(player: Player, ...way: number[]): Promise<[number, number]> {
    const { position } = await player.node(...way);
    const { contract } = arena.scene.game(player.signer);
    const { first, second } = await contract.rivalsOf(contextOf(position));
    return [Number(first) - start, Number(second) - start];
  }

  it("threat 2: of two rivals of one block neither has time of its own", async () => {
    const a = liar(await arena.scene.wrongFrom(5, "a"));
    await arena.assertTogether([honest, a]);
    at(T);
    expect(await honest.confirm()).to.equal("TimeTooShort");
    expect(await a.confirm()).to.equal("TimeTooShort");
    await honest.open();
    at(2 * T - 1);
    expect(await honest.confirm()).to.equal("TimeTooShort");
    at(2 * T);
    expect(await honest.confirm()).to.equal(undefined);
  });

  it("threat 2: the third and every later rival takes nothing from the first and has nothing; T is reached to the second", async () => {
    await honest.assert();
    const others = [liar(await arena.scene.wrongFrom(5, "a")), liar(await arena.scene.wrongFrom(9, "b"))];
    at(100);
    await others[0]!.assert();
    at(160);
    await honest.open();
    at(200);
    await others[1]!.assert();
    // 100 seconds alone, and the rest since it was opened.
    at(160 + T - 101);
    expect(await honest.confirm()).to.equal("TimeTooShort");
    for (const other of others) expect(await other.confirm()).to.equal("TimeTooShort");
    at(160 + T - 100);
    for (const other of others) expect(await other.confirm()).to.equal("TimeTooShort");
    expect(await honest.confirm()).to.equal(undefined);
  });

  it("threat 2: a child that is registered late has the time since its parent was opened", async () => {
    const a = liar(await arena.scene.wrongFrom(5, "a"));
    await honest.assert();
    await a.assert();
    at(10);
    await honest.open();
    at(500);
    await a.open();
    at(900);
    await a.descend(honest);
    expect((await honest.record(1)).createdAt - start).to.equal(10);
    expect((await a.record(1)).createdAt - start).to.equal(500);
    expect((await honest.record(1)).time, "noted without an update").to.equal(490);
    expect((await a.record(1)).time).to.equal(0);
  });

  it("threat 2: liars who register their children first don't rob the honest one of its time", async () => {
    const [a, b] = [liar(await arena.scene.wrongFrom(5, "a")), liar(await arena.scene.wrongFrom(5, "b"))];
    for (const player of [honest, a, b]) await player.assert();
    at(10);
    await honest.open();
    at(500);
    await a.open();
    at(600);
    await b.open();
    await b.descend(a);
    expect(await rivalsOf(a, 1)).to.deep.equal([500, 600]);
    expect((await a.record(1)).time).to.equal(100);
    at(660);
    await honest.descend(a);
    expect(await rivalsOf(honest, 1)).to.deep.equal([10, 500]);
    expect((await honest.record(1)).time).to.equal(490);
    // It keeps what it had been given, and gets no more: totals never fall.
    at(2000);
    await a.update(1);
    expect((await a.record(1)).time).to.equal(100);
  });

  it("threat 8a: a child shared by parents that were opened at different times is as old as the first of them", async () => {
    const late = liar(arena.scene.wrongAt([5], "lie"));
    // The same lie, and one more behind it: both have the same child number 1.
    const early = liar(arena.scene.wrongAt([5, 9], "lie"));
    for (const player of [honest, late, early]) await player.assert();
    at(10);
    await honest.open();
    at(100);
    await early.open();
    at(500);
    await late.open();
    await honest.descend(late);
    expect(await rivalsOf(honest, 1)).to.deep.equal([10, 500]);
    expect((await honest.record(1)).time).to.equal(490);
    at(560);
    await honest.descend(early);
    expect(await rivalsOf(honest, 1), "linking lowers the creation time").to.deep.equal([10, 100]);
    expect((await late.record(1)).createdAt - start).to.equal(100);
    expect((await honest.record(1)).time, "totals never fall").to.equal(490);
  });

  it("threat 8a: linking can make the later one of two the first", async () => {
    const [x, early] = [liar(await arena.scene.wrongFrom(5, "x")), liar(arena.scene.wrongAt([5, 9], "lie"))];
    const late = liar(arena.scene.wrongAt([5], "lie"));
    for (const player of [x, early, late]) await player.assert();
    at(50);
    await early.open();
    at(100);
    await x.open();
    at(200);
    await late.open();
    await x.descend(late);
    expect(await rivalsOf(x, 1)).to.deep.equal([100, 200]);
    await x.descend(early);
    expect(await rivalsOf(x, 1)).to.deep.equal([50, 100]);
    expect((await early.record(1)).time).to.equal(50);
  });

  describe("threat 8a: a later root that shares a registered child", () => {
    let later: Player;

    beforeEach(async () => {
      const first = liar(arena.scene.wrongAt([5], "lie"));
      later = liar(arena.scene.wrongAt([5, 9], "lie"));
      await honest.assert();
      await first.assert();
      await first.open();
      at(60);
      await honest.open();
      await honest.descend(first);
      at(300);
      await later.assert();
      await later.open();
    });

    it("would keep its time, if nobody linked it", async () => {
      at(300 + T);
      expect(await later.confirm()).to.equal(undefined);
    });

    it("is linked to the child by the honest party, whose own side is linked already, and has no more than the child", async () => {
      at(360);
      await honest.descend(later);
      const again = await honest.descendMove(later);
      expect(await arena.send(honest.signer, [again])).to.equal("AlreadyDescended");
      at(300 + T);
      expect(await later.confirm()).to.equal("TimeTooShort");
      await later.update();
      const [child, root] = [await later.record(1), await later.record()];
      expect(root.time).to.equal(child.time);
      // The honest child was opened by nobody yet; its rival has what it had when the honest one came.
      expect(child.time).to.equal(60);
    });
  });

  it("threat 8a: a child that is registered just before the final update costs no more than the reaction to it", async () => {
    const a = liar(await arena.scene.wrongFrom(5, "a"));
    await honest.assert();
    at(100);
    await a.assert();
    at(160);
    await honest.open();
    // The honest one would win at 160 + T − 100.
    at(T + 59);
    await a.open();
    await a.descend(honest);
    at(T + 60);
    expect(await honest.confirm()).to.equal("TimeTooShort");
    at(T + 59 + 60);
    await honest.open(1);
    expect(await honest.confirm()).to.equal("TimeTooShort");
    at(T + 60 + 60);
    expect(await honest.confirm()).to.equal(undefined);
  });

  it("threat 4: two rivals that nobody brings down reach T together, and only the first one confirms", async () => {
    const a = liar(await arena.scene.wrongFrom(5, "a"));
    await arena.assertTogether([honest, a]);
    at(10);
    await honest.open();
    await a.open();
    at(10 + T);
    expect(await honest.confirm()).to.equal(undefined);
    expect(await a.confirm()).to.equal("SiblingConfirmed");
    expect(await honest.confirm()).to.equal("AlreadyConfirmed");
  });

  it("threat 2: a proven leaf has all the time there is, its parents only the time for which they have been open", async () => {
    const a = liar(await arena.scene.wrongFrom(5, "a"));
    await honest.assert();
    await a.assert();
    await a.open();
    at(60);
    await honest.open();
    await honest.descend(a);
    await honest.open(1);
    await a.open(1);
    await honest.descend(a, 1);
    await arena.sendAll(honest.signer, [{ type: "record inputs", game: arena.scene.parent }]);
    const prove = await proveMove(await honest.node(1, 1), arena.scene.testimony, arena.view.inputs!);
    await arena.sendAll(honest.signer, [prove]);
    expect((await honest.record(1, 1)).time).to.equal(2 ** 40 - 1);
    at(1000);
    expect(await honest.confirm()).to.equal("TimeTooShort");
    await honest.update(1);
    await honest.update();
    expect((await honest.record(1)).time).to.equal(940);
    expect((await honest.record()).time).to.equal(940);
    expect(await arena.send(honest.signer, [prove])).to.equal("AlreadyProven");
  });
});
