import { AbiCoder, getCreateAddress, Interface } from "ethers";
import { readCompiled } from "../../audit/compiled.ts";
import type { Processes } from "../../fork/Processes.ts";
import { replaceCode } from "../chain.ts";
import type { Judge } from "../Judge.ts";
import { isSame } from "./compare.ts";
import { isTakenAlike, PieceMaker, runPiece, type Piece, type Place } from "./pieces.ts";
import { recordAll, type Corpus } from "./corpus.ts";
import { Simulator, type Outcome } from "./Simulator.ts";

/** Contracts that a dispute is decided by, but for the prover. */
export const GAME_CONTRACTS = ["BisectionGame", "StateCommitmentChain"] as const;

type GameContract = (typeof GAME_CONTRACTS)[number];

const FIELD = { BisectionGame: "game", StateCommitmentChain: "chain" } as const;

/** Where a constructor of a game that is deployed for its code alone finds itself. */
const SENDER = `0x${"5e".repeat(20)}`;

/** Plays recorded games on a chain on which the code of the game and of the chain of assertions can be replaced. */
export class GameJudge implements Judge<GameContract> {
  readonly #simulator: Simulator;
  readonly #places: readonly Place[];
  readonly #pieces: readonly Piece[];
  /** What is expected of each piece. */
  readonly #expected: (readonly Outcome[])[];

  private constructor(simulator: Simulator, places: readonly Place[], pieces: readonly Piece[]) {
    this.#simulator = simulator;
    this.#places = places;
    this.#pieces = pieces;
    this.#expected = pieces.map(({ expected }) => expected);
  }

  /**
   * Plays games with the contracts as they are, and makes a copy of the chain on which they go the same way.
   *
   * @param record Plays them; all of them by default.
   * @throws {@link AuditError} `REPLAY`.
   */
  static async start(processes: Processes, record: () => Promise<Corpus> = recordAll): Promise<GameJudge> {
    const { setUp, games } = await record();
    const simulator = await Simulator.start(setUp, processes);
    const maker = new PieceMaker(simulator);
    const pieces: Piece[] = [];
    for (const { baseFees, ...game } of games) {
      pieces.push(await maker.exact(game));
      for (const baseFee of baseFees) pieces.push(await maker.priced(game, baseFee));
    }
    const places = new Map(games.map(({ place }) => [place.game, place]));
    return new GameJudge(simulator, [...places.values()], pieces);
  }

  get corpus(): string {
    const calls = this.#pieces.reduce((sum, piece) => sum + piece.calls.length, 0);
    const refused = this.#expected.flat().filter(({ accepted }) => !accepted).length;
    return `${this.#pieces.length} recorded games with ${calls} calls, of which ${refused} are refused`;
  }

  async deployedCodes(contract: GameContract, bytecode: string): Promise<readonly string[]> {
    const codes: string[] = [];
    for (const place of this.#places) codes.push(await this.#deployedCode(contract, bytecode, place));
    return codes;
  }

  async replace(contract: GameContract, codes: readonly string[]): Promise<() => Promise<void>> {
    const restores: (() => Promise<void>)[] = [];
    for (const [i, place] of this.#places.entries()) {
      restores.push(await replaceCode(this.#simulator.provider, place[FIELD[contract]], codes[i]!));
    }
    return async () => {
      for (const restore of restores) await restore();
    };
  }

  piecesThrough(): Promise<readonly number[]> {
    return Promise.resolve([...this.#pieces.keys()]);
  }

  async calibrate(pieces: readonly number[]): Promise<number | undefined> {
    for (const number of pieces) {
      const piece = this.#pieces[number]!;
      const actual = await runPiece(this.#simulator, piece);
      // What gas costs is what the compiler makes of it, and so is what is left of a stake.
      if (piece.baseFee === 0n ? !isSame(piece.expected, actual, 0n) : !isTakenAlike(piece, actual)) return number;
      this.#expected[number] = actual;
    }
    return undefined;
  }

  async firstDifference(pieces: readonly number[]): Promise<number | undefined> {
    for (const piece of pieces) {
      const { baseFee } = this.#pieces[piece]!;
      // A mutant may make a run that the endpoint itself refuses.
      const actual = await runPiece(this.#simulator, this.#pieces[piece]!).catch(() => undefined);
      if (actual === undefined || !isSame(this.#expected[piece]!, actual, baseFee)) return piece;
    }
    return undefined;
  }

  /** The code for one place: its parameters are those of the contract that is there. */
  async #deployedCode(contract: GameContract, bytecode: string, place: Place): Promise<string> {
    const { provider } = this.#simulator;
    const abi = new Interface(readCompiled(contract).abi);
    const address = place[FIELD[contract]];
    const data = await provider.call({ to: address, data: abi.encodeFunctionData("parameters") });
    const values = abi.decodeFunctionResult("parameters", data);
    const args = AbiCoder.defaultAbiCoder().encode(abi.deploy.inputs, values);
    const deployment = { from: SENDER, data: `0x${bytecode}${args.slice(2)}`, nonce: "0x0" };
    if (contract === "StateCommitmentChain") return (await provider.send("eth_call", [deployment, "latest"])) as string;
    // The game wants to find itself in what the chain says, so while this goes on, the chain names the address that it will have.
    const here = getCreateAddress({ from: SENDER, nonce: 0 });
    const chainCode = await provider.getCode(place.chain);
    const code = chainCode.toLowerCase().replaceAll(place.game.slice(2).toLowerCase(), here.slice(2).toLowerCase());
    return (await provider.send("eth_call", [deployment, "latest", { [place.chain]: { code } }])) as string;
  }
}
