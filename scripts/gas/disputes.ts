import { fromHex, type Hex } from "../../src/crypto/bytes.ts";
import { TenorError } from "../../src/errors.ts";
import { partingOf } from "../../src/game/NodeState.ts";
import { descendMove, confirmMove, planMoves, updateOf, type Testimony } from "../../src/game/plan.ts";
import type { Move } from "../../src/game/Move.ts";
import type { GameView, ViewNode } from "../../src/game/GameView.ts";
import type { GameClient } from "../../src/l1/GameClient.ts";
import { GameScene, type Claim } from "../../test/support/game/GameScene.ts";
import { sharePaths } from "../../src/game/MoveRefunds.ts";
import { refundClaimOf } from "../../test/support/game/refunds.ts";
import { connect, floorOf, type Connection, type Rules } from "./SimulatedL1.ts";
import { type Measurement, type Operation, type SectionBits } from "./table.ts";

/**
 * The moves of the dispute game over histories of 2^26 states, and whole disputes, for every size of section.
 *
 * The moves are as they are in the middle of a dispute: whoever makes them has made another one in the same game before. The first
 * one writes a fresh word, as recording the inputs does here.
 */

const HEIGHT = 26;

/** Moves and disputes for each of these numbers of bits that a move can go down; all that there is to measure for `chosen`. */
export async function measureDisputes(
  rules: Rules,
  chosen: number,
  sizes: readonly SectionBits[],
): Promise<Measurement[]> {
  const perSize: Measurement[] = [];
  const own: Measurement[] = [];
  for (const m of sizes) {
    const moves = await onStage(rules, m, measureMoves);
    const dispute = await onStage(rules, m, (stage) => measureDispute(stage, m === chosen));
    for (const { operation, ...rest } of [...moves, ...dispute]) {
      if (m === chosen) own.push({ operation, ...rest });
      if (operation in SIZED) perSize.push({ operation: `${operation}, m = ${m}` as Operation, ...rest });
    }
  }
  return [...own, ...perSize];
}

/** The operations that are measured for every size of section. */
const SIZED = { open: 0, "descend, both new": 0, "descend, merge": 0, "whole dispute, honest side": 0 };

interface Stage {
  readonly rules: Rules;
  readonly connection: Connection;
  readonly scene: GameScene;
  readonly alice: GameClient;
  readonly bob: GameClient;
}

async function onStage<T>(rules: Rules, m: SectionBits, measure: (stage: Stage) => Promise<T>): Promise<T> {
  const connection = await connect(rules);
  try {
    const options = { historyHeight: BigInt(HEIGHT), sectionBits: BigInt(m) };
    const scene = await GameScene.launch(options, connection);
    const [, , , , , , alice, bob] = scene.world.signers;
    return await measure({ rules, connection, scene, alice: scene.game(alice!), bob: scene.game(bob!) });
  } finally {
    await connection.close();
  }
}

/**
 * The moves of a game with two liars. All three part at the last but one of a root's children: the base of what lies behind is
 * made of as many siblings as there can be. The liars' children there are the same node, and they differ in their last ones.
 */
async function measureMoves(stage: Stage): Promise<Measurement[]> {
  const { scene, alice, bob } = stage;
  const m = scene.sectionBits;
  const [, , , , , , aliceSigner, bobSigner, carolSigner] = scene.world.signers;
  const section = 2 ** (HEIGHT - m);
  const lie = 2 ** HEIGHT - section - 1;
  const claims = [scene.honest, scene.wrongAt([lie], "liar"), scene.wrongAt([lie, 2 ** HEIGHT - 2], "liar")];
  const signers = [aliceSigner!, bobSigner!, carolSigner!];
  for (const [i, claim] of claims.entries()) await scene.assert(signers[i]!, claim);

  const measured: Measurement[] = [];
  const measure = async (operation: Operation, move: Move): Promise<void> => {
    measured.push(await measurementOf(stage, operation, (await alice.play([move])).transactionHash));
  };
  const view = await scene.view();
  await measure("record inputs", { type: "record inputs", game: scene.parent });
  const roots: ViewNode[] = [];
  for (const claim of claims) {
    const move = await openRootMove(scene, view, claim);
    if (claim === scene.honest) await measure("open of a root", move);
    else await bob.play([move]);
    roots.push(view.root((await scene.nameOf(claim)).historyRoot)!);
    view.apply({ type: "opened", node: fromHex(roots.at(-1)!.id), children: move.children });
  }
  const [honest, first, second] = roots as [ViewNode, ViewNode, ViewNode];
  const index = partingOf(honest, first);
  await measure("descend, both new", descendMove(view, honest, first, index));
  await measure("descend, merge", descendMove(view, honest, second, index));
  view.apply({ type: "descended", nodeA: fromHex(honest.id), nodeB: fromHex(first.id), index });
  const { moves } = await planMoves(view, scene.testimony);
  await measure(
    "open",
    moves.find((move) => move.type === "open")!,
  );
  return measured;
}

async function openRootMove(
  scene: GameScene,
  view: GameView,
  claim: Claim,
): Promise<Extract<Move, { type: "open root" }>> {
  const { historyRoot } = await scene.nameOf(claim);
  const root = view.root(historyRoot)!;
  const children: Uint8Array[] = [];
  const bits = view.bitsOf(root);
  for (let i = 0; i < 2 ** bits; i++) children.push(await claim.history.node(HEIGHT - bits, i));
  return { type: "open root", ...root.assertion!, children };
}

