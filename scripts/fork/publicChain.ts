import { Contract, FetchRequest, JsonRpcProvider } from "ethers";
import { MAINNET, type BaseChain } from "./BaseChain.ts";
import { ForkError } from "./ForkError.ts";
import { REAL_PHASE, type FeedAnswer } from "./rounds.ts";

/** Blocks behind the newest one that nobody expects to be replaced; the simulator keeps what it reads of such blocks. */
const SETTLED = 128;
/** How long a node may take to answer, milliseconds. */
const PATIENCE = 30_000;

const FEED = ["function getRoundData(uint80) view returns (uint80, int256, uint256, uint256, uint80)"];

/** The network behind a URL, with the contracts that Ethereum's main network has. The URL may hold a key: nothing shows it. */
export class PublicChain {
  readonly #url: string;
  readonly #host: string;
  readonly #provider: JsonRpcProvider;

  /** @throws {@link ForkError} `SETTING_MALFORMED` if it is not a URL of HTTP. */
  constructor(url: string) {
    const parsed = URL.parse(url);
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      throw new ForkError("SETTING_MALFORMED", "FORK_URL is not an HTTP URL");
    }
    const request = new FetchRequest(url);
    request.timeout = PATIENCE;
    this.#url = url;
    this.#host = parsed.host;
    this.#provider = new JsonRpcProvider(request, undefined, { staticNetwork: true });
  }

  /**
   * Pins the block that is given, or one that is settled.
   *
   * @throws {@link ForkError} `RPC_FAILED` if the node does not answer, `NOT_ON_CHAIN` if there is no such block or contract.
   */
  async pin(chosen: string | undefined, rounds: readonly FeedAnswer[]): Promise<BaseChain> {
    if (chosen !== undefined && !/^[1-9][0-9]{0,14}$/.test(chosen)) {
      throw new ForkError("SETTING_MALFORMED", "FORK_BLOCK is not a block's number", { fields: { chosen } });
    }
    const newest = await this.#ask("eth_blockNumber", () => this.#provider.getBlockNumber());
    const block = chosen === undefined ? Math.max(newest - SETTLED, 0) : Number(chosen);
    if (block > newest)
      throw new ForkError("NOT_ON_CHAIN", "there is no such block yet", { fields: { block, newest } });
    for (const [name, address] of Object.entries(MAINNET)) {
      const code = await this.#ask("eth_getCode", () => this.#provider.getCode(address, block));
      if (code === "0x") {
        throw new ForkError("NOT_ON_CHAIN", "a contract of the main network is not there", {
          fields: { name, address },
        });
      }
    }
    return { url: this.#url, block, ...MAINNET, realRounds: await this.#countRounds(rounds, block) };
  }

  /** How many of the rounds of a phase the feed has; they are a beginning of the file, or all. */
  async #countRounds(rounds: readonly FeedAnswer[], block: number): Promise<number> {
    const feed = new Contract(MAINNET.feed, FEED, this.#provider);
    const has = async (number: number): Promise<boolean> => {
      const id = (BigInt(REAL_PHASE) << 64n) | BigInt(number);
      const read = (await feed
        .getFunction("getRoundData")(id, { blockTag: block })
        .catch(() => undefined)) as readonly bigint[] | undefined;
      const round = rounds[number - 1]!;
      return read?.[1] === round.answer && read[3] === BigInt(round.updatedAt);
    };
    let [low, high] = [0, rounds.length];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (await has(middle)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Closes the connection. */
  close(): void {
    this.#provider.destroy();
  }

  async #ask<T>(method: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      // The library's own message has the URL in it.
      const { code, error: said } = error as { code?: unknown; error?: { message?: unknown } };
      throw new ForkError("RPC_FAILED", "the node at FORK_URL does not answer", {
        fields: { host: this.#host, method, code, said: said?.message },
      });
    }
  }
}
