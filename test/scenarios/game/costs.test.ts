import { expect } from "chai";
import { readFileSync } from "node:fs";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { equalBytes, fromHex, type Hex } from "../../../src/crypto/bytes.ts";
import { pathWithin } from "../../../src/history/HistorySource.ts";
import { proveMove } from "../../../src/game/plan.ts";
import type { Move, Place, RecordedMove } from "../../../src/game/Move.ts";
import { Copier, Liar, STYLES } from "../../support/game/adversaries.ts";
import type { Arena } from "../../support/game/Arena.ts";
import { Table } from "../../support/game/exhaustive.ts";
import { HonestParty } from "../../support/game/HonestParty.ts";
import { play } from "../../support/game/play.ts";
import { Player } from "../../support/game/Player.ts";
import { Random } from "../../support/random.ts";

/** As committed; the addresses in that file are still to be filled in. */
const PRODUCTION_FILE = new URL("../../../deploy/parameters/production.json", import.meta.url);
const PRODUCTION = JSON.parse(readFileSync(PRODUCTION_FILE, "utf8")) as { stakeWei: string; sectionBits: number };
const STAKE = BigInt(PRODUCTION.stakeWei);

/** Price of gas for which the stake is sized. */
const PRICE = 100n * 10n ** 9n;

describe("What a game of 2^26 states costs", () => {
  let table: Table;

  before(async () => {
    table = await Table.set(26, PRODUCTION.sectionBits);
  });

  /** Liars who part in different sections of the whole, so that the honest party needs all moves for each, and makes them itself. */
  async function fight(arena: Arena, liars: number, copied = 0): Promise<HardhatEthersSigner> {
    const { scene } = arena;
    const { signers } = scene.world;
    const start = arena.now;
    const cast: Liar[] = [];
    for (let i = 0; i < liars; i++) {
      const claim = await scene.wrongFrom(i * 2 ** 23 + 3, `liar ${i}`);
      const random = new Random(i);
      cast.push(
        new Liar({ name: `liar ${i}`, signer: signers[6 + i]!, claim, style: STYLES.quick, assertAt: start, random }),
      );
    }
    const others = copied > 0 ? [new Copier(arena, signers[16]!, copied)] : [];
    const honest = new HonestParty({ signer: signers[5]!, delay: () => 12, combined: true, assertAt: start + 10 });
    await play(arena, { honest, liars: cast, others, bystander: signers[14]! });
    return signers[5]!;
  }

  it("threat 9: each wrong root costs the defender less than a tenth of the stake", async () => {
    const spent: bigint[] = [];
    for (const liars of [1, 2, 4]) {
      const arena = await table.clear();
      spent.push(arena.gas.get((await fight(arena, liars)).address)!);
    }
    const [one, two, four] = spent as [bigint, bigint, bigint];
    const marginal = (four - two) / 2n;
    console.log(`      ${one} gas against one wrong root, ${two} against two, ${marginal} for each more`);
    expect(one * PRICE * 10n <= STAKE).to.equal(true);
    expect(marginal * PRICE * 10n <= STAKE).to.equal(true);
  });

  it("threat 10: a repeated move of any kind fails for the calldata and 10,000 gas at most", async () => {
    const arena = await table.clear();
    const { signers } = arena.scene.world;
    const honest = new Player(arena, signers[5]!, arena.scene.honest);
    const liar = new Player(arena, signers[6]!, await arena.scene.wrongFrom(5, "liar"));
    const repeat = async (move: Move, error: string): Promise<void> => {
      await arena.sendAll(honest.signer, [move]);
      expect(await arena.send(liar.signer, [move])).to.equal(error);
      const { gasUsed, data } = await arena.lastTransaction();
      const most = calldataGas(data) + 10_000n;
      expect(gasUsed <= most, `${move.type} again: ${gasUsed} gas, at most ${most}`).to.equal(true);
    };
    await honest.assert();
    await liar.assert();
    await repeat({ type: "record inputs", game: arena.scene.parent }, "InputsAlreadyRecorded");
    const way: number[] = [];
    for (let depth = 0; depth < arena.levels; depth++) {
      await repeat(await honest.openMove(...way), "NodeAlreadyOpen");
      await liar.open(...way);
      const descend = await honest.descendMove(liar, ...way);
      await repeat(descend, "AlreadyDescended");
      way.push(descend.index);
    }
    const prove = await proveMove(await honest.node(...way), arena.scene.testimony, arena.view.inputs!);
    await repeat(prove, "AlreadyProven");
    arena.now += arena.challengePeriod;
    await repeat(await honest.confirmMove(), "AlreadyConfirmed");
  });

  it("threat 16: copying moves earns nothing, each move is paid once and to who made it, at what it cost at most", async () => {
    const arena = await table.clear();
    await fight(arena, 2, 1);
    const { signers, connection } = arena.scene.world;
    const { provider } = connection.ethers;
    let paid = 0n;
    for (const signer of [signers[5]!, signers[16]!, signers[6]!]) {
      const { moves, places } = await movesOf(arena, signer);
      const recipient = `0x${"ab".repeat(19)}${signers.indexOf(signer).toString(16).padStart(2, "0")}` as Hex;
      const claim = { ...(await arena.scene.nameOf(arena.scene.honest)), before: new Uint8Array(32), moves, places };
      const game = arena.scene.game(signer);
      await game.claimRefund(claim, recipient);
      const got = await provider.getBalance(recipient);
      const due = moves.reduce((sum, { amount }, i) => (places[i] === undefined ? sum : sum + amount), 0n);
      expect(got).to.equal(due);
      paid += got;
      if (signer === signers[6]!) expect(got, "for moves against the truth").to.equal(0n);
      else expect(got > 0n).to.equal(true);
      await game.claimRefund(claim, recipient).then(
        () => expect.fail("paid twice"),
        (error: unknown) => expect(error).to.have.nested.property("fields.error", "NothingToRefund"),
      );
    }
    expect(paid < arena.scene.world.parameters.stakeWei, "out of the losers' stakes").to.equal(true);
  });

  it("threat 16: a refund is not for moves of another history, however they are presented", async () => {
    const arena = await table.clear();
    await fight(arena, 1);
    const { signers } = arena.scene.world;
    const { moves, places } = await movesOf(arena, signers[6]!);
    const name = await arena.scene.nameOf(arena.scene.honest);
    const { history } = arena.scene.honest;
    // The root that won, for what was done for the one that lost.
    const root = { level: 26, index: 0, span: await history.node(26, 0), path: [] };
    const claim = { ...name, before: new Uint8Array(32), moves, places: places.map(() => root) };
    await arena.scene
      .game(signers[6]!)
      .claimRefund(claim, signers[6]!.address as Hex)
      .then(
        () => expect.fail("paid"),
        (error: unknown) => expect(error).to.have.nested.property("fields.error", "PlaceMismatch"),
      );
  });
});

