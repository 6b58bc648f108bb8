import { expect } from "chai";
import fc from "fast-check";
import { KIND_WITHDRAWAL, type Slot, type SlotKey } from "../../../src/machine/Slots.ts";
import { changes, get, remove, set, slots, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { dayOf, expiryOf, packSeries } from "../../../src/machine/Positions.ts";
import { BookFeed } from "../../../src/rpc/BookFeed.ts";
import { Channels } from "../../../src/rpc/Channels.ts";
import { decimalText, parseUnits, wadText } from "../../../src/rpc/decimals.ts";
import { HistoryStore, type StoredTrade } from "../../../src/rpc/HistoryStore.ts";
import { dateName, dayOfName, Instruments } from "../../../src/rpc/Instruments.ts";
import { Labels } from "../../../src/rpc/Labels.ts";
import { refusalError } from "../../../src/rpc/RpcContext.ts";
import { RpcError } from "../../../src/rpc/RpcError.ts";
import { JsonNumber, readJson } from "../../../src/rpc/readJson.ts";
import { Session } from "../../../src/rpc/Session.ts";
import { MakerProtection } from "../../../src/sequencer/MakerProtection.ts";
import { runSeed } from "../../support/random.ts";
import { random } from "../../support/sequencer.ts";

const INSTRUMENTS = new Instruments(
  new Map([
    [1, "ETH"],
    [200, "BTC"],
  ]),
);

describe("instrument names", () => {
  const NAMES: readonly (readonly [name: string, market: number, date: string, strike: bigint, isPut: boolean])[] = [
    ["ETH-26APR19-160-C", 1, "2019-04-26", 1_600_000n, false],
    ["BTC-1JAN25-100000-P", 200, "2025-01-01", 1_000_000_000n, true],
    ["ETH-29FEB24-0d5-C", 1, "2024-02-29", 5_000n, false],
    ["ETH-31DEC99-2d0625-P", 1, "2099-12-31", 20_625n, true],
  ];

  for (const [name, market, date, strike, isPut] of NAMES) {
    it(`${name} names one series, and the series that name`, () => {
      const day = Date.parse(date) / 86_400_000;
      const instrument = INSTRUMENTS.parse(name);
      expect(instrument).to.deep.include({ name, market, day, strike, isPut });
      expect(instrument.series).to.equal(packSeries(market, day, strike, isPut));
      expect(INSTRUMENTS.describe(instrument.series)).to.deep.equal(instrument);
    });
  }

  for (const name of [
    "",
    "ETH",
    "eth-26APR19-160-C",
    "ETH-26apr19-160-C",
    "ETH-026APR19-160-C",
    "ETH-0APR19-160-C",
    "ETH-31APR19-160-C",
    "ETH-29FEB23-160-C",
    "ETH-26APR19-0160-C",
    "ETH-26APR19-160d0-C",
    "ETH-26APR19-160d00001-C",
    "ETH-26APR19-160.5-C",
    "ETH-26APR19--160-C",
    "ETH-26APR19-160-X",
    "ETH-26APR19-160-C ",
    "ETH-26XXX19-160-C",
    "SOL-26APR19-160-C",
    "ETH-26APR19-99999999999999999999-C",
  ]) {
    it(`"${name}" names nothing`, () => {
      expect(() => INSTRUMENTS.parse(name))
        .to.throw()
        .with.property("code", "INSTRUMENT_NOT_FOUND");
    });
  }

  it("any series in range goes there and back", () => {
    const series = fc.record({
      market: fc.constantFrom(1, 200),
      day: fc.integer({ min: 10_957, max: 47_481 }),
      strike: fc.bigInt({ min: 1n, max: (1n << 39n) - 1n }),
      isPut: fc.boolean(),
    });
    fc.assert(
      fc.property(series, ({ market, day, strike, isPut }) => {
        const packed = packSeries(market, day, strike, isPut);
        const { name } = INSTRUMENTS.describe(packed)!;
        expect(INSTRUMENTS.parse(name).series).to.equal(packed);
        expect(dayOfName(dateName(dayOf(expiryOf(packed))))).to.equal(day);
      }),
    );
  });

  it("says nothing of a market without a name, and refuses names that are equal or none", () => {
    expect(INSTRUMENTS.describe(packSeries(2, 20_000, 1n, false))).to.equal(undefined);
    for (const names of [
      ["ETH", "ETH"],
      ["eth", "BTC"],
    ]) {
      expect(() => new Instruments(new Map(names.map((name, i) => [i, name])))).to.throw();
    }
  });
});

describe("decimals", () => {
  it("go there and back exactly", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 17n }), fc.integer({ min: 0, max: 8 }), (value, decimals) => {
        expect(parseUnits(decimalText(value, decimals), decimals)).to.equal(value);
      }),
    );
    expect(decimalText(-1_500n, 4)).to.equal("-0.15");
    expect(wadText(123_456_789_123_456_789n)).to.equal("0.12345678");
  });

  it("of JSON keep their text: integers are numbers, everything else is as it was written", () => {
    const value = readJson(
      '{"a":1,"b":0.1,"c":1e3,"d":12345678901234567890,"e":"0.1","f":-0,"g":[1.50]}',
      () => undefined,
    );
    expect(value).to.deep.equal({
      a: 1,
      b: new JsonNumber("0.1"),
      c: new JsonNumber("1e3"),
      d: new JsonNumber("12345678901234567890"),
      e: "0.1",
      f: 0 * -1,
      g: [new JsonNumber("1.50")],
    });
  });

  it("JSON's size is counted outside of strings, before anything is built", () => {
    const sizeOf = (text: string): unknown => {
      let found: unknown;
      expect(readJson(text, (size) => (found = size))).to.deep.equal(JSON.parse(text));
      return found;
    };
    expect(sizeOf('{"[[[[":"}]]\\"[[,[["}')).to.deep.equal({ depth: 1, values: 2 });
    expect(sizeOf("[[1,2],{}]")).to.deep.equal({ depth: 2, values: 6 });
    expect(() =>
      readJson("no JSON", () => {
        throw new RpcError("JSON_TOO_DEEP", "stop");
      }),
    )
      .to.throw()
      .with.property("code", "JSON_TOO_DEEP");
  });
});

