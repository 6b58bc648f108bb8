import { concat, writeU128, writeU16, writeU32, writeU64 } from "../crypto/bytes.ts";
import type { RiskTerms } from "../market/types.ts";

/** The payloads of the messages that the Bridge and OptionsSettlement send: docs/specification.md, section 3. */

/** What ListMarket says of a market. */
export interface ListedTerms {
  readonly tick: number | bigint;
  readonly lot: bigint;
  readonly steps: readonly [bigint, bigint, bigint];
}

/** Deposit. */
export function depositPayload(account: number, owner: Uint8Array, amount: bigint): Uint8Array {
  const payload = new Uint8Array(40);
  writeU32(payload, 0, account);
  payload.set(owner, 4);
  writeU128(payload, 24, amount);
  return payload;
}

/** ListMarket. */
export function listPayload(market: number, { tick, lot, steps }: ListedTerms): Uint8Array {
  const payload = new Uint8Array(37);
  payload[0] = market;
  writeU32(payload, 1, Number(tick));
  writeU64(payload, 5, lot);
  steps.forEach((step, i) => writeU64(payload, 13 + 8 * i, step));
  return payload;
}

/** Anchor. */
export function anchorPayload(market: number, price: bigint, time: bigint): Uint8Array {
  const payload = new Uint8Array(14);
  payload[0] = market;
  writeU64(payload, 1, price);
  payload[9] = Number(time >> 32n);
  writeU32(payload, 10, Number(time & 0xffffffffn));
  return payload;
}

/** FixPrice. */
export function fixPayload(market: number, day: number, price: bigint): Uint8Array {
  const payload = new Uint8Array(11);
  payload[0] = market;
  writeU16(payload, 1, day);
  writeU64(payload, 3, price);
  return payload;
}

/** SetSigners. */
export function signersPayload(threshold: number, addresses: readonly Uint8Array[]): Uint8Array {
  return concat(Uint8Array.of(threshold), ...addresses);
}

/** SetMarket. */
export function riskPayload(market: number, { minVol, maxVol, bandFloor, exposureMultiple }: RiskTerms): Uint8Array {
  const payload = new Uint8Array(21);
  payload[0] = market;
  writeU32(payload, 1, minVol);
  writeU32(payload, 5, maxVol);
  writeU64(payload, 9, bandFloor);
  writeU32(payload, 17, exposureMultiple);
  return payload;
}
