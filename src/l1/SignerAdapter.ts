import { AbstractSigner, resolveAddress, type Provider, type TransactionRequest } from "ethers";
import type { Hex } from "../crypto/bytes.ts";
import { L1Error } from "./L1Error.ts";
import type { TransactionSigner } from "./TransactionSigner.ts";

/** A {@link TransactionSigner} as the client library's contracts want it: for transactions without blobs, and for nothing else. */
export class SignerAdapter extends AbstractSigner<Provider> {
  readonly #signer: TransactionSigner;

  constructor(signer: TransactionSigner, provider: Provider) {
    super(provider);
    this.#signer = signer;
  }

  getAddress(): Promise<string> {
    return this.#signer.address();
  }

  connect(provider: Provider): SignerAdapter {
    return new SignerAdapter(this.#signer, provider);
  }

  async signTransaction(request: TransactionRequest): Promise<string> {
    const { type, chainId, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = request;
    const isWhole = [chainId, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas].every(
      (field) => field !== null && field !== undefined,
    );
    if (type !== 2 || !isWhole) throw refused("the transaction is not one with a fee market, or not whole");
    return this.#signer.sign({
      type: 2,
      chainId: BigInt(chainId!),
      nonce: Number(nonce),
      to: request.to === null || request.to === undefined ? null : ((await resolveAddress(request.to)) as Hex),
      value: BigInt(request.value ?? 0),
      data: (request.data ?? "0x") as Hex,
      gasLimit: BigInt(gasLimit!),
      maxFeePerGas: BigInt(maxFeePerGas!),
      maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas!),
    });
  }

  signMessage(): Promise<string> {
    return Promise.reject(refused("this account signs transactions alone"));
  }

  signTypedData(): Promise<string> {
    return Promise.reject(refused("this account signs transactions alone"));
  }
}

function refused(message: string): L1Error {
  return new L1Error("REQUEST_REFUSED", message);
}
