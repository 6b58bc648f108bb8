/**
 * What the machine says of a message or a transaction. Every code but `OK` leaves the state root unchanged. The numbers are
 * those of docs/specification.md, section 7.
 */
export const ResultCode = {
  OK: 0,
  Malformed: 1,
  UnknownKind: 2,
  WrongSender: 3,
  AccountUnknown: 4,
  OwnerMismatch: 5,
  NotOwner: 6,
  BadSignature: 7,
  Expired: 8,
  NonceOutOfWindow: 9,
  NonceUsed: 10,
  NonceRetired: 11,
  OrderUnknown: 12,
  KeyInvalid: 13,
  BudgetExceeded: 14,
  AccountInDebt: 15,
  InsufficientCash: 16,
  InsufficientMargin: 17,
  AmountZero: 18,
  MarketUnknown: 19,
  MarketExists: 20,
  MarketInvalid: 21,
  SeriesOffGrid: 22,
  SeriesMismatch: 23,
  SideMismatch: 24,
  SeriesExpired: 25,
  PriceFixed: 26,
  PriceNotFixed: 27,
  PriceInvalid: 28,
  AnchorMissing: 29,
  AnchorStale: 30,
  AnchorOutdated: 31,
  QuantityInvalid: 32,
  Overfill: 33,
  LimitViolated: 34,
  FillOrKillViolated: 35,
  PostOnlyTakes: 36,
  ImmediateRests: 37,
  ReduceOnlyGrows: 38,
  SelfTrade: 39,
  FeeAboveMaximum: 40,
  PositionCap: 41,
  ExpiryCap: 42,
  PositionLimit: 43,
  NotForcible: 44,
  FloorInvalid: 45,
  NothingToSettle: 46,
  ClaimNotReady: 47,
  NothingToCollect: 48,
  ModeInvalid: 49,
  OracleUnset: 50,
  SignersInvalid: 51,
  ReportEarly: 52,
  ReportLate: 53,
  ReportOutdated: 54,
  ReportJumps: 55,
  ReportOffAnchor: 56,
  ReportInvalid: 57,
  PriceOutsideBand: 58,
  BelowMaintenance: 59,
  ExposureCap: 60,
  NotLiquidatable: 61,
  AuctionRunning: 62,
  AuctionMissing: 63,
  MarksStale: 64,
  BidAboveLimit: 65,
  FundNotDue: 66,
  BidTooSmall: 67,
} as const;

/** The name of a result code. */
export type ResultName = keyof typeof ResultCode;
/** The number of a result code. */
export type ResultCode = (typeof ResultCode)[ResultName];

const names = Object.keys(ResultCode) as ResultName[];

/** The name of code number `code`. */
export function resultName(code: ResultCode): ResultName {
  return names[code]!;
}
