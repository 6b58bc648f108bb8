import {
  DATA_CALLDATA,
  MESSAGE_ANCHOR,
  MESSAGE_DEPOSIT,
  MESSAGE_FIX_PRICE,
  MESSAGE_LIST_MARKET,
  MESSAGE_SET_MARKET,
  MESSAGE_SET_SIGNERS,
} from "../machine/Inputs.ts";
import { InputLog } from "../machine/InputLog.ts";
import type { MachineConfig } from "../machine/Execution.ts";
import { expiryTime } from "../machine/Slots.ts";
import { MARKETS, type MarketSpec } from "../market/types.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import type { ReplayL1 } from "./Replay.ts";
import type { TraderAccount } from "./Traders.ts";
import { REPLAY_SIGNERS } from "./ReplayOracle.ts";
import { anchorPayload, depositPayload, fixPayload, listPayload, riskPayload, signersPayload } from "./payloads.ts";

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

  /** @param time When the markets are listed and the oracle is named, seconds. */
  constructor(config: Pick<MachineConfig, "bridge" | "settlement">, time: bigint, markets = MARKETS) {
    this.#config = config;
    this.#markets = markets;
    const { threshold, addresses } = REPLAY_SIGNERS;
    this.#enqueue(MESSAGE_SET_SIGNERS, config.settlement, signersPayload(threshold, addresses), time);
    for (const { id, tick, lot, strikeSteps, risk } of markets) {
      this.#enqueue(MESSAGE_LIST_MARKET, config.settlement, listPayload(id, { tick, lot, steps: strikeSteps }), time);
      this.#enqueue(MESSAGE_SET_MARKET, config.settlement, riskPayload(id, risk), time);
    }
  }

  async open(account: TraderAccount, amount: bigint, time: bigint): Promise<number> {
    const number = ++this.#accounts;
    this.#enqueue(MESSAGE_DEPOSIT, this.#config.bridge, depositPayload(number, account.owner, amount), time);
    return Promise.resolve(number);
  }

  async round(market: number, price: bigint, time: bigint): Promise<void> {
    const rounds = this.#rounds.get(market) ?? [];
    this.#rounds.set(market, rounds);
    rounds.push({ price, time });
    this.#enqueue(MESSAGE_ANCHOR, this.#config.settlement, anchorPayload(market, price, time), time);
    return Promise.resolve();
  }

  async fixPrice(market: number, day: number, time: bigint): Promise<void> {
    const { tick } = this.#markets.find(({ id }) => id === market)!;
    const price = averageHalfUp(this.#rounds.get(market) ?? [], expiryTime(day), tick);
    this.#enqueue(MESSAGE_FIX_PRICE, this.#config.settlement, fixPayload(market, day, price), time);
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
