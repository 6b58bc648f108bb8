import { expect } from "chai";
import { concat } from "../../src/crypto/bytes.ts";
import { evidenceOf } from "../../src/l1/proverArguments.ts";
import { Random } from "../../src/market/random.ts";
import { LEAST_LOT, MAX_NONCE, MAX_PRICE, MAX_QUANTITY } from "../../src/machine/Constants.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { MESSAGE_FORCED, type Message } from "../../src/machine/Inputs.ts";
import { GENESIS_CURSOR } from "../../src/machine/MachineState.ts";
import { makePosition, packSeries, type Position } from "../../src/machine/Positions.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import {
  accountKey,
  EMPTY_EXPIRY,
  EMPTY_GLOBALS,
  expiryKey,
  GLOBALS_KEY,
  keyKey,
  KIND_KEY,
  marketKey,
  orderKey,
  spentOrder,
  type Market,
  emptyAccount,
  UNLISTED,
} from "../../src/machine/Slots.ts";
import { set, type TreeRoot } from "../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../src/machine/Step.ts";
import { TX_COLLECT_FEES, TX_FILL, TX_SETTLE, type Transaction } from "../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { batchOf } from "../support/batch.ts";
import { judgeAll, postHashOf, startJudge } from "../support/parity/judge.ts";
import {
  anchorMessage,
  cancellation,
  cancellationOfAll,
  depositMessage,
  fixPriceMessage,
  keySetting,
  listMarketMessage,
  makerOrder,
  revocation,
  takerOrder,
  transferOf,
  withdrawal,
  type Draft,
} from "../support/traffic/builders.ts";
import { BRIDGE, INBOX, SETTLEMENT, signerAddress, START, START_DAY, testConfig } from "../support/traffic/world.ts";
import { runSeed } from "../support/random.ts";

const SEED = runSeed();
const STEPS = Number(process.env.TENOR_STEPS ?? 500);
const DAY = 86_400n;

const MARKETS: ReadonlyMap<number, Market> = new Map(
  [1, 2, 248, 249, 250, 251, 252, 253, 254, 255].map((id) => {
    const tick = id === 255 ? 4_294_967_200n : id === 254 ? 1000n : 100n;
    const lot = id === 253 ? MAX_QUANTITY : 1000n;
    const steps: Market["steps"] = [tick * 3n, 2n ** 63n - (2n ** 63n % (tick * 3n)), tick * 9n];
    const anchor = id === 252 ? 1n : id >= 250 ? MAX_PRICE : 20_000_000n;
    return [id, { ...UNLISTED, tick, lot, steps, anchor, anchorTime: 0n }];
  }),
);

/** 64 positions in eight expiries of as many markets. */
const FULL = [7, 0x7fffffff];
/** Accounts whose numbers differ in one bit from the others', so that paths are deep. */
const DEEP = Array.from({ length: 32 }, (_, i) => 2 ** i);
const ACCOUNTS = [0, 1, 2, 3, 4, 5, 6, 7, 0x7fffffff, 0x80000000, 0xffffffff];

/**
 * Both machines on inputs whose fields stand at their bounds or just beyond: quantities, prices, nonces, floors, times, ids,
 * cash, debts, full lists of positions, deep paths, payloads cut at the borders of chunks. INVARIANTS 12 and 13.
 */
