import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Wallet } from "ethers";
import { ContractFactory } from "ethers";
import { LocalL1 } from "../../scripts/demo/LocalL1.ts";
import { fromHex, toHex, type Hex } from "../../src/crypto/bytes.ts";
import { loadArtifact } from "../../src/l1/Artifacts.ts";
import { inboxAt } from "../../src/l1/Contracts.ts";
import { writeDeployment, type Deployment } from "../../src/l1/deployment.ts";
import { MESSAGE_FORCED, MESSAGE_LIST_MARKET } from "../../src/machine/Inputs.ts";
import { domainSeparator, type OrderTerms } from "../../src/machine/TypedData.ts";
import { decodeTransaction, TX_FILL, type Fill, type Transaction } from "../../src/machine/Wire.ts";
import { signOrder } from "../../src/sequencer/Signing.ts";
import type { RollupInbox } from "../../typechain/index.ts";
import { serveRpc } from "../support/http.ts";
import { INBOX_PARAMETERS } from "../support/l1.ts";
import { ScriptProcess, type ScriptEnd } from "../support/scripts.ts";

const START = 1_900_000_000;
const DELAY = INBOX_PARAMETERS.forceDelay;
const [SEQUENCER, ALICE, BOB, LISTER] = ["51", "a11ce5", "b0b5", "115e"].map((digits) => `0x${digits.padEnd(64, "7")}`);

/** By any of these Hardhat knows a build server, where it reads the environment alone. */
const BUILD_SERVER = [
  "CI",
  "CONTINUOUS_INTEGRATION",
  "BUILD_NUMBER",
  "RUN_ID",
  "GITHUB_ACTIONS",
  "NOW",
  "DEPLOYMENT_ID",
];
const NO_BUILD_SERVER = Object.fromEntries(
  [...BUILD_SERVER, "CODEBUILD_BUILD_NUMBER"].map((name) => [name, undefined]),
);

