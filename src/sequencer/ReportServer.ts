import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { fromHex } from "../crypto/bytes.ts";
import { TenorError } from "../errors.ts";
import type { SignedReport } from "../machine/OracleReports.ts";
import { decodeTransaction, TX_ORACLE_REPORT } from "../machine/Wire.ts";
import type { Logger } from "../roles/Logger.ts";
import type { ReportOutcome } from "./Submission.ts";

/** Why a request is answered with 400: `MALFORMED` for what is no list of reports, `TOO_LARGE`. */
export type ReportServerErrorCode = "MALFORMED" | "TOO_LARGE";

/** See {@link ReportServerErrorCode}. */
export class ReportServerError extends TenorError<ReportServerErrorCode> {
  override readonly name = "ReportServerError";
}

/** Reports in one request: one of each kind for a few markets. */
const MOST_REPORTS = 64;
/** A report has at most some 3 kB, in hexadecimal digits. */
const MOST_BYTES = MOST_REPORTS * 8_192;
const HEAD_MILLISECONDS = 5_000;
const MOST_CONNECTIONS = 32;

/**
 * Takes the oracle's reports over HTTP: `POST /reports` with `{"reports": ["0x…", …]}`, each as the transaction that it becomes
 * (docs/specification.md, section 3: the type 0x20, the report, its signatures, and no earlier report). Who sends it does not
 * matter: a report carries the signatures of k of n signers, and one of fewer is refused. The answer says for each whether the
 * machine would take it now.
 */
export class ReportServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens. @param take Gives the reports to the sequencer. @param port Zero: any that is free. */
  static async listen(
    take: (reports: readonly SignedReport[]) => readonly ReportOutcome[],
    logger: Logger,
    port: number,
    host = "127.0.0.1",
  ): Promise<ReportServer> {
    const limits = { headersTimeout: HEAD_MILLISECONDS, requestTimeout: 2 * HEAD_MILLISECONDS };
    const server = createServer(limits, (request, response) => {
      if (request.method !== "POST" || request.url !== "/reports") {
        request.resume();
        return answer(response, 404, { error: "there is POST /reports" });
      }
      reportsOf(request)
        .then((reports) => answer(response, 200, { outcomes: take(reports).map(outcomeToJson) }))
        .catch((error: unknown) => {
          const isQuestion = error instanceof ReportServerError;
          if (!isQuestion) logger.error({ err: error }, "reports could not be taken");
          const { code, message } = isQuestion ? error : { code: "FAILED", message: "the sequencer failed" };
          answer(response, isQuestion ? 400 : 503, { error: message, code });
        });
    });
    server.maxConnections = MOST_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(port, host, resolve);
    });
    return new ReportServer(server);
  }

  /** Where it listens. */
  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address}:${port}`;
  }

  /** Stops listening and ends what is open. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  // What is left of a request that was not read goes with its connection.
  response
    .writeHead(status, status === 200 ? headers : { ...headers, connection: "close" })
    .end(`${JSON.stringify(body)}\n`);
}

function outcomeToJson(outcome: ReportOutcome): object {
  return outcome.accepted ? { accepted: true } : { accepted: false, reason: outcome.refusal.reason };
}

async function reportsOf(request: IncomingMessage): Promise<SignedReport[]> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    length += (part as Buffer).length;
    if (length > MOST_BYTES) throw new ReportServerError("TOO_LARGE", "the request is too long");
    parts.push(part as Buffer);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.concat(parts).toString("utf8"));
  } catch {
    throw malformed();
  }
  const { reports } = (parsed ?? {}) as { reports?: unknown };
  if (!Array.isArray(reports) || reports.length > MOST_REPORTS) throw malformed();
  return reports.map(decodeReport);
}

/** The report in what somebody sent. @throws {@link ReportServerError} `MALFORMED`. */
function decodeReport(text: unknown): SignedReport {
  if (typeof text !== "string" || !/^0x([0-9a-f]{2})+$/.test(text)) throw malformed();
  // A report has no times relative to its batch's.
  const transaction = decodeTransaction(fromHex(text), 0n, false);
  if (transaction?.type !== TX_ORACLE_REPORT || transaction.earlier !== undefined) throw malformed();
  const { market, time, spot, curves, signers, signatures } = transaction;
  return { market, time, spot, curves, signers, signatures, earlier: undefined };
}

function malformed(): ReportServerError {
  const message = `expected {"reports": [...]} with at most ${MOST_REPORTS} encoded reports that name no earlier one`;
  return new ReportServerError("MALFORMED", message);
}
