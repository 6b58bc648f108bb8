import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ContractFactory, JsonRpcProvider, Wallet } from "ethers";
import { archiveCommand } from "../../scripts/blob-archive/options.ts";
import { parseCommand } from "../../scripts/cli/runCommand.ts";
import { Anvil, baseChainFlags } from "../../scripts/fork/Anvil.ts";
import { Processes } from "../../scripts/fork/Processes.ts";
import { BeaconBlobSource } from "../../src/blob/BeaconBlobSource.ts";
import { HttpBlobArchive } from "../../src/blob/HttpBlobArchive.ts";
import { toHex, type Hex } from "../../src/crypto/bytes.ts";
import type { BlobSource } from "../../src/derive/BlobSource.ts";
import { Derivation } from "../../src/derive/Derivation.ts";
import { loadArtifact } from "../../src/l1/Artifacts.ts";
import { blobBaseFee, detectSidecarVersion } from "../../src/l1/blobNetwork.ts";
import { makeSidecar, signBlobTransaction, type Sidecar } from "../../src/l1/blobTransactions.ts";
import { inboxAt } from "../../src/l1/Contracts.ts";
import { writeDeployment, type Deployment } from "../../src/l1/deployment.ts";
import { InboxClient } from "../../src/l1/InboxClient.ts";
import { L1Client } from "../../src/l1/L1Client.ts";
import { LocalSigner } from "../../src/l1/TransactionSigner.ts";
import { BYTES_PER_BLOB, toBlobs } from "../../src/machine/BlobPayload.ts";
import { failure } from "../support/failure.ts";
import { INBOX_PARAMETERS } from "../support/l1.ts";
import { Random } from "../support/random.ts";
import { ScriptProcess } from "../support/scripts.ts";

const KEY = "b10b".repeat(16);
const GWEI = 10n ** 9n;

