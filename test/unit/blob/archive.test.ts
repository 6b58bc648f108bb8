import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ArchiveFolder, ArchivingSource } from "../../../src/blob/ArchiveFolder.ts";
import { BlobArchiveServer, type BlobArchiveServerOptions } from "../../../src/blob/BlobArchiveServer.ts";
import { HttpBlobArchive } from "../../../src/blob/HttpBlobArchive.ts";
import { toHex } from "../../../src/crypto/bytes.ts";
import { toBlobs } from "../../../src/machine/BlobPayload.ts";
import { hashOfBlob, MemoryBlobs } from "../../support/blobs.ts";
import { failure } from "../../support/failure.ts";

const BLOCK = { number: 1, hash: `0x${"b7".repeat(32)}`, timestamp: 1_700_000_000n } as const;

describe("an archive of blobs", () => {
  let path: string;
  let folder: ArchiveFolder;
  const errors: string[] = [];
  const logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: (_: object, message: string) => void errors.push(message),
  };
  const blob = toBlobs(Uint8Array.of(1, 2, 3))[0]!;
  const other = toBlobs(Uint8Array.of(3, 2, 1))[0]!;
  let hash: Uint8Array;

  before(() => {
    hash = hashOfBlob(blob);
  });

  beforeEach(async () => {
    errors.length = 0;
    path = await mkdtemp(join(tmpdir(), "tenor-blobs-"));
    folder = await ArchiveFolder.open(join(path, "deep", "archive"), logger);
  });

  afterEach(() => rm(path, { recursive: true, force: true }));

  const fileOf = (name: Uint8Array): string => join(folder.path, `${toHex(name)}.blob`);

  describe("in a folder", () => {
    it("gives what was stored, to another process and after a restart too", async () => {
      await folder.store(hash, blob, 5n);
      await folder.store(hash, blob, 5n);
      const again = await ArchiveFolder.open(folder.path);
      expect(await again.blob(hash)).to.deep.equal(blob);
      expect(await again.has(hash)).to.equal(true);
      expect(await again.count()).to.equal(1);
      expect(await readdir(folder.path)).to.deep.equal([`${toHex(hash)}.blob`]);
      expect(await again.blob(hashOfBlob(other))).to.equal(undefined);
    });

    it("refuses to store under another name", async () => {
      expect((await failure(() => folder.store(hash, other, 5n))).code).to.equal("WRONG_BLOB");
      expect(await folder.count()).to.equal(0);
    });

    for (const [name, damage] of Object.entries<(bytes: Uint8Array) => Uint8Array>({
      "a bit": (bytes) => bytes.with(99, bytes[99]! ^ 1),
      "a field element beyond the order": (bytes) => bytes.with(0, 0xff),
      "its end": (bytes) => bytes.subarray(1),
      "all of it": () => new Uint8Array(0),
      "what is behind it": (bytes) => Buffer.concat([bytes, bytes]),
    })) {
      it(`moves a file aside in which ${name} is damaged, says so, and takes the blob again`, async () => {
        await folder.store(hash, blob, 5n);
        await writeFile(fileOf(hash), damage(blob));
        expect(await folder.blob(hash)).to.equal(undefined);
        expect(errors).to.have.length(1);
        expect(await folder.has(hash)).to.equal(false);
        await folder.store(hash, blob, 5n);
        expect(await folder.blob(hash)).to.deep.equal(blob);
        const names = (await readdir(folder.path)).filter((entry) => entry.includes("damaged"));
        expect(names).to.have.length(1);
        expect(await readFile(join(folder.path, names[0]!))).to.deep.equal(Buffer.from(damage(blob)));
      });
    }

    it("clears away what a process has left unfinished, once it can't be one that runs", async () => {
      const [old, fresh] = [join(folder.path, ".unfinished-old"), join(folder.path, ".unfinished-fresh")];
      await writeFile(old, "x");
      await writeFile(fresh, "x");
      await utimes(old, new Date(0), new Date(0));
      expect(await folder.count()).to.equal(0);
      await ArchiveFolder.open(folder.path);
      expect(await readdir(folder.path)).to.deep.equal([".unfinished-fresh"]);
    });

    it("forgets only what no block from a time on carries", async () => {
      const later = hashOfBlob(other);
      await folder.store(hash, blob, 100n);
      await folder.store(later, other, 100n);
      await folder.touch(later, 200n);
      await folder.touch(later, 150n);
      expect(await folder.forgetBefore(100n)).to.equal(0);
      expect(await folder.forgetBefore(200n)).to.equal(1);
      expect([await folder.has(hash), await folder.has(later)]).to.deep.equal([false, true]);
    });

    it("says that a folder can't be used", async () => {
      await writeFile(join(path, "file"), "");
      const error = await failure(() => ArchiveFolder.open(join(path, "file", "archive")));
      expect(error.code).to.equal("FOLDER_UNUSABLE");
      expect(error.fields).to.include({ action: "open", reason: "ENOTDIR" });
    });

    it("keeps what a node reads from elsewhere, and lets it go on if it can't", async () => {
      const network = new MemoryBlobs();
      network.keep(blob);
      const source = new ArchivingSource(folder, network, logger);
      expect(await source.blob(hash, BLOCK)).to.deep.equal(blob);
      network.forget(hash);
      expect(await source.blob(hash, BLOCK)).to.deep.equal(blob);
      expect(network.asked).to.have.length(1);
      expect(await source.blob(hashOfBlob(other), BLOCK)).to.equal(undefined);
      network.keep(blob);
      await rm(folder.path, { recursive: true });
      await writeFile(folder.path, "");
      expect(await source.blob(hash, BLOCK)).to.deep.equal(blob);
      expect(errors).to.have.length(2);
    });
  });

  describe("served to others", () => {
    let server: BlobArchiveServer;
    const sockets: Socket[] = [];

    const start = async (options: BlobArchiveServerOptions = {}): Promise<string> => {
      server = await BlobArchiveServer.start(folder, { logger, ...options });
      return `http://127.0.0.1:${server.port}`;
    };

    afterEach(async () => {
      for (const socket of sockets.splice(0)) socket.destroy();
      await server.stop();
    });

    it("is a source for them", async () => {
      await folder.store(hash, blob, 5n);
      const archive = new HttpBlobArchive(await start());
      expect(await archive.blob(hash, BLOCK)).to.deep.equal(blob);
      expect(await archive.blob(hashOfBlob(other), BLOCK)).to.equal(undefined);
    });

    it("says how it is", async () => {
      await folder.store(hash, blob, 5n);
      const url = await start({ status: () => ({ block: 7 }) });
      const answer: unknown = await (await fetch(`${url}/health`)).json();
      expect(answer).to.deep.equal({ status: "ok", blobs: 1, block: 7 });
    });

    it("gives nothing else, whatever the path", async () => {
      await folder.store(hash, blob, 5n);
      await writeFile(join(folder.path, "cursor.json"), "{}");
      await start();
      const hex = toHex(hash);
      const paths = ["/", "/blobs", "/blobs/", "/blobs/cursor.json", "/blobs/../cursor.json", "/../../etc/passwd"];
      paths.push(
        "/blobs/..%2fcursor.json",
        `/blobs/${hex}/`,
        `/blobs/${hex}.blob`,
        `/blobs/./${hex}`,
        `//blobs/${hex}`,
      );
      paths.push(
        `/blobs/${hex.toUpperCase()}`,
        `/blobs/${hex}?x`,
        `/blobs/${hex}\u0000`,
        "/health/",
        "*",
        "http://x/health",
      );
      for (const url of paths) expect(await raw(`GET ${url} HTTP/1.1`), url).to.match(/^HTTP\/1.1 (404|400) /);
      expect(await raw(`GET /blobs/${hex} HTTP/1.1`)).to.match(/^HTTP\/1.1 200 /);
    });

    it("only reads", async () => {
      const url = await start();
      for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]) {
        const response = await fetch(`${url}/blobs/${toHex(hash)}`, {
          method,
          ...(method === "POST" ? { body: "x".repeat(100_000) } : {}),
        });
        expect([response.status, response.headers.get("allow")], method).to.deep.equal([405, "GET"]);
      }
      expect(await raw("GET /health HTTP/1.1", "content-length: 5", "hello")).to.include("onnection: close");
    });

    it("bounds how often an address may ask, and how many connections there are", async () => {
      const url = await start({ requestsPerSecond: 0.001, burst: 3, maxConnections: 2 });
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++) {
        const response = await fetch(`${url}/health`, { headers: { connection: "close" } });
        await response.arrayBuffer();
        statuses.push(response.status);
      }
      expect(statuses).to.deep.equal([200, 200, 200, 429]);
      const open = await Promise.all([hold(), hold()]);
      const third = await hold();
      await new Promise((resolve) => third.once("close", resolve).resume());
      expect(open.map((socket) => socket.destroyed)).to.deep.equal([false, false]);
    });

    it("does not serve what is damaged", async () => {
      await folder.store(hash, blob, 5n);
      await writeFile(fileOf(hash), other);
      const url = await start();
      expect((await fetch(`${url}/blobs/${toHex(hash)}`)).status).to.equal(404);
      expect(errors).to.have.length(1);
    });

    it("says that it can't read, and nothing about its disk", async () => {
      const url = await start();
      await rm(folder.path, { recursive: true });
      await writeFile(folder.path, "");
      const response = await fetch(`${url}/blobs/${toHex(hash)}`);
      expect(response.status).to.equal(500);
      expect(await response.text()).not.to.include(path);
    });

    function hold(): Promise<Socket> {
      return new Promise((resolve, reject) => {
        const socket = connect(server.port, "127.0.0.1", () => resolve(socket)).on("error", reject);
        sockets.push(socket);
      });
    }

    /** Sends lines as they are, and gives the whole answer. */
    async function raw(...lines: string[]): Promise<string> {
      const socket = await hold();
      const [first, ...rest] = lines;
      const headers = rest.length === 0 ? [] : [rest[0]!];
      socket.write(
        [first, "host: x", ...headers, ...(rest.length > 1 ? [] : ["connection: close"]), "", rest[1] ?? ""].join(
          "\r\n",
        ),
      );
      let text = "";
      for await (const part of socket) text += (part as Buffer).toString("latin1");
      return text;
    }
  });
});
