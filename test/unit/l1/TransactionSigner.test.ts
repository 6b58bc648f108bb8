import { inspect } from "node:util";
import { expect } from "chai";
import { Transaction, Wallet, type TransactionLike } from "ethers";
import type { Hex } from "../../../src/crypto/bytes.ts";
import { TenorError } from "../../../src/errors.ts";
import { RemoteSigner } from "../../../src/l1/RemoteSigner.ts";
import {
  LocalSigner,
  type UnsignedBlobTransaction,
  type UnsignedFeeTransaction,
  type UnsignedTransaction,
} from "../../../src/l1/TransactionSigner.ts";
import { everythingSaid, failure } from "../../support/failure.ts";
import { Refusal, serve, serveRpc, type TestServer } from "../../support/http.ts";

const KEY = "c0ffee".padEnd(64, "1");
const WALLET = new Wallet(`0x${KEY}`);
const OTHER = new Wallet(`0x${"0b".repeat(32)}`);
const ACCOUNT = WALLET.address as Hex;
const GWEI = 10n ** 9n;

const CALL: UnsignedFeeTransaction = {
  type: 2,
  chainId: 31337n,
  nonce: 7,
  to: `0x${"ab".repeat(20)}`,
  value: 5n,
  data: "0x010203",
  gasLimit: 50_000n,
  maxFeePerGas: 9n * GWEI,
  maxPriorityFeePerGas: GWEI,
};
const BLOBS: UnsignedBlobTransaction = {
  ...CALL,
  type: 3,
  to: CALL.to!,
  maxFeePerBlobGas: 3n,
  blobVersionedHashes: [`0x01${"22".repeat(31)}`, `0x01${"33".repeat(31)}`],
};
const CREATION: UnsignedFeeTransaction = { ...CALL, to: null };
const ALL = { "a call": CALL, "a creation": CREATION, "a blob transaction": BLOBS };

const toLibrary = (unsigned: UnsignedTransaction): TransactionLike => ({ ...unsigned }) as TransactionLike;

describe("LocalSigner", () => {
  for (const [name, unsigned] of Object.entries(ALL)) {
    it(`signs ${name}`, async () => {
      const signer = new LocalSigner(`0x${KEY}`);
      expect(await signer.address()).to.equal(ACCOUNT);
      const signed = Transaction.from(await signer.sign(unsigned));
      expect(signed.from).to.equal(ACCOUNT);
      expect(signed.unsignedSerialized).to.equal(Transaction.from(toLibrary(unsigned)).unsignedSerialized);
      expect(signed.blobs).to.equal(null);
    });
  }

  it("takes a key with or without its prefix, and with the line feed of a file", async () => {
    for (const key of [KEY, `0x${KEY}`, `0X${KEY.toUpperCase()}`, `${KEY}\n`]) {
      expect(await new LocalSigner(key).address()).to.equal(ACCOUNT);
    }
  });

  it("refuses what is no key without saying what it was", async () => {
    const order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    for (const key of ["", "0x", `${KEY}ff`, KEY.slice(2), `zz${KEY.slice(2)}`, "00".repeat(32), order]) {
      const error = await failure(() => new LocalSigner(key));
      expect(error.code).to.equal("KEY_MALFORMED");
      if (key.length > 2) expect(everythingSaid(error)).not.to.include(key.replace("0x", "").slice(0, 20));
    }
  });

  it("shows its key to nobody who prints it", async () => {
    const signer = new LocalSigner(KEY);
    await signer.sign(CALL);
    const shown = `${inspect(signer, { depth: 20, showHidden: true })} ${JSON.stringify(signer)}`;
    expect(shown.toLowerCase()).not.to.include(KEY.slice(0, 16));
    const error = new TenorError("REFUSED", "with a signer in its fields", { fields: { signer } });
    expect(everythingSaid(error).toLowerCase()).not.to.include(KEY.slice(0, 16));
  });
});

