import { expect } from "chai";
import { equalBytes, type Hex } from "../../../src/crypto/bytes.ts";
import { childrenOf } from "../../../src/history/HistorySource.ts";
import { sharePaths } from "../../../src/game/MoveRefunds.ts";
import type { Move, Prove, RefundClaim } from "../../../src/game/Move.ts";
import { planMoves } from "../../../src/game/plan.ts";
import { sharedCalldata, touchingCalldata } from "../../../test/support/game/bundles.ts";
import { Dispute } from "../../../test/support/game/Dispute.ts";
import type { Claim } from "../../../test/support/game/GameScene.ts";
import { appendMove } from "../../../test/support/game/gasOfMoves.ts";
import { playDuel, type Case } from "../../../test/support/game/exhaustive.ts";
import { playRandomGame } from "../../../test/support/game/randomGames.ts";
import { claimData, refundClaimOf } from "../../../test/support/game/refunds.ts";
import { playModelGame } from "../../../test/support/model/modelGames.ts";
import { Random } from "../../../test/support/random.ts";
import type { Stage, Story } from "./Stage.ts";

const GWEI = 10n ** 9n;
/** Below the highest price that is paid, and above it. */
const BASE_FEES = [20n * GWEI, 500n * GWEI];
/** Moves of a model game, which goes on long after all that is new. */
const ACTIONS = 50;

/** Games with random liars, in which the honest party wins. */
export function randomGames(seed: number, count: number): readonly Story[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `random game of seed ${seed + i}`,
    play: async ({ arena }) => void (await playRandomGame(arena, new Random(seed + i))),
  }));
}

/** Games with one liar, who moves in each of some styles. */
export function duels(cases: readonly Case[]): readonly Story[] {
  return cases.map((of) => ({
    name: `duel about ${of.index}, ${of.style}`,
    play: async ({ arena }) => void (await playDuel(arena, of)),
  }));
}

/** Games of random moves, possible or not. */
export function modelGames(seed: number, count: number): readonly Story[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `model game of seed ${seed + i}`,
    play: async ({ arena }) => void (await playModelGame(arena, new Random(seed + i), ACTIONS)),
  }));
}

/**
 * A game of three claims about one range: the right one, and two that part from it, told to the end, with the claims of refunds and the
 * sweep of what is left.
 *
 * @param partings Where the second and the third claim are wrong.
 */
export function disputes(partings: readonly [number, number]): readonly Story[] {
  return [
    { name: `dispute about ${partings.join(" and ")}`, baseFees: BASE_FEES, play: (stage) => dispute(stage, partings) },
  ];
}

async function dispute(stage: Stage, [first, second]: readonly [number, number]): Promise<void> {
  const { scene } = stage;
  const [carol, dave] = [stage.signer(8), stage.signer(9)];
  const lie = await scene.wrongFrom(first, "liar");
  const third = scene.wrongAt([second], "carol");
  const d = Dispute.join(scene, lie);
  await stage.assert(d.alice, scene.honest);
  await stage.assert(d.bob, lie, 40);
  await stage.tick();
  await scene.game(dave).play([{ type: "record inputs", game: scene.parent }]);

  let turn = 0;
  d.send = async (moves) => {
    turn++;
    // All at once, one by one, and through a contract, in turn.
    if (turn % 3 === 0) {
      for (const move of moves) {
        await stage.tick(2);
        await d.honestGame.play([move]);
      }
    } else {
      const [head, ...rest] = moves;
      await stage.tick(2);
      if (turn % 3 === 2 && rest.length > 0) expect(await stage.relayMove(d.alice, head!)).to.equal(true);
      await stage.tick(1);
      await d.honestGame.play(turn % 3 === 2 && rest.length > 0 ? rest : moves);
    }
  };
  for (let round = 0; ; round++) {
    await d.aliceMoves();
    if ((await d.moves()).proofs.length > 0) break;
    await stage.tick(11);
    await d.bobMoves();
    // Some of what Alice could do Bob does himself.
    const descent = round === 0 ? (await d.moves()).moves.find(({ type }) => type === "descend") : undefined;
    await stage.tick(3);
    if (descent !== undefined) await d.liarGame.play([descent]);
    if (round === 0) await stage.assert(carol, third, 5);
    await openRoot(stage, third);
  }
  const [proof] = (await d.moves()).proofs;
  await misplace(stage, d, proof!);
  await stage.tick(60);
  await d.play(proof!);
  await proveAll(stage, d, third);
  await confirmAt(stage, d);

  // Too late to be paid back.
  await openRoot(stage, third);
  await d.aliceMoves();
  await claims(stage, d);
}

/** The third party opens its root, if it has a rival and is not open. */
async function openRoot(stage: Stage, claim: Claim): Promise<void> {
  const { scene } = stage;
  const view = await scene.view();
  const draft = await planMoves(view, { ...scene.testimony, history: claim.history });
  const known: Move[] = draft.moves.filter(({ type }) => type === "open root");
  if (known.length === 0) return;
  await stage.tick(4);
  await scene.game(stage.signer(8)).play(known);
}

