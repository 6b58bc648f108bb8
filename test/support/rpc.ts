import { startRpcServer, type RpcServer, type RpcServerOptions } from "../../src/rpc/RpcServer.ts";
import { TenorClient, type Notification, type OrderInput, type Signer } from "../../src/rpc/TenorClient.ts";
import { keccak256 } from "../../src/crypto/keccak.ts";
import { harness, keyOf, START, type Harness, type HarnessOptions } from "./sequencer.ts";

/** A server for traders over a real sequencer, on a free port of the loopback interface. */

/** The call at the money that expires in about three days, which `terms` of the sequencer's tests means too. */
export const CALL = "ETH-7OCT24-3000-C";
export const CURRENCIES = new Map([[1, "ETH"]]);
export const DEPLOYMENT = { chainId: 31337n, verifyingContract: new Uint8Array(20).fill(0x1b), currencies: CURRENCIES };
export const RECEIPT_KEY = keccak256(new TextEncoder().encode("receipts"));
export const DEADLINE = START + 3_600n;

/** A server, its sequencer, and the clients that a test has connected. */
export interface RpcHarness extends Harness {
  readonly server: RpcServer;
  /** Connects a client; {@link RpcHarness.stop} ends it. */
  connect(): Promise<TenorClient>;
  /** Connects a client that is logged in as the owner of an account. */
  trader(account: number): Promise<TenorClient>;
  stop(): Promise<void>;
}

export interface RpcHarnessOptions extends HarnessOptions {
  readonly rpc?: Partial<RpcServerOptions>;
}

/** Starts a server over a new harness. */
export async function rpcHarness({ rpc = {}, ...options }: RpcHarnessOptions = {}): Promise<RpcHarness> {
  return serveHarness(harness(options), rpc);
}

/** Starts a server over the sequencer that a harness has now. */
export async function serveHarness(h: Harness, rpc: Partial<RpcServerOptions> = {}): Promise<RpcHarness> {
  const { sequencer, clock } = h;
  const server = await startRpcServer({ ...DEPLOYMENT, sequencer, clock, receiptKey: RECEIPT_KEY, ...rpc });
  const clients: TenorClient[] = [];
  const connect = async (): Promise<TenorClient> => {
    const client = await TenorClient.connect(server.url, DEPLOYMENT);
    clients.push(client);
    return client;
  };
  return Object.assign(h, {
    server,
    connect,
    trader: async (account: number) => {
      const client = await connect();
      await client.login(ownerSigner(account), clock.now() + 60n);
      return client;
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.close()));
      await server.close();
    },
  });
}

/** The owner of an account. */
export function ownerSigner(account: number): Signer {
  return { account, privateKey: keyOf(account) };
}

/** An order for one contract of {@link CALL} at 50 USD, unless told otherwise. */
export function orderInput(nonce: bigint, change: Partial<OrderInput> = {}): OrderInput {
  const terms = { instrument: CALL, direction: "buy", amount: "1", price: "50", maxFee: "10" } as const;
  return { ...terms, nonce, deadline: DEADLINE, ...change };
}

/** What a client was told so far, and a way to wait for what it will be told. */
export interface Heard {
  readonly all: Notification[];
  /** The first notification of a channel, from now or before, that fits. */
  until(channel: string, fits?: (data: never, sequence: number) => boolean): Promise<Notification>;
}

/** Hears all notifications of a client. */
export function hear(client: TenorClient): Heard {
  const all: Notification[] = [];
  const waiting = new Set<() => void>();
  client.listen((notification) => {
    all.push(notification);
    for (const look of [...waiting]) look();
  });
  const until = async (
    channel: string,
    fits: (data: never, sequence: number) => boolean = () => true,
  ): Promise<Notification> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = all.find((heard) => heard.channel === channel && fits(heard.data as never, heard.sequence));
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { all, until };
}
