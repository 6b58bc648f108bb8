/** Bounds and rates of the machine. Units, meaning and reasons: docs/specification.md, section 1. */

/** Largest price, in 1e-4 USD: 39 bits, as in a series. */
export const MAX_PRICE = (1n << 39n) - 1n;
/** Largest quantity of an order or a position, in 1e-6 contract. */
export const MAX_QUANTITY = 10n ** 15n;
/** Largest amount of one deposit, withdrawal or transfer, in 1e-6 USDC. */
export const MAX_AMOUNT = (1n << 64n) - 1n;
/** Largest nonce. */
export const MAX_NONCE = (1n << 63n) - 1n;
/** Largest time, in seconds: 40 bits. */
export const MAX_TIME = 2n ** 40n - 1n;
/** Positions of one account. */
export const MAX_POSITIONS = 64;
/** Distinct (market, expiry) of one account's positions. */
export const MAX_EXPIRIES = 8;
/** Order slots of one account; nonce n uses slot n mod RING. */
export const RING = 1024;
/** A nonce n is valid while floor <= n < floor + NONCE_WINDOW, so that a thief cannot exhaust the numbers. */
export const NONCE_WINDOW = 1n << 30n;
/** Session keys of one account have the indices 1 to MAX_KEYS; index 0 stands for the owner. */
export const MAX_KEYS = 4;
/** Bytes of one item or of one message's payload. */
export const MAX_ITEM = 4096;
/** Accounts in one Settle transaction. */
export const MAX_SETTLE = 32;
/** A batch of n bytes has at most n / BYTES_PER_ITEM item steps, rounded up. */
export const BYTES_PER_ITEM = 64;
/** Bytes of one chunk of a calldata payload. */
export const CHUNK = 256;

export const DAY = 86_400n;
/** Expiries are at 08:00 UTC. */
export const EXPIRY_HOUR = 28_800n;
/** Latest expiry at which a position may open or grow. */
export const MAX_TENOR = 400n * DAY;
/** Series up to this tenor lie on the first strike step. */
export const SHORT_TENOR = 8n * DAY;
/** Series up to this tenor lie on the second strike step, later ones on the third. */
export const MEDIUM_TENOR = 40n * DAY;
/** An anchor older than this refuses new short calls. */
export const ANCHOR_MAX_AGE = 1n * DAY;
/** Short calls are scanned at this multiple of the anchor. */
export const CEILING = 3n;
/** Longest remaining life of an immediate-or-cancel order when it fills. */
export const IOC_WINDOW = 120n;

/** Quantities on the wire are in units of 1e-3 contract. */
export const WIRE_QUANTITY = 1000n;
/** Maximum fees on the wire are in cents per contract. */
export const WIRE_FEE = 100n;
/** price · quantity is in 1e-10 USDC; divided by this it is cash, in 1e-6 USDC. */
export const PRICE_TO_CASH = 10_000n;

/** 0.03 % of the underlying: 1e-15 USDC for each 1e-10 USD. */
export const TAKER_FEE = 30n;
/** 0.01 % of the underlying: 1e-15 USDC for each 1e-10 USD. */
export const MAKER_FEE = 10n;
/** A fee is at most 12.5 % of the premium: 1e-15 USDC for each 1e-10 USDC. */
export const PREMIUM_CAP = 12_500n;
/** Accrued fees, in 1e-15 USDC, divided by this are cash. */
export const FEE_TO_CASH = 1_000_000_000n;
/** price · quantity, in 1e-10 USDC, times this is in 1e-15 USDC. */
export const PRICE_TO_FEE = 100_000n;
/** One part in FUND_SHARE of every fee goes to the insurance fund, rounded down. */
export const FUND_SHARE = 5n;
/** One expiry may draw at most one part in FUND_DRAW of the fund, rounded down. */
export const FUND_DRAW = 2n;
/** The account that collects the other fees. It exists from genesis. */
export const FEE_ACCOUNT = 0;
