import { concat, getBytes, keccak256, toBeHex, type BytesLike } from "ethers";

/**
 * The state tree by its definition (docs/specification.md, section 2.1) and nothing else: a set of keys, whose root and whose
 * witness items are computed from scratch each time. Slow, and independent of `src/` and of the contracts.
 */
export class ReferenceTree {
  readonly #contents = new Map<bigint, string>();

  get keys(): bigint[] {
    return [...this.#contents.keys()];
  }

  get(key: bigint): string | undefined {
    return this.#contents.get(key);
  }

  set(key: bigint, content: string): void {
    this.#contents.set(key, content);
  }

  delete(key: bigint): void {
    this.#contents.delete(key);
  }

  get root(): string {
    return this.#contents.size === 0 ? toBeHex(0, 32) : this.#hash(this.keys);
  }

  /** The witness item that opens `key`. */
  item(key: bigint): string {
    const path: string[] = [];
    let keys = this.keys;
    for (;;) {
      const { bit, prefix } = this.#shape(keys);
      if (keys.length === 0) return concat(["0x00", "0x01"]);
      if (keys.length === 1) {
        const content = this.#contents.get(keys[0]!)!;
        const head = [toBeHex(path.length, 1), ...path];
        if (keys[0] === key) return concat([...head, "0x00", toBeHex(getBytes(content).length, 2), content]);
        return concat([...head, "0x02", toBeHex(keys[0]!, 8), contentHash(content)]);
      }
      const [left, right] = split(keys, bit);
      if (prefixOf(key, bit) !== prefix) {
        const node = [toBeHex(bit, 1), toBeHex(prefix, 8), this.#hash(left), this.#hash(right)];
        return concat([toBeHex(path.length, 1), ...path, "0x03", ...node]);
      }
      const goesRight = bitOf(key, bit) === 1n;
      path.push(concat([toBeHex(bit, 1), this.#hash(goesRight ? left : right)]));
      keys = goesRight ? right : left;
    }
  }

  #hash(keys: readonly bigint[]): string {
    if (keys.length === 1) return leafHash(keys[0]!, contentHash(this.#contents.get(keys[0]!)!));
    const { bit, prefix } = this.#shape(keys);
    const [left, right] = split(keys, bit);
    return innerHash(bit, prefix, this.#hash(left), this.#hash(right));
  }

  #shape(keys: readonly bigint[]): { bit: number; prefix: bigint } {
    let bit = 0;
    while (bit < 64 && keys.every((key) => bitOf(key, bit) === bitOf(keys[0]!, bit))) bit++;
    return { bit, prefix: keys.length === 0 ? 0n : prefixOf(keys[0]!, bit) };
  }
}

/** H(0x03 ‖ content). */
export function contentHash(content: BytesLike): string {
  return keccak256(concat(["0x03", content]));
}

/** H(0x01 ‖ key ‖ content hash). */
export function leafHash(key: bigint, hash: string): string {
  return keccak256(concat(["0x01", toBeHex(key, 8), hash]));
}

/** H(0x02 ‖ bit ‖ prefix ‖ left ‖ right). */
export function innerHash(bit: number, prefix: bigint, left: string, right: string): string {
  return keccak256(concat(["0x02", toBeHex(bit, 1), toBeHex(prefix, 8), left, right]));
}

function bitOf(key: bigint, bit: number): bigint {
  return (key >> BigInt(63 - bit)) & 1n;
}

function prefixOf(key: bigint, bit: number): bigint {
  const low = BigInt(64 - bit);
  return (key >> low) << low;
}

function split(keys: readonly bigint[], bit: number): [bigint[], bigint[]] {
  return [keys.filter((key) => bitOf(key, bit) === 0n), keys.filter((key) => bitOf(key, bit) === 1n)];
}
