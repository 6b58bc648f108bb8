import type { ChainClient } from "../../../src/l1/ChainClient.ts";
import type { GameClient } from "../../../src/l1/GameClient.ts";

/** What a client is replaced with where it sends: `send` is what it would have done. */
export type Sabotage = (method: string, args: readonly unknown[], send: () => Promise<unknown>) => Promise<unknown>;

const SENDS: ReadonlySet<string> = new Set(["play", "claimRefund", "assertState", "confirm"]);

/** The client with something in the way of all that it sends; it reads as before. */
export function sabotaged<T extends ChainClient | GameClient>(client: T, sabotage: Sabotage): T {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      const call = value as (...args: unknown[]) => unknown;
      if (!SENDS.has(String(name))) return call.bind(target);
      return (...args: unknown[]) => sabotage(String(name), args, () => call.apply(target, args) as Promise<unknown>);
    },
  });
}

/** The process is gone. */
export class Crash extends Error {
  override readonly name = "Crash";
}