describe("the difference of two states", () => {
  it("is exactly the slots in which they differ, whatever was written and removed", function () {
    const seed = runSeed();
    this.test!.title += ` (TENOR_SEED=${seed})`;
    const pick = random(seed);
    const key = (): SlotKey => ({ hi: (pick(3) << 24) >>> 0, lo: pick(40) << pick(3) });
    const slot = (n: number): Slot => ({
      kind: KIND_WITHDRAWAL,
      account: n,
      recipient: new Uint8Array(20),
      amount: 1n,
    });
    const table = (root: TreeRoot): Map<string, Slot> =>
      new Map([...slots(root)].map(({ key: { hi, lo }, slot: found }) => [`${hi}:${lo}`, found]));
    let before: TreeRoot;
    for (let round = 0; round < 200; round++) {
      let after = pick(10) === 0 ? undefined : before;
      for (let i = pick(12); i > 0; i--) {
        const where = key();
        if (pick(3) > 0) after = set(after, where, slot(round * 100 + i));
        else if (get(after, where) !== undefined) after = remove(after, where);
      }
      const [old, now] = [table(before), table(after)];
      const expected = new Map<string, readonly [Slot | undefined, Slot | undefined]>();
      for (const name of new Set([...old.keys(), ...now.keys()])) {
        if (old.get(name) !== now.get(name)) expected.set(name, [old.get(name), now.get(name)]);
      }
      const found = [...changes(before, after)].map(
        ({ key: { hi, lo }, before: was, after: is }) => [`${hi}:${lo}`, [was, is]] as const,
      );
      expect(found).to.have.length(expected.size);
      expect(new Map(found)).to.deep.equal(expected);
      before = after;
    }
  });
});

