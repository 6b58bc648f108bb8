import { expect } from "chai";
import { AbiCoder, ParamType } from "ethers";
import { toHex } from "../../src/crypto/bytes.ts";
import { encodeArguments } from "../support/parity/encodeArguments.ts";
import { Random } from "../support/random.ts";

const LEAVES = ["uint8", "uint16", "uint64", "uint256", "int64", "bool", "address", "bytes32", "bytes"];
/** The worst that a value may be deep. */
const DEPTH = 4;

describe("the encoding in which the judge gets its evidence", () => {
  it("is that of ethers, for tuples, arrays and bytes however nested", () => {
    const random = new Random(5);
    for (let i = 0; i < 200; i++) {
      const types = Array.from({ length: random.integer(1, 4) }, (_, at) =>
        ParamType.from(typeText(random, DEPTH, `v${at}`)),
      );
      const values = types.map((type) => valueOf(random, type));
      const expected = AbiCoder.defaultAbiCoder().encode(types, values);
      expect(toHex(encodeArguments(types, values)), types.map((type) => type.format()).join()).to.equal(expected);
    }
  });

  it("refuses what it does not know, and words of the wrong length", () => {
    const refused: [string, unknown][] = [
      ["uint8[2]", [1, 2]],
      ["string", "text"],
      ["bytes32", new Uint8Array(31)],
      ["uint8", 256],
    ];
    for (const [type, value] of refused) {
      expect(() => encodeArguments([ParamType.from(type)], [value]), type).to.throw(TypeError);
    }
  });
});

function typeText(random: Random, depth: number, name: string): string {
  const form = depth === 0 ? 0 : random.integer(0, 3);
  if (form === 1) return `${typeText(random, depth - 1, "")}[] ${name}`;
  if (form > 1) {
    const fields = Array.from({ length: random.integer(1, 4) }, (_, i) => typeText(random, depth - 1, `f${i}`));
    return `tuple(${fields.join(", ")}) ${name}`;
  }
  return `${random.pick(LEAVES)} ${name}`;
}

/** Some as text and some as bytes, some tuples by name and some by place, small numbers and large ones. */
function valueOf(random: Random, type: ParamType): unknown {
  if (type.isArray()) return Array.from({ length: random.integer(0, 4) }, () => valueOf(random, type.arrayChildren));
  if (type.isTuple()) {
    const values = type.components.map((one) => [one.name, valueOf(random, one)] as const);
    return random.chance(0.5) ? Object.fromEntries(values) : values.map(([, value]) => value);
  }
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.integer(0, 255));
  const either = (value: Uint8Array): unknown => (random.chance(0.5) ? value : toHex(value));
  if (type.type === "bool") return random.chance(0.5);
  if (type.type === "address") return toHex(bytes(20));
  if (type.type === "bytes32") return either(bytes(32));
  if (type.type === "bytes") return either(bytes(random.integer(0, 100)));
  if (type.type === "int64") return -BigInt(random.integer(0, 1000));
  const small = random.integer(0, 255);
  return type.type === "uint256" && random.chance(0.5) ? 2n ** 255n + BigInt(small) : small;
}
