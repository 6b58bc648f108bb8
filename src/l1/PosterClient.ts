import { type JsonRpcApiProvider, type Provider } from "ethers";
import type { RollupInbox } from "../../typechain/index.ts";
import { fromHex, toHex, type Hex } from "../crypto/bytes.ts";
import { keccak256 } from "../crypto/keccak.ts";
import { toBlobs } from "../machine/BlobPayload.ts";
import type {
  Market,
  Offer,
  PosterAccount,
  PosterL1,
  PostReceipt,
  PostRequest,
  SendAnswer,
  SignedPost,
} from "../poster/PosterL1.ts";
import { blobBaseFee, detectSidecarVersion } from "./blobNetwork.ts";
import { makeSidecar, signBlobTransaction, type Sidecar, type SidecarVersion } from "./blobTransactions.ts";
import { inboxAt } from "./Contracts.ts";
import { translateError } from "./ContractErrors.ts";
import type { L1Client } from "./L1Client.ts";
import { L1Error } from "./L1Error.ts";
import type { TransactionSigner } from "./TransactionSigner.ts";

/** Keeps blobs for as long as somebody may have to read them. */
export interface BlobStore {
  /** Stores a blob of 131,072 bytes of about that L1 time under its versioned hash; it is on the disk when this resolves. */
  store(versionedHash: Uint8Array, blob: Uint8Array, l1Time: bigint): Promise<unknown>;
}

/** What a poster's connection is made of. */
export interface PosterClientOptions {
  readonly chainId: bigint;
  readonly inbox: Hex;
  /** The sequencer's account, which sends nothing else. */
  readonly signer: TransactionSigner;
  /** Where the blobs of batches are kept before they are sent; nobody else may have them for a while. */
  readonly blobs?: BlobStore;
  /** Whether the chain carries blobs, so that their price is of interest. Default true. */
  readonly hasBlobs?: boolean;
}

/** Blob gas of one blob (EIP-4844). */
const GAS_PER_BLOB = 131_072n;
/** What pools say when the account's pending transactions are of the other kind. */
const RESERVED = /already reserved|blob transaction.*pending|incompatible pool/i;
/** What pools say to one that they have already. */
const KNOWN = /already known|already imported|known transaction/i;

/** The inbox and the sequencer's account for the batch poster. */
export class PosterClient implements PosterL1 {
  readonly #client: L1Client;
  readonly #provider: Provider;
  readonly #contract: RollupInbox;
  readonly #options: PosterClientOptions;
  #version: SidecarVersion | undefined;
  /** The sidecar of the last payload: a replacement carries the same one, and proofs take a quarter of a second a blob. */
  #sidecar: { readonly payload: Uint8Array | undefined; readonly sidecar: Sidecar } | undefined;

  constructor(client: L1Client, options: PosterClientOptions) {
    this.#client = client;
    this.#provider = client.provider;
    this.#options = options;
    this.#contract = inboxAt(options.inbox, client.provider);
  }

  address(): Promise<Hex> {
    return this.#options.signer.address();
  }

