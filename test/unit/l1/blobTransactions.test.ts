import { expect } from "chai";
import { JsonRpcProvider, Transaction } from "ethers";
import { network } from "hardhat";
import { toHex } from "../../../src/crypto/bytes.ts";
import { toBlobs } from "../../../src/machine/BlobPayload.ts";
import {
  blobBaseFee,
  detectSidecarVersion,
  emptySidecar,
  feeOfExcess,
  nextExcess,
} from "../../../src/l1/blobNetwork.ts";
import { makeSidecar, signBlobTransaction } from "../../../src/l1/blobTransactions.ts";
import { LocalSigner } from "../../../src/l1/TransactionSigner.ts";
import { failure } from "../../support/failure.ts";
import { Refusal, serveRpc, type TestServer } from "../../support/http.ts";
import { Random } from "../../support/random.ts";

const GWEI = 10n ** 9n;
const KEY = "5a".repeat(32);
const FEES = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: GWEI, maxFeePerBlobGas: GWEI };
const GAS_PER_BLOB = 1n << 17n;

/** Blobs full of pseudo-random bytes. */
function someBlobs(count: number, seed: number): Uint8Array[] {
  const random = new Random(seed);
  return toBlobs(Uint8Array.from({ length: 31 * 4096 * count }, () => random.integer(0, 255)));
}

describe("blob transactions", () => {
  let provider: JsonRpcProvider;
  let stopSimulator: () => Promise<void>;

  before(async () => {
    const server = await network.createServer({ override: { loggingEnabled: false } }, "127.0.0.1");
    const { address, port } = await server.listen();
    stopSimulator = () => server.close();
    const options = { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 };
    provider = new JsonRpcProvider(`http://${address}:${port}`, undefined, options);
  });

  after(async () => {
    provider.destroy();
    await stopSimulator();
  });

  it("make the sidecar of an empty blob without arithmetic, the same as with it", () => {
    const blobs = [new Uint8Array(131_072)];
    for (const version of [0, 1] as const) expect(makeSidecar(blobs, version)).to.deep.equal(emptySidecar(version));
  });

  for (const version of [0, 1] as const) {
    it(`are read by a client library as what they are, in wrapper ${version}`, async () => {
      const blobs = someBlobs(2, 1);
      const sidecar = makeSidecar(blobs, version);
      const signer = new LocalSigner(KEY);
      const to = `0x${"77".repeat(20)}` as const;
      const request = { chainId: 5n, nonce: 9, to, data: "0x0102", value: 3n, gasLimit: 99_000n } as const;
      const { hash, raw } = await signBlobTransaction(signer, request, FEES, sidecar);
      const read = Transaction.from(raw);
      expect(read).to.deep.include({ ...request, ...FEES, type: 3, hash, from: await signer.address() });
      expect(read.blobVersionedHashes).to.deep.equal(sidecar.versionedHashes.map(toHex));
      expect(read.blobs!.map(({ data }) => data)).to.deep.equal(blobs.map(toHex));
      expect(read.blobWrapperVersion).to.equal(version === 1 ? 1 : null);
      expect(read.serialized).to.equal(raw);
      const cheaper = await signBlobTransaction(signer, request, { ...FEES, maxFeePerBlobGas: 1n }, sidecar);
      expect(cheaper.hash).not.to.equal(hash);
    });
  }

  // That anvil takes the other wrapper, scenarios/blobArchive and scenarios/poster/faultsOnAnvil show.
  it("are taken by the simulator in the wrapper that it is found to take", async () => {
    expect(await detectSidecarVersion(provider)).to.equal(0);
    const signer = new LocalSigner(KEY);
    const address = await signer.address();
    await provider.send("hardhat_setBalance", [address, "0x56bc75e2d63100000"]);
    const sidecar = makeSidecar(someBlobs(2, 1), 0);
    const request = { chainId: 31337n, nonce: 0, to: address, data: "0x", gasLimit: 21_000n } as const;
    expect(await blobBaseFee(provider)).to.equal(1n);
    const { hash, raw } = await signBlobTransaction(signer, request, FEES, sidecar);
    expect(await provider.send("eth_sendRawTransaction", [raw])).to.equal(hash);
    expect((await provider.getTransactionReceipt(hash))?.status).to.equal(1);
    const mined = await provider.getTransaction(hash);
    expect(mined?.blobVersionedHashes).to.deep.equal(sidecar.versionedHashes.map(toHex));
  });

  it("leave no trace of the search for the wrapper", async () => {
    await detectSidecarVersion(provider);
    const { transactions } = (await provider.send("eth_getBlockByNumber", ["pending", false])) as {
      transactions: string[];
    };
    expect(transactions).to.have.length(0);
  });
});

