import { contextOf, type Position } from "../../../src/game/GameNode.ts";
import { fromHex, toHex } from "../../../src/crypto/bytes.ts";
import { Random } from "../../../src/market/random.ts";
import { AuditError } from "../../audit/AuditError.ts";
import { gameAbi } from "./gameAbi.ts";
import { BALANCES, type Outcome, type Simulator } from "./Simulator.ts";
import type { L1Call, RawLog, Recording } from "./recording.ts";
import { RefundAmounts } from "./refundAmounts.ts";
import { some, spoiledCalls, unbundle } from "./spoiledCalls.ts";

/** Where a game and its chain of assertions are. */
export interface Place {
  readonly game: string;
  readonly chain: string;
}

/** A recorded game. */
export interface RecordedGame {
  readonly name: string;
  readonly place: Place;
  readonly recording: Recording;
}

/** A sequence of calls with what each does. */
export interface Piece {
  readonly name: string;
  readonly place: Place;
  /** Base fee, wei. */
  readonly baseFee: bigint;
  readonly calls: readonly L1Call[];
  /** What the calls do with the contracts as they are. */
  readonly expected: readonly Outcome[];
  /** What adjusts claims, if gas costs something. */
  readonly amounts: RefundAmounts | undefined;
}

/** Calls of one function whose every argument is spoiled in every way; of further calls it is a few that are drawn. */
const SPOILED_WHOLLY = 2;
const [FEW, SEED] = [2, 20_261_121];
/** Rounds in which spoiled calls that are taken all the same are left out. */
const MOST_ROUNDS = 12;

/** Makes pieces of games. */
export class PieceMaker {
  readonly #simulator: Simulator;
  readonly #random = new Random(SEED);
  readonly #counts = new Map<string, number>();

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
  }

  /**
   * A game at a base fee of zero, so that everything can be compared to the last bit: each call is preceded by what must be refused, which
   * is itself with something wrong, or a second too early, or what comes after it; then the views.
   *
   * @throws {@link AuditError} `REPLAY` if the game goes otherwise than it was recorded.
   */
  async exact(game: RecordedGame): Promise<Piece> {
    const made = this.#madeIn(game);
    const logs = made.flatMap((call) => call.logs);
    const amounts = new RefundAmounts(logs);
    const plain = made.map((call) => ({ ...call, data: amounts.adjustToNothing(call.data, logs) }));
    let calls: Tried[] = plain.flatMap((call, i) => [
      ...this.#refusals(plain, i).map((refusal) => ({ ...refusal, made: undefined })),
      { ...call, made: call.accepted },
    ]);
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const outcomes = await this.#simulator.run(calls, 0n);
      const kept = calls.filter(({ made: isMade }, i) => isMade !== undefined || !outcomes[i]!.accepted);
      if (kept.length === calls.length) {
        const wrong = calls.findIndex(
          ({ made: isMade }, i) => isMade !== undefined && isMade !== outcomes[i]!.accepted,
        );
        if (wrong >= 0) throw differs(game, wrong);
        const views = this.#views(game.place, calls, outcomes);
        const all = [...calls, ...views];
        return {
          name: game.name,
          place: game.place,
          baseFee: 0n,
          calls: all,
          expected: await this.#simulator.run(all, 0n),
          amounts: undefined,
        };
      }
      calls = kept;
    }
    throw differs(game, -1);
  }

  /** A game alone, at a base fee, for what depends on it. */
  async priced(game: RecordedGame, baseFee: bigint): Promise<Piece> {
    const calls = this.#madeIn(game);
    const amounts = new RefundAmounts(calls.flatMap(({ logs }) => logs));
    const name = `${game.name}, ${baseFee} wei`;
    const recorded = calls.map(({ accepted }) => ({ accepted, data: "0x", logs: [] }));
    const piece = { name, place: game.place, baseFee, calls, expected: recorded, amounts };
    const outcomes = await runPiece(this.#simulator, piece);
    if (!isTakenAlike(piece, outcomes)) throw differs(game, -1);
    const all = [...calls, ...this.#paid(game.place, calls, outcomes)];
    return { ...piece, calls: all, expected: await runPiece(this.#simulator, { ...piece, calls: all }) };
  }

  /** What was paid to whom. Who sends transactions pays for them, so only what others have says something. */
  #paid({ chain }: Place, calls: readonly L1Call[], outcomes: readonly Outcome[]): readonly L1Call[] {
    const abi = gameAbi();
    const { from, time } = calls.at(-1)!;
    const addresses = new Set([chain]);
    const parents = new Set<string>();
    for (const log of outcomes.flatMap(({ logs }) => logs)) {
      const event = abi.parseLog({ topics: [...log.topics], data: log.data });
      if (event?.name !== "RefundPaid") continue;
      addresses.add(String(event.args.getValue("recipient")));
      parents.add(String(event.args.getValue("parent")));
    }
    const senders = new Set(calls.map((call) => call.from.toLowerCase()));
    const strangers = [...addresses].filter((address) => !senders.has(address.toLowerCase()));
    return [
      ...strangers.map((address) => balanceCall(address)),
      ...[...parents].map((id) => ({ to: chain, data: abi.encodeFunctionData("escrowOf", [id]) })),
    ].map((call) => ({ ...call, from, time, value: "0x0" }));
  }

  /** What was done, with the block of L1 that an assertion names moved to the copy. */
  #madeIn({ place, recording }: RecordedGame): readonly (L1Call & { accepted: boolean; logs: readonly RawLog[] })[] {
    return recording.blocks.flatMap(({ calls }) =>
      calls.map((call) =>
        same(call.to, place.chain) ? { ...call, data: this.#moveBlock(call.data, recording) } : call,
      ),
    );
  }

  #moveBlock(data: string, { hashes }: Recording): string {
    const parsed = gameAbi().parseTransaction({ data });
    if (parsed?.name !== "assertState") return data;
    const values = [...(parsed.args as unknown as unknown[])];
    if (hashes.get(Number(values[5])) !== values[6]) return data;
    const { number, hash } = this.#simulator.head;
    return gameAbi().encodeFunctionData("assertState", [...values.slice(0, 5), number, hash]);
  }

  #refusals(calls: readonly (L1Call & { accepted: boolean })[], i: number): readonly L1Call[] {
    const call = calls[i]!;
    const [before, after] = [calls[i - 1], calls[i + 1]];
    const { calls: parts, bundle } = unbundle(call.data);
    const spoiled = parts.flatMap((part, at) =>
      this.#spoils(part).map((data) => ({ ...call, data: bundle(parts.map((other, n) => (n === at ? data : other))) })),
    );
    const refusals: L1Call[] = [...spoiled];
    for (const difference of [1n, -1n]) {
      const value = BigInt(call.value) + difference;
      if (value >= 0n) refusals.push({ ...call, value: `0x${value.toString(16)}` });
    }
    const earliest = before?.time ?? 0;
    if (earliest < call.time) refusals.unshift({ ...call, time: call.time - 1 });
    if (after !== undefined) refusals.push({ ...after, time: call.time });
    // Once more what has been done.
    if (before !== undefined) refusals.push({ ...before, time: call.time });
    return refusals;
  }

  #spoils(data: string): readonly string[] {
    const selector = data.slice(0, 10);
    const count = this.#counts.get(selector) ?? 0;
    this.#counts.set(selector, count + 1);
    const all = spoiledCalls(data);
    return count < SPOILED_WHOLLY ? all : some(this.#random, all, FEW);
  }

  /** Everything that the contracts say of what the calls were about. */
  #views({ game, chain }: Place, calls: readonly L1Call[], outcomes: readonly Outcome[]): readonly L1Call[] {
    const abi = gameAbi();
    const found = new Map<string, readonly [to: string, name: string, values: readonly unknown[]]>();
    const view = (to: string, name: string, ...values: readonly unknown[]): void =>
      void found.set([to, name, ...values].join(), [to, name, values]);
    for (const name of ["latestConfirmed", "genesis"]) view(chain, name);
    for (const { logs } of outcomes) {
      for (const log of logs) {
        const event = abi.parseLog({ topics: [...log.topics], data: log.data });
        const args = (event?.args.toObject() ?? {}) as Readonly<Record<string, never>>;
        if (event?.name === "AssertionCreated") {
          for (const id of [args.id, args.parent]) {
            for (const name of ["assertionOf", "escrowOf", "isConfirmed"]) view(chain, name, id);
            view(game, "inputsOf", id);
          }
          view(game, "timeOf", args.parent, args.historyRoot);
        }
        for (const id of [args.node, args.rival, args.nodeA, args.nodeB])
          if (id !== undefined) view(game, "nodeOf", id);
        if (event?.name === "MoveRecorded") view(game, "movesOf", args.game, args.mover);
      }
    }
    for (const { from, data } of calls) {
      view(chain, "latestOf", from);
      for (const part of unbundle(data).calls) {
        const position = abi.parseTransaction({ data: part })?.args.toObject().position as RawPosition | undefined;
        if (position !== undefined) view(game, "rivalsOf", toHex(contextOf(toPosition(position))));
      }
    }
    const { from, time } = calls.at(-1)!;
    const views = [...found.values()].map(([to, name, values]) => ({
      ...{ from, time, to, value: "0x0" },
      data: abi.encodeFunctionData(name, [...values]),
    }));
    const balances = new Set([chain, game, ...calls.map((call) => call.from)]);
    for (const address of balances) {
      views.push({ from, time, value: "0x0", ...balanceCall(address) });
    }
    return views;
  }
}

