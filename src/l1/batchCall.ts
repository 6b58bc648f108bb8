import { dataLength, dataSlice, toBigInt } from "ethers";
import { fromHex, type Hex } from "../crypto/bytes.ts";
import { L1Error } from "./L1Error.ts";

const SELECTOR = 4;
const WORD = 32;
/** Which argument of `appendBatch` is the payload. */
const PAYLOAD_ARGUMENT = 3;

/** Whether calldata calls the function with that selector. */
export function isCallOf(selector: string, data: Hex): boolean {
  return dataLength(data) >= SELECTOR && dataSlice(data, 0, SELECTOR).toLowerCase() === selector.toLowerCase();
}

/**
 * The payload of a call of `appendBatch`, read as the contract reads it.
 *
 * INVARIANT: whatever calldata the inbox has taken is read, and gives the bytes that it has committed to: the payload may stand at any
 * offset, end with the calldata in the middle of a word, and be followed by anything. Libraries for the ABI ask for more, and a node
 * that stopped where L1 goes on would leave the rollup without defenders.
 *
 * @throws {@link L1Error} `INCONSISTENT` if the contract would not have taken it either.
 */
export function payloadOfCall(data: Hex): Uint8Array {
  const size = dataLength(data);
  const wordAt = (at: number): number => {
    if (!Number.isSafeInteger(at) || at + WORD > size) throw notTaken();
    const value = toBigInt(dataSlice(data, at, at + WORD));
    if (value > BigInt(size)) throw notTaken();
    return Number(value);
  };
  const start = SELECTOR + wordAt(SELECTOR + PAYLOAD_ARGUMENT * WORD);
  const length = wordAt(start);
  const end = start + WORD + length;
  if (end > size) throw notTaken();
  return fromHex(dataSlice(data, start + WORD, end));
}

function notTaken(): L1Error {
  return new L1Error("INCONSISTENT", "a batch's calldata has no payload, so the inbox can't have taken it");
}
