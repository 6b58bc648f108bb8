import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { fromHex, toHex } from "../../src/crypto/bytes.ts";
import {
  accountKey,
  EMPTY_GLOBALS,
  GLOBALS_KEY,
  KIND_WITHDRAWAL,
  withdrawalKey,
  emptyAccount,
} from "../../src/machine/Slots.ts";
import { rootHash, set, witnessItem, type TreeRoot } from "../../src/machine/StateTree.ts";
import { Asserter, type KnownAssertion } from "./assertions.ts";
import type { Connection } from "./baseChain.ts";
import type { ChainFixture } from "./l1.ts";

/** A withdrawal of a state that a test makes up. */
export interface MadeWithdrawal {
  readonly number: bigint;
  readonly account: number;
  readonly recipient: string;
  readonly amount: bigint;
}

/** A state with some accounts and the given withdrawals. */
export function stateWith(withdrawals: readonly MadeWithdrawal[], accounts = 20): TreeRoot {
  let root: TreeRoot;
  for (let account = 0; account < accounts; account++) {
    const owner = Uint8Array.from({ length: 20 }, () => account + 1);
    const slot = { ...emptyAccount(owner), cash: 10n ** 9n };
    root = set(root, accountKey(account), slot);
  }
  root = set(root, GLOBALS_KEY, { ...EMPTY_GLOBALS, withdrawals: BigInt(withdrawals.length) });
  for (const { number, account, recipient, amount } of withdrawals) {
    const slot = { kind: KIND_WITHDRAWAL, account, recipient: fromHex(recipient.toLowerCase()), amount } as const;
    root = set(root, withdrawalKey(number), slot);
  }
  return root;
}

/** The witness that opens a withdrawal's slot. */
export function withdrawalWitness(root: TreeRoot, number: bigint): Uint8Array {
  return witnessItem(root, withdrawalKey(number));
}

/** Asserts a state under the latest confirmed assertion and confirms it. */
export async function confirmState(
  connection: Connection,
  fixture: ChainFixture,
  staker: HardhatEthersSigner,
  root: TreeRoot,
): Promise<KnownAssertion> {
  const asserter = new Asserter(connection, fixture);
  const stateRoot = toHex(rootHash(root));
  const assertion = await asserter.assert(staker, await fixture.chain.latestConfirmed(), "state", { stateRoot });
  await asserter.confirmInTime(assertion);
  return assertion;
}
