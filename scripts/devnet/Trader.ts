import { fromHex } from "../../src/crypto/bytes.ts";
import type { Deployment } from "../../src/l1/deployment.ts";
import { MARKETS } from "../../src/market/types.ts";
import type { PlacedOrder } from "../../src/rpc/methods.ts";
import { RpcError } from "../../src/rpc/RpcError.ts";
import { TenorClient, type OrderInput, type Signer } from "../../src/rpc/TenorClient.ts";
import { keyOf, type DevnetName } from "./accounts.ts";

/** What a devnet's markets are called. */
export const CURRENCIES: ReadonlyMap<number, string> = new Map(MARKETS.map(({ id, name }) => [id, name]));

/** Seconds after which a trader logs in anew; a login lasts for an hour. */
const LOGIN_EVERY = 1_800;
const LOGIN_DEADLINE = 60;

/** Somebody who trades over the sequencer's JSON-RPC, and connects again when the connection has ended. */
export class Trader {
  readonly #url: string;
  readonly #deployment: Deployment;
  readonly #signer: Signer;
  #client: TenorClient | undefined;
  #loggedInAt = 0;

  /** @param url Of the JSON-RPC. */
  constructor(url: string, deployment: Deployment, name: DevnetName, account: number) {
    this.#url = url;
    this.#deployment = deployment;
    this.#signer = { account, privateKey: fromHex(keyOf(name)) };
  }

  /** Places an order. @returns Why it was refused, if it was. @throws TenorClientError if there is no connection. */
  async place(order: OrderInput): Promise<PlacedOrder | string> {
    const client = await this.#connect();
    try {
      return await client.placeOrder(this.#signer, order);
    } catch (error) {
      if (error instanceof RpcError) {
        const { reason } = error.fields;
        return typeof reason === "string" ? reason : error.code;
      }
      throw error;
    }
  }

  /** Takes all of its orders out of the book. */
  async cancelAll(): Promise<void> {
    await (await this.#connect()).call("private/cancel_all", { account: this.#signer.account });
  }

  /** Ends the connection. */
  async close(): Promise<void> {
    await this.#client?.close();
  }

  async #connect(): Promise<TenorClient> {
    const now = Math.floor(Date.now() / 1_000);
    if (this.#client === undefined) {
      const { chainId, addresses } = this.#deployment;
      const verifyingContract = fromHex(addresses.inbox, 20);
      const client = await TenorClient.connect(this.#url, { chainId, verifyingContract, currencies: CURRENCIES });
      void client.closed.then(() => {
        if (this.#client === client) this.#client = undefined;
      });
      [this.#client, this.#loggedInAt] = [client, 0];
    }
    const client = this.#client;
    if (now - this.#loggedInAt >= LOGIN_EVERY) {
      await client.login(this.#signer, BigInt(now + LOGIN_DEADLINE));
      this.#loggedInAt = now;
    }
    return client;
  }
}
