import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { equalBytes, toHex, type Hex } from "../../src/crypto/bytes.ts";
import type { Move, Place, RefundClaim } from "../../src/game/Move.ts";
import { sharePaths } from "../../src/game/MoveRefunds.ts";
import { Dispute } from "../support/game/Dispute.ts";
import { GameScene, type SceneOptions } from "../support/game/GameScene.ts";
import { appendMove, costOf, paidFor, priceGas, sendMoves } from "../support/game/gasOfMoves.ts";
import { claimData, movesBy, refundClaimOf } from "../support/game/refunds.ts";
import { expectRefused } from "../support/tenor.ts";

const GWEI = 10n ** 9n;
const NOTHING = new Uint8Array(32);

describe("BisectionGame: refunds", () => {
  async function dispute(options: SceneOptions = {}): Promise<Dispute> {
    const scene = await GameScene.launch({ historyHeight: 4n, sectionBits: 2n, ...options });
    return await Dispute.begin(scene, await scene.wrongFrom(4, "liar"));
  }

  function claimOf({ scene, honestGame }: Dispute, mover: HardhatEthersSigner): Promise<RefundClaim> {
    return refundClaimOf(scene, honestGame, mover.address as Hex, scene.honest);
  }

  const total = (claim: Pick<RefundClaim, "moves">): bigint =>
    claim.moves.reduce((sum, { amount }) => sum + amount, 0n);

  /** What a claim pays to somebody who has nothing. */
  async function paid({ scene }: Dispute, mover: HardhatEthersSigner, claim: RefundClaim): Promise<bigint> {
    const recipient = toHex(NOTHING.slice(0, 20).fill(0xab));
    const { provider } = scene.world.connection.ethers;
    const before = await provider.getBalance(recipient);
    await scene.game(mover).claimRefund(claim, recipient);
    return (await provider.getBalance(recipient)) - before;
  }

  describe("amounts never exceed what the transaction costs at the base fee, nor fall far below", () => {
    async function expectFair(d: Dispute, sent: Promise<string>, share: number): Promise<void> {
      const { ethers } = d.scene.world.connection;
      const hash = await sent;
      const cost = await costOf(ethers.provider, hash);
      const amount = await paidFor(ethers.provider, d.honestGame, hash);
      expect(amount <= cost, `${amount} of ${cost}`).to.equal(true);
      expect(Number((amount * 1000n) / cost) / 1000, "of the cost").to.be.at.least(share);
    }

    /** A whole dispute, each bundle of moves sent in some way. */
    async function playThrough(send: (d: Dispute, moves: readonly Move[]) => Promise<unknown>): Promise<void> {
      const d = await dispute({ historyHeight: 26n, sectionBits: 5n });
      d.send = async (moves) => {
        await priceGas(d.scene.world.connection, 40n * GWEI);
        await send(d, moves);
      };
      await d.win();
    }

    it("of one move in a transaction", async () => {
      await playThrough(async (d, moves) => {
        for (const move of moves) {
          const isLong = move.type === "prove" || move.type === "confirm";
          await expectFair(d, sendMoves(d.alice, d.honestGame, [move]), isLong ? 0.75 : 0.92);
        }
      });
    });

    it("of several moves in a transaction", () =>
      playThrough((d, moves) => expectFair(d, sendMoves(d.alice, d.honestGame, moves, true), 0.75)));

    it("of moves by a contract, which pays for execution alone", () =>
      playThrough(async (d, moves) => {
        const { ethers } = d.scene.world.connection;
        const relay = await ethers.deployContract("Relay");
        for (const move of moves) {
          const data = d.honestGame.encode(move);
          const sent = await relay.relay(d.scene.world.deployment.addresses.game, data);
          await expectFair(d, Promise.resolve(sent.hash), 0.2);
        }
      }));

    it("of several moves by a contract in a call", async () => {
      const d = await dispute();
      const { ethers } = d.scene.world.connection;
      const relay = await ethers.deployContract("Relay");
      const { moves } = await d.moves();
      const [record, open] = moves as [Move, Move];
      const { game } = d.scene.world.deployment.addresses;
      const inner = d.honestGame.contract.interface.encodeFunctionData("multicall", [
        [d.honestGame.encode(record), d.honestGame.encode(open)],
      ]);
      const sent = await relay.relay(game, inner);
      await expectFair(d, Promise.resolve(sent.hash), 0.5);
    });

    it("at the highest price that is paid, if the base fee is above it", async () => {
      const d = await dispute({ refundPriceCapWei: 10n * GWEI });
      await priceGas(d.scene.world.connection, 40n * GWEI);
      const { moves } = await d.moves();
      const hash = await sendMoves(d.alice, d.honestGame, [moves[0]!]);
      const { provider } = d.scene.world.connection.ethers;
      const { gasUsed } = (await provider.getTransactionReceipt(hash))!;
      const amount = await paidFor(provider, d.honestGame, hash);
      expect(amount <= gasUsed * 10n * GWEI).to.equal(true);
      expect(amount > gasUsed * 9n * GWEI).to.equal(true);
    });
  });

  describe("claims", () => {
    it("pay the moves once", async () => {
      const d = await dispute();
      await d.win();
      const claim = await claimOf(d, d.alice);
      expect(claim.moves.length).to.be.greaterThan(6);
      expect(
        claim.places.every((place, i) => place !== undefined || equalBytes(claim.moves[i]!.node, claim.game)),
      ).to.equal(true);
      expect(await paid(d, d.alice, claim)).to.equal(total(claim));
      await expectRefused(d.honestGame.claimRefund(claim, d.alice.address as Hex), "NothingToRefund");
    });

    it("pay in pieces, the last moves first", async () => {
      const d = await dispute();
      await d.win();
      const claim = await claimOf(d, d.alice);
      const cut = 3;
      const before = claim.moves.slice(0, cut).reduce(appendMove, NOTHING);
      const late = { ...claim, before, moves: claim.moves.slice(cut), places: claim.places.slice(cut) };
      const early = { ...claim, moves: claim.moves.slice(0, cut), places: claim.places.slice(0, cut) };
      await expectRefused(d.honestGame.claimRefund(early, d.alice.address as Hex), "MovesMismatch");
      expect(await paid(d, d.alice, late)).to.equal(total(late));
      expect(await d.honestGame.unclaimedMoves(claim.game, d.alice.address as Hex)).to.deep.equal(before);
      await expectRefused(d.honestGame.claimRefund(late, d.alice.address as Hex), "MovesMismatch");
      expect(await paid(d, d.alice, early)).to.equal(total(early));
      expect(await d.honestGame.unclaimedMoves(claim.game, d.alice.address as Hex)).to.deep.equal(NOTHING);
    });

    it("pay the same with paths up to the place before as with paths up to the root, and refuse all that fit neither", async () => {
      const d = await dispute({ historyHeight: 6n });
      await d.win();
      const claim = await claimOf(d, d.alice);
      const places = sharePaths(claim.places);
      const short = { ...claim, places };
      const words = (of: readonly (Place | undefined)[]): number =>
        of.reduce((sum, p) => sum + (p?.path.length ?? 0), 0);
      expect(words(places)).to.be.lessThan(words(claim.places));
      const at = places.findIndex(
        (p, i) => p !== undefined && p.path.length < claim.places[i]!.path.length && p.path.length > 0,
      );
      const place = places[at]!;
      const refused = async (change: Partial<Place>, error: string): Promise<void> => {
        const forged = { ...short, places: places.with(at, { ...place, ...change }) };
        await expectRefused(d.honestGame.claimRefund(forged, d.alice.address as Hex), error);
      };
      await refused({ path: place.path.slice(1) }, "SiblingCountMismatch");
      await refused({ path: [...place.path, NOTHING] }, "SiblingCountMismatch");
      await refused({ level: d.scene.height }, "SiblingCountMismatch");
      await refused({ level: 255 }, "SiblingCountMismatch");
      await refused({ index: place.index + 2 ** place.path.length }, "ChildIndexOutOfRange");
      await refused({ index: 2 ** 32 - 1 }, "ChildIndexOutOfRange");
      await refused({ index: place.index ^ 1 }, "SpanMismatch");
      await refused({ span: NOTHING.slice().fill(1) }, "SpanMismatch");
      // What the place before has not shown is not taken from it.
      const without = { ...short, places: places.map((shown, i) => (i < at ? undefined : shown)) };
      await expectRefused(d.honestGame.claimRefund(without, d.alice.address as Hex), "SiblingCountMismatch");
      expect(await paid(d, d.alice, short)).to.equal(total(claim));
    });

    it("pay no more than the losers' stakes", async () => {
      const stakeWei = 10n ** 15n;
      const d = await dispute({ stakeWei });
      d.send = async (moves) => {
        await priceGas(d.scene.world.connection, 40n * GWEI);
        await d.honestGame.play(moves);
      };
      // Somebody else records the inputs.
      const carol = d.scene.world.signers[8]!;
      await priceGas(d.scene.world.connection, 40n * GWEI);
      await d.scene.game(carol).play([{ type: "record inputs", game: d.scene.parent }]);
      await d.win();
      const claim = await claimOf(d, d.alice);
      expect(total(claim) > stakeWei).to.equal(true);
      expect(await paid(d, d.alice, claim)).to.equal(stakeWei);
      expect(await paid(d, carol, await claimOf(d, carol))).to.equal(0n);
    });

    it("pay nothing for moves after the game is closed", async () => {
      const d = await dispute();
      const carol = d.scene.world.signers[8]!;
      const third = d.scene.wrongAt([9], "carol");
      await d.scene.assert(carol, third);
      const also = Dispute.join(d.scene, third);
      d.send = (moves) => d.honestGame.play(moves);
      await d.win();
      const inTime = total(await claimOf(d, d.alice));
      // The third assertion is opened too late, and Alice goes after it all the same.
      await also.bobMoves();
      const root = (await d.view()).roots().find(({ children }) => children === undefined);
      if (root !== undefined) await d.scene.game(carol).play([await opening(d, third)]);
      await d.aliceMoves();
      const claim = await claimOf(d, d.alice);
      expect(total(claim) > inTime).to.equal(true);
      expect(await paid(d, d.alice, claim)).to.equal(inTime);
    });

    it("pay for a transaction once, if a move follows the claim in it", async () => {
      const d = await dispute();
      const third = d.scene.wrongAt([9], "carol");
      await d.scene.assert(d.scene.world.signers[8]!, third);
      d.send = (moves) => d.honestGame.play(moves);
      await d.win();
      const claim = await claimOf(d, d.alice);
      const { connection, deployment } = d.scene.world;
      const { interface: abi } = d.honestGame.contract;
      const [claiming, moving] = [
        claimData(d.honestGame, claim, d.alice.address),
        d.honestGame.encode(await opening(d, third)),
      ];
      /** What is paid back for the last of these calls, all in a transaction of their own. */
      const amountOfLast = async (...calls: string[]): Promise<bigint> => {
        await priceGas(connection, 40n * GWEI);
        await connection.networkHelpers.setNextBlockBaseFeePerGas(40n * GWEI);
        const data = abi.encodeFunctionData("multicall", [calls]);
        const { hash } = await d.alice.sendTransaction({ to: deployment.addresses.game, data });
        return await paidFor(connection.ethers.provider, d.honestGame, hash);
      };
      const snapshot = await connection.networkHelpers.takeSnapshot();
      const together = await amountOfLast(claiming, moving);
      await snapshot.restore();
      await d.honestGame.claimRefund(claim, d.alice.address as Hex);
      const alone = await amountOfLast(moving);
      // 21,000 for the transaction and 19,900 for a new word, which a claim has paid already: docs/specification.md, section 8.
      expect(alone - together >= 40_900n * 40n * GWEI, `${alone} alone, ${together} behind a claim`).to.equal(true);
      expect(together > 0n).to.equal(true);
    });

    async function opening(d: Dispute, claim: Parameters<GameScene["nameOf"]>[0]): Promise<Move> {
      const { sectionBits, height } = d.scene;
      const children: Uint8Array[] = [];
      for (let i = 0; i < 2 ** sectionBits; i++) children.push(await claim.history.node(height - sectionBits, i));
      const { game, endStateHash, historyRoot } = await d.scene.nameOf(claim);
      return { type: "open root", game, endStateHash, historyRoot, children };
    }

    it("pay nothing for the losing side's moves, and a liar for what served the winner", async () => {
      const d = await dispute();
      await d.aliceMoves();
      await d.bobMoves();
      // Bob brings the pair down himself: Alice needed that.
      const { moves } = await d.moves();
      await d.liarGame.play([moves.find(({ type }) => type === "descend")!]);
      await d.win();
      const claim = await claimOf(d, d.bob);
      const needed = claim.moves.filter((_, i) => claim.places[i] !== undefined);
      expect(needed).to.have.length(1);
      expect(claim.moves.length).to.be.greaterThan(1);
      const own = claim.places.findIndex((place) => place === undefined);
      const place = claim.places.find((other) => other !== undefined);
      const forged = { ...claim, places: claim.places.with(own, place) };
      await expectRefused(d.liarGame.claimRefund(forged, d.bob.address as Hex), "PlaceMismatch");
      expect(await paid(d, d.bob, claim)).to.equal(total({ moves: needed }));
    });

    it("are held up by a recipient that refuses ether for nobody else", async () => {
      const d = await dispute();
      const { ethers } = d.scene.world.connection;
      const relay = await ethers.deployContract("Relay");
      await relay.setRefuses(true);
      const carol = d.scene.world.signers[8]!;
      await d.scene.game(carol).play([{ type: "record inputs", game: d.scene.parent }]);
      await d.win();
      const claim = await claimOf(d, d.alice);
      const refusing = (await relay.getAddress()) as Hex;
      await expectRefused(d.honestGame.claimRefund(claim, refusing), "TransferFailed");
      const others = await claimOf(d, carol);
      expect(await paid(d, carol, others)).to.equal(total(others));
      expect(await paid(d, d.alice, claim)).to.equal(total(claim));
    });

    it("cannot be made twice by a recipient that claims again when it is paid", async () => {
      const d = await dispute();
      const { ethers } = d.scene.world.connection;
      const { game } = d.scene.world.deployment.addresses;
      const relay = await ethers.deployContract("Relay");
      const address = (await relay.getAddress()) as Hex;
      d.send = async (moves) => {
        for (const move of moves) await relay.relay(game, d.honestGame.encode(move));
      };
      await d.win();
      const claim = await refundClaimOf(d.scene, d.honestGame, address, d.scene.honest);
      expect(claim.moves).to.deep.equal(await movesBy(d.scene, d.honestGame, address));
      const data = claimData(d.honestGame, claim, address);
      await relay.setCallback(game, data);
      await expectRefused(
        d.scene.world.client().read("claim", () => relay.relay.staticCall(game, data)),
        "TransferFailed",
      );
      await relay.setCallback(ethers.ZeroAddress, "0x");
      await relay.relay(game, data);
      expect(await ethers.provider.getBalance(address)).to.equal(total(claim));
    });
  });
});
