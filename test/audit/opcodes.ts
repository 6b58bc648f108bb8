/** Reads deployed bytecode as the EVM does. */

const PUSH0 = 0x5f;
const PUSH32 = 0x7f;

/** Instructions that an audit asks for, by their byte. */
export const OPCODES = {
  CREATE: 0xf0,
  CALL: 0xf1,
  CALLCODE: 0xf2,
  DELEGATECALL: 0xf4,
  CREATE2: 0xf5,
  STATICCALL: 0xfa,
  SELFDESTRUCT: 0xff,
  SLOAD: 0x54,
  SSTORE: 0x55,
  TLOAD: 0x5c,
  TSTORE: 0x5d,
  EXTCODECOPY: 0x3c,
  ORIGIN: 0x32,
} as const;

/** One of {@link OPCODES}. */
export type Opcode = keyof typeof OPCODES;

/**
 * How often each instruction stands in a contract's code, without the data of PUSHes and without the metadata at the end, whose
 * length is in the last two bytes.
 *
 * The compiler puts code before data, so what is read as an instruction is one, except behind the end of the code, where data could
 * be taken for one: the count is never too low.
 */
export function countOpcodes(code: Uint8Array): ReadonlyMap<number, number> {
  const metadata = code.length < 2 ? 0 : code[code.length - 2]! * 256 + code[code.length - 1]! + 2;
  const end = code.length - (isMetadata(code, metadata) ? metadata : 0);
  const counts = new Map<number, number>();
  for (let at = 0; at < end;) {
    const opcode = code[at]!;
    counts.set(opcode, (counts.get(opcode) ?? 0) + 1);
    at += opcode > PUSH0 && opcode <= PUSH32 ? opcode - PUSH0 + 1 : 1;
  }
  return counts;
}

/** Whether the last `length` bytes are a CBOR map that names the compiler. */
function isMetadata(code: Uint8Array, length: number): boolean {
  const start = code.length - length;
  if (start < 0 || (code[start]! & 0xe0) !== 0xa0) return false;
  return Buffer.from(code.subarray(start)).includes("solc");
}
