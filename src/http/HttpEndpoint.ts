import { TenorError } from "../errors.ts";

/** Why there is no answer. */
export type HttpErrorCode =
  /** It is not the URL of an HTTP server. */
  | "URL_MALFORMED"
  /** No connection, or it broke off. */
  | "UNREACHABLE"
  /** The answer was not complete in time. */
  | "TIMEOUT"
  /** The answer is longer than any honest one. */
  | "TOO_LARGE"
  /** The server answered with another status than 200: `fields.status`. */
  | "STATUS";

/** See {@link HttpErrorCode}. Of the URL only the host is shown: the rest may be a secret. */
export class HttpError extends TenorError<HttpErrorCode> {
  override readonly name = "HttpError";
}

/** The system's and the client's words for a connection that broke off. */
const BROKEN = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

/** What an answer may take. */
export interface HttpLimits {
  /** Longest time until the answer is complete. */
  readonly timeoutMilliseconds: number;
  /** Longest body of an answer. */
  readonly maxBytes: number;
}

/** What is asked. */
export interface HttpRequest {
  /** Below the URL's own path, beginning with a slash; empty for the URL itself. */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON by POST; without it the request is a GET. */
  readonly json?: unknown;
  readonly accept?: string;
}

/**
 * An HTTP server that is not trusted with anything but its answers: they are bounded in time and length, and redirections are
 * refused, since they would lead a request with its credentials to somebody else.
 */
export class HttpEndpoint {
  /** What logs and errors call it. */
  readonly host: string;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #limits: HttpLimits;

  /**
   * @param url With `user:password@` they are sent as basic authorization.
   * @throws {@link HttpError} `URL_MALFORMED`.
   */
  constructor(url: string, limits: HttpLimits) {
    const parsed = URL.parse(url);
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
      throw new HttpError("URL_MALFORMED", "it is not the URL of an HTTP server");
    }
    const { username, password } = parsed;
    this.#headers = username === "" ? {} : { authorization: basicAuthorization(username, password) };
    [parsed.username, parsed.password, parsed.hash] = ["", "", ""];
    this.#url = parsed;
    this.#limits = limits;
    this.host = parsed.host;
  }

  /** The body of the answer. @throws {@link HttpError} */
  async send({ path = "", query = {}, json, accept }: HttpRequest): Promise<Uint8Array> {
    const { timeoutMilliseconds, maxBytes } = this.#limits;
    const url = new URL(this.#url);
    if (path !== "") url.pathname = url.pathname.replace(/\/+$/, "") + path;
    for (const [name, value] of Object.entries(query)) url.searchParams.append(name, value);
    const body = json === undefined ? {} : { method: "POST", body: JSON.stringify(json) };
    const headers = {
      ...this.#headers,
      accept: accept ?? "application/json",
      ...(json === undefined ? {} : { "content-type": "application/json" }),
    };
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const ask = async (): Promise<Uint8Array> => {
      const response = await fetch(url, { ...body, headers, signal, redirect: "error" });
      if (response.status !== 200) {
        await response.body?.cancel();
        throw this.#error("STATUS", "the server does not answer with what it was asked for", path, {
          status: response.status,
        });
      }
      return await this.#read(response, path, maxBytes);
    };
    try {
      // A server may close a connection that was kept open just when a question goes out on it; what is only read is asked again then,
      // as RFC 9112 9.3.1 allows.
      return await ask().catch((cause: unknown) => {
        if (json !== undefined || !BROKEN.includes(reasonOf(cause))) throw cause;
        return ask();
      });
    } catch (cause) {
      if (cause instanceof HttpError) throw cause;
      if (signal.aborted) throw this.#error("TIMEOUT", "the server takes too long", path, { timeoutMilliseconds });
      // SAFETY: the cause is not passed on; the library's errors show the whole URL.
      throw this.#error("UNREACHABLE", "the server can't be reached", path, { reason: reasonOf(cause) });
    }
  }

  async #read(response: Response, path: string, maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const part of response.body ?? []) {
      const bytes = part as Uint8Array;
      length += bytes.length;
      // Leaving the loop closes the connection.
      if (length > maxBytes) throw this.#error("TOO_LARGE", "the server's answer is too long", path, { maxBytes });
      parts.push(bytes);
    }
    return new Uint8Array(Buffer.concat(parts, length));
  }

  #error(code: HttpErrorCode, message: string, path: string, fields: Readonly<Record<string, unknown>>): HttpError {
    return new HttpError(code, message, { fields: { host: this.host, path, ...fields } });
  }
}

function basicAuthorization(username: string, password: string): string {
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return `Basic ${Buffer.from(credentials).toString("base64")}`;
  } catch {
    throw new HttpError("URL_MALFORMED", "the URL's user name or password is not percent-encoded text");
  }
}

/** The system's code for what broke: ECONNREFUSED and the like. */
function reasonOf(error: unknown): string {
  const { code } = ((error as { cause?: unknown }).cause ?? error) as { code?: unknown };
  return typeof code === "string" ? code : "unknown";
}