/** Goes on against the third party until nothing is left to do. */
async function proveAll(stage: Stage, d: Dispute, third: Claim): Promise<void> {
  const { scene } = stage;
  for (;;) {
    const { moves, proofs } = await d.moves();
    if (moves.length + proofs.length === 0) return;
    await stage.tick(9);
    if (moves.length > 0) await d.honestGame.play(moves);
    for (const proof of proofs) {
      await stage.tick(1);
      await d.play(proof);
    }
    const view = await scene.view();
    for (const node of view.roots().flatMap((root) => [...root.linked.values()])) {
      const { level, index } = node.position;
      const span = await third.history.node(level, index);
      if (node.children !== undefined || level === 0 || !equalBytes(span, node.span)) continue;
      const children = await childrenOf(third.history, level, index, view.bitsOf(node));
      await stage.tick(2);
      await scene.game(stage.signer(8)).play([{ type: "open", position: node.position, span: node.span, children }]);
    }
  }
}

/** Confirms in the first second in which it is possible. */
async function confirmAt(stage: Stage, d: Dispute): Promise<void> {
  const { world } = stage.scene;
  await world.wait(world.parameters.challengePeriodSeconds);
  const confirmation = await d.confirmation();
  // Half of the updates raise nothing, and are not paid back.
  const idle = Array.from({ length: 8 }, () => confirmation.updates).flat();
  await stage.tick(5);
  await d.play({ ...confirmation, updates: [...confirmation.updates, ...idle] });
  // Fails as early as it can.
  const unknown = confirmation.updates.map((update) => ({ ...update, span: new Uint8Array(32).fill(7) }));
  await stage.tick();
  expect(await stage.callGame(d.bob, d.honestGame.encode({ ...confirmation, updates: unknown }))).to.equal(false);
}

/** A leaf cannot be opened, and what lies above it cannot be proven. */
async function misplace(stage: Stage, d: Dispute, proof: Prove): Promise<void> {
  const { position, span } = proof;
  const view = await d.view();
  const root = await d.root(view, stage.scene.honest);
  const { honestGame } = d;
  for (const move of [
    { type: "open", position, span, children: [span] },
    { ...proof, position: root.position, span: root.span },
  ] satisfies Move[]) {
    await stage.tick(1);
    expect(await stage.callGame(d.alice, honestGame.encode(move))).to.equal(false);
  }
  const update = honestGame.contract.interface.encodeFunctionData("update", [[]]);
  for (const [data, isTaken] of [
    [sharedCalldata(update), false],
    [touchingCalldata(update), true],
  ] as const) {
    await stage.tick(1);
    expect(await stage.callGame(d.alice, data)).to.equal(isTaken);
  }
}

/** Claims in pieces, of all who have moved; then what is left goes to the treasury, and the stakes back. */
async function claims(stage: Stage, d: Dispute): Promise<void> {
  const { scene } = stage;
  const all = await refundClaimOf(scene, d.honestGame, d.alice.address as Hex, scene.honest);
  const short = { ...all, places: sharePaths(all.places) };
  const cut = Math.floor(all.moves.length / 2);
  const late = { ...all, before: all.moves.slice(0, cut).reduce(appendMove, new Uint8Array(32)), ...part(all, cut) };
  const early = { ...short, ...part(short, 0, cut) };
  const claim = async (number: number, of: RefundClaim): Promise<boolean> => {
    const signer = stage.signer(number);
    await stage.tick();
    return stage.callGame(signer, claimData(scene.game(signer), of, stage.signer(12).address));
  };
  expect(await claim(6, early), "the first moves first").to.equal(false);
  for (const half of [late, early]) expect(await claim(6, half)).to.equal(true);
  for (const number of [9, 7, 8]) {
    const address = stage.signer(number).address as Hex;
    expect(
      await claim(number, await refundClaimOf(scene, scene.game(stage.signer(number)), address, scene.honest)),
    ).to.equal(true);
  }
  const { chain } = scene.world.deployment.addresses;
  await stage.tick();
  await stage.callChain(d.bob, "payRefund", [scene.parent, d.bob.address, 1n]);
  await stage.callChain(d.bob, "withdrawStake", [d.bob.address]);
  await stage.callChain(d.alice, "withdrawStake", [chain]);
  expect(await stage.callChain(d.alice, "withdrawStake", [d.alice.address])).to.equal(true);
  const { closedAt } = await scene.chain(d.bob).contract.escrowOf(scene.parent);
  await stage.at(closedAt + scene.world.parameters.challengePeriodSeconds);
  await stage.callChain(d.bob, "sweep", [scene.parent]);
  await stage.tick();
  expect(await stage.callChain(d.bob, "sweep", [scene.parent])).to.equal(false);
}

function part({ moves, places }: RefundClaim, from: number, to?: number): Pick<RefundClaim, "moves" | "places"> {
  return { moves: moves.slice(from, to), places: places.slice(from, to) };
}
