import { sign, addressOf, recoverAddress } from "../../src/crypto/secp256k1.ts";
import { keccak256 } from "../../src/crypto/keccak.ts";
import { executeTransaction } from "../../src/machine/Step.ts";
import type { Execution, MachineConfig } from "../../src/machine/Execution.ts";
import { genesisRoot } from "../../src/machine/Genesis.ts";
import { makePosition, packSeries } from "../../src/machine/Positions.ts";
import { ResultCode, resultName } from "../../src/machine/ResultCodes.ts";
import { accountKey, expiryKey, EMPTY_EXPIRY, marketKey, emptyAccount, UNLISTED } from "../../src/machine/Slots.ts";
import { State } from "../../src/machine/State.ts";
import { set, type TreeRoot } from "../../src/machine/StateTree.ts";
import { domainSeparator, orderDigest, type OrderTerms } from "../../src/machine/TypedData.ts";
import { decodeTransaction, FLAG_SELL, TX_FILL, type WireOrder } from "../../src/machine/Wire.ts";
import { encodeTransaction } from "../../src/machine/WireEncoding.ts";
import { TenorError } from "../../src/errors.ts";

/** One measured rate with the target that it is held against. */
export interface Rate {
  readonly name: string;
  /** Per second. */
  readonly rate: number;
  /** Per second, from the design; undefined for building blocks. */
  readonly target: number | undefined;
}

/** What the machine takes to hold many accounts. */
export interface Memory {
  readonly accounts: number;
  readonly megabytes: number;
}

/** When the benchmark's orders are made, seconds. */
export const START = 1_772_452_800n;
export const DAY = Number(START / 86_400n);
export const TICK = 1000n;
const STEP = 1_250_000n;
const LOT = 100_000n;

/**
 * Building blocks: hashing and recovery, so that the other rates can be compared between machines.
 *
 * @param signatures How many are made and checked; there are twenty hashes for each.
 */
export function buildingBlocks(signatures: number): Rate[] {
  const bytes = new Uint8Array(74);
  const key = new Uint8Array(32).fill(7);
  const digest = keccak256(bytes);
  const signature = sign(digest, key);
  const recover = (): Uint8Array | undefined => recoverAddress(digest, signature);
  return [
    { name: "keccak256 of 74 bytes", rate: perSecond(20 * signatures, () => keccak256(bytes)), target: undefined },
    { name: "secp256k1 recovery", rate: perSecond(signatures, recover), target: undefined },
    { name: "secp256k1 signing", rate: perSecond(signatures, () => sign(digest, key)), target: undefined },
  ];
}

/** Fills of two new orders for each account pair, in all combinations of signatures and roots. */
export function fillRates(fills: number): Rate[] {
  const rates: Rate[] = [];
  for (const positions of [1, 32]) {
    const workload = makeWorkload(fills, positions);
    for (const signatures of [false, true]) {
      for (const roots of [false, true]) {
        const name = `fills, ${positions} position${positions === 1 ? "" : "s"} an account, ${signatures ? "with" : "without"} signature checks, ${roots ? "root after each step" : "one root at the end"}`;
        const target = positions > 1 ? undefined : roots ? 5_000 : signatures ? 5_000 : 10_000;
        rates.push({ name, rate: runWorkload(workload, signatures, roots), target });
      }
    }
  }
  return rates;
}

/** Heap that a state of `accounts` accounts with an order slot each needs, hashed. */
export function stateMemory(accounts: number): Memory {
  globalThis.gc?.();
  const before = process.memoryUsage();
  const state = new State(fundedRoot(accounts, 1));
  state.hash();
  globalThis.gc?.();
  const after = process.memoryUsage();
  const bytes = after.heapUsed + after.external - before.heapUsed - before.external;
  // Holds the state until it has been measured.
  if (state.root === undefined) throw new TenorError("BENCH", "state vanished");
  return { accounts, megabytes: bytes / 1e6 };
}

interface Workload {
  readonly root: TreeRoot;
  readonly config: MachineConfig;
  readonly items: readonly Uint8Array[];
  readonly addresses: ReadonlyMap<string, Uint8Array>;
}

const ACCOUNTS = 400;

