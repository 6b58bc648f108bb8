import { expect } from "chai";
import { keccak256, TypedDataEncoder } from "ethers";
import fc from "fast-check";
import { fromHex, toHex } from "../../../src/crypto/bytes.ts";
import { chunkCommitment, chunkLevels, chunkRangePath } from "../../../src/machine/ChunkTree.ts";
import { batchLeaf, messageLeaf } from "../../../src/machine/Inputs.ts";
import { machineStateHash } from "../../../src/machine/MachineState.ts";
import { SequenceTree } from "../../../src/machine/SequenceTree.ts";
import {
  cancelAllDigest,
  cancelDigest,
  domainSeparator,
  orderDigest,
  revokeKeyDigest,
  setKeyDigest,
  transferDigest,
  withdrawDigest,
} from "../../../src/machine/TypedData.ts";
import { Random } from "../../../src/market/random.ts";
import { addressNamed } from "../../support/model/Exchange.ts";
import { signedDigest } from "../../support/model/signing.ts";

const hex = (value: bigint | number, bytes: number): string =>
  BigInt(value)
    .toString(16)
    .padStart(2 * bytes, "0");
const hash = (text: string): string => keccak256(`0x${text}`).slice(2);
const bare = (bytes: Uint8Array): string => toHex(bytes).slice(2);
const ZERO = "00".repeat(32);
const leaf = (i: number): Uint8Array => fromHex(`0x${hash(hex(i, 4))}`);

/** The root of a sequence by its definition: all leaves, missing ones zero. */
function naiveRoot(leaves: readonly string[]): string {
  let width = 1;
  while (width < leaves.length) width *= 2;
  let level = Array.from({ length: width }, (_, i) => leaves[i] ?? ZERO);
  while (level.length > 1)
    level = Array.from({ length: level.length / 2 }, (_, i) => hash(`09${level[2 * i]}${level[2 * i + 1]}`));
  return hash(`0a${hex(leaves.length, 8)}${level[0]}`);
}

function rootOfPath(count: number, index: number, node: string, path: readonly Uint8Array[]): string {
  let position = index;
  for (const sibling of path) {
    node = position % 2 === 0 ? hash(`09${node}${bare(sibling)}`) : hash(`09${bare(sibling)}${node}`);
    position = Math.floor(position / 2);
  }
  return hash(`0a${hex(count, 8)}${node}`);
}

describe("sequence tree", () => {
  it("has the root of the definition at every count, and paths that lead to it", () => {
    const tree = new SequenceTree();
    const leaves: string[] = [];
    expect(bare(tree.root())).to.equal(hash(`0a${hex(0, 8)}${ZERO}`));
    for (let i = 0; i < 40; i++) {
      tree.append(leaf(i));
      leaves.push(bare(leaf(i)));
      for (let count = 0; count <= leaves.length; count++) {
        expect(bare(tree.root(count)), `root of ${count} of ${leaves.length}`).to.equal(
          naiveRoot(leaves.slice(0, count)),
        );
      }
      const count = i + 1;
      for (let index = 0; index < count; index++) {
        const path = tree.path(index, count);
        expect(path).to.have.length(Math.ceil(Math.log2(count)));
        expect(rootOfPath(count, index, leaves[index]!, path)).to.equal(bare(tree.root(count)));
      }
    }
  });

  it("forgets what is truncated, and goes on as if it had never been there", () => {
    const random = new Random(2);
    const tree = new SequenceTree();
    let leaves: string[] = [];
    for (let step = 0; step < 200; step++) {
      if (random.bool(0.2)) {
        const count = random.uint(leaves.length + 1);
        tree.truncate(count);
        leaves = leaves.slice(0, count);
      } else {
        const value = leaf(1000 + random.uint(1000));
        tree.append(value);
        leaves.push(bare(value));
      }
      expect(tree.count).to.equal(leaves.length);
      expect(bare(tree.root())).to.equal(naiveRoot(leaves));
      if (leaves.length > 0) {
        const index = random.uint(leaves.length);
        expect(bare(tree.leaf(index))).to.equal(leaves[index]);
        expect(rootOfPath(leaves.length, index, leaves[index]!, tree.path(index))).to.equal(bare(tree.root()));
      }
    }
  });
});

