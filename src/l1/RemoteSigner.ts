import { getAddress, isAddress, isHexString, toQuantity } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { HttpEndpoint, HttpError } from "../http/HttpEndpoint.ts";
import { printable } from "./JsonRpc.ts";
import {
  requireSignatureOf,
  SignerError,
  type TransactionSigner,
  type UnsignedTransaction,
} from "./TransactionSigner.ts";

/** How a signer in another process is asked. */
export interface RemoteSignerOptions {
  /** The account; without it, the signer must have exactly one. */
  readonly account?: Hex;
  /** Longest time that an answer may take; a person may have to confirm. Default 30,000. */
  readonly timeoutMilliseconds?: number;
}

/** The longest honest answer: calldata of a transaction, twice, in hexadecimal. */
const MAX_ANSWER = 1 << 20;

/**
 * A process that keeps the key and signs by `eth_signTransaction` over HTTP, as Web3Signer does and whatever speaks like it. It is
 * trusted to keep the key and with nothing else: {@link requireSignatureOf}.
 */
export class RemoteSigner implements TransactionSigner {
  readonly #endpoint: HttpEndpoint;
  #account: Hex | undefined;
  #id = 0;

  /**
   * @param url May contain credentials; no error shows more of it than the host.
   * @throws {@link HttpError} `URL_MALFORMED`.
   */
  constructor(url: string, { account, timeoutMilliseconds = 30_000 }: RemoteSignerOptions = {}) {
    this.#endpoint = new HttpEndpoint(url, { timeoutMilliseconds, maxBytes: MAX_ANSWER });
    this.#account = account === undefined ? undefined : (getAddress(account) as Hex);
  }

  async address(): Promise<Hex> {
    if (this.#account !== undefined) return this.#account;
    const accounts = await this.#ask("eth_accounts", []);
    const [first, ...others] = Array.isArray(accounts) ? accounts.filter((account) => isAddress(account)) : [];
    if (first === undefined || others.length > 0) {
      throw new SignerError("ACCOUNT_UNCLEAR", "say which of the signer's accounts is meant", {
        fields: { host: this.#endpoint.host, accounts: first === undefined ? 0 : others.length + 1 },
      });
    }
    return (this.#account = getAddress(first) as Hex);
  }

  async sign(unsigned: UnsignedTransaction): Promise<Hex> {
    const account = await this.address();
    const answer = await this.#ask("eth_signTransaction", [toRpc(unsigned, account)]);
    // Some answer with the bytes alone, some with an object that has the transaction's fields beside them.
    const signed = typeof answer === "object" && answer !== null ? (answer as { raw?: unknown }).raw : answer;
    if (!isHexString(signed)) {
      throw new SignerError("SIGNATURE_MALFORMED", "the signer's answer is not a signed transaction", {
        fields: { host: this.#endpoint.host },
      });
    }
    return requireSignatureOf(unsigned, account, signed);
  }

  async #ask(method: string, params: readonly unknown[]): Promise<unknown> {
    const { host } = this.#endpoint;
    let answer: { readonly result?: unknown; readonly error?: unknown } | null;
    try {
      const body = await this.#endpoint.send({ json: { jsonrpc: "2.0", id: ++this.#id, method, params } });
      answer = JSON.parse(Buffer.from(body).toString("utf8")) as typeof answer;
    } catch (cause) {
      if (cause instanceof HttpError) {
        throw new SignerError("SIGNER_UNAVAILABLE", "the signer does not answer", { fields: { host, method }, cause });
      }
      throw new SignerError("SIGNATURE_MALFORMED", "the signer's answer is not JSON", { fields: { host, method } });
    }
    const { result, error } = typeof answer === "object" && answer !== null ? answer : {};
    if (error !== undefined && error !== null) {
      const said = (error as { message?: unknown }).message;
      const reason = typeof said === "string" ? printable(said) : "";
      throw new SignerError("SIGNER_REFUSED", "the signer refuses", { fields: { host, method, reason } });
    }
    return result;
  }
}

/** The argument of `eth_signTransaction`. */
function toRpc(unsigned: UnsignedTransaction, account: Hex): Record<string, unknown> {
  const { type, chainId, nonce, to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = unsigned;
  const common = {
    from: account,
    type: toQuantity(type),
    chainId: toQuantity(chainId),
    nonce: toQuantity(nonce),
    ...(to === null ? {} : { to }),
    value: toQuantity(value),
    // Signers of different ages read one name or the other.
    data,
    input: data,
    gas: toQuantity(gasLimit),
    maxFeePerGas: toQuantity(maxFeePerGas),
    maxPriorityFeePerGas: toQuantity(maxPriorityFeePerGas),
    accessList: [],
  };
  if (unsigned.type === 2) return common;
  const { maxFeePerBlobGas, blobVersionedHashes } = unsigned;
  return { ...common, maxFeePerBlobGas: toQuantity(maxFeePerBlobGas), blobVersionedHashes };
}
