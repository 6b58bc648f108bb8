import type { ContractTransaction, Log, Result } from "ethers";
import type { BisectionGame } from "../../typechain/index.ts";
import type {
  ChildStruct,
  MoveStruct,
  PlaceStruct,
  PositionStruct,
  UpdateStruct,
} from "../../typechain/contracts/game/BisectionGame.ts";
import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import type { Position } from "../game/GameNode.ts";
import type { Child, Move, Place, RefundClaim, Update } from "../game/Move.ts";
import { gameAt } from "./Contracts.ts";
import type { GameEvent, GameNodeRecord, GameParameters, GameSource, GameWriter } from "./GameSource.ts";
import { ContractClient, decodeLog } from "./ContractClient.ts";
import { placeOf, type L1Client } from "./L1Client.ts";
import type { L1Receipt } from "./L1Source.ts";
import { contextArgument, stepArguments } from "./proverArguments.ts";

const EVENTS = ["InputsRecorded", "Opened", "Descended", "Proven", "MoveRecorded", "RefundClaimed"] as const;

/** The BisectionGame, typed. */
export class GameClient extends ContractClient implements GameSource, GameWriter {
  readonly contract: BisectionGame;
  readonly #topics: readonly string[];

  constructor(client: L1Client, address: Hex) {
    super(client, address);
    this.contract = gameAt(address, client.runner);
    this.#topics = EVENTS.map((name) => this.contract.interface.getEvent(name).topicHash);
  }

  async gameParameters(): Promise<GameParameters> {
    const raw = await this.client.read("read the game's parameters", () => this.contract.parameters());
    return { sectionBits: Number(raw.sectionBits), refundPriceCap: raw.refundPriceCap };
  }

