import { get, remove, rootHash, set, witnessItem, type SlotKey, type TreeRoot } from "./StateTree.ts";
import {
  accountKey,
  claimKey,
  EMPTY_EXPIRY,
  expiryKey,
  GLOBALS_KEY,
  keyKey,
  marketKey,
  orderKey,
  SIGNERS_KEY,
  withdrawalKey,
  type Account,
  type Claim,
  type Expiry,
  type Globals,
  type Key,
  type Market,
  type Order,
  type Signers,
  type Withdrawal,
} from "./Slots.ts";

/**
 * The state as one step sees it: slots are opened one after another, changed and written. With recording on, every open
 * appends its witness item against the root of that moment, so the witness comes from the very run that it proves.
 */
export class State {
  /** The current snapshot; assigning an earlier one undoes what came after it. */
  root: TreeRoot;
  #witness: Uint8Array[] | undefined;
  readonly #markets = new Map<number, Market | undefined>();
  readonly #expiries = new Map<number, Expiry>();

  constructor(root: TreeRoot) {
    this.root = root;
  }

  /** Starts a step: forgets the markets and expiries peeked so far, and records a witness if `record`. */
  begin(record: boolean): void {
    this.#witness = record ? [] : undefined;
    if (this.#markets.size > 0) this.#markets.clear();
    if (this.#expiries.size > 0) this.#expiries.clear();
  }

  /** The witness items recorded since {@link begin}, in the order in which the slots were opened. */
  witness(): readonly Uint8Array[] {
    return this.#witness ?? [];
  }

  /** The hash of the state. */
  hash(): Uint8Array {
    return rootHash(this.root);
  }

  openAccount(account: number): Account | undefined {
    return this.#open(accountKey(account)) as Account | undefined;
  }

  writeAccount(account: number, value: Account): void {
    this.root = set(this.root, accountKey(account), value);
  }

  openOrder(account: number, nonce: bigint): Order | undefined {
    return this.#open(orderKey(account, nonce)) as Order | undefined;
  }

  writeOrder(account: number, value: Order): void {
    this.root = set(this.root, orderKey(account, value.nonce), value);
  }

  openKey(account: number, index: number): Key | undefined {
    return this.#open(keyKey(account, index)) as Key | undefined;
  }

  writeKey(account: number, index: number, value: Key): void {
    this.root = set(this.root, keyKey(account, index), value);
  }

  openMarket(market: number): Market | undefined {
    return this.#open(marketKey(market)) as Market | undefined;
  }

  /** Opens a market to read it; a market that this step has peeked already is not opened again. */
  peekMarket(market: number): Market | undefined {
    if (this.#markets.has(market)) return this.#markets.get(market);
    const value = this.openMarket(market);
    this.#markets.set(market, value);
    return value;
  }

  writeMarket(market: number, value: Market): void {
    this.root = set(this.root, marketKey(market), value);
  }

  openExpiry(expiry: number): Expiry {
    return (this.#open(expiryKey(expiry)) as Expiry | undefined) ?? EMPTY_EXPIRY;
  }

  /** Opens an expiry to read it; one that this step has peeked already is not opened again. */
  peekExpiry(expiry: number): Expiry {
    const known = this.#expiries.get(expiry);
    if (known !== undefined) return known;
    const value = this.openExpiry(expiry);
    this.#expiries.set(expiry, value);
    return value;
  }

  writeExpiry(expiry: number, value: Expiry): void {
    this.root = set(this.root, expiryKey(expiry), value);
  }

  openClaim(expiry: number, account: number): Claim | undefined {
    return this.#open(claimKey(expiry, account)) as Claim | undefined;
  }

  writeClaim(expiry: number, account: number, value: Claim): void {
    this.root = set(this.root, claimKey(expiry, account), value);
  }

  removeClaim(expiry: number, account: number): void {
    this.root = remove(this.root, claimKey(expiry, account));
  }

  /** Opens the slot of a new withdrawal, which is absent, and writes it. */
  insertWithdrawal(number: bigint, value: Withdrawal): void {
    this.#open(withdrawalKey(number));
    this.root = set(this.root, withdrawalKey(number), value);
  }

  openGlobals(): Globals {
    return this.#open(GLOBALS_KEY) as Globals;
  }

  writeGlobals(value: Globals): void {
    this.root = set(this.root, GLOBALS_KEY, value);
  }

  openSigners(): Signers | undefined {
    return this.#open(SIGNERS_KEY) as Signers | undefined;
  }

  writeSigners(value: Signers): void {
    this.root = set(this.root, SIGNERS_KEY, value);
  }

  #open(key: SlotKey): ReturnType<typeof get> {
    this.#witness?.push(witnessItem(this.root, key));
    return get(this.root, key);
  }
}
