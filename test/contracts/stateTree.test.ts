import { expect } from "chai";
import { concat, getBytes, hexlify, toBeHex } from "ethers";
import type { StateTreeHarness } from "../../typechain/index.ts";
import { Random, runSeed } from "../support/random.ts";
import { contentHash, innerHash, leafHash, ReferenceTree } from "../support/referenceTree.ts";
import { connect } from "../support/baseChain.ts";

const { ethers } = await connect();

const PEEK = 0n;
const WRITE = 1n;
const REMOVE = 2n;
const ZERO_ROOT = toBeHex(0, 32);

interface Operation {
  key: bigint;
  change: bigint;
  content: string;
}

const peek = (key: bigint): Operation => ({ key, change: PEEK, content: "0x" });
const write = (key: bigint, content: string): Operation => ({ key, change: WRITE, content });
const remove = (key: bigint): Operation => ({ key, change: REMOVE, content: "0x" });

describe("StateTree: slots opened, changed and proven absent", () => {
  let harness: StateTreeHarness;

  before(async () => {
    harness = await ethers.deployContract("StateTreeHarness");
  });

  /** The keys of a tree that has inner nodes at bits 0, 8, 62 and 63. */
  function sample(): ReferenceTree {
    const tree = new ReferenceTree();
    tree.set(0x0100000000000001n, "0xaa");
    tree.set(0x0100000000000002n, "0xbbbb");
    tree.set(0x0100000000000003n, "0xcc");
    tree.set(0x0180000000000003n, "0x");
    tree.set(0x8000000000000000n, "0xdd");
    return tree;
  }

  it("agrees with the definition on random runs of peeks, insertions, updates and deletions", async () => {
    const seed = runSeed();
    const random = new Random(seed);
    const tree = new ReferenceTree();
    // Keys with long common prefixes as well as short ones.
    const newKey = (): bigint => {
      const low = BigInt(random.integer(0, 2 ** random.integer(0, 30)));
      return random.chance(0.5) ? low << BigInt(random.integer(0, 33)) : (1n << 63n) | low;
    };
    for (let round = 0; round < 40; round++) {
      const before = tree.root;
      const operations: Operation[] = [];
      const items: string[] = [];
      const expected: (string | undefined)[] = [];
      for (let i = 0; i < 12; i++) {
        const known = tree.keys;
        const key = known.length > 0 && random.chance(0.6) ? random.pick(known) : newKey();
        const held = tree.get(key);
        items.push(tree.item(key));
        expected.push(held);
        if (random.chance(0.25)) {
          operations.push(peek(key));
        } else if (held !== undefined && random.chance(0.5)) {
          operations.push(remove(key));
          tree.delete(key);
        } else {
          const content = hexlify(Uint8Array.from({ length: random.integer(0, 90) }, () => random.integer(0, 255)));
          operations.push(write(key, content));
          tree.set(key, content);
        }
      }
      const [root, found, contents] = await harness.runTree(before, concat(items), operations);
      const where = `seed ${seed}, round ${round}`;
      expect(root, where).to.equal(tree.root);
      expect([...found], where).to.deep.equal(expected.map((content) => content !== undefined));
      expect([...contents], where).to.deep.equal(expected.map((content) => content ?? "0x"));
    }
  });

  it("takes out the last slot, which leaves the empty root, and starts again from it", async () => {
    const tree = new ReferenceTree();
    tree.set(7n, "0x11");
    const [empty] = await harness.runTree(tree.root, tree.item(7n), [remove(7n)]);
    expect(empty).to.equal(ZERO_ROOT);
    const [full] = await harness.runTree(ZERO_ROOT, "0x0001", [write(7n, "0x11")]);
    expect(full).to.equal(tree.root);
  });

  it("handles paths of 64 elements", async () => {
    const key = 0xa5a5a5a5a5a5a5a5n;
    const tree = new ReferenceTree();
    tree.set(key, "0x01");
    for (let bit = 0n; bit < 64n; bit++) tree.set(key ^ (1n << bit), toBeHex(bit, 1));
    expect(getBytes(tree.item(key))[0]).to.equal(64);
    const [root] = await harness.runTree(tree.root, tree.item(key), [write(key, "0x02")]);
    const without = await harness.runTree(tree.root, tree.item(key), [remove(key)]);
    tree.set(key, "0x02");
    expect(root).to.equal(tree.root);
    tree.delete(key);
    expect(without[0]).to.equal(tree.root);
  });

  it("refuses a change through a handle that another change has outdated", async () => {
    const tree = sample();
    const key = 0x0100000000000002n;
    const items = concat([tree.item(key), tree.item(key)]);
    await expect(harness.writeTwice(tree.root, items, key, "0x99")).to.be.revertedWithCustomError(
      harness,
      "SlotOutdated",
    );
  });

  describe("refuses evidence with", () => {
    const key = 0x0100000000000002n;
    const absent = 0x0100000000000004n;
    const aside = 0x4000000000000000n;

    /** Splits an item into its path elements and what follows. */
    function parts(item: string): { elements: string[]; body: string } {
      const bytes = getBytes(item);
      const elements = Array.from({ length: bytes[0]! }, (_, i) => hexlify(bytes.slice(1 + 33 * i, 34 + 33 * i)));
      return { elements, body: hexlify(bytes.slice(1 + 33 * bytes[0]!)) };
    }
    const join = (elements: readonly string[], body: string): string =>
      concat([toBeHex(elements.length, 1), ...elements, body]);
    const withByte = (item: string, at: number, value: number): string => {
      const bytes = getBytes(item);
      bytes[at < 0 ? bytes.length + at : at] = value;
      return hexlify(bytes);
    };

    const table: { name: string; error: string; key?: bigint; item: (tree: ReferenceTree) => string; root?: string }[] =
      [
        { name: "no item at all", error: "WitnessTooShort", item: () => "0x" },
        {
          name: "a path that is cut off",
          error: "WitnessTooShort",
          item: (tree) => tree.item(key).slice(0, 2 + 2 * 40),
        },
        { name: "no form", error: "WitnessTooShort", item: (tree) => join(parts(tree.item(key)).elements, "0x") },
        { name: "content that is cut off", error: "WitnessTooShort", item: (tree) => tree.item(key).slice(0, -2) },
        {
          name: "another leaf that is cut off",
          error: "WitnessTooShort",
          key: absent ^ 6n,
          item: (tree) => tree.item(absent ^ 6n).slice(0, -2),
        },
        {
          name: "another node that is cut off",
          error: "WitnessTooShort",
          key: aside,
          item: (tree) => tree.item(aside).slice(0, -2),
        },
        {
          name: "bytes behind the last item",
          error: "WitnessNotUsedUp",
          item: (tree) => concat([tree.item(key), "0x00"]),
        },
        {
          name: "an unknown form",
          error: "WitnessFormUnknown",
          item: (tree) => join(parts(tree.item(key)).elements, "0x04"),
        },
        { name: "forged content", error: "WitnessRootMismatch", item: (tree) => withByte(tree.item(key), -1, 0xba) },
        { name: "a forged sibling", error: "WitnessRootMismatch", item: (tree) => withByte(tree.item(key), 5, 0xba) },
        { name: "a forged bit", error: "WitnessRootMismatch", item: (tree) => withByte(tree.item(key), 1, 3) },
        { name: "another slot's item", error: "WitnessRootMismatch", item: (tree) => tree.item(0x0100000000000003n) },
        {
          name: "a path that is turned around",
          error: "WitnessBitInvalid",
          item: (tree) => {
            const { elements, body } = parts(tree.item(key));
            return join([...elements].reverse(), body);
          },
        },
        {
          name: "a bit that stands twice",
          error: "WitnessBitInvalid",
          item: (tree) => {
            const { elements, body } = parts(tree.item(key));
            return join([elements[0]!, ...elements], body);
          },
        },
        {
          name: "a bit of 64",
          error: "WitnessBitInvalid",
          item: (tree) => {
            const { elements, body } = parts(tree.item(key));
            return join([...elements, concat(["0x40", toBeHex(1, 32)])], body);
          },
        },
        { name: "an empty tree that is not", error: "WitnessRootMismatch", item: () => "0x0001" },
        {
          name: "an empty tree with a path",
          error: "WitnessBitInvalid",
          item: (tree) => join(parts(tree.item(key)).elements, "0x01"),
        },
        {
          name: "the slot itself as another leaf",
          error: "WitnessBitInvalid",
          item: (tree) => {
            const { elements } = parts(tree.item(key));
            return join(elements, concat(["0x02", toBeHex(key, 8), contentHash(tree.get(key)!)]));
          },
        },
        {
          name: "another leaf that parts from the key above the end of the path",
          error: "WitnessBitInvalid",
          item: (tree) => {
            const { elements } = parts(tree.item(key));
            return join(elements, concat(["0x02", toBeHex(0x8000000000000000n, 8), contentHash("0xdd")]));
          },
        },
        {
          name: "a node on the key's own way as one of another prefix",
          error: "WitnessBitInvalid",
          item: () => {
            const left = leafHash(0n, contentHash("0x"));
            return concat(["0x00", "0x03", "0x01", toBeHex(0n, 8), left, left]);
          },
        },
        {
          name: "a node whose prefix has bits below its own",
          error: "WitnessPrefixInvalid",
          key: aside,
          item: () => concat(["0x00", "0x03", "0x08", toBeHex(0x0101000000000000n, 8), ZERO_ROOT, ZERO_ROOT]),
        },
        {
          name: "a node at bit 64",
          error: "WitnessBitInvalid",
          key: aside,
          item: () => concat(["0x00", "0x03", "0x40", toBeHex(0x0101000000000000n, 8), ZERO_ROOT, ZERO_ROOT]),
        },
        {
          name: "a node at another bit than its own",
          error: "WitnessRootMismatch",
          key: aside,
          item: (tree) => {
            const { elements, body } = parts(tree.item(aside));
            return join(elements, withByte(body, 1, getBytes(body)[1]! + 1));
          },
        },
        {
          name: "an inner node's children as a leaf",
          error: "WitnessRootMismatch",
          key: aside,
          root: innerHash(1, 0n, leafHash(1n, contentHash("0x")), leafHash(aside, contentHash("0x"))),
          item: () => concat(["0x00", "0x02", toBeHex(1n, 8), contentHash("0x")]),
        },
      ];

    for (const { name, error, key: opened = key, item, root } of table) {
      it(name, async () => {
        const tree = sample();
        const call = harness.runTree(root ?? tree.root, item(tree), [peek(opened)]);
        await expect(call).to.be.revertedWithCustomError(harness, error);
      });
    }

    it("nothing wrong, which it accepts", async () => {
      const tree = sample();
      const keys = [key, absent, aside, absent ^ 6n];
      for (const opened of keys) await harness.runTree(tree.root, tree.item(opened), [peek(opened)]);
    });

    it("an absent slot to be taken out", async () => {
      const tree = sample();
      const call = harness.runTree(tree.root, tree.item(absent), [remove(absent)]);
      await expect(call).to.be.revertedWithCustomError(harness, "SlotAbsent");
    });
  });
});
