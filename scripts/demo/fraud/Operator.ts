import { equalBytes } from "../../../src/crypto/bytes.ts";
import { GameView, type ViewNode } from "../../../src/game/GameView.ts";
import type { Open, OpenRoot } from "../../../src/game/Move.ts";
import { stateOf } from "../../../src/game/NodeState.ts";
import { childrenOf, pathWithin } from "../../../src/history/HistorySource.ts";
import { ChainClient } from "../../../src/l1/ChainClient.ts";
import { GameClient } from "../../../src/l1/GameClient.ts";
import type { Deployment } from "../../../src/l1/deployment.ts";
import type { L1Client } from "../../../src/l1/L1Client.ts";
import type { AssertionCreated, L1Receipt } from "../../../src/l1/L1Source.ts";
import { nameOf } from "../../../src/roles/GameWatch.ts";
import type { FalseClaim } from "./claims.ts";

/** The fraudulent operator: asserts its claim, and defends it as well as one can who has no proof to show. */
export class Operator {
  readonly #chain: ChainClient;
  readonly #game: GameClient;
  readonly #parent: AssertionCreated;
  readonly #claim: FalseClaim;
  readonly #startBlock: number;

  /** @param client With the operator's key. */
  constructor(client: L1Client, deployment: Deployment, parent: AssertionCreated, claim: FalseClaim) {
    const { addresses, startBlock } = deployment;
    this.#chain = new ChainClient(client, addresses.chain);
    this.#game = new GameClient(client, addresses.game);
    this.#parent = parent;
    this.#claim = claim;
    this.#startBlock = startBlock;
  }

  /** Makes the wrong assertion. */
  async assert(): Promise<L1Receipt> {
    const { history, end } = this.#claim;
    const { height } = history;
    return await this.#chain.assertState({
      parent: this.#parent.id,
      end,
      historyRoot: await history.node(height, 0),
      lastLeafPath: await pathWithin(history, 0, 2 ** height - 1, height),
      expectedTarget: this.#parent.childTarget,
      l1Block: await this.#chain.head(),
    });
  }

  /** Opens a node of its own that has a rival; undefined if there is none left. */
  async answer(): Promise<L1Receipt | undefined> {
    const { history } = this.#claim;
    const view = await this.#view();
    const root = view.root(await history.node(history.height, 0));
    const stack: ViewNode[] = root === undefined ? [] : [root];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      stack.push(...node.linked.values());
      const { level, index } = node.position;
      // A leaf would have to be proven, and that nobody can.
      if (level === 0 || stateOf(view, node) !== "rivalled") continue;
      const children = await childrenOf(history, level, index, view.bitsOf(node));
      const opening: Open | OpenRoot =
        node.assertion === undefined
          ? { type: "open", position: node.position, span: node.span, children }
          : { type: "open root", ...node.assertion, children };
      return await this.#game.play([opening]);
    }
    return undefined;
  }

  /** The game as it stands. Times do not matter to somebody who only opens. */
  async #view(): Promise<GameView> {
    const { number } = await this.#game.head();
    const { sectionBits } = await this.#game.gameParameters();
    const view = new GameView(this.#parent.id, this.#claim.history.height, sectionBits);
    for (const event of await this.#chain.chainEvents(this.#startBlock, number)) {
      const isSibling = event.type === "created" && equalBytes(event.parent, this.#parent.id);
      if (isSibling) view.apply({ type: "asserted", name: nameOf(event) }, 0n);
    }
    for (const event of await this.#game.gameEvents(this.#startBlock, number)) {
      if (event.type !== "recorded" && event.type !== "refunded") view.apply(event, 0n);
    }
    return view;
  }
}
