import type { Protection } from "../sequencer/MakerProtection.ts";
import { amountText } from "./decimals.ts";
import { dateName, type Instruments } from "./Instruments.ts";
import type { MmpConfigWire } from "./wire.ts";

/** A maker's limits, and what has come of them. */
export function protectionToWire(
  { account, scope, limits, frozen }: Protection,
  instruments: Instruments,
): MmpConfigWire {
  return {
    account,
    index_name: instruments.indexOf(scope.market) ?? "",
    ...(scope.day === undefined ? {} : { expiry: dateName(scope.day) }),
    interval: Number(limits.interval),
    frozen_time: Number(limits.frozenTime),
    ...(limits.quantityLimit === undefined ? {} : { quantity_limit: amountText(limits.quantityLimit) }),
    ...(limits.deltaLimit === undefined ? {} : { delta_limit: amountText(limits.deltaLimit) }),
    is_frozen: frozen !== undefined,
    frozen_until: frozen === undefined ? null : Number(frozen.until ?? 0n) * 1_000,
  };
}
