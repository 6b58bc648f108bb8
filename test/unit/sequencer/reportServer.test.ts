import { expect } from "chai";
import { toHex } from "../../../src/crypto/bytes.ts";
import type { SignedReport } from "../../../src/machine/OracleReports.ts";
import { TX_COLLECT_FEES, TX_ORACLE_REPORT, type Transaction } from "../../../src/machine/Wire.ts";
import { encodeTransaction } from "../../../src/machine/WireEncoding.ts";
import { SILENT } from "../../../src/roles/Logger.ts";
import { ReportServer } from "../../../src/sequencer/ReportServer.ts";
import { reportOf, signed } from "../../support/oracle.ts";
import { CONFIG, harness, MARKET, SPOT, START } from "../../support/sequencer.ts";

function encoded(transaction: Transaction): string {
  return toHex(encodeTransaction(transaction, 0n));
}

function encodedReport(report: SignedReport): string {
  return encoded({ ...report, type: TX_ORACLE_REPORT });
}

describe("the intake of the oracle's reports", () => {
  let server: ReportServer;
  let taken: SignedReport[];

  beforeEach(async () => {
    const { sequencer } = harness({ accounts: 1, oracle: true });
    taken = [];
    server = await ReportServer.listen(
      (reports) => {
        taken.push(...reports);
        return sequencer.submitReports(reports);
      },
      SILENT,
      0,
    );
  });

  afterEach(() => server.close());

  async function post(body: string, path = "/reports", method = "POST"): Promise<[number, unknown]> {
    const response = await fetch(`${server.url}${path}`, method === "GET" ? { method } : { method, body });
    return [response.status, await response.json()];
  }

  const good = signed(CONFIG, reportOf(MARKET, START, SPOT));

  it("gives them to the sequencer as they were signed, and says of each what the machine would say", async () => {
    const curves = signed(CONFIG, reportOf(MARKET, START, SPOT, [20_007, 20_014]), [1, 3, 4]);
    const late = signed(CONFIG, reportOf(MARKET, START - 1_000n, SPOT));
    const answer = await post(JSON.stringify({ reports: [good, curves, late].map(encodedReport) }));
    const refused = { accepted: false, reason: "ReportLate" };
    expect(answer).to.deep.equal([200, { outcomes: [{ accepted: true }, { accepted: true }, refused] }]);
    expect(taken).to.deep.equal([good, curves, late]);
  });

  it("a report of too few signers, or that somebody has changed, is refused by the machine's rules", async () => {
    const changed = { ...good, spot: good.spot + 1n };
    const few = { ...good, signers: 0b11, signatures: good.signatures.slice(0, 2) };
    const [status, body] = await post(JSON.stringify({ reports: [changed, few].map(encodedReport) }));
    expect(status).to.equal(200);
    const { outcomes } = body as { outcomes: readonly { readonly accepted: boolean }[] };
    expect(outcomes.map(({ accepted }) => accepted)).to.deep.equal([false, false]);
  });

  const withEarlier = { ...good, earlier: { ...good, curvesHash: new Uint8Array(32) } };
  for (const [what, body, code] of [
    ["no JSON", "{", "MALFORMED"],
    ["no list", "{}", "MALFORMED"],
    ["nothing", "null", "MALFORMED"],
    ["a list of numbers", '{"reports":[1]}', "MALFORMED"],
    ["capital digits", JSON.stringify({ reports: [encodedReport(good).toUpperCase()] }), "MALFORMED"],
    ["half a byte", JSON.stringify({ reports: [encodedReport(good).slice(0, -1)] }), "MALFORMED"],
    ["a report that is cut short", JSON.stringify({ reports: [encodedReport(good).slice(0, -2)] }), "MALFORMED"],
    ["a byte too many", JSON.stringify({ reports: [`${encodedReport(good)}00`] }), "MALFORMED"],
    ["another transaction", JSON.stringify({ reports: [encoded({ type: TX_COLLECT_FEES })] }), "MALFORMED"],
    ["a report with an earlier one", JSON.stringify({ reports: [encodedReport(withEarlier)] }), "MALFORMED"],
    ["65 reports", JSON.stringify({ reports: Array<string>(65).fill(encodedReport(good)) }), "MALFORMED"],
    ["a megabyte", JSON.stringify({ reports: [`0x${"00".repeat(524_288)}`] }), "TOO_LARGE"],
  ] as const) {
    it(`refuses ${what}, and takes none`, async () => {
      const [status, answer] = await post(body);
      expect([status, (answer as { code: string }).code]).to.deep.equal([400, code]);
      expect(taken).to.deep.equal([]);
    });
  }

  for (const [path, method] of [
    ["/", "POST"],
    ["/reports", "GET"],
    ["/reports/", "POST"],
  ] as const) {
    it(`has nothing at ${method} ${path}`, async () => {
      expect((await post("{}", path, method))[0]).to.equal(404);
    });
  }

  it("says that it failed when the sequencer does", async () => {
    await server.close();
    server = await ReportServer.listen(
      () => {
        throw new Error("halted");
      },
      SILENT,
      0,
    );
    const [status, answer] = await post('{"reports":[]}');
    expect([status, (answer as { code: string }).code]).to.deep.equal([503, "FAILED"]);
  });
});
