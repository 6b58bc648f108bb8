import { expect } from "chai";
import { EMPTY_EXPIRY, expiryKey } from "../../../src/machine/Slots.ts";
import { remove, set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { OpenExpiries } from "../../../src/roles/OpenExpiries.ts";

function withExpiry(root: TreeRoot, market: number, day: number, shorts: number, price = 0n): TreeRoot {
  return set(root, expiryKey((market << 16) | day), { ...EMPTY_EXPIRY, shorts, price });
}

describe("open expiries", () => {
  it("are those that somebody is short in and that have no price, ascending, in whatever order states come", () => {
    const open = new OpenExpiries();
    const none = withExpiry(undefined, 1, 20_000, 0);
    const traded = withExpiry(withExpiry(none, 255, 65_535, 3), 2, 20_001, 1);
    const both = [
      { market: 2, day: 20_001 },
      { market: 255, day: 65_535 },
    ];
    expect(open.follow(undefined)).to.deep.equal([]);
    expect(open.follow(none)).to.deep.equal([]);
    expect(open.follow(traded)).to.deep.equal(both);
    expect(open.follow(withExpiry(traded, 2, 20_001, 1, 5n))).to.deep.equal(both.slice(1));
    expect(open.follow(traded), "a reorganisation").to.deep.equal(both);
    expect(open.follow(withExpiry(traded, 2, 20_001, 0)), "closed before the expiry").to.deep.equal(both.slice(1));
    expect(open.follow(remove(none, expiryKey((1 << 16) | 20_000)))).to.deep.equal([]);
  });
});