describe("parity at the extremes of every field", () => {
  const judge = startJudge();

  const moments: readonly (readonly [string, bigint])[] = [
    ["an ordinary day", START],
    ["the second before an expiry", BigInt(START_DAY + 1) * DAY + 28_799n],
    ["the last expiry of all", 65_535n * DAY + 28_790n],
    ["the end of time", 2n ** 40n - 400n],
  ];
  for (const [name, start] of moments) {
    it(`agrees at ${name}`, async () => {
      const { log, steps } = run(judge.chainId, new Random(SEED), start);
      const context = log.context(log.batchCount);
      const verdicts = await judgeAll(
        judge,
        context,
        steps.map((step) => evidenceOf(step, log, context)),
      );
      const counts = new Map<string, number>();
      let [maxGas, maxBytes] = [0n, 0];
      for (const [i, step] of steps.entries()) {
        const verdict = verdicts[i]!;
        const where = `step ${i}, ${step.kind}, ${resultName(step.code)}`;
        expect(verdict.accepted, `${where}: refused with ${verdict.revertData}`).to.equal(true);
        expect(verdict.kind, where).to.equal(step.kind);
        expect(resultName(verdict.code), where).to.equal(resultName(step.code));
        expect(verdict.postHash, where).to.equal(postHashOf(step));
        if (verdict.gas > maxGas) maxGas = verdict.gas;
        maxBytes = Math.max(
          maxBytes,
          step.witness.reduce((sum, item) => sum + item.length, 0),
        );
        const key = step.kind === "item" || step.kind === "message" ? resultName(step.code) : step.kind;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      console.log(`      ${steps.length} steps, at most ${maxGas} gas and ${maxBytes} bytes of witness`);
      console.log(`      ${[...counts].map(([key, count]) => `${key} ${count}`).join(", ")}`);
      // INVARIANT 13
      expect(maxGas <= 10_000_000n && maxBytes <= 100_000).to.equal(true);
    });
  }
});

/** A state in which everything is as large as it can be. */
function extremeRoot(now: bigint): TreeRoot {
  let root = genesisRoot(signerAddress(0));
  const floorOf = (id: number): bigint => (id === 3 ? MAX_NONCE : id === 4 ? MAX_NONCE - 2n ** 30n + 1n : 0n);
  const owner = (id: number): Uint8Array => signerAddress(id);
  const today = Number(now / DAY);
  const shorts = new Map<number, number>();
  for (const [id, market] of MARKETS) root = set(root, marketKey(id), { ...market, anchorTime: now - 10n });
  for (const id of [...DEEP, ...ACCOUNTS]) {
    const positions: Position[] = [];
    if (FULL.includes(id)) {
      const sign = id === 7 ? 1n : -1n;
      for (let m = 248; m <= 255; m++) {
        const { tick, lot } = MARKETS.get(m)!;
        for (let i = 0; i < 8; i++) {
          const strike = ((MAX_PRICE - BigInt(i >> 1) * tick * 9n) / (tick * 9n)) * tick * 9n;
          const alternate = i % 3 === 0 ? -sign : sign;
          const day = Math.min(today + (m % 2), 65_535);
          positions.push(
            makePosition(
              packSeries(m, day, strike, i % 2 === 1),
              alternate * (MAX_QUANTITY - (i > 3 ? lot % MAX_QUANTITY : 0n)),
            ),
          );
        }
      }
      positions.sort((a, b) => (a.series < b.series ? -1 : 1));
      for (const expiry of new Set(positions.map((position) => position.expiry))) {
        if (positions.some((position) => position.expiry === expiry && position.quantity < 0n)) {
          shorts.set(expiry, (shorts.get(expiry) ?? 0) + 1);
        }
      }
    }
    const cash =
      id === 1 || id === 6
        ? 2n ** 127n
        : id === 2 || id === FULL[1]
          ? 5_000_000n
          : FULL.includes(id)
            ? 2n ** 90n
            : 10n ** 24n;
    const debt = id === 5 ? 2n ** 126n : 0n;
    root = set(root, accountKey(id), {
      ...emptyAccount(owner(id)),
      floor: floorOf(id),
      cash,
      debt,
      positions,
    });
    for (let index = 1; index <= 4; index++) {
      root = set(root, keyKey(id, index), {
        kind: KIND_KEY,
        address: signerAddress(id, index),
        scope: index === 4 ? 7 : 1 << (index - 1),
        expiry: index === 1 ? now : index === 2 ? 2n ** 40n - 1n : now + 100n,
        budget: 2n ** 64n - 1n,
        epoch: index === 4 ? 0xffffffff : index,
      });
    }
    if (id <= 2)
      for (let i = 0; i < 10; i++) root = set(root, orderKey(id, BigInt(2 ** i)), spentOrder(BigInt(2 ** i)));
  }
  for (const [expiry, count] of shorts) {
    const price = expiry % 3 === 0 ? 4_294_967_200n : 0n;
    root = set(root, expiryKey(expiry), { ...EMPTY_EXPIRY, shorts: count, price });
  }
  return set(root, GLOBALS_KEY, { ...EMPTY_GLOBALS, fees: 2n ** 100n, fund: 2n ** 100n + 1n });
}

function run(chainId: bigint, random: Random, start: bigint): { log: InputLog; steps: ProvenStep[] } {
  const log = new InputLog();
  const config = testConfig(chainId, INBOX);
  const machine = new Machine(config, log, extremeRoot(start), { ...GENESIS_CURSOR, l2Time: start });
  const steps: ProvenStep[] = [];
  let now = start;
  const pick = <T>(list: readonly T[]): T => list[random.uint(list.length)]!;
  const signing = { domain: config.domain };
  let fresh = 3000n;

  const nonceOf = (account: number): bigint => {
    if (random.bool(0.7)) return account === 3 ? MAX_NONCE : account === 4 ? MAX_NONCE - 2n ** 30n + fresh++ : fresh++;
    return pick([0n, 1n, 1023n, 1024n, 2n ** 30n - 1n, 2n ** 30n, MAX_NONCE - 1n, MAX_NONCE]);
  };
  const draft = (account: number, base: Partial<Draft>): Draft => {
    const marketId = base.market ?? pick([...MARKETS.keys()]);
    const market = MARKETS.get(marketId)!;
    const unit = market.tick * 9n;
    const today = Number(now / DAY);
    const keyIndex = pick([0, 0, 0, 0, 1, 2, 4]);
    const most = mostOf(market.tick, MAX_PRICE);
    return {
      account,
      market: marketId,
      expiryDay: Math.min(today + pick([0, 1, 1, 1, 2, 8, 9, 40, 41, 400, 401]), 65_535),
      strike: random.bool(0.1)
        ? pick([0n, market.tick * 3n])
        : pick([unit, unit * 1000n > MAX_PRICE ? unit : unit * 1000n, (MAX_PRICE / unit) * unit]),
      isPut: random.bool(0.5),
      isSell: random.bool(0.5),
      quantity: random.bool(0.05)
        ? 0n
        : pick([
            market.lot,
            market.lot * 2n > MAX_QUANTITY ? market.lot : market.lot * 2n,
            mostOf(market.lot, MAX_QUANTITY),
          ]),
      limitPrice: random.bool(0.05) ? 0n : pick([market.tick, market.tick, market.tick * 2n, most]),
      maxFee: random.bool(0.1) ? pick([0n, market.tick]) : most,
      nonce: nonceOf(account),
      deadline: now + pick([0n, 1n, 120n, 121n, 300n]),
      fillOrKill: random.bool(0.1),
      immediateOrCancel: random.bool(0.1),
      postOnly: random.bool(0.1),
      reduceOnly: random.bool(0.1),
      forcible: random.bool(0.7),
      keyIndex,
      keyEpoch: keyIndex === 4 ? 0xffffffff : keyIndex,
      ...base,
    };
  };
  const fill = (forced: boolean): Transaction => {
    const [a, b] = [pick(ACCOUNTS), pick(ACCOUNTS)];
    const maker = draft(a, random.bool(0.9) ? { fillOrKill: false, immediateOrCancel: false } : {});
    const same = random.bool(0.9)
      ? { isSell: !maker.isSell, quantity: maker.quantity, limitPrice: maker.limitPrice }
      : {};
    const { market, expiryDay, strike, isPut } = maker;
    const taker = draft(b, {
      ...same,
      market,
      expiryDay,
      strike,
      isPut,
      ...(random.bool(0.9) ? { postOnly: false } : {}),
    });
    const terms = MARKETS.get(market)!;
    const largest = MAX_QUANTITY / terms.lot;
    const lots = random.bool(0.9)
      ? maker.quantity / terms.lot
      : pick([0n, 1n, largest, largest + 1n, MAX_QUANTITY / LEAST_LOT]);
    const stored = (order: Draft) => ({ stored: true as const, account: order.account, nonce: order.nonce });
    // One more than what the market's units leave room for, or as much as there is room for on the wire.
    const beyond = (): object => {
      const [ticks, lotsBeyond] = [MAX_PRICE / terms.tick + 1n, largest + 1n];
      return random.bool(0.9)
        ? {}
        : pick([
            { lots: pick([largest, lotsBeyond, MAX_QUANTITY / LEAST_LOT]) },
            { feeTicks: pick([ticks - 1n, ticks, MAX_PRICE]) },
            { limitTicks: pick([ticks - 1n, ticks, MAX_PRICE]) },
            { slippageTicks: pick([maker.limitPrice / terms.tick + 1n, ticks, MAX_PRICE]) },
          ]);
    };
    const makerSide =
      !forced && random.bool(0.03) ? stored(maker) : { ...makerOrder(signing, maker, terms), ...beyond() };
    const takerSide =
      !forced && random.bool(0.03)
        ? stored(taker)
        : { ...takerOrder(signing, taker, terms, maker.limitPrice), ...beyond() };
    return { type: TX_FILL, maker: makerSide, taker: takerSide, lots };
  };
  const expiryPick = (): { market: number; day: number } => {
    const market = pick([...MARKETS.keys(), 0, 3]);
    return { market, day: Math.min(Number(now / DAY) + pick([0, 0, 1, 1, 2]), 65_535) };
  };
  const other = (forced: boolean): Transaction => {
    const account = pick(ACCOUNTS);
    const terms = forced ? undefined : { nonce: nonceOf(account), deadline: now + pick([0n, 1n, 300n]) };
    const cancelTerms = forced ? undefined : { keyIndex: pick([0, 1, 2, 3, 4]), deadline: now + pick([0n, 300n]) };
    const amount = pick([0n, 1n, 5_000_000n, 2n ** 63n, 2n ** 64n - 1n]);
    switch (random.uint(8)) {
      case 0:
        return withdrawal(signing, account, amount, pick([0, 0, 3, 4, 1, 5]), terms);
      case 1:
        return transferOf(signing, account, pick(ACCOUNTS), amount, terms);
      case 2: {
        const index = pick([0, 1, 4, 5]);
        const fields = { account, index, address: signerAddress(account, index), scope: pick([0, 1, 7, 8, 255]) };
        return keySetting(signing, { ...fields, expiry: pick([0n, now, 2n ** 40n - 1n]), budget: amount }, terms);
      }
      case 3:
        return revocation(signing, account, pick([0, 1, 2, 3, 5]), terms);
      case 4:
        return cancellation(signing, account, nonceOf(account), cancelTerms);
      case 5:
        return cancellationOfAll(signing, account, pick([0n, 1n, 2n ** 30n, MAX_NONCE]), cancelTerms);
      case 6:
        return { type: TX_COLLECT_FEES };
      default: {
        const count = pick([1, 1, 1, 2, 2, 2, 3, 32]);
        const accounts = Array.from({ length: count }, () => pick([...FULL, ...FULL, ...ACCOUNTS]));
        return { type: TX_SETTLE, ...expiryPick(), accounts };
      }
    }
  };
  const spoil = (bytes: Uint8Array): Uint8Array => {
    // Every form of a fill on the bytes of every other.
    if (random.bool(0.04)) return bytes.with(0, 0x10 + random.uint(16));
    if (random.bool(0.85)) return bytes;
    const at = random.uint(bytes.length);
    switch (random.uint(4)) {
      case 0:
        return bytes.slice(0, at);
      case 1:
        return concat(bytes, Uint8Array.of(random.uint(256)));
      case 2:
        return bytes.with(at, pick([0, 0x7f, 0x80, 0xff]));
      default:
        return concat(bytes.slice(0, at), new Uint8Array(pick([1, 8, 9, 10, 32])).fill(0xff), bytes.slice(at));
    }
  };
  const message = (): Message => {
    const l1Time = now - BigInt(random.uint(100));
    const sent = { sender: random.bool(0.95) ? SETTLEMENT : BRIDGE, l1Block: 2n ** 64n - 1n, l1Time };
    const { market, day } = expiryPick();
    const terms = MARKETS.get(market === 3 || market === 0 ? 255 : market)!;
    switch (random.uint(7)) {
      case 0: {
        const id = pick([...ACCOUNTS, 99]);
        const amount = pick([0n, 1n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 128n - 1n]);
        return depositMessage({ ...sent, sender: BRIDGE }, id, signerAddress(random.bool(0.9) ? id : 1), amount);
      }
      case 1:
        return anchorMessage(
          sent,
          market,
          pick([0n, 1n, MAX_PRICE, MAX_PRICE + 1n, 2n ** 64n - 1n]),
          pick([0n, l1Time]),
        );
      case 2: {
        const price = pick([0n, terms.tick, terms.tick + 1n, (MAX_PRICE / terms.tick) * terms.tick, MAX_PRICE + 1n]);
        if (random.bool(0.7)) return anchorMessage(sent, market, MARKETS.get(market)?.anchor ?? 1n, l1Time);
        return fixPriceMessage(sent, market, day, price);
      }
      case 3:
        return listMarketMessage(sent, pick([0, 3, 4, 255]), {
          tick: pick([0n, 1n, 100n, 4_294_967_200n]),
          lot: pick([0n, 1000n, 1001n, MAX_QUANTITY, MAX_QUANTITY + 1000n]),
          steps: [pick([0n, 100n, 4_294_967_200n]), pick([100n, 2n ** 64n - 16n]), pick([0n, 100n, 4_294_967_200n])],
        });
      default: {
        const sender = signerAddress(pick(ACCOUNTS));
        for (;;) {
          try {
            const payload = spoil(encodeTransaction(random.bool(0.5) ? fill(true) : other(true), 0n));
            return { ...sent, sender, kind: MESSAGE_FORCED, payload };
          } catch {
            // Not every draft has an encoding.
          }
        }
      }
    }
  };

  while (steps.length < STEPS) {
    now += BigInt(random.uint(3) === 0 ? 1 : 0);
    for (let i = random.uint(3); i > 0; i--) {
      const next = message();
      log.appendMessage(random.bool(0.97) ? next : { ...next, kind: random.uint(256) });
    }
    const items: Uint8Array[] = [];
    for (let i = random.uint(6); i > 0; i--) {
      try {
        const item = spoil(encodeTransaction(random.bool(0.8) ? fill(false) : other(false), now));
        if (item.length > 0) items.push(encodeItem(item));
      } catch {
        // Not every draft has an encoding.
      }
    }
    if (random.bool(0.1))
      items.push(encodeItem(new Uint8Array(pick([1, 239, 240, 254, 255, 256, 495, 496, 4095, 4096])).fill(0x10)));
    let payload = concat(...items, new Uint8Array(random.bool(0.7) ? 400 : random.uint(70)));
    const cut = pick([0, 0, 1, 63, 64, 65]);
    if (payload.length > cut) payload = payload.slice(0, payload.length - cut);
    if (random.bool(0.1)) payload = concat(payload, Uint8Array.of(pick([0xef, 0xf0, 0xff, 1, 0x7f])));
    log.appendBatch(batchOf(payload, { messagesRead: log.messageCount, l1Time: now, l2Time: now }));
    while (!machine.finished(log.batchCount)) steps.push(machine.provenStep(log.batchCount));
  }
  return { log, steps };
}

/** The largest multiple of a unit up to a bound. */
function mostOf(unit: bigint, bound: bigint): bigint {
  return (bound / unit) * unit;
}