/**
 * A dispute between an honest party and an adversary that defends every node of its own at once, from both assertions to the
 * confirmation. Step 4 is in dispute: a transfer.
 */
async function measureDispute(stage: Stage, everything: boolean): Promise<Measurement[]> {
  const { scene, alice, bob } = stage;
  const [, , , , , , aliceSigner, bobSigner] = scene.world.signers;
  const lie = await scene.wrongFrom(4, "liar");
  await scene.assert(aliceSigner!, scene.honest);
  await scene.assert(bobSigner!, lie);
  const liar: Testimony = { ...scene.testimony, history: lie.history };
  const { historyRoot } = await scene.nameOf(scene.honest);

  const transactions: Measurement[] = [];
  const played: Move[] = [];
  const play = async (moves: readonly Move[]): Promise<void> => {
    const { transactionHash } = await alice.play(moves);
    transactions.push(await measurementOf(stage, "whole dispute, honest side", transactionHash));
    played.push(...moves);
  };
  while (!played.some((move) => move.type === "prove")) {
    await play((await planMoves(await scene.view(), scene.testimony)).moves);
    const { moves } = await planMoves(await scene.view(), liar);
    const opening = moves.find((move) => move.type === "open root" || move.type === "open");
    if (opening !== undefined) await bob.play([opening]);
  }
  const measured: Measurement[] = [];
  await scene.world.wait(scene.world.parameters.challengePeriodSeconds);
  const view = await scene.view();
  const confirmation = confirmMove(view, view.root(historyRoot)!);
  if (everything) measured.push(await clockUpdate(stage, view, historyRoot));
  await play([confirmation]);

  measured.push(sum(transactions));
  if (!everything) return measured;
  measured.push({ ...transactions.at(-1)!, operation: "confirm with updates" });
  measured.push(await dearestRepetition(stage, played));
  const claim = await refundClaimOf(scene, alice, aliceSigner!.address as Hex, scene.honest);
  const short = { ...claim, places: sharePaths(claim.places) };
  const { transactionHash } = await alice.claimRefund(short, aliceSigner!.address as Hex);
  measured.push(await measurementOf(stage, "refund claim", transactionHash));
  return measured;
}

/** What one more node costs in an update, on the average over a root's nodes. Leaves all as it was. */
async function clockUpdate(stage: Stage, view: GameView, historyRoot: Uint8Array): Promise<Measurement> {
  const nodes: ViewNode[] = [];
  for (let node: ViewNode | undefined = view.root(historyRoot); node?.children !== undefined;) {
    nodes.unshift(node);
    node = [...node.linked.values()][0];
  }
  const updates = nodes.map((node) => updateOf(view, node));
  const cost = async (count: number): Promise<Measurement> => {
    const snapshot = await stage.connection.networkHelpers.takeSnapshot();
    const { transactionHash } = await stage.bob.play([{ type: "update", updates: updates.slice(0, count) }]);
    const measurement = await measurementOf(stage, "clock update per node", transactionHash);
    await snapshot.restore();
    return measurement;
  };
  const [one, all] = [await cost(1), await cost(updates.length)];
  const share = (of: (measurement: Measurement) => number): number =>
    Math.ceil((of(all) - of(one)) / (updates.length - 1));
  const operation = "clock update per node";
  return { operation, gas: share(({ gas }) => gas), bytes: share(({ bytes }) => bytes), floor: 0 };
}

/** Each move once more, by somebody who sends it without trying it before: the one that costs most above its floor. */
async function dearestRepetition(stage: Stage, moves: readonly Move[]): Promise<Measurement> {
  const { provider } = stage.connection.ethers;
  const { signers, deployment } = stage.scene.world;
  let dearest: Measurement | undefined;
  for (const move of moves) {
    const request = { to: deployment.addresses.game, data: stage.alice.encode(move) };
    // The simulator reports the failure of a transaction that it has mined.
    await signers[9]!.sendTransaction(request).catch(() => undefined);
    const block = (await provider.getBlock("latest"))!;
    const receipt = (await provider.getTransactionReceipt(block.transactions[0]!))!;
    if (receipt.status !== 0) {
      throw new TenorError("GAS", "a repeated move succeeded", { fields: { move: move.type } });
    }
    const data = fromHex(request.data);
    const measurement: Measurement = {
      operation: "repeated move",
      gas: Number(receipt.gasUsed),
      bytes: data.length,
      floor: floorOf(data, stage.rules),
    };
    const above = ({ gas, floor }: Measurement): number => gas - floor;
    if (dearest === undefined || above(measurement) > above(dearest)) dearest = measurement;
  }
  return dearest!;
}

async function measurementOf(
  { rules, connection }: Stage,
  operation: Operation,
  transactionHash: string,
): Promise<Measurement> {
  const { provider } = connection.ethers;
  const data = fromHex((await provider.getTransaction(transactionHash))!.data);
  const gas = Number((await provider.getTransactionReceipt(transactionHash))!.gasUsed);
  return { operation, gas, bytes: data.length, floor: floorOf(data, rules) };
}

function sum(measurements: readonly Measurement[]): Measurement {
  const total = (of: (measurement: Measurement) => number): number =>
    measurements.reduce((all, measurement) => all + of(measurement), 0);
  return {
    operation: measurements[0]!.operation,
    gas: total(({ gas }) => gas),
    bytes: total(({ bytes }) => bytes),
    floor: total(({ floor }) => floor),
    transactions: measurements.length,
  };
}