  async account(block: number): Promise<PosterAccount> {
    const address = await this.address();
    const at = { blockTag: block };
    return this.#read("read the account", async () => {
      const [nonce, balance, code, sequencer, available] = await Promise.all([
        this.#provider.getTransactionCount(address, block),
        this.#provider.getBalance(address, block),
        this.#provider.getCode(address, block),
        this.#contract.sequencer(at),
        this.#contract.availableBytes(at),
      ]);
      const maySend = sequencer.toLowerCase() === address.toLowerCase() && code === "0x";
      return { nonce, balance, maySend, availableBytes: available };
    });
  }

  async pendingNonce(): Promise<number> {
    const address = await this.address();
    return this.#read("read the nonce", () => this.#provider.getTransactionCount(address, "pending"));
  }

  async market(): Promise<Market> {
    const [history, tip, blobFee] = await this.#read("read the fees", () =>
      Promise.all([
        this.#send("eth_feeHistory", ["0x1", "latest", []]) as Promise<{ baseFeePerGas?: readonly string[] } | null>,
        this.#send("eth_maxPriorityFeePerGas", []) as Promise<string>,
        // Chains of the OP Stack use the fields of their headers that belong to blobs for something else.
        this.#options.hasBlobs === false ? 0n : blobBaseFee(this.#provider),
      ]),
    );
    const baseFee = BigInt(history?.baseFeePerGas?.at(-1) ?? 0);
    return { baseFee, tip: BigInt(tip), blobBaseFee: blobFee };
  }

  batchCountAt(block: number): Promise<bigint> {
    return this.#read("read the inbox", () => this.#contract.batchCount({ blockTag: block }));
  }

  async sign({ kind, nonce, gasLimit, batch }: PostRequest, offer: Offer): Promise<SignedPost> {
    const { chainId, inbox, signer } = this.#options;
    const own = await this.address();
    const { maxFeePerGas, maxPriorityFeePerGas, maxFeePerBlobGas } = offer;
    const fees = { maxFeePerGas, maxPriorityFeePerGas };
    const to = batch === undefined ? own : inbox;
    if (kind === "blob") {
      const data = batch === undefined ? "0x" : await this.#blobCall(batch);
      const sidecar = await this.#sidecarOf(batch);
      const request = { chainId, nonce, to, data: data as Hex, gasLimit };
      const { hash, raw } = await signBlobTransaction(signer, request, { ...fees, maxFeePerBlobGas }, sidecar);
      return { hash, raw: fromHex(raw) };
    }
    const data = batch === undefined ? "0x" : this.#calldata(batch);
    const raw = await signer.sign({
      type: 2,
      chainId,
      nonce,
      to,
      value: 0n,
      data: data as Hex,
      gasLimit,
      ...fees,
    });
    const bytes = fromHex(raw);
    return { hash: toHex(keccak256(bytes)), raw: bytes };
  }

  async send(raw: Uint8Array): Promise<SendAnswer> {
    try {
      await this.#send("eth_sendRawTransaction", [toHex(raw)]);
      return "accepted";
    } catch (error) {
      const message = error instanceof Error ? error.message : "";
      if (KNOWN.test(message)) return "known";
      if (RESERVED.test(message)) return "other kind pending";
      const failure = translateError(error, "append a batch");
      switch (failure.code) {
        case "REPLACEMENT_UNDERPRICED":
          return "underpriced";
        case "NONCE_USED":
          return "nonce used";
        case "FUNDS":
          return "no funds";
        default:
          throw failure;
      }
    }
  }

  async receipt(hash: Hex): Promise<PostReceipt | undefined> {
    const receipt = (await this.#read("read a receipt", () =>
      this.#send("eth_getTransactionReceipt", [hash]),
    )) as RawReceipt | null;
    if (receipt === null) return undefined;
    if (receipt.transactionHash !== hash) {
      throw new L1Error("INCONSISTENT", "the endpoint returned another receipt than was asked for", {
        fields: { hash },
      });
    }
    const blockNumber = Number(receipt.blockNumber);
    const block = await this.#client.block(blockNumber);
    // Of a block that is not on the endpoint's chain nothing was mined.
    if (block?.hash !== receipt.blockHash) return undefined;
    const blobs = await this.#blobGas(hash, receipt);
    return {
      hash,
      blockNumber,
      blockHash: receipt.blockHash,
      time: block.timestamp,
      succeeded: BigInt(receipt.status) === 1n,
      gasUsed: BigInt(receipt.gasUsed),
      gasPrice: BigInt(receipt.effectiveGasPrice),
      ...blobs,
    };
  }

  async userOfNonce(nonce: number, head: number): Promise<Hex | undefined> {
    const address = await this.address();
    const count = (block: number): Promise<number> =>
      this.#read("read the nonce", () => this.#provider.getTransactionCount(address, block));
    if ((await count(head)) <= nonce) return undefined;
    // INVARIANT: the nonce is unused after block `low` (or `low` is before the first) and used after block `high`.
    let high = head;
    let low = -1;
    for (let step = 1; low === -1 && high > 0; step *= 2) {
      const probe = Math.max(0, head - step);
      if ((await count(probe)) > nonce) high = probe;
      else low = probe;
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((await count(middle)) > nonce) high = middle;
      else low = middle;
    }
    const block = (await this.#read("read a block", () =>
      this.#send("eth_getBlockByNumber", [`0x${high.toString(16)}`, true]),
    )) as { transactions: readonly { from: string; nonce: string; hash: Hex }[] } | null;
    return block?.transactions.find(
      ({ from, nonce: used }) => from.toLowerCase() === address.toLowerCase() && Number(used) === nonce,
    )?.hash;
  }

  /** Blob gas and its price; the simulator's receipts have neither. */
  async #blobGas(hash: Hex, receipt: RawReceipt): Promise<Pick<PostReceipt, "blobGasUsed" | "blobGasPrice">> {
    if (BigInt(receipt.type) !== 3n) return { blobGasUsed: 0n, blobGasPrice: 0n };
    const { blobGasUsed, blobGasPrice: paid } = receipt;
    if (typeof blobGasUsed === "string" && typeof paid === "string") {
      return { blobGasUsed: BigInt(blobGasUsed), blobGasPrice: BigInt(paid) };
    }
    const { blobHashes } = await this.#client.transaction(hash);
    const blobGasPrice = await this.#read("read the fees", () => blobBaseFee(this.#provider));
    return { blobGasUsed: GAS_PER_BLOB * BigInt(blobHashes.length), blobGasPrice };
  }

  #calldata({ index, messagesRead, l2Time, payload }: NonNullable<PostRequest["batch"]>): string {
    return this.#contract.interface.encodeFunctionData("appendBatch", [index, messagesRead, l2Time, payload]);
  }

  async #blobCall({ index, messagesRead, l2Time, payload }: NonNullable<PostRequest["batch"]>): Promise<string> {
    const args = [index, messagesRead, l2Time, payload.length] as const;
    return this.#contract.interface.encodeFunctionData("appendBlobBatch", [...args]);
  }

  async #sidecarOf(batch: PostRequest["batch"]): Promise<Sidecar> {
    const payload = batch?.payload;
    const last = this.#sidecar;
    if (last !== undefined && last.payload === payload) return last.sidecar;
    this.#version ??= await this.#read("find the form of blobs", () => detectSidecarVersion(this.#provider));
    // A transaction that only takes a nonce has to carry a blob too.
    const sidecar = makeSidecar(toBlobs(payload ?? new Uint8Array(1)), this.#version);
    for (const [i, blob] of sidecar.blobs.entries()) {
      if (batch !== undefined) await this.#options.blobs?.store(sidecar.versionedHashes[i]!, blob, batch.l2Time);
    }
    this.#sidecar = { payload, sidecar };
    return sidecar;
  }

  #send(method: string, params: readonly unknown[]): Promise<unknown> {
    const { provider } = this.#client;
    return (provider as Provider & Pick<JsonRpcApiProvider, "send">).send(method, [...params]);
  }

  #read<T>(action: string, call: () => Promise<T>): Promise<T> {
    return this.#client.read(action, call);
  }
}

/** A receipt as endpoints return it. */
interface RawReceipt {
  readonly transactionHash: Hex;
  readonly type: string;
  readonly status: string;
  readonly blockNumber: string;
  readonly blockHash: Hex;
  readonly gasUsed: string;
  readonly effectiveGasPrice: string;
  readonly blobGasUsed?: string | null;
  readonly blobGasPrice?: string | null;
}
