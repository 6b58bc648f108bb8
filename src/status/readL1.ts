import { toHex, type Hex } from "../crypto/bytes.ts";
import { MessageLog } from "../derive/MessageLog.ts";
import { TenorError } from "../errors.ts";
import { GameView } from "../game/GameView.ts";
import { unclaimedMoves, type RefundEvent } from "../game/MoveRefunds.ts";
import { AccountsClient } from "../l1/AccountsClient.ts";
import { ChainClient } from "../l1/ChainClient.ts";
import type { Deployment } from "../l1/deployment.ts";
import { GameClient } from "../l1/GameClient.ts";
import type { GameEvent } from "../l1/GameSource.ts";
import { InboxClient } from "../l1/InboxClient.ts";
import type { L1Client } from "../l1/L1Client.ts";
import { SettlementClient } from "../l1/SettlementClient.ts";
import type { AssertionCreated, EventPlace, L1Block } from "../l1/L1Source.ts";
import { DATA_FORCED } from "../machine/Inputs.ts";
import { nameOf } from "../roles/GameWatch.ts";
import { RelayedAnchors } from "../roles/RelayedAnchors.ts";
import type { L1Reading, ReadAccount, ReadAssertion, ReadGame, ReadMarket, ReadRefund } from "./L1Reading.ts";

/** Why there is no status. */
export type StatusErrorCode =
  /** L1 was reorganised while it was read: ask again. */
  "L1_CHANGED";

/** See {@link StatusErrorCode}. */
export class StatusError extends TenorError<StatusErrorCode> {
  override readonly name = "StatusError";
}

/** An account whose balance matters. */
export interface NamedAccount {
  readonly name: string;
  readonly address: Hex;
}

/**
 * Reads a deployment from L1: events, and the contracts' word at one block. No batch is read, and nothing is executed.
 *
 * @param named Accounts beside the sequencer's and those that have a stake.
 * @throws {@link StatusError}; L1Error and DeriveError from below.
 */
export async function readL1(
  client: L1Client,
  deployment: Deployment,
  named: readonly NamedAccount[] = [],
): Promise<L1Reading> {
  const head = await client.head();
  const { addresses, startBlock, chainId } = deployment;
  const accounts = new AccountsClient(client, deployment);
  const chain = new ChainClient(client, addresses.chain);
  const game = new GameClient(client, addresses.game);
  const times = new BlockTimes(client, head);
  const inbox = await readInbox(client, deployment, head, times);
  const [rules, parameters, { sectionBits }, sequencer, collateral] = await Promise.all([
    accounts.inboxRules(),
    chain.chainParameters(),
    game.gameParameters(),
    accounts.sequencer(head.number),
    accounts.collateral(head.number),
  ]);
  const chainEvents = await chain.chainEvents(startBlock, head.number);
  const created = chainEvents.filter((event) => event.type === "created");
  const confirmations = new Map<Hex, bigint>();
  for (const event of chainEvents) {
    if (event.type === "confirmed") confirmations.set(toHex(event.id), await times.of(event));
  }
  const assertions: ReadAssertion[] = [];
  for (const event of created) {
    const id = toHex(event.id);
    const { staker, historyRoot, target, childTarget, end } = event;
    const names = { id, parent: toHex(event.parent), staker, historyRoot, endBatch: end.batch };
    const time = await times.of(event);
    // The first one is confirmed from the beginning.
    const confirmedAt = isFirst(event) ? time : confirmations.get(id);
    assertions.push({ ...names, time, target, childTarget, confirmedAt });
  }
  const gameEvents = await game.gameEvents(startBlock, head.number);
  const shape = { historyHeight: parameters.historyHeight, sectionBits };
  const games = await readGames(created, confirmations, gameEvents, shape, times);
  const stakers = [...new Set(created.filter((event) => !isFirst(event)).map(({ staker }) => staker))];
  const reading = {
    chainId,
    head,
    rules: { ...rules, ...parameters },
    sequencer,
    ...inbox,
    assertions,
    games,
    markets: await readMarkets(client, deployment, head),
    accounts: await readAccounts(accounts, head.number, sequencer, named, stakers),
    collateral,
  };
  if ((await client.block(head.number))?.hash === head.hash) return reading;
  throw l1Changed({ block: head.number });
}

function l1Changed(fields: Readonly<Record<string, unknown>>): StatusError {
  return new StatusError("L1_CHANGED", "L1 was reorganised while it was read", { fields });
}

/** Times of blocks, each read once. */
class BlockTimes {
  readonly #client: L1Client;
  readonly #times = new Map<number, bigint>();

  constructor(client: L1Client, head: L1Block) {
    this.#client = client;
    this.#times.set(head.number, head.timestamp);
  }

