import { toHex } from "../../../src/crypto/bytes.ts";
import type { OwnerAuth, Transaction } from "../../../src/machine/Wire.ts";
import type { Random } from "../../../src/market/random.ts";
import { depositPayload } from "../../../src/replay/payloads.ts";
import { fakeSigner, USD, type Deployment, type Signer } from "./Exchange.ts";
import { FIRST_FUND_ACCOUNT, type ModelState } from "./ModelState.ts";
import { signedDigest } from "./signing.ts";

/** Something that happens to the exchange. */
export type Action =
  | { readonly kind: "message"; readonly message: number; readonly sender: Uint8Array; readonly payload: Uint8Array }
  | { readonly kind: "transaction"; readonly tx: Transaction; readonly sender: Uint8Array | undefined };

/** The markets of the flow; `usd` is where prices begin and are drawn back to. */
export const MARKETS = [
  { id: 1, tick: 100, lot: 1000n, steps: [10n * USD, 50n * USD, 100n * USD] as const, usd: 2000 },
  { id: 2, tick: 500, lot: 20_000n, steps: [5n * USD, 10n * USD, 20n * USD] as const, usd: 150 },
];
/** Accounts 0 to 8; the fee account trades too. */
export const ACCOUNTS = 9;

/** Who acts, and how the parts of an action are drawn: mostly right, now and then wrong in one place. */
export class FlowBase {
  protected readonly random: Random;
  protected readonly model: ModelState;
  protected readonly deployment: Deployment;
  protected readonly owners: readonly Signer[];
  protected readonly keys: readonly Signer[];
  protected readonly anchors = new Map<number, number>(MARKETS.map(({ id, usd }) => [id, usd]));
  #nonce = 1n;
  now: bigint;

  constructor(random: Random, model: ModelState, deployment: Deployment, now: bigint) {
    this.random = random;
    this.model = model;
    this.deployment = deployment;
    this.now = now;
    // One owner holds two accounts.
    const fees: Signer = { ...fakeSigner("fees"), address: deployment.feeRecipient };
    this.owners = [fees, ...Array.from({ length: ACCOUNTS - 1 }, (_, i) => fakeSigner(`owner ${Math.max(i, 1)}`))];
    this.keys = Array.from({ length: 4 }, (_, i) => fakeSigner(`session ${i}`));
  }

  protected account(): number {
    return this.random.bool(0.01) ? 77 : this.random.uint(ACCOUNTS);
  }

  protected owner(account: number): Signer {
    return this.random.bool(0.02) ? this.random.pick(this.keys) : (this.owners[account] ?? this.keys[0]!);
  }

  /** Now and then, the sender of a forced transaction. */
  protected forced(account: number): Uint8Array | undefined {
    return this.random.bool(0.15) ? this.owner(account).address : undefined;
  }

  protected freshNonce(): bigint {
    const r = this.random;
    if (r.bool(0.02)) return r.bigint(3n) * 1_073_741_824n + r.bigint(50n);
    if (r.bool(0.02)) return this.#nonce + 1024n;
    return r.bool(0.02) ? r.bigint(this.#nonce) : this.#nonce++;
  }

  protected deadline(): bigint {
    const r = this.random;
    // In runs through the inbox a deadline is never before the batch, so expiry shows on orders that rest.
    return this.now + BigInt(r.bool(0.1) ? r.uint(100) : 200 + r.uint(40_000));
  }

  protected sign(signer: Signer, type: string, value: Record<string, unknown>): Uint8Array {
    const broken = this.random.bool(0.01) ? { deadline: 1n } : {};
    return signer.sign(signedDigest(this.deployment.model, type, { ...value, ...broken }));
  }

  protected auth(account: number, type: string, value: Record<string, unknown>): OwnerAuth {
    const [nonce, deadline] = [this.freshNonce(), this.deadline()];
    return { nonce, deadline, signature: this.sign(this.owner(account), type, { ...value, nonce, deadline }) };
  }

  protected amount(account: number): bigint {
    const r = this.random;
    const record = this.model.accounts.get(String(account));
    const cash = record?.cash ?? 1n;
    if (r.bool(0.02)) return 0n;
    if (r.bool(0.15)) return cash > 0n ? cash : 1n;
    if (r.bool(0.1)) return cash + 1n;
    // To the last unit that the margin leaves free.
    const free = record === undefined || r.bool(0.5) ? 0n : this.model.excessesOf(record, this.now).initial;
    return free > 0n ? free : 1n + r.bigint(cash / 8n + 1n);
  }

  protected settlementMessage(message: number, payload: Uint8Array): Action {
    const { bridge, settlement } = this.deployment.machine;
    return { kind: "message", message, sender: this.random.bool(0.01) ? bridge : settlement, payload };
  }

  protected deposit(id: number, owner: Uint8Array, amount: bigint): Action {
    const payload = depositPayload(id, owner, amount);
    return { kind: "message", message: 1, sender: this.deployment.machine.bridge, payload };
  }

  /** Accounts that somebody owns, with their numbers. */
  protected ownedAccounts(): number[] {
    return [...this.model.accounts.entries()].map(([id]) => Number(id)).filter((id) => id < FIRST_FUND_ACCOUNT);
  }

  /** An address in hex. */
  protected ownerOf(account: number): string {
    return this.model.accounts.get(String(account))?.owner ?? toHex(this.keys[0]!.address);
  }
}
