import { equalBytes, toHex } from "../crypto/bytes.ts";
import { BLOB, G1_POINT, versionedHash } from "../crypto/kzg.ts";
import type { BlobSource } from "../derive/BlobSource.ts";
import { HttpEndpoint, HttpError } from "../http/HttpEndpoint.ts";
import type { L1Block } from "../l1/L1Source.ts";
import { BlobSourceError, wrongBlob } from "./BlobSourceError.ts";
import { isBlobOf } from "./verifyBlob.ts";

/** When the slots of a beacon chain are. */
export interface SlotTimes {
  /** Seconds since 1970. */
  readonly genesisTime: bigint;
  readonly secondsPerSlot: bigint;
}

/** How a consensus client is asked. */
export interface BeaconOptions {
  /** Longest time that an answer may take. Default 20,000. */
  readonly timeoutMilliseconds?: number;
  /** For endpoints that serve blobs but neither genesis nor configuration. */
  readonly slots?: SlotTimes;
}

/** A blob as JSON has it, with quotes and comma. */
const JSON_BLOB = 2 * BLOB + 8;
/** More blobs than a block may have for years to come; a server may answer with all of a block's. */
const MOST_BLOBS = 72;
/** What a sidecar has besides its blob is short. */
const MAX_ANSWER = MOST_BLOBS * (JSON_BLOB + 4096) + 4096;

/** What a server says when it does not have the path, or has had it. */
const NO_PATH = [404, 405, 410, 501];

/** A commitment with the blob that a server gives for it, neither of them checked. */
interface Sidecar {
  readonly commitment: Uint8Array;
  readonly blob: Uint8Array;
}

/**
 * A consensus client, which keeps blobs for about 18 days: `/eth/v1/beacon/blobs` or, on older ones, `/eth/v1/beacon/blob_sidecars`.
 *
 * Blocks are named by their slot, which follows from the L1 block's time. A server without `/eth/v1/config/spec` has no
 * slots (anvil): there, the L1 block's own hash is its name.
 */
export class BeaconBlobSource implements BlobSource {
  readonly #endpoint: HttpEndpoint;
  #slots: SlotTimes | "none" | undefined;
  /** Whether the server has answered in the newer form. */
  #hasBlobs = false;
  /** The older form gives all blobs of a block at once, so the last answer is kept for the next question. */
  #sidecars: { readonly id: string; readonly answer: Promise<readonly Sidecar[] | undefined> } | undefined;

  /**
   * @param url May contain credentials; no error shows more of it than the host.
   * @throws {@link HttpError} `URL_MALFORMED`.
   */
  constructor(url: string, { timeoutMilliseconds = 20_000, slots }: BeaconOptions = {}) {
    this.#endpoint = new HttpEndpoint(url, { timeoutMilliseconds, maxBytes: MAX_ANSWER });
    this.#slots = slots;
  }