describe("Scenario: the blobs of an inbox on anvil", () => {
  const processes = new Processes();
  const random = new Random(7);
  const payloads: Uint8Array[] = [];
  const sidecars: Sidecar[] = [];
  const scripts: ScriptProcess[] = [];
  let serving: ScriptProcess;
  let anvilUrl: string;
  let provider: JsonRpcProvider;
  let client: L1Client;
  let inbox: Hex;
  let folder: string;
  let deployment: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tenor-archive-"));
    anvilUrl = (await Anvil.start(baseChainFlags(1_700_000_000), processes)).url;
    provider = new JsonRpcProvider(anvilUrl, undefined, { staticNetwork: true, batchMaxCount: 1, cacheTimeout: -1 });
    const wallet = new Wallet(`0x${KEY}`, provider);
    await provider.send("anvil_setBalance", [wallet.address, "0x3635c9adc5dea00000"]);
    const { abi, bytecode } = loadArtifact("RollupInbox");
    const parameters = { owner: wallet.address, ...INBOX_PARAMETERS, rate: 1n << 24n, burst: 1n << 24n };
    const deployed = await new ContractFactory(abi, bytecode, wallet).deploy(parameters, wallet.address);
    await provider.send("evm_mine", []);
    inbox = (await deployed.getAddress()) as Hex;
    client = L1Client.connect(anvilUrl, 31337n);
    deployment = join(folder, "deployment.json");
    const names = [
      "token",
      "timelock",
      "chain",
      "bridge",
      "settlement",
      "marginEngine",
      "accountExecutor",
      "fillExecutor",
    ];
    names.push("settlementExecutor", "oracleExecutor", "liquidationExecutor", "prover", "game", "inbox");
    const addresses = Object.fromEntries(names.map((name) => [name, inbox])) as unknown as Deployment["addresses"];
    writeDeployment(deployment, { chainId: 31337n, startBlock: 0, feeRecipient: inbox, addresses });
  });

  after(async () => {
    await Promise.all(scripts.map((script) => script.kill()));
    client.close();
    provider.destroy();
    await processes.end();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Appends a batch of that many bytes, in a transaction of its own. */
  async function append(length: number): Promise<void> {
    const signer = new LocalSigner(KEY);
    const payload = Uint8Array.from({ length }, () => random.integer(0, 255));
    const sidecar = makeSidecar(toBlobs(payload), await detectSidecarVersion(provider));
    expect(sidecar.version).to.equal(1);
    const contract = inboxAt(inbox, provider);
    const [index, block, nonce] = await Promise.all([
      contract.batchCount(),
      provider.getBlock("latest"),
      provider.getTransactionCount(await signer.address()),
    ]);
    const data = contract.interface.encodeFunctionData("appendBlobBatch", [index, 0, block!.timestamp, length]) as Hex;
    const fees = {
      maxFeePerGas: 100n * GWEI,
      maxPriorityFeePerGas: 1n,
      maxFeePerBlobGas: 2n * (await blobBaseFee(provider)),
    };
    const call = { chainId: 31337n, nonce, to: inbox, data, gasLimit: 1_000_000n };
    const { hash, raw } = await signBlobTransaction(signer, call, fees, sidecar);
    await provider.send("eth_sendRawTransaction", [raw]);
    await provider.send("evm_mine", []);
    const receipt = await provider.getTransactionReceipt(hash);
    expect(receipt?.status, "the inbox has taken the batch").to.equal(1);
    expect(receipt?.blobGasUsed).to.equal(BigInt(sidecar.blobs.length) << 17n);
    payloads.push(payload);
    sidecars.push(sidecar);
  }

  /** Has a node derive everything from L1 and one source of blobs. */
  async function derived(blobs: BlobSource): Promise<Uint8Array[]> {
    const { log, ...derivation } = await deriveAll(blobs);
    expect(derivation.behind).to.equal(false);
    return Array.from({ length: Number(log.batchCount) }, (_, index) => log.batch(BigInt(index)).payload);
  }

  async function deriveAll(blobs: BlobSource): Promise<{ log: Derivation["log"]; behind: boolean }> {
    const derivation = new Derivation(new InboxClient(client, inbox), 0, { blobs });
    const { behind } = await derivation.sync();
    return { log: derivation.log, behind };
  }

  function archive(name: string, args: readonly string[]): ScriptProcess {
    const common = ["--deployment", deployment, "--folder", join(folder, name), "--poll", "5", "--log", "debug"];
    const script = new ScriptProcess("scripts/blob-archive.ts", [...common, ...args], {
      TENOR_L1_URL: anvilUrl,
      TENOR_BEACON_URL: anvilUrl,
    });
    scripts.push(script);
    return script;
  }

  const blobsIn = (name: string): string[] =>
    readdirSync(join(folder, name))
      .filter((file) => file.endsWith(".blob"))
      .sort();
  const expectedFiles = (): string[] =>
    sidecars.flatMap(({ versionedHashes }) => versionedHashes.map((hash) => `${toHex(hash)}.blob`)).sort();

  it("batches of one and two blobs are appended, and derived from the consensus client", async () => {
    for (const length of [1000, 2 * BYTES_PER_BLOB]) await append(length);
    expect(sidecars.map(({ blobs }) => blobs.length)).to.deep.equal([1, 2]);
    expect(await derived(new BeaconBlobSource(anvilUrl))).to.deep.equal(payloads);
  });

  it("the consensus client has no blob for a block that did not carry it", async () => {
    const block = await client.block(0);
    const source = new BeaconBlobSource(anvilUrl);
    expect(await source.blob(sidecars[0]!.versionedHashes[0]!, block!)).to.equal(undefined);
    const unknown = { ...block!, hash: `0x${"77".repeat(32)}` } as const;
    expect(await source.blob(sidecars[0]!.versionedHashes[0]!, unknown)).to.equal(undefined);
  });

  it("an archive keeps them, is killed, and goes on with what is new", async () => {
    const first = archive("first", []);
    expect(await first.until("round")).to.include({ stored: 3, missing: 0 });
    await first.kill();
    expect(blobsIn("first")).to.deep.equal(expectedFiles());
    await append(500);
    serving = archive("first", ["--listen", "0"]);
    expect(await serving.until("round")).to.include({ stored: 1, missing: 0 });
    expect(blobsIn("first")).to.deep.equal(expectedFiles());
  });

  it("another archive and a node have all of them from it when the network has forgotten them", async () => {
    const { port } = await serving.until("serving");
    const url = `http://127.0.0.1:${String(port)}`;
    const nowhere = "http://127.0.0.1:9";
    const alone = archive("second", ["--once", "--beacon-url", nowhere]);
    expect((await alone.end).code, "blobs are missing").to.equal(3);
    const second = archive("second", ["--once", "--beacon-url", nowhere, "--from", url]);
    const { code, stdout, stderr } = await second.end;
    expect(code, `${stdout}${stderr}`).to.equal(0);
    expect(blobsIn("second")).to.deep.equal(expectedFiles());
    expect(await derived(new HttpBlobArchive(url))).to.deep.equal(payloads);
    expect(await (await fetch(`${url}/health`)).json()).to.include({ status: "ok", blobs: 4, missing: 0 });
  });

  it("a file that was damaged is not served and moved aside, and the archive ends as it is told to", async () => {
    const [name] = blobsIn("first");
    const file = join(folder, "first", name!);
    writeFileSync(file, Buffer.alloc(131_072, 1));
    const { port } = await serving.until("serving");
    const source = new HttpBlobArchive(`http://127.0.0.1:${String(port)}`);
    const hash = Buffer.from(name!.slice(2, 66), "hex");
    expect(await source.blob(hash, (await client.block(0))!)).to.equal(undefined);
    await serving.until("a blob in the archive is damaged and was moved aside");
    expect(blobsIn("first")).to.deep.equal(expectedFiles().filter((expected) => expected !== name));
    expect((await serving.kill("SIGTERM")).code).to.equal(0);
  });

  it("an archive says what it does not understand", async () => {
    const needed = ["--deployment", "deployment.json", "--folder", "none"];
    for (const fault of [["--keep-days", "17"], ["--listen", "port"], ["--steal"]]) {
      const { code } = await failure(() => parseCommand(archiveCommand(), [...needed, ...fault]));
      expect(code, fault.join(" ")).to.equal("USAGE");
    }
    expect((await archive("none", ["--once", "--beacon-url", "beacon"]).end).code).to.equal(2);
    writeFileSync(join(folder, "second", "cursor.json"), "{");
    const damaged = await archive("second", ["--once"]).end;
    expect([damaged.code, damaged.stderr.includes("CURSOR_MALFORMED")]).to.deep.equal([1, true]);
  });
});
