import type { Logger } from "../roles/Logger.ts";
import { isTenorError } from "../errors.ts";
import { RpcError } from "./RpcError.ts";
import { readJson } from "./readJson.ts";
import type { Session } from "./Session.ts";

/** JSON-RPC 2.0 between text and methods: what comes in, what goes out, and nothing of what the methods mean. */

/** Runs a method. Whatever it throws but an {@link RpcError} is a failure of the server. */
export type Call = (method: string, params: unknown, session: Session) => unknown;

/** Values of a text for which it counts as one more request: parsing them takes as long as a small request. */
const VALUES_PER_REQUEST = 100;
/** Length of an answer for which its request counts as one more. */
const LENGTH_PER_REQUEST = 4_096;

type Id = string | number | null;

interface Answer {
  readonly text: string;
  readonly isFlood: boolean;
}

interface Request {
  /** Undefined: a notification, which is not answered. */
  readonly id: Id | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** What a text came to. */
export interface Answered {
  /** JSON, or undefined if there is nothing to answer. */
  readonly text: string | undefined;
  /** Whether anything was refused for being asked too often. */
  readonly isFlood: boolean;
}

/** How much one text may ask. */
export interface DispatchLimits {
  readonly maxDepth: number;
  readonly maxBatch: number;
}

/** Reads texts, calls methods, writes answers. */
export class Dispatcher {
  readonly #call: Call;
  readonly #limits: DispatchLimits;
  readonly #logger: Logger;

  constructor(call: Call, limits: DispatchLimits, logger: Logger) {
    this.#call = call;
    this.#limits = limits;
    this.#logger = logger;
  }

  /** Answers one text: a request or a batch of them. Never fails. */
  async answer(text: string, session: Session): Promise<Answered> {
    let content: unknown;
    try {
      content = this.#read(text, session);
    } catch (error) {
      return answered([this.#failure(null, "", error)], false);
    }
    if (!Array.isArray(content)) return answered([await this.#one(content, session)], false);
    // All at once, so that the orders of a batch share a commit of the journal; they are taken in in their order.
    return answered(await Promise.all(content.map((request) => this.#one(request, session))), true);
  }

  /** What the text says. SAFETY: what is no request counts as one too, and who has too many is told nothing else. */
  #read(text: string, session: Session): unknown {
    const { maxDepth, maxBatch } = this.#limits;
    try {
      const content = readJson(text, ({ depth, values }) => {
        if (depth > maxDepth) throw new RpcError("JSON_TOO_DEEP", "the JSON is nested too deeply", { max: maxDepth });
        if (values >= VALUES_PER_REQUEST) session.takeRequest(Math.floor(values / VALUES_PER_REQUEST));
      });
      if (Array.isArray(content)) requireBatch(content, maxBatch);
      return content;
    } catch (error) {
      if (!isFlood(error)) session.takeRequest();
      throw error;
    }
  }

  async #one(content: unknown, session: Session): Promise<Answer | undefined> {
    const id = idOf(content);
    let method = "";
    try {
      session.takeRequest();
      const request = readRequest(content);
      method = request.method;
      const called = this.#call(method, request.params, session);
      // What is answered at once is counted at once, before the next request of a batch begins.
      const result = called instanceof Promise ? ((await called) as unknown) : called;
      const text = JSON.stringify({ jsonrpc: "2.0", id, result });
      session.charge(Math.floor(text.length / LENGTH_PER_REQUEST));
      return id === undefined ? undefined : { text, isFlood: false };
    } catch (error) {
      const isTold = id !== undefined || (method === "" && !isFlood(error));
      // A notification is not answered, whatever becomes of it; what is no request is.
      return isTold ? this.#failure(id ?? null, method, error) : undefined;
    }
  }

  #failure(id: Id, method: string, error: unknown): Answer {
    const shown = error instanceof RpcError ? error : this.#internalError(method, error);
    const text = JSON.stringify({ jsonrpc: "2.0", id, error: shown.toWire() });
    return { text, isFlood: isFlood(shown) };
  }

  #internalError(method: string, error: unknown): RpcError {
    this.#logger.error({ err: error, method }, "a method failed");
    const reason = isTenorError(error) ? error.code : "UNEXPECTED";
    return new RpcError("INTERNAL_ERROR", "the server failed; nothing was accepted", { reason });
  }
}

function isFlood(error: unknown): boolean {
  return error instanceof RpcError && error.code === "TOO_MANY_REQUESTS";
}

function answered(answers: readonly (Answer | undefined)[], isBatch: boolean): Answered {
  const told = answers.filter((answer) => answer !== undefined);
  const texts = told.map(({ text }) => text).join();
  return {
    text: told.length === 0 ? undefined : isBatch ? `[${texts}]` : texts,
    isFlood: told.some((answer) => answer.isFlood),
  };
}

function requireBatch(content: readonly unknown[], max: number): void {
  if (content.length === 0) throw new RpcError("INVALID_REQUEST", "the batch is empty");
  if (content.length > max) throw new RpcError("BATCH_TOO_LONG", "the batch has too many requests", { max });
}

function readRequest(content: unknown): Request {
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new RpcError("INVALID_REQUEST", "a request is an object");
  }
  const { jsonrpc, method, params } = content as Record<string, unknown>;
  if (jsonrpc !== "2.0") throw new RpcError("INVALID_REQUEST", 'jsonrpc must be "2.0"');
  if (typeof method !== "string") throw new RpcError("INVALID_REQUEST", "method must be a string");
  if (params !== undefined && (typeof params !== "object" || params === null || Array.isArray(params))) {
    throw new RpcError("INVALID_REQUEST", "params must be an object");
  }
  const id = idOf(content);
  if (id === undefined && "id" in content) throw new RpcError("INVALID_REQUEST", "id must be a string or an integer");
  return { id, method, params: params ?? {} };
}

/** Undefined if there is none, or none that can be repeated. */
function idOf(content: unknown): Id | undefined {
  const id = typeof content === "object" && content !== null ? (content as { id?: unknown }).id : undefined;
  return typeof id === "string" || typeof id === "number" || id === null ? id : undefined;
}