  /** @throws {@link StatusError} if the block is not what it was when its event was read. */
  async of({ blockNumber, blockHash }: Pick<EventPlace, "blockNumber" | "blockHash">): Promise<bigint> {
    const known = this.#times.get(blockNumber);
    if (known !== undefined) return known;
    const block = await this.#client.block(blockNumber);
    if (block?.hash !== blockHash) throw l1Changed({ blockNumber });
    this.#times.set(blockNumber, block.timestamp);
    return block.timestamp;
  }
}

type InboxReading = Pick<L1Reading, "batchCount" | "lastBatch" | "messageCount" | "unread">;

async function readInbox(
  client: L1Client,
  { addresses, startBlock }: Deployment,
  head: L1Block,
  times: BlockTimes,
): Promise<InboxReading> {
  const inbox = new InboxClient(client, addresses.inbox);
  // Everything is read up to one block.
  const source = {
    head: () => Promise.resolve(head),
    block: (number: number) => client.block(number),
    inboxEvents: inbox.inboxEvents.bind(inbox),
    inboxSummary: inbox.inboxSummary.bind(inbox),
  };
  const log = new MessageLog(source, startBlock);
  await log.sync();
  const last = log.batches.at(-1);
  return {
    batchCount: BigInt(log.batches.length),
    lastBatch: last && {
      index: last.index,
      time: await times.of(last.place),
      isForced: last.dataKind === DATA_FORCED,
    },
    messageCount: BigInt(log.messages.length),
    unread: log.messages.slice(Number(log.messagesRead)).map(({ index, message }) => ({
      index,
      kind: message.kind,
      sender: toHex(message.sender),
      time: message.l1Time,
    })),
  };
}

async function readMarkets(
  client: L1Client,
  { addresses, startBlock }: Deployment,
  head: L1Block,
): Promise<ReadMarket[]> {
  const anchors = await new RelayedAnchors(new SettlementClient(client, addresses.settlement), startBlock).at(head);
  if (anchors === undefined) throw l1Changed({ block: head.number });
  return [...anchors].map(([market, { anchor }]) => ({ market, anchorTime: anchor?.updatedAt }));
}

async function readGames(
  created: readonly AssertionCreated[],
  confirmations: ReadonlyMap<Hex, bigint>,
  events: readonly GameEvent[],
  { historyHeight, sectionBits }: { readonly historyHeight: number; readonly sectionBits: number },
  times: BlockTimes,
): Promise<ReadGame[]> {
  const assertions = created.filter((event) => !isFirst(event));
  const parents = new Set(assertions.map((event) => toHex(event.parent)));
  const games: ReadGame[] = [];
  for (const parent of parents) {
    const children = assertions.filter((event) => toHex(event.parent) === parent);
    if (children.length < 2) continue;
    const view = new GameView(children[0]!.parent, historyHeight, sectionBits);
    for (const child of children) view.apply({ type: "asserted", name: nameOf(child) }, await times.of(child));
    const own = events.filter((event) => toHex(event.game) === parent);
    const moves: ReadGame["moves"][number][] = [];
    for (const event of own) {
      const time = await times.of(event);
      if (event.type === "recorded") moves.push({ mover: event.mover, time, node: event.move.node });
      else if (event.type !== "refunded") view.apply(event, time);
    }
    for (const { id, historyRoot } of children) {
      if (confirmations.has(toHex(id))) view.apply({ type: "confirmed", historyRoot });
    }
    games.push({ parent, view, moves, unclaimed: unclaimedOf(own) });
  }
  return games;
}

function unclaimedOf(events: readonly GameEvent[]): ReadRefund[] {
  const byMover = new Map<Hex, RefundEvent[]>();
  for (const event of events) {
    if (event.type !== "recorded" && event.type !== "refunded") continue;
    byMover.set(event.mover, [...(byMover.get(event.mover) ?? []), event]);
  }
  return [...byMover]
    .map(([mover, own]) => ({ mover, left: unclaimedMoves(own) }))
    .filter(({ left }) => left.length > 0)
    .map(({ mover, left }) => ({
      mover,
      moves: left.length,
      amount: left.reduce((sum, { amount }) => sum + amount, 0n),
    }));
}

/** The sequencer's account, those that people have named, and those that have a stake; each once. */
async function readAccounts(
  accounts: AccountsClient,
  block: number,
  sequencer: Hex,
  named: readonly NamedAccount[],
  stakers: readonly Hex[],
): Promise<ReadAccount[]> {
  const all = [...(/^0x0*$/.test(sequencer) ? [] : [{ name: "sequencer", address: sequencer }]), ...named];
  for (const staker of stakers) {
    if (all.some(({ address }) => isSame(address, staker))) continue;
    if (await accounts.hasStake(staker, block)) all.push({ name: `staker ${staker.slice(0, 8)}`, address: staker });
  }
  return Promise.all(
    all.map(async ({ name, address }) => {
      const balance = await accounts.balance(address, block);
      return { name, address, balance, hasStake: await accounts.hasStake(address, block) };
    }),
  );
}

function isFirst({ parent }: AssertionCreated): boolean {
  return parent.every((byte) => byte === 0);
}

function isSame(a: Hex, b: Hex): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