  /** @throws {@link BlobSourceError} */
  async blob(hash: Uint8Array, block: L1Block): Promise<Uint8Array | undefined> {
    const id = await this.#blockId(block);
    if (id === undefined) return undefined;
    const blobs = await this.#blobs(id, hash);
    if (blobs !== undefined) {
      const found = blobs.find((blob) => isBlobOf(hash, blob));
      if (found !== undefined || blobs.length === 0) return found;
      throw wrongBlob(this.#endpoint.host, hash);
    }
    const sidecar = (await this.#sidecarsOf(id))?.find(({ commitment }) => equalBytes(versionedHash(commitment), hash));
    if (sidecar === undefined || isBlobOf(hash, sidecar.blob)) return sidecar?.blob;
    throw wrongBlob(this.#endpoint.host, hash);
  }

  /** What the server calls the block, or undefined if there can be no such block. */
  async #blockId(block: L1Block): Promise<string | undefined> {
    const slots = (this.#slots ??= await this.#readSlots());
    if (slots === "none") return block.hash;
    const age = block.timestamp - slots.genesisTime;
    return age < 0n || age % slots.secondsPerSlot !== 0n ? undefined : String(age / slots.secondsPerSlot);
  }

  async #readSlots(): Promise<SlotTimes | "none"> {
    const spec = (await this.#get("/eth/v1/config/spec"))?.data;
    if (spec === undefined) return "none";
    const genesis = (await this.#get("/eth/v1/beacon/genesis"))?.data;
    const genesisTime = numberOf(genesis, "genesis_time");
    const milliseconds = numberOf(spec, "SLOT_DURATION_MS");
    const seconds = milliseconds === undefined ? numberOf(spec, "SECONDS_PER_SLOT") : milliseconds / 1000n;
    if (genesisTime === undefined || seconds === undefined || seconds === 0n) {
      throw this.#malformed("the server does not say when its slots are");
    }
    return { genesisTime, secondsPerSlot: seconds };
  }

  /** What the newer form gives for one hash, unchecked; undefined if the server does not have that form. */
  async #blobs(id: string, hash: Uint8Array): Promise<readonly Uint8Array[] | undefined> {
    const answer = await this.#get(`/eth/v1/beacon/blobs/${id}`, { versioned_hashes: toHex(hash) });
    if (answer === undefined) return this.#hasBlobs ? [] : undefined;
    this.#hasBlobs = true;
    return this.#list(answer.data).map((blob) => this.#bytes(blob, BLOB));
  }

  /** What the older form gives for a block, unchecked; undefined if the server has neither that form nor the block. */
  #sidecarsOf(id: string): Promise<readonly Sidecar[] | undefined> {
    if (this.#sidecars?.id === id) return this.#sidecars.answer;
    const answer = this.#get(`/eth/v1/beacon/blob_sidecars/${id}`).then((found) =>
      found === undefined ? undefined : this.#list(found.data).map((entry) => this.#sidecar(entry)),
    );
    const kept = { id, answer };
    this.#sidecars = kept;
    const forget = (): void => {
      if (this.#sidecars === kept) this.#sidecars = undefined;
    };
    // What the server does not have now, or fails to give, it may have at the next question.
    answer.then((found) => (found === undefined ? forget() : undefined), forget);
    return answer;
  }

  #sidecar(entry: unknown): Sidecar {
    const { blob, kzg_commitment: commitment } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    return { blob: this.#bytes(blob, BLOB), commitment: this.#bytes(commitment, G1_POINT) };
  }

  async #get(
    path: string,
    query: Readonly<Record<string, string>> = {},
  ): Promise<{ readonly data?: unknown } | undefined> {
    let text: string;
    try {
      text = Buffer.from(await this.#endpoint.send({ path, query })).toString("latin1");
    } catch (cause) {
      if (!(cause instanceof HttpError)) throw cause;
      if (cause.code === "STATUS" && NO_PATH.includes(Number(cause.fields.status))) return undefined;
      throw new BlobSourceError("SOURCE_UNAVAILABLE", "the consensus client does not answer", {
        fields: { source: this.#endpoint.host, reason: cause.code, ...cause.fields },
        cause,
      });
    }
    try {
      const answer = JSON.parse(text) as unknown;
      if (typeof answer === "object" && answer !== null) return answer;
    } catch {
      // The parser's words show parts of the answer and nothing else.
    }
    throw this.#malformed("the server's answer is not JSON");
  }

  #list(data: unknown): readonly unknown[] {
    if (Array.isArray(data) && data.length <= MOST_BLOBS) return data;
    throw this.#malformed("the server's answer is not a list of blobs");
  }

  #bytes(value: unknown, length: number): Uint8Array {
    if (typeof value === "string" && value.startsWith("0x") && value.length === 2 + 2 * length) {
      const bytes = Buffer.from(value.slice(2), "hex");
      // Shorter if it met what is no digit.
      if (bytes.length === length) return new Uint8Array(bytes);
    }
    throw this.#malformed("the server's answer has what is not a blob or a commitment");
  }

  #malformed(message: string): BlobSourceError {
    return new BlobSourceError("ANSWER_MALFORMED", message, { fields: { source: this.#endpoint.host } });
  }
}

/** A decimal number in an object of strings. */
function numberOf(object: unknown, name: string): bigint | undefined {
  const value = (object as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return typeof value === "string" && /^[0-9]{1,18}$/.test(value) ? BigInt(value) : undefined;
}
