import { expect } from "chai";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toHex } from "../../../src/crypto/bytes.ts";
import type { BatchFeed, FeedAnswer, PosterStatus } from "../../../src/poster/BatchFeed.ts";
import { BatchFeedServer } from "../../../src/poster/BatchFeedServer.ts";
import { decodeAnswer, encodeAnswer } from "../../../src/poster/feedWire.ts";
import { HttpBatchFeed } from "../../../src/poster/HttpBatchFeed.ts";
import { SILENT } from "../../../src/roles/Logger.ts";

const STATUS: PosterStatus = { batchCount: 2n ** 63n, finalizedBatches: 3n, l1Time: 1_700_000_000n };
const ANSWER: FeedAnswer = {
  batchCount: 7n,
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

  beforeEach(async () => {
    asked = [];
    answer = ANSWER;
    const feed: BatchFeed = {
      next: async (status) => {
        asked.push(status);
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
    const post = async (path: string, body: string): Promise<number> =>
      (await fetch(`${server.url}${path}`, { method: "POST", body })).status;
    expect(await post("/other", "{}")).to.equal(404);
    expect((await fetch(`${server.url}/next`)).status).to.equal(404);
    for (const body of ["", "null", "[]", "{}", '{"batchCount":1}', '{"batchCount":"-1"}', "x".repeat(5_000)]) {
      expect(await post("/next", body), body.slice(0, 20)).to.equal(400);
    }
    expect(asked).to.deep.equal([]);
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