/**
 * Whether the game takes the same calls of a piece as it should. What the chain takes depends on the base fee and the compiler, too, for
 * there may be nothing left to sweep.
 */
export function isTakenAlike({ place, calls, expected }: Piece, actual: readonly Outcome[]): boolean {
  return calls.every(({ to }, i) => !same(to, place.game) || expected[i]!.accepted === actual[i]!.accepted);
}

/** Runs the calls of a piece, with the amounts that this run gives. */
export async function runPiece(simulator: Simulator, { calls, baseFee, amounts }: Piece): Promise<readonly Outcome[]> {
  if (amounts === undefined) return simulator.run(calls, baseFee);
  const logs = (await simulator.run(calls, baseFee)).flatMap((outcome) => outcome.logs);
  return simulator.run(
    calls.map((call) => ({ ...call, data: amounts.adjust(call.data, logs) })),
    baseFee,
  );
}

interface Tried extends L1Call {
  /** Whether it was taken when it was recorded; undefined: it was never made. */
  readonly made: boolean | undefined;
}

function balanceCall(address: string): { to: string; data: string } {
  return { to: BALANCES, data: `0x${address.slice(2).padStart(64, "0")}` };
}

type RawPosition = readonly [game: string, level: bigint, index: bigint, base: string];

function toPosition([game, level, index, base]: RawPosition): Position {
  return { game: fromHex(game), level: Number(level), index: Number(index), base: fromHex(base) };
}

function same(a: string | undefined, b: string): boolean {
  return a?.toLowerCase() === b.toLowerCase();
}

function differs({ name }: RecordedGame, call: number): AuditError {
  return new AuditError("REPLAY", "a game goes otherwise on the copy", { fields: { name, call } });
}
