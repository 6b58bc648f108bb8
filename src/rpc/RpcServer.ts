import { RateLimit } from "../http/RateLimit.ts";
import { equalBytes, toHex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import { domainSeparator } from "../machine/TypedData.ts";
import { SILENT, type Logger } from "../roles/Logger.ts";
import type { Clock } from "../sequencer/Clock.ts";
import type { Sequencer } from "../sequencer/Sequencer.ts";
import { methodCaller } from "./callMethod.ts";
import { Channels } from "./Channels.ts";
import { Dispatcher } from "./Dispatcher.ts";
import { Feed } from "./Feed.ts";
import { HistoryStore } from "./HistoryStore.ts";
import { Instruments } from "./Instruments.ts";
import { Labels } from "./Labels.ts";
import { Logins } from "./Logins.ts";
import { MarketView } from "./MarketView.ts";
import { ReceiptIssuer } from "./ReceiptIssuer.ts";
import { DEFAULT_RPC_SETTINGS, type RpcSettings } from "./RpcSettings.ts";
import { Transport, type TransportOptions } from "./Transport.ts";

/** The options don't fit each other, or the sequencer. */
export class RpcServerError extends TenorError<"OPTIONS_INVALID"> {
  override readonly name = "RpcServerError";
}

/** What the server is given. */
export interface RpcServerOptions extends TransportOptions {
  readonly sequencer: Sequencer;
  /** The sequencer's. */
  readonly clock: Clock;
  /** The deployment, of which the EIP-712 domain is made: the chain's id, and the address (20 bytes) that the domain names. */
  readonly chainId: bigint;
  readonly verifyingContract: Uint8Array;
  /** What the underlying of each market is called: 1 is ETH, say. */
  readonly currencies: ReadonlyMap<number, string>;
  /** The private key, 32 bytes, that signs receipts, and nothing else. */
  readonly receiptKey: Uint8Array;
  /** The file of trades, settlements and makers' limits. Default `:memory:`: they last as long as the process. */
  readonly historyPath?: string;
  /** Where they are not the production values. */
  readonly settings?: Partial<RpcSettings>;
  readonly logger?: Logger;
}

/** A server that runs. */
export interface RpcServer {
  /** Where it listens: `http:` for POST, the same with `ws:` for WebSockets. */
  readonly url: string;
  /** Stops it; everybody is disconnected. The sequencer goes on. */
  close(): Promise<void>;
}

/**
 * Serves a sequencer to traders: JSON-RPC 2.0 over HTTP and WebSockets (docs/api.md).
 *
 * @throws {@link RpcServerError} if chain and address are not those of the sequencer's domain, `HistoryStoreError` if the file can't be
 * used, and what the system says if the port is taken.
 */
export async function startRpcServer(options: RpcServerOptions): Promise<RpcServer> {
  const settings = { ...DEFAULT_RPC_SETTINGS, ...options.settings };
  const { sequencer, clock, chainId, currencies, logger = SILENT } = options;
  const { exchange } = sequencer;
  const { domain } = exchange.config;
  if (!equalBytes(domainSeparator(chainId, options.verifyingContract), domain)) {
    throw new RpcServerError("OPTIONS_INVALID", "the sequencer signs for another deployment", { fields: { chainId } });
  }
  const instruments = new Instruments(currencies);
  const history = new HistoryStore(options.historyPath ?? ":memory:", settings.maxHistory);
  const view = new MarketView({ exchange, instruments, history, clock });
  const channels = new Channels(settings.maxSubscriptions);
  const receipts = new ReceiptIssuer(sequencer, clock, options.receiptKey);
  const labels = new Labels((order) => exchange.orders.has(order));
  const logins = new Logins({ domain, clock, settings, state: () => exchange.state });
  const feed = new Feed({ sequencer, clock, instruments, history, view, channels, receipts, labels, logger });
  const unpaid = new RateLimit(settings.unpaidPerSecond, settings.unpaidBurst);
  const call = methodCaller(
    {
      ...{
        sequencer,
        clock,
        settings,
        instruments,
        view,
        history,
        receipts,
        logins,
        channels,
        feed,
        labels,
        unpaid,
        chainId,
      },
      verifyingContract: toHex(options.verifyingContract),
    },
    logger,
  );
  const stop = (): void => {
    feed.stop();
    history.close();
  };
  try {
    const transport = await Transport.listen(new Dispatcher(call, settings, logger), settings, options, logger);
    const close = async (): Promise<void> => {
      await transport.close();
      // What the end of connections has cancelled is taken down before the history is closed.
      await new Promise((resolve) => setImmediate(resolve));
      stop();
    };
    return { url: transport.url, close };
  } catch (error) {
    stop();
    throw error;
  }
}