describe("the history", () => {
  const trade = (item: number, change: Partial<StoredTrade> = {}): Omit<StoredTrade, "seq"> => ({
    ...{ item, series: packSeries(200, 20_000, 10_000n, false), time: BigInt(item), price: 100n, quantity: 10n },
    ...{ indexPrice: 1n, markPrice: 0n, isTakerSell: false, isCross: false, isDropped: false },
    ...{ makerAccount: 1, takerAccount: 0xfffffff0, makerOrder: 1, takerOrder: 2, makerFee: 0n, takerFee: undefined },
    ...change,
  });

  it("keeps trades once, counts them by series without a gap, and forgets the oldest", () => {
    const history = new HistoryStore(":memory:", 100);
    expect(history.addTrade(trade(1))).to.include({ seq: 1 });
    expect(history.addTrade(trade(1))).to.equal(undefined);
    for (let item = 2; item <= 250; item++) expect(history.addTrade(trade(item))?.seq).to.equal(item);
    const other = packSeries(1, 20_000, 10_000n, true);
    expect(history.addTrade(trade(251, { series: other }))).to.include({ seq: 1 });
    const { series } = trade(0);
    const all = history.trades({ series }, 1_000);
    expect(all.length).to.be.within(99, 101);
    expect(all[0]).to.deep.equal({ ...trade(250), seq: 250 });
    expect(history.trades({ series, fromSeq: 249 }, 10).map(({ seq }) => seq)).to.deep.equal([249, 250]);
    expect(history.trades({ account: 1, market: 200, before: 250 }, 1)[0]?.item).to.equal(249);
    history.close();
  });

  it("shows a dropped trade to its sides alone, and leaves it out of what was traded", () => {
    const history = new HistoryStore(":memory:", 100);
    const { series } = trade(0);
    history.addTrade(trade(1, { price: 300n }));
    history.addTrade(trade(2, { price: 200n, quantity: 5n }));
    expect(history.volumes(0n).get(series)).to.deep.equal({ series, volume: 15n, high: 300n, low: 200n });
    expect(history.dropTrade(1)).to.include({ isDropped: true });
    expect(history.dropTrade(9)).to.equal(undefined);
    expect(history.trades({ series }, 10)).to.have.length(1);
    expect(history.trades({ account: 0xfffffff0 }, 10)).to.have.length(2);
    expect(history.volumes(0n).get(series)).to.deep.equal({ series, volume: 5n, high: 200n, low: 200n });
    history.addTrade(trade(3, { price: 250n, time: 59n }));
    expect(history.volumes(59n).get(series)).to.deep.equal({ series, volume: 15n, high: 250n, low: 200n });
    history.addTrade(trade(4, { price: 100n, time: 60n }));
    expect(history.volumes(0n).get(series)).to.deep.equal({ series, volume: 25n, high: 250n, low: 100n });
    expect(history.volumes(60n).get(series)).to.deep.equal({ series, volume: 10n, high: 100n, low: 100n });
    expect(history.volumes(120n).size).to.equal(0);
    history.close();
  });

  it("takes back a transaction that fails, and names a file that it can't use", () => {
    const history = new HistoryStore(":memory:", 100);
    expect(() =>
      history.transact(() => {
        history.addTrade(trade(1));
        throw new RangeError("stop");
      }),
    ).to.throw("stop");
    expect(history.trade(1)).to.equal(undefined);
    history.close();
    expect(() => new HistoryStore("/nowhere/history.sqlite", 1))
      .to.throw()
      .with.property("code", "HISTORY_UNUSABLE");
  });
});

describe("channels", () => {
  it("count each subscriber's notifications from 1, and begin with where things stand", () => {
    const channels = new Channels(10);
    const always = (): boolean => true;
    const texts: string[] = [];
    const session = new Session({ mayAsk: () => true, notify: (text) => texts.push(text) });
    expect(
      channels.add(
        session,
        new Map([
          ["a", always],
          ["b", always],
        ]),
      ),
    ).to.deep.equal(["a", "b"]);
    expect(channels.add(session, new Map([["a", always]]))).to.deep.equal([]);
    channels.publish("a", "too early");
    channels.begin(session, "a", "now");
    channels.begin(session, "a", "twice");
    channels.begin(session, "b", undefined);
    channels.publish("a", "then");
    channels.publish("b", "first");
    const heard = texts.map((text) => (JSON.parse(text) as { params: unknown }).params);
    expect(heard).to.deep.equal([
      { channel: "a", sequence: 1, data: "now" },
      { channel: "a", sequence: 2, data: "then" },
      { channel: "b", sequence: 1, data: "first" },
    ]);
    session.close();
    expect([channels.has("a"), channels.has("b")]).to.deep.equal([false, false]);
    channels.publish("a", "nobody");
    expect(texts).to.have.length(3);
  });

  it("tell levels of a book that came, changed and went, each change naming the one before", () => {
    const books = new BookFeed();
    const level = (price: bigint, quantity: bigint) => ({ price, quantity, orders: 1 });
    expect(books.change(1n, "x", { bids: [], asks: [] }, 0)).to.equal(undefined);
    const first = books.snapshot(1n, "x", { bids: [level(10_000n, 1_000_000n), level(9_000n, 1n)], asks: [] }, 0);
    expect(first.bids).to.deep.equal([
      ["new", "1", "1"],
      ["new", "0.9", "0.000001"],
    ]);
    const now = { bids: [level(10_000n, 2_000_000n)], asks: [level(20_000n, 1n)] };
    const second = books.change(1n, "x", now, 0)!;
    expect(second).to.deep.include({ type: "change", prev_change_id: first.change_id });
    expect(second.bids).to.deep.equal([
      ["delete", "0.9", "0"],
      ["change", "1", "2"],
    ]);
    expect(second.asks).to.deep.equal([["new", "2", "0.000001"]]);
    expect(books.change(1n, "x", now, 0)).to.equal(undefined);
    books.keepOnly(() => false);
    expect([...books.series]).to.deep.equal([]);
  });

  it("labels of orders that are forgotten go, those of others stay", () => {
    const labels = new Labels((order) => order % 2 === 0);
    for (let order = 1; order <= 2_000; order++) labels.set(order, `label ${order}`);
    expect([labels.of(2), labels.of(1), labels.of(9_999)]).to.deep.equal(["label 2", "", ""]);
  });
});