  async gameEvents(from: number, to: number): Promise<readonly GameEvent[]> {
    const logs = await this.client.logs(this.contractAddress, this.#topics, from, to);
    return this.eventsOf(logs);
  }

  /** What logs say that are the game's own; those of other contracts are left out. */
  eventsOf(logs: readonly Log[]): readonly GameEvent[] {
    const address = this.contractAddress.toLowerCase();
    return logs.filter((log) => log.address.toLowerCase() === address).map((log) => this.#decode(log));
  }

  async nodeRecord(id: Uint8Array, blockNumber?: number): Promise<GameNodeRecord> {
    const at = blockNumber === undefined ? {} : { blockTag: blockNumber };
    const raw = await this.client.read("read a node", () => this.contract.nodeOf(id, at));
    return { createdAt: raw.createdAt, openedAt: raw.openedAt, time: raw.time };
  }

  async unclaimedMoves(game: Uint8Array, mover: Hex): Promise<Uint8Array> {
    return fromHex(await this.client.read("read the moves", () => this.contract.movesOf(game, mover)));
  }

  play(moves: readonly Move[]): Promise<L1Receipt> {
    const what = moves.map((move) => move.type).join(", ");
    return this.client.send(`play: ${what}`, this.#transaction(moves));
  }

  async wouldPlay(moves: readonly Move[]): Promise<void> {
    const transaction = await this.#transaction(moves);
    const from = await this.client.address();
    await this.client.read("try moves", () => this.client.provider.call({ ...transaction, from }));
  }

  callBytes(move: Move): number {
    return byteLength(this.encode(move));
  }

  claimRefund(claim: RefundClaim, recipient: Hex): Promise<L1Receipt> {
    const transaction = this.contract.claimRefund.populateTransaction(...claimArguments(claim, recipient));
    return this.client.send("claim refunds", transaction);
  }

  async refundOf(claim: RefundClaim, recipient: Hex): Promise<bigint> {
    const from = await this.client.address();
    return this.client.read("try a claim", () =>
      this.contract.claimRefund.staticCall(...claimArguments(claim, recipient), { from }),
    );
  }

  claimBytes(claim: RefundClaim): number {
    const zero = `0x${"00".repeat(20)}` as const;
    return byteLength(this.contract.interface.encodeFunctionData("claimRefund", claimArguments(claim, zero)));
  }

  async gasPrice(): Promise<bigint> {
    const fees = await this.client.read("read the fees", () => this.client.provider.getFeeData());
    return fees.gasPrice ?? fees.maxFeePerGas ?? 0n;
  }

  /** One move is a call; several are one call of all. */
  #transaction(moves: readonly Move[]): Promise<ContractTransaction> {
    const [first, ...more] = moves;
    const to = this.contractAddress;
    if (first !== undefined && more.length === 0) return Promise.resolve({ to, data: this.encode(first) });
    return this.contract.multicall.populateTransaction(moves.map((move) => this.encode(move)));
  }

  /** The calldata of one move. */
  encode(move: Move): string {
    const { interface: abi } = this.contract;
    switch (move.type) {
      case "record inputs":
        return abi.encodeFunctionData("recordInputs", [move.game]);
      case "open root":
        return abi.encodeFunctionData("openRoot", [
          move.game,
          move.endStateHash,
          move.historyRoot,
          move.children.map(toHex),
        ]);
      case "open":
        return abi.encodeFunctionData("open", [positionArgument(move.position), move.span, move.children.map(toHex)]);
      case "descend":
        return abi.encodeFunctionData("descend", [
          positionArgument(move.position),
          move.index,
          childArgument(move.a.child),
          childArgument(move.b.child),
        ]);
      case "prove": {
        const { pre, input, witness } = stepArguments(move.inputs, move);
        const { outer, inner, path } = move.predecessor;
        return abi.encodeFunctionData("prove", [
          positionArgument(move.position),
          move.span,
          { outer: toHex(outer), inner: toHex(inner), path: path.map(toHex) },
          pre,
          contextArgument(move.inputs),
          input,
          witness,
        ]);
      }
      case "update":
        return abi.encodeFunctionData("update", [move.updates.map(updateArgument)]);
      case "confirm":
        return abi.encodeFunctionData("updateAndConfirm", [
          move.updates.map(updateArgument),
          move.game,
          move.endStateHash,
          move.historyRoot,
        ]);
    }
  }

  #decode(log: Log): GameEvent {
    const { name, args } = decodeLog(this.contract.interface, log);
    const place = { ...placeOf(log), game: bytesOf(args, "game") };
    switch (name) {
      case "InputsRecorded":
        return { ...place, type: "inputs", inputs: toContext(args.getValue("inputs") as Result) };
      case "Opened":
        return {
          ...place,
          type: "opened",
          node: bytesOf(args, "node"),
          children: Array.from(args.getValue("children") as Iterable<string>, (hash) => fromHex(hash)),
        };
      case "Descended":
        return {
          ...place,
          type: "descended",
          nodeA: bytesOf(args, "nodeA"),
          nodeB: bytesOf(args, "nodeB"),
          index: Number(args.getValue("index")),
        };
      case "Proven":
        return { ...place, type: "proven", node: bytesOf(args, "node") };
      case "RefundClaimed":
        return {
          ...place,
          type: "refunded",
          mover: args.getValue("mover") as Hex,
          moves: Number(args.getValue("moves")),
          amount: args.getValue("amount") as bigint,
        };
      default:
        return {
          ...place,
          type: "recorded",
          mover: args.getValue("mover") as Hex,
          move: {
            node: bytesOf(args, "node"),
            rival: bytesOf(args, "rival"),
            timestamp: args.getValue("timestamp") as bigint,
            amount: args.getValue("amount") as bigint,
          },
        };
    }
  }
}

function bytesOf(args: Result, name: string): Uint8Array {
  return fromHex(args.getValue(name) as string);
}

function toContext(raw: Result): Extract<GameEvent, { type: "inputs" }>["inputs"] {
  return {
    target: raw.getValue("target") as bigint,
    batchCount: raw.getValue("batchCount") as bigint,
    batchesRoot: bytesOf(raw, "batchesRoot"),
    messageCount: raw.getValue("messageCount") as bigint,
    messagesRoot: bytesOf(raw, "messagesRoot"),
  };
}

function byteLength(data: string): number {
  return data.length / 2 - 1;
}

function claimArguments(claim: RefundClaim, recipient: Hex): [Hex, Hex, Hex, Hex, MoveStruct[], PlaceStruct[], Hex] {
  return [
    toHex(claim.game),
    toHex(claim.endStateHash),
    toHex(claim.historyRoot),
    toHex(claim.before),
    claim.moves.map((move) => ({ ...move, node: toHex(move.node), rival: toHex(move.rival) })),
    claim.places.map(placeArgument),
    recipient,
  ];
}

function placeArgument(place: Place | undefined): PlaceStruct {
  if (place === undefined) return { level: 0, index: 0, span: toHex(new Uint8Array(32)), path: [] };
  return { ...place, span: toHex(place.span), path: place.path.map(toHex) };
}

function positionArgument({ game, level, index, base }: Position): PositionStruct {
  return { game: toHex(game), level, index, base: toHex(base) };
}

function childArgument({ span, siblings }: Child): ChildStruct {
  return { span: toHex(span), siblings: siblings.map(toHex) };
}

function updateArgument({ position, span, children }: Update): UpdateStruct {
  return { position: positionArgument(position), span: toHex(span), children: children.map(childArgument) };
}
