import { equalBytes, toHex, type Hex } from "../crypto/bytes.ts";
import type { Reorg } from "../derive/Derivation.ts";
import { isTenorError, TenorError } from "../errors.ts";
import { assertionId, genesisAssertionId } from "../history/Assertion.ts";
import type { AssertionCreated, ChainEvent, ChainParameters, ChainSource, L1Block } from "../l1/L1Source.ts";
import { machineStateHash, type MachineState } from "../machine/MachineState.ts";
import { machineStateOf, snapshotHash, type RangeHistory, type Snapshot } from "./Execution.ts";
import { FamilyAudit, type Family } from "./FamilyAudit.ts";
import type { Follower } from "./Follower.ts";

/** What the view refuses. */
export type AssertionViewErrorCode =
  /** The chain's genesis is not the state that this node starts from: wrong addresses, or wrong parameters. */
  | "GENESIS_MISMATCH"
  /** The endpoint's events do not fit together. */
  | "EVENTS_INCONSISTENT"
  /** L1 was reorganised while it was read; the next update starts from the common block. */
  | "L1_CHANGED";

/** The assertions cannot be judged. */
export class AssertionViewError extends TenorError<AssertionViewErrorCode> {
  override readonly name = "AssertionViewError";
}

/** What this node computes for a range. */
export interface ExpectedAssertion {
  readonly id: Uint8Array;
  readonly endStateHash: Uint8Array;
  readonly historyRoot: Uint8Array;
  readonly lastLeafPath: readonly Uint8Array[];
  readonly target: bigint;
  readonly end: MachineState;
  /** Whether the range ends before its target. */
  readonly overflow: boolean;
  /** The range with its history, for as long as the assertion can be disputed. */
  readonly range: RangeHistory;
}

/** An assertion of L1 with this node's verdict. */
export interface JudgedAssertion {
  readonly created: AssertionCreated;
  readonly confirmed: boolean;
  /** Right: the end and the history are this node's own, and so for all ancestors. */
  readonly right: boolean;
}

/** A wrong assertion, with what both sides say. */
export interface WrongAssertion {
  readonly id: Hex;
  readonly parent: Hex;
  readonly staker: Hex;
  readonly confirmed: boolean;
  readonly claimed: { readonly endStateHash: Hex; readonly historyRoot: Hex };
  /** Undefined if its parent is wrong already, so that there is nothing to compute. */
  readonly computed: { readonly endStateHash: Hex; readonly historyRoot: Hex } | undefined;
}

/** In place of the history root where only the end was judged. */
const NO_HISTORY = new Uint8Array(32);

/** Confirmed assertions behind whose ends snapshots are kept, for reorganisations that undo confirmations. */
const KEPT = 16;

/**
 * The tree of assertions as L1 has it, each one checked against this node's own computation. Assertions that were confirmed
 * before the node saw them are checked by their end alone, for a range's history matters only while it can be disputed.
 */
export class AssertionView {
  readonly #chain: ChainSource;
  readonly #follower: Follower;
  readonly #startBlock: number;
  readonly #audit: FamilyAudit;
  #parameters: ChainParameters | undefined;
  #assertions = new Map<Hex, JudgedAssertion>();
  /** The right child of each assertion that has one. */
  #rightChild = new Map<Hex, Hex>();
  readonly #expected = new Map<Hex, ExpectedAssertion>();
  #confirmations: { readonly id: Hex; readonly blockNumber: number }[] = [];
  #nextBlock: number;
  /** Counts reorganisations, so that an update notices one that comes while it works. */
  #generation = 0;
  /** The confirmed assertion whose end was stored last. */
  #stored: Hex | undefined;
  /** The machine at the end of the right assertion that was judged last, from where its child's range begins. No other state is kept. */
  #lastEnd: { readonly id: Hex; readonly end: Snapshot } | undefined;