describe("refusals of the sequencer", () => {
  it("say what is at fault, and when it is worth another try", () => {
    const full = refusalError({ reason: "TooManyWithdrawn", until: 1_800_000_000n });
    expect([full.code, full.fields]).to.deep.equal(["REFUSED", { reason: "TooManyWithdrawn", until: 1_800_000_000 }]);
    const wide = refusalError({ reason: "NotRepresentable", field: "nonce" });
    expect([wide.code, wide.fields]).to.deep.equal(["REFUSED", { reason: "NotRepresentable", field: "nonce" }]);
  });
});

describe("maker protection", () => {
  const EXPIRY = (1 << 16) | 20_003;
  const LIMITS = { interval: 10n, frozenTime: 5n, quantityLimit: 100n };
  const noDelta = (): bigint => expect.fail("nobody asked for delta");

  it("adds up within an interval that begins with a fill, and forgets what was before", () => {
    const protection = new MakerProtection();
    protection.set(1, { market: 1 }, LIMITS);
    protection.now = 100n;
    expect(protection.count(1, EXPIRY, 99n, noDelta)).to.deep.equal([]);
    protection.now = 110n;
    expect(protection.count(1, EXPIRY, 99n, noDelta)).to.deep.equal([]);
    protection.now = 119n;
    expect(protection.count(2, EXPIRY, 99n, noDelta)).to.deep.equal([]);
    expect(protection.count(1, EXPIRY, 1n, noDelta)).to.have.length(1);
    expect(protection.isFrozen(1, EXPIRY)).to.equal(true);
    expect(protection.isFrozen(1, EXPIRY + 0x10000)).to.equal(false);
    protection.now = 123n;
    expect(protection.isFrozen(1, EXPIRY)).to.equal(true);
    protection.now = 124n;
    expect(protection.isFrozen(1, EXPIRY)).to.equal(false);
    expect(protection.of(1)).to.deep.equal([{ account: 1, scope: { market: 1 }, limits: LIMITS, frozen: undefined }]);
  });

  it("nets delta, and counts an expiry's limits apart from the market's", () => {
    const protection = new MakerProtection();
    protection.set(1, { market: 1, day: 20_003 }, { interval: 10n, frozenTime: 0n, deltaLimit: 50n });
    const count = (delta: bigint, expiry = EXPIRY): number => protection.count(1, expiry, 1_000n, () => delta).length;
    expect([count(40n), count(-80n), count(60n), count(200n, EXPIRY + 1)]).to.deep.equal([0, 0, 0, 0]);
    expect(count(-80n)).to.equal(1);
    protection.now = 10n ** 9n;
    expect(protection.isFrozen(1, EXPIRY)).to.equal(true);
    expect(protection.reset(1, { market: 1 })).to.equal(false);
    expect(protection.reset(1, { market: 1, day: 20_003 })).to.equal(true);
    expect(protection.isFrozen(1, EXPIRY)).to.equal(false);
    expect(protection.clear(1, { market: 1, day: 20_003 })).to.equal(true);
    expect(protection.of(1)).to.deep.equal([]);
  });
});