describe("chunk tree", () => {
  /** Folds chunks low to high with a path as section 4 says; the shape follows from the payload's length alone. */
  function verify(length: number, low: number, high: number, chunks: Uint8Array, path: readonly Uint8Array[]): string {
    let nodes: string[] = [];
    for (let i = low; i <= high; i++) {
      const from = (i - low) * 256;
      nodes.push(hash(`07${bare(chunks.slice(from, from + 256))}`));
    }
    let width = Math.ceil(length / 256);
    const rest = path.map(bare);
    while (width > 1) {
      if (low % 2 === 1) nodes.unshift(rest.shift()!);
      if (high % 2 === 0 && high !== width - 1) nodes.push(rest.shift()!);
      const above: string[] = [];
      for (let i = 0; i < nodes.length; i += 2)
        above.push(nodes[i + 1] === undefined ? nodes[i]! : hash(`08${nodes[i]}${nodes[i + 1]}`));
      nodes = above;
      [low, high, width] = [Math.floor(low / 2), Math.floor(high / 2), Math.ceil(width / 2)];
    }
    expect(rest, "the path is used up").to.have.length(0);
    expect(nodes).to.have.length(1);
    return nodes[0]!;
  }

  it("commits to a payload so that every range of chunks can be shown", () => {
    for (const length of [1, 255, 256, 257, 511, 512, 513, 1280, 1281, 1792, 2304, 4097]) {
      const payload = Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
      const levels = chunkLevels(payload);
      const last = Math.ceil(length / 256) - 1;
      for (let low = 0; low <= last; low++) {
        for (let high = low; high <= last; high++) {
          const chunks = payload.slice(low * 256, (high + 1) * 256);
          const top = verify(length, low, high, chunks, chunkRangePath(levels, low, high));
          expect(top, `${length}: ${low} to ${high}`).to.equal(bare(chunkCommitment(levels)));
        }
      }
    }
  });

  it("commits to nothing by zero, and to a changed byte by something else", () => {
    expect(bare(chunkCommitment(chunkLevels(new Uint8Array(0))))).to.equal(ZERO);
    const payload = new Uint8Array(600);
    const commitment = bare(chunkCommitment(chunkLevels(payload)));
    for (const at of [0, 255, 256, 599]) {
      const changed = payload.slice();
      changed[at] = 1;
      expect(bare(chunkCommitment(chunkLevels(changed)))).not.to.equal(commitment);
    }
    expect(bare(chunkCommitment(chunkLevels(new Uint8Array(601))))).not.to.equal(commitment);
  });
});

describe("commitments", () => {
  it("to a machine state, a message and a batch are laid out as the specification says", () => {
    const stateRoot = leaf(1);
    const state = { stateRoot, batch: 2n, message: 3n, offset: 4, items: 5, part: 6, l2Time: 7n };
    expect(bare(machineStateHash(state))).to.equal(
      hash(`04${bare(stateRoot)}${hex(2, 8)}${hex(3, 8)}${hex(4, 4)}${hex(5, 4)}${hex(6, 2)}${hex(7, 8)}`),
    );
    const [sender, payload] = [addressNamed("sender"), Uint8Array.of(1, 2, 3)];
    expect(bare(messageLeaf({ kind: 2, sender, l1Block: 8n, l1Time: 9n, payload }))).to.equal(
      hash(`0502${bare(sender)}${hex(8, 8)}${hex(9, 8)}${hash("010203")}`),
    );
    const record = { dataKind: 1, commitment: leaf(2), length: 10, messagesRead: 11n, l1Time: 12n, l2Time: 13n };
    expect(bare(batchLeaf(record))).to.equal(
      hash(`0601${bare(leaf(2))}${hex(10, 4)}${hex(11, 8)}${hex(12, 8)}${hex(13, 8)}`),
    );
  });
});

