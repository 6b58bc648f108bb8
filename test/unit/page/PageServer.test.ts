import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { expect } from "chai";
import { PageServer, type PageContent } from "../../../src/page/PageServer.ts";

/** An answer as it came over the wire. */
interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

describe("the server of the page", () => {
  const content: { -readonly [Name in keyof PageContent]: PageContent[Name] } = { json: undefined, problem: undefined };
  let server: PageServer;
  let port: number;

  before(async () => {
    server = await PageServer.listen(content, { burst: 1_000 });
    port = Number(new URL(server.url).port);
  });

  beforeEach(() => Object.assign(content, { json: '{"block":7}', problem: undefined }));

  after(() => server.close());

  /** Sends bytes as they are, and takes what comes until the other end closes. */
  async function send(request: string, to = port): Promise<Answer> {
    const socket = connect(to, "127.0.0.1");
    let text = "";
    socket.setEncoding("utf8").on("data", (part: string) => (text += part));
    socket.write(request);
    await once(socket, "close");
    const [head = "", ...rest] = text.split("\r\n\r\n");
    const [first = "", ...lines] = head.split("\r\n");
    const headers = lines.map((line): [string, string] => {
      const [name = "", ...value] = line.split(": ");
      return [name.toLowerCase(), value.join(": ")];
    });
    return { status: Number(first.split(" ")[1]), headers: new Map(headers), body: rest.join("\r\n\r\n") };
  }

  const ask = (line: string, headers: readonly string[] = [`host: 127.0.0.1:${port}`], body = ""): Promise<Answer> =>
    send([`${line} HTTP/1.1`, ...headers, "connection: close", "", body].join("\r\n"));

  for (const [path, type, file] of [
    ["/", "text/html; charset=utf-8", "index.html"],
    ["/page.js", "text/javascript; charset=utf-8", "page.js"],
    ["/page.css", "text/css; charset=utf-8", "page.css"],
    ["/icon.svg", "image/svg+xml", "icon.svg"],
  ] as const) {
    it(`serves ${path}, with a policy that lets it load its own files alone`, async () => {
      const { status, headers, body } = await ask(`GET ${path}`);
      expect([status, headers.get("content-type")]).to.deep.equal([200, type]);
      expect(body).to.equal(readFileSync(new URL(`../../../src/page/static/${file}`, import.meta.url), "utf8"));
      const policy = headers.get("content-security-policy");
      expect(policy).to.match(/^default-src 'none'; script-src 'self'; style-src 'self';/);
      expect(policy).to.contain("frame-ancestors 'none'").and.to.contain("require-trusted-types-for 'script'");
      expect(policy).not.to.contain("unsafe");
      expect(headers.get("x-content-type-options")).to.equal("nosniff");
      expect([...headers.keys()].filter((name) => name.startsWith("access-control"))).to.deep.equal([]);
    });
  }

  it("serves the overview, and says why it is out of date if it is", async () => {
    const { status, headers, body } = await ask("GET /api/overview");
    expect([status, headers.get("content-type")]).to.deep.equal([200, "application/json"]);
    expect(JSON.parse(body)).to.deep.equal({ overview: { block: 7 } });
    content.problem = 'UNAVAILABLE: "no answer"';
    expect(JSON.parse((await ask("GET /api/overview")).body)).to.deep.equal({
      overview: { block: 7 },
      problem: 'UNAVAILABLE: "no answer"',
    });
  });

  it("answers 503 before the first overview", async () => {
    content.json = undefined;
    const { status, body } = await ask("GET /api/overview");
    expect([status, JSON.parse(body)]).to.deep.equal([503, { error: "the node still reads L1" }]);
  });

  it("answers HEAD with the length and no body", async () => {
    const { status, headers, body } = await ask("HEAD /api/overview");
    expect([status, headers.get("content-length"), body]).to.deep.equal([200, "24", ""]);
  });

  const HOST = "host: localhost";
  for (const [what, line, headers, status, body] of [
    ["a POST", "POST /api/overview", [HOST], 405],
    ["a PUT", "PUT /", [HOST], 405],
    ["an OPTIONS, as for another site's script", "OPTIONS /api/overview", [HOST, "origin: http://evil.example"], 405],
    ["a body", "POST /", [HOST, "content-length: 4"], 413, "body"],
    ["a body in chunks", "GET /", [HOST, "transfer-encoding: chunked"], 413, "0\r\n\r\n"],
    ["a path that is not there", "GET /other", [HOST], 404],
    ["a query", "GET /?x=1", [HOST], 404],
    ["a way out of the folder", "GET /../PageServer.ts", [HOST], 404],
    ["an encoded way out", "GET /%2e%2e/PageServer.ts", [HOST], 404],
    ["the property of an object", "GET /constructor", [HOST], 404],
    ["a URL of another server, as to a proxy", "GET http://evil.example/", [HOST], 404],
    ["another site's name", "GET /", ["host: evil.example"], 421],
    ["another site's name with the port", "GET /api/overview", ["host: evil.example:9474"], 421],
    ["a name that begins like this machine's", "GET /", ["host: 127.0.0.1.evil.example"], 421],
    ["a name with this machine's behind it", "GET /", ["host: evil.example@127.0.0.1"], 421],
    ["an empty name", "GET /", ["host:"], 421],
    ["no name", "GET /", [], 400],
    ["a head that is too long", "GET /", [HOST, `x: ${"y".repeat(9_000)}`], 431],
    ["what is not HTTP", "\0\0\0\0", [HOST], 400],
  ] as const) {
    it(`refuses ${what}: ${status}`, async () => {
      const answer = await ask(line, headers, body);
      expect(answer.status).to.equal(status);
      if (status !== 400 && status !== 431) {
        expect(JSON.parse(answer.body)).to.have.all.keys("error");
        expect(answer.headers.get("content-security-policy")).to.be.a("string");
      }
    });
  }

  for (const host of ["localhost", "localhost:8080", "127.0.0.1", "[::1]:9474"]) {
    it(`answers to the name ${host}`, async () => expect((await ask("GET /", [`host: ${host}`])).status).to.equal(200));
  }

  it("refuses who asks too often", async () => {
    const limited = await PageServer.listen(content, { requestsPerSecond: 0.001, burst: 2 });
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 3; i++) {
        const request = `GET / HTTP/1.1\r\n${HOST}\r\nconnection: close\r\n\r\n`;
        statuses.push((await send(request, Number(new URL(limited.url).port))).status);
      }
      expect(statuses).to.deep.equal([200, 200, 429]);
    } finally {
      await limited.close();
    }
  });

  it("takes 32 connections, and drops what comes beyond", async () => {
    const open = Array.from({ length: 32 }, () => connect(port, "127.0.0.1"));
    try {
      await Promise.all(open.map((socket) => once(socket, "connect")));
      // Connections are accepted in their order: an answer on the last one means that all are counted.
      open.at(-1)!.write(`GET / HTTP/1.1\r\n${HOST}\r\n\r\n`);
      await once(open.at(-1)!, "data");
      const beyond = connect(port, "127.0.0.1").resume();
      await once(beyond, "close");
      expect(beyond.bytesRead).to.equal(0);
    } finally {
      for (const socket of open) socket.destroy();
    }
  });

  it("listens on the other loopback address too, if told", async () => {
    const other = await PageServer.listen(content, { host: "::1" });
    try {
      expect(other.url).to.match(/^http:\/\/\[::1\]:\d+$/);
      expect((await fetch(other.url)).status).to.equal(200);
    } finally {
      await other.close();
    }
  });
});

describe("the page's script", () => {
  const script = readFileSync(new URL("../../../src/page/static/page.js", import.meta.url), "utf8");

  for (const way of [
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "DOMParser",
    "eval(",
    "Function(",
  ]) {
    it(`does not use ${way}`, () => expect(script).not.to.contain(way));
  }

  it("asks its own server alone", () => {
    expect([...script.matchAll(/https?:\/\/[^"]+/g)].map(([url]) => url)).to.deep.equal(["http://www.w3.org/2000/svg"]);
    const page = readFileSync(new URL("../../../src/page/static/index.html", import.meta.url), "utf8");
    for (const [, target] of page.matchAll(/(?:src|href)="([^"]*)"/g)) expect(target).to.match(/^\/[a-z.]+$/);
    expect(page).not.to.match(/<script(?![^>]*src=)|<style|style=|\son[a-z]+=/);
  });
});
