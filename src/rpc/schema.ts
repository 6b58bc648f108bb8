import { z } from "zod";
import { fromHex } from "../crypto/bytes.ts";
import { MAX_KEYS, MAX_NONCE, MAX_TIME } from "../machine/Constants.ts";
import { AMOUNT_DECIMALS, PRICE_DECIMALS, parseUnits } from "./decimals.ts";
import { JsonNumber } from "./readJson.ts";

/** The building blocks of parameters. Whatever is outside of them is `INVALID_PARAMS`. */

/** A decimal as a string or a number, as an integer count of 10^-`decimals`: no digit is lost, and none beyond them is accepted. */
function decimal(decimals: number): z.ZodEffects<z.ZodUnion<[z.ZodString, z.ZodNumber]>, bigint> {
  const text = z.preprocess(
    (value) => (value instanceof JsonNumber ? value.text : value),
    z.union([z.string().max(40), z.number()]),
  ) as unknown as z.ZodUnion<[z.ZodString, z.ZodNumber]>;
  return text.transform((value, context) => {
    const units = parseUnits(String(value), decimals);
    if (units !== undefined) return units;
    context.addIssue({ code: "custom", message: `not a plain decimal of at most ${decimals} places` });
    return z.NEVER;
  });
}

/** A whole number as a string or a safe integer, at most `max`. */
function integer(max: bigint): z.ZodEffects<z.ZodUnion<[z.ZodString, z.ZodNumber]>, bigint> {
  return z
    .union([z.string().regex(/^(0|[1-9]\d{0,19})$/), z.number().int().nonnegative()])
    .transform((value, context) => {
      const units = BigInt(value);
      if (units <= max) return units;
      context.addIssue({ code: "custom", message: `above ${String(max)}` });
      return z.NEVER;
    });
}

/** So many bytes as 0x and hexadecimal digits. */
function bytes(length: number): z.ZodEffects<z.ZodString, Uint8Array> {
  return z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * length}}$`))
    .transform((hex) => fromHex(hex, length));
}

export const price = decimal(PRICE_DECIMALS);
export const amount = decimal(AMOUNT_DECIMALS);
export const nonce = integer(MAX_NONCE);
/** Seconds. */
export const seconds = integer(MAX_TIME);
export const signature = bytes(64);
export const hash = bytes(32);
export const account = z.number().int().min(0).max(0xffffffff);
export const keyIndex = z.number().int().min(0).max(MAX_KEYS);
export const keyEpoch = z.number().int().min(0).max(0xffffffff);
export const instrumentName = z.string().max(40);
export const currency = z.string().max(10);
export const indexName = z.string().max(20);
export const label = z.string().max(64);
export const orderId = z.string().regex(/^[1-9]\d{0,15}$/);
export const count = z.number().int().min(1).max(1_000);
/** Bytes of a transaction of docs/specification.md, section 3, of which none is longer than one item. */
export const transaction = z
  .string()
  .max(2 + 2 * 512)
  .regex(/^0x(?:[0-9a-fA-F]{2})+$/)
  .transform((hex) => fromHex(hex));