function makeWorkload(fills: number, positions: number): Workload {
  const domain = domainSeparator(31_337n, new Uint8Array(20).fill(1));
  const addresses = new Map<string, Uint8Array>();
  const items: Uint8Array[] = [];
  for (let i = 0; i < fills; i++) {
    const makerId = 1 + (i % (ACCOUNTS / 2));
    const takerId = makerId + ACCOUNTS / 2;
    const nonce = BigInt(1 + Math.floor(i / (ACCOUNTS / 2)));
    // One lot back and forth, so that the number of positions stays as it is.
    const isSell = nonce % 2n === 1n;
    const strike = 32n * STEP;
    const terms: Omit<OrderTerms, "account" | "isSell"> = {
      market: 1,
      expiryDay: DAY + 7,
      strike,
      isPut: false,
      quantity: LOT,
      limitPrice: 1_000_000n,
      maxFee: 100_000n,
      nonce,
      deadline: START + 600n,
      fillOrKill: false,
      immediateOrCancel: false,
      postOnly: false,
      reduceOnly: false,
      forcible: false,
    };
    const order = (account: number, sells: boolean): WireOrder => {
      const signature = sign(orderDigest(domain, { ...terms, account, isSell: sells }, 0, 0), privateKey(account));
      addresses.set(signature.join(), addressOf(privateKey(account)));
      return {
        stored: false,
        account,
        nonce,
        flags: 0,
        keyIndex: 0,
        keyEpoch: 0,
        lots: 1n,
        feeTicks: terms.maxFee / TICK,
        deadline: terms.deadline,
        signature,
      };
    };
    const maker = {
      ...order(makerId, isSell),
      flags: isSell ? FLAG_SELL : 0,
      market: 1,
      day: DAY + 7,
      strikeSteps: strike / STEP,
      put: false,
      limitTicks: terms.limitPrice / TICK,
    };
    const taker = { ...order(takerId, !isSell), slippageTicks: 0n };
    items.push(encodeTransaction({ type: TX_FILL, maker, taker, lots: 1n }, START));
  }
  const config: MachineConfig = {
    domain,
    bridge: new Uint8Array(20).fill(2),
    settlement: new Uint8Array(20).fill(3),
    recover: recoverAddress,
  };
  return { root: fundedRoot(ACCOUNTS, positions), config, items, addresses };
}

function runWorkload({ root, config, items, addresses }: Workload, signatures: boolean, roots: boolean): number {
  const known = (_digest: Uint8Array, signature: Uint8Array): Uint8Array | undefined => addresses.get(signature.join());
  // Looking the signer up costs as little as a table can; what remains is the machine.
  const recover = signatures ? recoverAddress : memoised(known, items.length);
  const state = new State(root);
  state.hash();
  const execution: Execution = {
    config: { ...config, recover },
    state,
    now: START,
    l1Time: START,
    sender: undefined,
  };
  if (!signatures) for (const item of items) prepare(recover, item);
  const start = performance.now();
  for (const item of items) {
    state.begin(false);
    const code = executeTransaction(execution, decodeTransaction(item, START, false), 0);
    if (code !== ResultCode.OK) {
      throw new TenorError("BENCH", "a fill of the benchmark was refused", { fields: { code: resultName(code) } });
    }
    if (roots) state.hash();
  }
  state.hash();
  return (items.length / (performance.now() - start)) * 1000;
}

/** Answers by the first bytes of the signature, which are as good as random. */
function memoised(
  recover: (digest: Uint8Array, signature: Uint8Array) => Uint8Array | undefined,
  size: number,
): MachineConfig["recover"] {
  const table = new Map<number, Uint8Array | undefined>();
  return (digest, signature) => {
    const key =
      signature[0]! * 2 ** 40 +
      signature[1]! * 2 ** 32 +
      signature[2]! * 2 ** 24 +
      signature[3]! * 65536 +
      signature[4]! * 256 +
      signature[5]!;
    if (!table.has(key) && table.size <= 2 * size) table.set(key, recover(digest, signature));
    return table.get(key);
  };
}

function prepare(recover: MachineConfig["recover"], item: Uint8Array): void {
  const transaction = decodeTransaction(item, START, false);
  if (transaction?.type !== TX_FILL || transaction.maker.stored || transaction.taker.stored) return;
  const digest = new Uint8Array(32);
  recover(digest, transaction.maker.signature);
  recover(digest, transaction.taker.signature);
}

/** A state with a market and this many accounts, whose first half is long in each series and whose second half is short. */
export function fundedRoot(accounts: number, positions: number): TreeRoot {
  let root = genesisRoot(new Uint8Array(20).fill(9));
  root = set(root, marketKey(1), {
    ...UNLISTED,
    tick: TICK,
    lot: LOT,
    steps: [STEP, STEP, 2n * STEP],
    anchor: 40_000_000n,
    anchorTime: START,
  });
  root = set(root, expiryKey((1 << 16) | (DAY + 7)), { ...EMPTY_EXPIRY, shorts: accounts });
  for (let id = 1; id <= accounts; id++) {
    const held = Array.from({ length: positions }, (_, i) =>
      makePosition(
        packSeries(1, DAY + 7, (32n + BigInt(i)) * STEP, false),
        id <= accounts / 2 ? 10n * LOT : -10n * LOT,
      ),
    );
    root = set(root, accountKey(id), {
      ...emptyAccount(accounts > 1_000 ? fakeAddress(id) : addressOf(privateKey(id))),
      cash: 10n ** 13n,
      positions: held,
    });
  }
  return root;
}

function privateKey(account: number): Uint8Array {
  const key = new Uint8Array(32).fill(1);
  key[30] = account >>> 8;
  key[31] = account;
  return key;
}

/** The owner of an account where there are more than a thousand of them. */
export function fakeAddress(id: number): Uint8Array {
  const address = new Uint8Array(20);
  new DataView(address.buffer).setUint32(16, id);
  return address;
}

function perSecond(count: number, run: () => unknown): number {
  for (let i = 0; i < count / 10; i++) run();
  const start = performance.now();
  for (let i = 0; i < count; i++) run();
  return (count / (performance.now() - start)) * 1000;
}
