import { runSeed } from "../../support/random.ts";
import { expect } from "chai";
import fc from "fast-check";
import { OrderBook, OrderBookError, type BookOrder } from "../../../src/sequencer/OrderBook.ts";

const SERIES = 7n;

function bookOrder(
  id: number,
  sell: boolean,
  price: bigint,
  remaining: bigint,
  change: Partial<BookOrder> = {},
): BookOrder {
  return { id, account: id, nonce: 0n, series: SERIES, sell, price, remaining, deadline: 100n, ...change };
}

/** What a book must do, in the plainest way: one list, sorted when somebody looks. */
class PlainBook {
  orders: BookOrder[] = [];

  side(sell: boolean): BookOrder[] {
    const better = (a: BookOrder, b: BookOrder): number => Number(sell ? a.price - b.price : b.price - a.price);
    return this.orders.filter((order) => order.sell === sell).sort((a, b) => better(a, b) || a.id - b.id);
  }
}

type Action =
  | { readonly do: "submit"; readonly sell: boolean; readonly price: number; readonly quantity: number }
  | { readonly do: "cancel"; readonly pick: number }
  | { readonly do: "expire"; readonly now: number };

const actions: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant("submit" as const),
        sell: fc.boolean(),
        price: fc.integer({ min: 1, max: 8 }),
        quantity: fc.integer({ min: 1, max: 9 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel" as const), pick: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("expire" as const), now: fc.integer({ min: 95, max: 110 }) }) },
  ),
  { maxLength: 120 },
);

describe("OrderBook", () => {
  it("agrees with a plain list: price-time priority, never crossed, no quantity made or lost", () => {
    const seed = runSeed();
    fc.assert(
      fc.property(actions, (script) => {
        const book = new OrderBook();
        const plain = new PlainBook();
        let [id, submitted, traded, removed] = [0, 0n, 0n, 0n];
        for (const action of script) {
          if (action.do === "submit") {
            const deadline = BigInt(95 + (id % 15));
            const taker = bookOrder(++id, action.sell, BigInt(action.price), BigInt(action.quantity), { deadline });
            submitted += taker.remaining;
            for (;;) {
              const maker = taker.remaining > 0n ? book.firstAgainst(taker) : undefined;
              const expected = plain.side(!taker.sell)[0];
              const crosses =
                expected !== undefined &&
                taker.remaining > 0n &&
                (taker.sell ? expected.price >= taker.price : expected.price <= taker.price);
              expect(maker?.id).to.equal(crosses ? expected.id : undefined);
              if (maker === undefined) break;
              const quantity = maker.remaining < taker.remaining ? maker.remaining : taker.remaining;
              book.reduce(maker, quantity);
              taker.remaining -= quantity;
              traded += 2n * quantity;
              if (maker.remaining === 0n) plain.orders = plain.orders.filter((order) => order !== maker);
            }
            if (taker.remaining > 0n) {
              book.add(taker);
              plain.orders.push(taker);
            }
          } else if (action.do === "cancel" && plain.orders.length > 0) {
            const order = plain.orders[action.pick % plain.orders.length]!;
            book.remove(order);
            removed += order.remaining;
            plain.orders = plain.orders.filter((other) => other !== order);
          } else if (action.do === "expire") {
            const late = plain.orders.filter((order) => order.deadline < BigInt(action.now));
            expect(book.expire(BigInt(action.now)).map((order) => order.id)).to.have.members(
              late.map((order) => order.id),
            );
            removed += late.reduce((sum, order) => sum + order.remaining, 0n);
            plain.orders = plain.orders.filter((order) => !late.includes(order));
          }
          const [bid, ask] = [book.best(SERIES, false), book.best(SERIES, true)];
          expect(bid?.id).to.equal(plain.side(false)[0]?.id);
          expect(ask?.id).to.equal(plain.side(true)[0]?.id);
          if (bid !== undefined && ask !== undefined) expect(bid.price < ask.price, "book is crossed").to.equal(true);
          const resting = [...book.orders()].reduce((sum, order) => sum + order.remaining, 0n);
          expect(submitted).to.equal(resting + traded + removed);
          expect(book.size).to.equal(plain.orders.length);
        }
      }),
      { seed, numRuns: 300 },
    );
  });

  it("keeps series apart and shows their depth, best price first", () => {
    const book = new OrderBook();
    book.add(bookOrder(1, true, 12n, 1n));
    book.add(bookOrder(2, true, 11n, 2n));
    book.add(bookOrder(3, true, 11n, 3n));
    book.add(bookOrder(4, false, 10n, 4n));
    book.add(bookOrder(5, false, 20n, 5n, { series: 8n }));
    expect(book.depth(SERIES)).to.deep.equal({
      asks: [
        { price: 11n, quantity: 5n, orders: 2 },
        { price: 12n, quantity: 1n, orders: 1 },
      ],
      bids: [{ price: 10n, quantity: 4n, orders: 1 }],
    });
    expect(book.best(8n, false)?.id).to.equal(5);
    expect(book.best(9n, false)).to.equal(undefined);
  });

  it("has one live order for each slot of an account's ring", () => {
    const book = new OrderBook();
    book.add(bookOrder(1, true, 12n, 1n, { account: 9, nonce: 5n }));
    expect(book.get(9, 5n)?.id).to.equal(1);
    expect(book.get(9, 1029n)).to.equal(undefined);
    expect(book.inSlot(9, 1029n)?.id).to.equal(1);
    const again = bookOrder(2, true, 12n, 1n, { account: 9, nonce: 1029n });
    expect(() => book.add(again))
      .to.throw(OrderBookError)
      .with.property("code", "BOOK_DUPLICATE");
  });

  it("refuses what would break it", () => {
    const book = new OrderBook();
    const ask = bookOrder(1, true, 10n, 2n);
    book.add(ask);
    const codes: [() => void, string][] = [
      [() => book.add(bookOrder(2, false, 10n, 1n)), "BOOK_CROSSED"],
      [() => book.add(bookOrder(2, false, 9n, 0n)), "BOOK_QUANTITY"],
      [() => book.reduce(ask, 3n), "BOOK_QUANTITY"],
      [() => book.reduce(ask, 0n), "BOOK_QUANTITY"],
      [() => book.remove(bookOrder(3, true, 10n, 1n)), "BOOK_UNKNOWN_ORDER"],
      [() => book.remove(bookOrder(3, false, 10n, 1n, { series: 99n })), "BOOK_UNKNOWN_ORDER"],
    ];
    for (const [action, code] of codes) expect(action).to.throw(OrderBookError).with.property("code", code);
    expect(book.size).to.equal(1);
  });

  it("takes out the series of a day, and everything", () => {
    const book = new OrderBook();
    const series = (day: bigint): bigint => (1n << 56n) | (day << 40n);
    book.add(bookOrder(1, true, 10n, 2n, { series: series(5n) }));
    book.add(bookOrder(2, false, 9n, 2n, { series: series(5n) }));
    book.add(bookOrder(3, true, 10n, 2n, { series: series(6n) }));
    expect(book.closeDays((day) => day === 5).map((order) => order.id)).to.have.members([1, 2]);
    expect([...book.orders()].map((order) => order.id)).to.deep.equal([3]);
    book.clear();
    expect(book.size).to.equal(0);
    expect(book.ofAccount(3)).to.deep.equal([]);
  });
});
