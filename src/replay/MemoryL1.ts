import { writeU128, writeU16, writeU32, writeU64 } from "../crypto/bytes.ts";
import {
  DATA_CALLDATA,
  MESSAGE_ANCHOR,
  MESSAGE_DEPOSIT,
  MESSAGE_FIX_PRICE,
  MESSAGE_LIST_MARKET,
} from "../machine/Inputs.ts";
import { InputLog } from "../machine/InputLog.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { expiryTime } from "../machine/Slots.ts";
import { MARKETS, type MarketSpec } from "../market/types.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import type { ReplayL1 } from "./Replay.ts";
import type { TraderAccount } from "./Traders.ts";

/** Seconds over which a settlement price is averaged. */
const WINDOW = 1_800n;

interface Round {
  readonly price: bigint;
  readonly time: bigint;
}

/**
 * An L1 in memory for replays that are about the machine and the data, not about contracts: it appends messages and
 * batches as the inbox would. Settlement prices are the time-weighted average of the rounds, as docs/price-fixing.md has it for a
 * feed of one phase without gaps.
 */
export class MemoryL1 implements ReplayL1 {
  readonly view = new InputLog();
  readonly #config: Pick<MachineConfig, "bridge" | "settlement">;
  readonly #markets: readonly MarketSpec[];
  readonly #rounds = new Map<number, Round[]>();
  #accounts = 0;
  #block = 1n;

  /** @param time When the markets are listed, seconds. */
  constructor(config: Pick<MachineConfig, "bridge" | "settlement">, time: bigint, markets = MARKETS) {
    this.#config = config;
    this.#markets = markets;
    for (const { id, tick, lot, strikeSteps } of markets) {
      const payload = new Uint8Array(37);
      payload[0] = id;
      writeU32(payload, 1, Number(tick));
      writeU64(payload, 5, lot);
      strikeSteps.forEach((step, i) => writeU64(payload, 13 + 8 * i, step));
      this.#enqueue(MESSAGE_LIST_MARKET, config.settlement, payload, time);
    }
  }

  async open(account: TraderAccount, amount: bigint, time: bigint): Promise<number> {
    const number = ++this.#accounts;
    const payload = new Uint8Array(40);
    writeU32(payload, 0, number);
    payload.set(account.owner, 4);
    writeU128(payload, 24, amount);
    this.#enqueue(MESSAGE_DEPOSIT, this.#config.bridge, payload, time);
    return Promise.resolve(number);
  }

  async round(market: number, price: bigint, time: bigint): Promise<void> {
    const rounds = this.#rounds.get(market) ?? [];
    this.#rounds.set(market, rounds);
    rounds.push({ price, time });
    const payload = new Uint8Array(14);
    payload[0] = market;
    writeU64(payload, 1, price);
    payload[9] = Number(time >> 32n);
    writeU32(payload, 10, Number(time & 0xffffffffn));
    this.#enqueue(MESSAGE_ANCHOR, this.#config.settlement, payload, time);
    return Promise.resolve();
  }

  async fixPrice(market: number, day: number, time: bigint): Promise<void> {
    const { tick } = this.#markets.find(({ id }) => id === market)!;
    const payload = new Uint8Array(11);
    payload[0] = market;
    writeU16(payload, 1, day);
    writeU64(payload, 3, averageHalfUp(this.#rounds.get(market) ?? [], expiryTime(day), tick));
    this.#enqueue(MESSAGE_FIX_PRICE, this.#config.settlement, payload, time);
    return Promise.resolve();
  }

  async post(sequencer: Sequencer, time: bigint): Promise<void> {
    for (;;) {
      const batch = sequencer.sealedBatch(this.view.batchCount);
      if (batch === undefined) return Promise.resolve();
      const { commitment, payload, messagesRead, l2Time } = batch;
      const l1Time = time > l2Time ? time : l2Time;
      const record = { dataKind: DATA_CALLDATA, commitment, length: payload.length, messagesRead, l1Time, l2Time };
      this.#block += 1n;
      this.view.appendBatch({ record, payload });
    }
  }

  #enqueue(kind: number, sender: Uint8Array, payload: Uint8Array, l1Time: bigint): void {
    this.#block += 1n;
    this.view.appendMessage({ kind, sender, l1Block: this.#block, l1Time, payload });
  }
}

/** The average of the step function of the rounds over the window before `expiry`, to the tick, half up. */
function averageHalfUp(rounds: readonly Round[], expiry: bigint, tick: bigint): bigint {
  let sum = 0n;
  for (const [i, { price, time }] of rounds.entries()) {
    const from = time > expiry - WINDOW ? time : expiry - WINDOW;
    const next = rounds[i + 1]?.time ?? expiry;
    const to = next < expiry ? next : expiry;
    if (to > from) sum += price * (to - from);
  }
  const unit = WINDOW * tick;
  return ((sum * 2n + unit) / (unit * 2n)) * tick;
}