describe("RemoteSigner", () => {
  let server: TestServer;
  let sign: (asked: Record<string, unknown>) => unknown;
  let accounts: unknown;
  let authorization: string | undefined;

  /** What the other process is asked, as its own library reads it. */
  const read = (asked: Record<string, unknown>): TransactionLike => {
    const { from: _, input, gas, ...rest } = asked;
    expect(input).to.equal(rest.data);
    return { ...rest, type: Number(rest.type), nonce: Number(rest.nonce), gasLimit: gas } as TransactionLike;
  };

  beforeEach(async () => {
    accounts = [ACCOUNT.toLowerCase()];
    sign = (asked) => WALLET.signTransaction(read(asked));
    server = await serveRpc((method, [asked], request) => {
      ({ authorization } = request.headers);
      return method === "eth_accounts" ? accounts : sign(asked as Record<string, unknown>);
    });
  });

  afterEach(() => server.close());

  const signer = (account?: Hex): RemoteSigner =>
    new RemoteSigner(server.url, { timeoutMilliseconds: 2_000, ...(account === undefined ? {} : { account }) });

  for (const [name, unsigned] of Object.entries(ALL)) {
    it(`has ${name} signed, to the same bytes as the key itself`, async () => {
      expect(await signer().sign(unsigned)).to.equal(await new LocalSigner(KEY).sign(unsigned));
    });
  }

  it("takes an answer that is an object with the bytes in it", async () => {
    sign = async (asked) => ({ raw: await WALLET.signTransaction(read(asked)), tx: {} });
    expect(await signer().sign(CALL)).to.equal(await new LocalSigner(KEY).sign(CALL));
  });

  it("asks for the account once, unless it was told", async () => {
    const asking = signer();
    await asking.sign(CALL);
    await asking.sign(CALL);
    expect(server.requests).to.have.length(3);
    accounts = [];
    expect(await signer(ACCOUNT.toLowerCase() as Hex).address()).to.equal(ACCOUNT);
  });

  for (const [name, answer] of Object.entries({ none: [], several: [ACCOUNT, OTHER.address], "no list": "0x" })) {
    it(`wants to know which account if the signer has ${name}`, async () => {
      accounts = answer;
      expect((await failure(() => signer().address())).code).to.equal("ACCOUNT_UNCLEAR");
    });
  }

  const changes: Record<string, Partial<UnsignedBlobTransaction>> = {
    chainId: { chainId: 1n },
    nonce: { nonce: 8 },
    to: { to: `0x${"ac".repeat(20)}` },
    value: { value: 6n },
    data: { data: "0x" },
    gasLimit: { gasLimit: 50_001n },
    maxFeePerGas: { maxFeePerGas: 10n * GWEI },
    maxPriorityFeePerGas: { maxPriorityFeePerGas: 2n * GWEI },
    maxFeePerBlobGas: { maxFeePerBlobGas: 4n },
    blobVersionedHashes: { blobVersionedHashes: [BLOBS.blobVersionedHashes[0]!] },
    accessList: { accessList: [{ address: ACCOUNT, storageKeys: [] }] } as Partial<UnsignedBlobTransaction>,
  };
  for (const [field, change] of Object.entries(changes)) {
    it(`refuses a signature of another ${field}`, async () => {
      sign = () => WALLET.signTransaction(toLibrary({ ...BLOBS, ...change }));
      const error = await failure(() => signer().sign(BLOBS));
      expect(error.code).to.equal("SIGNATURE_OF_OTHER");
      expect(error.fields.differing).to.deep.equal([field]);
    });
  }

  it("refuses a signature of another type", async () => {
    const { maxFeePerGas: gasPrice, ...rest } = CALL;
    sign = () => WALLET.signTransaction({ ...rest, type: 0, gasPrice, maxPriorityFeePerGas: null });
    expect((await failure(() => signer().sign(CALL))).code).to.equal("SIGNATURE_OF_OTHER");
  });

  it("refuses somebody else's signature", async () => {
    sign = (asked) => OTHER.signTransaction(read(asked));
    const error = await failure(() => signer().sign(CALL));
    expect(error.code).to.equal("SIGNATURE_BY_OTHER");
    expect(error.fields).to.deep.equal({ account: ACCOUNT, signedBy: OTHER.address });
  });

  it("refuses a transaction without a signature, and what is none", async () => {
    const signed = await WALLET.signTransaction(toLibrary(CALL));
    const answers = [Transaction.from(toLibrary(CALL)).unsignedSerialized, `${signed}00`, signed.slice(0, -2), "0x"];
    for (const answer of [...answers, "signed", 7, null, undefined, {}]) {
      sign = () => answer;
      expect((await failure(() => signer().sign(CALL))).code, inspect(answer)).to.equal("SIGNATURE_MALFORMED");
    }
  });

  it("passes a refusal on, cut short and fit for a terminal", async () => {
    sign = () => {
      throw new Refusal(-32000, `\u001b[31mlocked ${"x".repeat(1000)}`);
    };
    const error = await failure(() => signer().sign(CALL));
    expect(error.code).to.equal("SIGNER_REFUSED");
    expect(error.fields.reason).to.match(/^\?\[31mlocked x{188}$/);
  });

  it("gives up in time, and never shows more of the URL than the host", async () => {
    const hanging = await serve((request, response) => {
      if (request.url === "/busy?k=secret-query") response.writeHead(503).end();
      if (request.url === "/other?k=secret-query") response.writeHead(302, { location: server.url }).end();
      if (request.url === "/long?k=secret-query") response.end(Buffer.alloc((1 << 20) + 1, 0x20));
      if (request.url === "/html?k=secret-query") response.end("<html>");
    });
    const codes: Record<string, string> = {};
    for (const path of ["silent", "busy", "other", "long", "html"]) {
      const url = `http://secret-user:secret-password@127.0.0.1:${hanging.port}/${path}?k=secret-query`;
      const error = await failure(() =>
        new RemoteSigner(url, { account: ACCOUNT, timeoutMilliseconds: 2_000 }).sign(CALL),
      );
      expect(everythingSaid(error)).to.include(`127.0.0.1:${hanging.port}`).and.not.include("secret");
      codes[path] = `${error.code} ${(error.cause as { code?: string } | undefined)?.code}`;
    }
    await hanging.close();
    expect(codes).to.deep.equal({
      silent: "SIGNER_UNAVAILABLE TIMEOUT",
      busy: "SIGNER_UNAVAILABLE STATUS",
      other: "SIGNER_UNAVAILABLE UNREACHABLE",
      long: "SIGNER_UNAVAILABLE TOO_LARGE",
      html: "SIGNATURE_MALFORMED undefined",
    });
    await server.close();
    expect((await failure(() => signer(ACCOUNT).sign(CALL))).code).to.equal("SIGNER_UNAVAILABLE");
    server = await serveRpc(() => null);
  });

  it("sends the URL's credentials as such", async () => {
    const url = server.url.replace("http://", "http://poster:p%40ss@");
    await new RemoteSigner(url).sign(CALL);
    expect(authorization).to.equal(`Basic ${Buffer.from("poster:p@ss").toString("base64")}`);
  });

  it("refuses what is no URL of a server", async () => {
    for (const url of ["", "signer", "ftp://127.0.0.1", "file:///key", "http://%zz@127.0.0.1"]) {
      expect((await failure(() => new RemoteSigner(url))).code, url).to.equal("URL_MALFORMED");
    }
  });
});
