import { expect } from "chai";
import { sign } from "../../src/crypto/secp256k1.ts";
import { evidenceOf } from "../../src/l1/proverArguments.ts";
import { Random } from "../../src/market/random.ts";
import { FRACTION, FUND_ACCOUNT, MAX_PRICE, MAX_QUANTITY } from "../../src/machine/Constants.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import { InputLog } from "../../src/machine/InputLog.ts";
import { MESSAGE_FORCED } from "../../src/machine/Inputs.ts";
import { GENESIS_CURSOR } from "../../src/machine/MachineState.ts";
import { toSvi } from "../../src/machine/Marks.ts";
import { earlierDigest, reportDigest, type ReportedCurve } from "../../src/machine/OracleReports.ts";
import { makePosition, packSeries, type Position } from "../../src/machine/Positions.ts";
import { resultName } from "../../src/machine/ResultCodes.ts";
import {
  accountKey,
  emptyAccount,
  EMPTY_EXPIRY,
  EMPTY_GLOBALS,
  expiryKey,
  GLOBALS_KEY,
  KIND_SIGNERS,
  marketKey,
  SIGNERS_KEY,
  UNLISTED,
  type Account,
  type Curve,
  type Expiry,
  type Market,
} from "../../src/machine/Slots.ts";
import { get, set, type TreeRoot } from "../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../src/machine/Step.ts";
import type { Transaction } from "../../src/machine/Wire.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { isValid } from "../../src/pricing/Svi.ts";
import { batchOf } from "../support/batch.ts";
import { judgeAll, postHashOf, startJudge } from "../support/parity/judge.ts";
import { makerOrder, PLAIN, takerOrder, type Draft } from "../support/traffic/builders.ts";
import { INBOX, privateKey, signerAddress, START, testConfig } from "../support/traffic/world.ts";
import { runSeed } from "../support/random.ts";

const SEED = runSeed();
const STATES = Number(process.env.TENOR_STATES ?? 300);
const SIGNERS = 16;

/**
 * One forced transaction in each of many states whose marks, positions, cash and times stand at their bounds, as no traffic
 * reaches them: forwards of one unit and of MAX_PRICE, smiles at their limits, 64 positions of the largest size, auctions
 * in their last second. INVARIANTS 12 and 13.
 */
describe("parity of marks, margin and auctions at the extremes of every field", () => {
  const judge = startJudge();

  it("agrees, within the gas of a proof", async () => {
    const random = new Random(SEED);
    const scene = new Extremes(random, judge.chainId);
    for (let i = 0; i < STATES; i++) scene.prepare();
    const { log, steps, types } = scene.run();
    const context = log.context(1n);
    const verdicts = await judgeAll(
      judge,
      context,
      steps.map((step) => evidenceOf(step, log, context)),
    );
    for (const [i, step] of steps.entries()) {
      const verdict = verdicts[i]!;
      const where = `state ${i}, type ${types[i]}, ${resultName(step.code)}`;
      expect(verdict.accepted, `${where}: refused with ${verdict.revertData}`).to.equal(true);
      expect(resultName(verdict.code), where).to.equal(resultName(step.code));
      expect(verdict.postHash, where).to.equal(postHashOf(step));
      expect(Number(verdict.gas), where).to.be.at.most(10_000_000);
    }
  });
});

class Extremes {
  readonly random: Random;
  readonly log = new InputLog();
  readonly #config;
  readonly #roots: TreeRoot[] = [];
  readonly #types: number[] = [];
  readonly #times: bigint[] = [];

  constructor(random: Random, chainId: bigint) {
    this.random = random;
    this.#config = testConfig(chainId, INBOX);
  }

