import { expect } from "chai";
import { solidityPackedKeccak256 } from "ethers";
import { toHex } from "../../../src/crypto/bytes.ts";
import { hashOfMoves, sharePaths, unclaimedMoves, type RefundEvent } from "../../../src/game/MoveRefunds.ts";
import type { Place, RecordedMove } from "../../../src/game/Move.ts";

function move(i: number): RecordedMove {
  return {
    node: new Uint8Array(32).fill(i),
    rival: new Uint8Array(32).fill(i % 2),
    timestamp: 2n ** 40n + BigInt(i),
    amount: 2n ** 127n + 2n ** 64n + BigInt(i),
  };
}

describe("a mover's moves", () => {
  it("are hashed one behind the other as the contract does it", () => {
    let expected: string = toHex(new Uint8Array(32));
    expect(toHex(hashOfMoves([]))).to.equal(expected);
    for (const { node, rival, timestamp, amount } of [move(1), move(2)]) {
      expected = solidityPackedKeccak256(
        ["uint8", "bytes32", "bytes32", "bytes32", "uint64", "uint128"],
        [0x10, expected, node, rival, timestamp, amount],
      );
    }
    expect(toHex(hashOfMoves([move(1), move(2)]))).to.equal(expected);
  });

  it("are those that no claim has gone through, also if more were made after a claim", () => {
    const made = (i: number): RefundEvent => ({ type: "recorded", move: move(i) });
    const claimed = (moves: number): RefundEvent => ({ type: "refunded", moves });
    expect(unclaimedMoves([])).to.deep.equal([]);
    expect(unclaimedMoves([made(1), made(2), made(3), claimed(2)])).to.deep.equal([move(1)]);
    expect(unclaimedMoves([made(1), made(2), claimed(1), made(3)])).to.deep.equal([move(1), move(3)]);
    expect(unclaimedMoves([made(1), claimed(1)])).to.deep.equal([]);
  });

  it("are placed by paths up to the place before, if that lies above, else up to the root", () => {
    /** A place in a history of 16 leaves, each sibling named by its level. */
    const place = (level: number, index: number): Place => ({
      level,
      index,
      span: new Uint8Array(32).fill(level),
      path: Array.from({ length: 4 - level }, (_, i) => new Uint8Array(32).fill(level + i)),
    });
    const places = [
      place(4, 0),
      place(2, 1),
      undefined,
      place(2, 1),
      place(0, 6),
      place(0, 7),
      place(1, 3),
      place(3, 0),
    ];
    const short = sharePaths(places);
    expect(short.map((shown) => shown?.path.length)).to.deep.equal([0, 2, undefined, 0, 2, 4, 3, 1]);
    short.forEach((shown, i) => {
      expect(shown?.path).to.deep.equal(places[i]?.path.slice(0, shown?.path.length));
    });
  });
});