describe("what an endpoint says of blobs", () => {
  let server: TestServer;
  let provider: JsonRpcProvider;
  let answers: Record<string, unknown>;

  beforeEach(async () => {
    server = await serveRpc((method) => {
      const answer = answers[method] ?? new Refusal(-32601, `the method ${method} does not exist`);
      if (answer instanceof Refusal) throw answer;
      return answer;
    });
    provider = new JsonRpcProvider(server.url, 1, { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 });
  });

  afterEach(async () => {
    provider.destroy();
    await server.close();
  });

  const P256VERIFY = "0x0000000000000000000000000000000000000100";
  const SCHEDULE = { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 };

  it("follows the active fork where the endpoint names it", async () => {
    answers = { eth_config: { current: { blobSchedule: SCHEDULE, precompiles: { P256VERIFY } } } };
    expect(await detectSidecarVersion(provider)).to.equal(1);
    answers = {
      eth_config: { current: { blobSchedule: SCHEDULE, precompiles: {} }, next: { precompiles: { P256VERIFY } } },
    };
    expect(await detectSidecarVersion(provider)).to.equal(0);
    answers = { eth_config: { current: { blobSchedule: null, precompiles: { P256VERIFY } } } };
    expect((await failure(() => detectSidecarVersion(provider))).code).to.equal("REQUEST_REFUSED");
    expect(server.requests).to.have.length(3);
  });

  for (const [[code, message], version] of [
    [[-32000, "intrinsic gas too low"], 1],
    [[-32602, "unexpected string"], "none"],
    [[-32000, "rlp: expected input list for []kzg4844.Blob"], "none"],
    [[-32000, "unexpected blob sidecar version"], "none"],
  ] as const) {
    it(`takes "${message}" for ${version === 1 ? "a transaction that was read" : "one that was not"}`, async () => {
      answers = { eth_chainId: "0x1", eth_sendRawTransaction: new Refusal(code, message) };
      if (version === 1) expect(await detectSidecarVersion(provider)).to.equal(1);
      else expect((await failure(() => detectSidecarVersion(provider))).code).to.equal("REQUEST_REFUSED");
    });
  }

  it("never takes silence for an answer", async () => {
    await server.close();
    expect((await failure(() => detectSidecarVersion(provider))).code).to.equal("UNAVAILABLE");
    expect((await failure(() => blobBaseFee(provider))).code).to.equal("UNAVAILABLE");
  });

  it("has the next block's price from the fee history, then from eth_blobBaseFee, then from the header", async () => {
    answers = { eth_feeHistory: { baseFeePerBlobGas: ["0x1", "0x7"] }, eth_blobBaseFee: "0x5" };
    expect(await blobBaseFee(provider)).to.equal(7n);
    answers = { eth_feeHistory: { baseFeePerGas: ["0x1", "0x1"] }, eth_blobBaseFee: "0x5" };
    expect(await blobBaseFee(provider)).to.equal(5n);
    const [excessBlobGas, blobGasUsed, baseFeePerGas] = [60_000_000n, 9n * GAS_PER_BLOB, 10n * GWEI];
    const quantity = (value: bigint): string => `0x${value.toString(16)}`;
    const header = {
      number: "0x1",
      hash: `0x${"11".repeat(32)}`,
      parentHash: `0x${"22".repeat(32)}`,
      timestamp: "0x1",
      nonce: "0x0000000000000000",
      difficulty: "0x0",
      gasLimit: "0x1",
      gasUsed: "0x0",
      miner: `0x${"00".repeat(20)}`,
      extraData: "0x",
      transactions: [],
      excessBlobGas: quantity(excessBlobGas),
      blobGasUsed: quantity(blobGasUsed),
      baseFeePerGas: quantity(baseFeePerGas),
    };
    answers = { eth_getBlockByNumber: header, eth_config: { current: { blobSchedule: SCHEDULE } } };
    // Blobs are cheaper here than what EIP-7918 ties their price to, so that the excess grows by a third of what was used.
    const next = 60_000_000n + 3n * GAS_PER_BLOB;
    expect(await blobBaseFee(provider)).to.equal(BigInt(Math.floor(Math.exp(Number(next) / 5_007_716))));
    answers = { eth_getBlockByNumber: { ...header, excessBlobGas: undefined, blobGasUsed: undefined } };
    expect((await failure(() => blobBaseFee(provider))).code).to.equal("REQUEST_REFUSED");
  });

  it("reckons the excess as EIP-4844 and EIP-7918 do", () => {
    const schedule = { target: 6n, max: 9n, updateFraction: 5_007_716n };
    const after = (excess: bigint, blobs: bigint, baseFeePerGas: bigint): bigint =>
      nextExcess({ excessBlobGas: excess, blobGasUsed: blobs * GAS_PER_BLOB, baseFeePerGas }, schedule);
    expect(after(0n, 5n, GWEI), "below the target").to.equal(0n);
    expect(after(0n, 6n, 0n), "at the target").to.equal(0n);
    expect(after(GAS_PER_BLOB, 6n, 0n)).to.equal(GAS_PER_BLOB);
    expect(after(0n, 9n, 0n), "above it").to.equal(3n * GAS_PER_BLOB);
    expect(after(0n, 9n, 16n), "the reserve price not yet above").to.equal(3n * GAS_PER_BLOB);
    expect(after(10n * GAS_PER_BLOB, 6n, 17n), "held up").to.equal(12n * GAS_PER_BLOB);
    expect([0n, 3_471_000n, 3_472_000n, 50_077_160n].map((excess) => feeOfExcess(excess, schedule))).to.deep.equal([
      1n,
      1n,
      2n,
      22026n,
    ]);
  });
});
