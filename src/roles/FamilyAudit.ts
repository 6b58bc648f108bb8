import { toHex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import type { ChainSource, L1Block } from "../l1/L1Source.ts";

/** What an audit refuses. */
export type FamilyAuditErrorCode =
  /** The contract counts what the endpoint's events do not have. */
  "EVENTS_WITHHELD";

/** Events are missing. */
export class FamilyAuditError extends TenorError<FamilyAuditErrorCode> {
  override readonly name = "FamilyAuditError";
}

/** An assertion whose family is not decided, with the children that were read. */
export interface Family {
  readonly parent: { readonly created: { readonly id: Uint8Array } };
  readonly children: readonly { readonly confirmed: boolean }[];
}

/** Families that are looked at in each turn, besides the first and the last. */
const EACH_TURN = 14;

/**
 * Holds the assertions that were read against what the contract counts. Their events have no numbers, so nothing else shows that an
 * endpoint has left one out, and a wrong assertion that nobody sees wins.
 */
export class FamilyAudit {
  readonly #chain: ChainSource;
  #turn = 0;

  constructor(chain: ChainSource) {
    this.#chain = chain;
  }

  /**
   * Looks at the first and the last family and at some between, which take turns: there may be hundreds, and minutes do not matter.
   *
   * @param families From the last confirmed assertion on.
   * @throws {@link FamilyAuditError} `EVENTS_WITHHELD`; or what the source throws.
   */
  async requireWhole(families: readonly Family[], head: L1Block): Promise<void> {
    const between = families.slice(1, -1);
    const start = between.length === 0 ? 0 : (this.#turn++ * EACH_TURN) % between.length;
    const turns = [...between, ...between].slice(start, start + Math.min(EACH_TURN, between.length));
    for (const family of new Set([...families.slice(0, 1), ...families.slice(-1), ...turns])) {
      await this.#requireWhole(family, head);
    }
  }

  async #requireWhole({ parent, children }: Family, { number: block }: L1Block): Promise<void> {
    const { id } = parent.created;
    const { childCount, hasConfirmedChild } = await this.#chain.assertionRecord(id, block);
    const isConfirmed = children.some((child) => child.confirmed);
    if (childCount === children.length && hasConfirmedChild === isConfirmed) return;
    throw new FamilyAuditError("EVENTS_WITHHELD", "the chain has assertions or confirmations that no event told of", {
      fields: { parent: toHex(id), block, children: children.length, childCount, isConfirmed, hasConfirmedChild },
    });
  }
}
