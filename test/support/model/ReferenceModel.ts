import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import * as accounts from "./AccountModel.ts";
import { fill } from "./FillModel.ts";
import * as liquidation from "./LiquidationModel.ts";
import { ModelState, type ModelContext } from "./ModelState.ts";
import * as oracle from "./OracleModel.ts";
import * as settlement from "./SettlementModel.ts";
import { refuse } from "./words.ts";

/**
 * The exchange as docs/specification.md says it, a second time: plain maps of plain records, names instead of packed
 * numbers, brute force instead of sweeps. Nothing here comes from the machine but the types of decoded transactions, so
 * that a mistake has to be made twice to go unseen.
 */
export class ReferenceModel extends ModelState {
  /** Executes a decoded transaction; `part` selects the account of a Settle. */
  apply(transaction: Transaction | undefined, context: ModelContext, part = 0): ResultName {
    return this.atomically(() => {
      if (transaction === undefined) refuse("Malformed");
      switch (transaction.type) {
        case 0x01:
          return accounts.withdraw(this, context, transaction);
        case 0x02:
          return accounts.transfer(this, context, transaction);
        case 0x03:
          return accounts.setKey(this, context, transaction);
        case 0x04:
          return accounts.revokeKey(this, context, transaction);
        case 0x05:
          return accounts.cancel(this, context, transaction);
        case 0x06:
          return accounts.cancelAll(this, context, transaction);
        case 0x07:
          return accounts.collectFees(this);
        case 0x08:
          return settlement.settle(this, transaction.market, transaction.day, transaction.accounts[part]!);
        case 0x09:
          return accounts.setMode(this, context, transaction);
        case 0x0a:
          return liquidation.startAuction(this, context, transaction);
        case 0x0b:
          return liquidation.endAuction(this, context, transaction);
        case 0x0c:
          return liquidation.bid(this, context, transaction);
        case 0x0d:
          return liquidation.fundBid(this, context, transaction);
        case 0x0e:
          return liquidation.collectFund(this, context, transaction);
        case 0x10:
          return fill(this, context, transaction);
        case 0x20:
          return oracle.oracleReport(this, context, transaction);
      }
    });
  }

  /** Executes a message that is not a Forced one. */
  applyMessage(kind: number, sender: string, payload: Uint8Array): ResultName {
    return this.atomically(() => {
      switch (kind) {
        case 1:
          return accounts.deposit(this, sender, payload);
        case 3:
          return settlement.listMarket(this, sender, payload);
        case 4:
          return settlement.anchor(this, sender, payload);
        case 5:
          return settlement.fixPrice(this, sender, payload);
        case 6:
          return oracle.setSigners(this, sender, payload);
        case 7:
          return oracle.setMarket(this, sender, payload);
        default:
          return refuse("UnknownKind");
      }
    });
  }
}
