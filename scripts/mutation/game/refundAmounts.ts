import { fromHex, toHex, type Hex } from "../../../src/crypto/bytes.ts";
import { appendMove } from "../../../test/support/game/gasOfMoves.ts";
import { gameAbi } from "./gameAbi.ts";
import type { RawLog } from "./recording.ts";

/** A move as the game's log has it, and the hash of the mover's moves up to it. */
interface LoggedMove {
  readonly key: string;
  readonly amount: bigint;
  readonly head: string;
}

/**
 * What moves are paid back depends on their gas, which depends on the compiler. So a claim that was recorded is made again with the
 * amounts of the run that it is made in, and with the hashes that follow from them.
 */
export class RefundAmounts {
  readonly #recorded: readonly LoggedMove[];

  constructor(logs: readonly RawLog[]) {
    this.#recorded = movesIn(logs);
  }

  /** A call as it has to be in a run with these logs so far. All but claims stay as they are. */
  adjust(data: string, logs: readonly RawLog[]): string {
    return this.#replace(data, movesIn(logs));
  }

  /** A call as it has to be in a run in which gas costs nothing. */
  adjustToNothing(data: string, logs: readonly RawLog[]): string {
    return this.#replace(data, movesIn(logs, 0n));
  }

  #replace(data: string, own: readonly LoggedMove[]): string {
    const abi = gameAbi();
    const parsed = abi.parseTransaction({ data });
    if (parsed?.name !== "claimRefund") return data;
    const amounts = new Map<string, bigint>();
    const heads = new Map<string, string>();
    for (const [i, { key, head }] of this.#recorded.entries()) {
      // A mutant may have made fewer moves.
      const now = own[i];
      if (now === undefined) break;
      amounts.set(key, now.amount);
      heads.set(head, now.head);
    }
    const [game, end, root, before, moves, places, recipient] = parsed.args as unknown as ClaimArguments;
    const adjusted = moves.map(([node, rival, timestamp, amount]) => {
      return [node, rival, timestamp, amounts.get(keyOf(node, rival, timestamp, amount)) ?? amount];
    });
    return abi.encodeFunctionData("claimRefund", [
      ...[game, end, root, heads.get(before) ?? before],
      ...[adjusted, places, recipient],
    ]);
  }
}

type ClaimArguments = readonly [
  game: string,
  end: string,
  root: string,
  before: string,
  moves: readonly (readonly [node: string, rival: string, timestamp: bigint, amount: bigint])[],
  places: unknown,
  recipient: string,
];

interface LoggedArguments {
  readonly game: string;
  readonly mover: string;
  readonly node: Hex;
  readonly rival: Hex;
  readonly timestamp: bigint;
  readonly amount: bigint;
}

/** The moves in a log, in their order. */
function movesIn(logs: readonly RawLog[], price?: bigint): readonly LoggedMove[] {
  const heads = new Map<string, Uint8Array>();
  return logs.flatMap((log) => {
    const event = gameAbi().parseLog({ topics: [...log.topics], data: log.data });
    if (event?.name !== "MoveRecorded") return [];
    const { game, mover, node, rival, timestamp, amount: logged } = event.args.toObject() as unknown as LoggedArguments;
    const amount = price ?? logged;
    const owner = `${log.address} ${game} ${mover}`.toLowerCase();
    const before = heads.get(owner) ?? new Uint8Array(32);
    const move = { node: fromHex(node), rival: fromHex(rival), timestamp, amount };
    const head = appendMove(before, move);
    heads.set(owner, head);
    return [{ key: keyOf(node, rival, timestamp, logged), amount, head: toHex(head) }];
  });
}

function keyOf(node: string, rival: string, timestamp: bigint, amount: bigint): string {
  return [node, rival, timestamp, amount].join(" ");
}
