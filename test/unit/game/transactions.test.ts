import { expect } from "chai";
import type { Confirm, Move, Update } from "../../../src/game/Move.ts";
import { groupMoves, splitConfirm, TRANSACTION_LIMITS } from "../../../src/game/transactions.ts";

const HASH = new Uint8Array(32);
const POSITION = { game: HASH, level: 5, index: 0, base: HASH };

function update(children: number): Update {
  const child = { span: HASH, siblings: [HASH, HASH, HASH, HASH, HASH] };
  return { position: POSITION, span: HASH, children: Array.from({ length: children }, () => child) };
}

const OPEN: Move = { type: "open", position: POSITION, span: HASH, children: [] };
const PROVE = { ...OPEN, type: "prove" } as unknown as Move;

describe("moves in transactions", () => {
  it("keeps moves together and in order while they fit", () => {
    const moves = Array.from({ length: 20 }, () => OPEN);
    expect(groupMoves(moves, () => 1_300)).to.deep.equal([moves]);
    expect(groupMoves([], () => 1)).to.deep.equal([]);
  });

  it("begins another transaction at the limit of calldata, and at that of gas", () => {
    const moves = Array.from({ length: 20 }, () => OPEN);
    const byBytes = groupMoves(moves, () => 30_000);
    expect(byBytes.map((group) => group.length)).to.deep.equal([3, 3, 3, 3, 3, 3, 2]);
    const proofs = groupMoves(
      Array.from({ length: 12 }, () => PROVE),
      () => 5_000,
    );
    for (const group of proofs) expect(group).to.have.length.within(1, 5);
    expect(proofs.flat()).to.have.length(12);
  });

  it("leaves a move alone that is too large by itself", () => {
    expect(
      groupMoves([OPEN, PROVE, OPEN], (move) => (move === PROVE ? 200_000 : 100)).map((g) => g.length),
    ).to.deep.equal([1, 1, 1]);
  });

  it("splits a confirmation into updates that keep their order, the last with the confirmation", () => {
    const updates = Array.from({ length: 700 }, (_, i) => update(i % 4));
    const whole: Confirm = { type: "confirm", game: HASH, endStateHash: HASH, historyRoot: HASH, updates };
    const { before, confirm } = splitConfirm(whole);
    expect(before.length).to.be.greaterThan(2);
    expect([...before.flat(), ...confirm.updates]).to.deep.equal(updates);
    expect(confirm.updates).to.not.deep.equal([]);
    for (const group of before) {
      const words = group.reduce((sum, { children }) => sum + 8 + 9 * children.length, 0);
      expect(32 * words).to.be.at.most(TRANSACTION_LIMITS.bytes);
    }
    const small = { ...whole, updates: updates.slice(0, 3) };
    expect(splitConfirm(small)).to.deep.equal({ before: [], confirm: small });
    const none = { ...whole, updates: [] };
    expect(splitConfirm(none)).to.deep.equal({ before: [], confirm: none });
  });
});
