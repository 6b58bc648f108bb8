import type { DisputeReport } from "./fraud/dispute.ts";

/** The closing table. */
export interface DemoReport {
  readonly source: string;
  readonly brokenRows: number;
  readonly orders: number;
  readonly fills: number;
  readonly rejected: number;
  readonly rejectedBy: Readonly<Record<string, number>>;
  readonly batches: number;
  readonly messages: number;
  /** Bytes of fills with their orders, for each fill. */
  readonly bytesPerFill: number;
  /** All bytes of appendBatch transactions, for each fill. */
  readonly bytesPerFillAllIn: number;
  readonly bytesPerNewOrder: number;
  readonly bytesPerFillRecord: number;
  readonly expiriesSettled: number;
  /** Open interest at the end by market, contracts. */
  readonly openInterest: Readonly<Record<string, number>>;
  /** What of it is short on standard margin, contracts. */
  readonly exposure: Readonly<Record<string, number>>;
  /** Accounts with positions on standard margin, and what they need and have, USDC. */
  readonly standardAccounts: number;
  readonly standardMargin: MarginInUsdc;
  /** The same of the other accounts; their two requirements are one. */
  readonly collateralisedMargin: MarginInUsdc;
  /** What holders of expired options were paid, and what the fund has, USDC. */
  readonly payouts: number;
  readonly fund: number;
  /** Steps of liquidations in batches. */
  readonly liquidation: Readonly<Record<string, number>>;
  /** Reports that the oracle made, those refused by reason, those in batches, and their bytes. */
  readonly reportsMade: number;
  readonly reportsRefused: Readonly<Record<string, number>>;
  readonly reportsPosted: number;
  readonly reportBytes: number;
  /** How often conservation was checked to the unit: after every batch, and between them. */
  readonly conservationChecks: number;
  /** Terms of invariant 1 in 1e-6 USDC, recomputed from L1 by the second node. */
  readonly conservation: Readonly<Record<string, string>>;
  /** Median gas by operation. */
  readonly gas: Readonly<Record<string, number>>;
  /** Gas of all batches for each fill. */
  readonly batchGasPerFill: number;
  /** Fills for each second that the replay took, with signing, matching, journal and L1. */
  readonly fillsPerSecond: number;
  /** Steps a second of the second node, signatures included. */
  readonly stepsPerSecond: number;
  readonly steps: number;
  readonly judgedSteps: number;
  readonly stateRoot: string;
  readonly rebuiltStateRoot: string;
  readonly withdrawalsPaid: number;
  readonly withdrawalPaid: boolean;
  /** Seconds of chain time from the last batch to the payment. */
  readonly exitSeconds: number;
  /** The fraud and its end; undefined without one. */
  readonly dispute: DisputeReport | undefined;
  readonly seconds: number;
}

/** Cash and requirements, USDC. */
export interface MarginInUsdc {
  readonly cash: number;
  readonly initial: number;
  readonly maintenance: number;
}
