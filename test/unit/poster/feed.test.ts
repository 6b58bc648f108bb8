import { expect } from "chai";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toHex } from "../../../src/crypto/bytes.ts";
import type { BatchFeed, FeedAnswer, PosterStatus } from "../../../src/poster/BatchFeed.ts";
import { BatchFeedServer } from "../../../src/poster/BatchFeedServer.ts";
import { decodeAnswer, encodeAnswer } from "../../../src/poster/feedWire.ts";
import { HttpBatchFeed } from "../../../src/poster/HttpBatchFeed.ts";
import { SILENT } from "../../../src/roles/Logger.ts";

const STATUS: PosterStatus = { batchCount: 2n ** 63n };
const JSON_BODY = { "content-type": "application/json" };
const ANSWER: FeedAnswer = {
  batchCount: 7n,
  l1Time: 1_700_000_012n,
  batch: {
    index: 7n,
    messagesRead: 2n ** 40n,
    l2Time: 1_700_000_000n,
    payload: Uint8Array.of(0, 1, 254, 255),
    before: toHex(new Uint8Array(32).fill(1)),
    after: toHex(new Uint8Array(32).fill(2)),
  },
  resealed: false,
  backlog: { batches: 3, bytes: 4_000 },
};

describe("the feed between sequencer and poster", () => {
  let asked: PosterStatus[];
  let answer: FeedAnswer | Error;
  let server: BatchFeedServer;
  /** What the sequencer waits for before it answers. */
  let hold: Promise<void> | undefined;

  beforeEach(async () => {
    asked = [];
    answer = ANSWER;
    hold = undefined;
    const feed: BatchFeed = {
      next: async (status) => {
        asked.push(status);
        await hold;
        if (answer instanceof Error) throw answer;
        return answer;
      },
    };
    server = await BatchFeedServer.listen(feed, SILENT, 0);
  });

  afterEach(async () => {
    await server.close();
  });

  async function codeOf(promise: Promise<unknown>): Promise<unknown> {
    return promise.then(
      () => "none",
      (error: unknown) => (error as { code?: unknown }).code,
    );
  }

  it("passes questions and answers on, and shows the same batch as the same object", async () => {
    const feed = new HttpBatchFeed(server.url);
    const first = await feed.next(STATUS);
    expect(first).to.deep.equal(ANSWER);
    expect(asked).to.deep.equal([STATUS]);
    expect((await feed.next(STATUS)).batch).to.equal(first.batch);
    const batch = { ...ANSWER.batch!, payload: Uint8Array.of(0, 1, 254, 253) };
    answer = { ...ANSWER, batch };
    expect((await feed.next(STATUS)).batch).to.deep.equal(batch);
    answer = { ...ANSWER, batch: undefined, resealed: true };
    expect(await feed.next(STATUS)).to.deep.equal(answer);
  });

  it("says when the sequencer cannot answer, and goes on", async () => {
    const feed = new HttpBatchFeed(server.url);
    answer = new Error("halted");
    expect(await codeOf(feed.next(STATUS))).to.equal("STATUS");
    answer = ANSWER;
    expect(await feed.next(STATUS)).to.deep.equal(ANSWER);
  });

  it("refuses what is no question", async () => {
    const post = async (path: string, body: string, headers: Record<string, string> = JSON_BODY): Promise<number> =>
      (await fetch(`${server.url}${path}`, { method: "POST", body, headers })).status;
    expect(await post("/other", "{}")).to.equal(404);
    expect((await fetch(`${server.url}/next`)).status).to.equal(404);
    for (const body of ["", "null", "[]", "{}", '{"batchCount":1}', '{"batchCount":"-1"}', "x".repeat(5_000)]) {
      expect(await post("/next", body), body.slice(0, 20)).to.equal(400);
    }
    // What a page in a browser can send without asking first, and what one can that has made the server's name its own.
    const good = '{"batchCount":"1"}';
    expect(await post("/next", good, {})).to.equal(415);
    expect(await post("/next", good, { "content-type": "text/plain" })).to.equal(415);
    expect(await post("/next", good, { ...JSON_BODY, origin: "http://somewhere.example" })).to.equal(403);
    expect((await fetch(`${server.url}/next`, { method: "OPTIONS" })).status).to.equal(404);
    expect(asked).to.deep.equal([]);
    expect(await post("/next", good, { "content-type": "Application/JSON; charset=utf-8" })).to.equal(200);
  });

  it("lets few questions wait, and answers again when they are answered", async () => {
    let release = (): void => {};
    hold = new Promise((resolve) => (release = resolve));
    const ask = async (): Promise<number> =>
      (await fetch(`${server.url}/next`, { method: "POST", body: '{"batchCount":"1"}', headers: JSON_BODY })).status;
    const questions = Array.from({ length: 7 }, ask);
    // Three are refused while none is answered.
    let refused = 0;
    await new Promise<void>((resolve) => {
      for (const question of questions) void question.then((status) => status === 429 && ++refused === 3 && resolve());
    });
    release();
    expect((await Promise.all(questions)).filter((status) => status === 200)).to.have.length(4);
    expect(await ask()).to.equal(200);
  });

  it("refuses every answer with one thing wrong", () => {
    const good = JSON.parse(encodeAnswer(ANSWER)) as Record<string, unknown>;
    const batch = good.batch as Record<string, unknown>;
    const wrong: unknown[] = [
      ...Object.keys(good)
        .filter((name) => name !== "batch")
        .map((name) => ({ ...good, [name]: null })),
      ...Object.keys(batch).map((name) => ({ ...good, batch: { ...batch, [name]: "0x1" } })),
      { ...good, batch: null },
      { ...good, backlog: { batches: 1.5, bytes: 1 } },
    ];
    for (const one of wrong) {
      const text = JSON.stringify(one);
      expect(() => decodeAnswer(text), text)
        .to.throw()
        .with.property("code", "FEED");
    }
    expect(decodeAnswer(JSON.stringify(good))).to.deep.equal(ANSWER);
  });

  it("ends a question that nobody answers", async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    expect(await codeOf(new HttpBatchFeed(`http://127.0.0.1:${port}`, 50).next(STATUS))).to.equal("TIMEOUT");
    silent.closeAllConnections();
    await new Promise<void>((resolve) => silent.close(() => resolve()));
    expect(await codeOf(new HttpBatchFeed(`http://127.0.0.1:${port}`).next(STATUS))).to.equal("UNREACHABLE");
  });
});
