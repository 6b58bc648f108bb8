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

/** Lots are multiples of this, 1e-6 contract, and ticks multiples of LEAST_TICK, 1e-4 USD: so every premium is exact. */
export const LEAST_LOT = 1000n;
export const LEAST_TICK = 100n;
/** Lowest and highest spots are kept for spans of this many seconds; orders' deadlines that are multiples of it are shorter on the wire. */
export const MINUTE = 60n;
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
/** The insurance fund takes over positions in FUND_ACCOUNTS accounts, of which this is the first. They exist from genesis. */
export const FUND_ACCOUNT = 0xfffffff0;
export const FUND_ACCOUNTS = 16;
/** What the fund takes over with one bid has a maintenance requirement of at least this, 1e-6 USDC: dust must not fill its accounts. */
export const FUND_LEAST = 1_000_000_000n;

/** An account whose requirement is its largest loss at expiry. */
export const MODE_COLLATERALISED = 0;
/** An account whose requirement is a risk charge on marks. */
export const MODE_STANDARD = 1;

/** Rates, ratios and factors are parts of this many. */
export const BASIS = 10_000n;

/** Most oracle signers. */
export const MAX_SIGNERS = 16;
/** Most curves of one report. */
export const MAX_CURVES = 16;
/** An older spot is stale, in seconds. */
export const SPOT_MAX_AGE = 120n;
/** An older curve is stale. */
export const CURVE_MAX_AGE = 1_800n;
/** No auction starts and nobody bids on an older spot. */
export const LIQUIDATION_MAX_AGE = 900n;
/** An older report is refused. */
export const REPORT_MAX_AGE = 120n;
/** Largest move of the spot within a rolling minute that needs no confirmation, in BASIS. */
export const JUMP = 1_500n;
/** Least and largest distance in time of the two reports of a confirmed jump. */
export const CONFIRM_AFTER = 60n;
export const CONFIRM_WITHIN = 600n;
/** Largest distance of a spot from an anchor that is at most ANCHOR_BOUND_AGE old, in BASIS of the anchor. */
export const ANCHOR_BOUND = 1_000n;
export const ANCHOR_BOUND_AGE = 3_600n;
/** Largest distance of a forward from the spot of its report, in BASIS of the spot: this and FORWARD_RATE for each year to the expiry. */
export const FORWARD_BASE = 100n;
export const FORWARD_RATE = 4_000n;

/** Charge on the forward for a short, less what it is out of the money, in BASIS. */
export const RISK_OTM = 1_500n;
/** Floor of that charge. */
export const RISK_INITIAL = 1_300n;
/** Charge on the forward, and for puts on the mark, of the maintenance requirement. */
export const RISK_MAINTENANCE = 900n;
/** A short put's initial charge is at least PUT_INITIAL / PUT_MAINTENANCE of its maintenance charge. */
export const PUT_INITIAL = 105n;
export const PUT_MAINTENANCE = 100n;
/** Price band: part of the mark, and of forward · |delta|, in BASIS. */
export const BAND_MARK = 3_000n;
export const BAND_DELTA = 300n;

/** What a session key's budget allows a mark to have moved in each second of its age, in 1e-6 of forward · |delta|. */
export const KEY_DRIFT = 50n;

/** Factor of the value at which an auction begins, and which it has after AUCTION_STEEP seconds, in BASIS. */
export const FACTOR_START = 9_500n;
export const FACTOR_STEEP = 7_000n;
export const AUCTION_STEEP = 900n;
/** From then on the factor is zero and the fund may bid. */
export const AUCTION_DUE = 3_600n;
/** An auction lapses after this long and has to be started again. */
export const AUCTION_LENGTH = 7_200n;
/** Percent of the risk that an auction restores beyond maintenance. */
export const AUCTION_BUFFER = 15n;
/** A whole account, as a fraction in a bid. */
export const FRACTION = 10n ** 9n;
/** One bid of the fund is backed by at most one part in FUND_BID of it, rounded down. */
export const FUND_BID = 4n;

/** Bounds of a market's least and largest volatility, in 1e-6. */
export const MIN_VOL = 10_000n;
export const MAX_VOL = 10_000_000n;
/** Volatilities of a market's parameters times this are 1e18 fixed point. */
export const VOL_UNIT = 10n ** 12n;
/** Parameters of a curve times this are 1e18 fixed point. */
export const CURVE_UNIT = 10n ** 6n;
/** Largest ratio of a market's exposure to the fund. */
export const MAX_EXPOSURE_MULTIPLE = 1_000n;
