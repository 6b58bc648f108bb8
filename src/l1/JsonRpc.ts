import type { JsonRpcApiProvider, Provider } from "ethers";

/** What an endpoint says when it refuses a request. */
export interface RpcRefusal {
  readonly code: number;
  readonly message: string;
}

/** Methods of JSON-RPC that have no place in the client library. */
export type RpcProvider = Provider & Pick<JsonRpcApiProvider, "send">;

/** Whether a provider passes any method on. */
export function canSend(provider: Provider): provider is RpcProvider {
  return "send" in provider && typeof provider.send === "function";
}

/** The endpoint's own words in whatever the client library has made of them; undefined if the endpoint said nothing. */
export function refusalOf(error: unknown, depth = 0): RpcRefusal | undefined {
  if (typeof error !== "object" || error === null || depth > 4) return undefined;
  const { code, message } = error as Partial<RpcRefusal>;
  if (typeof code === "number" && typeof message === "string") return { code, message };
  for (const key of ["error", "info", "cause"]) {
    const found = refusalOf((error as Record<string, unknown>)[key], depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** As much as an error shows of a stranger's words. */
const MAX_WORDS = 200;

/** What a stranger says, fit for a log: short, and without what a terminal obeys. */
export function printable(text: string): string {
  return text.slice(0, MAX_WORDS).replace(/[^\x20-\x7e]/g, "?");
}

/** Codes and words for a method that an endpoint does not have: JSON-RPC 2.0, EIP-1474. */
const NO_METHOD_CODES = [-32601, -32004];

/** The answer to a request, or undefined if the endpoint does not have the method. */
export async function sendIfKnown(provider: Provider, method: string, params: unknown[]): Promise<unknown> {
  if (!canSend(provider)) return undefined;
  try {
    return await provider.send(method, params);
  } catch (error) {
    if (NO_METHOD_CODES.includes(refusalOf(error)?.code ?? 0)) return undefined;
    throw error;
  }
}
