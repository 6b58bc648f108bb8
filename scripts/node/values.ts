import { InvalidArgumentError } from "commander";
import type { Hex } from "../../src/crypto/bytes.ts";

/** An address. */
export function address(value: string): Hex {
  if (/^0x[0-9a-fA-F]{40}$/.test(value)) return value as Hex;
  throw new InvalidArgumentError("expected an address: 0x and 40 hexadecimal digits");
}
