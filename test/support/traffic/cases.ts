import { MODE_STANDARD, SPOT_MAX_AGE } from "../../../src/machine/Constants.ts";
import { genesisRoot } from "../../../src/machine/Genesis.ts";
import { InputLog } from "../../../src/machine/InputLog.ts";
import { MESSAGE_FORCED, type Message } from "../../../src/machine/Inputs.ts";
import { GENESIS_CURSOR } from "../../../src/machine/MachineState.ts";
import { requirements, type Requirements } from "../../../src/machine/Margin.ts";
import { viewOf } from "../../../src/machine/Marks.ts";
import type { Position } from "../../../src/machine/Positions.ts";
import { requirement } from "../../../src/machine/Requirement.ts";
import type { ResultName } from "../../../src/machine/ResultCodes.ts";
import {
  accountKey,
  emptyAccount,
  EMPTY_EXPIRY,
  EMPTY_GLOBALS,
  expiryKey,
  GLOBALS_KEY,
  keyKey,
  KIND_KEY,
  marketKey,
  orderKey,
  SCOPE_TRADE,
  spentOrder,
  UNLISTED,
  type Account,
  type Expiry,
  type Globals,
  type Key,
  type Market,
  type Order,
  type Slot,
  type SlotKey,
} from "../../../src/machine/Slots.ts";
import { get, remove, set, type TreeRoot } from "../../../src/machine/StateTree.ts";
import { Machine, type ProvenStep } from "../../../src/machine/Step.ts";
import type { Transaction } from "../../../src/machine/Wire.ts";
import { encodeItem, encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { batchOf } from "../batch.ts";
import { flatCurve } from "../oracle.ts";
import { BTC, INBOX, signerAddress, START, testConfig } from "./world.ts";

/** Single inputs, each in a world of its own, with what has to become of them: all in one log, so that one call judges many. */

/** Spot and anchor of a market that has marks. */
export const SPOT = BTC.anchor;

/** A market with recent marks. */
export const MARKED: Market = {
  ...{ ...BTC, anchorTime: START - 60n, minVol: 50_000n, maxVol: 5_000_000n, bandFloor: 50_000n },
  ...{ exposureMultiple: 1_000n, exposure: 100_000_000n, spot: SPOT, spotTime: START - 10n },
  ...{ low: SPOT, high: SPOT },
};

/** An expiry of one with a recent curve. */
export function markedExpiry(day: number, fields: Partial<Expiry> = {}): Expiry {
  const { forward, curve } = flatCurve(day, SPOT, START);
  return { ...EMPTY_EXPIRY, shorts: 9, forward, curveSpot: SPOT, curveTime: START - 10n, curve, ...fields };
}

/** What positions need in a mode, in a world, at a time. */
export function needsOf(world: World, mode: number, positions: readonly Position[], now = START): Requirements {
  const marketOfId = (id: number): Market => ({ ...UNLISTED, ...world.markets?.[id] });
  if (mode === MODE_STANDARD) {
    return requirements(positions, (id) =>
      viewOf(id, marketOfId(id >>> 16), { ...EMPTY_EXPIRY, ...world.expiries?.[id] }, now, SPOT_MAX_AGE),
    );
  }
  const both = requirement(positions, (id) => marketOfId(id).anchor);
  return { initial: both, maintenance: both };
}

/** The slots that an input meets, beside those of genesis. What a slot does not say is empty. */
export interface World {
  /** Owned by the keys of their numbers; those that are undefined are not there. */
  readonly accounts?: Readonly<Record<number, Partial<Account> | undefined>>;
  /** Account, index, and the fields: by default good for trading, for ever. */
  readonly keys?: readonly (readonly [account: number, index: number, fields?: Partial<Key>])[];
  /** Account, and the fields: by default of a spent nonce. */
  readonly orders?: readonly (readonly [account: number, fields: Partial<Order> & Pick<Order, "nonce">])[];
  readonly markets?: Readonly<Record<number, Partial<Market>>>;
  readonly expiries?: Readonly<Record<number, Partial<Expiry>>>;
  readonly globals?: Partial<Globals>;
}

/** An input: a transaction in a batch, or by who sends it on L1; a message; or a batch's bytes. */
type Input =
  | { readonly transaction: Transaction; readonly sender?: Uint8Array }
  | { readonly message: Message }
  | { readonly bytes: Uint8Array };

/** An input, when it comes and what it leaves. */
export type Act = Input & {
  /** L2 time, by default that of the batch; seconds. */
  readonly now?: bigint;
  /** L2 time of the batch, and L1 time, by default the same; seconds. */
  readonly batchTime?: bigint;
  readonly l1Time?: bigint;
  /** Fields of slots afterwards. */
  readonly after?: readonly (readonly [SlotKey, Partial<Slot>])[];
};

/** What is tried. */
export type Try = Act & { readonly name: string; readonly expected: ResultName; readonly world: World };

/** Something that was tried, as a step of the machine. */
export interface Case {
  readonly name: string;
  readonly expected: ResultName;
  readonly step: ProvenStep;
  /** The state after it. */
  readonly root: TreeRoot;
  readonly after: readonly (readonly [SlotKey, Partial<Slot>])[];
}

/** Cases with the log that has all their inputs. */
export interface Cases {
  readonly log: InputLog;
  readonly cases: readonly Case[];
  readonly steps: readonly ProvenStep[];
}

/** Runs each input in its world, on the machine in TypeScript. */
export function runCases(chainId: bigint, tries: readonly Try[]): Cases {
  const log = new InputLog();
  for (const each of tries) appendInput(log, each);
  const config = testConfig(chainId, INBOX);
  let message = 0n;
  const cases = tries.map((each, i): Case => {
    const { name, expected, now = each.batchTime ?? START, after = [] } = each;
    const cursor = { ...GENESIS_CURSOR, batch: BigInt(i), message, l2Time: now };
    const machine = new Machine(config, log, rootOf(each.world), cursor);
    const step = machine.provenStep(log.batchCount);
    message = log.batch(BigInt(i)).record.messagesRead;
    return { name, expected, step, root: machine.state.root, after };
  });
  return { log, cases, steps: cases.map(({ step }) => step) };
}

function appendInput(log: InputLog, each: Try): void {
  const { batchTime = START, l1Time = batchTime } = each;
  const sent = { l1Block: 1n, l1Time };
  let item: Uint8Array = new Uint8Array(0);
  if ("message" in each) log.appendMessage({ ...each.message, ...sent });
  else if ("bytes" in each) item = encodeItem(each.bytes);
  else if (each.sender === undefined) item = encodeItem(encodeTransaction(each.transaction, batchTime));
  else {
    const payload = encodeTransaction(each.transaction, 0n);
    log.appendMessage({ ...sent, kind: MESSAGE_FORCED, sender: each.sender, payload });
  }
  const times = { messagesRead: log.messageCount, l1Time, l2Time: batchTime };
  log.appendBatch(batchOf(item, times));
}

/** The state of a world: genesis and what it says. */
function rootOf({ accounts, keys = [], orders = [], markets, expiries, globals }: World): TreeRoot {
  let root = set(genesisRoot(signerAddress(0)), GLOBALS_KEY, { ...EMPTY_GLOBALS, ...globals });
  for (const [name, fields] of Object.entries(accounts ?? {})) {
    const [id, key] = [Number(name), accountKey(Number(name))];
    if (fields !== undefined) root = set(root, key, { ...emptyAccount(signerAddress(id)), ...fields });
    else if (get(root, key) !== undefined) root = remove(root, key);
  }
  for (const [account, index, fields] of keys) {
    const good = { scope: SCOPE_TRADE, expiry: 2n ** 40n - 1n, budget: 2n ** 64n - 1n, epoch: 1 };
    const key = { kind: KIND_KEY, address: signerAddress(account, index), ...good, ...fields } as const;
    root = set(root, keyKey(account, index), key);
  }
  for (const [account, fields] of orders) {
    root = set(root, orderKey(account, fields.nonce), { ...spentOrder(fields.nonce), ...fields });
  }
  for (const [id, fields] of Object.entries(markets ?? {})) {
    root = set(root, marketKey(Number(id)), { ...UNLISTED, ...fields });
  }
  for (const [id, fields] of Object.entries(expiries ?? {})) {
    root = set(root, expiryKey(Number(id)), { ...EMPTY_EXPIRY, ...fields });
  }
  return root;
}
