import type { Logger } from "../roles/Logger.ts";
import { isTenorError } from "../errors.ts";
import { RpcError, type RpcErrorObject } from "./RpcError.ts";
import { readJson } from "./readJson.ts";
import type { Session } from "./Session.ts";

/** JSON-RPC 2.0 between text and methods: what comes in, what goes out, and nothing of what the methods mean. */

/** Runs a method. Whatever it throws but an {@link RpcError} is a failure of the server. */
export type Call = (method: string, params: unknown, session: Session) => unknown;

type Id = string | number | null;

interface Answer {
  readonly jsonrpc: "2.0";
  readonly id: Id;
  readonly result?: unknown;
  readonly error?: RpcErrorObject;
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
      content = readJson(text, this.#limits.maxDepth);
      if (Array.isArray(content)) requireBatch(content, this.#limits.maxBatch);
    } catch (error) {
      return this.#answered([this.#failure(null, "", error)], false);
    }
    if (!Array.isArray(content)) {
      const answer = await this.#one(content, session);
      return this.#answered(answer === undefined ? [] : [answer], false);
    }
    // All at once, so that the orders of a batch share a commit of the journal; they are taken in in their order.
    const answers = await Promise.all(content.map((request) => this.#one(request, session)));
    return this.#answered(
      answers.filter((answer) => answer !== undefined),
      true,
    );
  }

  async #one(content: unknown, session: Session): Promise<Answer | undefined> {
    let request: Request;
    try {
      request = readRequest(content);
    } catch (error) {
      return this.#failure(idOf(content) ?? null, "", error);
    }
    const { id, method, params } = request;
    try {
      session.takeRequest();
      const result = await this.#call(method, params, session);
      return id === undefined ? undefined : { jsonrpc: "2.0", id, result };
    } catch (error) {
      const answer = this.#failure(id ?? null, method, error);
      return id === undefined ? undefined : answer;
    }
  }

  #answered(answers: readonly Answer[], isBatch: boolean): Answered {
    const isFlood = answers.some(({ error }) => error?.data.error === "TOO_MANY_REQUESTS");
    if (answers.length === 0) return { text: undefined, isFlood };
    return { text: JSON.stringify(isBatch ? answers : answers[0]), isFlood };
  }

  #failure(id: Id, method: string, error: unknown): Answer {
    if (error instanceof RpcError) return { jsonrpc: "2.0", id, error: error.toWire() };
    this.#logger.error({ err: error, method }, "a method failed");
    const reason = isTenorError(error) ? error.code : "UNEXPECTED";
    const shown = new RpcError("INTERNAL_ERROR", "the server failed; nothing was accepted", { reason });
    return { jsonrpc: "2.0", id, error: shown.toWire() };
  }
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