  /** @param startBlock The block of the chain's deployment, or an earlier one. */
  constructor(chain: ChainSource, follower: Follower, startBlock: number) {
    this.#chain = chain;
    this.#follower = follower;
    this.#audit = new FamilyAudit(chain);
    this.#startBlock = startBlock;
    this.#nextBlock = startBlock;
    follower.onReorg((reorg) => this.#goBack(reorg));
  }

  /** The chain's parameters, read once. */
  async parameters(): Promise<ChainParameters> {
    return (this.#parameters ??= await this.#chain.chainParameters());
  }

  /** Reads and judges the assertions up to `head`, to which the follower has just gone. Returns the wrong ones among the new. */
  async update(head: L1Block): Promise<readonly WrongAssertion[]> {
    if (this.#nextBlock > head.number) return [];
    const generation = this.#generation;
    const events = await this.#chain.chainEvents(this.#nextBlock, head.number);
    if ((await this.#chain.block(head.number))?.hash !== head.hash) {
      throw new AssertionViewError("L1_CHANGED", "L1 was reorganised while it was read", { fields: { head } });
    }
    const wrong = await this.#take(events, head);
    if (generation !== this.#generation) {
      // Others who use the follower have taken it past a reorganisation in the meantime.
      this.#goBack({ commonBlock: this.#startBlock - 1, batch: 0n, message: 0n });
      throw new AssertionViewError("L1_CHANGED", "L1 was reorganised while it was judged", { fields: { head } });
    }
    this.#nextBlock = head.number + 1;
    await this.#storeConfirmed();
    this.#prune();
    return wrong;
  }

  /** Takes events over. If they turn out not to be all there are, they are read again from the last confirmed assertion on. */
  async #take(events: readonly ChainEvent[], head: L1Block): Promise<WrongAssertion[]> {
    const confirmed = new Set(events.filter((event) => event.type === "confirmed").map((event) => toHex(event.id)));
    const wrong: WrongAssertion[] = [];
    try {
      for (const event of events) {
        if (event.type === "confirmed") this.#confirm(event);
        else {
          const report = await this.#judge(event, confirmed.has(toHex(event.id)));
          if (report !== undefined) wrong.push(report);
        }
      }
      await this.#audit.requireWhole(this.#undecided(), head);
      return wrong;
    } catch (error) {
      if (isTenorError(error, "EVENTS_WITHHELD") || isTenorError(error, "EVENTS_INCONSISTENT")) {
        const latest = this.#assertions.get(this.#confirmations.at(-1)?.id ?? "0x");
        this.#nextBlock = latest?.created.blockNumber ?? this.#startBlock;
      }
      throw error;
    }
  }

  /** The last confirmed assertion and the right ones that follow it. */
  #undecided(): readonly Family[] {
    const families: Family[] = [];
    let parent: JudgedAssertion | undefined = this.latestConfirmed;
    while (parent?.right) {
      families.push({ parent, children: this.children(parent) });
      parent = this.rightChild(parent);
    }
    return families;
  }

  /** The last confirmed assertion. */
  get latestConfirmed(): JudgedAssertion {
    return this.get(this.#confirmations.at(-1)?.id);
  }

  /** The deepest assertion that is right: what the next one is made under. */
  get tip(): JudgedAssertion {
    let tip = this.latestConfirmed;
    for (;;) {
      const child = this.rightChild(tip);
      if (child === undefined) return tip;
      tip = child;
    }
  }

  /** The right child of a right assertion, if anybody has made it. */
  rightChild(parent: JudgedAssertion): JudgedAssertion | undefined {
    const id = this.#rightChild.get(toHex(parent.created.id));
    return id === undefined ? undefined : this.#assertions.get(id);
  }

  /** All children of an assertion, in the order in which they were made. */
  children(parent: JudgedAssertion): readonly JudgedAssertion[] {
    return [...this.#assertions.values()].filter(({ created }) => equalBytes(created.parent, parent.created.id));
  }

  /** Whether the assertion is among those that were read. */
  has(id: Hex): boolean {
    return this.#assertions.has(id);
  }

  /** An assertion by its id. */
  get(id: Hex | undefined): JudgedAssertion {
    const known = id === undefined ? undefined : this.#assertions.get(id);
    if (known !== undefined) return known;
    throw new AssertionViewError("EVENTS_INCONSISTENT", "an assertion is not among the events", { fields: { id } });
  }

  /** What the child of a right assertion must be; the follower must have the range's batches. */
  async expectedChild(parent: JudgedAssertion): Promise<ExpectedAssertion> {
    const { id, childTarget: target } = parent.created;
    const known = this.#expected.get(toHex(id));
    if (known !== undefined) return known;
    const { historyHeight } = await this.parameters();
    const { end, overflow, range } = await this.#follower.range(await this.#endOf(parent), target, historyHeight);
    const { history } = range;
    const endStateHash = snapshotHash(end);
    const historyRoot = history.root();
    const expected = {
      id: assertionId({ parent: id, endStateHash, historyRoot }),
      endStateHash,
      historyRoot,
      lastLeafPath: history.lastLeafPath(),
      target,
      end: machineStateOf(end),
      overflow,
      range,
    };
    this.#expected.set(toHex(id), expected);
    this.#lastEnd = { id: toHex(expected.id), end };
    return expected;
  }

  /** Forgets what the child of an assertion must be, of which many may be kept; it is computed again when it is asked for. */
  forget(parent: JudgedAssertion): void {
    this.#expected.delete(toHex(parent.created.id));
  }

  async #judge(created: AssertionCreated, confirmed: boolean): Promise<WrongAssertion | undefined> {
    const id = toHex(created.id);
    if (equalBytes(created.parent, new Uint8Array(32))) {
      await this.#checkGenesis(created);
      this.#assertions.set(id, { created, confirmed: true, right: true });
      return undefined;
    }
    const parent = this.get(toHex(created.parent));
    if (created.target !== parent.created.childTarget) {
      throw new AssertionViewError("EVENTS_INCONSISTENT", "an assertion is about another range than its parent fixed", {
        fields: { id, target: created.target, expected: parent.created.childTarget },
      });
    }
    const endStateHash = machineStateHash(created.end);
    if (!parent.right) return this.#isWrong(created, endStateHash, confirmed, undefined);
    if (this.#follower.wasRight(created.id)) return this.#isRight(created);
    // A verdict on the end alone, which holds only for as long as the assertion is confirmed.
    const byEnd = assertionId({ parent: created.parent, endStateHash, historyRoot: NO_HISTORY });
    if (confirmed) {
      if (this.#follower.wasRight(byEnd)) return this.#isRight(created);
      const { historyHeight } = await this.parameters();
      const { end } = await this.#follower.rangeEnd(await this.#endOf(parent), created.target, historyHeight);
      if (equalBytes(snapshotHash(end), endStateHash)) {
        this.#follower.rememberRight(byEnd, created.target);
        this.#lastEnd = { id, end };
        return this.#isRight(created);
      }
    }
    const expected = await this.expectedChild(parent);
    if (equalBytes(expected.id, created.id)) {
      this.#follower.rememberRight(created.id, created.target);
      return this.#isRight(created);
    }
    return this.#isWrong(created, endStateHash, confirmed, expected);
  }

  #isRight(created: AssertionCreated): undefined {
    const id = toHex(created.id);
    this.#assertions.set(id, { created, confirmed: false, right: true });
    this.#rightChild.set(toHex(created.parent), id);
  }

  #isWrong(
    created: AssertionCreated,
    endStateHash: Uint8Array,
    confirmed: boolean,
    expected: ExpectedAssertion | undefined,
  ): WrongAssertion {
    const id = toHex(created.id);
    this.#assertions.set(id, { created, confirmed: false, right: false });
    return {
      id,
      parent: toHex(created.parent),
      staker: created.staker,
      confirmed,
      claimed: { endStateHash: toHex(endStateHash), historyRoot: toHex(created.historyRoot) },
      computed: expected && {
        endStateHash: toHex(expected.endStateHash),
        historyRoot: toHex(expected.historyRoot),
      },
    };
  }

  async #checkGenesis(created: AssertionCreated): Promise<void> {
    const start = this.#follower.genesis;
    const expected = genesisAssertionId((await this.parameters()).genesisStateRoot);
    const same = equalBytes(expected, created.id) && equalBytes(snapshotHash(start), machineStateHash(created.end));
    if (same) return;
    throw new AssertionViewError("GENESIS_MISMATCH", "the chain starts from another state than this node", {
      fields: { chain: created.end.stateRoot, node: snapshotHash(start) },
    });
  }

  #confirm(event: ChainEvent): void {
    const id = toHex(event.id);
    this.#assertions.set(id, { ...this.get(id), confirmed: true });
    // An update that failed halfway is made again.
    const known = this.#confirmations.some((confirmation) => confirmation.id === id);
    if (!known) this.#confirmations.push({ id, blockNumber: event.blockNumber });
    this.#expected.delete(toHex(event.parent));
  }

  /** The machine at the end of a right assertion, run again from the nearest snapshot if it was not the last to be judged. */
  async #endOf({ created }: JudgedAssertion): Promise<Snapshot> {
    const found = this.#lastEndOf(created) ?? (await this.#follower.find(created.end));
    if (found !== undefined && equalBytes(snapshotHash(found), machineStateHash(created.end))) return found;
    throw new AssertionViewError("EVENTS_INCONSISTENT", "a right assertion ends where the machine never stands", {
      fields: { id: created.id },
    });
  }