describe("Scenario: npm run force", () => {
  let l1: LocalL1;
  let sequencer: Wallet;
  let alice: Wallet;
  let bob: Wallet;
  let lister: Wallet;
  let inbox: RollupInbox;
  let address: Hex;
  let folder: string;
  let deploymentFile: string;
  const started: ScriptProcess[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "tenor-force-"));
    l1 = await LocalL1.start(START);
    [sequencer, alice, bob, lister] = (await Promise.all(
      [SEQUENCER, ALICE, BOB, LISTER].map((key) => l1.wallet(key!)),
    )) as [Wallet, Wallet, Wallet, Wallet];
    const { abi, bytecode } = loadArtifact("RollupInbox");
    const factory = new ContractFactory(abi, bytecode, sequencer);
    const parameters = { owner: sequencer.address, ...INBOX_PARAMETERS };
    const receipt = await l1.send(sequencer, await factory.getDeployTransaction(parameters, sequencer.address));
    address = receipt.contractAddress as Hex;
    inbox = inboxAt(address, sequencer);
    const names = ["token", "timelock", "chain", "bridge", "marginEngine", "accountExecutor", "fillExecutor"];
    names.push("settlementExecutor", "oracleExecutor", "liquidationExecutor", "prover", "game");
    const others = Object.fromEntries(names.map((name) => [name, address])) as unknown as Deployment["addresses"];
    deploymentFile = join(folder, "deployment.json");
    writeDeployment(deploymentFile, {
      chainId: l1.chainId,
      startBlock: 0,
      feeRecipient: address,
      addresses: { ...others, inbox: address, settlement: lister.address as Hex },
    });
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((script) => script.kill()));
    await l1.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(args: readonly string[], env: Record<string, string | undefined> = {}): ScriptProcess {
    const common = ["--deployment", deploymentFile, "--json", "--poll", "0.05"];
    const script = new ScriptProcess("scripts/force.ts", [...args, ...common], {
      TENOR_L1_URL: l1.url,
      TENOR_KEY: ALICE!,
      ...env,
    });
    started.push(script);
    return script;
  }

  async function finish(script: ScriptProcess, code = 0): Promise<ScriptEnd> {
    const end = await script.end;
    expect(end.code, end.stdout + end.stderr).to.equal(code);
    expect(end.stdout + end.stderr, "a key in the output").not.to.include(ALICE!.slice(2, 30));
    return end;
  }

  /** The payloads that Alice has enqueued. */
  async function payloads(): Promise<Uint8Array[]> {
    const logs = await inbox.queryFilter(inbox.filters.MessageEnqueued());
    const own = logs.filter(({ args }) => args.sender === alice.address);
    for (const { args } of own) expect(args.kind).to.equal(BigInt(MESSAGE_FORCED));
    return own.map(({ args }) => fromHex(args.payload));
  }

  async function transactions(): Promise<(Transaction | undefined)[]> {
    return (await payloads()).map((payload) => decodeTransaction(payload, 0n, true));
  }

  /** The sequencer reads all messages there are. */
  async function sequence(): Promise<void> {
    const count = await inbox.messageCount();
    const call = inbox.appendBatch.populateTransaction(await inbox.batchCount(), count, l1.time, "0x");
    await l1.send(sequencer, await call);
  }

  it("waits until the delay is over, forces it in, and says so", async () => {
    const script = start(["withdraw", "12", "1", "--watch"]);
    expect(await script.until("plan")).to.include({
      what: "withdraw 1 USDC from account 12 to its owner",
      account: alice.address,
      forceDelay: Number(DELAY),
    });
    expect(await script.until("waiting")).to.include({ index: 0, secondsLeft: Number(DELAY) });
    const { timestamp } = (await l1.provider.getBlock("latest"))!;
    expect(await script.until("enqueued")).to.include({ index: 0, earliest: timestamp + Number(DELAY) });
    expect(await transactions()).to.deep.equal([
      { type: 1, account: 12, amount: 1_000_000n, payee: 0, auth: undefined },
    ]);
    await l1.pass(DELAY - 2n);
    expect(await inbox.batchCount()).to.equal(0n);
    await l1.pass(2n);
    await finish(script);
    expect(await script.until("forced")).to.include({ index: 0, batch: 0, isOwn: true });
    expect([await inbox.batchCount(), await inbox.messagesRead()]).to.deep.equal([1n, 1n]);
  });

  it("has nothing left to do if the sequencer reads it", async () => {
    const script = start(["withdraw", "12", "1", "--watch"]);
    await script.until("waiting");
    await l1.refreshTime();
    await sequence();
    await finish(script);
    expect(await script.until("read")).to.include({ index: 0, batch: 0 });
    expect(await inbox.batchCount()).to.equal(1n);
  });

  it("has nothing left to do if somebody else forces it in", async () => {
    const script = start(["withdraw", "12", "1", "--watch"]);
    await script.until("waiting");
    const bobs = start(["cancel", "1", "1", "--watch"], { TENOR_KEY: BOB! });
    expect(await bobs.until("waiting")).to.include({ index: 1 });
    // Bob's message is the later one, so Alice's goes in with it whoever is first.
    await l1.pass(DELAY);
    await Promise.all([finish(script), finish(bobs)]);
    expect(await script.until("forced")).to.include({ index: 0 });
    const ends = await Promise.all([script.until("forced"), bobs.until("forced")]);
    expect(ends.filter(({ isOwn }) => isOwn)).to.have.length.at.least(1);
    expect(await inbox.messagesRead()).to.equal(2n);
  });

  it("goes on from L1 alone after it was killed while it waited", async () => {
    const script = start(["withdraw", "12", "1", "--watch"]);
    await script.until("waiting");
    await script.kill();
    const early = start(["resume"]);
    await finish(early, 3);
    expect(await early.until("waiting")).to.include({ index: 0 });
    await l1.pass(DELAY);
    const late = start(["resume"]);
    await finish(late);
    expect(await late.until("forced")).to.include({ index: 0, isOwn: true });
    const idle = start(["resume", "--watch"]);
    await finish(idle);
    await idle.until("nothing");
    expect(await payloads()).to.have.length(1);
  });

  it("goes on after it was killed before its transaction was mined, and sends it no second time", async () => {
    await l1.provider.send("evm_setAutomine", [false]);
    const script = start(["withdraw", "12", "1", "--watch"]);
    await script.until("plan");
    while ((await alice.getNonce("pending")) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await script.kill();
    const hasty = start(["withdraw", "12", "1"]);
    expect((await finish(hasty, 1)).stderr).to.include("PENDING_TRANSACTION");
    await l1.provider.send("evm_setAutomine", [true]);
    await l1.provider.send("evm_mine", []);
    const again = start(["withdraw", "12", "1"]);
    expect((await finish(again, 1)).stderr).to.include("ALREADY_ENQUEUED");
    const next = start(["resume", "--watch"]);
    await next.until("waiting");
    await l1.pass(DELAY);
    await finish(next);
    expect(await payloads()).to.have.length(1);
    expect(await inbox.messagesRead()).to.equal(1n);
    await finish(start(["withdraw", "12", "1"]));
    expect(await payloads(), "what was read may be asked for again").to.have.length(2);
  });

  it("fills two orders that both have signed as forcible", async () => {
    const listing =
      "0x01" +
      "00002710" +
      "00000000000f4240" +
      ["1e8480", "3d0900", "7a1200"].map((step) => step.padStart(16, "0")).join("");
    const enqueue = inboxAt(address, lister).enqueue.populateTransaction(MESSAGE_LIST_MARKET, listing);
    await l1.send(lister, await enqueue);
    const terms: OrderTerms = {
      account: 1,
      market: 1,
      expiryDay: Math.floor(START / 86_400) + 30,
      strike: 200_000_000n,
      isPut: false,
      isSell: true,
      quantity: 2_000_000n,
      limitPrice: 1_000_000n,
      maxFee: 10_000n,
      nonce: 3n,
      deadline: BigInt(START) + 86_400n,
      fillOrKill: false,
      immediateOrCancel: false,
      postOnly: false,
      reduceOnly: true,
      forcible: true,
    };
    const domain = domainSeparator(l1.chainId, fromHex(address, 20));
    const maker = signOrder(domain, terms, fromHex(ALICE!));
    const taker = signOrder(domain, { ...terms, account: 2, isSell: false, nonce: 9n }, fromHex(BOB!));
    let files = 0;
    const write = (change: Record<string, unknown> = {}): string => {
      const text = ({ terms: fields, keyIndex, keyEpoch, signature }: typeof maker): unknown => ({
        ...Object.fromEntries(
          Object.entries(fields).map(([name, value]) => [name, typeof value === "bigint" ? String(value) : value]),
        ),
        ...{ keyIndex, keyEpoch, signature: toHex(signature) },
      });
      const orders = { maker: text(maker) as object, taker: text(taker) as object };
      const content = { ...orders, taker: { ...orders.taker, ...change }, quantity: "1000000" };
      const file = join(folder, `fill${++files}.json`);
      writeFileSync(file, JSON.stringify(content));
      return file;
    };
    const script = start(["fill", write()]);
    await finish(script);
    const { what } = await script.until("plan");
    expect(what).to.include(alice.address.toLowerCase()).and.include(bob.address.toLowerCase());
    const fill = (await transactions())[0] as Fill;
    expect(fill).to.deep.include({ type: TX_FILL, lots: 1n });
    expect(fill.maker).to.deep.include({ account: 1, nonce: 3n, market: 1, strikeSteps: 100n, limitTicks: 100n });
    expect(fill.taker).to.deep.include({ account: 2, nonce: 9n, signature: taker.signature });

    const refused = await finish(start(["fill", write({ forcible: false })]), 2);
    expect(refused.stderr).to.include("not signed for a forced fill");
    expect(await payloads()).to.have.length(1);
  });

  it("says what it does not understand, and sends nothing", async () => {
    const faults: [string[], string][] = [
      [["resume", "--inbox", address], "either --deployment or --inbox"],
      [["resume", "--rpc-url", "http://user:password@127.0.0.1"], "credentials on a command line"],
    ];
    const ends = await Promise.all(faults.map(([args]) => start(args).end));
    for (const [i, { code, stdout, stderr }] of ends.entries()) {
      expect([code, stderr.includes(faults[i]![1])], `${faults[i]![0].join(" ")}: ${stdout}${stderr}`).to.deep.equal([
        2,
        true,
      ]);
    }
    expect(await inbox.messageCount()).to.equal(0n);
  });

  it("never shows the key or the endpoint's path, whatever fails", async () => {
    const endpoint = await serveRpc(() => null);
    const url = `${endpoint.url}/secret-path?key=secret-query`;
    await endpoint.close();
    const ends = await Promise.all([
      start(["resume", "--trace"], { TENOR_L1_URL: url }).end,
      start(["resume", "--trace"], { TENOR_KEY: `${ALICE!}00` }).end,
      start(["resume", "--trace"], { TENOR_SIGNER_URL: url.replace("http://", "http://user:secret-password@") }).end,
    ]);
    expect(ends.map(({ code }) => code)).to.deep.equal([1, 2, 1]);
    for (const { stdout, stderr } of ends) {
      expect(stdout + stderr).not.to.include("secret");
      expect((stdout + stderr).toLowerCase()).not.to.include(ALICE!.slice(2, 30));
    }
  });

  it("has a process of its own that keeps the key sign", async () => {
    const signer = await serveRpc(async (method, [asked]) => {
      if (method === "eth_accounts") return [alice.address];
      const { from: _, gas, input: __, ...rest } = asked as Record<string, string>;
      return alice.signTransaction({ ...rest, type: 2, nonce: Number(rest.nonce), gasLimit: gas! });
    });
    await finish(start(["withdraw", "12", "1", "--signer-url", signer.url], { TENOR_KEY: "" }));
    expect(signer.requests).to.have.length(2);
    await signer.close();
    expect(await transactions()).to.have.length(1);
  });

  it("finds the key in Hardhat's keystore", async () => {
    // The keystore belongs to the person who is logged in, so this test brings a home of its own; and is none on a build server.
    const home = { XDG_CONFIG_HOME: join(folder, "config"), HOME: folder, ...NO_BUILD_SERVER };
    const child = fileURLToPath(new URL("../support/set-key-child.ts", import.meta.url));
    execFileSync(process.execPath, [child, "TENOR_TEST_KEY"], { input: ALICE!, env: { ...process.env, ...home } });
    await finish(start(["withdraw", "12", "1", "--key", "TENOR_TEST_KEY"], home));
    expect(await transactions()).to.have.length(1);
    const none = await finish(start(["withdraw", "12", "1", "--key", "TENOR_OTHER_KEY"], home), 2);
    expect(none.stderr).to.include("npx hardhat keystore set TENOR_OTHER_KEY");
  });

  it("refuses an endpoint of another chain, and an address without a contract", async () => {
    writeDeployment(deploymentFile, { ...(await other()), chainId: 5n });
    expect((await finish(start(["resume"]), 1)).stderr).to.include("WRONG_CHAIN");
    writeDeployment(deploymentFile, { ...(await other()), chainId: l1.chainId });
    expect((await finish(start(["resume"]), 1)).stderr).to.include("WRONG_CHAIN");

    async function other(): Promise<Omit<Deployment, "chainId">> {
      const { readDeployment } = await import("../../src/l1/deployment.ts");
      const { addresses, ...rest } = readDeployment(deploymentFile);
      return { ...rest, addresses: { ...addresses, inbox: bob.address as Hex } };
    }
  });
});
