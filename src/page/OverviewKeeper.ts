import type { Hex } from "../crypto/bytes.ts";
import { isTenorError } from "../errors.ts";
import { ChainClient } from "../l1/ChainClient.ts";
import type { Deployment } from "../l1/deployment.ts";
import type { L1Client } from "../l1/L1Client.ts";
import { RememberingL1Client } from "../l1/RememberingL1Client.ts";
import { AssertionView } from "../roles/AssertionView.ts";
import type { Follower } from "../roles/Follower.ts";
import type { AttentionLimits } from "../status/attention.ts";
import { readL1, type NamedAccount } from "../status/readL1.ts";
import { BatchReader } from "./BatchReader.ts";
import { chainContent, type ChainContent } from "./optionChain.ts";
import type { Overview, Verdict } from "./Overview.ts";
import { overviewOf } from "./overviewOf.ts";
import { shown } from "./shown.ts";

/** What the page is read from. */
export interface KeeperOptions {
  /** It need not sign. */
  readonly client: L1Client;
  readonly deployment: Deployment;
  /** Nobody else's: what it does not know yet is unknown to the page. */
  readonly follower: Follower;
  /** Accounts beside the sequencer's and those that have a stake. */
  readonly accounts: readonly NamedAccount[];
  /** What markets are called. */
  readonly currencies: ReadonlyMap<number, string>;
  readonly limits: AttentionLimits;
  /** Blocks behind the newest one at which reading stops, as of the client. Default 0. */
  readonly lag?: number;
}

/** Batches of the table. */
const SHOWN_BATCHES = 64;

/** Keeps what the page shows: reads L1 in rounds, executes it, and judges the assertions by that. */
export class OverviewKeeper {
  readonly #options: KeeperOptions;
  readonly #assertions: AssertionView;
  readonly #batches: BatchReader;
  /** What the status is read through, which asks for everything each time. */
  readonly #remembering: RememberingL1Client;
  #read: Hex | undefined;
  #json: string | undefined;
  #problem: string | undefined;
  #content: { readonly root: Follower["snapshot"]["root"]; readonly content: ChainContent } | undefined;

  constructor(options: KeeperOptions) {
    const { client, deployment, follower, lag = 0 } = options;
    this.#options = options;
    this.#remembering = new RememberingL1Client(client.provider, undefined, { lag });
    this.#assertions = new AssertionView(
      new ChainClient(client, deployment.addresses.chain),
      follower,
      deployment.startBlock,
    );
    this.#batches = new BatchReader(client, deployment, SHOWN_BATCHES);
  }

  /** The last overview as JSON; undefined before the first. */
  get json(): string | undefined {
    return this.#json;
  }

  /** Why the last round failed; undefined if it did not. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * One round. After a failure the overview is what it was, and {@link problem} says so.
   *
   * @returns The overview if there is a new one.
   * @throws What reading, executing or judging throws.
   */
  async update(): Promise<Overview | undefined> {
    try {
      const overview = await this.#update();
      this.#problem = undefined;
      return overview;
    } catch (error) {
      // SAFETY: other errors may quote what they were given, with an endpoint's secrets in it.
      this.#problem = isTenorError(error) ? `${error.code}: ${error.message}` : "the node has failed; see its log";
      throw error;
    }
  }

  async #update(): Promise<Overview | undefined> {
    const { client, deployment, follower, accounts, currencies, limits } = this.#options;
    if ((await client.head()).hash === this.#read) return undefined;
    const reading = await readL1(this.#remembering, deployment, accounts);
    const batches = await this.#batches.latest(reading.head);
    // The node executes and judges after it has read, so that it knows of everything that is shown.
    await follower.sync();
    if (follower.head !== undefined) await this.#assertions.update(follower.head);
    const { log } = follower;
    const overview = overviewOf({
      reading,
      limits,
      batches,
      inputs: (index) => (index < log.batchCount ? log.batch(index) : undefined),
      verdictOf: (id) => this.#verdictOf(id),
      chain: this.#chainContent(),
      currencies,
    });
    this.#json = JSON.stringify(shown(overview));
    this.#read = reading.head.hash;
    return overview;
  }

  #verdictOf(id: Hex): Verdict {
    if (!this.#assertions.has(id)) return "unknown";
    return this.#assertions.get(id).right ? "right" : "wrong";
  }

  /** Reading all accounts takes a while, so it is done once for each state. */
  #chainContent(): ChainContent {
    const { root } = this.#options.follower.snapshot;
    if (this.#content === undefined || this.#content.root !== root)
      this.#content = { root, content: chainContent(root) };
    return this.#content.content;
  }
}