  prepare(): void {
    const { random } = this;
    const pick = <T>(list: readonly T[]): T => list[random.uint(list.length)]!;
    const now = pick([START, START, START, 65_534n * 86_400n + 28_800n - 10n, 65_535n * 86_400n + 28_790n, 28_700n]);
    const today = Number(now / 86_400n);
    const many = random.bool(0.3);
    const ids = many ? [1, 2, 3, 4, 251, 253, 254, 255] : [1, 2];
    let root = genesisRoot(signerAddress(0));
    const fund = pick([0n, 1n, 10n ** 12n, 2n ** 100n]);
    root = set(root, GLOBALS_KEY, { ...EMPTY_GLOBALS, fund });
    root = set(root, SIGNERS_KEY, {
      ...{ kind: KIND_SIGNERS, threshold: pick([1, SIGNERS]) },
      addresses: Array.from({ length: SIGNERS }, (_, i) => signerAddress(100 + i)),
    });
    const past = (ages: readonly bigint[]): bigint => {
      const age = pick(ages);
      return age > now ? 0n : now - age;
    };
    const mildly = random.bool(0.5);
    const centre = pick([40_000_000n, 40_000_000n, MAX_PRICE, 1n, 12_345n]);
    const price = (): bigint => (mildly ? centre : pick([centre, MAX_PRICE, 1n, 2n, 40_000_000n]));
    const lots = new Map(ids.map((id) => [id, pick([1_000n, 1_000n, 1_000n, MAX_QUANTITY])]));
    for (const id of ids) {
      const spot = price();
      const market: Market = {
        ...UNLISTED,
        ...{ tick: 100n, lot: lots.get(id)!, steps: [100n, 100n, 100n] },
        ...{ anchor: mildly ? spot : price(), anchorTime: past([0n, 10n, 3_600n, 3_601n, 86_400n, 86_401n]) },
        ...{ minVol: pick([10_000n, 10_000_000n]), maxVol: 10_000_000n, bandFloor: pick([1n, MAX_PRICE]) },
        ...{ exposureMultiple: pick([0n, 1_000n, 1_000n]), exposure: pick([2n ** 90n, 2n ** 100n]) },
        ...{ spot, spotTime: past(mildly ? [0n, 10n, 60n] : [0n, 10n, 60n, 90n, 120n, 121n, 900n, 901n, 4_000n]) },
        ...pick([
          { low: spot, high: spot, lowBefore: 0n, highBefore: 0n },
          { low: spot, high: spot, lowBefore: 1n, highBefore: MAX_PRICE },
          { low: (spot * 9n) / 10n + 1n, high: spot, lowBefore: spot, highBefore: spot },
          { low: spot, high: spot + spot / 10n, lowBefore: spot, highBefore: spot + spot / 7n },
        ]),
      };
      root = set(root, marketKey(id), market);
    }
    const day = (): number => Math.min(65_535, today + pick(mildly ? [1, 1, 2] : [0, 1, 1, 2, 400]));
    const expiries = many
      ? ids.map((id): [number, number] => [id, day()])
      : Array.from({ length: 3 }, (): [number, number] => [pick(ids), day()]);
    for (const [id, expiryDay] of expiries) {
      const expiry: Expiry = {
        ...EMPTY_EXPIRY,
        ...{ price: pick([0n, 0n, 0n, 0n, 0n, 0n, 0n, 100n]), shorts: 1_000_000 },
        ...{ forward: mildly ? centre : pick([1n, MAX_PRICE, price(), price(), 0n]), curveSpot: price() },
        ...{ curveTime: past(mildly ? [0n, 10n] : [0n, 10n, 1_800n, 1_801n]), curve: this.#curve() },
      };
      root = set(root, expiryKey((id << 16) | expiryDay), expiry);
    }
    const positions = (): readonly Position[] => {
      const side = pick([-1n, -1n, 0n, 1n]);
      const held = new Map<bigint, Position>();
      const count = many ? 64 : pick([0, 1, 1, 2, 5, 20, 64]);
      for (let i = 0; i < count; i++) {
        const [id, expiryDay] = expiries[i % expiries.length]!;
        const near = (centre * BigInt(500 + random.uint(1_000))) / 1_000n + BigInt(random.uint(50));
        const strike = pick([near, near, near, near, 1n, 100n, MAX_PRICE]);
        const series = packSeries(id, expiryDay, strike > MAX_PRICE ? MAX_PRICE : strike, random.bool(0.5));
        const sign = side === 0n ? pick([-1n, 1n]) : side;
        held.set(series, makePosition(series, sign * pick([1_000n, 5_000n, 1_000_000n, MAX_QUANTITY, 1n])));
      }
      return [...held.values()].sort((a, b) => (a.series < b.series ? -1 : 1));
    };
    const account = (id: number, fields: Partial<Account> = {}): void => {
      const old = get(root, accountKey(id)) as Account | undefined;
      const owner = old?.owner ?? signerAddress(id);
      root = set(root, accountKey(id), { ...emptyAccount(owner), mode: random.bool(0.9) ? 1 : 0, ...fields });
    };
    const cash = (): bigint => pick([0n, 1n, 10n ** 6n, 10n ** 10n, 2n ** 64n, 2n ** 100n]);
    const auction = past([0n, 1n, 900n, 901n, 3_599n, 3_600n, 7_200n, 7_201n]);
    const sold = positions();
    // INVARIANT: only accounts on standard margin are in auction.
    const mode = random.bool(0.95) ? 1 : 0;
    const running = mode === 0 ? 0n : pick([0n, auction, auction]);
    const debt = pick([0n, 0n, 0n, 1n, 2n ** 100n]);
    account(1, { mode, cash: cash(), debt, positions: sold, auction: running });
    account(2, { cash: cash(), positions: random.bool(0.5) ? positions() : [] });
    account(FUND_ACCOUNT + 1, { mode: 1, cash: cash(), positions: random.bool(0.3) ? positions() : [] });

    const fraction = pick([1n, 1_000n, FRACTION / 3n, FRACTION, FRACTION]);
    const quantity = pick([1_000n, 5_000n, 1_000_000n, MAX_QUANTITY]);
    const make: (() => Transaction)[] = [
      () => ({ type: 0x0a, account: 1 }),
      () => ({ type: 0x0b, account: 1 }),
      () => ({
        type: 0x0c,
        account: 1,
        bidder: 2,
        fraction,
        limit: pick([0n, 2n ** 64n - 1n, 2n ** 64n - 1n]),
        auth: undefined,
      }),
      () => ({ type: 0x0c, account: 1, bidder: 2, fraction, limit: 2n ** 64n - 1n, auth: undefined }),
      () => ({ type: 0x0d, account: 1, fund: 1, fraction }),
      () => ({ type: 0x0e, fund: 1 }),
      () => ({ type: 0x09, account: pick([1, 2]), mode: pick([0, 1]), auth: undefined }),
      () => ({ type: 0x01, account: 2, amount: pick([1n, 10n ** 6n]), payee: 0, auth: undefined }),
      () => ({ type: 0x08, market: expiries[0]![0], day: expiries[0]![1], accounts: [pick([1, 2, FUND_ACCOUNT + 1])] }),
      () => this.#report(pick(ids), now, day, price, mildly),
      () => this.#report(pick(ids), now, day, price, mildly),
      () => this.#fill(sold, expiries, now, quantity, centre, lots),
      () => this.#fill(sold, expiries, now, quantity, centre, lots),
    ];
    const tx = pick(make)();
    this.log.appendMessage({
      ...{ kind: MESSAGE_FORCED, sender: signerAddress(tx.type === 0x09 ? tx.account : 2), l1Block: 1n },
      ...{ l1Time: now, payload: encodeTransaction(tx, 0n) },
    });
    this.#roots.push(root);
    this.#types.push(tx.type);
    this.#times.push(now);
  }

  run(): { log: InputLog; steps: ProvenStep[]; types: readonly number[] } {
    const count = BigInt(this.#roots.length);
    this.log.appendBatch(batchOf(new Uint8Array(), { messagesRead: count, l1Time: START, l2Time: START }));
    const steps = this.#roots.map((root, i) => {
      const cursor = { ...GENESIS_CURSOR, message: BigInt(i), l2Time: this.#times[i]! };
      return new Machine(this.#config, this.log, root, cursor).provenStep(1n);
    });
    return { log: this.log, steps, types: this.#types };
  }

  /** A valid smile, often at the bounds. */
  #curve(): Curve {
    const { random } = this;
    const pick = <T>(list: readonly T[]): T => list[random.uint(list.length)]!;
    for (;;) {
      const curve = {
        a: pick([0n, 1n, 10n ** 15n, -(10n ** 15n), 10n ** 10n, -(10n ** 9n)]),
        b: pick([0n, 1n, 10n ** 12n, 2n * 10n ** 12n, 10n ** 11n]),
        rho: pick([0n, 1n - 10n ** 12n, 10n ** 12n - 1n, -(10n ** 11n) * 3n]),
        m: pick([0n, 10n ** 13n, -(10n ** 13n), 10n ** 11n]),
        sigma: pick([1n, 10n ** 13n, 10n ** 11n]),
        refTau: pick([1n, 63_072_000n, 86_400n]),
      };
      if (isValid(toSvi(curve))) return curve;
    }
  }

  #report(market: number, now: bigint, day: () => number, price: () => bigint, mildly: boolean): Transaction {
    const { random } = this;
    const pick = <T>(list: readonly T[]): T => list[random.uint(list.length)]!;
    const spot = random.bool(0.95) ? price() : pick([0n, MAX_PRICE + 1n, 2n ** 64n - 1n]);
    const ages = mildly ? [0n, 1n] : [0n, 1n, 120n, 121n];
    const earliest = pick(ages);
    const time = random.bool(0.95) ? now - earliest : pick([0n, 2n ** 40n - 1n]);
    const curves = [
      ...new Set([day(), day(), ...(random.bool(0.3) ? Array.from({ length: 14 }, (_, i) => day() + i) : [])]),
    ]
      .filter((value) => value <= 65_535)
      .sort((a, b) => a - b)
      .slice(0, 16)
      .map((of): ReportedCurve => {
        const forward = random.bool(0.95) ? (spot > MAX_PRICE || spot === 0n ? 1n : spot) : pick([0n, 2n ** 64n - 1n]);
        const wild = { ...this.#curve(), ...(random.bool(0.05) ? { a: -(2n ** 63n), sigma: 2n ** 63n - 1n } : {}) };
        return { day: of, forward, curve: random.bool(0.95) ? wild : { ...wild, refTau: 0n } };
      });
    const signers = random.bool(0.9) ? 0xffff : pick([0, 1, 0x8000]);
    const named = Array.from({ length: SIGNERS }, (_, i) => i).filter((i) => ((signers >> i) & 1) === 1);
    const signed = (digest: Uint8Array): { signers: number; signatures: Uint8Array[] } => ({
      signers,
      signatures: named.map((i) => sign(digest, privateKey(100 + i))),
    });
    const plain = { market, time, spot, curves };
    const first = { type: 0x20 as const, ...plain, ...signed(reportDigest(this.#config.domain, plain)) };
    if (random.bool(0.3)) return { ...first, earlier: undefined };
    const shown = {
      time: time >= 60n ? time - 60n : 0n,
      spot: pick([spot, 0n]),
      curvesHash: new Uint8Array(32).fill(9),
    };
    const bare = { ...shown, signers: 0, signatures: [] };
    return { ...first, earlier: { ...shown, ...signed(earlierDigest(this.#config.domain, market, bare)) } };
  }

  #fill(
    sold: readonly Position[],
    expiries: readonly (readonly [number, number])[],
    now: bigint,
    size: bigint,
    centre: bigint,
    lots: ReadonlyMap<number, bigint>,
  ): Transaction {
    const { random } = this;
    const pick = <T>(list: readonly T[]): T => list[random.uint(list.length)]!;
    const [market, expiryDay] = pick(expiries);
    const fresh = {
      market,
      expiryDay,
      strike: (centre / 100n + 1n) * 100n > MAX_PRICE ? 100n : (centre / 100n + 1n) * 100n,
    };
    const held = sold.length > 0 && random.bool(0.6) ? pick(sold) : undefined;
    const series =
      held === undefined
        ? { ...fresh, isPut: random.bool(0.5) }
        : {
            market: held.expiry >>> 16,
            expiryDay: held.expiry & 0xffff,
            strike: (held.strike / 100n) * 100n,
            isPut: held.put,
          };
    const lot = lots.get(series.market) ?? 1_000n;
    const quantity = size < lot ? lot : size;
    const limit = pick([100n, centre / 10n, centre, MAX_PRICE]);
    const limitPrice = limit < 100n ? 100n : (limit / 100n) * 100n;
    const makerSells = random.bool(0.4);
    const draft = (account: number, isSell: boolean): Draft => ({
      ...{ account, ...series, isSell, quantity, limitPrice, maxFee: (MAX_PRICE / 100n) * 100n },
      ...{ nonce: 5n, deadline: now + 100n, ...PLAIN, forcible: true, keyIndex: 0, keyEpoch: 0 },
    });
    const signing = { domain: this.#config.domain };
    const terms: Market = { ...UNLISTED, tick: 100n, lot, steps: [100n, 100n, 100n] };
    return {
      ...{ type: 0x10, maker: makerOrder(signing, draft(1, makerSells), terms) },
      ...{ taker: takerOrder(signing, draft(2, !makerSells), terms, limitPrice), lots: quantity / lot },
    };
  }
}