  #lastEndOf({ id }: AssertionCreated): Snapshot | undefined {
    return this.#lastEnd?.id === toHex(id) ? this.#lastEnd.end : undefined;
  }

  /** Has the follower store where the next process can start to judge. */
  async #storeConfirmed(): Promise<void> {
    const latest = this.#confirmations.at(-1);
    if (latest === undefined || latest.id === this.#stored) return;
    const confirmed = this.get(latest.id);
    if (!confirmed.right || !this.#follower.hasCheckpoints) return;
    this.#follower.storeConfirmed(await this.#endOf(confirmed));
    this.#stored = latest.id;
  }

  /** Lets the follower forget its snapshots from before what was confirmed lately. */
  #prune(): void {
    const old = this.#confirmations.at(-KEPT);
    if (old === undefined || !this.get(old.id).right) return;
    this.#follower.prune(this.get(old.id).created.end.batch);
  }

  #goBack({ commonBlock, batch }: Reorg): void {
    this.#generation++;
    this.#lastEnd = undefined;
    for (const [parent, expected] of this.#expected) if (expected.target > batch) this.#expected.delete(parent);
    if (commonBlock + 1 >= this.#nextBlock && commonBlock >= this.#startBlock) return;
    const undone = this.#confirmations.filter((confirmation) => confirmation.blockNumber > commonBlock).length;
    const tooDeep = undone >= Math.min(KEPT, this.#confirmations.length) && undone > 0;
    // Too deep to know the ends of what is left: judge everything again.
    const kept = tooDeep ? -1 : commonBlock;
    this.#nextBlock = tooDeep ? this.#startBlock : commonBlock + 1;
    this.#confirmations = this.#confirmations.filter((confirmation) => confirmation.blockNumber <= kept);
    const standing = new Set(this.#confirmations.map((confirmation) => confirmation.id));
    const assertions = [...this.#assertions].filter(([, { created }]) => created.blockNumber <= kept);
    this.#assertions = new Map(
      assertions.map(([id, assertion]) => [id, { ...assertion, confirmed: standing.has(id) }]),
    );
    this.#rightChild = new Map([...this.#rightChild].filter(([, child]) => this.#assertions.has(child)));
  }
}