/** An account's moves as recorded, and the place of each in the history that won. */
async function movesOf(
  arena: Arena,
  signer: HardhatEthersSigner,
): Promise<{ moves: RecordedMove[]; places: (Place | undefined)[] }> {
  const game = arena.scene.game(signer);
  const moves: RecordedMove[] = [];
  const places: (Place | undefined)[] = [];
  for (const event of await game.gameEvents(0, (await game.head()).number)) {
    if (event.type !== "recorded" || event.mover.toLowerCase() !== signer.address.toLowerCase()) continue;
    moves.push(event.move);
    places.push((await placeOf(arena, event.move.node)) ?? (await placeOf(arena, event.move.rival)));
  }
  return { moves, places };
}

async function placeOf(arena: Arena, id: Uint8Array): Promise<Place | undefined> {
  const { history } = arena.scene.honest;
  // What serves the game as a whole has no place, but is due like what has one.
  if (equalBytes(id, arena.scene.parent))
    return { level: 0, index: 0, span: fromHex(`0x${"00".repeat(32)}`), path: [] };
  const node = arena.view.node(id);
  if (node === undefined) return undefined;
  const { level, index } = node.position;
  if (!equalBytes(await history.node(level, index), node.span)) return undefined;
  return { level, index, span: node.span, path: await pathWithin(history, level, index, history.height) };
}

/** What a transaction pays for its calldata at least: 10 gas for a zero byte, 40 for any other, and 21,000. */
function calldataGas(data: string): bigint {
  const bytes = fromHex(data);
  const zeros = bytes.filter((byte) => byte === 0).length;
  return 21_000n + BigInt(10 * zeros + 40 * (bytes.length - zeros));
}
