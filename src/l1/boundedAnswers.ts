import { makeError, type FetchGetUrlFunc } from "ethers";
import { HttpEndpoint, HttpError, type HttpLimits } from "../http/HttpEndpoint.ts";

/**
 * How the client library asks an endpoint, with bounds on the whole answer: of its own, the longest time is that between two bytes, and nothing
 * bounds the length.
 *
 * @throws HttpError `URL_MALFORMED`.
 */
export function boundedAnswers(url: string, limits: HttpLimits): FetchGetUrlFunc {
  const endpoint = new HttpEndpoint(url, limits);
  return async ({ body }) => {
    try {
      const json: unknown = body === null ? undefined : JSON.parse(Buffer.from(body).toString("utf8"));
      return { statusCode: 200, statusMessage: "OK", headers: {}, body: await endpoint.send({ json }) };
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      const { status } = error.fields;
      if (typeof status === "number") return { statusCode: status, statusMessage: "", headers: {}, body: null };
      if (error.code === "TIMEOUT")
        throw makeError(error.message, "TIMEOUT", { operation: "request", reason: "timeout" });
      throw makeError(error.message, "NETWORK_ERROR", { event: error.code });
    }
  };
}