describe("typed data", () => {
  const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const u8 = fc.integer({ min: 0, max: 255 });
  const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const address = fc.uint8Array({ minLength: 20, maxLength: 20 });
  const config = { chainId: 11_155_111n, inbox: toHex(addressNamed("an inbox")) };
  const domain = domainSeparator(config.chainId, fromHex(config.inbox));
  const check = <T>(
    arbitrary: fc.Arbitrary<T>,
    name: string,
    ours: (v: T) => Uint8Array,
    theirs: (v: T) => object,
  ): void => {
    it(`${name}: the digest is that of ethers`, () => {
      fc.assert(
        fc.property(arbitrary, (value) => {
          const expected = signedDigest(config, name, theirs(value) as Record<string, unknown>);
          expect(toHex(ours(value))).to.equal(toHex(expected));
        }),
        { numRuns: 60, seed: 29 },
      );
    });
  };

  it("the domain is that of ethers, and another for another chain or deployment", () => {
    const fields = { name: "Tenor", version: "1", chainId: config.chainId, verifyingContract: config.inbox };
    expect(toHex(domain)).to.equal(TypedDataEncoder.hashDomain(fields));
    expect(toHex(domainSeparator(1n, fromHex(config.inbox)))).not.to.equal(toHex(domain));
    expect(toHex(domainSeparator(config.chainId, addressNamed("another")))).not.to.equal(toHex(domain));
  });

  const flag = fc.boolean();
  check(
    fc.record({
      account: u32,
      market: u8,
      expiryDay: fc.integer({ min: 0, max: 65_535 }),
      strike: u64,
      isPut: flag,
      isSell: flag,
      quantity: u64,
      limitPrice: u64,
      maxFee: u64,
      nonce: u64,
      deadline: u64,
      fillOrKill: flag,
      immediateOrCancel: flag,
      postOnly: flag,
      reduceOnly: flag,
      forcible: flag,
      keyIndex: fc.nat({ max: 255 }),
      keyEpoch: u32,
    }),
    "Order",
    (order) => orderDigest(domain, order, order.keyIndex, order.keyEpoch),
    (order) => order,
  );
  check(
    fc.tuple(u32, u64, address, u64, u64),
    "Withdraw",
    (v) => withdrawDigest(domain, ...v),
    ([account, amount, recipient, nonce, deadline]) => ({
      account,
      amount,
      recipient: toHex(recipient),
      nonce,
      deadline,
    }),
  );
  check(
    fc.tuple(u32, u32, u64, u64, u64),
    "Transfer",
    (v) => transferDigest(domain, ...v),
    ([from, to, amount, nonce, deadline]) => ({ from, to, amount, nonce, deadline }),
  );
  check(
    fc.tuple(u32, u8, address, u8, u64, u64, u64, u64),
    "SetKey",
    (v) => setKeyDigest(domain, ...v),
    ([account, index, key, scope, expiry, budget, nonce, deadline]) => ({
      account,
      index,
      key: toHex(key),
      scope,
      expiry,
      budget,
      nonce,
      deadline,
    }),
  );
  check(
    fc.tuple(u32, u8, u64, u64),
    "RevokeKey",
    (v) => revokeKeyDigest(domain, ...v),
    ([account, index, nonce, deadline]) => ({ account, index, nonce, deadline }),
  );
  check(
    fc.tuple(u32, u64, u64),
    "Cancel",
    (v) => cancelDigest(domain, ...v),
    ([account, nonce, deadline]) => ({ account, nonce, deadline }),
  );
  check(
    fc.tuple(u32, u64, u64),
    "CancelAll",
    (v) => cancelAllDigest(domain, ...v),
    ([account, floor, deadline]) => ({ account, floor, deadline }),
  );
});
