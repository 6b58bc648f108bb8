import { parseDecimal } from "../market/decimal.ts";

/** Decimal places of prices (1e-4 USD), of amounts (1e-6 contract) and of money (1e-6 USDC): docs/specification.md, section 1. */
export const PRICE_DECIMALS = 4;
export const AMOUNT_DECIMALS = 6;
const CASH_DECIMALS = 6;
/** Decimal places of what the pricing computes in 1e18 fixed point. */
const WAD_DECIMALS = 18;
/** Those of them that are shown. */
const SHOWN_DECIMALS = 8;

/** An integer count of 10^-`decimals` as a plain decimal without trailing zeros: exact. */
export function decimalText(value: bigint, decimals: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** A price in USD. */
export function priceText(value: bigint): string {
  return decimalText(value, PRICE_DECIMALS);
}

/** A price in USD, or null where there is none. */
export function priceTextOrNull(value: bigint | undefined): string | null {
  return value === undefined ? null : priceText(value);
}

/** An amount of contracts. */
export function amountText(value: bigint): string {
  return decimalText(value, AMOUNT_DECIMALS);
}

/** Money in USDC. */
export function cashText(value: bigint): string {
  return decimalText(value, CASH_DECIMALS);
}

/** A value in 1e18 fixed point, cut off after eight places. */
export function wadText(value: bigint): string {
  return decimalText(value / 10n ** BigInt(WAD_DECIMALS - SHOWN_DECIMALS), SHOWN_DECIMALS);
}

/**
 * A plain unsigned decimal as an integer count of 10^-`decimals`, exactly.
 *
 * @returns undefined where the text is none, or has digits that don't count.
 */
export function parseUnits(text: string, decimals: number): bigint | undefined {
  return parseDecimal(text, decimals);
}
