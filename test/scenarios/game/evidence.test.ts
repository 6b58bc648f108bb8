import { expect } from "chai";
import { siblingsOf } from "../../../src/game/GameNode.ts";
import type { Child, Prove } from "../../../src/game/Move.ts";
import { proveMove } from "../../../src/game/plan.ts";
import type { Arena } from "../../support/game/Arena.ts";
import { Table } from "../../support/game/exhaustive.ts";
import type { Claim } from "../../support/game/GameScene.ts";
import { Player } from "../../support/game/Player.ts";

const FOREIGN = new Uint8Array(32).fill(0x5a);

/** Histories of 16 states, cut twice into four: child i of a root has the states 4i to 4i + 3. */
describe("Moves of a game that are refused", () => {
  let table: Table;
  let arena: Arena;
  let honest: Player;

  before(async () => {
    table = await Table.set(4, 2);
  });

  beforeEach(async () => {
    arena = await table.clear();
    honest = new Player(arena, arena.scene.world.signers[5]!, arena.scene.honest);
  });

  const liar = (claim: Claim): Player => new Player(arena, arena.scene.world.signers[6]!, claim);

  /** Both assert, and open their roots. */
  async function opened(claim: Claim): Promise<Player> {
    const a = liar(claim);
    for (const player of [honest, a]) await player.assert();
    for (const player of [honest, a]) await player.open();
    return a;
  }

  /** Child number `index` of a player's root. */
  async function childOf(player: Player, index: number): Promise<Child> {
    const children = (await player.node()).children!;
    return { span: children[index]!, siblings: siblingsOf(children, index) };
  }

  /** What a registration at any child is refused for. */
  async function descendAt(a: Player, index: number): Promise<string | undefined> {
    const { position, span } = await honest.node();
    const sides = {
      a: { span, child: await childOf(honest, index) },
      b: { span: (await a.node()).span, child: await childOf(a, index) },
    };
    return await arena.send(a.signer, [{ type: "descend", position, index, ...sides }]);
  }

  it("threat 8a: registrations that are not the first difference", async () => {
    const a = await opened(arena.scene.wrongAt([5, 13], "a"));
    expect(await descendAt(a, 0), "before the first difference").to.equal("NoDifference");
    expect(await descendAt(a, 2), "behind it, where they agree").to.equal("BaseMismatch");
    expect(await descendAt(a, 3), "behind it, where they differ again").to.equal("BaseMismatch");
    expect(await descendAt(a, 1)).to.equal(undefined);
    expect(await descendAt(a, 1)).to.equal("AlreadyDescended");
  });

  it("threat 1: a total that is taken from an honest child", async () => {
    const a = await opened(await arena.scene.wrongFrom(5, "a"));
    await honest.descend(a);
    const stolen = { ...(await a.updateOf()), children: (await honest.updateOf()).children };
    expect(await arena.send(a.signer, [{ type: "update", updates: [stolen] }])).to.equal("SpanMismatch");
    const none = { ...(await a.updateOf()), children: [] };
    expect(await arena.send(a.signer, [{ type: "update", updates: [none] }])).to.equal("ChildrenMismatch");
    const more = { ...(await a.updateOf()), children: [await childOf(a, 1), await childOf(a, 2)] };
    expect(await arena.send(a.signer, [{ type: "update", updates: [more] }])).to.equal("ChildrenMismatch");
    const other = { ...(await a.updateOf()), children: [await childOf(a, 2)] };
    expect(await arena.send(a.signer, [{ type: "update", updates: [other] }])).to.equal("SpanMismatch");
  });

  it("threat 6: an end state that is not the last leaf", async () => {
    const { end } = await arena.scene.wrongFrom(5, "a");
    const a = liar({ end, history: arena.scene.honest.history });
    await a.assert().then(
      () => expect.fail("was taken"),
      (error: unknown) => expect(error).to.have.nested.property("fields.error", "HistoryRootMismatch"),
    );
  });

  it("threat 6: a leaf that is opened, and an inner node that is proven", async () => {
    const a = await opened(await arena.scene.wrongFrom(5, "a"));
    await honest.descend(a);
    for (const player of [honest, a]) await player.open(1);
    await honest.descend(a, 1);
    await arena.sendAll(honest.signer, [{ type: "record inputs", game: arena.scene.parent }]);
    const { inputs } = arena.view;
    const leaf = await honest.node(1, 1);
    const open = { type: "open", position: leaf.position, span: leaf.span, children: [leaf.span] } as const;
    expect(await arena.send(a.signer, [open])).to.equal("NodeIsLeaf");
    const prove = (await proveMove(leaf, arena.scene.testimony, inputs!)) as Prove;
    const inner = await honest.node(1);
    const proveInner = { ...prove, position: inner.position, span: inner.span };
    expect(await arena.send(a.signer, [proveInner])).to.equal("NodeIsNotLeaf");
    expect(await arena.send(a.signer, [open])).to.equal("NodeIsLeaf");
  });

  it("threat 15: the wrong leaf is not proven, by whatever evidence", async () => {
    const a = await opened(await arena.scene.wrongFrom(5, "a"));
    await honest.descend(a);
    for (const player of [honest, a]) await player.open(1);
    await honest.descend(a, 1);
    await arena.sendAll(honest.signer, [{ type: "record inputs", game: arena.scene.parent }]);
    const [leaf, wrong] = [await honest.node(1, 1), await a.node(1, 1)];
    const prove = (await proveMove(leaf, arena.scene.testimony, arena.view.inputs!)) as Prove;
    const tries: readonly (readonly [change: Partial<Prove>, error: string])[] = [
      [{ span: wrong.span }, "StepMismatch"],
      [{ span: wrong.span, pre: { ...prove.pre, stateRoot: FOREIGN } }, "HistoryRootMismatch"],
      [{ span: wrong.span, predecessor: { ...prove.predecessor, inner: FOREIGN } }, "PredecessorMismatch"],
      [{ span: wrong.span, predecessor: { ...prove.predecessor, outer: FOREIGN } }, "PredecessorMismatch"],
      [{ span: wrong.span, predecessor: { ...prove.predecessor, path: [FOREIGN] } }, "HistoryPathLengthMismatch"],
      [{ span: wrong.span, inputs: { ...prove.inputs, messagesRoot: FOREIGN } }, "InputsMismatch"],
      [{ span: wrong.span, inputs: { ...prove.inputs, target: prove.inputs.target + 1n } }, "InputsMismatch"],
      [{ span: FOREIGN }, "NodeUnknown"],
    ];
    for (const [change, error] of tries) {
      expect(await arena.send(a.signer, [{ ...prove, ...change }])).to.equal(error);
    }
    expect(await arena.send(honest.signer, [prove])).to.equal(undefined);
  });

  it("threat 6: the first state is proven from the end of the game's own assertion, and from nothing else", async () => {
    const a = await opened(await arena.scene.wrongFrom(0, "a"));
    await honest.descend(a);
    for (const player of [honest, a]) await player.open(0);
    await honest.descend(a, 0);
    await arena.sendAll(honest.signer, [{ type: "record inputs", game: arena.scene.parent }]);
    const prove = (await proveMove(await honest.node(0, 0), arena.scene.testimony, arena.view.inputs!)) as Prove;
    const withPredecessor = (change: object): Prove => ({ ...prove, predecessor: { ...prove.predecessor, ...change } });
    expect(await arena.send(a.signer, [withPredecessor({ outer: FOREIGN })])).to.equal("PredecessorMismatch");
    expect(await arena.send(a.signer, [withPredecessor({ path: [FOREIGN] })])).to.equal("HistoryPathLengthMismatch");
    expect(await arena.send(a.signer, [{ ...prove, pre: { ...prove.pre, message: 1n } }])).to.equal(
      "PredecessorMismatch",
    );
    expect(await arena.send(honest.signer, [prove])).to.equal(undefined);
  });

  it("threat 3: nodes under the name of another game", async () => {
    const a = await opened(await arena.scene.wrongFrom(5, "a"));
    await honest.descend(a);
    const open = await honest.openMove(1);
    if (open.type !== "open") throw new Error("a node below the root");
    const game = (await arena.scene.nameOf(a.claim)).id;
    const elsewhere = { ...open, position: { ...open.position, game } };
    expect(await arena.send(a.signer, [elsewhere])).to.equal("NodeUnknown");
    const higher = { ...open, position: { ...open.position, level: 3 } };
    expect(await arena.send(a.signer, [higher])).to.equal("NodeUnknown");
    const beside = { ...open, position: { ...open.position, index: 0 } };
    expect(await arena.send(a.signer, [beside])).to.equal("NodeUnknown");
    const { parent } = arena.scene;
    expect(await arena.send(a.signer, [{ type: "record inputs", game }]), "no rivals there").to.equal("NotRivalled");
    expect(await arena.send(a.signer, [{ type: "record inputs", game: parent }])).to.equal(undefined);
    expect(await arena.send(a.signer, [{ type: "record inputs", game: parent }])).to.equal("InputsAlreadyRecorded");
  });

  it("an assertion that nobody contests is not opened, and a node not twice, nor with other children", async () => {
    const a = liar(await arena.scene.wrongFrom(5, "a"));
    await honest.assert();
    const open = await honest.openMove();
    if (open.type !== "open root") throw new Error("a root");
    expect(await arena.send(a.signer, [open])).to.equal("NotRivalled");
    await a.assert();
    const fewer = { ...open, children: open.children.slice(1) };
    expect(await arena.send(a.signer, [fewer])).to.equal("ChildCountMismatch");
    const others = { ...open, children: [...open.children.slice(1), FOREIGN] };
    expect(await arena.send(a.signer, [others])).to.equal("SpanMismatch");
    const unknown = { ...open, historyRoot: FOREIGN };
    expect(await arena.send(a.signer, [unknown])).to.equal("NodeUnknown");
    expect(await arena.send(a.signer, [open])).to.equal(undefined);
    expect(await arena.send(honest.signer, [open])).to.equal("NodeAlreadyOpen");
  });

  it("threat 2: a pair of which one is not open is not brought down", async () => {
    const a = liar(await arena.scene.wrongFrom(5, "a"));
    for (const player of [honest, a]) await player.assert();
    await honest.open();
    const mine = { span: (await honest.node()).span, child: await childOf(honest, 1) };
    const theirs = { span: (await a.node()).span, child: { ...mine.child, span: FOREIGN } };
    const { position } = await honest.node();
    const descend = { type: "descend", position, index: 1, a: mine, b: theirs } as const;
    expect(await arena.send(a.signer, [descend])).to.equal("NodeNotOpen");
    await a.open();
    // The node follows from its child, so a wrong child is a child of no node.
    expect(await arena.send(a.signer, [descend])).to.equal("NodeNotOpen");
    expect(await arena.send(a.signer, [{ ...descend, index: 4 }])).to.equal("ChildIndexOutOfRange");
  });
});
